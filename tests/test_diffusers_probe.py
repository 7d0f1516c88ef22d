"""A UNet of diffusers keeps the book's contract, and the probes measure what they say."""

import math
import re
from types import SimpleNamespace

import nbformat
import pytest
import torch
from conftest import ROOT
from diffusers import DDPMScheduler, UNet2DConditionModel, UNet2DModel

from els_tutorial.diffusers_probe import DiffusersDenoiser, heat_side, shift_error
from els_tutorial.machines import EquivariantLocalScore
from els_tutorial.networks import NetworkDenoiser, ResNet, UNet

LEVELS = DDPMScheduler().alphas_cumprod


def normal(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def small_unet(circular=False, **changes):
    """A UNet2DModel with random weights on two grids, 8 and 16 channels."""
    torch.manual_seed(0)
    settings = {
        "in_channels": 1,
        "out_channels": 1,
        "layers_per_block": 1,
        "block_out_channels": (8, 16),
        "norm_num_groups": 4,
        "down_block_types": ("DownBlock2D", "AttnDownBlock2D"),
        "up_block_types": ("AttnUpBlock2D", "UpBlock2D"),
    }
    unet = UNet2DModel(**settings | changes).eval().double()
    for layer in unet.modules():
        if circular and isinstance(layer, torch.nn.Conv2d) and layer.padding != (0, 0):
            layer.padding_mode = "circular"
            layer._reversed_padding_repeated_twice = [layer.padding[0]] * 4
    return unet


@pytest.mark.parametrize("prediction", ["epsilon", "v_prediction", "sample"])
def test_a_unet_that_knows_the_answer_gives_the_picture_back(prediction):
    x0, noise = normal(2, 3, 4, 4).double(), normal(2, 3, 4, 4, seed=1).double()
    alpha_bar = LEVELS[300].item()
    signal, rest = math.sqrt(alpha_bar), math.sqrt(1 - alpha_bar)
    answers = {"epsilon": noise, "v_prediction": signal * noise - rest * x0, "sample": x0}

    def unet(x, timestep, told):
        assert (timestep, told) == (300, "a cat")
        variance = torch.zeros_like(x)  # learned by some UNets, in further channels
        return SimpleNamespace(sample=torch.cat([answers[prediction], variance], 1))

    denoiser = DiffusersDenoiser(unet, LEVELS, prediction, told="a cat")
    assert torch.allclose(denoiser.denoise(signal * x0 + rest * noise, alpha_bar), x0, atol=1e-9)


def test_a_network_of_this_book_is_the_same_behind_the_adapter():
    torch.manual_seed(0)
    network = UNet(channels=(4, 8), attention=True).double()

    def unet(x, timestep):
        level = LEVELS[timestep].double().expand(len(x))
        return SimpleNamespace(sample=network(x, level))

    x, alpha_bar = normal(2, 1, 8, 8).double(), LEVELS[500].double().item()
    theirs = DiffusersDenoiser(unet, LEVELS, "v_prediction")
    ours = NetworkDenoiser(network)
    assert torch.allclose(theirs.denoise(x, alpha_bar), ours.denoise(x, alpha_bar), atol=1e-6)
    assert torch.allclose(theirs.score(x, alpha_bar), ours.score(x, alpha_bar), atol=1e-4)


def test_a_real_unet_is_asked_at_the_nearest_timestep_and_its_noise_is_taken_off():
    unet, x = small_unet(), normal(2, 1, 16, 16).double()
    denoiser = DiffusersDenoiser(unet, LEVELS)
    for k in (0, 250, 999):
        alpha_bar = LEVELS[k].item()
        assert denoiser.timestep(alpha_bar) == k
        with torch.no_grad():
            noise = unet(x, k).sample
        wanted = DDPMScheduler(clip_sample=False).step(noise, k, x).pred_original_sample
        assert torch.allclose(denoiser.denoise(x, alpha_bar), wanted, rtol=1e-4, atol=1e-4)
    assert not denoiser.denoise(x, 0.5).requires_grad
    assert denoiser.denoise(x.clone().requires_grad_(), 0.5).requires_grad


def test_a_circular_unet_commutes_with_the_shifts_of_its_coarse_grid_alone():
    x = normal(2, 1, 16, 16).double()
    circular = DiffusersDenoiser(small_unet(circular=True), LEVELS)
    zeros = DiffusersDenoiser(small_unet(), LEVELS)
    assert shift_error(circular, x, 0.1, 2) < 1e-9
    assert shift_error(circular, x, 0.1, 1) > 1e-3
    assert shift_error(zeros, x, 0.1, 2) > 1e-3


def test_a_unet_that_is_told_a_text_is_probed_with_that_text():
    torch.manual_seed(0)
    unet = UNet2DConditionModel(
        sample_size=16,
        in_channels=4,
        out_channels=4,
        layers_per_block=1,
        block_out_channels=(8, 16),
        norm_num_groups=4,
        cross_attention_dim=8,
        attention_head_dim=4,
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
    )
    unet, x = unet.eval().double(), normal(2, 4, 16, 16).double()
    guesses = []
    for seed in (1, 2):
        text = normal(2, 5, 8, seed=seed).double()
        denoiser = DiffusersDenoiser(unet, LEVELS, encoder_hidden_states=text)
        guesses.append(denoiser.denoise(x, 0.5))
        assert guesses[-1].shape == x.shape
        assert 1 <= heat_side(denoiser, x, 0.5) <= 17
        assert shift_error(denoiser, x, 0.5, 0) == 0 < shift_error(denoiser, x, 0.5, 1)
    assert not torch.allclose(*guesses)


def test_the_code_in_the_chapters_fold_measures_a_model_on_disk(tmp_path, capsys):
    path = ROOT / "book" / "4-beyond" / "attention.ipynb"
    text = "\n".join(cell.source for cell in nbformat.read(path, 4).cells)
    (code,) = re.findall(r"```python\n(.*?)```", text, re.S)
    small_unet(sample_size=16).float().save_pretrained(tmp_path / "unet")
    DDPMScheduler().save_pretrained(tmp_path / "scheduler")
    assert code.count("path/to/your/model") == 1
    exec(code.replace("path/to/your/model", tmp_path.as_posix()), {})
    rows = capsys.readouterr().out.splitlines()
    assert [row.split()[0] for row in rows] == ["950", "500", "50"]
    assert all(1 <= int(row.split()[1]) <= 17 for row in rows)


def test_the_shift_error_of_unrelated_guesses_is_the_root_of_two():
    class Restless:
        def __init__(self):
            self.calls = 0

        def denoise(self, x, alpha_bar):
            self.calls += 1
            return normal(*x.shape, seed=self.calls)

    assert shift_error(Restless(), normal(8, 3, 32, 32), 0.5, 1) == pytest.approx(2**0.5, abs=0.02)


def test_a_machine_on_the_torus_commutes_and_one_with_borders_errs_near_them():
    images = normal(6, 1, 12, 12).clamp(-1, 1).double()
    x = normal(2, 1, 12, 12, seed=1).double()
    assert shift_error(EquivariantLocalScore(images, 3, "circular"), x, 0.9, (1, -4)) < 1e-6
    broken = EquivariantLocalScore(images, 3, "zeros")
    assert shift_error(broken, x, 0.9, 1) > 1e-2
    # A window of 3 feels the border one pixel away, and the seam that was shifted one further in.
    assert shift_error(broken, x, 0.9, 1, margin=2) < 1e-6


def test_the_heat_of_a_stack_of_convolutions_lies_in_its_field_and_attention_goes_beyond():
    x = normal(2, 1, 32, 32).double()
    torch.manual_seed(0)
    stack = NetworkDenoiser(ResNet(channels=8, depth=1).double())
    assert heat_side(stack, x, 0.5, share=1 - 1e-9) == 7
    assert heat_side(stack, x, 0.5) <= 7
    unet = DiffusersDenoiser(small_unet(), LEVELS)
    assert heat_side(unet, x, 0.1, share=1 - 1e-9) >= 31


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="prediction must be one of epsilon"):
        DiffusersDenoiser(small_unet(), LEVELS, "noise")
    for levels in ([0.5, 0.5], [1.0, 0.5], [0.5, 0.0], [], [[0.5]]):
        with pytest.raises(ValueError, match="strictly decrease"):
            DiffusersDenoiser(small_unet(), levels)
    denoiser, x = DiffusersDenoiser(small_unet(), LEVELS), normal(1, 1, 16, 16).double()
    with pytest.raises(ValueError, match="alpha_bar"):
        denoiser.denoise(x, 1.0)
    with pytest.raises(ValueError, match="margin must leave"):
        shift_error(denoiser, x, 0.5, 1, margin=8)
