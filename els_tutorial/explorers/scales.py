"""The explorer "scales": draw the curve of windows, and see what the machine then predicts."""

import re

import traitlets

from els_tutorial import checkpoints, data, sampling
from els_tutorial.calibration import LocalityScales, published
from els_tutorial.comparison import explained_variance, pearson_r
from els_tutorial.explorers import network_steps
from els_tutorial.explorers.base import NumberIn, SettingError
from els_tutorial.explorers.bundle import TRAINING, module
from els_tutorial.explorers.network_steps import STEPS, NetworkStepsExplorer
from els_tutorial.figures import blank, draw, png, style
from els_tutorial.machines import EquivariantLocalScore
from els_tutorial.schedules import CosineSchedule

SCHEDULE = CosineSchedule()
LEVELS = [SCHEDULE.alpha_bar(k / STEPS) for k in range(1, STEPS + 1)]  # little noise to much
PRESETS = ("fitted", "published", "reversed", "3", "9", "17")
DRAWN = re.compile("[1-9a-d]{20}")
FLAT = 0.01  # a picture whose standard deviation is less has no shape to compare


class Curve(traitlets.TraitType):
    """A setting that takes the name of a preset, or 20 digits: how far each window reaches."""

    default_value = PRESETS[0]

    def validate(self, obj, value):
        if isinstance(value, str) and (value in PRESETS or DRAWN.fullmatch(value)):
            return value
        raise SettingError(
            f"{self.name} must be one of {', '.join(PRESETS)}, or {STEPS} digits from 1 to d "
            f"(13), from little noise to much; got {value!r}"
        )


def sides_of(windows, fitted):
    """Return the sides of the windows that a setting names, a list of 20 odd ints.

    Args:
        windows: "fitted", "published" (for the ResNet on digits), "reversed" (the fitted ones, from
            end to beginning), "3", "9" or "17" (at all times), or 20 hexadecimal digits, each the
            pixels that a window reaches to either side.
        fitted: the fitted ones, a list of 20 odd ints.

    All are from little noise to much.
    """
    if windows == "fitted":
        return list(fitted)
    if windows == "reversed":
        return list(reversed(fitted))
    if windows == "published":
        return published("mnist-resnet", SCHEDULE).sizes
    if windows in PRESETS:
        return [int(windows)] * STEPS
    return [2 * int(digit, 16) + 1 for digit in windows]


def number(value):
    """Write a measure with two decimals; a dash where it is not defined."""
    return "–" if value is None else f"{value:.2f}".replace("-", "−")


class ScalesExplorer(NetworkStepsExplorer):
    """The window of the ELS machine at each of 20 noise levels, and its picture beside a network's.

    The machine is the boundary-broken one. It holds the 64 digits that the network learned, and
    starts from the same noise. All arguments are traits, synced with the figure, which sets
    ``readout``.

    Args:
        windows: "fitted", "published", "reversed", "3", "9", "17", or 20 digits (see
            :func:`sides_of`).
        level: the noise level under study, int from 1 (t = 0.05) to 20 (t = 1).
        seed: of the noise, int from 0 to 31.
        images, network: there is one of each.
        prompt: the line after "Try this".
        hide: names of controls to leave out; without "side" the curve cannot be drawn.

    Raises:
        ValueError: if a setting has a value that it cannot have.
    """

    name = "scales"
    settings = ("windows", "level", "seed", "images", "network")
    controls = ("windows", "level", "side", "seed", "reset", "link")
    _esm = module("scales")

    windows = Curve().tag(sync=True)
    level = NumberIn(10, 1, STEPS).tag(sync=True)
    _grown = (None, None)

    def fitted(self):
        """Return the sides of the fitted windows, little noise first."""
        return network_steps.windows(self.network)[::-1]

    def sides(self):
        """Return the sides of the windows, a list of 20 odd ints, little noise first."""
        return sides_of(self.windows, self.fitted())

    def scales(self, sides=None):
        """Return these windows, or the figure's own, as :class:`LocalityScales`."""
        return LocalityScales(LEVELS, sides or self.sides())

    def sample(self, sides=None):
        """Return the machine's picture, float32 [1, 1, 28, 28], with these windows or its own."""
        images = data.load(self.images, TRAINING).images
        machine = EquivariantLocalScore(images, self.scales(sides), "zeros")
        return sampling.sample(machine, network_steps.start(self.seed), SCHEDULE, STEPS)

    def target(self):
        """Return the network's picture as a page has it, float32 [1, 1, 28, 28]."""
        return network_steps.trajectory(self.network, self.seed)[-1].x0_hat

    def pictures(self):
        """Return the machine's picture, the one with the fitted windows, and the network's."""
        key = (self.windows, self.seed, self.network)
        if self._grown[0] != key:
            fitted = self.sample(self.fitted())
            own = fitted if self.sides() == self.fitted() else self.sample()
            self._grown = (key, (own, fitted, self.target()))
        return self._grown[1]

    def agreement(self):
        """Return (r, explained variance) of own and of fitted windows; None where undefined."""
        *predictions, target = self.pictures()
        return [
            (None if p.std() < FLAT else pearson_r(p, target).item(),
             explained_variance(p, target).item())
            for p in predictions
        ]  # fmt: skip

    def summary(self):
        return (
            "The windows of an ELS machine at 20 noise levels, drawn by hand, and the picture that "
            "it then predicts, beside the one that a trained network draws from the same noise."
        )

    def describe(self):
        sides, reach = self.sides(), network_steps.reach(self.network)["0.9"][::-1]
        side, here = sides[self.level - 1], reach[self.level - 1]
        own, fitted = map(in_words, self.agreement())
        return (
            f"Noise seed {self.seed}. Windows from {min(sides)} to {max(sides)} pixels: the "
            f"machine agrees with the network to {own}. With the fitted windows: {fitted}. "
            f"At t = {self.level / STEPS:.2f} the window is {side} × {side}; a square of "
            f"{here} × {here} holds 90 % of the network’s slopes."
        )

    def still(self):
        own, fitted, target = self.pictures()
        figure = blank(7.6, 2.3)
        axes, *panels = figure.subplots(1, 4, width_ratios=(2.1, 1, 1, 1))
        times = [k / STEPS for k in range(1, STEPS + 1)]
        for share, grey in (("0.9", "0.9"), ("0.5", "0.78")):
            reach = network_steps.reach(self.network)[share][::-1]
            axes.bar(times, reach, 1 / STEPS, color=grey)
        axes.axhline(checkpoints.load(self.network).receptive_field, c="black", ls=":", lw=1)
        axes.plot(times, self.fitted(), "--", color="0.4", lw=1)
        axes.plot(times, self.sides(), **(style("ELS") | {"ms": 3}))
        axes.set(xlim=(0.025, 1.025), ylim=(1, 29), xticks=[0.1, 0.5, 1], yticks=[3, 9, 17, 27])
        axes.tick_params(labelsize=7)
        axes.set_xlabel("time t: clean → noise", fontsize=8)
        axes.set_title("side of the window", fontsize=9)
        titles = ("these windows", "network", "fitted windows")
        for panel, title, picture in zip(panels, titles, (own, target, fitted), strict=True):
            draw(panel, picture[0])
            panel.set_title(title, fontsize=9)
        return png(figure)


def in_words(measures):
    """Write r, r squared and explained variance, as the figure does."""
    r, explained = measures
    squared = None if r is None else r * r
    return f"r = {number(r)}, r² = {number(squared)}, explained variance {number(explained)}"
