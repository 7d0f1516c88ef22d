"""The inner loops of :mod:`els_tutorial.pruning`: how windows go down a tree of patches.

All arrays are numpy's. Q windows are on their way at once, each of D numbers, in images of C
channels; their shadows have M coordinates.
"""

from typing import NamedTuple

import numpy as np

from els_tutorial.compiled import jit
from els_tutorial.distinct_patches import read
from els_tutorial.patch_tree import LEAF
from els_tutorial.running_sums_loops import LEAST, exponentials

PRODUCT = 2**18  # multiplications up to which BLAS starts no threads: they would only wait

_jit = jit(nogil=True, fastmath={"reassoc", "contract", "nsz", "nnan", "arcp"})


class Sums(NamedTuple):
    """What Q windows have collected. Weights are relative to exp(top)."""

    top: np.ndarray  # float64 [Q]: the largest logit yet, plus the window's own squares
    total: np.ndarray  # float64 [Q]
    weighted: np.ndarray  # float64 [Q, C]
    floor: np.ndarray  # float64 [Q]: a patch whose logit is not above it may be left out
    missed: np.ndarray  # float64 [Q]: how many patches were, by their right
    spent: np.ndarray  # float64 [Q]: what the purse has paid, a share of the total


class Budget(NamedTuple):
    """What may be left out, as shares of a window's total."""

    below: float  # how far below the total's log each patch may be left out by its right
    purse: float
    at_once: float  # the most that the purse pays for one box


class Room(NamedTuple):
    """Arrays to work in."""

    gaps: np.ndarray  # float64 [Q]
    patches: np.ndarray  # float32 [D, LEAF]
    values: np.ndarray  # float32 [C, LEAF]: the centres of a leaf's patches times their number
    near: np.ndarray  # float64 [D + 1, LEAF]
    rows: np.ndarray  # float64 [Q, D + 1]
    logits: np.ndarray  # float64 [Q, LEAF]
    weights: np.ndarray  # float32 [LEAF]


@_jit
def _find_gaps(tree, node, signal, shadows, active, count, gaps):
    """Put into gaps [Q] the squared distances from the first active shadows [M, Q] to a box."""
    gaps[:count] = 0.0
    for d in range(len(shadows)):
        low, high, line = signal * tree.low[node, d], signal * tree.high[node, d], shadows[d]
        for i in range(count):
            at = line[active[i]]
            gap = max(max(low - at, at - high), 0.0)
            gaps[i] += gap * gap


