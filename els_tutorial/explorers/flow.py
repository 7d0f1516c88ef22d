"""The explorer "flow": points in a plane, and noise that follows their exact score."""

import re

import torch
import traitlets
from matplotlib.colors import to_rgba_array

from els_tutorial import sampling
from els_tutorial.explorers.base import Explorer, NumberIn, SettingError
from els_tutorial.explorers.bundle import module
from els_tutorial.explorers.noise import noise
from els_tutorial.figures import PALETTE, blank, png
from els_tutorial.machines import IdealScore
from els_tutorial.schedules import CosineSchedule

COUNT = 300  # particles
REACH = 2.25  # the plane shows x and y from -REACH to REACH
CELLS = 90  # a side of the grid of starts behind the particles
NEAR = 0.1  # a particle ends at a point if it stops within this distance of it
SURE = 0.99  # the weight of one point from which on a particle counts as decided
LETTERS = [entry["letter"] for entry in PALETTE["points"]]
COLOURS = [*(entry["light"] for entry in PALETTE["points"]), "#57606a"]  # the last: of no point

_NUMBER = r"-?(?:0(?:\.\d{1,2})?|1(?:\.00?)?)"
_POINTS = re.compile(rf"{_NUMBER},{_NUMBER}(?:_{_NUMBER},{_NUMBER})*")


class Points(traitlets.TraitType):
    """A setting that takes 1 to 8 points of the square [-1, 1]^2 as a text, "x,y_x,y"."""

    def validate(self, obj, value):
        right = isinstance(value, str) and _POINTS.fullmatch(value)
        if not right or value.count("_") >= len(LETTERS):
            raise SettingError(
                f"{self.name} must be 1 to {len(LETTERS)} points 'x,y' joined by '_', each number "
                f"from -1 to 1 with at most two decimals, got {value!r}"
            )
        numbers = [float(text) + 0.0 for text in re.split("[,_]", value)]  # no -0
        return "_".join(f"{x:g},{y:g}" for x, y in zip(numbers[::2], numbers[1::2], strict=True))


class _Until(CosineSchedule):
    """The sampler's times down to t, and t itself unless it is 0."""

    def __init__(self, t):
        self.t = t

    def times(self, steps):
        return [time for time in super().times(steps) if time > self.t] + [self.t] * (self.t > 0)


