"""Which training images the pixels of a picture come from, and how that is coloured."""

from typing import NamedTuple

import torch

from els_tutorial.attention import heaviest, patch_logits
from els_tutorial.figures import PALETTE
from els_tutorial.machines import EquivariantScore, LocalScore
from els_tutorial.patches import extract, regions, wrap

NAMED = "ABCDEFGH"  # letters, and colours, for as many images
COLOURS = PALETTE["sources"]
QUERIES = 64  # pixels at a time


class Sources(NamedTuple):
    """Where each pixel comes from: tensors [H, W].

    Candidates that are the same in every pixel (of the patch, or of the whole image) count as one,
    so that black paper, which is everywhere, outweighs a speck that resembles the noise. ``image``,
    ``row`` and ``column`` (int64) say where the heaviest stands, or the first of its copies;
    ``copies`` (int64) how many of them there are, itself included; ``weight`` (float64) what they
    have of the softmax, together; ``shared`` (bool) whether they stand in more than one image.
    """

    image: torch.Tensor
    row: torch.Tensor
    column: torch.Tensor
    copies: torch.Tensor
    weight: torch.Tensor
    shared: torch.Tensor


def sources(machine, x, alpha_bar):
    """Return the Sources of one noisy picture, float tensor [1, C, H, W], for one of the machines.

    Args:
        machine: one of the four of :mod:`els_tutorial.machines`.
        x, alpha_bar: as its ``denoise`` takes them.
    """
    height, width = x.shape[2:]
    images, row, column = machine.images, *(place[0] for place in machine._places(x))
    if not hasattr(machine, "patch_size_at"):
        found, start = _whole(machine, x, alpha_bar)
        row, column = (row - start // width) % height, (column - start % width) % width
        whole = (part.expand(height, width) for part in found)
        image, copies, weight, shared = whole
        return Sources(image, row, column, copies, weight, shared)
    size = machine.patch_size_at(alpha_bar)
    image, copies, row, column = (torch.zeros_like(row) for _ in range(4))
    weight, shared = torch.zeros(height, width, dtype=torch.float64), image.bool()
    for rows, columns in regions(height, width, size, machine.boundary):
        keys = extract(wrap(images, size, machine.boundary), rows, columns)  # [N, h * w, D]
        queries = extract(wrap(x, size, machine.boundary), rows, columns)[0]
        same_place = isinstance(machine, LocalScore)
        found, place = _patches(queries, keys, alpha_bar, same_place)
        here = slice(rows.start, rows.stop), slice(columns.start, columns.stop)
        for part, values in zip((image, copies, weight, shared), found, strict=True):
            part[here] = values.view(part[here].shape)
        across = columns.stop - columns.start
        row[here] = rows.start + (place // across).view(row[here].shape)
        column[here] = columns.start + (place % across).view(row[here].shape)
    return Sources(image, row, column, copies, weight, shared)


def _patches(queries, keys, alpha_bar, same_place):
    """Return ((image, copies, weight, shared), place) for queries [P, D] and keys [N, P, D]."""
    count, places = keys.shape[:2]
    image = torch.arange(count).repeat_interleave(places)  # of each candidate
    place = torch.arange(places).repeat(count)
    contents = keys.flatten(0, 1)
    if same_place:
        # A patch has copies only where it may be compared with the same pixel.
        contents = torch.cat([place[:, None].to(keys.dtype), contents], 1)
    kind = contents.unique(dim=0, return_inverse=True)[1]
    answers = []
    for pixels in torch.arange(places).split(QUERIES):
        if same_place:
            gaps = queries[pixels].double() - alpha_bar**0.5 * keys[:, pixels].double()
            logits = gaps.square().sum(2).T / (-2 * (1 - alpha_bar))  # [Q, N]
            known = torch.arange(count) * places + pixels[:, None]  # which candidate each one is
        else:
            logits = patch_logits(queries[pixels], keys.flatten(0, 1), alpha_bar)
            known = torch.arange(len(kind)).expand(len(pixels), -1)
        answers.append(_heaviest_kind(logits, known, kind, image))
    index, *found = map(torch.cat, zip(*answers, strict=True))
    return (image[index], *found), place[index]


def _heaviest_kind(logits, known, kind, image):
    """Return (candidate, copies, weight, shared), each [Q].

    Args:
        logits: float64 [Q, K].
        known: which candidate each logit belongs to, int64 [Q, K].
        kind, image: of each candidate, int64 [all of them]; those of one kind are the same.
    """
    copies = kind.bincount()
    lowest = torch.full_like(copies, len(image)).scatter_reduce(0, kind, image, "amin")
    highest = torch.zeros_like(copies).scatter_reduce(0, kind, image, "amax")
    joint = logits + copies[kind[known]].double().log()
    column = heaviest([joint])[0][:, None]
    weight = (joint.gather(1, column) - logits.logsumexp(1, keepdim=True)).exp()[:, 0]
    index = known.gather(1, column)[:, 0]
    found = kind[index]
    return index, copies[found], weight, lowest[found] < highest[found]


def _whole(machine, x, alpha_bar):
    """Return ((image, copies, weight, shared), roll), each [1], of the heaviest whole image."""
    images = machine.images
    if isinstance(machine, EquivariantScore):
        logits = machine._logits(x[0].double(), images.double(), alpha_bar).view(1, -1)
        kind = _kinds_of_rolls(images)
    else:
        logits = patch_logits(x.flatten(1), images.flatten(1), alpha_bar)
        kind = images.flatten(1).unique(dim=0, return_inverse=True)[1]
    rolls = logits.shape[1] // len(images)
    image = torch.arange(len(images)).repeat_interleave(rolls)
    known = torch.arange(len(kind))[None]
    index, *found = _heaviest_kind(logits, known, kind, image)
    return (image[index], *found), index % rolls


def _kinds_of_rolls(images):
    """Number the contents of all rolls of images [N, C, H, W]: int64 [N * H * W]."""
    values = ((images.double() + 1) * 127.5).round()
    draw = torch.Generator().manual_seed(0)
    marks = []
    for _ in range(2):
        # Sums of whole numbers below 2^53, and so exact once the transform's error is rounded off.
        weights = torch.randint(2**24, values.shape[1:], generator=draw).double()
        products = torch.fft.rfft2(weights) * torch.fft.rfft2(values).conj()
        marks.append(torch.fft.irfft2(products.sum(1), s=values.shape[2:]).round().flatten())
    return torch.stack(marks, 1).unique(dim=0, return_inverse=True)[1]


def letters(found, count):
    """Give letters to the eight images with most pixels.

    Args:
        found: the Sources.
        count: number of training images.

    Returns:
        (names, order): for each pixel the index of its colour in ``COLOURS``, int64 [H, W]; and the
        images that have a letter, A first.
    """
    counts = found.image[~found.shared].bincount(minlength=count)
    order = counts.sort(descending=True, stable=True).indices.tolist()[: len(NAMED)]
    order = [n for n in order if counts[n]]
    place = list(COLOURS)
    names = torch.full_like(found.image, place.index("other"))
    for letter, n in zip(NAMED, order, strict=False):
        names[found.image == n] = place.index(letter)
    names[found.shared] = place.index("shared")
    return names, order


def tinted(names, picture=None):
    """Return the map in its colours, float32 [3, H, W] in [-1, 1].

    Args:
        names: as :func:`letters` returns it.
        picture: float tensor [C, H, W] whose brightness darkens the colours, or None.
    """
    table = [[int(c[k : k + 2], 16) / 255 for k in (1, 3, 5)] for c in COLOURS.values()]
    colours = torch.tensor(table)[names].movedim(-1, 0)  # [3, H, W]
    if picture is not None:
        colours = colours * (0.3 + 0.7 * ((picture.mean(0) + 1) / 2).clamp(0, 1))
    return colours * 2 - 1
