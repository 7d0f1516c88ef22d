"""The networks: how far they see, what shifts do to them, and the contract that they keep."""

import math

import pytest
import torch
from torch.autograd.functional import jacobian

from els_tutorial.layers import EDITS
from els_tutorial.machines import EquivariantLocalScore
from els_tutorial.networks import NetworkDenoiser, ResNet, UNet, velocity
from els_tutorial.sampling import sample
from els_tutorial.schedules import CosineSchedule

LEVELS = (1e-12, 0.00016, 0.5, 0.9994, 1 - 1e-12)  # of alpha_bar; 0.00016 is t = 1


def normal(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def seeded(build, *args, **kwargs):
    """A network whose weights are the same each time, in float64: its zeros are true zeros."""
    torch.manual_seed(0)
    return build(*args, **kwargs).double()


def seen(denoiser, size, row, column, alpha_bar=0.5):
    """Which input pixels move the output pixel (row, column): bool [size, size]."""
    x = normal(1, 1, size, size).double()
    slopes = jacobian(lambda x: denoiser.denoise(x, alpha_bar)[0, 0, row, column], x)
    return slopes[0, 0] != 0


def apart(denoiser, x, shift, alpha_bar=0.5):
    """What is left of denoise(shift x) - shift denoise(x), [B, C, H, W]."""
    dims = (2, 3)
    moved = denoiser.denoise(x, alpha_bar).roll(shift, dims)
    return (denoiser.denoise(x.roll(shift, dims), alpha_bar) - moved).abs()


# ---- Locality ----


@pytest.mark.parametrize("padding_mode", ["zeros", "circular"])
@pytest.mark.parametrize("depth", [0, 1, 3])
def test_a_resnet_sees_the_square_of_its_formula_and_no_more(depth, padding_mode):
    network = seeded(ResNet, channels=8, depth=depth, padding_mode=padding_mode)
    assert network.receptive_field == 2 * (depth + 2) + 1
    expected = torch.zeros(15, 15, dtype=torch.bool)
    reach = depth + 2
    expected[7 - reach : 8 + reach, 7 - reach : 8 + reach] = True
    assert torch.equal(seen(NetworkDenoiser(network), 15, 7, 7), expected)


def test_the_default_resnet_sees_17_by_17_pixels():
    assert ResNet().receptive_field == 17


def test_the_torus_has_no_edge_for_a_circular_network_to_stop_at():
    network = seeded(ResNet, channels=8, depth=1, padding_mode="circular")
    middle = seen(NetworkDenoiser(network), 15, 7, 7)
    corner = seen(NetworkDenoiser(network), 15, 0, 0)
    assert torch.equal(corner.roll((7, 7), (0, 1)), middle)
    padded = seeded(ResNet, channels=8, depth=1)
    assert seen(NetworkDenoiser(padded), 15, 0, 0).sum() == 4 * 4


def test_a_unet_sees_far_but_not_everything():
    found = seen(NetworkDenoiser(seeded(UNet, channels=(8, 8))), 64, 32, 32)
    rows = found.any(1).nonzero().flatten()
    assert 25 < len(rows) < 40 and len(rows) == rows[-1] - rows[0] + 1
    # Three grids are enough for the pictures of this book: from the middle nothing is unseen.
    assert seen(NetworkDenoiser(seeded(UNet, channels=(4, 4, 4))), 32, 16, 16).all()


def test_self_attention_sees_everything():
    denoiser = NetworkDenoiser(seeded(UNet, channels=(4, 8), attention=True))
    for row, column in ((0, 0), (32, 32), (63, 10)):
        assert seen(denoiser, 64, row, column).all()


# ---- Equivariance ----


def test_a_circular_resnet_commutes_with_every_shift():
    denoiser = NetworkDenoiser(seeded(ResNet, channels=16, padding_mode="circular").float())
    x = normal(2, 1, 28, 28)
    for shift in ((1, 0), (0, 1), (-5, 13)):
        assert apart(denoiser, x, shift).max() < 1e-5


def test_zero_padding_leaves_shifts_alone_in_the_interior_only():
    network = seeded(ResNet, channels=16, depth=2)
    reach = network.receptive_field // 2
    # A shift to the left by one: pixels whose window stays within the picture before and after.
    error = apart(NetworkDenoiser(network), normal(1, 1, 20, 20).double(), (0, -1))[0, 0]
    inside = (slice(reach, -reach), slice(reach, -reach - 1))
    assert error[inside].max() < 1e-12
    assert error[reach:-reach, : reach - 1].min() > 0
    assert error.max() > 1e-3


@pytest.mark.parametrize("attention", [False, True])
def test_a_circular_unet_commutes_with_multiples_of_its_coarsest_pixel_only(attention):
    network = seeded(UNet, channels=(8, 8, 8), padding_mode="circular", attention=attention)
    denoiser, x = NetworkDenoiser(network), normal(1, 1, 16, 16).double()
    assert apart(denoiser, x, (4, -8)).max() < 1e-12
    for shift in ((1, 0), (2, 0), (0, 3)):
        assert apart(denoiser, x, shift).max() > 1e-4


def test_attention_without_codes_of_place_commutes_with_shuffles_of_the_coarse_pixels():
    network = seeded(UNet, channels=(8, 8), attention=True)
    h = normal(1, 8, 4, 4).double()
    order = torch.randperm(16, generator=torch.Generator().manual_seed(0))
    shuffled = network.attend(h.flatten(2)[..., order].view_as(h))
    expected = network.attend(h).flatten(2)[..., order].view_as(h)
    torch.testing.assert_close(shuffled, expected)


# ---- The contract ----


@pytest.mark.parametrize("alpha_bar", LEVELS)
def test_the_velocity_gives_back_picture_and_score(alpha_bar):
    # A network that knew the picture and the noise would be right at every noise level.
    x0, noise = normal(2, 1, 4, 4).double(), normal(2, 1, 4, 4, seed=1).double()
    level = torch.full((2,), alpha_bar, dtype=torch.float64)
    x = math.sqrt(alpha_bar) * x0 + math.sqrt(1 - alpha_bar) * noise
    denoiser = NetworkDenoiser(ResNet(channels=4, depth=0).double())
    denoiser.network._guess = lambda *_: velocity(x0, noise, level)
    torch.testing.assert_close(denoiser.denoise(x, alpha_bar), x0)
    expected = -noise / math.sqrt(1 - alpha_bar)
    torch.testing.assert_close(denoiser.score(x, alpha_bar), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("build", [ResNet, UNet])
@pytest.mark.parametrize("alpha_bar", LEVELS)
def test_the_guess_stays_of_the_size_of_pictures_at_every_noise_level(build, alpha_bar):
    denoiser = NetworkDenoiser(seeded(build).float())
    x = normal(2, 1, 8, 8)
    x0_hat = denoiser.denoise(x, alpha_bar)
    assert x0_hat.shape == x.shape and x0_hat.dtype == x.dtype
    assert x0_hat.abs().max() < 10
    assert torch.isfinite(denoiser.score(x, alpha_bar)).all()


def test_the_score_is_tweedies():
    denoiser, x = NetworkDenoiser(seeded(ResNet, channels=8)), normal(1, 1, 8, 8).double()
    for alpha_bar in (0.1, 0.5, 0.9):
        x0_hat = denoiser.denoise(x, alpha_bar)
        expected = (math.sqrt(alpha_bar) * x0_hat - x) / (1 - alpha_bar)
        torch.testing.assert_close(denoiser.score(x, alpha_bar), expected)


def test_squared_errors_of_picture_and_noise_add_up_to_that_of_the_velocity():
    x0, noise, guess = (normal(3, 1, 4, 4, seed=k).double() for k in range(3))
    level = torch.tensor([0.1, 0.5, 0.9]).double()
    a = level.view(-1, 1, 1, 1)
    x = a.sqrt() * x0 + (1 - a).sqrt() * noise
    of_picture = (a.sqrt() * x - (1 - a).sqrt() * guess - x0).square()
    of_noise = ((1 - a).sqrt() * x + a.sqrt() * guess - noise).square()
    of_velocity = (guess - velocity(x0, noise, level)).square()
    torch.testing.assert_close(of_picture + of_noise, of_velocity)


def test_a_double_batch_through_a_float_network_comes_back_double():
    denoiser = NetworkDenoiser(ResNet(channels=4, depth=0))
    assert denoiser.denoise(normal(1, 1, 5, 5).double(), 0.5).dtype == torch.float64


def test_the_sampler_takes_a_network_as_it_takes_a_machine_and_records_no_gradients():
    noise = normal(2, 1, 8, 8)
    images = normal(3, 1, 8, 8).clamp(-1, 1)
    for denoiser in (NetworkDenoiser(ResNet(channels=4)), EquivariantLocalScore(images, 3)):
        picture = sample(denoiser, noise, CosineSchedule(), steps=3)
        assert picture.shape == noise.shape and not picture.requires_grad


def test_a_pixel_of_a_picture_does_not_depend_on_the_rest_of_the_batch():
    x = normal(3, 1, 8, 8)
    for build in (ResNet, UNet):
        denoiser = NetworkDenoiser(seeded(build).float())
        torch.testing.assert_close(denoiser.denoise(x, 0.3)[1:2], denoiser.denoise(x[1:2], 0.3))


# ---- Time and class ----


@pytest.mark.parametrize("build", [ResNet, UNet])
def test_a_network_hears_of_time_and_of_its_class(build):
    network = seeded(build, classes=3)
    x = normal(1, 1, 8, 8).double()
    first, second = (NetworkDenoiser(network, label=label) for label in (0, 2))
    assert (first.denoise(x, 0.5) - second.denoise(x, 0.5)).abs().max() > 1e-3
    label = torch.tensor([0, 2])
    both = NetworkDenoiser(network, label=label).denoise(x.repeat(2, 1, 1, 1), 0.5)
    torch.testing.assert_close(both[:1], first.denoise(x, 0.5))
    torch.testing.assert_close(both[1:], second.denoise(x, 0.5))
    level = torch.tensor([0.5]).double()
    here, there = (network(x, a, label[:1]) for a in (level, level + 0.2))
    assert (here - there).abs().max() > 1e-3


@pytest.mark.parametrize(
    "network",
    [ResNet(3, channels=8, depth=1, classes=2), UNet(channels=(4, 8), attention=True)],
)
def test_settings_and_weights_rebuild_a_network(network):
    copy = type(network)(**network.settings)
    copy.load_state_dict(network.state_dict())
    x, level = normal(1, network.image_channels, 8, 8), torch.tensor([0.3])
    label = torch.tensor([1]) if network.classes else None
    assert torch.equal(copy(x, level, label), network(x, level, label))


def test_networks_are_small_enough_to_ship():
    for network in (ResNet(), ResNet(3, channels=96, classes=10), UNet(3, attention=True)):
        assert sum(weight.numel() * 4 for weight in network.state_dict().values()) < 4e6


# ---- What is refused ----


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: ResNet(padding_mode="reflect"), "padding_mode must be one of circular, zeros"),
        (lambda: ResNet(channels=0), "channels must be an int of at least 1, got 0"),
        (lambda: ResNet(depth=-1), "depth must be an int of at least 0, got -1"),
        (lambda: ResNet(classes=True), "classes must be an int of at least 0, got True"),
        (lambda: ResNet(image_channels=1.0), "image_channels must be an int"),
        (lambda: UNet(channels=(8,)), "channels must be two or three positive ints"),
        (lambda: UNet(channels=(8, 0)), "each of channels must be an int of at least 1, got 0"),
        (lambda: UNet(attention=1), "attention must be True or False, got 1"),
        (lambda: UNet(channels=(8, 6), attention=True), "a multiple of 4 channels, got 6"),
        (lambda: NetworkDenoiser("resnet"), "network must be a ResNet or a UNet, got str"),
        (lambda: NetworkDenoiser(ResNet(), label=1), "a network with 0 classes got label 1"),
        (lambda: NetworkDenoiser(ResNet(classes=3)), "a network with 3 classes got label None"),
        (lambda: NetworkDenoiser(ResNet(classes=3), label=3), "label must be below 3, got 3"),
        (lambda: NetworkDenoiser(ResNet(classes=3), label=1.5), "label must be an int"),
    ],
)
def test_a_network_that_cannot_be_is_refused(build, message):
    with pytest.raises(ValueError, match=message):
        build()


