"""Noise that a page and Python draw alike, so that both see the same noisy picture."""

import math

import numpy as np
import torch


def noise(seed, shape):
    """Return standard normal noise, the same numbers as in the browser.

    The generator is mulberry32, made normal by Box and Muller. It serves figures, not statistics:
    there are only 2^32 streams.

    Args:
        seed: int from 0 to 2^32 - 1.
        shape: tuple of positive ints.

    Returns:
        float32 tensor of that shape, filled in row-major order.

    Raises:
        ValueError: if seed or shape is not such a number or tuple.
    """
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 2**32:
        raise ValueError(f"seed must be an int from 0 to 2^32 - 1, got {seed!r}")
    if not all(isinstance(n, int) and n > 0 for n in shape):
        raise ValueError(f"shape must hold positive ints, got {shape!r}")
    length = math.prod(shape)
    pairs = uniforms(seed, length + length % 2).reshape(-1, 2)
    radius = np.sqrt(-2 * np.log(1 - pairs[:, 0]))
    angle = 2 * np.pi * pairs[:, 1]
    values = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    return torch.from_numpy(values.reshape(-1)[:length].astype(np.float32)).reshape(shape)


def uniforms(seed, length):
    """Return ``length`` numbers in [0, 1) of mulberry32, float64. Its state is a plain counter."""
    steps = np.arange(1, length + 1, dtype=np.uint64) * 0x6D2B79F5 + seed
    state = steps.astype(np.uint32)  # modulo 2^32, as are all products below
    z = (state ^ (state >> 15)) * (state | 1)
    z ^= z + (z ^ (z >> 7)) * (z | 61)
    return (z ^ (z >> 14)) / 2**32
