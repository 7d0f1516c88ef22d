"""Sheets of kept pictures: what was put is read, and what was not put stays as it was."""

import numpy as np
import pytest
import torch
from PIL import Image

from els_tutorial import sheets

LINES = ["network", "machine", "rival"]


def pictures(count, channels, seed=0):
    """Random pictures [count, C, 6, 6], of the 256 levels that a sheet can hold."""
    levels = torch.randint(256, (count, channels, 6, 6), generator=torch.manual_seed(seed))
    return levels / 127.5 - 1


@pytest.mark.parametrize("channels", [1, 3])
def test_what_was_put_is_read(tmp_path, channels):
    path = tmp_path / "new folder" / "sheet.png"
    drawn = {"machine": pictures(2, channels), "network": pictures(2, channels, seed=1)}
    sheets.put(path, LINES, 5, drawn, 1)
    sheets.put(path, LINES, 5, {"machine": pictures(1, channels, seed=2)}, 4)
    read = sheets.read(path, LINES)
    assert list(read) == LINES
    assert all(line.shape == (5, channels, 6, 6) for line in read.values())
    for name, those in drawn.items():
        assert torch.equal(read[name][1:3], those)
    assert torch.equal(read["machine"][4:], pictures(1, channels, seed=2))
    grey = 128 / 127.5 - 1
    for untouched in (read["rival"], read["network"][3:], read["machine"][:1]):
        assert torch.allclose(untouched, torch.tensor(grey), atol=1e-6)
    assert [found.name for found in path.parent.iterdir()] == ["sheet.png"]


def test_a_new_line_is_added_below(tmp_path):
    path = tmp_path / "sheet.png"
    sheets.put(path, LINES[:2], 3, {"network": pictures(3, 1)}, 0)
    before = np.array(Image.open(path))
    sheets.put(path, LINES, 3, {"rival": pictures(3, 1, seed=1)}, 0)
    assert np.array_equal(np.array(Image.open(path))[: len(before)], before)
    assert torch.equal(sheets.read(path, LINES)["rival"], pictures(3, 1, seed=1))


def test_what_is_beyond_the_range_is_clipped(tmp_path):
    path = tmp_path / "sheet.png"
    sheets.put(path, ["network"], 1, {"network": 3 * pictures(1, 1)}, 0)
    assert torch.allclose(
        sheets.read(path, ["network"])["network"], (3 * pictures(1, 1)).clamp(-1, 1), atol=0.004
    )


def test_another_sheet_is_neither_read_nor_written(tmp_path):
    path = tmp_path / "sheet.png"
    sheets.put(path, LINES, 5, {"machine": pictures(5, 1)}, 0)
    before = path.read_bytes()
    with pytest.raises(ValueError, match="sheet of 4 lines"):
        sheets.read(path, [*LINES, "fourth"])
    for lines, seeds, channels in ((LINES, 4, 1), (LINES, 5, 3), (LINES[:2], 5, 1)):
        with pytest.raises(ValueError, match="another sheet"):
            sheets.put(path, lines, seeds, {"machine": pictures(2, channels)}, 0)
    assert path.read_bytes() == before
