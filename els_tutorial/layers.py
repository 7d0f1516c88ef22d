"""The layers of the networks: time and class reach every place alike.

There is no normalisation over places: it would tell every pixel about all others.
"""

import torch
from torch import nn
from torch.nn import functional

WIDTH = 64  # of the embedding of time and class
SHARPNESS = 8.0  # of attention: no weight is more than exp(16) times another


class Embedding(nn.Module):
    """Turn alpha_bar [B], and label [B] where there are classes, into vectors [B, WIDTH]."""

    def __init__(self, classes):
        super().__init__()
        self.register_buffer("frequencies", torch.logspace(0, 2, WIDTH // 2), persistent=False)
        self.layers = nn.Sequential(nn.Linear(WIDTH, WIDTH), nn.SiLU(), nn.Linear(WIDTH, WIDTH))
        self.label = nn.Embedding(classes, WIDTH) if classes else None

    def forward(self, alpha_bar, label):
        alpha_bar = alpha_bar.double()
        # An angle from 0 (clean) to pi / 2 (noise); for the cosine schedule it is pi t / 2.016.
        angle = torch.atan2((1 - alpha_bar).sqrt(), alpha_bar.sqrt())
        waves = angle[:, None] * self.frequencies
        waves = torch.cat([waves.sin(), waves.cos()], dim=1).to(self.frequencies.dtype)
        vector = self.layers(waves)
        return vector if label is None else vector + self.label(label)


class Convolution(nn.Module):
    """A 3x3 convolution of SiLU(h), after time and class have scaled and shifted each channel."""

    def __init__(self, channels_in, channels_out, padding_mode):
        super().__init__()
        self.modulate = nn.Linear(WIDTH, 2 * channels_in)
        self.convolve = nn.Conv2d(
            channels_in, channels_out, 3, padding=1, padding_mode=padding_mode
        )

    def forward(self, h, vector):
        scale, shift = self.modulate(vector)[..., None, None].chunk(2, dim=1)  # [B, C, 1, 1]
        return self.convolve(functional.silu(h * (1 + scale) + shift))


class Block(nn.Module):
    """Two convolutions with a residual connection around them."""

    def __init__(self, channels_in, channels_out, padding_mode):
        super().__init__()
        self.first = Convolution(channels_in, channels_out, padding_mode)
        self.second = Convolution(channels_out, channels_out, padding_mode)
        same = channels_in == channels_out
        self.skip = nn.Identity() if same else nn.Conv2d(channels_in, channels_out, 1)

    def forward(self, h, vector):
        return self.skip(h) + self.second(self.first(h, vector), vector)


# What can be done to a self-attention layer while it works, to see what it is good for.
EDITS = (
    "alone",  # every place attends to itself only
    "evenly",  # every place attends to all places alike
    "left out",  # the layer adds nothing
)


class SelfAttention(nn.Module):
    """Every place looks at every place, by content alone: no code says where a place is.

    Queries and keys are brought to length 1, place by place, so no softmax can saturate.

    Attributes:
        edit: one of ``EDITS``, or None for the layer as it learned.
    """

    edit = None

    def __init__(self, channels, heads=4):
        super().__init__()
        self.heads = heads
        self.ask = nn.Conv2d(channels, 3 * channels, 1)
        self.answer = nn.Conv2d(channels, channels, 1)

    def forward(self, h):
        if self.edit == "left out":
            return h
        b, c, *size = h.shape
        query, key, value = self._parts(h)
        if self.edit == "alone":
            mixed = value
        elif self.edit == "evenly":
            mixed = value.mean(2, keepdim=True).expand_as(value)
        else:
            mixed = functional.scaled_dot_product_attention(query, key, value, scale=SHARPNESS)
        return h + self.answer(mixed.transpose(2, 3).reshape(b, c, *size))

    def weights(self, h):
        """Return whom each place looks at, [B, heads, H * W, H * W]: the last axis adds up to 1."""
        query, key, _ = self._parts(h)
        return (SHARPNESS * query @ key.transpose(2, 3)).softmax(3)

    def _parts(self, h):
        """Return queries, keys and values, each [B, heads, H * W, C / heads]."""
        b, c = h.shape[:2]
        parts = self.ask(h).view(b, 3, self.heads, c // self.heads, -1).transpose(3, 4)
        query, key, value = parts.unbind(1)
        return functional.normalize(query, dim=-1), functional.normalize(key, dim=-1), value
