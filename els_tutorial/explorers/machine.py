"""The explorer "machine": one noisy picture, four machines, and where each pixel comes from."""

import torch
import traitlets

from els_tutorial.explorers.base import NumberIn, OneOf, SettingError
from els_tutorial.explorers.bundle import TRAINING, held_images, module
from els_tutorial.explorers.pictures import SIDES, PictureExplorer
from els_tutorial.explorers.places import in_words, place_weights, places
from els_tutorial.figures import blank, draw, outline, png
from els_tutorial.machines import (
    EquivariantLocalScore,
    EquivariantScore,
    IdealScore,
    LocalScore,
)

WHOLE = {"IS": IdealScore, "ES": EquivariantScore}
PATCH = {"LS": LocalScore, "ELS": EquivariantLocalScore}
PLACES = ("row", "column", "shift_rows", "shift_columns")
ALIKE = 1e-3  # pictures that differ by less are called the same


class MachineExplorer(PictureExplorer):
    """The four machines at work on a noisy picture that they have not seen.

    All arguments are traits, synced with the figure. The figure sets two more: ``readout`` (what it
    says in words) and ``x0_hat`` (float32 bytes, [C, H, W]).

    Args:
        machine: "IS", "LS", "ES" or "ELS".
        boundary: "circular" or "zeros"; for LS and ELS.
        patch_size: odd int, up to the side of the images (circular), or twice it less one (zeros).
            A slider that is linked to it should go in steps of 2.
        t: time, float from 0.01 (clean) to 1 (noise).
        seed: of the noise, int from 0 to 9999.
        count: number of training images, int from 1 to 64.
        images: "digits" or "faces".
        picture: which of 8 held-out images lies under the noise, int from 0 to 7.
        row, column: the pixel under study.
        shift_rows, shift_columns: by how much the noisy picture is rolled down and to the right,
            around the border, ints from 0. The figure then measures whether to shift and denoise
            is to denoise and shift.
        predict: a :class:`~els_tutorial.explorers.prediction.Prediction`, or None.
        prompt: the line after "Try this".
        hide: names of controls to leave out. "candidates" is the map of the places compared.

    Raises:
        ValueError: if a setting has a value that it cannot have.
    """

    name = "machine"
    settings = (
        "machine",
        "patch_size",
        "t",
        "boundary",
        "images",
        "count",
        "seed",
        "picture",
        "row",
        "column",
        "shift_rows",
        "shift_columns",
    )
    controls = (*settings, "pixel", "candidates", "reset", "link")
    _esm = module("machine")

    machine = OneOf("ELS", "IS", "LS", "ES").tag(sync=True)
    patch_size = NumberIn(7, 1, 2 * max(SIDES.values()) - 1).tag(sync=True)
    boundary = OneOf("circular", "zeros").tag(sync=True)
    count = NumberIn(32, 1, TRAINING).tag(sync=True)
    row = NumberIn(12, 0, max(SIDES.values()) - 1).tag(sync=True)
    column = NumberIn(14, 0, max(SIDES.values()) - 1).tag(sync=True)
    shift_rows = NumberIn(0, 0, max(SIDES.values()) - 1).tag(sync=True)
    shift_columns = NumberIn(0, 0, max(SIDES.values()) - 1).tag(sync=True)

    x0_hat = traitlets.Bytes().tag(sync=True, from_json=lambda value, _: bytes(value))

    @traitlets.validate("patch_size", "boundary", "images", *PLACES)
    def _fits(self, proposal):
        self.check(self.state | {proposal.trait.name: proposal.value})
        return proposal.value

    def check(self, state):
        side = SIDES[state["images"]]
        largest = 2 * side - 1 if state["boundary"] == "zeros" else side - 1 + side % 2
        size = state["patch_size"]
        if size % 2 == 0 or size > largest:
            raise SettingError(
                f"patch_size must be an odd int from 1 to {largest} for {side}x{side} images with "
                f"boundary={state['boundary']!r}, got {size!r}"
            )
        for axis in PLACES:
            if state[axis] >= side:
                raise SettingError(
                    f"{axis} must be an int from 0 to {side - 1} for {side}x{side} images, "
                    f"got {state[axis]!r}"
                )

    def denoiser(self):
        """Return the Python machine with the figure's settings."""
        images = held_images(self.images)[: self.count]
        if self.machine in WHOLE:
            return WHOLE[self.machine](images)
        return PATCH[self.machine](images, self.patch_size, self.boundary)

    def placed(self, picture):
        """Return a picture [1, C, H, W] rolled by the figure's shift."""
        return torch.roll(picture, (self.shift_rows, self.shift_columns), (2, 3))

    def shift_gap(self):
        """Return by how much (shift, then denoise) and (denoise, then shift) differ at most."""
        x, machine = self.x_t(), self.denoiser()
        unmoved = torch.roll(x, (-self.shift_rows, -self.shift_columns), (2, 3))
        moved = self.placed(machine.denoise(unmoved, self.alpha_bar))
        return (machine.denoise(x, self.alpha_bar) - moved).abs().max().item()

    def place_weights(self):
        """Return the weight of each place for the pixel under study, float64 [H, W].

        See :func:`els_tutorial.explorers.places.place_weights`.
        """
        pixel = self.row, self.column
        return place_weights(self.denoiser(), self.x_t(), self.alpha_bar, *pixel)

    def _source(self):
        """Return (image, row, column, weight) of the heaviest candidate of the pixel."""
        origin = self.denoiser().provenance(self.x_t(), self.alpha_bar)
        return tuple(part[0, self.row, self.column].item() for part in origin)

    def summary(self):
        size = self.patch_size
        window = "" if self.machine in WHOLE else f" with {size} × {size} patches"
        return (
            f"The {self.machine} machine{window} at t = {self.t:.2f}, with {self.count} "
            f"{self.images} to learn from: a noisy picture, the machine's guess, and the truth."
        )

    def shift_in_words(self):
        """Say what the figure measured of the shift; an empty text if there is none."""
        if not (self.shift_rows or self.shift_columns):
            return ""
        gap = self.shift_gap()
        found = f"differ by up to {gap:.2f}" if gap >= ALIKE else "agree to within 0.001"
        return (
            f"Shifted by {self.shift_rows} down and {self.shift_columns} to the right, around the "
            f"border. Shift-then-denoise and denoise-then-shift {found}. "
        )

    def describe(self):
        image, row, column, weight = self._source()
        compared = places(self.denoiser(), self.row, self.column)
        return (
            f"{self.summary()} {self.shift_in_words()}"
            f"The pixel under study is row {self.row}, column {self.column}. "
            f"{in_words(*compared, SIDES[self.images])} Its heaviest "
            f"candidate is row {row}, column {column} of training image {image}, with "
            f"{100 * weight:.1f} % of the weight."
        )

    def still(self):
        x, truth = self.x_t(), self.truth()
        x0_hat = self.denoiser().denoise(x, self.alpha_bar)
        image, row, column, _ = self._source()
        source = held_images(self.images)[image][None]
        figure = blank(7.6, 2.15)
        panels = (
            ("noisy $x_t$", x, (self.row, self.column), "window"),
            (f"{self.machine} guess $\\hat{{x}}_0$", x0_hat, (self.row, self.column), None),
            ("truth $x_0$", truth, (self.row, self.column), None),
            (f"training image {image}", source, (row, column), "source"),
        )
        for axes, (title, picture, pixel, square) in zip(
            figure.subplots(1, 4), panels, strict=True
        ):
            draw(axes, picture[0])
            axes.set_title(title, fontsize=9)
            if square and self.machine in PATCH:
                outline(axes, *pixel, self.patch_size, square)
            outline(axes, *pixel, 1, "pixel")
        return png(figure)
