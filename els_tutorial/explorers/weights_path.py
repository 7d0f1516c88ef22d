"""The ideal score's weights of the training images along one noise, and their collapse."""

import torch

from els_tutorial.checks import check_images
from els_tutorial.schedules import CosineSchedule

TIMES = tuple(k / 100 for k in range(1, 101))  # those of a time slider


def weights_along(truth, grain, images, times):
    """Return the ideal score's weights of the training images along one noise, time by time.

    The noisy picture at time t is ``sqrt(alpha_bar) * truth + sqrt(1 - alpha_bar) * grain``, with
    the cosine schedule. With ``r = sqrt(alpha_bar / (1 - alpha_bar))`` the softmax of eq. 4 is that
    of ``-r^2 |truth - y|^2 / 2 - r (truth - y) . grain``: two numbers an image serve all times.

    Args:
        truth: the picture under the noise, float tensor [C, H, W].
        grain: the noise, float tensor [C, H, W].
        images: training images, float tensor [N, C, H, W] in [-1, 1].
        times: T floats in (0, 1].

    Returns:
        float64 tensor [T, N]; each row adds up to 1.

    Raises:
        ValueError: if images are no training images, or truth or grain is not shaped like one.
    """
    check_images(images)
    for name, picture in (("truth", truth), ("grain", grain)):
        if picture.shape != images.shape[1:]:
            wanted, given = list(images.shape[1:]), list(picture.shape)
            raise ValueError(f"{name} must have the images' shape {wanted}, got {given}")
    apart = (truth.double() - images.double()).flatten(1)  # [N, C * H * W]
    gaps, drifts = apart.square().sum(1), apart @ grain.double().flatten()
    left = torch.tensor([CosineSchedule().alpha_bar(t) for t in times], dtype=torch.float64)
    ratio = (left / (1 - left)).sqrt()[:, None]  # [T, 1]
    return (-(ratio**2) * gaps / 2 - ratio * drifts).softmax(1)


def effective_number(weights):
    """Return exp(entropy) of weights [..., N], a tensor [...] from 1 (one has all) to N (equal)."""
    return torch.special.entr(weights).sum(-1).exp()


def collapse(weights, times):
    """Say when the weights collapse: from which time on, down, one and the same image has half.

    Args:
        weights: tensor [T, N], row by row for rising times.
        times: T floats, rising.

    Returns:
        (time, image): the largest time up to which one image always has more than half of the
        weight, and that image. (None, None) if none has at the first time.
    """
    image = weights[0].argmax().item()
    decided = int((weights[:, image] > 0.5).long().cumprod(0).sum())
    return (times[decided - 1], image) if decided else (None, None)
