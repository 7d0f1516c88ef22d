"""How far the parts of a picture agree on a colour, and how much colour there is."""

from torch.nn.functional import avg_pool2d

from els_tutorial.checks import check_batch


def colour_spread(pictures, block=8):
    """Return how much the colours of a picture's blocks differ from one another.

    The colour of a block is its mean red, green and blue, each less the mean of the three: what is
    left of it when brightness is taken away. The spread is the root of the mean square, over blocks
    and channels, of the blocks' colours less their mean. A grey or a one-coloured picture has 0.

    Args:
        pictures: float tensor [B, 3, H, W].
        block: side of a block in pixels; H and W are multiples of it.

    Returns:
        float64 tensor [B].

    Raises:
        ValueError: if pictures is no finite float batch in colour, or the blocks do not fit.
    """
    colours = _colours(pictures, block)
    return (colours - colours.mean(2, keepdim=True)).square().mean((1, 2)).sqrt()


def colour_strength(pictures, block=8):
    """Return how strong the colours of a picture's blocks are: their root mean square.

    It is never below :func:`colour_spread`, and equal to it if the blocks' colours cancel. A grey
    picture has 0. Arguments, shapes and errors are those of :func:`colour_spread`.
    """
    return _colours(pictures, block).square().mean((1, 2)).sqrt()


def _colours(pictures, block):
    """Return the colours of the blocks, float64 [B, 3, blocks]."""
    check_batch(pictures, "pictures")
    if pictures.shape[1] != 3:
        raise ValueError(f"pictures must have three channels, got {list(pictures.shape)}")
    if isinstance(block, bool) or not isinstance(block, int) or block < 1:
        raise ValueError(f"block must be a positive int, got {block!r}")
    if any(side % block for side in pictures.shape[2:]):
        raise ValueError(f"blocks of {block} do not fill {list(pictures.shape[2:])} pixels")
    means = avg_pool2d(pictures.double(), block).flatten(2)
    return means - means.mean(1, keepdim=True)
