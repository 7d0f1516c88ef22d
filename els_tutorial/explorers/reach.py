"""The explorer "reach": poke one pixel, or shift the picture, and see which outputs move."""

import torch
from matplotlib.patches import Rectangle

from els_tutorial.explorers.base import Explorer, NumberIn, OneOf
from els_tutorial.explorers.bundle import module
from els_tutorial.explorers.reach_network import (
    MOVED,
    SIDE,
    distance_holding,
    mask,
    picture,
    poke,
    reached,
    run,
    shift_error,
    undisturbed,
)
from els_tutorial.figures import PALETTE, blank, draw, outline, png

LAYERS = {
    "plain": "convolutions alone",
    "pooling": "with 2 × 2 pooling",
    "attention": "with self-attention",
}
PADDINGS = {"zeros": "zero", "circular": "circular"}
DECADES = 8  # that the map of movements tells apart


def shade(change):
    """Return a map of movements as a picture: black where nothing moved, else log brightness.

    Args:
        change: float tensor [24, 24], from 0 on.

    Returns:
        float tensor [1, 24, 24] in [-1, 1].
    """
    moved = change > MOVED
    decades = (change.clamp_min(MOVED) / change.max().clamp_min(MOVED)).log10()
    light = -0.55 + 1.55 * (1 + decades / DECADES).clamp(0, 1)
    return torch.where(moved, light, -1.0)[None]


def frame(axes, row, column, height, width):
    """Outline a rectangle of pixels, cut off where it leaves the picture."""
    for thickness, name in ((4.5, "halo"), (1.5, "window")):
        style = {"fill": False, "linewidth": thickness, "color": PALETTE["outlines"][name]}
        axes.add_patch(Rectangle((column - 0.5, row - 0.5), width, height, **style))


class ReachExplorer(Explorer):
    """A small network with random weights: what moves when a pixel is poked or the picture shifted.

    All arguments are traits, synced with the figure, which sets ``readout``.

    Args:
        test: "poke" or "shift".
        depth: number of 3x3 convolutions, int from 1 to 8.
        padding: "zeros" or "circular".
        layer: what follows the first convolution: nothing ("plain"), "pooling" or "attention".
        row, column: the pixel to poke, ints from 0 to 23.
        shift: by how many pixels, down and to the right, int from 1 to 8.
        seed: of picture and weights, int from 0 to 9999.
        prompt: the line after "Try this".
        hide: names of controls to leave out.

    Raises:
        ValueError: if a setting has a value that it cannot have.
    """

    name = "reach"
    settings = ("test", "depth", "padding", "layer", "row", "column", "shift", "seed")
    controls = (*settings, "pixel", "reset", "link")
    _esm = module("reach")

    test = OneOf("poke", "shift").tag(sync=True)
    depth = NumberIn(3, 1, 8).tag(sync=True)
    padding = OneOf(*PADDINGS).tag(sync=True)
    layer = OneOf(*LAYERS).tag(sync=True)
    row = NumberIn(11, 0, SIDE - 1).tag(sync=True)
    column = NumberIn(12, 0, SIDE - 1).tag(sync=True)
    shift = NumberIn(2, 1, 8).tag(sync=True)
    seed = NumberIn(0, 0, 9999).tag(sync=True)

    @property
    def _network(self):
        return {name: getattr(self, name) for name in ("seed", "depth", "padding", "layer")}

    def pictures(self):
        """Return (input, output, movements): float64 [24, 24] each.

        Of the poked picture, or of the shifted one. The movements are those of :func:`poke` or
        :func:`shift_error`.
        """
        x = picture(self.seed)
        if self.test == "shift":
            x = x.roll((self.shift, self.shift), (2, 3))
            moved = shift_error(**self._network, shift=self.shift)
        else:
            x[0, 0, self.row, self.column] += 1
            moved = poke(**self._network, row=self.row, column=self.column)
        return x[0, 0], run(x, **self._network)[0, 0], moved

    def spans(self):
        """Return what theory outlines, as (spans of rows, spans of columns).

        For a poke the outputs that it can move; for a shift those that must move along.
        """
        structure = (self.depth, self.padding, self.layer)
        if self.test == "shift":
            return (undisturbed(self.shift, *structure),) * 2
        return tuple(reached(k, *structure) for k in (self.row, self.column))

    def summary(self):
        network = f"{self.depth} convolutions 3 × 3" if self.depth > 1 else "one convolution 3 × 3"
        extra = "" if self.layer == "plain" else f", {LAYERS[self.layer]}"
        return f"A network of {network}{extra}, random weights, {PADDINGS[self.padding]} padding."

    def describe(self):
        _, output, change = self.pictures()
        outlined, moved = mask(*self.spans()), change > MOVED
        count, outside = int(moved.sum()), int((moved & ~outlined).sum())
        if self.test == "poke":
            rows, columns = int(outlined.any(1).sum()), int(outlined.any(0).sum())
            near = distance_holding(change, self.row, self.column, self.padding)
            return (
                f"{self.summary()} A poke of the pixel at row {self.row}, column {self.column} can "
                f"move {rows} × {columns} outputs. Of all {SIDE * SIDE} it moves {count}, and "
                f"{outside or 'none'} outside the outline. 90 % of the movement lies "
                f"within {near} pixel{'s' * (near != 1)} of it."
            )
        largest = change.max().item() / output.std().item()
        differ = (
            f"differ in {count} of {SIDE * SIDE} pixels, at most by {largest:.2f} standard "
            f"deviations of the output"
            if count
            else "agree in every pixel"
        )
        inside = int(outlined.sum())
        kept = f"Outlined are {inside} that must agree." if inside else "None of them must agree."
        return (
            f"{self.summary()} Shifted by {self.shift} down and {self.shift} to the right, before "
            f"the network or after it: the two {differ}. {kept}"
        )

    def still(self):
        x, output, change = self.pictures()
        figure = blank(6.6, 2.4)
        panels = figure.subplots(1, 3)
        titles = ("picture in", "picture out", "moved" if self.test == "poke" else "difference")
        shown = (x[None] / 3, output[None] / (3 * output.std()), shade(change))
        for axes, title, values in zip(panels, titles, shown, strict=True):
            draw(axes, values)
            axes.set_title(title, fontsize=9)
        rows, columns = self.spans()
        for row, height in rows:
            for column, width in columns:
                frame(panels[2], row, column, height, width)
        if self.test == "poke":
            for axes in panels:
                outline(axes, self.row, self.column, 1, "pixel")
        return png(figure)
