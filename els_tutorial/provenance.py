"""Where the pixels of a picture come from."""

from typing import NamedTuple

import torch

from els_tutorial.attention import patch_logits
from els_tutorial.patches import extract, regions, wrap


class Candidate(NamedTuple):
    """A training pixel that votes for a pixel of the picture."""

    image: int
    row: int
    column: int
    weight: float  # its share of the softmax, between 0 and 1


def mosaic(images, origin):
    """Put together the picture that takes each pixel from its heaviest training pixel alone.

    Args:
        images: training images, tensor [N, C, H, W].
        origin: what ``machine.provenance`` returned.

    Returns:
        tensor [B, C, H, W].
    """
    return images[origin.image, :, origin.row, origin.column].movedim(-1, 1)


def candidates(machine, x, alpha_bar, row, column, count=5):
    """Return the heaviest candidates of one pixel, heaviest first.

    Args:
        machine: an :class:`~els_tutorial.machines.EquivariantLocalScore`.
        x: one noisy image, float tensor [1, C, H, W].
        alpha_bar: float in (0, 1).
        row, column: the pixel.
        count: how many at most.

    Returns:
        list of Candidate. Equal patches stand in the order of the training set.

    Raises:
        ValueError: if x is not one image like the training images, alpha_bar lies outside (0, 1),
            or the pixel lies outside the image.
    """
    machine._check(x, alpha_bar)
    height, width = x.shape[2:]
    if len(x) != 1:
        raise ValueError(f"x must hold one image, got {len(x)}")
    if not (0 <= row < height and 0 <= column < width):
        raise ValueError(f"pixel ({row}, {column}) lies outside the {height}x{width} image")
    size, boundary = machine.patch_size_at(alpha_bar), machine.boundary
    rows, columns = next(
        (r, c)
        for r, c in regions(height, width, size, boundary)
        if r.start <= row < r.stop and c.start <= column < c.stop
    )
    h, w = rows.stop - rows.start, columns.stop - columns.start
    query = extract(wrap(x, size, boundary), rows, columns)[
        0, [(row - rows.start) * w + column - columns.start]
    ]
    logits = torch.cat(
        [
            patch_logits(
                query, extract(wrap(b, size, boundary), rows, columns).flatten(0, 1), alpha_bar
            )[0]
            for b in machine.images.split(64)
        ]
    )
    weights = (logits - logits.logsumexp(0)).exp()
    # To nine digits, so that equal patches tie; a stable sort keeps the set's order among them.
    order = weights.mul(1e9).round().sort(descending=True, stable=True).indices[:count].tolist()
    return [
        Candidate(k // (h * w), rows.start + k // w % h, columns.start + k % w, weights[k].item())
        for k in order
    ]
