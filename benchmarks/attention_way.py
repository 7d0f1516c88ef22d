"""The machines as attention in blocks: a product of matrices, then a softmax.

The plain way of the package (`els_tutorial.attention`), for every machine. Kept only to be measured
against: see `speed.py`.
"""

import torch
import torch.nn.functional as F

from els_tutorial.attention import partial_mean
from els_tutorial.machines import EquivariantLocalScore


def denoise(kind, images, x, alpha_bar, patch_size=None, boundary="circular"):
    """Return a machine's guess for one noisy image x [1, C, H, W]; kind is LS, ES or ELS."""
    if kind == "ELS":
        return EquivariantLocalScore(images, patch_size, boundary)._attend(x, alpha_bar, patch_size)
    way = {"LS": _local, "ES": _equivariant}[kind]
    return way(images, x, alpha_bar, patch_size, boundary)


def _local(images, x, alpha_bar, patch_size, boundary):
    """Each pixel's window attends to the windows at its own place."""
    guess, (height, width) = torch.empty_like(x), x.shape[2:]
    mode = "circular" if boundary == "circular" else "constant"
    noisy, clean = (F.pad(each, (patch_size // 2,) * 4, mode=mode) for each in (x, images))
    centre = [(2 * c + 1) * patch_size**2 // 2 for c in range(x.shape[1])]
    for row in range(height):
        for column in range(width):
            here = (..., slice(row, row + patch_size), slice(column, column + patch_size))
            query, keys = noisy[here].flatten(1), clean[here].flatten(1)
            mean = partial_mean(query, [keys], alpha_bar, centre)[0]
            guess[:, :, row, column] = mean
    return guess


def _equivariant(images, x, alpha_bar, patch_size, boundary):
    """The whole picture attends to every shift of every image."""
    height, width = x.shape[2:]
    row, column = torch.arange(height), torch.arange(width)
    shifted = [  # for each shift, where each pixel comes from: [H W, H W]
        ((row[:, None] - a) % height * width + (column - b) % width).flatten()
        for a in range(height)
        for b in range(width)
    ]
    places = torch.stack(shifted)
    keys = (image.flatten(1)[:, places].movedim(0, 1).flatten(1) for image in images)
    return partial_mean(x.flatten(1), keys, alpha_bar, slice(None))[0].view_as(x)
