"""All patches of the training images, every distinct one once, in trees.

Each region has a tree of its own (:mod:`els_tutorial.patch_tree`).
"""

from els_tutorial.distinct_patches import distinct, windows_of
from els_tutorial.patch_tree import plant
from els_tutorial.patches import centres, regions

MOST = 2**21  # patches that are kept in trees, at 11 or 12 bytes each
PART = 2**22  # windows that make one tree, in which float32 can count; 16 bytes each to plant it


class Forest:
    """The trees over all patches: one for each region, and for parts of the images if many.

    Going through it gives lists of :class:`els_tutorial.patch_tree.PatchTree`, each as long as
    ``regions``. If all trees together hold more than ``MOST`` patches, none is kept: they are
    planted anew at each pass, one part after the other. So what they take of memory has a limit,
    whatever the number of images. (Images that are not contiguous float32 are copied to that.)

    Args:
        images: training images, float tensor [N, C, H, W], which must not change.
        patch_size: side of the window, an odd int.
        boundary: "circular" or "zeros".

    Attributes:
        regions: list of (rows, columns), each a :class:`els_tutorial.patches.Span`.
        patches: int, for how many the trees have room, estimated from the first images.
        kept: bool, whether the trees are kept.
    """

    def __init__(self, images, patch_size, boundary):
        self.images, self.patch_size, self.boundary = images, patch_size, boundary
        self.regions = regions(*images.shape[2:], patch_size, boundary)
        self._together = max(1, PART // images[0, 0].numel())
        first = images[: self._together]
        trees = self._planted(first)
        self.patches = _size(trees) * len(images) // len(first)
        self.kept = self.patches <= MOST
        self._trees = [trees] if self.kept else []

    def _planted(self, images):
        trees, images = [], images.float().contiguous()  # one copy at most for all regions
        for rows, columns in self.regions:
            windows = windows_of(images, rows, columns)
            centre = centres(images.shape[1], rows, columns)
            trees.append(plant(windows, *distinct(windows), centre))
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
    """Return for how many patches some trees have room."""
    return sum(tree.places.size for tree in trees)
