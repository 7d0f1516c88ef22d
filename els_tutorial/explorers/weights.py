"""The explorer "weights": which training image a noisy picture came from, as the noise thins."""

import torch
import traitlets

from els_tutorial.explorers.base import NumberIn, OneOf, SettingError
from els_tutorial.explorers.bundle import TRAINING, held_images, module
from els_tutorial.explorers.noise import noise
from els_tutorial.explorers.pictures import PictureExplorer
from els_tutorial.explorers.weights_path import (
    TIMES,
    collapse,
    effective_number,
    weights_along,
)
from els_tutorial.figures import blank, draw, png, style

FAINTEST = 1e-6  # weight at the foot of the logarithmic plot


def percent(weight):
    """Return a weight as a percentage in words, to two digits or so."""
    value = 100 * weight
    if value > 99.95:
        return ">\u00a099.9\u00a0%"
    return "<\u00a00.1\u00a0%" if value < 0.1 else f"{value:.{1 if value < 10 else 0}f}\u00a0%"


class WeightsExplorer(PictureExplorer):
    """The ideal score's weights of the training images for a noisy picture, and their collapse.

    All arguments are traits, synced with the figure, which sets ``readout``.

    Args:
        t: time, float from 0.01 (clean) to 1 (noise).
        count: number of training images, int from 1 to 64.
        images: "digits" or "faces".
        source: "held-out" if the picture under the noise is none of the training images, or
            "training" if it is one.
        picture: which of 8 held-out pictures, int from 0 to 7; or which training image, from 0 to 7
            and below ``count``.
        seed: of the noise, int from 0 to 9999.
        order: of the bars, "image" (as in the training set) or "weight" (heaviest first).
        scale: of the bars, "linear" or "log".
        prompt: the line after "Try this".
        hide: names of controls to leave out.

    Raises:
        ValueError: if a setting has a value that it cannot have.
    """

    name = "weights"
    settings = ("t", "count", "images", "source", "picture", "seed", "order", "scale")
    controls = (*settings, "reset", "link")
    _esm = module("weights")

    t = NumberIn(0.98, 0.01, 1.0).tag(sync=True)
    count = NumberIn(32, 1, TRAINING).tag(sync=True)
    source = OneOf("held-out", "training").tag(sync=True)
    order = OneOf("image", "weight").tag(sync=True)
    scale = OneOf("linear", "log").tag(sync=True)

    def check(self, state):
        if state["source"] == "training" and state["picture"] >= state["count"]:
            raise SettingError(
                f"picture must be an int below count={state['count']} for source='training', "
                f"got {state['picture']}"
            )

    @traitlets.validate("source", "picture", "count")
    def _fits(self, proposal):
        self.check(self.state | {proposal.trait.name: proposal.value})
        return proposal.value

    def training_images(self):
        """Return the training images, float32 [count, C, H, W]."""
        return held_images(self.images)[: self.count]

    def _clean(self):
        if self.source == "training":
            return self.training_images()[self.picture][None]
        return super()._clean()

    def path(self, times=TIMES):
        """Return the weights at these times, float64 [T, count]."""
        truth = self.truth()[0]
        grain = noise(self.seed, tuple(truth.shape))
        return weights_along(truth, grain, self.training_images(), times)

    def weights(self):
        """Return the weights at time t, float64 [count]."""
        return self.path([self.t])[0]

    def x0_hat(self):
        """Return the guess, the weighted mean of the training images, float32 [1, C, H, W]."""
        images = self.training_images().double()
        return torch.einsum("n,nchw->chw", self.weights(), images)[None].float()

    def collapse(self):
        """Return (time, image) of the weights' collapse along this noise; see :func:`collapse`."""
        return collapse(self.path(), TIMES)

    def _named(self):
        kind = "Training image" if self.source == "training" else "Held-out picture"
        return f"{kind} {self.picture} of the {self.images}"

    def summary(self):
        return (
            f"{self._named()} under noise at t = {self.t:.2f}, and the weights that the ideal "
            f"score gives to {self.count} training images."
        )

    def describe(self):
        weights, (time, winner) = self.weights(), self.collapse()
        best = weights.argmax().item()
        many = "1 training image" if self.count == 1 else f"{self.count} training images"
        own = ""
        if self.source == "training" and best == self.picture:
            own = ", the one under the noise,"
        elif self.source == "training":
            own = f" (the one under the noise has {percent(weights[self.picture].item())})"
        share, number = percent(weights[best].item()), effective_number(weights).item()
        fate = (
            "At the smallest t here no image has over half of the weight."
            if time is None
            else f"From t = {time:.2f} down image {winner} has over half of the weight."
        )
        return (
            f"{self._named()} under noise, t = {self.t:.2f} (ᾱ = {self.alpha_bar:.3f}), {many}. "
            f"The heaviest is image {best}{own} with {share} of the weight. "
            f"The weights are as spread as equal weights of {number:.1f} images. {fate}"
        )

    def still(self):
        figure = blank(7.6, 3.9)
        grid = figure.add_gridspec(2, 4, height_ratios=(1, 1.1), width_ratios=(1, 1, 1, 2.1))
        pictures = (
            (f"$x_t$ at $t$ = {self.t:.2f}", self.x_t()),
            (r"guess $\hat{x}_0$", self.x0_hat()),
            ("under the noise", self.truth()),
        )
        for column, (title, picture) in enumerate(pictures):
            panel = figure.add_subplot(grid[0, column])
            draw(panel, picture[0])
            panel.set_title(title, fontsize=9)
        self._history(figure.add_subplot(grid[0, 3]))
        self._bars(figure.add_subplot(grid[1, :]))
        return png(figure)

    def _bars(self, axes):
        """Draw the weights at time t, one bar for each training image."""
        weights = self.weights()
        order = weights.argsort(descending=True) if self.order == "weight" else None
        shown = weights if order is None else weights[order]
        axes.bar(range(self.count), shown.tolist(), color=style("IS")["color"], zorder=2)
        if self.source == "training":
            place = self.picture if order is None else order.tolist().index(self.picture)
            axes.axvspan(place - 0.5, place + 0.5, color="0.85", zorder=1)
        log = self.scale == "log"
        axes.set(yscale=self.scale, ylim=(FAINTEST if log else 0, 1), xlim=(-0.6, self.count - 0.4))
        axes.axhline(0.5, color="0.4", ls=":", lw=1)
        axes.tick_params(labelsize=7)
        in_order = "heaviest first" if self.order == "weight" else "in their order"
        axes.set_xlabel(f"the {self.count} training images, {in_order}", fontsize=8)
        axes.set_title("weight W(y)", fontsize=9)

    def _history(self, axes):
        """Draw the weights at all times, the heaviest image of this time in colour."""
        path, (time, _) = self.path(), self.collapse()
        axes.plot(TIMES, path, color="0.6", lw=0.7)
        best = self.weights().argmax().item()
        axes.plot(TIMES, path[:, best], color=style("IS")["color"], lw=1.8)
        axes.axvline(self.t, color="black", lw=1)
        if time is not None:
            axes.axvline(time, color="black", ls=":", lw=1)
        axes.set(xlim=(0, 1.01), ylim=(-0.02, 1.02))
        axes.tick_params(labelsize=7)
        axes.set_title("weights at every t, along this noise", fontsize=9)
