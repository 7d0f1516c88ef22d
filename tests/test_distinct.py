"""Copies of a patch count as weights: the means stay those of all patches."""

import numpy as np
import oracle
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from els_tutorial import data, distinct
from els_tutorial.machines import EquivariantLocalScore


def sparse(n, shape, seed=0):
    """White dots on black, so that most patches occur many times."""
    rng = np.random.default_rng(seed)
    return torch.tensor((rng.random((n, *shape)) < 0.08) * 2 - 1).float()


@given(arrays(np.float32, st.tuples(st.integers(1, 30), st.integers(1, 4)),
              elements=st.sampled_from([-1.0, 0.0, 0.5, 1.0])))  # fmt: skip
@settings(deadline=None)
def test_every_row_is_kept_once_and_counted(rows):
    keys, counts = distinct.distinct_rows(rows)
    expected, expected_counts = np.unique(rows, axis=0, return_counts=True)
    order = np.lexsort(keys.T[::-1])
    assert np.array_equal(keys[order], expected)
    assert np.array_equal(counts[order], expected_counts)


def test_rows_that_share_a_sum_stay_apart(monkeypatch):
    class Blind:
        def integers(self, high, size, dtype):
            return np.zeros(size, dtype)  # every factor 1: a row and its mirror image sum alike

    monkeypatch.setattr(np.random, "default_rng", lambda seed: Blind())
    rows = np.array([[1.0, -1.0], [-1.0, 1.0], [1.0, -1.0]], np.float32)
    keys, counts = distinct.distinct_rows(rows)
    assert np.array_equal(keys, rows) and np.array_equal(counts, [1, 1, 1])


@pytest.mark.parametrize("alpha_bar", [0.0002, 0.05, 0.5, 0.9, 0.99, 0.9995])
@pytest.mark.parametrize("boundary", ["circular", "zeros"])
@pytest.mark.parametrize("shape", [(1, 7, 7), (1, 5, 8), (2, 6, 4)], ids=str)
def test_denoise_equals_the_oracle(shape, boundary, alpha_bar):
    images = sparse(40, shape)
    noise = torch.randn(images[:3].shape, generator=torch.Generator().manual_seed(1))
    x = alpha_bar**0.5 * images[:3] + (1 - alpha_bar) ** 0.5 * noise
    x[2] = noise[2]  # far from every picture at low noise
    for size in (1, 3):
        patches = distinct.collect(images, size, boundary)
        if shape[0] == 1:
            assert patches is not None, "too few copies: this test would test nothing"
        exact = oracle.denoise("ELS", images, x, alpha_bar, size, boundary)
        machine = EquivariantLocalScore(images, size, boundary)
        assert np.abs(machine.denoise(x, alpha_bar).numpy() - exact).max() <= 1e-4, size


def test_the_order_of_the_images_does_not_matter():
    images = data.load("digits", n=50).images
    x = torch.randn(1, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    means = []
    for some in (images, images.flip(0)):
        patches = distinct.collect(some, 3, "circular")
        (*_, known) = patches[0]
        assert known.counts.size > 2 * distinct.TILE  # so several tiles are merged
        means.append(distinct.posterior_mean(x, patches, 0.5, 3, "circular"))
    assert (means[0] - means[1]).abs().max() <= 1e-5


def test_what_has_no_copies_or_is_too_large_is_not_collected():
    photos = data.load("photos", n=4).images
    assert distinct.collect(photos, 3, "circular") is None
    digits = data.load("digits", n=50).images
    assert distinct.collect(digits, 5, "circular") is None
    patches = distinct.collect(digits, 3, "circular")
    assert sum(known.counts.sum() for *_, known in patches) == 50 * 28 * 28


def test_the_same_request_gives_the_same_bits():
    images = data.load("digits", n=50).images
    x = torch.randn(1, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    first, second = (EquivariantLocalScore(images, 3).denoise(x, 0.5) for _ in range(2))
    assert torch.equal(first, second)
