"""Every distinct patch of the training images once: where it stands, and how often it occurs.

No patch is copied out of its image: it is known by its place, and read there when it is wanted.
"""

from typing import NamedTuple

import numpy as np

from els_tutorial.compiled import jit

TOGETHER = 128  # windows that are read together
MIX, SHIFT = np.uint64(0x9E3779B97F4A7C15), np.uint64(29)  # 2^64 / golden ratio, an odd number

_jit = jit(nogil=True)


class Windows(NamedTuple):
    """The windows around the pixels of a region, in some images.

    A window's *place* is where its first number stands in the images, all their numbers counted
    through. If it goes around a torus the place is -1 minus that.
    """

    images: np.ndarray  # float32 [N, C, H, W], fewer than 2^31 numbers
    top: int  # row and column at which the first pixel's window begins; below 0 on a torus
    left: int
    height: int  # of a window
    width: int
    rows: int  # of the region
    columns: int


def windows_of(images, patch_size, boundary, rows, columns):
    """Return the Windows of a region.

    Args:
        images: float tensor [N, C, H, W] on the CPU; float32 is not copied.
        patch_size: side of the window, an odd int.
        boundary: "circular" or "zeros".
        rows, columns: the region, each a :class:`els_tutorial.patches.Span`.
    """
    around = patch_size // 2 if boundary == "circular" else 0  # Span counts in the wrapped image
    return Windows(
        np.ascontiguousarray(images.float().numpy()),
        *(span.low - around for span in (rows, columns)),
        *(span.size for span in (rows, columns)),
        *(span.stop - span.start for span in (rows, columns)),
    )


@_jit
def read(windows, places, patches):
    """Put the windows at places [K] into patches [D, at least K].

    D is the length of a window, in the order of :func:`els_tutorial.patches.extract`.
    """
    _, channels, height, width = windows.images.shape
    numbers, d = windows.images.reshape(-1), 0
    for c in range(channels):
        for i in range(windows.height):
            for j in range(windows.width):
                beyond = (c * height + i) * width + j
                for k in range(len(places)):
                    patches[d, k] = numbers[np.uint64(max(places[k], 0) + beyond)]
                d += 1
    for k in range(len(places)):
        if places[k] >= 0:
            continue
        left, top = (-1 - places[k]) % width, (-1 - places[k]) // width % height
        image, d = (-1 - places[k]) // (width * height * channels), 0
        for c in range(channels):
            for i in range(top, top + windows.height):
                for j in range(left, left + windows.width):
                    patches[d, k] = windows.images[image, c, i % height, j % width]
                    d += 1


@_jit
def _find_places(windows, first, places):
    """Put into places [K] those of the next K windows, row by row, image by image."""
    _, channels, height, width = windows.images.shape
    for k in range(len(places)):
        image, pixel = divmod(first + k, windows.rows * windows.columns)
        top = (windows.top + pixel // windows.columns) % height
        left = (windows.left + pixel % windows.columns) % width
        places[k] = (image * channels * height + top) * width + left
        if top + windows.height > height or left + windows.width > width:
            places[k] = -1 - places[k]


@_jit
def _find(bits, k, windows, known, table, other, other_bits):
    """Return where a hash table holds the patch bits[:, k], or else where there is room for it."""
    last, slot = len(table) - 1, np.uint64(0)
    for d in range(len(bits)):
        slot = (slot ^ np.uint64(bits[d, k])) * MIX
        slot ^= slot >> SHIFT
    at = np.int64(slot & np.uint64(last))
    while table[at] >= 0:
        read(windows, known[table[at] : table[at] + 1], other)
        same = True
        for d in range(len(bits)):
            same &= bits[d, k] == other_bits[d, 0]
        if same:
            break
        at = (at + 1) & last
    return at


@_jit
def _count(windows, size, known, times):
    """Fill known and times with the distinct patches [D = size] and return how many there are."""
    patches, other = np.empty((size, TOGETHER), np.float32), np.empty((size, 1), np.float32)
    bits, other_bits = patches.view(np.uint32), other.view(np.uint32)
    places = np.empty(TOGETHER, np.int32)
    table, found = np.full(1024, -1, np.int32), 0  # at most half full
    for first in range(0, len(known), TOGETHER):
        some = places[: len(known) - first]
        _find_places(windows, first, some)
        read(windows, some, patches)
        for k in range(len(some)):
            at = _find(bits, k, windows, known, table, other, other_bits)
            if table[at] >= 0:
                times[table[at]] += 1
            else:
                table[at], known[found], times[found] = found, some[k], 1
                found += 1
        if 2 * (found + TOGETHER) > len(table):
            table = np.full(2 * len(table), -1, np.int32)
            for n in range(found):
                read(windows, known[n : n + 1], patches)
                table[_find(bits, 0, windows, known, table, other, other_bits)] = n
    return found


def distinct(windows):
    """Return where a region's distinct patches stand, and how often each occurs.

    Args:
        windows: Windows.

    Returns:
        (places, times): int32 and float32 arrays [K], of the first window of each kind, in order;
        windows are the same if their bits are.
    """
    images, *_, height, width, rows, columns = windows
    count = len(images) * rows * columns
    # Pages of memory that are never written to take none: the arrays are cut to what they hold.
    known, times = np.empty(count, np.int32), np.empty(count, np.float32)
    found = _count(windows, images.shape[1] * height * width, known, times)
    return known[:found].copy(), times[:found].copy()
