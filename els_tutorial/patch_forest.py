"""All patches of the training images, every distinct one once, in trees.

A patch that occurs a hundred times is kept once, with the number 100. Each region has a tree of its
own (:mod:`els_tutorial.patch_tree`).
"""

import numpy as np
import torch

from els_tutorial.patch_tree import plant
from els_tutorial.patches import centres, extract, regions, wrap

# Numbers in the patches of a tree, copies too, and in the distinct patches of all that are kept. A
# tree takes about five bytes for each number of its patches; to plant it takes ten more at most.
MOST = 36_000_000
BLOCK = 2**17  # numbers in the windows that are looked at together


def _windows(images, patch_size, boundary, rows, columns):
    """Yield the windows of a region, float32 [K, D], for some images at a time."""
    for block in images.split(max(1, BLOCK // (patch_size**2 * images[0].numel()))):
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
    pixels = (rows.stop - rows.start) * (columns.stop - columns.start)
    # First block by block, in memory laid out beforehand: what is never written takes none.
    sums, times, places = torch.empty((3, len(images) * pixels), dtype=torch.int64)
    seen, cuts = 0, [0]
    for windows in _windows(*region):
        block, where, counts = torch.unique(
            _checksums(windows), return_inverse=True, return_counts=True
        )
        places[seen : seen + len(where)] = where + cuts[-1]
        seen += len(where)
        cuts.append(cuts[-1] + len(block))
        sums[cuts[-2] : cuts[-1]], times[cuts[-2] : cuts[-1]] = block, counts
    different, which = torch.unique(sums[: cuts[-1]], return_inverse=True)
    keys = torch.empty(len(different), images.shape[1] * rows.size * columns.size)
    filled, seen = torch.zeros(len(different), dtype=torch.bool), 0
    for windows in _windows(*region):
        mine = which[places[seen : seen + len(windows)]]
        seen += len(windows)
        known = filled[mine]
        alike = torch.equal(keys[mine[known]], windows[known])
        keys[mine], filled[mine] = windows, True  # of equal patches the last one stays
        if not (alike and torch.equal(keys[mine], windows)):
            keys = torch.cat(list(_windows(*region)))
            return keys, torch.ones(len(keys), dtype=torch.int64)
    counts = torch.zeros(len(different), dtype=torch.int64)
    return keys, counts.index_add_(0, which, times[: cuts[-1]])


class Forest:
    """The trees over all patches: one for each region, and for parts of the images if many.

    Going through it gives lists of :class:`els_tutorial.patch_tree.PatchTree`, each as long as
    ``regions``. If all trees together hold more than ``MOST`` numbers, none is kept: they are
    planted anew at each pass, one part after the other. So what they take of memory has a limit,
    whatever the number of images.

    Args:
        images: training images, float tensor [N, C, H, W].
        patch_size: side of the window, an odd int.
        boundary: "circular" or "zeros".

    Attributes:
        regions: list of (rows, columns), each a :class:`els_tutorial.patches.Span`.
        numbers: int, how many numbers the distinct patches of all images hold, estimated from the
            first of them.
        kept: bool, whether the trees are kept.
    """

    def __init__(self, images, patch_size, boundary):
        self.images, self.patch_size, self.boundary = images, patch_size, boundary
        self.regions = regions(*images.shape[2:], patch_size, boundary)
        # To tell patches of one pixel apart takes as much as nine numbers each.
        numbers = max(patch_size, 3) ** 2 * images.shape[1:].numel()
        self._together = max(1, MOST // numbers)
        first = images[: self._together]
        trees = self._planted(first)
        self.numbers = _size(trees) * len(images) // len(first)
        self.kept = self.numbers <= MOST
        self._trees = [trees] if self.kept else []

    def _planted(self, images):
        trees = []
        for rows, columns in self.regions:
            keys, counts = distinct(images, self.patch_size, self.boundary, rows, columns)
            trees.append(plant(keys, counts, centres(images.shape[1], rows, columns)))
        return trees

    def __iter__(self):
        known = self._trees
        for k, images in enumerate(self.images.split(self._together)):
            trees = known[k] if k < len(known) else self._planted(images)
            if self.kept:
                known[k : k + 1] = [trees]  # in its place, even if another thread put it there
                if sum(map(_size, known)) > MOST:  # the first images were no fair sample
                    self.kept, self._trees = False, []
            yield trees
            del trees  # before the next ones are planted


def _size(trees):
    """Return how many numbers the patches of some trees hold."""
    return sum(tree.keys.size for tree in trees)
