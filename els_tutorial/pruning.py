"""The ELS machine at low noise: whole boxes of patches are left out, and what that costs is known.

At low noise nearly all the weight of a pixel lies on few patches. The patches are in a tree of
boxes (:mod:`els_tutorial.patch_tree`), and all pixels go down it together. At each box those turn
back for which even the nearest patch that the box could hold would weigh too little.

Too little is this: at most a share ``LEFT_OUT / K`` of what the pixel has collected so far, where K
is the number of training patches. What is collected only grows, and no more than K patches can be
left out. So together they weigh at most ``LEFT_OUT`` of what is collected, and without them the
mean is off by at most ``LEFT_OUT`` times the range of the pixels, 2.

Each pixel begins with the leaf whose boxes lie nearest on the way down, so that it has collected
most of its weight before it asks what to leave out.
"""

from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
import torch

from els_tutorial.compiled import jit
from els_tutorial.patch_tree import LEAF, shadow
from els_tutorial.patches import extract, wrap
from els_tutorial.running_sums_loops import LEAST, exponentials

LEFT_OUT = 1e-6  # the largest share of a pixel's weight that may be left out
LOW_NOISE = 0.9
PRUNED = 0.7  # for less alpha_bar hardly a box is left out: then all leaves are taken in turn
PRODUCT = 2**18  # multiplications up to which BLAS starts no threads: they would only wait
TOGETHER = 2048  # windows that go down the tree together

_jit = jit(nogil=True, fastmath={"reassoc", "contract", "nsz", "nnan", "arcp"})


class Sums(NamedTuple):
    """What Q windows have collected. Weights are relative to exp(top)."""

    top: np.ndarray  # float64 [Q]: the largest logit yet, plus the window's own squares
    total: np.ndarray  # float64 [Q]
    weighted: np.ndarray  # float64 [Q, C]
    floor: np.ndarray  # float64 [Q]: a patch whose logit is not above it may be left out
    missed: np.ndarray  # float64 [Q]: how many patches were


class Room(NamedTuple):
    """Arrays to work in."""

    gaps: np.ndarray  # float64 [Q]
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
def _collect(tree, leaf, signal, scale, share, queries, active, count, sums, room):
    """Add a leaf's patches to the sums of the first active windows of queries [Q, D + 1]."""
    near, size = room.near, queries.shape[1] - 1
    near[size] = 0.0
    for d in range(size):
        for k in range(LEAF):
            y = signal * tree.keys[leaf, d, k]
            near[d, k] = 2 * scale * y
            near[size, k] -= scale * y * y
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
            added += weights[k] * tree.counts[leaf, k]
        sums.total[q] += added
        for c in range(sums.weighted.shape[1]):
            added = np.float32(0)
            for k in range(LEAF):
                added += weights[k] * tree.values[leaf, c, k]
            sums.weighted[q, c] += added
        if sums.total[q] > 1.2 * known:  # a logarithm is not for every leaf
            sums.floor[q] = top + np.log(sums.total[q]) - share


@_jit
def _nearest_leaf(tree, signal, shadows, active, gaps):
    """Return the leaf that one window comes to when it always takes the nearer child."""
    node, first, last = 0, 0, len(tree.keys)
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
def _descend(tree, queries, shadows, signal, scale, share, prune):
    """Return the Sums of queries [Q, D + 1] with shadows [M, Q] over the tree's patches.

    The last column of queries is 1; so one product makes logits of them and a leaf's patches.
    """
    count, leaves, channels = len(queries), len(tree.keys), tree.values.shape[1]
    lowest, zero = np.full(count, -1e300), np.zeros(count)
    sums = Sums(lowest, zero.copy(), np.zeros((count, channels)), lowest.copy(), zero.copy())
    rows, logits = np.empty(queries.shape), np.empty((count, LEAF))
    weights = np.empty(LEAF, np.float32)
    room = Room(zero, np.empty((queries.shape[1], LEAF)), rows, logits, weights)
    everyone, met = np.arange(count), np.empty(count, np.int64)
    if not prune:
        for leaf in range(leaves):
            _collect(tree, leaf, signal, scale, share, queries, everyone, count, sums, room)
        return sums
    for q in range(count):
        met[q] = _nearest_leaf(tree, signal, shadows, everyone[q:], room.gaps)
        _collect(tree, met[q], signal, scale, share, queries, everyone[q:], 1, sums, room)
    own = scale * ((queries * queries).sum(1) - 1)
    depth = 2 + int(np.ceil(np.log2(leaves)))
    lists, sizes = np.empty((depth + 1, count), np.int64), np.zeros(depth + 1, np.int64)
    lists[0], sizes[0] = everyone, count
    stack = [(0, 0, leaves, 1)]  # a node, its leaves from the first to the last, and its depth
    while len(stack):
        node, first, last, level = stack.pop()
        parents, mine, kept = lists[level - 1], lists[level], 0
        _find_gaps(tree, node, signal, shadows, parents, sizes[level - 1], room.gaps)
        for i in range(sizes[level - 1]):
            q = parents[i]
            if own[q] - scale * room.gaps[i] <= sums.floor[q]:
                sums.missed[q] += tree.before[last] - tree.before[first]
            elif last - first > 1 or met[q] != first:
                mine[kept] = q
                kept += 1
        sizes[level] = kept
        if kept == 0:
            continue
        if last - first == 1:
            _collect(tree, first, signal, scale, share, queries, mine, kept, sums, room)
            continue
        half = (last - first) // 2
        stack.append((node + 2 * half, first + half, last, level + 1))
        stack.append((node + 1, first, first + half, level + 1))
    return sums


