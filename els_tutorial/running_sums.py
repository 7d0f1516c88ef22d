"""The ELS machine by running sums: the same means as `attention.py`, at a cost no window changes.

Shift a training image against the noisy one. The squared differences at that shift, summed over
the window around each pixel, are the distances of all pixels to one candidate each; and a window's
sum follows from its neighbour's by adding what enters and taking away what leaves. So every shift
costs the same for every patch size. Differences are squared before they are summed, in float64, so
nothing large cancels at low noise.

Inner loops run over the horizontal shift, so that the compiler can do several of them at once.
Weights are never taken below e^-32 of a pixel's largest: over a million candidates that adds less
than 2e-8.
"""

import math
from concurrent.futures import ThreadPoolExecutor

import numba
import numpy as np
import torch

LANES = 8  # horizontal shifts are padded to a multiple of this: one 512-bit register
LEAST = -32.0  # a logit lower than this, relative to the largest, is taken for this
FAR = 1e300  # the distance of a candidate that is none
# Distances want float64. A weight does not: its logit is taken relative to the largest first.
ZERO, ONE, SIXTEENTH = np.float32(0), np.float32(1), np.float32(1 / 16)
C2, C3, C4, C5, C6, C7 = (np.float32(1 / math.factorial(k)) for k in range(2, 8))

_jit = numba.njit(cache=True, nogil=True, fastmath={"reassoc", "contract", "nsz", "nnan", "arcp"})


@_jit
def _row_sums(x_row, y_row, radius, circular, squares, out):
    """Fill out[j, b] with the sum over a window's row: x_row [C, W] against y_row rolled by b."""
    channels, width = x_row.shape
    lanes = squares.shape[1]
    for j in range(width):
        for b in range(lanes):
            difference = x_row[0, j] - y_row[0, j + b]
            squares[j, b] = difference * difference
        for c in range(1, channels):
            for b in range(lanes):
                difference = x_row[c, j] - y_row[c, j + b]
                squares[j, b] += difference * difference
    if 2 * radius < width:
        for b in range(lanes):
            out[0, b] = squares[0, b]
        for k in range(1, radius + 1):
            for b in range(lanes):
                out[0, b] += squares[k, b] + squares[width - k, b]
        for j in range(1, width):
            enters, leaves = (j + radius) % width, (j - radius - 1) % width
            for b in range(lanes):
                out[j, b] = out[j - 1, b] + squares[enters, b] - squares[leaves, b]
    if not circular:  # at shift 0 the border cuts both windows alike: sum what it leaves
        total = 0.0
        for k in range(min(radius, width)):
            total += squares[k, 0]
        for j in range(width):
            if j + radius < width:
                total += squares[j + radius, 0]
            if j - radius - 1 >= 0:
                total -= squares[j - radius - 1, 0]
            out[j, 0] = total


@_jit
def _slide(box, enters, leaves):
    for j in range(box.shape[0]):
        for b in range(box.shape[1]):
            box[j, b] += enters[j, b] - leaves[j, b]


@_jit
def exponentials(logits, count):
    """Put exp in the place of the first logits, float32 from LEAST to 0.

    By its series at a 16th of the argument, squared four times: no branch, no call.
    """
    for k in range(count):
        y = logits[k] * SIXTEENTH
        e = C7 * y + C6
        e = e * y + C5
        e = e * y + C4
        e = e * y + C3
        e = e * y + C2
        e = e * y + ONE
        e = e * y + ONE
        e *= e
        e *= e
        e *= e
        e *= e
        logits[k] = e


@_jit
def _vote(distances, y_row, scale, top, total, weighted, nearest, weights):
    """Add one candidate per lane to the softmax of each pixel in a row.

    distances [W, L], y_row [C, 2 W + L]; top and total [W] and weighted [C, W] are updated;
    nearest [W] and weights [L] are room to work in.
    """
    width, lanes = distances.shape
    for j in range(width):
        least = FAR
        for b in range(lanes):
            least = min(least, distances[j, b])
        nearest[j] = least
    for j in range(width):
        logit = -scale * nearest[j]
        if nearest[j] >= FAR or logit < top[j] + LEAST:
            continue
        if logit > top[j]:
            shrink = np.exp(top[j] - logit)
            top[j] = logit
            total[j] *= shrink
            for c in range(weighted.shape[0]):
                weighted[c, j] *= shrink
        for b in range(lanes):
            weights[b] = max(-scale * distances[j, b] - top[j], LEAST)
        exponentials(weights, lanes)
        added = ZERO
        for b in range(lanes):
            added += weights[b]
        total[j] += added
        for c in range(weighted.shape[0]):
            added = ZERO
            for b in range(lanes):
                added += weights[b] * y_row[c, j + b]
            weighted[c, j] += added


