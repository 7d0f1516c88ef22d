"""The inner loops of `running_sums.py`, compiled by numba.

They run over the horizontal shift, for several training images at once, so that the compiler can do
many of them in one instruction: a lane is a shift of one of the images. Weights are never taken
below e^-32 of a pixel's largest: over a million candidates that adds less than 2e-8.
"""

import numpy as np
from numpy.polynomial import Chebyshev, Polynomial

from els_tutorial.compiled import jit

LEAST = np.float32(-32)  # a logit lower than this, relative to the largest, is taken for this
FAR = 2**30  # the distance of a candidate that is none
# Distances want more than 32-bit floats. A weight does not: its logit is relative to the largest.
ZERO, SIXTEENTH = np.float32(0), np.float32(1 / 16)
# A polynomial that is exp on [LEAST / 16, 0]: by Chebyshev, so that it is as good at either end.
EXP = Chebyshev.interpolate(np.exp, 8, [LEAST / 16, 0]).convert(kind=Polynomial).coef
C0, C1, C2, C3, C4, C5, C6, C7, C8 = EXP.astype(np.float32)

_jit = jit(nogil=True, fastmath={"reassoc", "contract", "nsz", "nnan", "arcp"})


@_jit
def _squares(x_row, y_row, pack, line, out):
    """Fill out [W, L] with squared differences: x_row [C, W] against y_row [C, K].

    line [L] is room to work in. Counted in units, a square loses its fraction.
    """
    channels, width = x_row.shape
    lanes = len(line)
    for j in range(width):
        own = y_row[0, pack * j : pack * j + lanes]  # an index of b alone: the compiler fears none
        for b in range(lanes):
            difference = x_row[0, j] - own[b]
            line[b] = difference * difference
        for c in range(1, channels):
            own = y_row[c, pack * j : pack * j + lanes]
            for b in range(lanes):
                difference = x_row[c, j] - own[b]
                line[b] += difference * difference
        for b in range(lanes):
            out[j, b] = line[b]


@_jit
def _row_sums(squares, radius, first, last, out):
    """Fill out[first:last] with sums over a window's row, on a torus or inside the border."""
    width, lanes = squares.shape
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
    """Fill out [W, L] with sums over a window's row, as the sides of the picture cut it."""
    width, lanes = squares.shape
    for j in range(width):
        first, last = max(0, j - radius), min(width, j + radius + 1)
        for b in range(lanes):
            out[j, b] = squares[first, b]
        for k in range(first + 1, last):
            for b in range(lanes):
                out[j, b] += squares[k, b]


@_jit
def _slide(box, enters, leaves):
    a, b, c = box.reshape(-1), enters.reshape(-1), leaves.reshape(-1)
    for k in range(len(a)):
        a[k] += b[k] - c[k]


@_jit
def exponentials(logits, count):
    """Put exp in the place of the first logits, float32 from LEAST to 0.

    By a polynomial at a 16th of the argument, squared four times: no branch, no call. Off by at
    most 4e-6, relative, down to e^-16, and 4e-5 below.
    """
    for k in range(count):
        y = logits[k] * SIXTEENTH
        e = C8 * y + C7
        e = e * y + C6
        e = e * y + C5
        e = e * y + C4
        e = e * y + C3
        e = e * y + C2
        e = e * y + C1
        e = e * y + C0
        e *= e
        e *= e
        e *= e
        e *= e
        logits[k] = e


@_jit
def _vote(distances, wanted, y_row, pack, scale, top, total, weighted, nearest, gaps, weights):
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
            added, votes = ZERO, y_row[c, pack * j : pack * j + lanes]
            for b in range(lanes):
                added += weights[b] * votes[b]
            weighted[c, j] += added


@_jit
def _lay(images, start, pack, out):
    """Put images side by side: out [H, C, K] from images [N, H, C, W], over and over again.

    Entry pack * j + b of a line is column j of image start + b. Past the last image it is repeated.
    """
    count, height, channels, width = images.shape
    for i in range(height):
        for c in range(channels):
            for k in range(out.shape[2]):
                n = min(start + k % pack, count - 1)
                out[i, c, k] = images[n, i, c, k // pack % width]


@_jit
def add(x, images, signal, scale, radius, circular, sides, pack, none, top, total, weighted):
    """Add images [N, H, C, W] to the softmax of pixels of x [H, C, W].

    With ``sides`` they are the pixels whose windows a side of the picture cuts: they compare with
    their own column alone, in ``pack`` images at once. Without, they are all others, and compare
    with every column. none [W, L], which is changed, is FAR where a pixel of a row and a lane do
    not compare, and 0 elsewhere. top (the least distance yet), total [H, W] and weighted [H, C, W]
    are updated.
    """
    count, height, channels, width = images.shape
    lanes = none.shape[1]
    line, squares = np.empty(lanes, x.dtype), np.empty_like(none)
    nearest, gaps = np.empty(width, none.dtype), np.empty(lanes, none.dtype)
    weights = np.empty(lanes, np.float32)
    rows = np.zeros((height + 1, width, lanes), none.dtype)  # the last one stays empty
    box = np.empty_like(none)
    values = np.empty((height, channels, pack * width + lanes), np.float32)
    scaled = np.empty(values.shape, x.dtype)
    first, last = (0, width) if circular or sides else (radius, width - radius)
    wanted = np.zeros(width, np.bool_)
    wanted[first:last] = True
    if sides:
        wanted[radius : width - radius] = False
    most = height - 1 if circular else max(height - 2 * radius - 1, 0)
    for start in range(0, count, pack):
        _lay(images, start, pack, values)
        scaled[:] = values
        scaled *= signal
        for b in range(max(count - start, 0), pack):
            none[:, b::pack] = FAR
        for shift in range(0 if circular else -most, most + 1):
            in_place = not circular and shift == 0  # then windows may be cut above and below
            low, high = (0, height) if circular else (max(0, -shift), height - max(0, shift))
            for i in range(low, high):
                _squares(x[i], scaled[(i + shift) % height], pack, line, squares)
                if sides:
                    _cut_sums(squares, radius, rows[i])
                else:
                    _row_sums(squares, radius, first, last, rows[i])
            if circular:
                low, high = -radius, height + radius
            box[:] = none
            for k in range(low, high + radius):  # one row comes into the window, and one goes
                enters = k % height if k < high else height
                leaves = k - 2 * radius - 1
                leaves = leaves % height if leaves >= low else height
                _slide(box[first:last], rows[enters, first:last], rows[leaves, first:last])
                i = k - radius
                if i < low or (not in_place and (i - radius < low or k >= high)):
                    continue  # no such pixel, or the window is not whole
                y_row, mine = values[(i + shift) % height], (top[i], total[i], weighted[i])
                _vote(box, wanted, y_row, pack, scale, *mine, nearest, gaps, weights)
