"""Windows by noise level."""

import numpy as np
import pytest
import torch

from els_tutorial import checkpoints, data
from els_tutorial.calibration import (
    Fit,
    LocalityScales,
    by_cosine,
    by_least_squares,
    compare_windows,
    fitted,
    heat_map,
    published,
    reach,
)
from els_tutorial.machines import EquivariantLocalScore
from els_tutorial.networks import NetworkDenoiser, ResNet
from els_tutorial.rivals import noise
from els_tutorial.schedules import CosineSchedule


def test_a_size_holds_from_its_level_to_the_next():
    scales = LocalityScales([0.9, 0.5, 0.1], [3, 7, 11])
    sizes = {0.99: 3, 0.9: 3, 0.7: 3, 0.5: 7, 0.3: 7, 0.1: 11, 0.01: 11}
    assert {level: scales(level) for level in sizes} == sizes


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("mnist-resnet", 3, 15),
        ("mnist-resnet-circular", 3, 3),
        ("mnist-unet", 3, 27),
        ("cifar10-resnet", 3, 17),
        ("cifar10-unet", 3, 25),
    ],
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


def _fits(table):
    """Return fits from {alpha_bar: {size: (cosines, errors)}}."""
    return [
        Fit(step, level, size, *map(torch.tensor, found))
        for step, (level, row) in enumerate(table.items())
        for size, found in row.items()
    ]


def test_windows_by_cosine_are_the_median_of_each_samples_best():
    same = [1.0] * 3
    much = {3: ([0.1, 0.9, 0.1], same), 5: ([0.5, 0.2, 0.3], same), 7: ([0.2, 0.1, 0.9], same)}
    little = {3: ([0.9, 0.9, 0.3], same), 5: ([0.5, 0.2, 0.8], same)}
    fits = _fits({0.1: much, 0.9: little})
    scales = by_cosine(fits)
    assert (scales.levels, scales.sizes) == ([0.9, 0.1], [3, 5])


def test_windows_by_least_squares_have_the_least_error_over_all_samples():
    fits = _fits({0.5: {3: ([0.0] * 2, [0.1, 0.9]), 5: ([0.0] * 2, [0.4, 0.5])}})
    assert by_least_squares(fits).sizes == [5]


def test_a_machine_is_found_out_by_its_own_windows():
    images, schedule = data.load("digits", 12).images, CosineSchedule()
    levels = [schedule.alpha_bar(t) for t in (0.25, 0.5, 0.75, 1.0)]
    hidden = LocalityScales(levels, [3, 7, 5, 9])
    machines = {n: EquivariantLocalScore(images, n, "zeros") for n in range(3, 18, 2)}
    secret = EquivariantLocalScore(images, hidden, "zeros")
    start = noise(range(4), (1, 28, 28))
    walk = compare_windows(secret, machines, start, schedule, steps=4)
    fits = list(walk)
    assert by_cosine(fits).sizes == by_least_squares(fits).sizes == hidden.sizes
    assert min(fit.error.max().item() for fit in fits) == 0
    # Known fits come again without being computed, and change nothing.
    known = compare_windows(secret, dict.fromkeys(machines), start, schedule, 4, fits)
    assert all(a is b for a, b in zip(known, fits, strict=True))
    # Far windows are not tried once two in a row are worse.
    assert max(fit.size for fit in fits if fit.step == 3) == 7


def test_the_heat_map_is_the_gradient_of_the_centre():
    torch.manual_seed(0)
    network = NetworkDenoiser(ResNet(channels=4, depth=1).double().eval())
    x, alpha_bar, d = noise([0], (1, 9, 9)).double(), 0.5, 1e-6
    heat = heat_map(network, x, alpha_bar)
    for row, column in ((4, 4), (3, 5), (1, 4), (0, 0)):
        moved = x.clone()
        moved[0, 0, row, column] += d
        change = (network.denoise(moved, alpha_bar) - network.denoise(x, alpha_bar))[0, 0, 4, 4] / d
        assert heat[row, column].item() == pytest.approx(change.abs().item(), abs=1e-6)
    field = network.network.receptive_field
    assert reach(heat, 1 - 1e-12) <= field < 9
    assert torch.equal(heat != 0, heat_map(network, x + 1, alpha_bar) != 0)
    assert torch.equal(heat_map(network, x, alpha_bar, (4, 4)), heat)
    corner = heat_map(network, x, alpha_bar, (0, 0))
    assert corner.nonzero().max() == field // 2
    assert reach(corner, 1 - 1e-12, (0, 0)) == field


def test_reach_is_the_smallest_square_that_holds_the_share():
    heat = torch.zeros(9, 9)
    heat[4, 4] = 100.0  # the pixel itself does not count
    heat[4, 5], heat[2, 4], heat[0, 0] = 6.0, 3.0, 1.0
    assert [reach(heat, share) for share in (0.5, 0.6, 0.8, 0.9, 0.95)] == [3, 3, 5, 5, 9]
    even = np.ones((8, 8))
    assert reach(torch.tensor(even), 0.999) == 9


FITTED = [name for name in checkpoints.names() if "windows" in checkpoints.card(name)]


@pytest.mark.parametrize("name", FITTED)
def test_fitted_windows_are_those_on_the_card(name):
    windows = checkpoints.card(name)["windows"]
    for machine in ("ELS", "LS"):
        scales = fitted(name, machine)
        assert [scales(level) for level in windows["levels"]] == windows[machine]
    with pytest.raises(ValueError, match="LS"):
        fitted(name, "IS")


def test_a_network_without_windows_says_so(monkeypatch):
    monkeypatch.setattr(checkpoints, "card", lambda name: {})
    with pytest.raises(ValueError, match="no windows"):
        fitted("some")