@_jit
def _partial(x, images, signal, scale, radius, circular):
    """The softmax of every pixel of x [H, C, W] over the candidates in images [N, H, C, W].

    Returns the largest logit and the sum [H, W] and weighted sum [H, C, W] relative to it.
    """
    count, height, channels, width = images.shape
    lanes = (width + LANES - 1) // LANES * LANES
    top = np.full((height, width), -np.inf)
    total = np.zeros((height, width))
    weighted = np.zeros((height, channels, width))
    start = np.full((width, lanes), FAR)  # FAR stays FAR, whatever is added
    for j in range(width):
        for b in range(width):
            v = (j + b) % width
            inner = radius <= min(j, v) and max(j, v) < width - radius
            if circular or b == 0 or inner:
                start[j, b] = 0.0
    squares = np.empty((width, lanes))
    nearest = np.empty(width)
    weights = np.empty(lanes, np.float32)
    rows = np.zeros((height + 1, width, lanes))  # the last one stays empty
    box = np.empty((width, lanes))
    scaled = np.empty((height, channels, 2 * width + lanes))
    values = np.empty((height, channels, 2 * width + lanes), np.float32)
    for n in range(count):
        for i in range(height):
            for c in range(channels):
                for j in range(2 * width + lanes):
                    values[i, c, j] = images[n, i, c, j % width]
                    scaled[i, c, j] = signal * images[n, i, c, j % width]
        for shift in range(height):
            cut = not circular and shift == 0
            if not (circular or cut) and 2 * radius >= height:
                break  # no other pixel has its whole window inside
            for i in range(height):
                y_row = scaled[(i + shift) % height]
                _row_sums(x[i], y_row, radius, circular, squares, rows[i])
            box[:] = start
            for k in range(-radius, radius + 1):
                if not cut or 0 <= k < height:
                    _slide(box, rows[k % height], rows[height])
            for i in range(height):
                u = (i + shift) % height
                inner = radius <= min(i, u) and max(i, u) < height - radius
                if circular or shift == 0 or inner:
                    mine = top[i], total[i], weighted[i]
                    _vote(box, values[u], scale, *mine, nearest, weights)
                enters, leaves = (i + radius + 1) % height, (i - radius) % height
                if cut and i + radius + 1 >= height:
                    enters = height
                if cut and i < radius:
                    leaves = height
                _slide(box, rows[enters], rows[leaves])
    return top, total, weighted


def posterior_mean(x, images, alpha_bar, patch_size, boundary):
    """Return what the ELS machine guesses for a batch of noisy images.

    Args:
        x: noisy images, float tensor [B, C, H, W] on the CPU.
        images: training images, float tensor [N, C, H, W] on the CPU.
        alpha_bar, patch_size, boundary: as for the machine, already checked.

    Returns:
        float64 tensor [B, C, H, W].
    """
    noisy, keys = (np.ascontiguousarray(a.numpy().swapaxes(1, 2)) for a in (x.double(), images))
    threads = min(torch.get_num_threads(), len(keys))
    signal, scale = alpha_bar**0.5, 0.5 / (1 - alpha_bar)
    means = np.empty_like(noisy)
    with ThreadPoolExecutor(threads) as pool:
        for picture, mean in zip(noisy, means, strict=True):
            parts = pool.map(
                lambda share, picture=picture: _partial(
                    picture, share, signal, scale, patch_size // 2, boundary == "circular"
                ),
                np.array_split(keys, threads),
            )
            top, total, weighted = map(np.stack, zip(*parts, strict=True))
            weight = np.exp(top - top.max(0))  # [threads, H, W]
            mean[:] = (weight[:, :, None] * weighted).sum(0) / (weight * total).sum(0)[:, None]
    return torch.from_numpy(means.swapaxes(1, 2))
