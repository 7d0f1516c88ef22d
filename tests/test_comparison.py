"""Three measures of agreement."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from els_tutorial.comparison import (
    explained_variance,
    median_interval,
    pearson_r,
    r_squared,
)

A = torch.randn(3, 2, 4, 5, generator=torch.Generator().manual_seed(0))
B = torch.randn(3, 2, 4, 5, generator=torch.Generator().manual_seed(1))


def test_pearson_r_is_numpys_image_by_image():
    want = [np.corrcoef(a.flatten(), b.flatten())[0, 1] for a, b in zip(A, B, strict=True)]
    assert np.allclose(pearson_r(A, B), want)
    assert np.allclose(r_squared(A, B), np.square(want))


def test_explained_variance_is_one_for_the_target_and_zero_for_its_mean():
    assert torch.allclose(explained_variance(B, B), torch.ones(3, dtype=torch.float64))
    means = B.mean((1, 2, 3), keepdim=True).expand_as(B)
    assert explained_variance(means, B).abs().max() < 1e-6


@given(st.floats(0.1, 5), st.floats(-3, 3))
def test_rescaling_moves_explained_variance_alone(gain, offset):
    moved = gain * A + offset
    assert torch.allclose(pearson_r(moved, B), pearson_r(A, B), atol=1e-5)
    # r squared is the explained variance of the best rescaling, so none explains more.
    assert (explained_variance(moved, B) <= r_squared(A, B) + 1e-5).all()


def test_the_interval_covers_the_true_median_about_as_often_as_it_says():
    draws = np.random.default_rng(0).exponential(size=(200, 40))
    found = [median_interval(values) for values in draws]
    assert all(low <= middle <= high for middle, low, high in found)
    covered = np.mean([low <= np.log(2) <= high for _, low, high in found])
    assert 0.89 <= covered <= 0.99  # four standard errors around 0.95, rounded outwards


def test_an_interval_needs_numbers():
    for values in ([0.5], [0.5, float("nan")], [[0.1, 0.2]]):
        with pytest.raises(ValueError, match="at least two finite numbers"):
            median_interval(values)


@pytest.mark.parametrize("measure", [pearson_r, r_squared, explained_variance])
def test_bad_input_is_named(measure):
    with pytest.raises(ValueError, match="one shape"):
        measure(A, B[:2])
    with pytest.raises(ValueError, match="prediction must"):
        measure(A[0], B)
    with pytest.raises(ValueError, match="target must"):
        measure(A, B.int())
