"""The explorer "mosaic": a sample grown step by step, coloured by where its pixels come from."""

import traitlets

from els_tutorial import sampling
from els_tutorial.calibration import published
from els_tutorial.explorers import mosaic_drawings as drawings
from els_tutorial.explorers.base import Explorer, NumberIn, OneOf, SettingError
from els_tutorial.explorers.bundle import TRAINING, held_images, image_bytes, module
from els_tutorial.explorers.machine import PATCH, WHOLE
from els_tutorial.explorers.mosaic_sources import letters, sources, tinted
from els_tutorial.explorers.mosaic_words import BORDERS, describe
from els_tutorial.explorers.noise import noise
from els_tutorial.figures import blank, draw, outline, png
from els_tutorial.schedules import CosineSchedule

SCHEDULE = CosineSchedule()
# Name of a set -> its side in pixels, and what its images are called.
SETS = {
    "digits": (28, "digits"),
    "faces": (25, "faces"),
    "photos": (32, "crops of photographs"),
    "textures": (32, "crops of textures"),
    "two_tone": (31, "two-tone images"),
    "own": (drawings.SIDE, "own images"),
}
WHOLE_SETS = ("two_tone", "own")  # of which all images are used, whatever ``count`` says


class OwnImages(traitlets.TraitType):
    """A setting that takes own images as bytes, three planes of 28 x 28 for each; or none."""

    default_value = b""

    def validate(self, obj, value):
        size = 3 * drawings.SIDE**2
        right = isinstance(value, bytes) and len(value) % size == 0
        if not right or len(value) > drawings.MOST * size:
            got = f"{len(value)} bytes" if isinstance(value, bytes) else repr(value)
            raise SettingError(
                f"{self.name} must be bytes, {size} for each of at most {drawings.MOST} images; "
                f"got {got}"
            )
        return value


