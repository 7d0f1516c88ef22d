"""The explorer "race": a network, the ELS machine and the ideal score, from the same noise."""

import torch

from els_tutorial import data, sampling
from els_tutorial.calibration import fitted
from els_tutorial.comparison import explained_variance, pearson_r, r_squared
from els_tutorial.explorers import network_steps
from els_tutorial.explorers.base import NumberIn, OneOf
from els_tutorial.explorers.bundle import TRAINING, module
from els_tutorial.explorers.network_steps import SCHEDULE, STEPS, NetworkStepsExplorer
from els_tutorial.figures import blank, draw, png, style
from els_tutorial.machines import EquivariantLocalScore, IdealScore

MEASURES = {"r": pearson_r, "r2": r_squared, "explained": explained_variance}
WORDS = {"r": "r", "r2": "r²", "explained": "explained variance"}
LARGE = 0.5  # differences of pixels that the words count
# Darker, alike, brighter, from dark to light: the sign is in the lightness, not in the hue alone.
DARKER, ALIKE, BRIGHTER = (16, 38, 120), (122, 128, 136), (255, 214, 74)
FULL = 2  # the difference that gets the last colour


def difference_picture(prediction, target):
    """Return prediction - target as a colour picture, from dark blue over grey to light yellow.

    Args:
        prediction, target: float tensors [1, H, W].

    Returns:
        float tensor [3, H, W] in [-1, 1]. Differences of 2 and more have the last colour.
    """
    share = (prediction - target) / FULL
    alike, ends = torch.tensor(ALIKE), (torch.tensor(BRIGHTER), torch.tensor(DARKER))
    colour = alike[:, None, None] * torch.ones_like(share)
    for end, part in zip(ends, (share.clamp(0, 1), (-share).clamp(0, 1)), strict=True):
        colour = colour + (end - alike)[:, None, None] * part
    return colour / 127.5 - 1


def number(value):
    """Write a measure with two decimals."""
    return f"{value:.2f}".replace("-", "−")


class RaceExplorer(NetworkStepsExplorer):
    """The same noise on three ways: through a network, the ELS machine and the ideal score.

    The network learned 64 digits; both machines hold just those. The ELS machine is the
    boundary-broken one, with the windows that were fitted to the network. All arguments are traits,
    synced with the figure, which sets ``readout``.

    Args:
        seed: of the noise, int from 0 to 31.
        step: which is shown, int from 1 (t = 1) to 20 (t = 0.05).
        measure: which one the plot shows, "r", "r2" or "explained".
        images, network: there is one of each.
        prompt: the line after "Try this".
        hide: names of controls to leave out. "ideal" is the lane of the ideal score, "plot" the
            measures at all times.

    Raises:
        ValueError: if a setting has a value that it cannot have.
    """

    name = "race"
    settings = ("seed", "step", "measure", "images", "network")
    controls = ("seed", "step", "play", "measure", "ideal", "plot", "reset", "link")
    _esm = module("race")

    step = NumberIn(STEPS, 1, STEPS).tag(sync=True)
    measure = OneOf(*MEASURES).tag(sync=True)
    _walked = (None, None)

    def machines(self):
        """Return the two machines, a dict from "ELS" and "IS"."""
        images = data.load(self.images, TRAINING).images
        windows = fitted(self.network)
        return {
            "ELS": EquivariantLocalScore(images, windows, "zeros"),
            "IS": IdealScore(images),
        }

    def ways(self):
        """Return the steps of "network", "ELS" and "IS", a dict of lists of 20 steps."""
        key = (self.seed, self.network)
        if self._walked[0] != key:
            start = network_steps.start(self.seed)
            ways = {"network": network_steps.trajectory(self.network, self.seed)}
            for name, machine in self.machines().items():
                ways[name] = list(sampling.trajectory(machine, start, SCHEDULE, STEPS))
            self._walked = (key, ways)
        return self._walked[1]

    def shown(self):
        """Return the step that is shown of each of the three, a dict."""
        return {name: way[self.step - 1] for name, way in self.ways().items()}

    def agreement(self):
        """Return the measures of "ELS" and "IS" against the network at this step, dict of dicts."""
        shown = self.shown()
        return {
            name: {
                key: measure(shown[name].x0_hat, shown["network"].x0_hat).item()
                for key, measure in MEASURES.items()
            }
            for name in ("ELS", "IS")
        }

    def curve(self, name):
        """Return the plotted measure of "ELS" or "IS" at every step, float64 [20]."""
        ways = self.ways()
        guesses = [torch.cat([step.x0_hat for step in ways[who]]) for who in (name, "network")]
        return MEASURES[self.measure](*guesses)

    def difference(self, name):
        """Return the guess of a machine less the network's at this step, float32 [1, 28, 28]."""
        shown = self.shown()
        return (shown[name].x0_hat - shown["network"].x0_hat)[0]

    def summary(self):
        return (
            f"A trained network, the ELS machine and the ideal score at step {self.step} of "
            f"{STEPS}, all from noise seed {self.seed}."
        )

    def describe(self):
        found, gap = self.agreement(), self.difference("ELS")
        brighter, darker = (gap > LARGE).sum().item(), (gap < -LARGE).sum().item()
        return (
            f"Noise seed {self.seed}, step {self.step} of {STEPS} "
            f"(t = {(STEPS - self.step + 1) / STEPS:.2f}). "
            f"The ELS machine’s guess agrees with the network’s to {_in_words(found['ELS'])}. "
            f"It is brighter by more than {LARGE} at {brighter} of {gap.numel()} pixels, and "
            f"darker at {darker}. The ideal score: {_in_words(found['IS'])}."
        )

    def still(self):
        shown, found = self.shown(), self.agreement()
        figure = blank(7.6, 2.5)
        figure.set_dpi(100)  # the page holds much besides
        *panels, axes = figure.subplots(1, 6, width_ratios=(1, 1, 1, 1, 1, 1.7))
        pictures = [(name, step.x0_hat[0]) for name, step in shown.items()]
        target = shown["network"].x0_hat[0]
        for name in ("ELS", "IS"):
            difference = difference_picture(shown[name].x0_hat[0], target)
            pictures.append((f"{name} − network", difference))
        for panel, (title, picture) in zip(panels, pictures, strict=True):
            draw(panel, picture)
            panel.set_title(title, fontsize=8)
            if title in found:
                panel.set_xlabel(_in_lines(found[title]), fontsize=7)
        times = [step.t for step in self.ways()["network"]]
        for name in ("ELS", "IS"):
            axes.plot(times, self.curve(name), **(style(name) | {"ms": 3}))
        axes.axvline(times[self.step - 1], color="black", lw=1)
        axes.set(xlim=(0, 1.02), ylim=(min(0, *axes.get_ylim()), 1))
        axes.tick_params(labelsize=7)
        axes.set_xlabel("time t: clean → noise", fontsize=8)
        axes.set_title(WORDS[self.measure], fontsize=8)
        axes.legend(fontsize=7, frameon=False)
        return png(figure)


def _in_words(found):
    space = "\u00a0"  # does not break
    return ", ".join(
        WORDS[key] + (space if key == "explained" else f"{space}={space}") + number(value)
        for key, value in found.items()
    )


def _in_lines(found):
    r, squared, explained = map(number, found.values())
    return f"r {r}, r² {squared}\nexplained {explained}"
