"""Where pixels come from."""

import numpy as np
import oracle
import pytest
import torch

from els_tutorial.machines import EquivariantLocalScore, IdealScore
from els_tutorial.provenance import candidates, mosaic

IMAGES = torch.tensor(np.random.default_rng(0).integers(0, 3, (4, 1, 6, 7)) - 1.0).float()
X = torch.randn(1, 1, 6, 7, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("boundary", ["circular", "zeros"])
@pytest.mark.parametrize("alpha_bar", [0.2, 0.95])
def test_candidates_are_the_oracles_heaviest_first(boundary, alpha_bar):
    machine = EquivariantLocalScore(IMAGES, 3, boundary)
    origin = machine.provenance(X, alpha_bar)
    for i, j in [(0, 0), (2, 3), (5, 1)]:
        weights, _, places = oracle.posterior(
            "ELS", IMAGES.double().numpy(), X[0].double().numpy(), i, j, alpha_bar, 3, boundary
        )
        found = candidates(machine, X, alpha_bar, i, j, count=4)
        order = np.argsort(-weights.round(9), kind="stable")[:4]
        assert [[c.image, c.row, c.column] for c in found] == places[order].tolist()
        assert np.allclose([c.weight for c in found], weights[order], atol=1e-9)
        assert found[0][:3] == tuple(t[0, i, j].item() for t in origin[:3])


def test_a_mosaic_of_the_ideal_score_is_a_training_image():
    assert torch.equal(
        mosaic(IMAGES, IdealScore(IMAGES).provenance(X, 0.9)),
        IMAGES[IdealScore(IMAGES).provenance(X, 0.9).image[:, 0, 0]],
    )


def test_at_low_noise_the_mosaic_is_the_posterior_mean():
    machine = EquivariantLocalScore(IMAGES, 3)
    origin = machine.provenance(X, 1 - 1e-6)
    sure = origin.weight[:, None] > 1 - 1e-6
    apart = (mosaic(IMAGES, origin) - machine.denoise(X, 1 - 1e-6)).abs()
    assert sure.any() and apart[sure].max() < 1e-4


def test_bad_input_is_named():
    machine = EquivariantLocalScore(IMAGES, 3)
    with pytest.raises(ValueError, match="one image"):
        candidates(machine, torch.cat([X, X]), 0.5, 0, 0)
    for row, column in ((-1, 0), (6, 0), (0, 7)):
        with pytest.raises(ValueError, match="outside"):
            candidates(machine, X, 0.5, row, column)
    with pytest.raises(ValueError, match="alpha_bar"):
        candidates(machine, X, 0, 0, 0)
