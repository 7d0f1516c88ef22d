"""How much of the picture is left at time t: the noise schedules alpha_bar(t)."""

import math


def _check_time(t):
    """Raise ValueError unless ``t`` lies between clean, 0, and noise, 1."""
    if not 0 <= t <= 1:
        raise ValueError(f"t must lie in [0, 1] (0 is clean, 1 is noise), got {t!r}")


class CosineSchedule:
    """The cosine schedule of the code published with the paper, cos(pi t / 2.016)^2.

    Time t runs from 0 (clean) to 1 (noise). A noisy image is
    ``x_t = sqrt(alpha_bar) * x_0 + sqrt(1 - alpha_bar) * noise``.
    """

    def alpha_bar(self, t):
        """Return the share of the signal's variance left at time ``t``.

        Args:
            t: float in [0, 1]; 0 is the clean image, 1 is (almost) pure noise.

        Returns:
            float: 1 at t = 0, falling to 0.00016 at t = 1.

        Raises:
            ValueError: if t lies outside [0, 1].
        """
        _check_time(t)
        return math.cos(math.pi * t / 2.016) ** 2

    def times(self, steps):
        """Return the times at which a sampler with ``steps`` steps calls its denoiser.

        Args:
            steps: number of steps, a positive int.

        Returns:
            list of float: 1, 1 - 1/steps, ..., 1/steps. The step after the last one is t = 0.

        Raises:
            ValueError: if steps is not a positive int.
        """
        if isinstance(steps, bool) or not isinstance(steps, int) or steps < 1:
            raise ValueError(f"steps must be a positive int, got {steps!r}")
        return [k / steps for k in range(steps, 0, -1)]


class LinearSchedule:
    """The schedule whose rate of noising grows linearly, alpha_bar(t) = exp(-0.1 t - 9.95 t^2).

    The rate is ``b(t) = 0.1 + 19.9 t``, and ``log alpha_bar(t)`` is minus its integral from 0 to t.
    It is the limit of many small steps of the schedule that first made diffusion models work: its
    thousand steps have variances growing linearly from 0.0001 to 0.02.
    """

    def alpha_bar(self, t):
        """Return the share of the signal's variance left at time ``t``.

        Args:
            t: float in [0, 1]; 0 is the clean image, 1 is (almost) pure noise.

        Returns:
            float: 1 at t = 0, falling to 0.00004 at t = 1.

        Raises:
            ValueError: if t lies outside [0, 1].
        """
        _check_time(t)
        return math.exp(-0.1 * t - 9.95 * t * t)

    times = CosineSchedule.times
