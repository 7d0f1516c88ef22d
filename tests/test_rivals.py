"""Who is compared with a network, and from which noise."""

import pytest
import torch

from els_tutorial import data
from els_tutorial.denoiser import Denoiser
from els_tutorial.machines import EquivariantLocalScore, LocalScore
from els_tutorial.rivals import RIGHT, RIVALS, noise, rival

IMAGES = data.load("digits", 6).images


@pytest.mark.parametrize("name", RIVALS)
def test_every_rival_denoises(name):
    machine = rival(name, IMAGES, 5, 3, "zeros")
    assert isinstance(machine, Denoiser)
    assert machine.denoise(noise([0, 1], (1, 28, 28)), 0.5).shape == (2, 1, 28, 28)


def test_windows_and_borders_reach_the_machine_that_they_are_for():
    torus, broken = (rival(RIGHT[border], IMAGES, 5, 3) for border in ("circular", "zeros"))
    assert isinstance(torus, EquivariantLocalScore) and isinstance(broken, EquivariantLocalScore)
    assert (torus.boundary, torus.patch_size) == ("circular", 5)
    assert (broken.boundary, broken.patch_size) == ("zeros", 5)
    local = rival("LS", IMAGES, 5, 3, "circular")
    assert isinstance(local, LocalScore) and (local.boundary, local.patch_size) == ("circular", 3)


def test_noise_depends_on_the_seed_alone():
    together = noise(range(5), (1, 4, 4))
    assert torch.equal(together[3:4], noise([3], (1, 4, 4)))
    assert len({tuple(picture.flatten().tolist()) for picture in together}) == 5


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="nearest image"):
        rival("best", IMAGES, 3)
    with pytest.raises(ValueError, match="odd"):
        rival("ELS", IMAGES, 4)
