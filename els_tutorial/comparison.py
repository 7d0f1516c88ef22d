"""Three measures of agreement between two pictures, kept apart.

The script published with the paper centres and normalises both images and takes their inner
product. That is Pearson's r, although its axes are labelled r^2.
"""

import numpy as np
from scipy.stats import bootstrap

from els_tutorial.checks import check_batch


def _pair(prediction, target):
    check_batch(prediction, "prediction")
    check_batch(target, "target")
    if prediction.shape != target.shape:
        raise ValueError(
            f"prediction and target must have one shape, got {list(prediction.shape)} "
            f"and {list(target.shape)}"
        )
    return prediction.double().flatten(1), target.double().flatten(1)


def pearson_r(prediction, target):
    """Return the correlation of the pixels of each pair of pictures.

    Args:
        prediction, target: float tensors [B, C, H, W].

    Returns:
        float64 tensor [B] in [-1, 1]; NaN where a picture is constant.

    Raises:
        ValueError: if the two are not finite float batches of one shape.
    """
    p, q = _pair(prediction, target)
    p, q = p - p.mean(1, keepdim=True), q - q.mean(1, keepdim=True)
    return (p * q).sum(1) / (p.norm(dim=1) * q.norm(dim=1))


def r_squared(prediction, target):
    """Return the square of :func:`pearson_r`: what the best linear rescaling would explain."""
    return pearson_r(prediction, target).square()


def explained_variance(prediction, target):
    """Return 1 - SSE / SST for each pair: the variance of ``target`` that ``prediction`` explains.

    No rescaling is allowed, so it can be negative. Arguments and errors are those of
    :func:`pearson_r`; returns a float64 tensor [B], -inf or NaN where the target is constant.
    """
    p, q = _pair(prediction, target)
    return 1 - (p - q).square().sum(1) / (q - q.mean(1, keepdim=True)).square().sum(1)


def median_interval(values):
    """Return the median and its 95 % bootstrap interval: (median, low, high).

    The interval holds the medians of 95 % of 9,999 sets drawn from the values with replacement
    (percentile method, a fixed seed).

    Args:
        values: at least two finite numbers, one for each seed.

    Raises:
        ValueError: if values are no such numbers.
    """
    values = np.asarray(values, np.float64)
    if values.ndim != 1 or len(values) < 2 or not np.isfinite(values).all():
        raise ValueError(f"values must be at least two finite numbers, got {values}")
    found = bootstrap(
        (values,), np.median, method="percentile", rng=np.random.default_rng(0)
    ).confidence_interval
    return float(np.median(values)), float(found.low), float(found.high)
