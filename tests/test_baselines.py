"""The Wiener filter and the nearest training image."""

import pytest
import torch

from els_tutorial.baselines import GaussianScore, NearestImage

IMAGES = (torch.rand(40, 2, 3, 4, generator=torch.Generator().manual_seed(0)) * 2 - 1).double()
X = torch.randn(5, 2, 3, 4, generator=torch.Generator().manual_seed(1)).double()


@pytest.mark.parametrize("alpha_bar", [0.0002, 0.3, 0.9, 0.9995])
@pytest.mark.parametrize("n", [40, 7])  # more images than pixels, and fewer
def test_gaussian_score_is_the_formula_and_the_gradient_of_its_density(alpha_bar, n):
    images = IMAGES[:n]
    flat = images.flatten(1)
    mean, covariance = flat.mean(0), torch.cov(flat.T, correction=0)
    noisy = alpha_bar * covariance + (1 - alpha_bar) * torch.eye(24)
    density = torch.distributions.MultivariateNormal(alpha_bar**0.5 * mean, noisy)
    x = X.flatten(1).requires_grad_()
    (gradient,) = torch.autograd.grad(density.log_prob(x).sum(), x)
    machine = GaussianScore(images)
    assert torch.allclose(machine.score(X, alpha_bar).flatten(1), gradient, rtol=1e-6, atol=1e-6)


def test_gaussian_score_is_the_best_linear_denoiser():
    """No affine map of x has a smaller error over the training set."""
    generator, a = torch.Generator().manual_seed(2), 0.5
    images = IMAGES[:, :1, :2, :2]
    clean = images.repeat(5000, 1, 1, 1)
    noise = torch.randn(clean.shape, generator=generator, dtype=torch.float64)
    x = a**0.5 * clean + (1 - a) ** 0.5 * noise
    design = torch.cat([x.flatten(1), torch.ones(len(x), 1)], 1)
    fit = torch.linalg.lstsq(design, clean.flatten(1)).solution
    ours = GaussianScore(images).denoise(x[:100], a).flatten(1)
    assert (design[:100] @ fit - ours).abs().max() < 0.02


def test_nearest_image_is_the_nearest():
    for alpha_bar in (0.05, 0.9):
        distances = (X[:, None] - alpha_bar**0.5 * IMAGES).square().sum((2, 3, 4))
        got = NearestImage(IMAGES).denoise(X, alpha_bar)
        assert torch.equal(got, IMAGES[distances.argmin(1)])


@pytest.mark.parametrize("cls", [GaussianScore, NearestImage])
def test_bad_input_is_named(cls):
    with pytest.raises(ValueError, match=r"\[-1, 1\]"):
        cls(IMAGES * 2)
    with pytest.raises(ValueError, match="x must"):
        cls(IMAGES).denoise(X[0], 0.5)
    with pytest.raises(ValueError, match="alpha_bar"):
        cls(IMAGES).denoise(X, 1)
