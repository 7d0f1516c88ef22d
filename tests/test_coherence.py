"""The colour spread sees colours that differ between blocks, and nothing else."""

import pytest
import torch

from els_tutorial.coherence import colour_spread, colour_strength


def test_two_halves_of_two_colours_have_the_spread_that_one_can_work_out():
    pictures = torch.zeros(1, 3, 16, 16)
    pictures[0, 0, :, 8:] = 0.6  # red on the right: less its brightness (0.4, -0.2, -0.2)
    wanted = ((0.2**2 + 0.1**2 + 0.1**2) / 3) ** 0.5
    for block in (2, 8):
        assert colour_spread(pictures, block).item() == pytest.approx(wanted, abs=1e-7)
    assert colour_spread(pictures, 16).item() == pytest.approx(0, abs=1e-9)


def test_brightness_one_colour_throughout_and_the_order_of_blocks_do_not_count():
    pictures = torch.rand(2, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    spread = colour_spread(pictures)
    light = torch.linspace(-1, 1, 256).view(1, 1, 16, 16)
    tint = torch.tensor([0.3, -0.1, 0.2]).view(1, 3, 1, 1)
    assert torch.allclose(colour_spread(pictures + light + tint), spread, atol=1e-6)
    assert torch.allclose(colour_spread(pictures.roll(8, 3)), spread, atol=1e-6)
    assert torch.allclose(colour_spread(2 * pictures), 2 * spread, atol=1e-6)


def test_the_strength_counts_the_common_colour_too():
    pictures = torch.rand(2, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    tint = torch.tensor([0.3, -0.1, -0.2]).view(1, 3, 1, 1)
    blank = torch.zeros_like(pictures)
    assert torch.allclose(colour_strength(blank + tint), (tint.double().square().mean()).sqrt())
    assert torch.allclose(colour_strength(blank + 0.5), torch.zeros(2).double(), atol=1e-9)
    assert (colour_spread(pictures + tint) < colour_strength(pictures + tint)).all()
    mean = pictures.mean((2, 3), keepdim=True)  # without it the blocks' colours cancel
    alike = colour_spread(pictures), colour_strength(pictures - mean)
    assert torch.allclose(*alike, atol=1e-6)


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="three channels"):
        colour_spread(torch.zeros(1, 1, 8, 8))
    with pytest.raises(ValueError, match="do not fill"):
        colour_spread(torch.zeros(1, 3, 12, 8))
    for block in (0, 2.0, True):
        with pytest.raises(ValueError, match="positive int"):
            colour_spread(torch.zeros(1, 3, 8, 8), block)
