"""How large a window is at each noise level: as published, or fitted to a network."""

from bisect import bisect_right
from typing import NamedTuple

import torch
from torch.nn.functional import cosine_similarity

from els_tutorial import checkpoints
from els_tutorial.checks import check_alpha_bar
from els_tutorial.sampling import trajectory


class LocalityScales:
    """A window for every noise level: alpha_bar -> odd patch size, constant between its levels.

    Args:
        levels: values of alpha_bar in (0, 1), strictly decreasing (from little noise to much).
        sizes: an odd int for each level.

    A level's size holds from that level on towards more noise, up to the next level; above the
    first level the first size holds.

    Raises:
        ValueError: if the two do not match, levels do not decrease, or a size is not a positive
            odd int.
    """

    def __init__(self, levels, sizes):
        levels, sizes = list(levels), list(sizes)
        if not levels or len(levels) != len(sizes):
            raise ValueError(
                f"levels and sizes must have one length of at least 1, "
                f"got {len(levels)} and {len(sizes)}"
            )
        for level in levels:
            check_alpha_bar(level)
        if any(a <= b for a, b in zip(levels, levels[1:], strict=False)):
            raise ValueError(f"levels must strictly decrease (little noise first), got {levels}")
        for size in sizes:
            if isinstance(size, bool) or not isinstance(size, int) or size < 1 or size % 2 == 0:
                raise ValueError(f"sizes must be positive odd ints, got {size!r}")
        self.levels, self.sizes = levels, sizes

    def __call__(self, alpha_bar):
        """Return the patch size at ``alpha_bar``, an odd int."""
        check_alpha_bar(alpha_bar)
        # A relative 1e-9 takes alpha_bar computed twice along different ways for the same level.
        reached = bisect_right(self.levels, -alpha_bar * (1 - 1e-9), key=lambda level: -level)
        return self.sizes[max(reached - 1, 0)]


class Fit(NamedTuple):
    """How well a machine of one window guesses what a network guesses at one step.

    ``step`` counts from 0, the noisiest. ``cosine`` compares the two guesses of the noise,
    ``error`` is the mean squared difference of the two guesses of the picture; float64 [B] each.
    """

    step: int
    alpha_bar: float
    size: int
    cosine: torch.Tensor
    error: torch.Tensor


def compare_windows(network, machines, noise, schedule, steps=20, known=()):
    """Walk with a network from noise to pictures, and compare machines with it at every step.

    All are asked about the same x, on the network's own way (app. C.2 of Kamb & Ganguli, arXiv
    2412.20292v2). At each step windows are tried from small to large, until two in a row fit worse
    than the best so far by both measures: the median cosine and the mean error.

    Args:
        network: anything with ``denoise(x, alpha_bar) -> x0_hat``.
        machines: dict from a window's side to a machine with that window, smallest first.
        noise: where the ways start, float tensor [B, C, H, W].
        schedule, steps: of the sampler.
        known: fits from an earlier, unfinished walk; they are yielded again and not computed.

    Yields:
        Fit: step by step, size by size.
    """
    known = {(fit.step, fit.size): fit for fit in known}
    for step, (t, x, x0_hat) in enumerate(trajectory(network, noise, schedule, steps)):
        alpha_bar = schedule.alpha_bar(t)
        tried = []
        for size, machine in machines.items():
            fit = known.get((step, size))
            if fit is None:
                fit = _fit(step, alpha_bar, size, x, x0_hat, machine.denoise(x, alpha_bar))
            yield fit
            tried.append(fit)
            cosines = [fit.cosine.median().item() for fit in tried]
            errors = [fit.error.mean().item() for fit in tried]
            if max(cosines[-2:]) < max(cosines) and min(errors[-2:]) > min(errors):
                break


def _fit(step, alpha_bar, size, x, ours, theirs):
    def guessed_noise(x0_hat):
        return ((x - alpha_bar**0.5 * x0_hat) / (1 - alpha_bar) ** 0.5).double().flatten(1)

    cosine = cosine_similarity(guessed_noise(ours), guessed_noise(theirs))
    error = (ours - theirs).double().square().flatten(1).mean(1)
    return Fit(step, alpha_bar, size, cosine, error)


def by_cosine(fits):
    """Return the windows as the paper chooses them: at each step the median of the samples' best.

    A sample's best window has the largest cosine between its guess of the noise and the network's.

    Args:
        fits: the :class:`Fit` of all steps and sizes.

    Returns:
        LocalityScales. Of two middle values the smaller counts, so that a window is odd.
    """
    return _choose(fits, lambda sizes, step: _best_of_each(sizes, step).median().item())


def by_least_squares(fits):
    """Return the windows whose guesses of the picture have the least squared error over samples.

    Args and result are those of :func:`by_cosine`.
    """
    return _choose(fits, lambda _, step: min(step, key=lambda fit: fit.error.mean().item()).size)