@pytest.mark.parametrize(
    ("x", "alpha_bar", "message"),
    [
        (normal(1, 1, 8, 8), 0, r"alpha_bar must lie strictly between 0 and 1, got 0"),
        (normal(1, 1, 8, 8), 1.0, "alpha_bar must lie strictly between 0 and 1"),
        (normal(1, 1, 8, 8), float("nan"), "alpha_bar must lie strictly between"),
        (normal(1, 1, 8, 8), "half", "alpha_bar must be a number"),
        (normal(1, 8, 8), 0.5, r"x must have shape \[B, C, H, W\]"),
        (normal(1, 3, 8, 8), 0.5, r"x must be \[B, 1, H, W\] .*, got \[1, 3, 8, 8\]"),
        (normal(1, 1, 8, 9), 0.5, "sides that are multiples of 2"),
        (torch.ones(1, 1, 8, 8).long(), 0.5, "x must be float32 or float64"),
        (normal(1, 1, 8, 8) / 0, 0.5, "x must be finite"),
        (normal(1, 1, 8, 8).numpy(), 0.5, "x must be a torch tensor"),
    ],
)
def test_bad_input_is_refused(x, alpha_bar, message):
    denoiser = NetworkDenoiser(UNet(channels=(4, 4)))
    for method in (denoiser.denoise, denoiser.score):
        with pytest.raises(ValueError, match=message):
            method(x, alpha_bar)


