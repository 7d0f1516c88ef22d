"""What any theory must beat: the linear (Wiener) denoiser and the nearest training image."""

import torch

from els_tutorial.attention import heaviest, patch_logits
from els_tutorial.machines import Denoiser


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
        self.variances = singular.square() / len(flat)

    def _denoise(self, x, alpha_bar):
        gain = alpha_bar**0.5 * self.variances / (alpha_bar * self.variances + 1 - alpha_bar)
        centred = x.double().flatten(1) - alpha_bar**0.5 * self.mean
        return (self.mean + (centred @ self.axes.T * gain) @ self.axes).view_as(x)


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
