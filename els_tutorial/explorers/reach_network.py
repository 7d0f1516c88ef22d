"""The network of the explorer "reach": random weights, and a reach that can be counted out.

A stack of 3x3 convolutions on a square of 24 x 24 pixels, with ``CHANNELS`` channels within:

    read, then (depth - 2) times h + convolve(silu(h)), then write(silu(h))

where depth counts all convolutions, and a single one reads and writes. After the first convolution
may follow pooling (means of 2x2 squares, repeated again before the last convolution) or
self-attention over all places.
"""

import math

import torch
from torch.nn import functional

from els_tutorial.explorers.noise import noise

SIDE = 24  # of the picture in pixels; even, for the pooling
CHANNELS = 8
STREAMS = 64  # of random numbers for each seed: the picture, the attention, and the layers
MOVED = 1e-12  # rounding stays far below it, and a real change far above


def picture(seed):
    """Return the picture that goes in: white noise, float64 [1, 1, 24, 24]."""
    return noise(seed * STREAMS, (1, 1, SIDE, SIDE)).double()


def run(x, seed, depth, padding, layer):
    """Return what the network makes of a picture.

    Args:
        x: float64 tensor [1, 1, 24, 24].
        seed: of the weights, int from 0 to 9999.
        depth: number of 3x3 convolutions, int from 1 to 8.
        padding: "zeros" or "circular".
        layer: "plain", "pooling" or "attention": what follows the first convolution.

    Returns:
        float64 tensor [1, 1, 24, 24].
    """
    widths = [1, *[CHANNELS] * (depth - 1), 1]

    def convolve(h, k):
        shape = (widths[k + 1], widths[k], 3, 3)
        weights = noise(seed * STREAMS + 2 + k, shape).double() / math.sqrt(9 * widths[k])
        mode = {"zeros": "constant", "circular": "circular"}[padding]
        return functional.conv2d(functional.pad(h, (1, 1, 1, 1), mode=mode), weights)

    h = convolve(x, 0)
    if layer == "attention":
        h = h + attend(h, seed)
    if layer == "pooling":
        h = functional.avg_pool2d(h, 2)
    for k in range(1, depth - 1):
        h = h + convolve(functional.silu(h), k)
    if layer == "pooling":
        h = functional.interpolate(h, scale_factor=2.0)
    return convolve(functional.silu(h), depth - 1) if depth > 1 else h


def attend(h, seed):
    """Return for each place the mean of all values, weighted by the softmax of query times key."""
    channels = h.shape[1]
    weights = noise(seed * STREAMS + 1, (3, channels, channels)).double() / math.sqrt(channels)
    query, key, value = torch.einsum("kdc,cn->kdn", weights, h[0].flatten(1))
    shares = (query.T @ key / math.sqrt(channels)).softmax(1)
    return (value @ shares.T).view_as(h)


def spread(low, high, depth, layer):
    """Return the first and last row that can move when those from low to high are moved.

    The picture is thought of as endless. For columns it is the same.
    """
    if layer == "attention":
        return -math.inf, math.inf
    if layer == "plain":
        return low - depth, high + depth
    low, high = (low - 1) // 2, (high + 1) // 2  # read, then pool
    inside = max(depth - 2, 0)
    low, high = 2 * (low - inside), 2 * (high + inside) + 1  # repeat
    return (low - 1, high + 1) if depth > 1 else (low, high)


def reached(place, depth, padding, layer):
    """Return the rows (or columns) that a poke at ``place`` can move, as a list of spans.

    A span is (first, count). On a torus it may hang over the border, once for each side.
    """
    low, high = spread(place, place, depth, layer)
    if padding == "zeros" or high - low + 1 >= SIDE:
        low, high = (low, high) if padding == "zeros" else (0, SIDE - 1)
        low, high = max(low, 0), min(high, SIDE - 1)
        return [(low, high - low + 1)]
    starts = [low + turn for turn in (-SIDE, 0, SIDE)]
    return [(k, high - low + 1) for k in starts if k < SIDE and k + high - low >= 0]


def undisturbed(shift, depth, padding, layer):
    """Return the rows (or columns) of outputs that must move with the input, as a list of spans.

    All on a torus, unless pooling meets a shift that its squares cannot follow. With zero padding
    those that see neither a border nor the seam between what was shifted and what came round.
    """
    if layer == "pooling" and shift % 2:
        return []
    if padding == "circular":
        return [(0, SIDE)]
    spans = []
    for start, end in ((0, shift), (shift, SIDE)):
        first = spread(start - 1, start - 1, depth, layer)[1] + 1
        last = spread(end, end, depth, layer)[0] - 1
        if last >= first:
            spans.append((first, last - first + 1))
    return spans


def mask(rows, columns):
    """Return which places lie in spans of rows and of columns, a bool tensor [24, 24]."""
    places = torch.zeros(SIDE, SIDE, dtype=torch.bool)
    for row, height in rows:
        for column, width in columns:
            places[max(row, 0) : row + height, max(column, 0) : column + width] = True
    return places


def poke(seed, depth, padding, layer, row, column):
    """Return how much each output moves when one input pixel grows by 1, float64 [24, 24]."""
    before = picture(seed)
    after = before.clone()
    after[0, 0, row, column] += 1
    change = run(after, seed, depth, padding, layer) - run(before, seed, depth, padding, layer)
    return change[0, 0].abs()


def shift_error(seed, depth, padding, layer, shift):
    """Return |network(shifted x) - shifted network(x)|, float64 [24, 24].

    The shift is ``shift`` pixels down and as many to the right, on the torus.
    """
    x, by = picture(seed), {"shifts": (shift, shift), "dims": (2, 3)}
    first = run(x.roll(**by), seed, depth, padding, layer)
    last = run(x, seed, depth, padding, layer).roll(**by)
    return (first - last)[0, 0].abs()


def distance_holding(change, row, column, padding, share=0.9):
    """Return within how many pixels of a place this share of all movement lies, an int.

    The distance of two places is the larger one of rows and columns, so that those within d pixels
    fill a square of side 2 d + 1. With circular padding it goes around the torus.

    Args:
        change: float tensor [24, 24], not all zero.
        row, column: the place.
        padding: "zeros" or "circular".
        share: float from 0 to 1.
    """
    steps = torch.arange(SIDE)
    down, right = (steps - row).abs(), (steps - column).abs()
    if padding == "circular":
        down, right = torch.minimum(down, SIDE - down), torch.minimum(right, SIDE - right)
    distance = torch.maximum(down[:, None], right)
    within = [change[distance <= d].sum() for d in range(SIDE)]
    return next(d for d, part in enumerate(within) if part >= share * within[-1])