class MosaicExplorer(Explorer):
    """A sample that grows from noise, and the training image that each pixel comes from.

    All arguments are traits, synced with the figure. It sets three more: ``readout`` (what it says
    in words), ``x0_hat`` (the guess that is shown, float32 bytes, [C, H, W]), and ``own``, the
    images that the reader drew or dropped in (see :meth:`own_images`). They stay in the browser, or
    in a live notebook in its kernel, and are no part of a link.

    Args:
        machine: "ELS", "LS", "IS" or "ES".
        windows: "fixed" (``patch_size`` at every step) or "shrinking" (coarse to fine: the windows
            that the paper's authors published for their ResNet on digits, from 15 down to 3).
        patch_size: odd int, up to the side of the images (circular), or twice it less one (zeros).
        boundary: "circular" or "zeros"; for LS and ELS.
        images: "digits", "faces", "photos", "textures", "two_tone" or "own". Until the reader has
            drawn, "own" are four line drawings.
        count: number of training images, int from 1 to 64; of two_tone and own all are used.
        seed: of the noise from which the sample grows, int from 0 to 9999.
        steps: of the sampler, int from 1 to 50.
        step: which is shown, int from 1 to ``steps``. Step k is at t = (steps - k + 1) / steps, and
            the guess of the last one is the finished sample.
        view: the map of the sources: "both" (its colours darkened as the picture is), "sources"
            (colours alone), "letters" (colours and letters) or "sample" (no map).
        row, column: the pixel under study.
        prompt: the line after "Try this".
        hide: names of controls to leave out.

    Raises:
        ValueError: if a setting has a value that it cannot have.
    """

    name = "mosaic"
    settings = (
        *("machine", "windows", "patch_size", "boundary", "images", "count", "seed"),
        *("steps", "step", "view", "row", "column"),
    )
    controls = (*settings, "grow", "pixel", "draw", "reset", "link")
    _esm = module("mosaic")

    machine = OneOf("ELS", "LS", "IS", "ES").tag(sync=True)
    windows = OneOf("fixed", "shrinking").tag(sync=True)
    patch_size = NumberIn(5, 1, 63).tag(sync=True)
    boundary = OneOf(*BORDERS).tag(sync=True)
    images = OneOf(*SETS).tag(sync=True)
    count = NumberIn(24, 1, TRAINING).tag(sync=True)
    seed = NumberIn(0, 0, 9999).tag(sync=True)
    steps = NumberIn(20, 1, 50).tag(sync=True)
    step = NumberIn(20, 1, 50).tag(sync=True)
    view = OneOf("both", "sources", "letters", "sample").tag(sync=True)
    row = NumberIn(12, 0, 31).tag(sync=True)
    column = NumberIn(14, 0, 31).tag(sync=True)

    own = OwnImages().tag(sync=True, from_json=lambda value, _: bytes(value))
    pixels = traitlets.Dict(help="the images at hand, in 8 bits").tag(sync=True)
    x0_hat = traitlets.Bytes().tag(sync=True, from_json=lambda value, _: bytes(value))
    _walked = _traced = (None, ())

    @traitlets.default("pixels")
    def _pixels(self):
        shape, content = image_bytes(self.images)
        return {"name": self.images, "shape": shape, "bytes": content}

    @traitlets.observe("images")
    def _images_changed(self, change):
        self.pixels = self._pixels()

    @traitlets.validate("patch_size", "boundary", "images", "steps", "step", "row", "column")
    def _fits(self, proposal):
        self.check(self.state | {proposal.trait.name: proposal.value})
        return proposal.value

    def check(self, state):
        side, _ = SETS[state["images"]]
        largest = 2 * side - 1 if state["boundary"] == "zeros" else side - 1 + side % 2
        size = state["patch_size"]
        if size % 2 == 0 or size > largest:
            raise SettingError(
                f"patch_size must be an odd int from 1 to {largest} for {side}x{side} images with "
                f"boundary={state['boundary']!r}, got {size!r}"
            )
        for name, most in (("row", side - 1), ("column", side - 1), ("step", state["steps"])):
            if state[name] > most:
                raise SettingError(f"{name} must be an int up to {most}, got {state[name]!r}")

    def own_images(self):
        """Return the reader's own images, float32 [N, C, 28, 28], C being 1 or 3; none yet: N = 0.

        In a live notebook they are what stands in the figure's editor.
        """
        return drawings.from_bytes(self.own) if self.own else drawings.starters()[:0]

    def training(self):
        """Return the images that the machine learns from, float32 [N, C, H, W]."""
        if self.images == "own" and self.own:
            return self.own_images()
        images = held_images(self.images)
        return images if self.images in WHOLE_SETS else images[: self.count]

    def denoiser(self):
        """Return the Python machine with the figure's settings."""
        if self.machine in WHOLE:
            return WHOLE[self.machine](self.training())
        size = self.patch_size
        if self.windows == "shrinking":
            size = published("mnist-resnet", SCHEDULE)
        return PATCH[self.machine](self.training(), size, self.boundary)

    def trajectory(self):
        """Return the steps of the sampler, a list of :class:`els_tutorial.sampling.Step`."""
        key = self._key()
        if self._walked[0] != key:
            start = noise(self.seed, (1, *self.training().shape[1:]))
            walk = sampling.trajectory(self.denoiser(), start, SCHEDULE, self.steps)
            self._walked = (key, list(walk))
        return self._walked[1]

    def _key(self):
        return (self.own, *(getattr(self, name) for name in _GROWS))

    def shown(self):
        """Return the step that is shown."""
        return self.trajectory()[self.step - 1]

    def sample(self):
        """Return the finished sample, float32 [1, C, H, W]."""
        return self.trajectory()[-1].x0_hat

    def sources(self):
        """Return where the pixels come from at the step that is shown, as ``mosaic_sources`` says.

        For a pixel whose heaviest candidate has no copies it is what ``machine.provenance`` finds.
        """
        key = (self.step, *self._key())
        if self._traced[0] != key:
            step = self.shown()
            self._traced = (key, sources(self.denoiser(), step.x, SCHEDULE.alpha_bar(step.t)))
        return self._traced[1]

    @property
    def _patches(self):
        return self.machine in PATCH

    def summary(self):
        size = self.patch_size
        patches = f"{size} × {size} patches" if self.windows == "fixed" else "shrinking patches"
        named = f"{self.machine} machine" + (f" with {patches}" if self.machine in PATCH else "")
        return (
            f"A sample of the {named}, grown from noise in {self.steps} steps out of "
            f"{self._learned()}, and where its pixels come from."
        )

    def describe(self):
        return describe(self, self._learned())

    def _learned(self):
        count, called = len(self.training()), SETS[self.images][1]
        if self.images not in WHOLE_SETS:
            return f"{count} of the {called}"
        return f"{count} {called if count > 1 else called.removesuffix('s')}"

    def still(self):
        t, x, x0_hat = self.shown()
        found, pixel = self.sources(), (self.row, self.column)
        names, _ = letters(found, len(self.training()))
        colours = tinted(names, x0_hat[0] if self.view == "both" else None)
        image, *source = (int(part[pixel]) for part in found[:3])
        panels = [
            (f"$x_t$, step {self.step} of {self.steps}", x[0], pixel, "window"),
            (r"guess $\hat{x}_0$", x0_hat[0], pixel, None),
            ("coloured by source", colours, pixel, None),
            (f"training image {image}", self.training()[image], source, "source"),
        ]
        if self.view == "sample":
            del panels[2]
        figure = blank(7.6, 2.15)
        rooms = figure.subplots(1, len(panels))
        for axes, (title, picture, place, square) in zip(rooms, panels, strict=True):
            draw(axes, picture)
            axes.set_title(title, fontsize=9)
            if square and self.machine in PATCH:
                size = self.denoiser().patch_size_at(SCHEDULE.alpha_bar(t))
                outline(axes, *place, size, square)
            outline(axes, *place, 1, "pixel")
        return png(figure)


# The settings on which the trajectory depends.
_GROWS = ("machine", "windows", "patch_size", "boundary", "images", "count", "seed", "steps")
