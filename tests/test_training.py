"""A run may be cut off at any moment, and what it learns is denoising."""

import os
import signal
import subprocess
import sys
import time

import pytest
import torch

from els_tutorial import checkpoints, data
from els_tutorial.networks import NetworkDenoiser, ResNet
from els_tutorial.training import draw_batch, rate_at, train

TINY = {"channels": 8, "depth": 1}
RUN = """
import sys, torch
from els_tutorial import data
from els_tutorial.networks import ResNet
from els_tutorial.training import train
torch.set_num_threads(1)
torch.manual_seed(0)
images = data.load("digits", n=20).images
train(ResNet(channels=8, depth=1), images, 60, batch=8, state=sys.argv[1], save_every=7,
      progress=False)
"""


def tiny(seed=0, **settings):
    torch.manual_seed(seed)
    return ResNet(**TINY | settings)


@pytest.fixture
def digits():
    return data.load("digits", n=20).images


@pytest.fixture
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def test_a_killed_run_goes_on_and_ends_where_an_unbroken_one_does(tmp_path, digits, one_thread):
    state = tmp_path / "broken.run"
    process = subprocess.Popen([sys.executable, "-c", RUN, str(state)])
    deadline = time.monotonic() + 120
    while not state.exists():
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.002)
    os.kill(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    tensors, metadata = checkpoints.read(state)
    assert 0 < len(tensors["losses"]) < 60, "it was to be killed in mid-run"
    settings = {"batch": 8, "save_every": 7, "progress": False}
    resumed, losses, seconds = train(tiny(), digits, 60, state=state, **settings)
    whole, expected, _ = train(tiny(), digits, 60, **settings)
    assert losses == expected and len(losses) == 60
    assert seconds > metadata["seconds"]
    for name, value in whole.state_dict().items():
        assert torch.equal(resumed.state_dict()[name], value), name


def test_a_finished_run_is_not_repeated(tmp_path, digits):
    first, losses, _ = train(tiny(), digits, 5, state=tmp_path / "a.run", progress=False)
    again, same, _ = train(tiny(1), digits, 5, state=tmp_path / "a.run", progress=False)
    assert same == losses
    assert all(map(torch.equal, first.state_dict().values(), again.state_dict().values()))


def test_the_seed_fixes_the_draw_and_the_step_changes_it(digits):
    one, same, other = (draw_batch(digits, 6, 3, step) for step in (4, 4, 5))
    assert all(map(torch.equal, one, same))
    assert not torch.equal(one[0], other[0])


def test_a_batch_is_what_denoising_score_matching_asks(digits):
    """From x and its velocity, image and noise come back; times cover all of [0, 1]."""
    x, alpha_bar, target, picked = draw_batch(digits, 400, 0, 0)
    left = alpha_bar.float().view(-1, 1, 1, 1)
    x0 = left.sqrt() * x - (1 - left).sqrt() * target
    noise = (1 - left).sqrt() * x + left.sqrt() * target
    torch.testing.assert_close(x0, digits[picked], rtol=0, atol=2e-5)
    assert abs(noise.mean()) < 0.01 and abs(noise.std() - 1) < 0.01
    assert alpha_bar.max() > 0.999 and alpha_bar.min() < 0.001
    assert (alpha_bar.diff() < 0).all()


def test_the_rate_warms_up_and_ends_at_zero():
    rates = [rate_at(step, 500, 2e-3) for step in range(501)]
    assert max(rates) == pytest.approx(2e-3) and rates[0] == pytest.approx(2e-4)
    assert all(a < b for a, b in zip(rates[:9], rates[1:10], strict=True))
    assert all(a >= b for a, b in zip(rates[10:], rates[11:], strict=False))
    assert rates[500] == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("autocast", [True, False])
def test_training_learns_to_denoise(digits, autocast):
    """On held-out noise the trained network beats the best guess that ignores the picture."""
    network, losses, _ = train(tiny(), digits, 150, batch=16, autocast=autocast, progress=False)
    noise = torch.randn(digits.shape, generator=torch.Generator().manual_seed(7))
    x = 0.9**0.5 * digits + 0.1**0.5 * noise
    guess = NetworkDenoiser(network).denoise(x, 0.9)
    mean = digits.mean(0, keepdim=True)
    assert (guess - digits).square().mean() < 0.5 * (mean - digits).square().mean()
    assert sum(losses[-20:]) < 0.7 * sum(losses[:20])


def test_a_class_network_learns_its_labels():
    images = torch.stack([torch.full((1, 8, 8), level) for level in (-1.0, 1.0)])
    labels = torch.tensor([0, 1])
    network, _, _ = train(
        tiny(classes=2), images, 200, labels=labels, batch=16, rate=5e-3, progress=False
    )
    x = torch.randn(1, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    dark, light = (NetworkDenoiser(network, label=k).denoise(x, 0.01).mean() for k in (0, 1))
    assert light - dark > 1


def test_wrong_requests_are_refused(tmp_path, digits):
    with pytest.raises(ValueError, match="images must lie in"):
        train(tiny(), digits * 2, 1)
    with pytest.raises(ValueError, match="needs labels"):
        train(tiny(), digits, 1, labels=torch.zeros(20, dtype=torch.int64))
    with pytest.raises(ValueError, match="labels must be"):
        train(tiny(classes=2), digits, 1, labels=torch.zeros(3, dtype=torch.int64))
    for name in ("steps", "batch", "save_every"):
        with pytest.raises(ValueError, match=f"{name} must be a positive int, got 0"):
            train(tiny(), digits, **{"steps": 1} | {name: 0})
    state = tmp_path / "a.run"
    train(tiny(), digits, 2, state=state, progress=False)
    with pytest.raises(ValueError, match="belongs to another run"):
        train(tiny(), digits, 3, state=state, progress=False)
