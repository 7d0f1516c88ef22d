"""A UNet of the library ``diffusers`` under this book's contract, and two probes of any denoiser.

The library is an extra (``pip install 'els-tutorial[diffusers]'``) and is needed to make such a
UNet, not to import this module. Nothing here fetches weights: whoever has some loads them.
"""

import math

import torch

from els_tutorial.calibration import heat_map, reach
from els_tutorial.checks import check_alpha_bar, check_batch
from els_tutorial.denoiser import Denoiser

PREDICTIONS = ("epsilon", "v_prediction", "sample")


class DiffusersDenoiser(Denoiser):
    """A UNet that keeps the contract ``denoise(x, alpha_bar) -> x0_hat``.

    It is asked at the timestep whose level of noise is nearest to ``alpha_bar``. Gradients flow
    back to x if x asks for them; otherwise nothing is recorded.

    Args:
        unet: a ``UNet2DModel`` or ``UNet2DConditionModel``; or anything that is called as
            ``unet(x, timestep, **conditions)`` and has the answer in ``.sample``. Channels beyond
            those of x (a learned variance) are left out.
        alphas_cumprod: alpha_bar at each timestep, a decreasing tensor [timesteps], as the
            library's schedulers hold it.
        prediction: what the UNet guesses, as its scheduler's ``prediction_type`` says: "epsilon"
            (the noise), "v_prediction" (the velocity) or "sample" (the picture).
        conditions: what else the UNet is told, for each call the same, such as
            ``encoder_hidden_states`` (the text) or ``class_labels``.

    Raises:
        ValueError: if the prediction is unknown, or the levels do not decrease in (0, 1).
    """

    def __init__(self, unet, alphas_cumprod, prediction="epsilon", **conditions):
        if prediction not in PREDICTIONS:
            raise ValueError(
                f"prediction must be one of {', '.join(PREDICTIONS)}; got {prediction!r}"
            )
        levels = torch.as_tensor(alphas_cumprod, dtype=torch.float64).cpu()
        inside = levels.ndim == 1 and len(levels) and levels[-1] > 0 and levels[0] < 1
        if not inside or (levels.diff() >= 0).any():
            raise ValueError("alphas_cumprod must be numbers in (0, 1) that strictly decrease")
        self.unet, self.prediction, self.conditions = unet, prediction, conditions
        self.log_ratios = (levels / (1 - levels)).log()  # of signal to noise

    def timestep(self, alpha_bar):
        """Return the timestep whose log ratio of signal to noise is nearest, an int."""
        wanted = math.log(alpha_bar / (1 - alpha_bar))
        return (self.log_ratios - wanted).abs().argmin().item()

    def _denoise(self, x, alpha_bar):
        with torch.set_grad_enabled(x.requires_grad and torch.is_grad_enabled()):
            answer = self.unet(x, self.timestep(alpha_bar), **self.conditions).sample
        guess = answer[:, : x.shape[1]]
        signal, noise = math.sqrt(alpha_bar), math.sqrt(1 - alpha_bar)
        if self.prediction == "sample":
            return guess
        if self.prediction == "v_prediction":
            return signal * x - noise * guess
        return (x - noise * guess) / signal

    def _check(self, x, alpha_bar):
        check_batch(x)
        check_alpha_bar(alpha_bar)


def heat_side(denoiser, x, alpha_bar, share=0.9):
    """Return how far a denoiser looks: the side of the square with most of the central heat.

    Args:
        denoiser: anything with ``denoise(x, alpha_bar)`` that passes gradients on to x.
        x: noisy pictures, float tensor [B, C, H, W]; what stands at their centre is looked at.
        alpha_bar: float in (0, 1).
        share: of the mean absolute slope of the central pixel, which itself does not count.

    Returns:
        int, odd (see :func:`els_tutorial.calibration.heat_map`).
    """
    return reach(heat_map(denoiser, x, alpha_bar), share)


@torch.no_grad()
def shift_error(denoiser, x, alpha_bar, shift, margin=0):
    """Return how far a denoiser is from commuting with a circular shift.

    Args:
        denoiser: anything with ``denoise(x, alpha_bar) -> x0_hat``.
        x: noisy pictures, float tensor [B, C, H, W].
        alpha_bar: float in (0, 1).
        shift: by how many pixels, down and to the right: an int, or a pair.
        margin: pixels at each edge of the picture that do not count; zero padding is felt there.
            It cannot leave out the seam that the shift moves into the picture.

    Returns:
        float: root of the mean square of denoise(shifted x) - shifted denoise(x), divided by the
        standard deviation of the latter. 0 for an equivariant denoiser, about 1.4 for two guesses
        that have nothing to do with one another.

    Raises:
        ValueError: if the margin leaves no pixel.
    """
    check_batch(x)
    height, width = x.shape[2:]
    if not 0 <= 2 * margin < min(height, width):
        raise ValueError(f"margin must leave some of {height} x {width} pixels, got {margin}")
    by = (shift, shift) if isinstance(shift, int) else tuple(shift)
    first = denoiser.denoise(x.roll(by, (2, 3)), alpha_bar)
    last = denoiser.denoise(x, alpha_bar).roll(by, (2, 3))
    kept = (..., slice(margin, height - margin), slice(margin, width - margin))
    apart = (first - last)[kept].double().square().mean().sqrt()
    return (apart / last[kept].double().std()).item()
