"""What the public functions accept. Each check raises a ValueError that says what to mend."""

import math

import torch

from els_tutorial.attention import BLOCK

BOUNDARIES = ("circular", "zeros")
FLOATS = (torch.float32, torch.float64)


def check_batch(x, name="x"):
    """Raise ValueError unless ``x`` is a finite float32 or float64 tensor [B, C, H, W]."""
    if not isinstance(x, torch.Tensor):
        raise ValueError(f"{name} must be a torch tensor [B, C, H, W], got {type(x).__name__}")
    if x.ndim != 4 or 0 in x.shape:
        raise ValueError(
            f"{name} must have shape [B, C, H, W] with no empty axis, got {list(x.shape)}"
        )
    if x.dtype not in FLOATS:
        raise ValueError(f"{name} must be float32 or float64, got {x.dtype}")
    parts = x.split(max(1, BLOCK // x[0].numel()))  # a large set is never copied as a whole
    if not all(torch.isfinite(part).all() for part in parts):
        raise ValueError(f"{name} must be finite, got NaN or infinite values")


def check_images(images):
    """Raise ValueError unless ``images`` is a set of training images [N, C, H, W] in [-1, 1]."""
    check_batch(images, "images")
    low, high = images.min().item(), images.max().item()
    if low < -1 or high > 1:
        raise ValueError(f"images must lie in [-1, 1], got values from {low:.4g} to {high:.4g}")


def check_alpha_bar(alpha_bar):
    """Raise ValueError unless ``alpha_bar`` is a number strictly between 0 and 1."""
    try:
        value = float(alpha_bar)
    except (TypeError, ValueError):
        raise ValueError(f"alpha_bar must be a number in (0, 1), got {alpha_bar!r}") from None
    if not (math.isfinite(value) and 0 < value < 1):
        raise ValueError(f"alpha_bar must lie strictly between 0 and 1, got {value!r}")


def check_boundary(boundary):
    """Raise ValueError unless ``boundary`` is "circular" or "zeros"."""
    if boundary not in BOUNDARIES:
        raise ValueError(f"boundary must be one of {', '.join(BOUNDARIES)}; got {boundary!r}")


def check_patch_size(patch_size, height, width, boundary):
    """Raise ValueError unless ``patch_size`` is odd and fits images of this size.

    On the torus a window may not overlap itself, so the largest size is the shorter side. With
    zero borders nothing changes once every window holds the whole image, at twice the longer side
    less one.
    """
    largest = min(height, width) if boundary == "circular" else 2 * max(height, width) - 1
    whole = isinstance(patch_size, int) and not isinstance(patch_size, bool)
    if not whole or patch_size % 2 == 0 or not 1 <= patch_size <= largest:
        raise ValueError(
            f"patch_size must be an odd int from 1 to {largest} for {height}x{width} images "
            f"with boundary={boundary!r}, got {patch_size!r}"
        )
