"""What any theory must beat: the linear (Wiener) denoiser, and two that compare with its help.

:class:`WienerLocalScore` takes its windows from the linear denoiser, :class:`NearestImage` none.
"""

import torch

from els_tutorial.attention import heaviest, patch_logits
from els_tutorial.checks import check_alpha_bar
from els_tutorial.denoiser import Denoiser, Machine
from els_tutorial.machines import LocalScore


class GaussianScore(Denoiser):
    """The Wiener filter: the posterior mean if images were Gaussian, with the set's moments.

    E[x_0 | x] = mu + sqrt(a) S (a S + (1 - a) I)^-1 (x - sqrt(a) mu)

    with a for alpha_bar, mu the mean and S the covariance of the set (with 1 / N).

    Args:
        images: training images, float tensor [N, C, H, W] in [-1, 1].

    Raises:
        ValueError: if images is not such a tensor.
    """

    def __init__(self, images):
        super().__init__(images)
        flat = images.double().flatten(1)
        self.mean = flat.mean(0)
        # Principal axes of the set; the covariance (with 1 / N) is axes^T diag(variances) axes.
        _, singular, self.axes = torch.linalg.svd(flat - self.mean, full_matrices=False)
        self.axes[:, (flat == flat[0]).all(0)] = 0  # never changes: what is there is rounding
        self.variances = singular.square() / len(flat)

    def sensitivity(self, alpha_bar):
        """Return how much the guess of each number depends on each noisy number: the Jacobian.

        Args:
            alpha_bar: float in (0, 1).

        Returns:
            float64 tensor [C * H * W, C * H * W], symmetric: row i belongs to number i of the
            guess. It does not depend on x, since the filter is affine.

        Raises:
            ValueError: if alpha_bar lies outside (0, 1).
        """
        check_alpha_bar(alpha_bar)
        return self.axes.T * self._gain(float(alpha_bar)) @ self.axes

    def _gain(self, alpha_bar):
        return alpha_bar**0.5 * self.variances / (alpha_bar * self.variances + 1 - alpha_bar)

    def _denoise(self, x, alpha_bar):
        centred = x.double().flatten(1) - alpha_bar**0.5 * self.mean
        return (self.mean + (centred @ self.axes.T * self._gain(alpha_bar)) @ self.axes).view_as(x)


class WienerLocalScore(Machine):
    """The local score (LS) with windows that the covariance of the images draws.

    The window of a pixel i holds the pixels j to which the Wiener filter's guess of i is at least
    ``threshold`` times as sensitive as to i itself. It has any shape, and is another one at every
    place and every noise level. The idea is that of Lukoianov et al., arXiv 2509.09672. Their
    published code measures a row by another yardstick (the threshold is a share of the largest
    entry of the whole matrix, each of its rows divided by its diagonal; a window takes a column of
    it), gives each colour channel its own window, and takes the softmax batch by batch.

    Args:
        images: training images, float tensor [N, C, H, W] in [-1, 1].
        threshold: float in (0, 1).

    Raises:
        ValueError: if images is not such a tensor, or threshold is not such a number.
    """

    def __init__(self, images, threshold=0.02):
        super().__init__(images)
        check_alpha_bar(threshold, "threshold")
        self.threshold = threshold
        self.linear = GaussianScore(images)
        self._held = (None, None)  # the last noise level, and its windows

    def windows(self, alpha_bar):
        """Return the windows of all pixels, bool tensor [H, W, H, W]: [i, j, k, l] is whether pixel
        (k, l) is in the window of pixel (i, j).

        Raises:
            ValueError: if alpha_bar lies outside (0, 1).
        """
        channels, *sides = self.images.shape[1:]
        entries = self.linear.sensitivity(alpha_bar).view(channels, -1, channels, *sides)
        size = entries.square().sum((0, 2)).sqrt().flatten(1)  # [H * W, H * W]
        own = size.diagonal()[:, None]
        # A pixel that never changes is sensitive to nothing: it stands alone.
        inside = (size >= self.threshold * own) & (size > 1e-12 * size.max())
        return (inside | torch.eye(len(size), dtype=torch.bool, device=size.device)).view(
            *sides, *sides
        )

    def _logits(self, picture, block, alpha_bar):
        """Return the logits [N, H, W] of a block [N, C, H, W] for picture [C, H, W], in float64."""
        if self._held[0] != alpha_bar:
            self._held = (alpha_bar, self.windows(alpha_bar).flatten(2).flatten(0, 1).T.double())
        squares = (picture - alpha_bar**0.5 * block).square().sum(1)  # [N, H, W]
        distances = (squares.flatten(1) @ self._held[1]).view_as(squares)
        return distances / (-2 * (1 - alpha_bar))

    # All else is as in LS: one softmax over the training images for each pixel.
    _partial, _provenance = LocalScore._partial, LocalScore._provenance


class NearestImage(Denoiser):
    """The training image nearest to x / sqrt(alpha_bar): the ideal score, told to decide at once.

    Args:
        images: training images, float tensor [N, C, H, W] in [-1, 1].

    Raises:
        ValueError: if images is not such a tensor.
    """

    def _denoise(self, x, alpha_bar):
        blocks = self._blocks(x[0].numel())
        logits = (patch_logits(x.flatten(1), b.flatten(1), alpha_bar) for b in blocks)
        return self.images[heaviest(logits)[0]]
