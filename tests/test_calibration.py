"""Windows by noise level."""

import pytest

from els_tutorial.calibration import LocalityScales, published
from els_tutorial.schedules import CosineSchedule


def test_a_size_holds_from_its_level_to_the_next():
    scales = LocalityScales([0.9, 0.5, 0.1], [3, 7, 11])
    sizes = {0.99: 3, 0.9: 3, 0.7: 3, 0.5: 7, 0.3: 7, 0.1: 11, 0.01: 11}
    assert {level: scales(level) for level in sizes} == sizes


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [("mnist-resnet", 3, 15), ("mnist-resnet-circular", 3, 3), ("mnist-unet", 3, 27)],
)
def test_published_windows_stand_at_the_samplers_times(name, first, last):
    schedule = CosineSchedule()
    scales = published(name, schedule)
    sizes = [scales(schedule.alpha_bar(t)) for t in reversed(schedule.times(20))]
    assert sizes == scales.sizes and (sizes[0], sizes[-1]) == (first, last) and len(sizes) == 20


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="one length"):
        LocalityScales([0.5], [3, 5])
    with pytest.raises(ValueError, match="strictly decrease"):
        LocalityScales([0.1, 0.5], [3, 5])
    for size in (0, 2, 3.0, True, None):
        with pytest.raises(ValueError, match="odd"):
            LocalityScales([0.5], [size])
    for level in (0, 1, "x"):
        with pytest.raises(ValueError, match="alpha_bar"):
            LocalityScales([level], [3])
    with pytest.raises(ValueError, match="alpha_bar"):
        LocalityScales([0.5], [3])(1.5)
    with pytest.raises(ValueError, match="mnist-unet"):
        published("mnist", CosineSchedule())
