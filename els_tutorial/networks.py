"""Convolutional networks that denoise: a ResNet, a UNet, and the contract that they keep.

Nothing here looks at a whole picture at once, except self-attention where it is asked for: there is
no normalisation over places, which would tell every pixel about all others (app. C.1 of Kamb &
Ganguli, arXiv 2412.20292v2). Time and class reach every pixel alike.

What a network is asked for is the velocity (Salimans & Ho 2022)

    v = sqrt(alpha_bar) * noise - sqrt(1 - alpha_bar) * x_0,

from which, with x = sqrt(alpha_bar) * x_0 + sqrt(1 - alpha_bar) * noise, follow both

    x_0   = sqrt(alpha_bar) * x - sqrt(1 - alpha_bar) * v
    noise = sqrt(1 - alpha_bar) * x + sqrt(alpha_bar) * v.

No factor exceeds 1, so an error in v is never made larger. A network that guesses the noise must be
divided by sqrt(alpha_bar) to give x_0, which makes its errors 80 times larger at t = 1; one that
guesses x_0 must be divided by sqrt(1 - alpha_bar) to give the noise. The squared error of v is the
sum of the squared errors of x_0 and of the noise, and alpha_bar / (1 - alpha_bar) times it is that
of the score: to fit v is denoising score matching, with a weight that depends on time alone. It is
the preconditioning of Karras et al. (2022) for pixels of mean square 1.
"""

import math

import torch
from torch import nn
from torch.nn import functional

from els_tutorial.checks import BOUNDARIES, check_alpha_bar, check_batch
from els_tutorial.denoiser import Denoiser
from els_tutorial.layers import Block, Convolution, Embedding, SelfAttention


def velocity(x0, noise, alpha_bar):
    """Return what a network must guess, v = sqrt(alpha_bar) noise - sqrt(1 - alpha_bar) x_0.

    Args:
        x0: clean images, float tensor [B, C, H, W].
        noise: standard normal, float tensor [B, C, H, W].
        alpha_bar: float tensor [B], or any that broadcasts once it is seen as [B, 1, 1, 1].

    Returns:
        tensor [B, C, H, W]. The loss is the mean square of ``network(x, alpha_bar) - velocity``.
    """
    alpha_bar = alpha_bar.view(-1, 1, 1, 1).to(x0.dtype)
    return alpha_bar.sqrt() * noise - (1 - alpha_bar).sqrt() * x0


class Network(nn.Module):
    """What both networks share: what they accept, and the arguments that build them again.

    Attributes:
        settings: dict of the keyword arguments; ``type(network)(**network.settings)`` is a network
            of the same shape.
        image_channels, classes: ints.
        multiple: int, the sides of an image must be multiples of it.
    """

    multiple = 1

    def __init__(self, image_channels, padding_mode, classes):
        super().__init__()
        if padding_mode not in BOUNDARIES:
            raise ValueError(
                f"padding_mode must be one of {', '.join(BOUNDARIES)}; got {padding_mode!r}"
            )
        for name, value, least in (("image_channels", image_channels, 1), ("classes", classes, 0)):
            _check_count(name, value, least)
        self.image_channels, self.classes = image_channels, classes
        self.embedding = Embedding(classes)

    def forward(self, x, alpha_bar, label=None):
        """Return the guess of the velocity.

        Args:
            x: noisy images, float tensor [B, C, H, W].
            alpha_bar: float tensor [B], in (0, 1). In float32, times below 0.0001 round to 1.
            label: int64 tensor [B] from 0 to classes - 1; None for a network without classes.

        Returns:
            tensor [B, C, H, W].

        Raises:
            ValueError: if a shape does not fit, alpha_bar leaves (0, 1), or a label is missing,
                unknown, or given to a network without classes.
        """
        self._check(x, alpha_bar, label)
        return self._guess(x, self.embedding(alpha_bar, label))

    def _check(self, x, alpha_bar, label):
        step = self.multiple
        for name, value in (("x", x), ("alpha_bar", alpha_bar)):
            if not isinstance(value, torch.Tensor):
                raise ValueError(f"{name} must be a torch tensor, got {type(value).__name__}")
        if x.ndim != 4 or x.shape[1] != self.image_channels or any(n % step for n in x.shape[2:]):
            sides = f" with sides that are multiples of {step}" if step > 1 else ""
            raise ValueError(
                f"x must be [B, {self.image_channels}, H, W]{sides}, got {list(x.shape)}"
            )
        if alpha_bar.shape != x.shape[:1] or not ((alpha_bar > 0) & (alpha_bar < 1)).all():
            raise ValueError(f"alpha_bar must be [{len(x)}] numbers in (0, 1), got {alpha_bar}")
        if (label is None) != (self.classes == 0):
            raise ValueError(f"a network with {self.classes} classes got label {label}")
        if label is None:
            return
        known = label.shape == x.shape[:1] and label.dtype == torch.int64
        if not known or not ((label >= 0) & (label < self.classes)).all():
            raise ValueError(
                f"label must be int64 [{len(x)}] from 0 to {self.classes - 1}, got {label}"
            )