def may_pay(patch_size, alpha_bar, pictures):
    """Say whether a tree can be quicker than running sums, for that many pictures at once.

    Measured on 200 to 500 digits. Windows of 3 x 3: 17 times quicker at alpha_bar = .994, 8 times
    at .976, 3 times at .9. Windows of 5 x 5: 3 times at .946, twice at .906; but to plant their
    tree takes as long as running sums for one or two pictures. For larger windows it takes longer
    still, to gain less.
    """
    return patch_size <= 3 or (patch_size <= 5 and alpha_bar >= LOW_NOISE and pictures >= 4)


def pays(trees, pixels, alpha_bar):
    """Say whether these trees, or None, are quicker than running sums over so many pixels.

    At low noise, and also at high noise if most patches are copies: running sums take about as
    long for one pixel of a training image as this does for five numbers of a distinct patch.
    """
    if trees is None:
        return False
    return alpha_bar >= LOW_NOISE or sum(tree.keys.size for *_, tree in trees) < 5 * pixels


def weigh(tree, queries, alpha_bar):
    """Return the softmax of windows over a tree's patches.

    Args:
        tree: PatchTree.
        queries: windows of the noisy images, float64 array [Q, D].
        alpha_bar: float in (0, 1).

    Returns:
        (mean [Q, C], log_total [Q], left_out [Q]): the means; the logs of the sums of exponentials
        of the logits -|q - sqrt(alpha_bar) k|^2 / (2 (1 - alpha_bar)) over the patches that were
        not left out; and what the others weigh at most, as a share of that sum, <= ``LEFT_OUT``.
    """
    shadows = np.ascontiguousarray(shadow(queries, tree.axes).T)
    signal, scale, everything = alpha_bar**0.5, 0.5 / (1 - alpha_bar), tree.before[-1]
    share, prune = np.log(everything / LEFT_OUT), alpha_bar >= PRUNED
    padded = np.ones((len(queries), queries.shape[1] + 1))
    padded[:, :-1] = queries
    sums = _descend(tree, padded, shadows, signal, scale, share, prune)
    log_total = sums.top - scale * np.square(queries).sum(1) + np.log(sums.total)
    return sums.weighted / sums.total[:, None], log_total, sums.missed * (LEFT_OUT / everything)


def posterior_mean(x, trees, alpha_bar, patch_size, boundary):
    """Return what the ELS machine guesses for a batch of noisy images.

    Args:
        x: noisy images, float tensor [B, C, H, W] on the CPU.
        trees: what :func:`els_tutorial.patch_tree.forest` returns for the training images.
        alpha_bar, patch_size, boundary: as for the machine, already checked.

    Returns:
        float64 tensor [B, C, H, W].
    """
    return partial_mean(x, trees, alpha_bar, patch_size, boundary)[0]


def partial_mean(x, trees, alpha_bar, patch_size, boundary):
    """Return the pair (mean, lse) that :func:`els_tutorial.attention.merge` takes.

    Args are those of :func:`posterior_mean`. Returns float64 tensors [B, C, H, W] and [B, 1, H, W].
    """
    noisy = wrap(x.double(), patch_size, boundary)
    x0_hat = torch.empty_like(x, dtype=torch.float64)
    lse = torch.empty_like(x0_hat[:, :1])
    threads = torch.get_num_threads()
    with ThreadPoolExecutor(threads) as pool:
        for rows, columns, tree in trees:
            queries = extract(noisy, rows, columns).flatten(0, 1).numpy()
            shares = max(-(-len(queries) // TOGETHER), min(threads, len(queries)))
            found = pool.map(
                lambda part, tree=tree: weigh(tree, part, alpha_bar)[:2],
                np.array_split(queries, shares),
            )
            place = (..., slice(rows.start, rows.stop), slice(columns.start, columns.stop))
            for whole, parts in zip((x0_hat, lse), zip(*found, strict=True), strict=True):
                target, part = whole[place], torch.from_numpy(np.concatenate(parts))
                target.copy_(part.view(len(x), *target.shape[2:], -1).movedim(-1, 1))
    return x0_hat, lse
