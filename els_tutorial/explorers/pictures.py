"""What the explorers that put noise on a held-out picture share."""

import traitlets

from els_tutorial.explorers.base import Explorer, NumberIn, OneOf
from els_tutorial.explorers.bundle import HELD_OUT, TRAINING, held_images, image_bytes
from els_tutorial.explorers.noise import noise
from els_tutorial.schedules import CosineSchedule

SIDES = {"digits": 28, "faces": 25}  # of the square images, in pixels


class PictureExplorer(Explorer):
    """A figure with one of the held-out pictures of an image set under noise.

    A subclass lists in ``settings`` those of these traits that are part of its state, and always
    ``images``.
    """

    images = OneOf(*SIDES).tag(sync=True)
    picture = NumberIn(0, 0, HELD_OUT - 1).tag(sync=True)
    t = NumberIn(0.5, 0.01, 1.0).tag(sync=True)
    seed = NumberIn(0, 0, 9999).tag(sync=True)

    pixels = traitlets.Dict(help="the images at hand, in 8 bits").tag(sync=True)

    @traitlets.default("pixels")
    def _pixels(self):
        shape, content = image_bytes(self.images)
        return {"name": self.images, "shape": shape, "bytes": content}

    @traitlets.observe("images")
    def _images_changed(self, change):
        self.pixels = self._pixels()

    @property
    def alpha_bar(self):
        """The share of the signal's variance that is left at time t."""
        return CosineSchedule().alpha_bar(self.t)

    def placed(self, picture):
        """Return a picture [1, C, H, W] where the figure shows it; a subclass may move it."""
        return picture

    def _clean(self):
        return held_images(self.images)[TRAINING + self.picture][None]

    def truth(self):
        """Return the held-out image under the noise, float32 [1, C, H, W]."""
        return self.placed(self._clean())

    def x_t(self):
        """Return the figure's noisy picture, float32 [1, C, H, W]."""
        clean, alpha_bar = self._clean(), self.alpha_bar
        signal, grain = clean.double(), noise(self.seed, tuple(clean.shape)).double()
        return self.placed((alpha_bar**0.5 * signal + (1 - alpha_bar) ** 0.5 * grain).float())
