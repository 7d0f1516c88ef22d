"""Every distinct patch of the training images once: where it stands, and how often it occurs.

No patch is copied out of its image: it is known by its place, and read there when it is wanted.
"""

from typing import NamedTuple

import numpy as np

from els_tutorial.compiled import jit

BATCH = 128  # windows that are read together
MIX, SHIFT = np.uint64(0x9E3779B97F4A7C15), np.uint64(29)  # 2^64 / golden ratio, an odd number

_jit = jit(nogil=True)


class Windows(NamedTuple):
    """The windows around the pixels of a region, in some images.

    A window's *place* is where its first number stands among all the numbers of the images. If it
    goes around a torus the place is -1 minus that.
    """

    numbers: np.ndarray  # float32 [N * C * H * W], the images', fewer than 2^31
    shape: tuple  # (N, C, H, W)
    top: int  # row and column at which the first pixel's window begins; below 0 on a torus
    left: int
    height: int  # of a window
    width: int
    rows: int  # of the region
    columns: int


def windows_of(images, rows, columns):
    """Return the Windows of a region.

    Args:
        images: float tensor [N, C, H, W] on the CPU. Contiguous float32 is not copied, and must not
            change while its windows are in use.
        rows, columns: the region, each a :class:`els_tutorial.patches.Span`.
    """
    return Windows(
        images.float().contiguous().view(-1).numpy(),
        tuple(images.shape),
        *(span.start - span.centre for span in (rows, columns)),
        *(span.size for span in (rows, columns)),
        *(span.stop - span.start for span in (rows, columns)),
    )


@_jit
def length(windows):
    """Return D, the length of a window."""
    return windows.shape[1] * windows.height * windows.width


@_jit
def _corner(windows, place):
    """Return where a window's first number stands, and its row and column if it goes around."""
    if place >= 0:
        return place, 0, 0
    first = -1 - place
    return first, first // windows.shape[3] % windows.shape[2], first % windows.shape[3]


@_jit
def _number(windows, corner, c, i, j):
    """Return the number in channel c, row i and column j of a window."""
    (_, _, height, width), (first, top, left) = windows.shape, corner
    if top + i >= height:
        i -= height
    if left + j >= width:
        j -= width
    return windows.numbers[first + (c * height + i) * width + j]


@_jit
def read(windows, places, patches):
    """Put the windows at places [K] into patches [D, at least K].

    D is the length of a window, in the order of :func:`els_tutorial.patches.extract`.
    """
    (_, channels, height, width), d = windows.shape, 0
    for c in range(channels):
        for i in range(windows.height):
            for j in range(windows.width):
                beyond = (c * height + i) * width + j
                # All do the same, so the processor reads several at once (an unsigned index is not
                # looked at for its sign). Those that go around are set right below.
                for k in range(len(places)):
                    patches[d, k] = windows.numbers[np.uint64(max(places[k], 0) + beyond)]
                d += 1
    for k in range(len(places)):
        if places[k] < 0:
            corner, d = _corner(windows, places[k]), 0
            for c in range(channels):
                for i in range(windows.height):
                    for j in range(windows.width):
                        patches[d, k] = _number(windows, corner, c, i, j)
                        d += 1


@_jit
def _find_places(windows, first, places):
    """Put into places [K] those of the next K windows, row by row, image by image."""
    _, channels, height, width = windows.shape
    for k in range(len(places)):
        image, pixel = divmod(first + k, windows.rows * windows.columns)
        top = (windows.top + pixel // windows.columns) % height
        left = (windows.left + pixel % windows.columns) % width
        places[k] = (image * channels * height + top) * width + left
        if top + windows.height > height or left + windows.width > width:
            places[k] = -1 - places[k]


@_jit
def _is_at(windows, place, patches, k):
    """Say whether the window at a place is patches[:, k]."""
    corner, d = _corner(windows, place), 0
    for c in range(windows.shape[1]):
        for i in range(windows.height):
            for j in range(windows.width):
                if patches[d, k] != _number(windows, corner, c, i, j):
                    return False
                d += 1
    return True


@_jit
def _slot(windows, known, table, patches, bits, k):
    """Return where a hash table has patches[:, k], or else where it has room for it."""
    last, mixed = len(table) - 1, np.uint64(0)
    for d in range(len(patches)):
        mixed = (mixed ^ np.uint64(bits[d, k])) * MIX
        mixed ^= mixed >> SHIFT
    at = np.int64(mixed & np.uint64(last))
    while table[at] >= 0 and not _is_at(windows, known[table[at]], patches, k):
        at = (at + 1) & last
    return at


@_jit
def _count(windows, known, times):
    """Fill known and times with the distinct patches, and return how many there are."""
    patches, places = np.empty((length(windows), BATCH), np.float32), np.empty(BATCH, np.int32)
    bits = patches.view(np.uint32)
    table, found = np.full(1024, -1, np.int32), 0  # at most half full
    for first in range(0, len(known), BATCH):
        if 2 * (found + BATCH) > len(table):
            larger = 2 * len(table)
            table = np.empty(0, np.int32)  # its memory is free before more is wanted
            table = np.full(larger, -1, np.int32)
            for n in range(found):
                read(windows, known[n : n + 1], patches)
                table[_slot(windows, known, table, patches, bits, 0)] = n
        some = places[: len(known) - first]
        _find_places(windows, first, some)
        read(windows, some, patches)
        for k in range(len(some)):
            at = _slot(windows, known, table, patches, bits, k)
            if table[at] >= 0:
                times[table[at]] += 1
            else:
                table[at], known[found], times[found] = found, some[k], 1
                found += 1
    return found


def distinct(windows):
    """Return where a region's distinct patches stand, and how often each occurs.

    Patches that differ in the sign of a zero alone may count as different.

    Args:
        windows: Windows.

    Returns:
        (places, times): int32 and float32 arrays [K], of the first window of each kind, in order.
    """
    count = windows.shape[0] * windows.rows * windows.columns
    # What is never written to takes no memory, and what is cut off is given back.
    known, times = np.empty(count, np.int32), np.empty(count, np.float32)
    found = _count(windows, known, times)
    for array in (known, times):
        array.resize(found, refcheck=False)
    return known, times
