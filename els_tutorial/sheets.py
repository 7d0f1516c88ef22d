"""Sheets of kept pictures: a line for each drawer, a column for each seed, in one PNG file."""

from pathlib import Path

import numpy as np
import torch
from PIL import Image


def read(path, lines):
    """Return the pictures of a sheet.

    Args:
        path: of the file.
        lines: the names of its lines, from the top; the pictures are square.

    Returns:
        dict from a line's name to its pictures, float32 [seeds, C, H, W] in [-1, 1].

    Raises:
        ValueError: if the sheet does not part into so many lines of square pictures.
    """
    stored = torch.tensor(np.array(Image.open(path)))
    values = stored.view(*stored.shape[:2], -1).permute(2, 0, 1) / 127.5 - 1
    side = values.shape[1] // len(lines)
    if values.shape[1] % len(lines) or values.shape[2] % side:
        raise ValueError(f"{path} is no sheet of {len(lines)} lines: {tuple(stored.shape)}")
    parts = values.unflatten(1, (-1, side)).unflatten(3, (-1, side))  # [C, lines, H, seeds, W]
    return dict(zip(lines, parts.permute(1, 3, 0, 2, 4), strict=True))


def put(path, lines, seeds, drawn, start):
    """Put pictures into a sheet, at once or not at all; what was never drawn is grey.

    Args:
        path: of the file; made if it is not there, and longer if it has fewer lines.
        lines: the names of its lines, from the top.
        seeds: int, how many columns it has.
        drawn: dict from a line's name to pictures [n, C, H, W]; what is beyond [-1, 1] is clipped.
        start: the column of the first of them.

    Raises:
        ValueError: if the sheet that is there has other columns, or more lines.
    """
    path = Path(path)
    path.parent.mkdir(exist_ok=True, parents=True)
    _, channels, height, width = next(iter(drawn.values())).shape
    sheet = np.full((len(lines) * height, seeds * width, channels), 128, np.uint8)
    if path.exists():
        kept = np.atleast_3d(Image.open(path))
        if kept.shape[1:] != sheet.shape[1:] or len(kept) > len(sheet):
            raise ValueError(f"{path} is another sheet: {kept.shape}, not {sheet.shape}")
        sheet[: len(kept)] = kept
    for name, pictures in drawn.items():
        top, left = lines.index(name) * height, start * width
        shown = ((pictures.clamp(-1, 1) + 1) * 127.5).round().byte().permute(2, 0, 3, 1)
        shown = shown.reshape(height, -1, channels).numpy()
        sheet[top : top + height, left : left + shown.shape[1]] = shown
    part = path.with_suffix(".part")
    Image.fromarray(sheet.squeeze()).save(part, "png", optimize=True)
    part.replace(path)
