"""How many parts a picture has, and how many holes: its ink, counted.

Ink is every pixel above a threshold. Two ink pixels hang together if they share an edge or a
corner, two background pixels only if they share an edge; around the picture lies background. Then
the Euler number, components less holes, is a sum over squares of 2 x 2 pixels (Gray 1971).
"""

import math

import torch
from skimage.measure import label

from els_tutorial.checks import check_batch


def ink(pictures, threshold=0.0):
    """Say which pixels are ink.

    Args:
        pictures: float tensor [B, 1, H, W].
        threshold: the value that ink exceeds, a finite number.

    Returns:
        bool tensor [B, H, W].

    Raises:
        ValueError: if pictures is no finite float batch of one channel, or threshold no such
            number.
    """
    check_batch(pictures, "pictures")
    if pictures.shape[1] != 1:
        raise ValueError(f"pictures must have one channel, got {list(pictures.shape)}")
    number = isinstance(threshold, int | float) and not isinstance(threshold, bool)
    if not number or not math.isfinite(threshold):
        raise ValueError(f"threshold must be a finite number, got {threshold!r}")
    return pictures[:, 0] > threshold


def components(marked):
    """Count the parts of each picture: sets of ink that hang together by edges or corners.

    Args:
        marked: ink, bool tensor [B, H, W].

    Returns:
        int64 tensor [B].

    Raises:
        ValueError: if marked is no such tensor, or has an empty axis.
    """
    _check(marked)
    return torch.tensor([label(each.numpy(), connectivity=2).max() for each in marked])


def holes(marked):
    """Count the holes of each picture: sets of background, joined by edges, shut off from outside.

    Arguments, result and errors are those of :func:`components`.
    """
    _check(marked)
    around = torch.nn.functional.pad(~marked, (1, 1, 1, 1), value=True)  # the outside
    return torch.tensor([label(each.numpy(), connectivity=1).max() - 1 for each in around])


def euler_number(marked):
    """Return components less holes of each picture, without finding either.

    Every square of 2 x 2 pixels adds a quarter if one of them is ink, takes a quarter if three are,
    and takes half if two are that touch by a corner only.

    Arguments, result and errors are those of :func:`components`.
    """
    _check(marked)
    padded = torch.nn.functional.pad(marked, (1, 1, 1, 1)).long()
    a, b = padded[:, :-1, :-1], padded[:, :-1, 1:]
    c, d = padded[:, 1:, :-1], padded[:, 1:, 1:]
    count = a + b + c + d
    corner = (count == 2) & (a == d)
    quarters = (count == 1).long() - (count == 3).long() - 2 * corner.long()
    return quarters.sum((1, 2)) // 4


def _check(marked):
    if not isinstance(marked, torch.Tensor) or marked.dtype != torch.bool or marked.ndim != 3:
        got = type(marked).__name__
        if isinstance(marked, torch.Tensor):
            got = f"{marked.dtype} {list(marked.shape)}"
        raise ValueError(f"marked must be a bool tensor [B, H, W], got {got}")
    if 0 in marked.shape:
        raise ValueError(f"marked must have no empty axis, got {list(marked.shape)}")
