"""The ELS machine by running sums: the same means as `attention.py`, at a cost no window changes.

Shift a training image against the noisy one. The squared differences at that shift, summed over
the window around each pixel, are the distances of all pixels to one candidate each; and a window's
sum follows from its neighbour's by adding what enters and taking away what leaves. So every shift
costs the same for every patch size; with zero borders a larger window costs less, for fewer lie
inside.

Distances are whole numbers, counted in a unit so small that the largest still fits into 32 bits:
sums of whole numbers are exact, so nothing is lost however long a sum runs. Where the noise is so
little that the unit would show, they are float64.

The inner loops are in `running_sums_loops.py`.
"""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch

from els_tutorial.patches import box_sum
from els_tutorial.running_sums_loops import FAR, add

PACK = 4  # training images side by side, each at every horizontal shift
LANES = 64  # lanes are padded to a multiple of this: four 512-bit registers
FINEST = 1e-5  # the largest error of a logit, in the mean, from counting in units


def posterior_mean(x, images, alpha_bar, patch_size, boundary):
    """Return what the ELS machine guesses for a batch of noisy images.

    Args:
        x: noisy images, float tensor [B, C, H, W] on the CPU.
        images: training images, float tensor [N, C, H, W] on the CPU.
        alpha_bar, patch_size, boundary: as for the machine, already checked.

    Returns:
        float64 tensor [B, C, H, W].
    """
    return partial_mean(x, images, alpha_bar, patch_size, boundary)[0]


def partial_mean(x, images, alpha_bar, patch_size, boundary):
    """Return the pair (mean, lse) that :func:`els_tutorial.attention.merge` takes.

    Args are those of :func:`posterior_mean`. Returns float64 tensors [B, C, H, W] and [B, 1, H, W];
    the latter is the log of the sum of a pixel's weights, before they are made to add up to 1.
    """
    noisy, keys = (np.ascontiguousarray(a.numpy().swapaxes(1, 2)) for a in (x.double(), images))
    threads = min(torch.get_num_threads(), len(keys))
    circular, radius = boundary == "circular", patch_size // 2
    signal, scale = alpha_bar**0.5, 0.5 / (1 - alpha_bar)
    low, high = images.aminmax()
    unit = _unit(x.double(), signal * torch.maximum(-low, high), patch_size)
    signal, scale = signal / unit**0.5, scale * unit
    # Each of P^2 squares is off by a unit / sqrt(12) or so, and the sum by P times that.
    whole = scale * patch_size / 12**0.5 <= FINEST
    number, noisy = (np.int32 if whole else np.float64), noisy / unit**0.5
    noisy = noisy.astype(np.float32 if whole else np.float64)
    means, lses = np.empty(noisy.shape), np.empty((len(noisy), 1, *x.shape[2:]))
    with ThreadPoolExecutor(threads) as pool:
        for picture, mean, lse in zip(noisy, means, lses, strict=True):
            parts = pool.map(
                lambda share, picture=picture: _partial(
                    picture, share, signal, scale, radius, circular, number
                ),
                np.array_split(keys, threads),
            )
            top, total, weighted = map(np.stack, zip(*parts, strict=True))
            least = top.min(0).astype(float)
            weight = np.exp(scale * (least - top))  # [threads, H, W]
            sums = (weight * total).sum(0)
            mean[:] = (weight[:, :, None] * weighted).sum(0) / sums[:, None]
            lse[:] = np.log(sums) - scale * least
    return torch.from_numpy(means.swapaxes(1, 2)), torch.from_numpy(lses)


def _partial(x, images, signal, scale, radius, circular, number):
    """The softmax of every pixel of x [H, C, W] over the candidates in images [N, H, C, W].

    Returns the least distance and the sum [H, W] and weighted sum [H, C, W] relative to it.
    """
    height, channels, width = x.shape
    top = np.full((height, width), FAR, number)
    total, weighted = np.zeros((height, width)), np.zeros((height, channels, width))
    room, how = (top, total, weighted), (x, images, signal, scale, radius, circular)
    if circular or 2 * radius < width:
        add(*how, False, PACK, _apart(width, radius, circular, number), *room)
    if not circular and radius:
        add(*how, True, LANES, np.zeros((width, LANES), number), *room)
    return room


def _apart(width, radius, circular, number):
    """Return [W, L]: FAR where a pixel of a row and a lane do not compare, and 0 elsewhere."""
    lanes = -(-PACK * width // LANES) * LANES
    j, shift = np.arange(width)[:, None], np.arange(lanes) // PACK
    v = (j + shift) % width
    inside = (np.minimum(j, v) >= radius) & (np.maximum(j, v) < width - radius)
    compared = (shift < width) & (circular | inside)
    return np.where(compared, 0, FAR).astype(number)


def _unit(x, brightest, patch_size):
    """Return the unit in which no distance of x [B, C, H, W] to a training window reaches FAR.

    A hundredth is left for what 32-bit floats round up: FAR and a distance together fit 32 bits.
    """
    largest = box_sum((x.abs() + brightest).square().sum(1), patch_size, "circular").max().item()
    return max(largest, 1e-9) / (0.99 * FAR)
