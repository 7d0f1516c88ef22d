"""Windows, borders, candidates."""

import numpy as np
import oracle
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from els_tutorial.patches import box_sum, centres, extract, regions, wrap

sizes = st.integers(1, 7)


@settings(max_examples=60, deadline=None)
@given(sizes, sizes, st.integers(0, 7), st.sampled_from(["circular", "zeros"]))
def test_box_sum_equals_the_sum_over_each_window(h, w, radius, boundary):
    size = 2 * radius + 1
    if boundary == "circular" and size > min(h, w):
        return
    values = torch.rand(2, h, w, dtype=torch.float64)
    want = oracle.windows(values.numpy()[:, None], size, boundary)[:, 0].sum((-1, -2))
    assert np.allclose(box_sum(values, size, boundary), want)


@settings(max_examples=60, deadline=None)
@given(sizes, sizes, st.integers(0, 7))
def test_regions_part_the_image_by_how_the_border_cuts_windows(h, w, radius):
    inside = oracle.windows(np.ones((1, 1, h, w)), 2 * radius + 1, "zeros")[0, 0]
    seen = np.zeros((h, w), int)
    for rows, columns in regions(h, w, 2 * radius + 1, "zeros"):
        block = inside[rows.start : rows.stop, columns.start : columns.stop]
        assert (block == block[0, 0]).all()
        seen[rows.start : rows.stop, columns.start : columns.stop] += 1
    assert (seen == 1).all()
    assert len({tuple(c.flatten()) for c in inside.reshape(h * w, -1)}) == len(
        regions(h, w, 2 * radius + 1, "zeros")
    )


@pytest.mark.parametrize("boundary", ["circular", "zeros"])
@pytest.mark.parametrize("size", [1, 3, 5])
def test_windows_hold_what_the_image_holds_and_know_their_centre(boundary, size):
    images = torch.rand(2, 3, 5, 6)
    want = oracle.windows(images.numpy(), size, boundary)  # [N, C, H, W, p, p]
    for rows, columns in regions(5, 6, size, boundary):
        got = extract(wrap(images, size, boundary), rows, columns)
        place = slice(rows.start, rows.stop), slice(columns.start, columns.stop)
        pixels = images[:, :, *place].flatten(2).movedim(1, -1)  # [N, pixels, C]
        assert torch.equal(got[..., centres(3, rows, columns)], pixels)
        total = want[:, :, *place].sum((1, 4, 5)).reshape(2, -1)
        assert np.allclose(got.sum(-1), total, atol=1e-5)