class ResNet(Network):
    """A stack of 3x3 convolutions with residual connections (app. C.1).

    One convolution reads the picture, ``depth`` residual ones follow, and one writes the answer.

    Args:
        image_channels: 1 for grey, 3 for colour.
        channels: within the network, a positive int.
        depth: residual convolutions, an int from 0 on.
        padding_mode: "zeros", or "circular" for a torus.
        classes: number of labels; 0 for a network without them.

    Raises:
        ValueError: if an argument is not such a value.
    """

    def __init__(self, image_channels=1, channels=64, depth=6, padding_mode="zeros", classes=0):
        super().__init__(image_channels, padding_mode, classes)
        _check_count("channels", channels, 1)
        _check_count("depth", depth, 0)
        self.settings = {
            "image_channels": image_channels,
            "channels": channels,
            "depth": depth,
            "padding_mode": padding_mode,
            "classes": classes,
        }
        self.read = nn.Conv2d(image_channels, channels, 3, padding=1, padding_mode=padding_mode)
        self.layers = nn.ModuleList(
            Convolution(channels, channels, padding_mode) for _ in range(depth)
        )
        self.write = Convolution(channels, image_channels, padding_mode)

    @property
    def receptive_field(self):
        """Side of the square of input pixels that a pixel of the output can see, an odd int."""
        return 2 * (len(self.layers) + 2) + 1

    def _guess(self, x, vector):
        h = self.read(x)
        for layer in self.layers:
            h = h + layer(h, vector)
        return self.write(h, vector)


