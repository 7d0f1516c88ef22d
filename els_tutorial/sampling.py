"""The probability-flow sampler: from noise to a picture, deterministically."""

from typing import NamedTuple

import torch

from els_tutorial.checks import check_batch


class Step(NamedTuple):
    """One step of a trajectory: the time, the noisy image then, and the guess made from it."""

    t: float
    x: torch.Tensor  # [B, C, H, W]
    x0_hat: torch.Tensor  # [B, C, H, W]


def trajectory(denoiser, noise, schedule, steps=20):
    """Run the reverse flow and yield every step (deterministic DDIM).

    Between two calls of the denoiser its guess is held fixed, and the flow is then solved exactly:
    ``x_s = sqrt(a_s) x0_hat + sqrt((1 - a_s) / (1 - a_t)) (x_t - sqrt(a_t) x0_hat)``,
    with a for alpha_bar.

    Args:
        denoiser: anything with ``denoise(x, alpha_bar) -> x0_hat``.
        noise: x at t = 1, float tensor [B, C, H, W], standard normal.
        schedule: anything with ``alpha_bar(t)`` and ``times(steps)``.
        steps: calls of the denoiser, at t = 1, 1 - 1/steps, ..., 1/steps.

    Yields:
        Step: ``steps`` of them. The last ``x0_hat`` is the finished picture.

    Raises:
        ValueError: if noise is no finite float batch, or steps is not a positive int.
    """
    check_batch(noise, "noise")
    return _steps(denoiser, noise, schedule, schedule.times(steps))


def _steps(denoiser, x, schedule, times):
    for t, after in zip(times, [*times[1:], 0.0], strict=True):
        now, then = schedule.alpha_bar(t), schedule.alpha_bar(after)
        x0_hat = denoiser.denoise(x, now)
        yield Step(t, x, x0_hat)
        shrink = ((1 - then) / (1 - now)) ** 0.5
        x = then**0.5 * x0_hat + shrink * (x - now**0.5 * x0_hat)


def sample(denoiser, noise, schedule, steps=20):
    """Return the pictures, tensor [B, C, H, W], in which the reverse flow from ``noise`` ends.

    Arguments and errors are those of :func:`trajectory`.
    """
    for step in trajectory(denoiser, noise, schedule, steps):
        picture = step.x0_hat
    return picture
