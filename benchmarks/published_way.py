"""The ELS machine as the paper's published code computes it, written anew and plainly.

Every training patch is a convolution filter; squared distances come from expanded squares; the
softmax runs over batches of training images with a running maximum. Kept only to be measured
against: see `kernel.py`.
"""

import torch
import torch.nn.functional as F


def denoise(images, x, alpha_bar, patch_size, batch=64):
    """Return the circular ELS machine's guess for one noisy image x [1, C, H, W]."""
    channels = x.shape[1]
    radius = patch_size // 2
    signal, noise = alpha_bar**0.5, 1 - alpha_bar
    wrapped = F.pad(x, (radius,) * 4, mode="circular")
    box = torch.ones(1, channels, patch_size, patch_size)
    own = F.conv2d(wrapped.square(), box)  # [1, 1, H, W]: |query|^2
    top = torch.full_like(own, -torch.inf)
    total = torch.zeros_like(own)
    weighted = torch.zeros_like(x)
    for block in images.split(batch):
        padded = F.pad(block, (radius,) * 4, mode="circular")
        patches = F.unfold(padded, patch_size).movedim(1, 2)  # [n, H W, C p p]
        filters = patches.reshape(-1, channels, patch_size, patch_size)
        products = F.conv2d(wrapped, filters)  # [1, n H W, H, W]
        norms = filters.square().sum((1, 2, 3))[None, :, None, None]
        logits = -(own - 2 * signal * products + signal**2 * norms) / (2 * noise)
        new_top = torch.maximum(top, logits.amax(1, keepdim=True))
        weights = torch.exp(logits - new_top)
        rescale = torch.exp(top - new_top)
        centres = filters[:, :, radius, radius]  # [n H W, C]
        total = total * rescale + weights.sum(1, keepdim=True)
        weighted = weighted * rescale + torch.einsum("bkhw,kc->bchw", weights, centres)
        top = new_top
    return weighted / total
