"""Who is compared with a network: machines and baselines, by the names that they have in tables."""

import torch

from els_tutorial.baselines import GaussianScore, NearestImage, WienerLocalScore
from els_tutorial.machines import (
    EquivariantLocalScore,
    EquivariantScore,
    IdealScore,
    LocalScore,
)

RIVALS = {
    "IS": lambda images, **_: IdealScore(images),
    "nearest image": lambda images, **_: NearestImage(images),
    "Wiener": lambda images, **_: GaussianScore(images),
    "LS": lambda images, local, border, **_: LocalScore(images, local, border),
    "ES": lambda images, **_: EquivariantScore(images),
    "ELS": lambda images, windows, **_: EquivariantLocalScore(images, windows, "circular"),
    "boundary-broken ELS": lambda images, windows, **_: EquivariantLocalScore(
        images, windows, "zeros"
    ),
    "WLS": lambda images, **_: WienerLocalScore(images),
}
# What they end on is a training image, or a shifted one; for WLS, if the images are few.
RECALL = {"IS", "nearest image", "ES", "WLS"}
RIGHT = {"circular": "ELS", "zeros": "boundary-broken ELS"}  # the machine for a network's padding


def rival(name, images, windows, local=None, border="zeros"):
    """Return a machine or baseline by its name.

    Args:
        name: one of ``RIVALS``, such as "IS" or "nearest image"; "ELS" is the one on the torus,
            "boundary-broken ELS" the other.
        images: training images, float tensor [N, C, H, W] in [-1, 1].
        windows: patch size of the ELS machines, an odd int or a callable.
        local, border: patch size and border of LS.

    Raises:
        ValueError: if there is no such rival, or the machine refuses its arguments.
    """
    if name not in RIVALS:
        raise ValueError(f"name must be one of {', '.join(RIVALS)}; got {name!r}")
    return RIVALS[name](images, windows=windows, local=local, border=border)


def noise(seeds, shape):
    """Return one picture of noise for each seed, float32 [B, C, H, W]; shape is (C, H, W)."""
    draws = [torch.Generator().manual_seed(seed) for seed in seeds]
    return torch.stack([torch.randn(tuple(shape), generator=draw) for draw in draws])
