"""The probability-flow sampler and its schedule."""

import math

import pytest
import torch

from els_tutorial.machines import EquivariantLocalScore
from els_tutorial.sampling import sample, trajectory
from els_tutorial.schedules import CosineSchedule

NOISE = torch.randn(2, 1, 7, 7, generator=torch.Generator().manual_seed(0))


class Gaussian:
    """The exact denoiser of images that are independent normal numbers of variance ``v``."""

    def __init__(self, v):
        self.v = v

    def denoise(self, x, alpha_bar):
        return alpha_bar**0.5 * self.v / (alpha_bar * self.v + 1 - alpha_bar) * x


def test_trajectory_visits_its_times_and_ends_on_its_last_guess():
    images = torch.rand(5, 1, 7, 7, generator=torch.Generator().manual_seed(1)) * 2 - 1
    machine = EquivariantLocalScore(images, 3)
    steps = list(trajectory(machine, NOISE, CosineSchedule(), steps=5))
    assert [step.t for step in steps] == [1, 0.8, 0.6, 0.4, 0.2]
    assert torch.equal(steps[0].x, NOISE)
    assert torch.equal(steps[-1].x0_hat, sample(machine, NOISE, CosineSchedule(), steps=5))


def test_twenty_steps_are_the_papers_times():
    times = CosineSchedule().times(20)
    assert times[0] == 1 and times[-1] == pytest.approx(0.05) and len(times) == 20
    assert torch.allclose(-torch.tensor(times).diff(), torch.tensor(0.05), atol=1e-6)


def test_flow_of_a_gaussian_converges_to_its_known_solution_at_first_order():
    # The flow keeps x_t / standard deviation fixed: x_0 = sqrt(v / (a v + 1 - a)) x_1.
    schedule, v = CosineSchedule(), 0.3
    a = schedule.alpha_bar(1)
    want = (v / (a * v + 1 - a)) ** 0.5 * NOISE
    errors = [
        (sample(Gaussian(v), NOISE, schedule, steps) - want).abs().max().item()
        for steps in (20, 40, 80, 160)
    ]
    orders = [math.log2(a / b) for a, b in zip(errors, errors[1:], strict=False)]
    assert errors[-1] < 0.02
    assert all(0.8 < order < 1.5 for order in orders), (errors, orders)


def test_a_denoiser_that_knows_the_picture_lands_on_it_in_any_number_of_steps():
    picture = torch.rand(2, 1, 7, 7) * 2 - 1

    class Oracle:
        def denoise(self, x, alpha_bar):
            return picture

    for steps in (1, 2, 7):
        assert torch.equal(sample(Oracle(), NOISE, CosineSchedule(), steps), picture)
    late = list(trajectory(Oracle(), NOISE, CosineSchedule(), 10))[-1]
    a, first = CosineSchedule().alpha_bar(late.t), CosineSchedule().alpha_bar(1)
    noise = (NOISE - first**0.5 * picture) / (1 - first) ** 0.5  # never touched on the way
    assert torch.allclose(late.x, a**0.5 * picture + (1 - a) ** 0.5 * noise, atol=1e-5)


def test_alpha_bar_falls_from_one_to_almost_nothing():
    values = [CosineSchedule().alpha_bar(k / 100) for k in range(101)]
    assert values[0] == 1 and 0 < values[-1] < 2e-4
    assert all(a > b for a, b in zip(values, values[1:], strict=False))
    assert CosineSchedule().alpha_bar(0.504) == pytest.approx(0.5)  # cos(pi / 4)^2


def test_bad_input_is_named():
    schedule = CosineSchedule()
    for t in (-0.1, 1.1, float("nan")):
        with pytest.raises(ValueError, match=r"t must lie in \[0, 1\]"):
            schedule.alpha_bar(t)
    for steps in (0, -1, 2.5, True):
        with pytest.raises(ValueError, match="steps must be a positive int"):
            sample(Gaussian(1), NOISE, schedule, steps)
    with pytest.raises(ValueError, match="noise must"):
        trajectory(Gaussian(1), NOISE[0], schedule)  # before the first step is asked for
