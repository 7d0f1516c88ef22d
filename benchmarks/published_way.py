"""The machines in the way of the paper's published code, written anew and plainly.

Every training patch, or image, is a convolution filter; squared distances come from expanded
squares; the softmax runs over batches of training images with a running maximum. With zero borders
the middle, each row of an edge, and the corners are compared apart, each with its own kind, as
there; votes are laid out, then added up. One thing differs: on the torus training patches wrap, so
that all ways compute one thing (the published code takes whole patches alone). Kept only to be
measured against: see `speed.py`.
"""

import torch
import torch.nn.functional as F


def denoise(kind, images, x, alpha_bar, patch_size=None, boundary="circular"):
    """Return a machine's guess for one noisy image x [1, C, H, W]; kind is LS, ES or ELS."""
    if kind == "ES":
        return _mean(_every_shift, x, images, alpha_bar)
    if kind == "ELS" and boundary == "zeros":
        return _with_border(x, images, alpha_bar, patch_size)
    mode = "circular" if boundary == "circular" else "constant"
    x, images = (F.pad(each, (patch_size // 2,) * 4, mode=mode) for each in (x, images))
    way = {"LS": _same_place, "ELS": _every_place}[kind]
    return _mean(way, x, images, alpha_bar, patch_size)


def _mean(way, x, images, *settings, batch=64):
    """Return the weighted mean over batches of images, with a running maximum.

    A way returns logits [1, K, ...] and a function that makes of weights what is added.
    """
    top, total, weighted = torch.tensor(-torch.inf), 0.0, 0.0
    for block in images.split(batch):
        logits, votes = way(x, block, *settings)
        highest = torch.maximum(top, logits.amax(1, keepdim=True))
        weights, rescale = torch.exp(logits - highest), torch.exp(top - highest)
        total = total * rescale + weights.sum(1, keepdim=True)
        weighted = weighted * rescale + votes(weights)
        top = highest
    return weighted / total


def _with_border(x, images, alpha_bar, patch_size):
    """The machine with a border: the middle, then each side in turn, made the upper one."""
    guess, radius, near = torch.empty_like(x), patch_size // 2, patch_size - 1
    middle = slice(radius, -radius)
    guess[..., middle, middle] = _mean(_every_place, x, images, alpha_bar, patch_size)
    for _ in range(4):
        above = [F.pad(each[..., :near, :], (0, 0, radius, 0)) for each in (x, images)]
        for row in range(radius):
            strips = (each[..., row : row + patch_size, :] for each in above)
            guess[..., row : row + 1, middle] = _mean(_every_place, *strips, alpha_bar, patch_size)
        corners = (F.pad(each[..., :near], (radius, 0)) for each in above)
        guess[..., :radius, :radius] = _mean(_same_place, *corners, alpha_bar, patch_size)
        guess, x, images = (each.rot90(1, (2, 3)) for each in (guess, x, images))
    return guess


def _same_place(x, block, alpha_bar, patch_size):
    """Each window of x [1, C, H', W'] against those of the block [n, C, H', W'] at its place."""
    height, width = (length - patch_size + 1 for length in x.shape[2:])
    query, keys = F.unfold(x, patch_size), F.unfold(block, patch_size)  # [n, C p p, H W]
    distances = (query - alpha_bar**0.5 * keys).square().sum(1)
    logits = (distances / (-2 * (1 - alpha_bar))).view(1, len(block), height, width)
    radius = patch_size // 2
    centres = block[..., radius : radius + height, radius : radius + width]
    return logits, lambda weights: (weights[:, :, None] * centres).sum(1)


def _every_place(x, block, alpha_bar, patch_size):
    """Each window of x [1, C, H', W'] against all windows of the block [n, C, H', W']."""
    channels, radius = x.shape[1], patch_size // 2
    own = F.conv2d(x.square(), torch.ones(1, channels, patch_size, patch_size))
    patches = F.unfold(block, patch_size).movedim(1, 2)  # [n, H W, C p p]
    filters = patches.reshape(-1, channels, patch_size, patch_size)
    products = F.conv2d(x, filters)  # [1, n H W, H, W]
    norms = filters.square().sum((1, 2, 3))[None, :, None, None]
    logits = -(own - 2 * alpha_bar**0.5 * products + alpha_bar * norms) / (2 * (1 - alpha_bar))
    centres = filters[:, :, radius, radius, None, None]  # [n H W, C, 1, 1]
    return logits, lambda weights: (weights[:, :, None] * centres).sum(1)


def _every_shift(x, block, alpha_bar):
    """The picture against all shifts of the block's images."""
    height, width = x.shape[2:]
    wrapped = F.pad(x, (0, width - 1, 0, height - 1), mode="circular")
    products = F.conv2d(wrapped, block)  # [1, n, H, W]: entry (a, b) is x against a shift back
    norms = block.square().sum((1, 2, 3))[None, :, None, None]
    distances = x.square().sum() - 2 * alpha_bar**0.5 * products + alpha_bar * norms
    logits = (distances / (-2 * (1 - alpha_bar))).flatten(1)[..., None, None]  # [1, n H W, 1, 1]

    def votes(weights):
        shifts = F.pad(weights.view(products.shape), (width - 1, 0, height - 1, 0), mode="circular")
        return F.conv2d(shifts, block.flip(2, 3).transpose(0, 1))

    return logits, votes