class FlowExplorer(Explorer):
    """Particles that start as noise and flow, under the exact score of a few points, to them.

    All arguments are traits, synced with the figure. A point in the plane is an image of two
    pixels, so that the machine is :class:`els_tutorial.machines.IdealScore` and the flow is
    :func:`els_tutorial.sampling.trajectory`.

    Args:
        points: the training points, str "x,y" for one to eight of them joined by "_", each number
            from -1 to 1 with at most two decimals.
        steps: of the sampler, int from 1 to 100.
        t: time, float from 0 (clean) to 1 (noise).
        seed: of the particles' starts, int from 0 to 9999.
        prompt: the line after "Try this".
        hide: names of controls to leave out; without "points" they cannot be moved.

    Raises:
        ValueError: if a setting has a value that it cannot have.
    """

    name = "flow"
    settings = ("points", "steps", "t", "seed")
    controls = (*settings, "play", "reset", "link")
    _esm = module("flow")

    points = Points("-0.6,0.5_0.7,0.6_0.1,-0.7").tag(sync=True)
    steps = NumberIn(20, 1, 100).tag(sync=True)
    t = NumberIn(0.5, 0.0, 1.0).tag(sync=True)
    seed = NumberIn(0, 0, 9999).tag(sync=True)

    @property
    def alpha_bar(self):
        """The share of the signal's variance that is left at time t."""
        return CosineSchedule().alpha_bar(self.t)

    def denoiser(self):
        """Return the ideal score machine of the points, float64 images [N, 1, 1, 2]."""
        numbers = [float(text) for text in re.split("[,_]", self.points)]
        return IdealScore(torch.tensor(numbers, dtype=torch.float64).view(-1, 1, 1, 2))

    def starts(self):
        """Return the particles at t = 1, float64 [300, 1, 1, 2]."""
        return noise(self.seed, (COUNT, 1, 1, 2)).double()

    def track(self):
        """Return the particles at each of the sampler's times down to t, and at t: [K, 300, 2]."""
        walk = [*sampling.trajectory(self.denoiser(), self.starts(), _Until(self.t), self.steps)]
        last = [] if self.t else [walk[-1].x0_hat]
        return torch.stack([*(step.x for step in walk), *last]).flatten(2)

    def goals(self, starts):
        """Return for each start [B, 1, 1, 2] the point at which it ends, int64 [B]; -1 for none."""
        machine = self.denoiser()
        ends = sampling.sample(machine, starts, CosineSchedule(), self.steps).flatten(1)
        distance, goal = torch.cdist(ends, machine.images.flatten(1)).min(1)
        return torch.where(distance <= NEAR, goal, -1)

    def lanes(self):
        """Return the goal of a start in each cell of the plane, int64 [90, 90], top row first."""
        middle = (torch.arange(CELLS, dtype=torch.float64) + 0.5) * (2 * REACH / CELLS) - REACH
        y, x = torch.meshgrid(-middle, middle, indexing="ij")
        return self.goals(torch.stack([x, y], -1).view(-1, 1, 1, 2)).view(CELLS, CELLS)

    def decided(self):
        """Return how many particles have by now given one point more than 99 % of the weight."""
        x = self.track()[-1].view(-1, 1, 1, 2)
        weight = self.denoiser().provenance(x, self.alpha_bar).weight[:, 0, 0]
        return (weight > SURE).sum().item()

    def summary(self):
        return (
            f"{COUNT} particles flow from noise to {_count(self.points.count('_') + 1, 'point')} "
            f"in a plane, in {_count(self.steps, 'step')}, seen at t = {self.t:.2f}."
        )

    def describe(self):
        points = self.denoiser().images.flatten(1).tolist()
        goals = self.goals(self.starts())
        ends = [
            f"{(goals == k).sum()} end at {LETTERS[k]} ({_decimal(x)}, {_decimal(y)})"
            for k, (x, y) in enumerate(points)
        ]
        text = (
            f"t = {self.t:.2f} (ᾱ = {self.alpha_bar:.3f}), {_count(self.steps, 'step')}, "
            f"{_count(len(points), 'point')}. Of {COUNT} particles {', '.join(ends)}, and "
            f"{(goals < 0).sum()} at none of them."
        )
        if self.t == 0:
            return text
        return (
            f"{text} So far {self.decided()} have decided: one point has over 99 % of the weight."
        )

    def still(self):
        figure = blank(7.6, 4.2)
        plane, bars = figure.subplots(1, 2, width_ratios=[1, 0.6])
        goals = self.goals(self.starts())
        self._draw_plane(plane, goals)
        self._draw_tally(bars, goals)
        return png(figure)

    def _draw_plane(self, axes, goals):
        """Draw lanes, trails, particles and points."""
        tints = to_rgba_array(COLOURS, alpha=0.2)
        axes.imshow(tints[self.lanes()], extent=(-REACH, REACH, -REACH, REACH))
        for trail, goal in zip(self.track().unbind(1), goals, strict=True):
            axes.plot(*trail.T, color=COLOURS[goal], linewidth=0.6, alpha=0.5)
            axes.plot(*trail[-1], ".", color=COLOURS[goal], markersize=3)
        for k, point in enumerate(self.denoiser().images.flatten(1).tolist()):
            axes.plot(*point, "o", color=COLOURS[k], markersize=13, markeredgecolor="white")
            axes.annotate(LETTERS[k], point, color="white", ha="center", va="center", fontsize=9)
        axes.set(xlim=(-REACH, REACH), ylim=(-REACH, REACH), xticks=[], yticks=[])
        axes.set_title(f"$t = {self.t:.2f}$, {_count(self.steps, 'step')}", fontsize=9)

    def _draw_tally(self, axes, goals):
        """Draw a bar for the particles that end at each point, and at none."""
        shown = [*range(len(self.denoiser().images)), -1]
        counts = [(goals == k).sum().item() for k in shown]
        names = [(*LETTERS, "none")[k] for k in shown]
        bars = axes.barh(names, counts, color=[COLOURS[k] for k in shown])
        axes.bar_label(bars, padding=2, fontsize=8)
        axes.invert_yaxis()
        axes.set_title("particles that end at each point", fontsize=9)
        axes.set_xticks([])
        axes.spines[["top", "right", "bottom"]].set_visible(False)


def _count(number, thing):
    return f"{number} {thing}" + ("s" if number != 1 else "")


def _decimal(number):
    return f"{number:.2f}".replace("-", "−")