def _best_of_each(sizes, step):
    return torch.tensor(sizes)[torch.stack([fit.cosine for fit in step]).argmax(0)]


def _choose(fits, choose):
    levels, sizes = [], []
    for level in sorted({fit.alpha_bar for fit in fits}, reverse=True):
        step = [fit for fit in fits if fit.alpha_bar == level]
        levels.append(level)
        sizes.append(choose([fit.size for fit in step], step))
    return LocalityScales(levels, sizes)


def heat_map(denoiser, x, alpha_bar, pixel=None):
    """Return how much the guess of one pixel depends on each pixel of x (fig. 4a).

    Args:
        denoiser: a network; its ``denoise`` must pass gradients on to x.
        x: noisy images, float tensor [B, C, H, W].
        alpha_bar: float in (0, 1).
        pixel: its (row, column); the central pixel by default.

    Returns:
        float tensor [H, W]: the mean over images and channels of the gradient's absolute value.
    """
    x = x.detach().clone().requires_grad_()
    x0_hat = denoiser.denoise(x, alpha_bar)
    row, column = pixel or (side // 2 for side in x.shape[2:])
    total = torch.zeros(x.shape[2:], device=x.device)
    for channel in range(x.shape[1]):
        (slope,) = torch.autograd.grad(x0_hat[:, channel, row, column].sum(), x, retain_graph=True)
        total += slope.abs().mean((0, 1)) / x.shape[1]
    return total


def reach(heat, share=0.9, pixel=None):
    """Return the side of the smallest square around a pixel that holds most of the heat.

    Args:
        heat: tensor [H, W], as :func:`heat_map` gives it. The pixel itself does not count.
        share: how much of it, in (0, 1).
        pixel: its (row, column); the central pixel by default.

    Returns:
        int, odd; for the central pixel at most the larger side of the picture, or one more. A
        square near the border may stand out beyond it.
    """
    heat = heat.double().clone()
    row, column = pixel or (side // 2 for side in heat.shape)
    heat[row, column] = 0
    for radius in range(1, max(heat.shape)):
        near = heat[
            max(row - radius, 0) : row + radius + 1, max(column - radius, 0) : column + radius + 1
        ]
        if near.sum() >= share * heat.sum():
            return 2 * radius + 1


def published(name, schedule):
    """Return the windows that the paper's authors published for one of their networks.

    Args:
        name: "mnist-resnet", "mnist-resnet-circular", "mnist-unet", "cifar10-resnet" or
            "cifar10-unet".
        schedule: the schedule of the 20 steps for which they were found.

    Returns:
        LocalityScales: for t = 0.05, 0.10, ..., 1.

    Raises:
        ValueError: if the name is unknown.
    """
    if name not in _PUBLISHED:
        raise ValueError(f"name must be one of {', '.join(_PUBLISHED)}; got {name!r}")
    sizes = _PUBLISHED[name]
    return LocalityScales([schedule.alpha_bar(t) for t in reversed(schedule.times(20))], sizes)


def fitted(name, machine="ELS"):
    """Return the windows that were fitted to a network that ships, as its card has them.

    Args:
        name: of the network.
        machine: "ELS", for the machine with the network's border, or "LS".

    Returns:
        LocalityScales.

    Raises:
        ValueError: if the network or the machine is unknown, or none were fitted to it.
    """
    windows = checkpoints.card(name).get("windows")
    if windows is None:
        raise ValueError(f"no windows were fitted to {name} yet: python -m els_tutorial reproduce")
    if machine not in ("ELS", "LS"):
        raise ValueError(f'machine must be "ELS" or "LS", got {machine!r}')
    return LocalityScales(windows["levels"], windows[machine])


# Low to high noise, from the repository published with Kamb & Ganguli (2025).
_PUBLISHED = {
    "mnist-resnet": [3, 3, 5, 5, 5, 7, 7, 7, 9, 9, 11, 11, 11, 11, 13, 15, 15, 15, 15, 15],
    "mnist-resnet-circular": [3, 3, 5, 5, 5, 7, 7, 9, 9, 9, 11, 11, 11, 11, 9, 9, 7, 7, 3, 3],
    "mnist-unet": [3, 3, 3, 5, 5, 7, 7, 7, 9, 9, 9, 11, 13, 15, 17, 21, 23, 23, 25, 27],
    "cifar10-resnet": [3, 3, 3, 3, 5, 5, 5, 7, 7, 7, 7, 9, 9, 11, 11, 13, 15, 17, 17, 17],
    "cifar10-unet": [3, 3, 3, 3, 5, 5, 5, 5, 7, 7, 7, 7, 9, 9, 11, 13, 13, 15, 17, 25],
}
