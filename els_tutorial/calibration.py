"""How large a window is at each noise level."""

from bisect import bisect_right

from els_tutorial.checks import check_alpha_bar


class LocalityScales:
    """A window for every noise level: alpha_bar -> odd patch size, constant between its levels.

    Args:
        levels: values of alpha_bar in (0, 1), strictly decreasing (from little noise to much).
        sizes: an odd int for each level.

    A level's size holds from that level on towards more noise, up to the next level; above the
    first level the first size holds.

    Raises:
        ValueError: if the two do not match, levels do not decrease, or a size is not a positive
            odd int.
    """

    def __init__(self, levels, sizes):
        levels, sizes = list(levels), list(sizes)
        if not levels or len(levels) != len(sizes):
            raise ValueError(
                f"levels and sizes must have one length of at least 1, "
                f"got {len(levels)} and {len(sizes)}"
            )
        for level in levels:
            check_alpha_bar(level)
        if any(a <= b for a, b in zip(levels, levels[1:], strict=False)):
            raise ValueError(f"levels must strictly decrease (little noise first), got {levels}")
        for size in sizes:
            if isinstance(size, bool) or not isinstance(size, int) or size < 1 or size % 2 == 0:
                raise ValueError(f"sizes must be positive odd ints, got {size!r}")
        self.levels, self.sizes = levels, sizes

    def __call__(self, alpha_bar):
        """Return the patch size at ``alpha_bar``, an odd int."""
        check_alpha_bar(alpha_bar)
        # A relative 1e-9 takes alpha_bar computed twice along different ways for the same level.
        reached = bisect_right(self.levels, -alpha_bar * (1 - 1e-9), key=lambda level: -level)
        return self.sizes[max(reached - 1, 0)]


def published(name, schedule):
    """Return the windows that the paper's authors published for one of their networks.

    Args:
        name: "mnist-resnet", "mnist-resnet-circular" or "mnist-unet".
        schedule: the schedule of the 20 steps for which they were found.

    Returns:
        LocalityScales: for t = 0.05, 0.10, ..., 1.

    Raises:
        ValueError: if the name is unknown.
    """
    if name not in _PUBLISHED:
        raise ValueError(f"name must be one of {', '.join(_PUBLISHED)}; got {name!r}")
    sizes = _PUBLISHED[name]
    return LocalityScales([schedule.alpha_bar(t) for t in reversed(schedule.times(20))], sizes)


# Low to high noise, from the repository published with Kamb & Ganguli (2025).
_PUBLISHED = {
    "mnist-resnet": [3, 3, 5, 5, 5, 7, 7, 7, 9, 9, 11, 11, 11, 11, 13, 15, 15, 15, 15, 15],
    "mnist-resnet-circular": [3, 3, 5, 5, 5, 7, 7, 9, 9, 9, 11, 11, 11, 11, 9, 9, 7, 7, 3, 3],
    "mnist-unet": [3, 3, 3, 5, 5, 7, 7, 7, 9, 9, 9, 11, 13, 15, 17, 21, 23, 23, 25, 27],
}
