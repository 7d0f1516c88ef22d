"""With which places of the training images a pixel is compared, and where the weight lies."""

import math

import torch

from els_tutorial.machines import EquivariantLocalScore, EquivariantScore
from els_tutorial.patches import regions
from els_tutorial.provenance import candidates


def places(machine, row, column):
    """Return the rows and the columns of the training pixels with which a pixel is compared.

    Args:
        machine: one of the four of :mod:`els_tutorial.machines`, its patch size an int.
        row, column: the pixel.

    Returns:
        two ranges. Their product is: the pixel's own place (IS, LS), every place (ES, and ELS on
        the torus), or the places whose window the border cuts in the same way (ELS, zeros).
    """
    height, width = machine.images.shape[2:]
    if isinstance(machine, EquivariantScore):
        return range(height), range(width)
    if not isinstance(machine, EquivariantLocalScore):
        return range(row, row + 1), range(column, column + 1)
    spans = regions(height, width, machine.patch_size, machine.boundary)
    return next(
        (range(r.start, r.stop), range(c.start, c.stop))
        for r, c in spans
        if r.start <= row < r.stop and c.start <= column < c.stop
    )


def place_weights(machine, x, alpha_bar, row, column):
    """Return the share of the softmax that each place of the training images has for one pixel.

    Args:
        machine: one of the four, its patch size an int.
        x: one noisy image, float tensor [1, C, H, W].
        alpha_bar: float in (0, 1).
        row, column: the pixel.

    Returns:
        float64 tensor [H, W]: summed over the training images, 1 in all. NaN stands where no
        training pixel is compared with this one.
    """
    height, width = x.shape[2:]
    rows, columns = places(machine, row, column)
    shares = torch.full((height, width), math.nan, dtype=torch.float64)
    shares[rows.start : rows.stop, columns.start : columns.stop] = 0
    if isinstance(machine, EquivariantScore):
        logits = machine._logits(x[0].double(), machine.images.double(), alpha_bar)
        weights = logits.flatten().softmax(0).view_as(logits).sum(0)  # [H, W], by shift
        return weights.flip(0, 1).roll((row + 1, column + 1), (0, 1))  # shift a comes from row - a
    if not isinstance(machine, EquivariantLocalScore):
        shares[row, column] = 1
        return shares
    every = len(machine.images) * len(rows) * len(columns)
    for candidate in candidates(machine, x, alpha_bar, row, column, count=every):
        shares[candidate.row, candidate.column] += candidate.weight
    return shares


def in_words(rows, columns, side):
    """Say in a sentence with which places of each training image a pixel is compared."""
    count = len(rows) * len(columns)
    if count == 1:
        return "It is compared with 1 place of each training image: its own."
    if count == side**2:
        return f"It is compared with {count} places of each training image: all."
    here = ", ".join(
        f"{name} {line.start}" if len(line) == 1 else f"{name}s {line.start} to {line.stop - 1}"
        for name, line in (("row", rows), ("column", columns))
    )
    return f"It is compared with {count} places of each training image: {here}."
