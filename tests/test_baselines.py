"""The Wiener filter, the local score with its windows, and the nearest training image."""

import itertools

import pytest
import torch

from els_tutorial.baselines import GaussianScore, NearestImage, WienerLocalScore
from els_tutorial.machines import IdealScore, LocalScore

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


@pytest.mark.parametrize("alpha_bar", [0.0002, 0.3, 0.9995])
@pytest.mark.parametrize("n", [40, 7])
def test_sensitivity_is_the_jacobian_and_the_matrix_of_the_book(alpha_bar, n):
    machine = GaussianScore(IMAGES[:n])
    jacobian = torch.autograd.functional.jacobian(
        lambda x: machine.denoise(x, alpha_bar), X[:1], vectorize=True
    ).view(24, 24)
    covariance = torch.cov(IMAGES[:n].flatten(1).T, correction=0)
    noisy = alpha_bar * covariance + (1 - alpha_bar) * torch.eye(24)
    found = machine.sensitivity(alpha_bar)
    assert torch.allclose(found, jacobian, atol=1e-10)
    assert torch.allclose(found, alpha_bar**0.5 * covariance @ noisy.inverse(), atol=1e-10)
    assert torch.allclose(found, found.T, atol=1e-12)


def plain_windows(images, alpha_bar, threshold):
    """The windows from the definition, entry by entry: bool [H, W, H, W]."""
    channels, height, width = images.shape[1:]
    covariance = torch.cov(images.flatten(1).T, correction=0)
    noisy = alpha_bar * covariance + (1 - alpha_bar) * torch.eye(channels * height * width)
    matrix = (covariance @ noisy.inverse()).view(channels, height, width, channels, height, width)
    found = torch.zeros(height, width, height, width, dtype=torch.bool)
    for i, j, k, m in itertools.product(range(height), range(width), range(height), range(width)):
        own, other = matrix[:, i, j, :, i, j].norm(), matrix[:, i, j, :, k, m].norm()
        found[i, j, k, m] = other >= threshold * own
    return found


@pytest.mark.parametrize("alpha_bar", [0.01, 0.5, 0.99])
@pytest.mark.parametrize("threshold", [0.1, 0.3])
def test_wiener_windows_and_means_are_those_of_the_definition(alpha_bar, threshold):
    machine = WienerLocalScore(IMAGES, threshold)
    windows = plain_windows(IMAGES, alpha_bar, threshold)
    assert torch.equal(machine.windows(alpha_bar), windows)
    assert 0 < windows.double().mean() < 1
    got, origin = machine.denoise(X, alpha_bar), machine.provenance(X, alpha_bar)
    squares = (X[:, None] - alpha_bar**0.5 * IMAGES).square().sum(2)  # [B, N, H, W]
    for i, j in itertools.product(range(3), range(4)):
        distances = (squares * windows[i, j]).sum((2, 3))
        weights = (-distances / (2 * (1 - alpha_bar))).softmax(1)
        assert torch.allclose(got[:, :, i, j], weights @ IMAGES[:, :, i, j], atol=1e-10)
        assert torch.equal(origin.image[:, i, j], weights.argmax(1))
        assert torch.allclose(origin.weight[:, i, j], weights.amax(1))
        assert (origin.row[:, i, j] == i).all() and (origin.column[:, i, j] == j).all()


def test_with_square_windows_it_is_the_local_score(monkeypatch):
    place = torch.cartesian_prod(torch.arange(3), torch.arange(4))
    near = (place[:, None] - place).abs().amax(-1) <= 1
    machine = WienerLocalScore(IMAGES)
    monkeypatch.setattr(machine, "windows", lambda alpha_bar: near.view(3, 4, 3, 4))
    for alpha_bar in (0.1, 0.9):
        want = LocalScore(IMAGES, 3, "zeros").denoise(X, alpha_bar)
        assert torch.allclose(machine.denoise(X, alpha_bar), want, atol=1e-12)


def test_wiener_windows_shrink_with_the_threshold_from_the_whole_image_to_a_pixel():
    thresholds = (1e-9, 0.05, 0.2, 1 - 1e-9)
    windows = [WienerLocalScore(IMAGES, threshold).windows(0.5) for threshold in thresholds]
    for wide, narrow in itertools.pairwise(windows):
        assert (wide | ~narrow).all() and wide.sum() > narrow.sum()
    assert windows[0].all() and windows[-1].sum() == 12
    whole = WienerLocalScore(IMAGES, 1e-9).denoise(X, 0.5)
    assert torch.allclose(whole, IdealScore(IMAGES).denoise(X, 0.5), atol=1e-10)


