"""What stands in for a reader's own images until there are some: four patterns of lines."""

import torch

SIDE = 28  # of an own image, in pixels
MOST = 8  # own images at a time


def starters():
    """Return rings, a lattice, frames and waves, float32 [4, 1, 28, 28]; strokes of two pixels."""
    place = torch.arange(SIDE) - (SIDE - 1) / 2
    y, x = torch.meshgrid(place, place, indexing="ij")
    shapes = (
        (x * x + y * y).sqrt() % 7 >= 5,
        ((x + y) % 14 < 2) | ((x - y) % 14 < 2),
        torch.maximum(x.abs(), y.abs()) % 7 > 5,
        (y + 3 * torch.sin(x / 2.2)) % 9 < 2,
    )
    return torch.stack(shapes)[:, None].float() * 2 - 1


def from_bytes(content):
    """Return own images as a tensor.

    Args:
        content: bytes, for each image its red, green and blue plane, 8 bits a pixel.

    Returns:
        float32 tensor [N, C, 28, 28] in [-1, 1]; C is 1 if all images are grey, else 3.
    """
    planes = torch.frombuffer(bytearray(content), dtype=torch.uint8).view(-1, 3, SIDE, SIDE)
    grey = (planes == planes[:, :1]).all()
    return (planes[:, :1] if grey else planes).float() / 127.5 - 1
