"""How new a picture is: four measures, all on the torus, where every circular shift is allowed.

How far it is from the nearest training image; from how many training images its pixels come, and
how evenly; and how large a piece of it stands in one training image as it is.
"""

from typing import NamedTuple

import numpy as np
import torch

from els_tutorial.checks import check_batch, check_images
from els_tutorial.compiled import jit


class Sources(NamedTuple):
    """From where the pixels of each picture come: tensors [B]."""

    count: torch.Tensor  # number of training images, int64
    entropy: torch.Tensor  # of their shares of the pixels, in bits, float64


def _check(pictures, images, where=None):
    check_batch(pictures, "pictures")
    check_images(images)
    if pictures.shape[1:] != images.shape[1:]:
        raise ValueError(
            f"pictures must have the training images' shape {list(images.shape[1:])}, "
            f"got {list(pictures.shape[1:])}"
        )
    if where is not None:
        _check_where(where, (len(pictures), *pictures.shape[2:]))


def _check_where(where, shape):
    if where.dtype != torch.bool or where.shape != shape:
        raise ValueError(
            f"where must be a bool tensor {list(shape)}, got {where.dtype} {list(where.shape)}"
        )
    if not where.flatten(1).any(1).all():
        raise ValueError("where must hold a pixel of each picture, got none of one")


def distance(pictures, images):
    """Return the root mean square distance to the nearest training image in its nearest shift.

    Args:
        pictures: float tensor [B, C, H, W].
        images: training images, float tensor [N, C, H, W] in [-1, 1].

    Returns:
        float64 tensor [B], in units of pixel values.

    Raises:
        ValueError: if the two are not such tensors of one shape.
    """
    _check(pictures, images)
    images = images.double()
    found = []
    for picture in pictures.double():
        # |a - b|^2 = |a|^2 - 2 a.b + |b|^2, and a.b over all shifts is a cross-correlation.
        product = torch.fft.rfft2(picture) * torch.fft.rfft2(images).conj()
        inner = torch.fft.irfft2(product.sum(1), s=picture.shape[1:]).amax((1, 2))
        squares = picture.square().sum() - 2 * inner + images.square().sum((1, 2, 3))
        found.append((squares.min() / picture.numel()).clamp(min=0).sqrt())
    return torch.stack(found)


def sources(origin, where):
    """Count the training images behind each picture, and say how evenly they share it.

    Args:
        origin: what ``machine.provenance`` returned. Of equal patches it names the first, whose
            image is then the one that counts.
        where: which pixels count, bool tensor [B, H, W].

    Returns:
        Sources: ``count``, and ``entropy``, the sum of -p log2 p over the images' shares p of the
        pixels: 0 for one image, log2 of the count if all give the same.

    Raises:
        ValueError: if where is not such a tensor, or empty for a picture.
    """
    _check_where(where, origin.image.shape)
    tallies = [image[at].bincount().double() for image, at in zip(origin.image, where, strict=True)]
    shares = [tally[tally > 0] / tally.sum() for tally in tallies]
    return Sources(
        torch.tensor([len(p) for p in shares]),
        torch.stack([(p * -p.log2()).sum() + 0.0 for p in shares]),
    )


def copied(pictures, images, where, tolerance=0.1):
    """Return the share of each picture that its largest copied piece has.

    A copied piece is a set of pixels which hang together, by edges or corners, and which all agree
    with one training image in one shift.

    Args:
        pictures, images: as for :func:`distance`.
        where: which pixels count, bool tensor [B, H, W].
        tolerance: by how much each channel of two pixels may differ and still agree, float.

    Returns:
        float64 tensor [B] in [0, 1]: pixels in the piece, divided by pixels that count.

    Raises:
        ValueError: as for :func:`distance`, or if where is not such a tensor, or empty for a
            picture.
    """
    _check(pictures, images, where)
    pictures, images = pictures.double().numpy(), images.double().numpy()
    pairs = zip(pictures, where.numpy(), strict=True)
    sizes = [_largest(picture, images, at, tolerance) for picture, at in pairs]
    return torch.tensor(sizes) / where.sum((1, 2)).double()


@jit()
def _largest(picture, images, at, tolerance):
    """Return the size of the largest copied piece: picture [C, H, W], images [N, C, H, W]."""
    channels, height, width = picture.shape
    best = 0
    agree = np.zeros((height, width), np.bool_)
    stack = np.empty((height * width, 2), np.int64)
    for image in images:
        for a in range(height):
            for b in range(width):  # does pixel (i, j) agree with the image at (i + a, j + b)?
                agreeing = 0
                for i in range(height):
                    for j in range(width):
                        agree[i, j] = at[i, j]
                        for c in range(channels):
                            other = image[c, (i + a) % height, (j + b) % width]
                            agree[i, j] &= abs(picture[c, i, j] - other) <= tolerance
                        agreeing += agree[i, j]
                if agreeing > best:  # else no piece of it can be larger
                    best = max(best, _largest_piece(agree, stack))
    return best


@jit()
def _largest_piece(pixels, stack):
    """Return how many true pixels [H, W] on the torus hang together at most; all become false."""
    height, width = pixels.shape
    best = 0
    for i in range(height):
        for j in range(width):
            waiting = size = 0
            if pixels[i, j]:
                pixels[i, j] = False
                stack[0] = i, j
                waiting = 1
            while waiting:
                waiting -= 1
                size += 1
                row, column = stack[waiting]
                for k in range(9):
                    near = (row + k // 3 - 1) % height, (column + k % 3 - 1) % width
                    if pixels[near]:
                        pixels[near] = False
                        stack[waiting] = near
                        waiting += 1
            best = max(best, size)
    return best
