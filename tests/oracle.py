"""Posterior means by brute force, in float64, from the definitions. Slow and obviously right."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


def windows(images, size, boundary):
    """The windows around every pixel: [N, C, H, W] -> [N, C, H, W, size, size]."""
    r = size // 2
    mode = {"mode": "wrap"} if boundary == "circular" else {"constant_values": 0}
    padded = np.pad(images, ((0, 0), (0, 0), (r, r), (r, r)), **mode)
    return sliding_window_view(padded, (size, size), axis=(2, 3))


def posterior(kind, images, x, i, j, alpha_bar, size=None, boundary=None):
    """The candidates of pixel (i, j) of x [C, H, W]: weights [K], values [K, C], origins [K, 3]."""
    n, _, height, width = images.shape
    places = np.stack(np.meshgrid(*map(np.arange, (n, height, width)), indexing="ij"), -1)
    here = (places[..., 1] == i) & (places[..., 2] == j)  # the same pixel of each image
    if kind in ("IS", "ES"):
        size, boundary = None, None
        # Every training image, rolled so that its pixel (u, v) comes to (i, j).
        keys = [
            [[np.roll(y, (i - u, j - v), axis=(1, 2)) for v in range(width)] for u in range(height)]
            for y in images
        ]
        keys, query = np.array(keys), x  # [N, H, W, C, H, W]
        allowed = here if kind == "IS" else np.ones_like(here)
    else:
        keys = windows(images, size, boundary).transpose(0, 2, 3, 1, 4, 5)  # [N, H, W, C, p, p]
        query = windows(x[None], size, boundary)[0, :, i, j]
        inside = windows(np.ones((1, 1, height, width)), size, boundary)[0, 0]  # [H, W, p, p]
        same_cut = (inside == inside[i, j]).all((2, 3))
        allowed = here if kind == "LS" else np.broadcast_to(same_cut, here.shape)
    keys, origins = keys[allowed], places[allowed]
    squares = np.square(query - np.sqrt(alpha_bar) * keys).sum((1, 2, 3))
    logits = -squares / (2 * (1 - alpha_bar))
    weights = np.exp(logits - logits.max())
    values = images[origins[:, 0], :, origins[:, 1], origins[:, 2]]
    return weights / weights.sum(), values, origins


def denoise(kind, images, x, alpha_bar, size=None, boundary=None):
    """The posterior mean of every pixel of the batch x [B, C, H, W]."""
    images, x = np.asarray(images, np.float64), np.asarray(x, np.float64)
    out = np.empty_like(x)
    for b, i, j in np.ndindex(x.shape[0], *x.shape[2:]):
        weights, values, _ = posterior(kind, images, x[b], i, j, alpha_bar, size, boundary)
        out[b, :, i, j] = weights @ values
    return out
