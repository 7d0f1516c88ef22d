"""What machines and baselines share: the contract, the checks, and where a pixel comes from."""

from typing import NamedTuple

import torch

from els_tutorial.attention import BLOCK, merge
from els_tutorial.blocks import streamed
from els_tutorial.checks import check_alpha_bar, check_batch, check_images


class Provenance(NamedTuple):
    """The heaviest training pixel for each pixel: tensors [B, H, W].

    ``image``, ``row`` and ``column`` (int64) say where that pixel stands in the training set;
    ``weight`` (float64) is its share of the softmax. Among equal patches the first one counts.
    """

    image: torch.Tensor
    row: torch.Tensor
    column: torch.Tensor
    weight: torch.Tensor


class Denoiser:
    """What the four machines and the baselines share: the training images, and the contract."""

    def __init__(self, images):
        check_images(images)
        self.images = images

    def denoise(self, x, alpha_bar):
        """Return the posterior mean E[x_0 | x_t = x].

        Args:
            x: noisy images, float tensor [B, C, H, W], x = sqrt(alpha_bar) x_0
                + sqrt(1 - alpha_bar) noise.
            alpha_bar: share of the signal's variance that is left, float in (0, 1).

        Returns:
            tensor [B, C, H, W] of x's dtype.

        Raises:
            ValueError: if x is no finite float batch shaped like the training images, or alpha_bar
                lies outside (0, 1).
        """
        self._check(x, alpha_bar)
        return self._denoise(x, float(alpha_bar)).to(x.dtype)

    def score(self, x, alpha_bar):
        """Return the score, the gradient of log p_t at x, by Tweedie's formula.

        Args and errors are those of :meth:`Denoiser.denoise`. Returns a tensor [B, C, H, W]:
        ``(sqrt(alpha_bar) * x0_hat - x) / (1 - alpha_bar)`` of eq. 3.
        """
        x0_hat = self.denoise(x, alpha_bar)
        return (alpha_bar**0.5 * x0_hat - x) / (1 - alpha_bar)

    def _check(self, x, alpha_bar):
        check_batch(x)
        if x.shape[1:] != self.images.shape[1:]:
            raise ValueError(
                f"x must have the training images' shape [B, "
                f"{', '.join(map(str, self.images.shape[1:]))}], got {list(x.shape)}"
            )
        if x.device != self.images.device:
            raise ValueError(f"x is on {x.device}, the training images on {self.images.device}")
        check_alpha_bar(alpha_bar)

    def _blocks(self, numbers_per_image):
        """Return the training images in blocks of about ``BLOCK`` numbers."""
        return self.images.split(max(1, BLOCK // numbers_per_image))


class Machine(Denoiser):
    """A denoiser that goes through its images block by block, and can say which one weighs most.

    So it takes images that do not fit into memory (:func:`els_tutorial.blocks.streamed`), and what
    machines over parts of a set answer can be merged (:meth:`partial`).
    """

    def __init__(self, images):
        self.images = streamed(images)

    def partial(self, x, alpha_bar):
        """Return the posterior mean and its weight: all that another part of the set must know.

        :func:`els_tutorial.attention.merge` joins the pairs of two machines over two sets of images
        to that of one machine over both, exactly.

        Args and errors are those of :meth:`Denoiser.denoise`.

        Returns:
            (mean, lse): a tensor [B, C, H, W] of x's dtype, and a float64 tensor [B, 1, H, W] (with
            whole images [B, 1, 1, 1]), the log of the sum over candidates of
            exp(-|window of x - sqrt(alpha_bar) candidate|^2 / (2 (1 - alpha_bar))).
        """
        self._check(x, alpha_bar)
        mean, lse = self._partial(x, float(alpha_bar))
        return mean.to(x.dtype), lse

    def _denoise(self, x, alpha_bar):
        return self._partial(x, alpha_bar)[0]

    def _merged(self, x, part):
        """Merge part(picture, block) -> (mean, lse) over all blocks, for each picture, in float64.

        One pass over the images serves the whole batch.
        """
        totals = [None] * len(x)
        for block in self._blocks(x[0].numel()):
            block = block.double()
            for b, picture in enumerate(x.double()):
                totals[b] = merge(totals[b], part(picture, block))
        return tuple(map(torch.stack, zip(*totals, strict=True)))

    def provenance(self, x, alpha_bar):
        """Say for each pixel which training pixel has the largest weight.

        Args and errors are those of :meth:`Denoiser.denoise`.

        Returns:
            Provenance: tensors ``image``, ``row``, ``column``, ``weight``, each [B, H, W].
        """
        self._check(x, alpha_bar)
        return self._provenance(x, float(alpha_bar))

    def _places(self, x):
        """Return each pixel's own row and column, [B, H, W] each."""
        b, _, h, w = x.shape
        row = torch.arange(h, device=x.device)[:, None].expand(b, h, w)
        column = torch.arange(w, device=x.device).expand(b, h, w)
        return row, column
