"""The kernel: a softmax-weighted mean over training patches, streamed block by block.

A query q is a window of the noisy image, a key k a window of a training image. The posterior weight
of k is the softmax over all keys of

    -|q - sqrt(alpha_bar) k|^2 / (2 (1 - alpha_bar))                      (eqs. 4, 8, 10)

Multiply out. |q|^2 is the same for every key, so it drops out, and what is left is

    (sqrt(alpha_bar) q . k - alpha_bar |k|^2 / 2) / (1 - alpha_bar)

which is an inner product of q with k and one more coordinate: attention, with no trained weights.
The value that a key votes for is a part of the key itself (the centre of the window).

Multiplying out subtracts large numbers. In float32 each logit is then off by about 6e-8 times the
size of its terms, which at low noise is far too much, so `_precision` bounds the error beforehand
and takes float64 where it would show.
"""

import torch

LOGIT_ERROR = 5e-5  # what float32 may cost a logit; moves a mean in [-1, 1] by at most as much
TILE = 1024  # queries, and keys, whose weights are held at once
BLOCK = 2**22  # numbers in a block of keys: 16 MiB in float32


def _precision(queries, alpha_bar):
    if queries.dtype == torch.float64:
        return torch.float64
    width = queries.shape[-1]  # training images lie in [-1, 1], so |k|^2 <= width
    longest = queries.norm(dim=-1).max().item()
    terms = (alpha_bar**0.5 * longest * width**0.5 + alpha_bar * width / 2) / (1 - alpha_bar)
    return torch.float32 if 6e-8 * terms <= LOGIT_ERROR else torch.float64


def _with_bias(queries, keys, alpha_bar, dtype):
    """Scale queries and extend both by one coordinate, so that q . k is the logit."""
    queries, keys = queries.to(dtype), keys.to(dtype)
    scaled = queries * (alpha_bar**0.5 / (1 - alpha_bar))
    bias = keys.square().sum(-1, keepdim=True) * (-alpha_bar / (2 * (1 - alpha_bar)))
    return torch.cat([scaled, torch.ones_like(scaled[:, :1])], -1), torch.cat([keys, bias], -1)


def merge(first, second):
    """Join two partial means exactly.

    Args:
        first, second: pairs (mean, lse): the softmax-weighted mean over a part of the keys, and the
            log of the sum of exponentials over that part, shaped to broadcast against the mean.
            ``first`` may be None.

    Returns:
        the pair over both parts. The mean moves by a share between 0 and 1, so that the rounding of
        a thousand merges cannot add up.
    """
    if first is None:
        return second
    (mean, lse), (other_mean, other_lse) = first, second
    share = torch.sigmoid(other_lse - lse).to(mean.dtype)
    return mean + share * (other_mean - mean), torch.logaddexp(lse, other_lse)


def softmax_mean(logits, values):
    """Return the pair (mean, lse) of one block: logits [Q, K], values [K, V] -> [Q, V], [Q, 1]."""
    top = logits.amax(-1, keepdim=True)
    weights = (logits - top).exp()
    total = weights.sum(-1, keepdim=True)
    return weights @ values / total, top.double() + total.double().log()


def _tiled_mean(queries, keys, values):
    means, lses = [], []
    for tile in queries.split(TILE):
        partial = None
        for k, v in zip(keys.split(TILE), values.split(TILE), strict=True):
            partial = merge(partial, softmax_mean(tile @ k.T, v))
        means.append(partial[0])
        lses.append(partial[1])
    return torch.cat(means), torch.cat(lses)


def partial_mean(queries, key_blocks, alpha_bar, columns):
    """Return the softmax-weighted mean of training patches for each query, ready to be merged.

    Args and errors are those of :func:`posterior_mean`.

    Returns:
        (mean, lse): tensors [Q, V] and [Q, 1], float64 the latter: the log of the sum over keys of
        exp(-|q - sqrt(alpha_bar) k|^2 / (2 (1 - alpha_bar))).
    """
    dtype = _precision(queries, alpha_bar)
    total = None
    for keys in key_blocks:
        q, k = _with_bias(queries, keys, alpha_bar, dtype)
        total = merge(total, _tiled_mean(q, k, keys[:, columns].to(dtype)))
    mean, lse = total
    own = queries.double().square().sum(-1, keepdim=True) / (2 * (1 - alpha_bar))
    return mean.to(queries.dtype), lse - own


def posterior_mean(queries, key_blocks, alpha_bar, columns):
    """Return the softmax-weighted mean of training patches for each query.

    Args:
        queries: tensor [Q, D], windows of the noisy image.
        key_blocks: iterable of tensors [K, D], windows of training images with values in [-1, 1].
        alpha_bar: float in (0, 1).
        columns: which entries of a key are its value; a list of ints or a slice.

    Returns:
        tensor [Q, V], in the queries' dtype. It does not depend on how the keys are blocked.
    """
    return partial_mean(queries, key_blocks, alpha_bar, columns)[0]


def patch_logits(queries, keys, alpha_bar):
    """Return -|q - sqrt(alpha_bar) k|^2 / (2 (1 - alpha_bar)) in float64: [Q, D], [K, D] -> [Q, K].

    Multiplied out: in float64 the cancellation costs less than 1e-8 at any noise level used here.
    """
    q, k = _with_bias(queries, keys, alpha_bar, torch.float64)
    own = queries.double().square().sum(-1, keepdim=True) / (2 * (1 - alpha_bar))
    return q @ k.T - own


def heaviest(logit_blocks):
    """Return the index and the weight of each query's heaviest key.

    Keys whose logits agree to 1e-9 (relative, or absolute below 1) are ties, as identical patches
    are; the first of them wins.

    Args:
        logit_blocks: iterable of float64 tensors [Q, K], in the order in which keys are counted.

    Returns:
        (index, weight): int64 and float64 tensors [Q].
    """
    best = index = lse = None
    seen = 0
    for logits in logit_blocks:
        top = logits.amax(-1)
        close = logits >= (top - 1e-9 * top.abs().clamp(min=1))[:, None]
        first = close.int().argmax(-1)  # argmax returns the first of equals
        block_lse = logits.logsumexp(-1)
        if best is None:
            best, index, lse = top, first, block_lse
        else:
            better = top > best + 1e-9 * best.abs().clamp(min=1)
            best, index = torch.where(better, top, best), torch.where(better, first + seen, index)
            lse = torch.logaddexp(lse, block_lse)
        seen += logits.shape[-1]
    return index, (best - lse).exp()
