"""The ELS machine at low noise: whole boxes of patches are left out, and what that costs is known.

At low noise nearly all the weight of a pixel lies on few patches. The patches are in a tree of
boxes (:mod:`els_tutorial.patch_tree`), and all pixels go down it together. At each box those turn
back for which even the nearest patch that the box could hold would weigh too little.

Too little is this. A pixel may lose a share ``LEFT_OUT`` of what it has collected so far, no more;
what is collected only grows. A tenth of that share is dealt out evenly: each of the K training
patches has a right to be left out if it weighs at most ``LEFT_OUT / (10 K)``. The rest is a purse.
A box in which a patch may weigh more is left out, too, if the purse can still pay for the most that
all its patches could weigh together, and that is a small part of the purse. So without what is left
out the mean is off by at most ``LEFT_OUT`` times the range of the pixels, 2.

Each pixel begins with the leaf whose boxes lie nearest on the way down, so that it has collected
most of its weight before it asks what to leave out. Trees over further images go on where the
first ones ended.
"""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch

from els_tutorial.patch_tree import shadow
from els_tutorial.patches import extract, wrap
from els_tutorial.pruning_loops import Budget, Sums, descend

LEFT_OUT = 1e-6  # the largest share of a pixel's weight that may be left out
EVENLY = 0.1  # of it is dealt out evenly; the rest is the purse
AT_ONCE = 1 / 300  # of the purse is the most that one box may take
LOW_NOISE = 0.9
PRUNED = 0.7  # for less alpha_bar hardly a box is left out: then all leaves are taken in turn
TOGETHER = 2048  # windows that go down the tree together


def may_pay(patch_size, alpha_bar, pictures):
    """Say whether a tree can be quicker than running sums, for that many pictures at once.

    Measured on 500 digits. Windows of 3 x 3: 20 times quicker at alpha_bar = .994, 11 times at
    .976, 4 times at .9. Windows of 5 x 5: 3 times at .946, twice at .906; but to plant their trees
    takes as long as running sums for one or two pictures. For larger windows it takes longer
    still, to gain less.
    """
    return patch_size <= 3 or (patch_size <= 5 and alpha_bar >= LOW_NOISE and pictures >= 4)


def pays(forest, pixels, alpha_bar, pictures):
    """Say whether these trees are quicker than running sums over so many pixels.

    At low noise they are, unless they must be planted anew each time, for fewer than four pictures.
    At high noise they are if they are kept and most patches are copies: running sums take about as
    long for one pixel of a training image as this does for five numbers of a distinct patch.
    """
    if alpha_bar >= LOW_NOISE:
        return forest.kept or pictures >= 4
    numbers = forest.patches * forest.patch_size**2 * forest.images.shape[1]
    return forest.kept and numbers < 5 * pixels


class Collection:
    """What some windows collect from one tree after another.

    Args:
        queries: windows of the noisy images, float64 array [Q, D].
        channels: of the images.
        alpha_bar: float in (0, 1).
        patches: how many there are in all the trees together, copies counted.
    """

    def __init__(self, queries, channels, alpha_bar, patches):
        count, width = queries.shape
        self.alpha_bar, self.scale, self.patches = alpha_bar, 0.5 / (1 - alpha_bar), patches
        self.padded = np.ones((count, width + 1))
        self.padded[:, :-1] = queries
        lowest, weighted = np.full(count, -1e300), np.zeros((count, channels))
        total, missed, spent = np.zeros((3, count))
        self.sums = Sums(lowest, total, weighted, lowest.copy(), missed, spent)

    def add(self, tree):
        """Collect from the patches of a PatchTree."""
        shadows = np.ascontiguousarray(shadow(self.padded[:, :-1], tree.axes).T)
        below, purse = np.log(self.patches / (EVENLY * LEFT_OUT)), (1 - EVENLY) * LEFT_OUT
        signal, prune = self.alpha_bar**0.5, self.alpha_bar >= PRUNED
        budget = Budget(below, purse, AT_ONCE * purse)
        descend(tree, self.padded, shadows, signal, self.scale, budget, prune, self.sums)

    def found(self):
        """Return the softmax over the patches collected so far.

        Returns:
            (mean [Q, C], log_total [Q], left_out [Q]): the means; the logs of the sums of
            exponentials of the logits -|q - sqrt(alpha_bar) k|^2 / (2 (1 - alpha_bar)) over the
            patches that were not left out; and what the others weigh at most, as a share of that
            sum, <= ``LEFT_OUT``.
        """
        sums, own = self.sums, np.square(self.padded[:, :-1]).sum(1)
        log_total = sums.top - self.scale * own + np.log(sums.total)
        missed = np.minimum(sums.missed, self.patches)  # a pixel's first leaf may be counted twice
        left_out = missed * (EVENLY * LEFT_OUT / self.patches) + sums.spent
        return sums.weighted / sums.total[:, None], log_total, left_out


def partial_mean(x, forest, alpha_bar):
    """Return what the ELS machine guesses for a batch of noisy images, and how much it weighs.

    Args:
        x: noisy images, float tensor [B, C, H, W] on the CPU.
        forest: :class:`els_tutorial.patch_forest.Forest` over the training images.
        alpha_bar: as for the machine, already checked.

    Returns:
        the pair (mean, lse) that :func:`els_tutorial.attention.merge` takes: float64 tensors
        [B, C, H, W] and [B, 1, H, W].
    """
    noisy = wrap(x.double(), forest.patch_size, forest.boundary)
    threads, (channels, *_) = torch.get_num_threads(), x.shape[1:]
    by_region = []  # the windows of each region in parts
    for rows, columns in forest.regions:
        queries = extract(noisy, rows, columns)
        patches = len(forest.images) * queries.shape[1]
        queries = queries.flatten(0, 1).numpy()
        shares = max(-(-len(queries) // TOGETHER), min(threads, len(queries)))
        parts = np.array_split(queries, shares)
        by_region.append([Collection(part, channels, alpha_bar, patches) for part in parts])
    with ThreadPoolExecutor(threads) as pool:
        for trees in forest:
            for tree, parts in zip(trees, by_region, strict=True):
                list(pool.map(lambda part, tree=tree: part.add(tree), parts))
            del trees, tree  # before the next ones are planted
    x0_hat = torch.empty_like(x, dtype=torch.float64)
    lse = torch.empty_like(x0_hat[:, :1])
    for (rows, columns), parts in zip(forest.regions, by_region, strict=True):
        found = zip(*(part.found()[:2] for part in parts), strict=True)
        place = (..., slice(rows.start, rows.stop), slice(columns.start, columns.stop))
        for whole, values in zip((x0_hat, lse), found, strict=True):
            target, values = whole[place], torch.from_numpy(np.concatenate(values))
            target.copy_(values.view(len(x), *target.shape[2:], -1).movedim(-1, 1))
    return x0_hat, lse
