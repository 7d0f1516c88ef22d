"""The training patches of one region, each distinct one once, in a tree of boxes.

A patch that occurs a hundred times is kept once, with the number 100. The distinct patches are
parted in two halves, these again, and so on down to leaves of ``LEAF`` patches, always along the
axis on which they differ most.

The boxes are not around the patches but around their *shadows*, which have fewer coordinates: the
projections on the axes along which patches vary most, and the length of what is left over. Two
shadows are never farther apart than the patches that cast them. So the distance from a window's
shadow to a box bounds the distance from the window to every patch in it.
"""

from typing import NamedTuple

import numpy as np
import torch

from els_tutorial.compiled import jit
from els_tutorial.patches import centres, extract, regions, wrap

LEAF = 32  # patches in a leaf
AXES = 15  # coordinates of a shadow, beside the length of what is left over
SAMPLE = 2**14  # patches from which the axes are found
GLANCE = 128  # patches from which the longest side of a node is found
MOST = 2**26  # numbers in the patches of all regions together: in memory they take 256 MiB

_jit = jit(nogil=True)


class PatchTree(NamedTuple):
    """Nodes in the order in which they are met going left first; leaves from left to right.

    A node over L leaves is followed by its left child, over h = L // 2 of them, and 2 h places
    further on by its right child. Of its L leaves the first h are the left child's.
    """

    axes: np.ndarray  # float64 [D, M - 1], orthonormal columns
    low: np.ndarray  # float64 [nodes, M]: the corners of each node's box
    high: np.ndarray
    keys: np.ndarray  # float32 [leaves, D, LEAF]; copies fill up the last leaf
    counts: np.ndarray  # float32 [leaves, LEAF]; 0 for what fills up
    values: np.ndarray  # float32 [leaves, C, LEAF]: the patches' centres times their counts
    before: np.ndarray  # float64 [leaves + 1]: how many patches, copies too, lie left of a leaf


def shadow(windows, axes):
    """Return the shadows [K, M] of windows [K, D] on axes [D, M - 1], numpy arrays."""
    along = windows @ axes
    rest = windows - along @ axes.T
    return np.concatenate([along, np.sqrt(np.square(rest).sum(1, keepdims=True))], 1)


