"""The explorer "machine": one noisy picture, four machines, and where each pixel comes from."""

import traitlets

from els_tutorial.explorers.base import Explorer, NumberIn, OneOf, SettingError
from els_tutorial.explorers.bundle import (
    HELD_OUT,
    TRAINING,
    held_images,
    image_bytes,
    module,
)
from els_tutorial.explorers.noise import noise
from els_tutorial.figures import blank, draw, outline, png
from els_tutorial.machines import (
    EquivariantLocalScore,
    EquivariantScore,
    IdealScore,
    LocalScore,
)
from els_tutorial.schedules import CosineSchedule

WHOLE = {"IS": IdealScore, "ES": EquivariantScore}
PATCH = {"LS": LocalScore, "ELS": EquivariantLocalScore}
SIDES = {"digits": 28, "faces": 25}  # of the square images, in pixels


class MachineExplorer(Explorer):
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
        prompt: the line after "Try this".
        hide: names of controls to leave out.

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
    )
    controls = (*settings, "pixel", "reset", "link")
    _esm = module("machine")

    machine = OneOf("ELS", "IS", "LS", "ES").tag(sync=True)
    patch_size = NumberIn(7, 1, 2 * max(SIDES.values()) - 1).tag(sync=True)
    t = NumberIn(0.5, 0.01, 1.0).tag(sync=True)
    boundary = OneOf("circular", "zeros").tag(sync=True)
    images = OneOf(*SIDES).tag(sync=True)
    count = NumberIn(32, 1, TRAINING).tag(sync=True)
    seed = NumberIn(0, 0, 9999).tag(sync=True)
    picture = NumberIn(0, 0, HELD_OUT - 1).tag(sync=True)
    row = NumberIn(12, 0, max(SIDES.values()) - 1).tag(sync=True)
    column = NumberIn(14, 0, max(SIDES.values()) - 1).tag(sync=True)

    pixels = traitlets.Dict(help="the images at hand, in 8 bits").tag(sync=True)
    x0_hat = traitlets.Bytes().tag(sync=True, from_json=lambda value, _: bytes(value))

    @traitlets.default("pixels")
    def _pixels(self):
        shape, content = image_bytes(self.images)
        return {"name": self.images, "shape": shape, "bytes": content}

    @traitlets.observe("images")
    def _images_changed(self, change):
        self.pixels = self._pixels()

    @traitlets.validate("patch_size", "boundary", "images", "row", "column")
    def _fits(self, proposal):
        name, value = proposal.trait.name, proposal.value
        state = self.state | {name: value}
        side = SIDES[state["images"]]
        largest = 2 * side - 1 if state["boundary"] == "zeros" else side - 1 + side % 2
        size = state["patch_size"]
        if size % 2 == 0 or size > largest:
            raise SettingError(
                f"patch_size must be an odd int from 1 to {largest} for {side}x{side} images with "
                f"boundary={state['boundary']!r}, got {size!r}"
            )
        for axis in ("row", "column"):
            if state[axis] >= side:
                raise SettingError(
                    f"{axis} must be an int from 0 to {side - 1} for {side}x{side} images, "
                    f"got {state[axis]!r}"
                )
        return value

    @property
    def alpha_bar(self):
        """The share of the signal's variance that is left at time t."""
        return CosineSchedule().alpha_bar(self.t)

    def denoiser(self):
        """Return the Python machine with the figure's settings."""
        images = held_images(self.images)[: self.count]
        if self.machine in WHOLE:
            return WHOLE[self.machine](images)
        return PATCH[self.machine](images, self.patch_size, self.boundary)

    def truth(self):
        """Return the held-out image under the noise, float32 [1, C, H, W]."""
        return held_images(self.images)[TRAINING + self.picture][None]

    def x_t(self):
        """Return the figure's noisy picture, float32 [1, C, H, W]."""
        truth, alpha_bar = self.truth(), self.alpha_bar
        signal, grain = truth.double(), noise(self.seed, tuple(truth.shape)).double()
        return (alpha_bar**0.5 * signal + (1 - alpha_bar) ** 0.5 * grain).float()

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

    def describe(self):
        image, row, column, weight = self._source()
        return (
            f"{self.summary()} For the pixel at row {self.row}, column {self.column} the heaviest "
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