@_jit
def _collect(tree, leaf, signal, scale, below, queries, active, count, sums, room):
    """Add a leaf's patches to the sums of the first active windows of queries [Q, D + 1].

    Active windows are in order, so if all are active they are the queries as they stand.
    """
    near, patches, size = room.near, room.patches, queries.shape[1] - 1
    read(tree.windows, tree.places[leaf], patches)
    near[size] = 0.0
    for d in range(size):
        for k in range(LEAF):
            y = signal * patches[d, k]
            near[d, k] = 2 * scale * y
            near[size, k] -= scale * y * y
    for c in range(len(tree.centre)):
        for k in range(LEAF):
            room.values[c, k] = patches[tree.centre[c], k] * tree.times[leaf, k]
    rows = queries
    if count < len(queries):
        rows = room.rows
        for i in range(count):
            rows[i] = queries[active[i]]
    some = max(1, PRODUCT // near.size)
    for i in range(0, count, some):
        j = min(i + some, count)
        np.dot(rows[i:j], near, room.logits[i:j])
    for i in range(count):
        q, logits, weights = active[i], room.logits[i], room.weights
        best = logits[0]
        for k in range(LEAF):
            best = max(best, logits[k])
        if best <= sums.floor[q]:
            sums.missed[q] += tree.before[leaf + 1] - tree.before[leaf]
            continue
        known = sums.total[q]
        if best > sums.top[q]:
            shrink = np.exp(sums.top[q] - best)
            sums.top[q], known = best, 0.0
            sums.total[q] *= shrink
            for c in range(sums.weighted.shape[1]):
                sums.weighted[q, c] *= shrink
        top = sums.top[q]
        for k in range(LEAF):
            weights[k] = max(logits[k] - top, LEAST)
        exponentials(weights, LEAF)
        added = np.float32(0)
        for k in range(LEAF):
            added += weights[k] * tree.times[leaf, k]
        sums.total[q] += added
        for c in range(sums.weighted.shape[1]):
            added = np.float32(0)
            for k in range(LEAF):
                added += weights[k] * room.values[c, k]
            sums.weighted[q, c] += added
        if sums.total[q] > 1.2 * known:  # a logarithm is not for every leaf
            sums.floor[q] = top + np.log(sums.total[q]) - below


@_jit
def _nearest_leaf(tree, signal, shadows, active, gaps):
    """Return the leaf that one window comes to when it always takes the nearer child."""
    node, first, last = 0, 0, len(tree.places)
    while last - first > 1:
        half = (last - first) // 2
        _find_gaps(tree, node + 1, signal, shadows, active, 1, gaps)
        left = gaps[0]
        _find_gaps(tree, node + 2 * half, signal, shadows, active, 1, gaps)
        if left <= gaps[0]:
            node, last = node + 1, first + half
        else:
            node, first = node + 2 * half, first + half
    return first


@_jit
def descend(tree, queries, shadows, signal, scale, budget, prune, sums):
    """Add to the sums of queries [Q, D + 1] with shadows [M, Q] what the tree's patches weigh.

    The last column of queries is 1; so one product makes logits of them and a leaf's patches.
    """
    (count, width), leaves, below = queries.shape, len(tree.places), budget.below
    near, patches = np.empty((width, LEAF)), np.empty((width - 1, LEAF), np.float32)
    values, weights = np.empty((len(tree.centre), LEAF), np.float32), np.empty(LEAF, np.float32)
    rows, logits = np.empty(queries.shape), np.empty((count, LEAF))
    room = Room(np.zeros(count), patches, values, near, rows, logits, weights)
    everyone, met = np.arange(count), np.empty(count, np.int64)
    if not prune:
        for leaf in range(leaves):
            _collect(tree, leaf, signal, scale, below, queries, everyone, count, sums, room)
        return
    first_of, after = np.full(leaves, -1), np.empty(count, np.int64)  # chains of windows, in order
    for q in range(count - 1, -1, -1):
        met[q] = _nearest_leaf(tree, signal, shadows, everyone[q:], room.gaps)
        after[q], first_of[met[q]] = first_of[met[q]], q
    mine = np.empty(count, np.int64)
    for leaf in range(leaves):
        q, kept = first_of[leaf], 0
        while q >= 0:
            mine[kept] = q
            q, kept = after[q], kept + 1
        if kept:
            _collect(tree, leaf, signal, scale, below, queries, mine, kept, sums, room)
    own = scale * ((queries * queries).sum(1) - 1)
    depth = 2 + int(np.ceil(np.log2(leaves)))
    lists, sizes = np.empty((depth + 1, count), np.int64), np.zeros(depth + 1, np.int64)
    lists[0], sizes[0] = everyone, count
    stack = [(0, 0, leaves, 1)]  # a node, its leaves from first up to last, and its depth
    while len(stack):
        node, first, last, level = stack.pop()
        parents, mine, kept = lists[level - 1], lists[level], 0
        _find_gaps(tree, node, signal, shadows, parents, sizes[level - 1], room.gaps)
        here = tree.before[last] - tree.before[first]
        dearest = below + np.log(budget.at_once / here)
        for i in range(sizes[level - 1]):
            q = parents[i]
            above = own[q] - scale * room.gaps[i] - sums.floor[q]
            price = here * np.exp(above - below) if 0 < above <= dearest else 1.0
            if above <= 0:
                sums.missed[q] += here
            elif sums.spent[q] + price <= budget.purse:
                sums.spent[q] += price
            elif last - first > 1 or met[q] != first:
                mine[kept] = q
                kept += 1
        sizes[level] = kept
        if kept == 0:
            continue
        if last - first == 1:
            _collect(tree, first, signal, scale, below, queries, mine, kept, sums, room)
            continue
        half = (last - first) // 2
        stack.append((node + 2 * half, first + half, last, level + 1))
        stack.append((node + 1, first, first + half, level + 1))
