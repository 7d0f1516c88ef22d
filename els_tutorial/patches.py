"""Windows, borders, and the candidates of a pixel.

A *region* is a rectangle of pixels that share their candidates: a pixel in it is compared with the
training pixels of the same rectangle. On the torus there is one region, the whole image. With zero
borders there is one for each way in which the border can cut a window (eq. 41): the interior, each
line along an edge, each pixel in a corner.
"""

from itertools import groupby
from typing import NamedTuple

import torch.nn.functional as F


class Span(NamedTuple):
    """One axis of a region: pixels ``start:stop``, and where their windows lie."""

    start: int
    stop: int
    low: int  # first row (or column) of the first pixel's window, in the wrapped image
    size: int  # length of the window along this axis, without what the border cuts off
    centre: int  # place of the pixel in its window


def wrap(images, patch_size, boundary):
    """Return images [N, C, H, W] with their far side added all around if the image is a torus."""
    radius = patch_size // 2
    return F.pad(images, (radius,) * 4, mode="circular") if boundary == "circular" else images


def _spans(length, patch_size, boundary):
    radius = patch_size // 2
    if boundary == "circular":
        return [Span(0, length, 0, patch_size, radius)]

    def reach(i):  # how far the window goes before and after pixel i
        return min(radius, i), min(radius, length - 1 - i)

    spans = []
    for (before, after), group in groupby(range(length), key=reach):
        pixels = list(group)
        spans.append(
            Span(pixels[0], pixels[-1] + 1, pixels[0] - before, before + 1 + after, before)
        )
    return spans


def regions(height, width, patch_size, boundary):
    """Return the regions of an image as a list of pairs (rows, columns) of :class:`Span`."""
    columns = _spans(width, patch_size, boundary)
    return [(r, c) for r in _spans(height, patch_size, boundary) for c in columns]


def extract(wrapped, rows, columns):
    """Return the windows of a region's pixels, flattened.

    Args:
        wrapped: images as :func:`wrap` returns them.
        rows, columns: the region.

    Returns:
        tensor [N, pixels, C * window height * window width]; pixels and window entries in row-major
        order. What the border cuts off is left out: it would be zero on both sides of a comparison.
    """
    for axis, span in ((2, rows), (3, columns)):
        wrapped = wrapped.narrow(axis, span.low, span.stop - span.start + span.size - 1)
    views = wrapped.unfold(2, rows.size, 1).unfold(3, columns.size, 1)  # [N, C, h, w, p, q]
    n, channels, h, w, p, q = views.shape
    return views.permute(0, 2, 3, 1, 4, 5).reshape(n, h * w, channels * p * q)


def centres(channels, rows, columns):
    """Return where the centre pixel stands in a flattened window: one index for each channel."""
    area = rows.size * columns.size
    return [c * area + rows.centre * columns.size + columns.centre for c in range(channels)]


def box_sum(values, patch_size, boundary):
    """Sum ``values`` over the window around each pixel, at a cost that no window changes.

    Args:
        values: tensor [..., H, W], float64: the differences of running sums cancel.
        patch_size: odd int.
        boundary: "circular" or "zeros" (nothing is added from outside).

    Returns:
        tensor [..., H, W].
    """
    radius = patch_size // 2
    for axis in (-2, -1):
        values = values.movedim(axis, -1)
        length = values.shape[-1]
        running = F.pad(values.cumsum(-1), (1, 0))  # running[k] = sum of the first k

        def up_to(k, running=running, length=length):
            if boundary == "zeros":
                return running[..., k.clamp(0, length)]
            turns = k.div(length, rounding_mode="floor")
            return running[..., k % length] + turns * running[..., -1:]

        i = running.new_tensor(range(length)).long()
        values = (up_to(i + radius + 1) - up_to(i - radius)).movedim(-1, axis)
    return values