class UNet(Network):
    """A UNet: down to coarser grids and up again, with a way across at each (app. C.1).

    A coarser grid holds the means of 2x2 squares; on the way up each value is repeated four times.

    Args:
        image_channels: 1 for grey, 3 for colour.
        channels: of each grid, finest first: two or three positive ints, the last a multiple of 4.
        padding_mode: "zeros", or "circular" for a torus.
        classes: number of labels; 0 for a network without them.
        attention: whether the coarsest grid has self-attention.

    Raises:
        ValueError: if an argument is not such a value.
    """

    def __init__(
        self,
        image_channels=1,
        channels=(32, 64, 96),
        padding_mode="zeros",
        classes=0,
        attention=False,
    ):
        super().__init__(image_channels, padding_mode, classes)
        if not isinstance(channels, tuple | list) or len(channels) not in (2, 3):
            raise ValueError(f"channels must be two or three positive ints, got {channels!r}")
        for value in channels:
            _check_count("each of channels", value, 1)
        if not isinstance(attention, bool):
            raise ValueError(f"attention must be True or False, got {attention!r}")
        if attention and channels[-1] % 4:
            raise ValueError(f"attention needs a multiple of 4 channels, got {channels[-1]}")
        self.settings = {
            "image_channels": image_channels,
            "channels": list(channels),
            "padding_mode": padding_mode,
            "classes": classes,
            "attention": attention,
        }
        self.multiple = 2 ** (len(channels) - 1)
        first, last = channels[0], channels[-1]
        self.read = nn.Conv2d(image_channels, first, 3, padding=1, padding_mode=padding_mode)
        self.down = nn.ModuleList(
            Block(before, here, padding_mode)
            for before, here in zip((first, *channels), channels, strict=False)
        )
        self.attend = SelfAttention(last) if attention else nn.Identity()
        self.bottom = Block(last, last, padding_mode)
        self.up = nn.ModuleList(
            Block(below + here, here, padding_mode)
            for here, below in zip(channels[-2::-1], channels[:0:-1], strict=True)
        )
        self.write = Convolution(first, image_channels, padding_mode)

    def _guess(self, x, vector):
        h, across = self.read(x), []
        for level, block in enumerate(self.down):
            h = block(functional.avg_pool2d(h, 2) if level else h, vector)
            across.append(h)
        h = self.bottom(self.attend(across.pop()), vector)
        for block in self.up:
            h = functional.interpolate(h, scale_factor=2.0)  # repeats each value
            h = block(torch.cat([h, across.pop()], dim=1), vector)
        return self.write(h, vector)


class NetworkDenoiser(Denoiser):
    """A network that keeps the contract of the machines: ``denoise`` and ``score``.

    The network computes in its own precision, the rest in that of x. Gradients flow back to x if x
    asks for them; otherwise nothing is recorded.

    Args:
        network: a :class:`ResNet` or a :class:`UNet`.
        label: for a network with classes, the one to draw: an int for a whole batch, or an int64
            tensor [B].

    Raises:
        ValueError: if network is neither, or label does not belong to it.
    """

    def __init__(self, network, label=None):
        if not isinstance(network, Network):
            raise ValueError(f"network must be a ResNet or a UNet, got {type(network).__name__}")
        if (label is None) != (network.classes == 0):
            raise ValueError(f"a network with {network.classes} classes got label {label!r}")
        if label is not None and not isinstance(label, torch.Tensor):
            _check_count("label", label, 0)
            if label >= network.classes:
                raise ValueError(f"label must be below {network.classes}, got {label}")
        self.network, self.label = network, label

    def score(self, x, alpha_bar):
        """Return the score, -x - sqrt(alpha_bar / (1 - alpha_bar)) v: Tweedie's formula.

        Args and errors are those of :meth:`els_tutorial.denoiser.Denoiser.denoise`. Nothing large
        cancels here, as it would in the formula itself as alpha_bar nears 1.
        """
        self._check(x, alpha_bar)
        alpha_bar = float(alpha_bar)
        return -x - math.sqrt(alpha_bar / (1 - alpha_bar)) * self._velocity(x, alpha_bar)

    def _denoise(self, x, alpha_bar):
        v = self._velocity(x, alpha_bar)
        return math.sqrt(alpha_bar) * x - math.sqrt(1 - alpha_bar) * v

    def _velocity(self, x, alpha_bar):
        own = self.network.read.weight.dtype
        level = torch.full((len(x),), alpha_bar, dtype=torch.float64, device=x.device)
        label = self.label
        if isinstance(label, int):
            label = torch.full((len(x),), label, device=x.device)
        with torch.set_grad_enabled(x.requires_grad and torch.is_grad_enabled()):
            return self.network(x.to(own), level, label).to(x.dtype)

    def _check(self, x, alpha_bar):
        check_batch(x)
        check_alpha_bar(alpha_bar)
        home = self.network.read.weight.device
        if x.device != home:
            raise ValueError(f"x is on {x.device}, the network on {home}")


def _check_count(name, value, least):
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ValueError(f"{name} must be an int of at least {least}, got {value!r}")