def test_with_little_noise_a_wiener_window_is_its_pixel_if_no_direction_is_empty():
    assert WienerLocalScore(IMAGES).windows(1 - 1e-7).sum() == 12
    # Seven images span six directions of 24: the filter projects on them, and that is not local.
    assert WienerLocalScore(IMAGES[:7]).windows(1 - 1e-7).double().mean() > 0.5


def test_a_wiener_window_does_not_cross_between_independent_halves():
    left, right = IMAGES[:5, :, :, :2], IMAGES[5:11, :, :, :2]
    pairs = [torch.cat([a, b], 2) for a, b in itertools.product(left, right)]
    for alpha_bar in (0.01, 0.9):
        windows = WienerLocalScore(torch.stack(pairs)).windows(alpha_bar)
        assert not windows[:, :2, :, 2:].any() and not windows[:, 2:, :, :2].any()
        assert windows[:, :2, :, :2].double().mean() > 0.5


def test_a_pixel_that_never_changes_stands_alone_and_is_kept():
    images = IMAGES.clone()
    images[:, :, 1, 2] = -0.25
    machine = WienerLocalScore(images)
    for alpha_bar in (0.0002, 0.5, 0.999):
        windows = machine.windows(alpha_bar)
        assert windows[1, 2].sum() == windows[:, :, 1, 2].sum() == 1 and windows[1, 2, 1, 2]
        assert torch.allclose(machine.denoise(X, alpha_bar)[:, :, 1, 2], -0.25 + 0 * X[:, :, 0, 0])


def test_the_filter_guesses_what_never_changes_without_rounding():
    images = IMAGES.clone()
    images[:, :, 1, 2] = -0.3
    linear = GaussianScore(images)
    for alpha_bar in (0.0002, 0.5, 0.999):
        assert not linear.sensitivity(alpha_bar).view(2, 12, 2, 12)[:, 6].any()
        assert (linear.denoise(X, alpha_bar)[:, :, 1, 2] + 0.3).abs().max() < 1e-15


def test_batch_block_and_level_do_not_matter_to_the_wiener_windowed_machine(monkeypatch):
    machine = WienerLocalScore(IMAGES.float())
    x = X.float()
    first = machine.denoise(x, 0.3)
    machine.denoise(x, 0.9)
    one_by_one = torch.cat([machine.denoise(picture, 0.3) for picture in x.split(1)])
    monkeypatch.setattr("els_tutorial.denoiser.BLOCK", 100)
    assert len(machine._blocks(24)) > 5
    for other in (one_by_one, machine.denoise(x, 0.3), WienerLocalScore(IMAGES).denoise(x, 0.3)):
        assert (other - first).abs().max() < 1e-5


def test_nearest_image_is_the_nearest():
    for alpha_bar in (0.05, 0.9):
        distances = (X[:, None] - alpha_bar**0.5 * IMAGES).square().sum((2, 3, 4))
        got = NearestImage(IMAGES).denoise(X, alpha_bar)
        assert torch.equal(got, IMAGES[distances.argmin(1)])


@pytest.mark.parametrize("cls", [GaussianScore, NearestImage, WienerLocalScore])
def test_bad_input_is_named(cls):
    with pytest.raises(ValueError, match=r"\[-1, 1\]"):
        cls(IMAGES * 2)
    with pytest.raises(ValueError, match="x must"):
        cls(IMAGES).denoise(X[0], 0.5)
    with pytest.raises(ValueError, match="alpha_bar"):
        cls(IMAGES).denoise(X, 1)


def test_a_bad_threshold_or_level_is_named():
    for threshold in (0, 1, -0.1, float("nan"), "much"):
        with pytest.raises(ValueError, match="threshold must"):
            WienerLocalScore(IMAGES, threshold)
    for call in (GaussianScore(IMAGES).sensitivity, WienerLocalScore(IMAGES).windows):
        with pytest.raises(ValueError, match="alpha_bar must"):
            call(1.0)
