"""A machine over many computers: each holds some of the images, and only partial means travel.

A worker answers with its own softmax-weighted mean and the log of its sum of weights; merging two
such pairs is exact. Dask (https://docs.dask.org) sends, schedules and retries: this module is what
is left to say, and works with any of its clusters.
"""

from typing import NamedTuple

import torch

from els_tutorial.attention import merge
from els_tutorial.denoiser import Denoiser


class Spread(NamedTuple):
    """What is known here of images that lie elsewhere: their shape [N, C, H, W] and device."""

    shape: torch.Size
    device: torch.device


def _shape(machine):
    return machine.images.shape


def _partial(machine, x, alpha_bar):
    mean, lse = machine.partial(x.to(machine.images.device), alpha_bar)
    return mean.cpu(), lse.cpu()


class ClusterDenoiser(Denoiser):
    """One of the machines over images in shards, each shard on a worker of a Dask cluster.

    Nothing is lost with a worker. Dask remembers how a shard's machine was made and makes it again
    elsewhere, so a shard had better be an :class:`els_tutorial.blocks.ImageFile` that every worker
    can read. A tensor is sent, and sent again.

    Args:
        client: a ``dask.distributed.Client``, of any cluster.
        machine: the machine's class, such as
            :class:`~els_tutorial.machines.EquivariantLocalScore`.
        shards: a list of what such a machine takes as images; at least one for each worker thread,
            or some have nothing to do.
        settings: the machine's other arguments, by name.

    Raises:
        ValueError: if there is no shard, the machine refuses one, or their images differ in shape.
    """

    def __init__(self, client, machine, shards, **settings):
        if not shards:
            raise ValueError("shards must be a list of image sets, got none")
        self.client = client
        # Kept as futures: a machine stays on its worker, and goes with this object.
        self.machines = client.map(machine, shards, pure=False, **settings)
        shapes = client.gather(client.map(_shape, self.machines))
        sizes = {tuple(shape[1:]) for shape in shapes}
        if len(sizes) > 1:
            raise ValueError(f"shards must hold images of one shape, got {sorted(sizes)}")
        count = sum(shape[0] for shape in shapes)
        self.images = Spread(torch.Size((count, *shapes[0][1:])), torch.device("cpu"))

    def _denoise(self, x, alpha_bar):
        # x travels in the tasks. Scattered, it would be lost with the worker that holds it.
        parts = self.client.map(_partial, self.machines, x=x, alpha_bar=alpha_bar, pure=False)
        total = None
        for part in self.client.gather(parts):  # in the shards' order, whoever comes first
            total = merge(total, part)
        return total[0]


class Traffic(NamedTuple):
    """Bytes of numbers that one step sends over the network, without Dask's own messages."""

    out: int  # from the client to the workers: the noisy images
    back: int  # from the workers to the client: means and logs of sums


def traffic(shape, shards, whole=False):
    """Return the :class:`Traffic` of one step: neither the set's size nor the window's matters.

    Args:
        shape: of the batch of noisy images, float32: (B, C, H, W).
        shards: number of shards.
        whole: whether the machine compares whole images; then one log a picture comes back, and
            not one a pixel.
    """
    batch, channels, height, width = shape
    pixels = batch * height * width
    images, logs = 4 * channels * pixels, 8 * (batch if whole else pixels)
    return Traffic(shards * images, shards * (images + logs))


def pairs(count, height, width):
    """Return how many pairs of pixels one circular ELS step compares: each with every one, H W."""
    return count * (height * width) ** 2
