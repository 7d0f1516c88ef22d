"""The ELS machine by running sums: the same means as `attention.py`, at a cost no window changes.

Shift a training image against the noisy one. The squared differences at that shift, summed over
the window around each pixel, are the distances of all pixels to one candidate each; and a window's
sum follows from its neighbour's by adding what enters and taking away what leaves. So every shift
costs the same for every patch size; with zero borders a larger window costs less, for fewer lie
inside.

Distances are whole numbers, counted in a unit so small that the largest still fits into 32 bits:
sums of whole numbers are exact, so nothing is lost however long a sum runs. Where the noise is so
little that the unit would show, they are float64.

The inner loops run over the horizontal shift, for several training images at once, so that the
compiler can do many of them in one instruction. Weights are never taken below e^-32 of a pixel's
largest: over a million candidates that adds less than 2e-8.
"""

import math
from concurrent.futures import ThreadPoolExecutor

import numba
import numpy as np
import torch

from els_tutorial.patches import box_sum

PACK = 4  # training images side by side: a lane is a horizontal shift of one of them
LANES = 64  # lanes are padded to a multiple of this: four 512-bit registers
LEAST = np.float32(-32)  # a logit lower than this, relative to the largest, is taken for this
FAR = 2**30  # the distance of a candidate that is none
FINEST = 1e-5  # the largest error of a logit, in the mean, from counting in units
# Distances want more than 32-bit floats. A weight does not: its logit is relative to the largest.
ZERO, ONE, SIXTEENTH = np.float32(0), np.float32(1), np.float32(1 / 16)
C2, C3, C4, C5, C6, C7 = (np.float32(1 / math.factorial(k)) for k in range(2, 8))

_jit = numba.njit(cache=True, nogil=True, fastmath={"reassoc", "contract", "nsz", "nnan", "arcp"})


@_jit
def _row_sums(x_row, y_row, radius, first, last, line, squares, out):
    """Fill out[first:last] with sums over a window's row: x_row [C, W] against y_row [C, K].

    line [L] and squares [W, L] are room to work in. Counted in units, a square loses its fraction.
    """
    channels, width = x_row.shape
    lanes = len(line)
    for j in range(width):
        for b in range(lanes):
            difference = x_row[0, j] - y_row[0, PACK * j + b]
            line[b] = difference * difference
        for c in range(1, channels):
            for b in range(lanes):
                difference = x_row[c, j] - y_row[c, PACK * j + b]
                line[b] += difference * difference
        for b in range(lanes):
            squares[j, b] = line[b]
    for j in range(width):  # a range from `first` would let the compiler fear negative indices
        if not first <= j < last:
            continue
        if j == first:
            for b in range(lanes):
                out[j, b] = squares[j, b]
            for k in range(1, radius + 1):
                for b in range(lanes):
                    out[j, b] += squares[j + k, b] + squares[(j - k) % width, b]
            continue
        enters, leaves = (j + radius) % width, (j - radius - 1) % width
        for b in range(lanes):
            out[j, b] = out[j - 1, b] + squares[enters, b] - squares[leaves, b]


@_jit
def _cut_sums(squares, radius, out):
    """Fill out [W, PACK] with sums over a window's row, as the border cuts it, at shift 0."""
    width = len(squares)
    for b in range(PACK):
        total = squares[0, b] - squares[0, b]
        for k in range(min(radius, width)):
            total += squares[k, b]
        for j in range(width):
            if j + radius < width:
                total += squares[j + radius, b]
            if j - radius - 1 >= 0:
                total -= squares[j - radius - 1, b]
            out[j, b] = total


@_jit
def _slide(box, enters, leaves):
    a, b, c = box.reshape(-1), enters.reshape(-1), leaves.reshape(-1)
    for k in range(len(a)):
        a[k] += b[k] - c[k]


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
def _vote(distances, wanted, y_row, scale, top, total, weighted, nearest, gaps, weights):
    """Add one candidate per lane to the softmax of each wanted pixel in a row.

    distances [W, L], wanted [W], y_row [C, K]; top (the least distance yet) and total [W] and
    weighted [C, W] are updated; nearest [W], gaps [L] and weights [L] are room to work in.
    """
    width, lanes = distances.shape
    minus_scale, reach = np.float32(-scale), LEAST / -scale
    for j in range(width):
        nearest[j] = FAR
        if wanted[j]:
            least = distances[j, 0]
            for b in range(lanes):
                least = min(least, distances[j, b])
            nearest[j] = least
    for j in range(width):
        if nearest[j] >= FAR or nearest[j] > top[j] + reach:
            continue
        if nearest[j] < top[j]:
            shrink = np.exp(scale * (float(nearest[j]) - top[j]))
            top[j] = nearest[j]
            total[j] *= shrink
            for c in range(weighted.shape[0]):
                weighted[c, j] *= shrink
        for b in range(lanes):
            gaps[b] = distances[j, b] - top[j]
        for b in range(lanes):
            logit = max(minus_scale * np.float32(gaps[b]), LEAST)
            weights[b] = logit if distances[j, b] < FAR else LEAST
        exponentials(weights, lanes)
        added = ZERO
        for b in range(lanes):
            added += weights[b]
        total[j] += added
        for c in range(weighted.shape[0]):
            added = ZERO
            for b in range(lanes):
                added += weights[b] * y_row[c, PACK * j + b]
            weighted[c, j] += added


