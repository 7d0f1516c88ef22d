"""The machines as the paper's published code computes them, written anew and plainly.

Every training patch, or image, is a convolution filter; squared distances come from expanded
squares; the softmax runs over batches of training images with a running maximum. Where the border
breaks the symmetry, all patches are compared and the wrong ones masked. Kept only to be measured
against: see `speed.py`.
"""

import torch
import torch.nn.functional as F


def denoise(kind, images, x, alpha_bar, patch_size=None, boundary="circular", batch=64):
    """Return a machine's guess for one noisy image x [1, C, H, W]; kind is LS, ES or ELS."""
    way = {"LS": _local, "ES": _equivariant, "ELS": _both}[kind]
    running = _Softmax(x)
    for block in images.split(batch):
        running.add(*way(block, x, alpha_bar, patch_size, boundary))
    return running.weighted / running.total


class _Softmax:
    """A weighted mean with a running maximum."""

    def __init__(self, x):
        self.top = torch.full((1, 1, 1, 1), -torch.inf)
        self.total, self.weighted = torch.zeros(1, 1, 1, 1), torch.zeros_like(x)

    def add(self, logits, mean):
        """Add logits [1, K, H, W], or [1, K, 1, 1]; mean makes of weights what is added."""
        top = torch.maximum(self.top, logits.amax(1, keepdim=True))
        weights, rescale = torch.exp(logits - top), torch.exp(self.top - top)
        self.total = self.total * rescale + weights.sum(1, keepdim=True)
        self.weighted = self.weighted * rescale + mean(weights)
        self.top = top


def _pad(images, radius, boundary):
    mode = "circular" if boundary == "circular" else "constant"
    return F.pad(images, (radius,) * 4, mode=mode)


def _local(block, x, alpha_bar, patch_size, boundary):
    radius = patch_size // 2
    query = F.unfold(_pad(x, radius, boundary), patch_size)  # [1, C p p, H W]
    keys = F.unfold(_pad(block, radius, boundary), patch_size)  # [n, C p p, H W]
    distances = (query - alpha_bar**0.5 * keys).square().sum(1)
    logits = (distances / (-2 * (1 - alpha_bar))).view(1, len(block), *x.shape[2:])
    return logits, lambda weights: torch.einsum("bkhw,kchw->bchw", weights, block)


def _equivariant(block, x, alpha_bar, patch_size, boundary):
    height, width = x.shape[2:]
    wrapped = F.pad(x, (0, width - 1, 0, height - 1), mode="circular")
    products = F.conv2d(wrapped, block)  # [1, n, H, W]: entry (a, b) is x against a shift back
    norms = block.square().sum((1, 2, 3))[None, :, None, None]
    distances = x.square().sum() - 2 * alpha_bar**0.5 * products + alpha_bar * norms
    logits = (distances / (-2 * (1 - alpha_bar))).flatten(1)[..., None, None]  # [1, n H W, 1, 1]

    def mean(weights):
        shifts = F.pad(weights.view(products.shape), (width - 1, 0, height - 1, 0), mode="circular")
        return F.conv2d(shifts, block.flip(2, 3).transpose(0, 1))

    return logits, mean


def _both(block, x, alpha_bar, patch_size, boundary):
    channels, radius = x.shape[1], patch_size // 2
    noisy = _pad(x, radius, boundary)
    own = F.conv2d(noisy.square(), torch.ones(1, channels, patch_size, patch_size))
    patches = F.unfold(_pad(block, radius, boundary), patch_size).movedim(1, 2)  # [n, H W, C p p]
    filters = patches.reshape(-1, channels, patch_size, patch_size)
    products = F.conv2d(noisy, filters)  # [1, n H W, H, W]
    norms = filters.square().sum((1, 2, 3))[None, :, None, None]
    logits = -(own - 2 * alpha_bar**0.5 * products + alpha_bar * norms) / (2 * (1 - alpha_bar))
    if boundary == "zeros":
        inside = F.unfold(_pad(torch.ones_like(x[:, :1]), radius, boundary), patch_size)[0].T
        same = (torch.cdist(inside, inside, p=1) < 0.5).repeat(len(block), 1)  # [n H W, H W]
        logits = logits.masked_fill(~same.view(logits.shape), -torch.inf)
    centres = filters[:, :, radius, radius]  # [n H W, C]
    return logits, lambda weights: torch.einsum("bkhw,kc->bchw", weights, centres)
