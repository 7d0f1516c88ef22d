"""Patches in a tree of boxes.

They are parted in two halves, these again, and so on down to leaves of ``LEAF`` patches, always
along the axis on which they differ most.

The boxes are not around the patches but around their *shadows*, which have fewer coordinates: the
projections on the axes along which patches vary most, and the length of what is left over. Two
shadows are never farther apart than the patches that cast them. So the distance from a window's
shadow to a box bounds the distance from the window to every patch in it.
"""

from typing import NamedTuple

import numpy as np
import torch

from els_tutorial.compiled import jit
from els_tutorial.distinct_patches import Windows, length, read

LEAF = 128  # patches in a leaf
AXES = 15  # coordinates of a shadow, beside the length of what is left over
SAMPLE = 2**14  # patches from which the axes are found

_jit = jit(nogil=True)


class PatchTree(NamedTuple):
    """Nodes in the order in which they are met going left first; leaves from left to right.

    A node over L leaves is followed by its left child, over h = L // 2 of them, and 2 h places
    further on by its right child. Of its L leaves the first h are the left child's.
    """

    windows: Windows  # where the patches are read
    centre: np.ndarray  # int64 [C]: the places in a patch of its value
    axes: np.ndarray  # float64 [D, M - 1], orthonormal columns
    low: np.ndarray  # float64 [nodes, M]: the corners of each node's box
    high: np.ndarray
    places: np.ndarray  # int32 [leaves, LEAF]; copies fill up the last leaf
    times: np.ndarray  # float32 [leaves, LEAF], how often each occurs; 0 for what fills up
    before: np.ndarray  # float64 [leaves + 1]: how many patches, copies too, lie left of a leaf


def shadow(windows, axes):
    """Return the shadows [K, M] of windows [K, D] on axes [D, M - 1], numpy arrays."""
    along = windows @ axes
    rest = windows - along @ axes.T
    return np.concatenate([along, np.sqrt(np.square(rest).sum(1, keepdims=True))], 1)


@_jit
def _part(places, times, along, first):
    """Sort all so that the ``first`` smallest of along come first: Hoare's quickselect.

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
                places[i], places[j] = places[j], places[i]
                times[i], times[j] = times[j], times[i]
                i += 1
                j -= 1
        if first <= j:
            high = j
        elif first >= i:
            low = i
        else:
            return


@_jit
def _project(patches, axes, m, along):
    """Put into along [LEAF] the projections of patches [D, LEAF] on one of axes [D, M - 1]."""
    along[:] = 0.0
    for d in range(len(patches)):
        for k in range(LEAF):
            along[k] += patches[d, k] * axes[d, m]


@_jit
def _cast(patches, axes, shadows):
    """Put into shadows [M, LEAF] those of patches [D, LEAF] on axes [D, M - 1]."""
    last = axes.shape[1]
    for m in range(last):
        _project(patches, axes, m, shadows[m])
    shadows[last] = 0.0
    for d in range(len(patches)):
        for k in range(LEAF):
            rest = np.float64(patches[d, k])
            for m in range(last):
                rest -= shadows[m, k] * axes[d, m]
            shadows[last, k] += rest * rest
    shadows[last] = np.sqrt(shadows[last])


@_jit
def _grow(windows, places, times, axes, low, high):
    """Sort places and times [K] into leaves; fill low and high [nodes, M] with the boxes."""
    size = low.shape[1]
    patches, shadows = np.empty((len(axes), LEAF), np.float32), np.empty((size, LEAF))
    along = np.empty(len(places), np.float32)
    halves = np.zeros(len(low), np.int64)  # leaves of the left child
    stack = [(0, 0, (len(low) + 1) // 2)]  # a node and its leaves, from first up to last
    while len(stack):
        node, first, last = stack.pop()
        mine = places[first * LEAF : last * LEAF]
        half = halves[node] = (last - first) // 2
        # All of a leaf, or as many from a larger node: an odd step does not stay in one column.
        some = mine[:: -(-len(mine) // LEAF) | 1].copy()
        read(windows, some, patches)
        _cast(patches, axes, shadows)
        for m in range(size):
            low[node, m] = shadows[m, : len(some)].min()
            high[node, m] = shadows[m, : len(some)].max()
        if half == 0:
            continue
        axis = np.argmax(high[node] - low[node])
        for k in range(0, len(mine), LEAF):
            some = mine[k : k + LEAF]
            read(windows, some, patches)
            if axis < size - 1:
                _project(patches, axes, axis, shadows[axis])
            else:
                _cast(patches, axes, shadows)
            along[k : k + len(some)] = shadows[axis, : len(some)]
        _part(mine, times[first * LEAF : last * LEAF], along[: len(mine)], half * LEAF)
        stack.append((node + 2 * half, first + half, last))
        stack.append((node + 1, first, first + half))
    for node in range(len(low) - 1, -1, -1):  # children come after their parents
        half = halves[node]
        if half:
            for d in range(size):
                low[node, d] = min(low[node + 1, d], low[node + 2 * half, d])
                high[node, d] = max(high[node + 1, d], high[node + 2 * half, d])


def plant(windows, places, times, centre):
    """Return the tree of some patches.

    The tree takes over the arrays, sorts them and changes their length: they must own their
    memory, and are not to be used afterwards.

    Args:
        windows: Windows.
        places: of the distinct patches, int32 array [K].
        times: how often each occurs, float32 array [K].
        centre: list of the places in a patch of its value, one for each channel.

    Returns:
        PatchTree.
    """
    count = len(places)
    leaves = -(-count // LEAF)
    some = places[np.random.default_rng(0).integers(count, size=min(count, SAMPLE))]
    sample = np.empty((length(windows), len(some)), np.float32)
    read(windows, some, sample)
    spread = torch.from_numpy(sample - sample.mean(1, keepdims=True)).double()
    axes = torch.linalg.eigh(spread @ spread.T).eigenvectors[:, -AXES:].numpy()
    axes = np.ascontiguousarray(axes)  # of one layout, or all that is compiled is compiled again
    low, high = np.empty((2, 2 * leaves - 1, axes.shape[1] + 1))
    _grow(windows, places, times, axes, low, high)
    for array in (places, times):
        array.resize(leaves * LEAF, refcheck=False)
    places[count:] = places[count - 1]
    places, times = places.reshape(leaves, LEAF), times.reshape(leaves, LEAF)
    before = np.append(0, times.sum(1, dtype=float).cumsum())
    return PatchTree(windows, np.array(centre), axes, low, high, places, times, before)