@_jit
def _lay(images, start, out):
    """Put PACK images side by side: out [H, C, K] from images [N, H, C, W], over and over again.

    Entry PACK j + b of a line is column j of image start + b. Past the last image it is repeated.
    """
    count, height, channels, width = images.shape
    for i in range(height):
        for c in range(channels):
            for k in range(out.shape[2]):
                n = min(start + k % PACK, count - 1)
                out[i, c, k] = images[n, i, c, k // PACK % width]


@_jit
def _partial(x, images, signal, scale, radius, circular, none):
    """The softmax of every pixel of x [H, C, W] over the candidates in images [N, H, C, W].

    none [W, L], which is changed, is FAR where a pixel of a row and a lane do not compare, and 0
    elsewhere. Returns the least distance and the sum [H, W] and weighted sum [H, C, W] relative to
    it.
    """
    count, height, channels, width = images.shape
    lanes = none.shape[1]
    top = np.full((height, width), FAR, none.dtype)
    total = np.zeros((height, width))
    weighted = np.zeros((height, channels, width))
    line, squares = np.empty(lanes, x.dtype), np.empty_like(none)
    nearest, gaps = np.empty(width, none.dtype), np.empty(lanes, none.dtype)
    weights = np.empty(lanes, np.float32)
    rows = np.zeros((height + 1, width, lanes), none.dtype)  # the last one stays empty
    box = np.empty_like(none)
    # Where the border cuts a window, pixels of one column compare, and nothing else: PACK lanes.
    cut_rows, cut_box = np.zeros((height + 1, width, PACK), none.dtype), none[:, :PACK].copy()
    values = np.empty((height, channels, PACK * width + lanes), np.float32)
    scaled = np.empty(values.shape, x.dtype)
    first, last = (0, width) if circular else (radius, width - radius)
    inside = np.zeros(width, np.bool_)
    inside[first:last] = True
    most = height - 1 if circular else max(height - 2 * radius - 1, 0)
    for start in range(0, count, PACK):
        _lay(images, start, values)
        scaled[:] = values
        scaled *= signal
        for b in range(max(count - start, 0), PACK):
            none[:, b::PACK] = FAR
        for shift in range(0 if circular else -most, most + 1):
            in_place = not circular and shift == 0  # then windows may be cut above and below
            low, high = (0, height) if circular else (max(0, -shift), height - max(0, shift))
            for i in range(low, high):
                y_row = scaled[(i + shift) % height]
                _row_sums(x[i], y_row, radius, first, last, line, squares, rows[i])
                if not circular:
                    _cut_sums(squares, radius, cut_rows[i])
            if circular:
                low, high = -radius, height + radius
            box[:] = none
            cut_box[:] = none[:, :PACK]
            for k in range(low, high + radius):  # one row comes into the window, and one goes
                enters = k % height if k < high else height
                leaves = k - 2 * radius - 1
                leaves = leaves % height if leaves >= low else height
                _slide(box[first:last], rows[enters, first:last], rows[leaves, first:last])
                _slide(cut_box, cut_rows[enters], cut_rows[leaves])
                i = k - radius
                if i < low or (not in_place and (i - radius < low or k >= high)):
                    continue  # no such pixel, or the window is not whole
                y_row = values[(i + shift) % height]
                mine = y_row, scale, top[i], total[i], weighted[i], nearest, gaps, weights
                _vote(box, inside, *mine)
                if not circular:
                    _vote(cut_box, ~inside, *mine)
    return top, total, weighted


def _apart(width, radius, circular, number):
    """Return [W, L]: FAR where a pixel of a row and a lane do not compare, and 0 elsewhere."""
    lanes = -(-PACK * width // LANES) * LANES
    j, shift = np.arange(width)[:, None], np.arange(lanes) // PACK
    v = (j + shift) % width
    inside = (np.minimum(j, v) >= radius) & (np.maximum(j, v) < width - radius)
    compared = (shift < width) & (circular | (shift == 0) | inside)
    return np.where(compared, 0, FAR).astype(number)


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
    number, unit = np.float64, _unit(x.double(), signal * images.abs().max(), patch_size)
    # Each of P^2 squares is off by unit / sqrt(12) or so, and the sum by P times that.
    if scale * unit * patch_size / 12**0.5 <= FINEST:
        number, noisy = np.int32, (noisy / unit**0.5).astype(np.float32)
        signal, scale = signal / unit**0.5, scale * unit
    none = _apart(x.shape[3], radius, circular, number)
    means, lses = np.empty(noisy.shape), np.empty((len(noisy), 1, *x.shape[2:]))
    with ThreadPoolExecutor(threads) as pool:
        for picture, mean, lse in zip(noisy, means, lses, strict=True):
            parts = pool.map(
                lambda share, picture=picture: _partial(
                    picture, share, signal, scale, radius, circular, none.copy()
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


def _unit(x, brightest, patch_size):
    """Return the unit in which no distance of x [B, C, H, W] to a training window reaches FAR.

    A hundredth is left for what 32-bit floats round up: FAR and a distance together fit 32 bits.
    """
    largest = box_sum((x.abs() + brightest).square().sum(1), patch_size, "circular").max().item()
    return max(largest, 1e-9) / (0.99 * FAR)