def _windows(images, patch_size, boundary, rows, columns):
    """Yield the windows of a region, float32 [K, D], for some images at a time."""
    for block in images.split(max(1, 2**21 // (patch_size**2 * images[0].numel()))):
        wrapped = wrap(block.float(), patch_size, boundary)
        yield extract(wrapped, rows, columns).flatten(0, 1)


def _checksums(windows):
    """Return a 64-bit sum over the bits of each of the windows, float32 [K, D]."""
    factors = np.random.default_rng(0).integers(-(2**62), 2**62, windows.shape[1]) * 2 + 1
    bits = windows.contiguous().view(torch.int32).long()
    return ((bits ^ (bits >> 23)) * torch.from_numpy(factors)).sum(1)  # modulo 2^64


def distinct(images, patch_size, boundary, rows, columns):
    """Return a region's distinct patches, float32 [K, D], and how often each occurs, int64 [K].

    Patches are told apart by a 64-bit sum over their bits. Should two different ones share one,
    which is checked, all patches stay apart: that costs time and no truth.
    """
    region = (images, patch_size, boundary, rows, columns)
    sums = torch.cat([_checksums(windows) for windows in _windows(*region)])
    different, which, counts = torch.unique(sums, return_inverse=True, return_counts=True)
    keys = torch.empty(len(different), images.shape[1] * rows.size * columns.size)
    for windows, mine in _with_places(region, which):
        keys[mine] = windows  # of equal patches the last one stays
    if all(torch.equal(keys[mine], windows) for windows, mine in _with_places(region, which)):
        return keys, counts
    return torch.cat(list(_windows(*region))), torch.ones_like(which)


def _with_places(region, which):
    seen = 0
    for windows in _windows(*region):
        yield windows, which[seen : seen + len(windows)]
        seen += len(windows)


@_jit
def _part(order, along, first):
    """Sort both so that the ``first`` smallest of along come first: Hoare's quickselect.

    numba's own ``argpartition`` takes longer to compile than all the rest of this module.
    """
    low, high = 0, len(along) - 1
    while low < high:
        pivot, i, j = along[(low + high) // 2], low, high
        while i <= j:
            while along[i] < pivot:
                i += 1
            while along[j] > pivot:
                j -= 1
            if i <= j:
                along[i], along[j] = along[j], along[i]
                order[i], order[j] = order[j], order[i]
                i += 1
                j -= 1
        if first <= j:
            high = j
        elif first >= i:
            low = i
        else:
            return


@_jit
def _grow(shadows, order, low, high):
    """Sort order [K] into leaves; fill low and high [nodes, M] with the corners of the boxes."""
    size = shadows.shape[1]
    halves = np.zeros(len(low), np.int64)  # leaves of the left child
    stack = [(0, 0, (len(low) + 1) // 2)]  # a node and its leaves, from the first to the last
    while len(stack):
        node, first, last = stack.pop()
        mine = order[first * LEAF : last * LEAF]
        half = halves[node] = (last - first) // 2
        step = 1 if half == 0 else 1 + len(mine) // GLANCE
        low[node] = high[node] = shadows[mine[0]]
        for k in range(0, len(mine), step):
            for d in range(size):
                low[node, d] = min(low[node, d], shadows[mine[k], d])
                high[node, d] = max(high[node, d], shadows[mine[k], d])
        if half == 0:
            continue
        axis, along = np.argmax(high[node] - low[node]), np.empty(len(mine))
        for k in range(len(mine)):
            along[k] = shadows[mine[k], axis]
        _part(mine, along, half * LEAF)
        stack.append((node + 2 * half, first + half, last))
        stack.append((node + 1, first, first + half))
    for node in range(len(low) - 1, -1, -1):  # children come after their parents
        half = halves[node]
        if half:
            for d in range(size):
                low[node, d] = min(low[node + 1, d], low[node + 2 * half, d])
                high[node, d] = max(high[node + 1, d], high[node + 2 * half, d])


def plant(keys, counts, centre):
    """Return the tree of some patches.

    Args:
        keys: distinct patches, float32 tensor [K, D].
        counts: how often each occurs, tensor [K].
        centre: list of the places in a patch of its value, one for each channel.

    Returns:
        PatchTree.
    """
    count, size = keys.shape
    leaves = -(-count // LEAF)
    some = keys[:: -(-count // SAMPLE)].double()
    spread = some - some.mean(0)
    axes = torch.linalg.eigh(spread.T @ spread).eigenvectors[:, -AXES:].numpy()
    axes = np.ascontiguousarray(axes)  # of one layout, or all that is compiled is compiled again
    keys, parts = keys.numpy(), range(0, leaves * LEAF, SAMPLE)
    shadows = np.concatenate([shadow(keys[i : i + SAMPLE].astype(float), axes) for i in parts])
    order = np.arange(count)
    low, high = np.empty((2, 2 * leaves - 1, shadows.shape[1]))
    _grow(shadows, order, low, high)
    order = np.pad(order, (0, leaves * LEAF - count), mode="edge")
    times = counts.numpy()[order].astype(np.float32)
    times[count:] = 0
    times = times.reshape(leaves, LEAF)
    sorted_keys = np.empty((leaves, size, LEAF), np.float32)
    for i in parts:
        part = keys[order[i : i + SAMPLE]].reshape(-1, LEAF, size)
        sorted_keys[i // LEAF : i // LEAF + len(part)] = part.swapaxes(1, 2)
    values = np.ascontiguousarray(sorted_keys[:, centre] * times[:, None])
    before = np.append(0, times.sum(1, dtype=float).cumsum())
    return PatchTree(axes, low, high, sorted_keys, times, values, before)


def forest(images, patch_size, boundary):
    """Return a list of (rows, columns, PatchTree), one for each region of images [N, C, H, W].

    Returns None where the patches are too many to hold.
    """
    trees, numbers = [], 0
    if images.numel() * patch_size**2 > 8 * MOST:  # not even with an eighth of them distinct
        return None
    for rows, columns in regions(*images.shape[2:], patch_size, boundary):
        keys, counts = distinct(images, patch_size, boundary, rows, columns)
        numbers += keys.numel()
        if numbers > MOST:
            return None
        trees.append((rows, columns, plant(keys, counts, centres(images.shape[1], rows, columns))))
    return trees
