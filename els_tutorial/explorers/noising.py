"""The explorer "noising": a picture, its noisy version, and at which scales the noise has won."""

import math

import torch

from els_tutorial.checks import check_batch
from els_tutorial.explorers.base import OneOf
from els_tutorial.explorers.bundle import module
from els_tutorial.explorers.pictures import PictureExplorer
from els_tutorial.figures import blank, draw, png
from els_tutorial.schedules import CosineSchedule, LinearSchedule

SCHEDULES = {"cosine": CosineSchedule(), "linear": LinearSchedule()}
LOWEST, HIGHEST = 1e-5, 1e2  # of the powers that the plot shows


def rings(side):
    """Return how many cycles across the picture each Fourier coefficient has, rounded.

    Args:
        side: of the square picture in pixels, a positive int.

    Returns:
        int64 tensor [side, side], in the order of ``torch.fft.fft2``.
    """
    cycles = torch.fft.fftfreq(side, 1 / side, dtype=torch.float64)
    return torch.hypot(cycles[:, None], cycles[None]).round().long()


def radial_power(pictures):
    """Return the mean power of each picture's Fourier coefficients, ring by ring.

    The power of a coefficient is ``|X_k|^2 / (H W)``: for white noise its mean is the variance of a
    pixel, whatever the size of the picture. Channels are averaged.

    Args:
        pictures: float tensor [B, C, H, W] with H = W.

    Returns:
        float64 tensor [B, H // 2 + 1], for 0, 1, ..., H // 2 cycles across the picture. The corners
        of the Fourier plane, with more cycles than that, are left out.

    Raises:
        ValueError: if pictures is no finite float batch of square pictures.
    """
    check_batch(pictures, "pictures")
    side = pictures.shape[-1]
    if pictures.shape[-2] != side:
        raise ValueError(f"pictures must be square, got {list(pictures.shape)}")
    power = torch.fft.fft2(pictures.double()).abs().square().mean(1) / side**2  # [B, H, W]
    ring = rings(side)
    means = [power[:, ring == r].mean(1) for r in range(side // 2 + 1)]
    return torch.stack(means, dim=1)


def crossing(power, floor):
    """Return where a spectrum sinks below the noise for good.

    Args:
        power: of one picture, ring by ring, float tensor [K].
        floor: the power of the noise, the same in every ring; a positive float.

    Returns:
        (ring, frequency): the last ring whose power reaches the floor, -1 if there is none; and the
        frequency, in cycles across the picture, at which the line through that ring and the next
        one meets the floor in a plot with two logarithmic axes. It is None where ring is -1 or 0
        (no such line), and the last ring itself where that one is above the floor.
    """
    above = [ring for ring, value in enumerate(power.tolist()) if value >= floor]
    last = above[-1] if above else -1
    if last < 1:
        return last, None
    if last == len(power) - 1:
        return last, float(last)
    start, end = power[last].log().item(), power[last + 1].log().item()
    share = (start - math.log(floor)) / (start - end)
    return last, last * ((last + 1) / last) ** share


def coarse_part(pictures, ring):
    """Return the pictures without the detail that has more cycles across than ``ring``.

    Args:
        pictures: float tensor [B, C, H, W] with H = W.
        ring: int; -1 leaves nothing, 0 the mean brightness, H // 2 everything.

    Returns:
        float tensor like pictures.
    """
    side = pictures.shape[-1]
    kept = (rings(side) <= ring) | (ring >= side // 2)
    return torch.fft.ifft2(torch.fft.fft2(pictures.double()) * kept).real.to(pictures.dtype)


class NoisingExplorer(PictureExplorer):
    """A picture at time t, and its power spectrum against the flat one of the noise.

    All arguments are traits, synced with the figure, which sets ``readout``.

    Args:
        t: time, float from 0.01 (clean) to 1 (noise).
        schedule: "cosine" or "linear".
        images: "digits" or "faces".
        picture: which of 8 held-out images, int from 0 to 7.
        seed: of the noise, int from 0 to 9999.
        prompt: the line after "Try this".
        hide: names of controls to leave out.

    Raises:
        ValueError: if a setting has a value that it cannot have.
    """

    name = "noising"
    settings = ("t", "schedule", "images", "picture", "seed")
    controls = (*settings, "reset", "link")
    _esm = module("noising")

    schedule = OneOf(*SCHEDULES).tag(sync=True)

    @property
    def alpha_bar(self):
        """The share of the signal's variance that is left at time t."""
        return SCHEDULES[self.schedule].alpha_bar(self.t)

    def power(self):
        """Return the power of sqrt(alpha_bar) x_0, ring by ring, float64 [H // 2 + 1]."""
        return self.alpha_bar * radial_power(self.truth())[0]

    def crossing(self):
        """Return (last ring above the noise, frequency of the crossing); see :func:`crossing`."""
        return crossing(self.power(), 1 - self.alpha_bar)

    def coarse_part(self):
        """Return x_0 up to the last ring above the noise, float32 [1, C, H, W]."""
        return coarse_part(self.truth(), self.crossing()[0])

    def summary(self):
        return (
            f"One of the {self.images} under noise at t = {self.t:.2f} of the {self.schedule} "
            "schedule, and its power spectrum against that of the noise."
        )

    def describe(self):
        alpha_bar, (ring, frequency) = self.alpha_bar, self.crossing()
        decibels = f"{10 * math.log10(alpha_bar / (1 - alpha_bar)):.1f}".replace("-", "−")
        side = self.truth().shape[-1]
        if ring < 0:
            left = "Nothing of the picture is above the noise, not even its mean brightness."
        elif ring == 0:
            left = "Of the picture only its mean brightness is above the noise."
        elif ring == side // 2:
            left = (
                f"Even the finest patterns, {ring} cycles across the picture, are above the noise."
            )
        else:
            left = (
                f"The finest pattern above the noise has {frequency:.1f} cycles across the "
                f"picture: stripes {side / (2 * frequency):.1f} pixels wide."
            )
        return (
            f"Picture {self.picture} of the {self.images}, {self.schedule} schedule, "
            f"t = {self.t:.2f}: ᾱ = {alpha_bar:.4f}, "
            f"signal-to-noise ratio ᾱ/(1\u00a0−\u00a0ᾱ) = {decibels} dB. {left}"
        )

    def still(self):
        truth, x = self.truth(), self.x_t()
        figure = blank(7.6, 2.3)
        pictures = (
            ("picture $x_0$", truth),
            (f"$x_t$ at $t$ = {self.t:.2f}", x),
            ("coarse part of $x_0$", self.coarse_part()),
        )
        *panels, axes = figure.subplots(1, 4, width_ratios=(1, 1, 1, 1.7))
        for panel, (title, picture) in zip(panels, pictures, strict=True):
            draw(panel, picture[0])
            panel.set_title(title, fontsize=9)
        self._plot(axes, x)
        return png(figure)

    def _plot(self, axes, x):
        """Draw the spectra of sqrt(alpha_bar) x_0 and x_t, and the noise as a grey area."""
        frequencies = range(1, self.truth().shape[-1] // 2 + 1)
        floor, (_, frequency) = 1 - self.alpha_bar, self.crossing()
        axes.fill_between((1, frequencies[-1]), LOWEST, floor, color="0.85", label="noise")
        mixed = radial_power(x)[0, 1:]
        axes.plot(frequencies, mixed, "o", ms=3, mfc="none", c="0.4", label="$x_t$")
        axes.plot(frequencies, self.power()[1:], c="black", label="picture")
        if frequency:
            axes.axvline(frequency, c="black", ls=":", lw=1)
        axes.set(xscale="log", yscale="log", xlim=(1, frequencies[-1]), ylim=(LOWEST, HIGHEST))
        axes.set_xticks([1, 2, 4, 8], ["1", "2", "4", "8"], minor=False)
        axes.minorticks_off()
        axes.tick_params(labelsize=7)
        axes.set_xlabel("cycles across the picture", fontsize=8)
        axes.set_title("power", fontsize=9)
        axes.legend(fontsize=7, loc="upper right", frameon=False, labelspacing=0.2)