@pytest.mark.parametrize(
    ("alpha_bar", "label", "message"),
    [
        (0.5, torch.tensor([0, 1]), "alpha_bar must be a torch tensor, got float"),
        (torch.tensor([0.5]), torch.tensor([0, 1]), r"alpha_bar must be \[2\] numbers in \(0, 1\)"),
        (torch.tensor([0.5, 1.0]), torch.tensor([0, 1]), r"alpha_bar must be \[2\] numbers"),
        (torch.tensor([0.5, 0.5]), None, "a network with 2 classes got label None"),
        (torch.tensor([0.5, 0.5]), torch.tensor([0, 2]), r"label must be int64 \[2\] from 0 to 1"),
        (torch.tensor([0.5, 0.5]), torch.tensor([0.0, 1.0]), r"label must be int64 \[2\]"),
        (torch.tensor([0.5, 0.5]), torch.tensor([0]), r"label must be int64 \[2\]"),
    ],
)
def test_levels_and_labels_that_do_not_fit_the_batch_are_refused(alpha_bar, label, message):
    with pytest.raises(ValueError, match=message):
        ResNet(channels=4, depth=0, classes=2)(normal(2, 1, 5, 5), alpha_bar, label)


# ---- What can be done to attention ----


def test_the_weights_of_attention_are_those_with_which_it_mixes():
    layer = seeded(UNet, channels=(4, 8), attention=True).attend
    h = normal(2, 8, 3, 5).double()
    weights = layer.weights(h)  # [2, 4, 15, 15]
    assert torch.allclose(weights.sum(3), torch.ones(2, 4, 15).double())
    value = layer.ask(h)[:, 16:].view(2, 4, 2, 15)
    mixed = torch.einsum("bhij,bhcj->bhci", weights, value).reshape(2, 8, 3, 5)
    assert torch.allclose(layer(h), h + layer.answer(mixed))


def test_edited_attention_keeps_places_apart_takes_a_plain_mean_or_adds_nothing():
    layer, h = seeded(UNet, channels=(4, 8), attention=True).attend, normal(2, 8, 3, 5).double()
    poked = h.clone()
    poked[0, :, 1, 2] += 1
    learned, moved = layer(h), {}
    for edit in EDITS:
        layer.edit = edit
        moved[edit] = (layer(poked) - layer(h)).abs().amax(1) > 1e-12
        assert not torch.allclose(layer(h), learned)
    assert moved["alone"].sum() == moved["left out"].sum() == 1
    assert moved["evenly"][0].all() and not moved["evenly"][1].any()
    layer.edit = "left out"
    assert torch.equal(layer(h), h)
    layer.edit = "evenly"
    share = layer(h) - h  # the same at every place
    assert torch.allclose(share, share[:, :, :1, :1].expand_as(share))
