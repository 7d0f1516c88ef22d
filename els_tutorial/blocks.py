"""Image sets larger than memory: a memory-mapped tensor, or blocks that are read one at a time.

A machine goes through its images once for a batch of noisy images, block by block, and keeps no
block. So they may lie on disk.
"""

import warnings
from pathlib import Path

import numpy as np
import torch

from els_tutorial.attention import BLOCK
from els_tutorial.checks import check_images
from els_tutorial.data import LEVELS


class ImageFile:
    """Images in a ``.npy`` file, read block by block, as often as they are wanted.

    Only the path is held, so the object is light to send to another computer that has the file.

    Args:
        path: a file that ``numpy.save`` wrote: [N, C, H, W], float32 or float64 in [-1, 1], or
            uint8, whose value v stands for v / 127.5 - 1 as in :mod:`els_tutorial.data`.
        start, stop: which images, ``images[start:stop]``; by default all.

    Raises:
        ValueError: if the file holds anything else, or no image lies from start to stop.
        OSError: if the file cannot be read.
    """

    def __init__(self, path, start=0, stop=None):
        self.path = Path(path)
        found = self._header()
        kinds = (np.uint8, np.float32, np.float64)
        if found.ndim != 4 or found.dtype not in kinds or not found.flags.c_contiguous:
            raise ValueError(
                f"{self.path} must hold uint8, float32 or float64 images [N, C, H, W] in C order, "
                f"got {found.dtype} {list(found.shape)}"
            )
        self.start, self.stop, _ = slice(start, stop).indices(len(found))
        if self.start >= self.stop or 0 in found.shape:
            raise ValueError(
                f"there is no image from {start} to {stop} in {self.path}: {list(found.shape)}"
            )

    def _header(self):
        try:
            return np.load(self.path, mmap_mode="r", allow_pickle=False)  # no page of it is read
        except OSError:
            raise
        except Exception as error:  # a damaged header stops numpy in many ways
            raise ValueError(f"{self.path} is no whole .npy file ({error})") from error

    def __len__(self):
        return self.stop - self.start

    def __iter__(self):
        found = self._header()
        shape, numbers = found.shape[1:], found[0].size
        count = max(1, BLOCK // numbers)
        for first in range(self.start, self.stop, count):
            last = min(first + count, self.stop)
            # Read, not mapped: what was mapped would count as this process's memory.
            block = np.fromfile(
                self.path,
                found.dtype,
                count=(last - first) * numbers,
                offset=found.offset + first * numbers * found.itemsize,
            ).reshape(-1, *shape)
            yield torch.from_numpy(LEVELS[block] if block.dtype == np.uint8 else block)

    def shards(self, count):
        """Return the images in ``count`` parts of nearly one size, a list of :class:`ImageFile`.

        Raises:
            ValueError: if there are fewer images than parts.
        """
        if not 1 <= count <= len(self):
            raise ValueError(f"count must lie from 1 to {len(self)}, the images; got {count!r}")
        cuts = [self.start + k * len(self) // count for k in range(count + 1)]
        return [ImageFile(self.path, *pair) for pair in zip(cuts, cuts[1:], strict=False)]


class Blocks:
    """Blocks of images as a machine wants them: with the shape and the device of the whole set.

    The first pass, here, checks every value. Each later pass checks that as many come again.

    Args:
        source: an iterable of tensors [n, C, H, W] in [-1, 1], alike but for n, that starts anew
            each time: a list, an :class:`ImageFile`, or your own class with ``__iter__``.

    Raises:
        ValueError: if a block is no such tensor, there is none, or source ends after one pass.
    """

    def __init__(self, source):
        if iter(source) is source:
            raise ValueError(
                "images must be blocks that can be gone through again and again (a list, or a "
                f"class whose __iter__ starts anew), got a {type(source).__name__}, which cannot"
            )
        self.source, count, first = source, 0, None
        for block in source:
            check_images(block)
            first = block[:1].clone() if first is None else first
            self._check_alike(block, first)
            count += len(block)
        if first is None:
            raise ValueError("images must be at least one block, got none")
        self.shape = torch.Size((count, *first.shape[1:]))
        self.dtype, self.device = first.dtype, first.device

    @staticmethod
    def _check_alike(block, first):
        kinds = [(tuple(b.shape[1:]), b.dtype, str(b.device)) for b in (block, first)]
        if kinds[0] != kinds[1]:
            raise ValueError(f"blocks of images must be alike, got {kinds[1]} and then {kinds[0]}")

    def __len__(self):
        return self.shape[0]

    def split(self, size):
        """Yield the images in order in tensors of at most ``size`` images.

        Raises:
            ValueError: if source gives other blocks than it gave at first.
        """
        count, like = 0, torch.empty(0, *self.shape[1:], dtype=self.dtype, device=self.device)
        for block in self.source:
            self._check_alike(block, like)
            count += len(block)
            yield from block.split(size)
        if count != len(self):
            raise ValueError(f"images were {len(self)} on the first pass and {count} on a later")


def streamed(images):
    """Return images, checked, as a machine holds them: a tensor as it is, or :class:`Blocks`.

    Args:
        images: float tensor [N, C, H, W] in [-1, 1], a ``numpy.memmap`` of such numbers, or an
            iterable of blocks as :class:`Blocks` takes it. Nothing copies the whole.

    Raises:
        ValueError: if images is nothing of this.
    """
    if isinstance(images, Blocks):
        return images
    if isinstance(images, np.memmap):
        with warnings.catch_warnings():  # a read-only map, into which nothing here writes
            warnings.simplefilter("ignore", UserWarning)
            images = torch.from_numpy(images)
    if isinstance(images, torch.Tensor | np.ndarray | str) or not hasattr(images, "__iter__"):
        check_images(images)
        return images
    return Blocks(images)
