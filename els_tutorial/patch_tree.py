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

LEAF = 128  # patches in a leaf
AXES = 15  # coordinates of a shadow, beside the length of what is left over
SAMPLE = 2**14  # patches from which the axes are found
GLANCE = 128  # patches from which the longest side of a node is found

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
def _cast(key, axes, shadow):
    """Put into shadow [M] that of one patch [D] on axes [D, M - 1]."""
    last = axes.shape[1]
    shadow[:] = 0.0
    for m in range(last):
        for d in range(len(key)):
            shadow[m] += key[d] * axes[d, m]
    for d in range(len(key)):
        rest = np.float64(key[d])
        for m in range(last):
            rest -= shadow[m] * axes[d, m]
        shadow[last] += rest * rest
    shadow[last] = np.sqrt(shadow[last])


@_jit
def _grow(keys, axes, order, low, high):
    """Sort order [K] into leaves; fill low and high [nodes, M] with the corners of the boxes."""
    size = low.shape[1]
    shadow = np.empty(size)
    halves = np.zeros(len(low), np.int64)  # leaves of the left child
    stack = [(0, 0, (len(low) + 1) // 2)]  # a node and its leaves, from first up to last
    while len(stack):
        node, first, last = stack.pop()
        mine = order[first * LEAF : last * LEAF]
        half = halves[node] = (last - first) // 2
        step = 1 if half == 0 else 1 + len(mine) // GLANCE
        low[node], high[node] = np.inf, -np.inf
        for k in range(0, len(mine), step):
            _cast(keys[mine[k]], axes, shadow)
            for d in range(size):
                low[node, d] = min(low[node, d], shadow[d])
                high[node, d] = max(high[node, d], shadow[d])
        if half == 0:
            continue
        axis, along = np.argmax(high[node] - low[node]), np.zeros(len(mine))
        for k in range(len(mine)):
            if axis < size - 1:
                for d in range(len(axes)):
                    along[k] += keys[mine[k], d] * axes[d, axis]
            else:
                _cast(keys[mine[k]], axes, shadow)
                along[k] = shadow[axis]
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
    keys, order = keys.numpy(), np.arange(count)
    low, high = np.empty((2, 2 * leaves - 1, axes.shape[1] + 1))
    _grow(keys, axes, order, low, high)
    order = np.pad(order, (0, leaves * LEAF - count), mode="edge")
    times = counts.numpy()[order].astype(np.float32)
    times[count:] = 0
    times = times.reshape(leaves, LEAF)
    sorted_keys = np.empty((leaves, size, LEAF), np.float32)
    for i in range(0, leaves * LEAF, SAMPLE):
        part = keys[order[i : i + SAMPLE]].reshape(-1, LEAF, size)
        sorted_keys[i // LEAF : i // LEAF + len(part)] = part.swapaxes(1, 2)
    values = np.ascontiguousarray(sorted_keys[:, centre] * times[:, None])
    before = np.append(0, times.sum(1, dtype=float).cumsum())
    return PatchTree(axes, low, high, sorted_keys, times, values, before)
