"""The machines against the brute-force oracle, and the theorems they must obey."""

import subprocess
import sys
from itertools import product

import numpy as np
import oracle
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from els_tutorial import attention, data, denoiser, running_sums
from els_tutorial.machines import (
    EquivariantLocalScore,
    EquivariantScore,
    IdealScore,
    LocalScore,
)
from els_tutorial.sampling import sample
from els_tutorial.schedules import CosineSchedule

LEVELS = [0.0002, 0.05, 0.5, 0.9, 0.99, 0.9995]
BORDERS = ["circular", "zeros"]
DEVICES = ["cpu"] + (["cuda"] if torch.cuda.is_available() else [])


def build(kind, images, patch_size=None, boundary=None):
    if kind in ("IS", "ES"):
        return {"IS": IdealScore, "ES": EquivariantScore}[kind](images)
    return {"LS": LocalScore, "ELS": EquivariantLocalScore}[kind](images, patch_size, boundary)


def pictures(n, shape, seed=0, levels=256):
    """Random pictures with few grey levels, so that equal patches and near ties occur."""
    rng = np.random.default_rng(seed)
    return torch.tensor(rng.integers(0, levels, (n, *shape)) / (levels - 1) * 2 - 1).float()


def noised(images, alpha_bar, seed=0):
    noise = torch.randn(images.shape, generator=torch.Generator().manual_seed(seed))
    return alpha_bar**0.5 * images + (1 - alpha_bar) ** 0.5 * noise


def queries(images, alpha_bar, batch=2):
    """Noisy training pictures, and pure noise, which at low noise lies far from every picture."""
    pure = torch.randn(images[:1].shape, generator=torch.Generator().manual_seed(9))
    return torch.cat([noised(images[:batch], alpha_bar), pure])


def all_sizes(height, width, boundary):
    largest = min(height, width) if boundary == "circular" else 2 * max(height, width) - 1
    return range(1, largest + 1, 2)


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("shape", [(1, 7, 7), (1, 4, 6), (3, 5, 4)], ids=str)
@pytest.mark.parametrize("alpha_bar", LEVELS)
def test_denoise_equals_the_oracle(shape, alpha_bar, device):
    images = pictures(4, shape, levels=3)
    x = queries(images, alpha_bar)
    settings_ = [("IS", None, None), ("ES", None, None)]
    for boundary in BORDERS:
        for size in all_sizes(*shape[1:], boundary):
            settings_ += [("LS", size, boundary), ("ELS", size, boundary)]
    for kind, size, boundary in settings_:
        machine = build(kind, images.to(device), size, boundary)
        got = machine.denoise(x.to(device), alpha_bar).cpu().numpy()
        want = oracle.denoise(kind, images, x, alpha_bar, size, boundary)
        assert np.abs(got - want).max() <= 1e-4, (kind, size, boundary)


@pytest.mark.parametrize("alpha_bar", LEVELS)
@pytest.mark.parametrize("size", [3, 11, 27])
@pytest.mark.parametrize("boundary", BORDERS)
def test_local_machines_on_digits_equal_the_oracle(alpha_bar, size, boundary):
    images = data.load("digits", n=20).images
    x = queries(images, alpha_bar, batch=1)
    pixels = [(0, 0), (0, 13), (14, 14), (9, 27), (20, 5)]
    for kind in ("LS", "ELS"):
        got = build(kind, images, size, boundary).denoise(x, alpha_bar)
        for b, (i, j) in product(range(len(x)), pixels):
            w, v, _ = oracle.posterior(
                kind,
                images.double().numpy(),
                x[b].double().numpy(),
                i,
                j,
                alpha_bar,
                size,
                boundary,
            )
            assert abs(got[b, 0, i, j].item() - (w @ v).item()) <= 1e-4, (kind, b, i, j)


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(["IS", "ES", "LS", "ELS"]),
    st.sampled_from(BORDERS),
    st.integers(1, 6),
    st.integers(1, 6),
    st.sampled_from([1, 3]),
    st.integers(1, 4),
    st.integers(1, 3),
    st.floats(0.0002, 0.9995),
    st.data(),
)
def test_any_shape_equals_the_oracle(kind, boundary, h, w, channels, n, batch, alpha_bar, draw):
    size = draw.draw(st.sampled_from(list(all_sizes(h, w, boundary))))
    seed = draw.draw(st.integers(0, 1000))
    images = pictures(n, (channels, h, w), seed)
    x = noised(pictures(batch, (channels, h, w), seed + 1), alpha_bar, seed)
    got = build(kind, images, size, boundary).denoise(x, alpha_bar)
    want = oracle.denoise(kind, images, x, alpha_bar, size, boundary)
    assert got.shape == x.shape and got.dtype == x.dtype
    assert np.abs(got.numpy() - want).max() <= 1e-4


@pytest.mark.parametrize("kind", ["IS", "ES", "LS", "ELS"])
@pytest.mark.parametrize("boundary", BORDERS)
@pytest.mark.parametrize("alpha_bar", [0.05, 0.99])
def test_provenance_names_the_oracles_heaviest_candidate(kind, boundary, alpha_bar):
    images = pictures(4, (1, 6, 7), levels=2)
    x = queries(images, alpha_bar)
    origin = build(kind, images, 3, boundary).provenance(x, alpha_bar)
    for b, i, j in np.ndindex(len(x), 6, 7):
        weights, _, origins = oracle.posterior(
            kind, images.double().numpy(), x[b].double().numpy(), i, j, alpha_bar, 3, boundary
        )
        named = [t[b, i, j].item() for t in origin[:3]]
        ties = origins[weights > weights.max() * (1 - 1e-8)].tolist()
        # The whole-image machine that shifts counts its candidates by shift, not by place.
        assert named in ties if kind == "ES" else named == ties[0]
        assert origin.weight[b, i, j].item() == pytest.approx(weights.max(), abs=1e-8)


@pytest.mark.parametrize("alpha_bar", [0.1, 0.7, 0.99])
def test_els_and_es_commute_with_shifts(alpha_bar):
    images = data.load("digits", n=20).images
    x = noised(images[:2], alpha_bar)
    for machine in (EquivariantLocalScore(images, 7), EquivariantScore(images)):
        moved = machine.denoise(x.roll((3, -5), (2, 3)), alpha_bar)
        assert (moved - machine.denoise(x, alpha_bar).roll((3, -5), (2, 3))).abs().max() < 1e-5


@pytest.mark.parametrize("alpha_bar", [0.1, 0.5])
@pytest.mark.parametrize("boundary", BORDERS)
@pytest.mark.parametrize("kind", ["LS", "ELS"])
def test_local_machines_do_not_see_outside_their_window(kind, boundary, alpha_bar):
    images = pictures(7, (1, 9, 9))
    machine = build(kind, images[:6], 3, boundary)
    x = noised(images[6:], alpha_bar)
    poked = x.clone()
    poked[0, 0, 4, 4] += 1
    moved = (machine.denoise(x, alpha_bar) - machine.denoise(poked, alpha_bar)).abs()[0, 0]
    outside = torch.ones(9, 9, dtype=bool)
    outside[3:6, 3:6] = False
    assert moved[outside].max() < 1e-6  # running sums round; a window sees nothing else
    assert moved[~outside].max() > 1e-3


@pytest.mark.parametrize("alpha_bar", LEVELS)
def test_a_window_of_the_whole_image_is_no_constraint(alpha_bar):
    images = pictures(5, (1, 7, 7))
    x = noised(images[:2], alpha_bar)
    ideal, equivariant = IdealScore(images), EquivariantScore(images)
    pairs = [
        (LocalScore(images, 7, "circular"), ideal),
        (LocalScore(images, 13, "zeros"), ideal),
        (EquivariantLocalScore(images, 7, "circular"), equivariant),
        (EquivariantLocalScore(images, 13, "zeros"), ideal),  # every pixel has its own border
    ]
    for local, whole in pairs:
        assert (local.denoise(x, alpha_bar) - whole.denoise(x, alpha_bar)).abs().max() <= 1e-4


@pytest.mark.parametrize("alpha_bar", LEVELS)
def test_es_is_the_ideal_score_of_the_shifted_set(alpha_bar):
    images = pictures(3, (1, 5, 6))
    orbit = torch.cat([images.roll((a, b), (2, 3)) for a in range(5) for b in range(6)])
    x = noised(images[:2], alpha_bar)
    apart = EquivariantScore(images).denoise(x, alpha_bar) - IdealScore(orbit).denoise(x, alpha_bar)
    assert apart.abs().max() <= 1e-4


def test_every_machine_tends_to_the_mean_of_its_candidates():
    images = pictures(6, (1, 7, 7))
    x = torch.randn(1, 1, 7, 7)
    overall = images.mean() * torch.ones(1, 1, 7, 7)
    zeros = EquivariantLocalScore(images, 3, "zeros").denoise(x, 1e-12)
    pairs = [
        (IdealScore(images).denoise(x, 1e-12), images.mean(0, keepdim=True)),
        (LocalScore(images, 3).denoise(x, 1e-12), images.mean(0, keepdim=True)),
        (EquivariantScore(images).denoise(x, 1e-12), overall),
        (EquivariantLocalScore(images, 3).denoise(x, 1e-12), overall),
        (zeros[..., 1:6, 1:6], images[..., 1:6, 1:6].mean() * torch.ones(1, 1, 5, 5)),
        (zeros[..., 0, 1:6], images[..., 0, 1:6].mean() * torch.ones(1, 1, 5)),
        (zeros[..., 6, 0], images[..., 6, 0].mean(0, keepdim=True)),
    ]
    for got, want in pairs:
        assert (got - want).abs().max() < 1e-4


def test_ideal_score_samples_end_on_training_images():
    images = data.load("digits", n=100).images
    noise = torch.randn(8, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    samples = sample(IdealScore(images), noise, CosineSchedule(), steps=20)
    apart = (samples[:, None] - images).abs().amax((2, 3, 4))  # [samples, images]
    assert apart.min(1).values.max() < 1e-3


def test_two_tone_toy_obeys_the_majority_rule():
    images = data.load("two_tone").images
    h, w = images.shape[2:]
    x = (torch.randn(1, 1, h, w, generator=torch.Generator().manual_seed(1)) > 0) * 2.0 - 1
    x0_hat = EquivariantLocalScore(images, 3).denoise(x, 0.9995)
    votes = sum(x.roll((a, b), (2, 3)) for a in (-1, 0, 1) for b in (-1, 0, 1))
    assert (x0_hat - votes.sign()).abs().max() < 1e-4


def oracle_distances(images, picture, i, j, size, boundary):
    """Squared distances [K] between a pixel's window and its candidates', and their centres [K]."""
    alpha_bar = 0.5
    weights, values, _ = oracle.posterior(
        "ELS", images.double().numpy(), picture * alpha_bar**0.5, i, j, alpha_bar, size, boundary
    )
    return -2 * np.log(np.maximum(weights, 1e-300)), values[:, 0]


@pytest.mark.parametrize("boundary", BORDERS)
def test_at_low_noise_each_pixel_is_the_centre_of_its_nearest_patch(boundary):
    """Theorem 4.1, on a picture that the machine made itself.

    The theorem assumes that the flow comes to rest. Twenty steps do not bring it there: pixels at
    the edge of a decision still change. So the picture is denoised at t -> 0 until it stays.
    """
    images = data.load("digits", n=20).images
    noise = torch.randn(1, 1, 28, 28, generator=torch.Generator().manual_seed(2))
    machine = EquivariantLocalScore(images, 5, boundary)
    picture = sample(machine, noise, CosineSchedule(), steps=20)
    for _ in range(200):
        before, picture = picture, machine.denoise(picture, 1 - 1e-6)
    assert (picture - before).abs().max() < 1e-6
    picture, clear = picture[0].double().numpy(), 0
    for i, j in np.ndindex(28, 28):
        squares, values = oracle_distances(images, picture, i, j, 5, boundary)
        best = squares.argmin()
        if (squares[values != values[best]] > squares[best] + 1e-6).all():  # no tie in value
            clear += 1
            assert abs(picture[0, i, j] - values[best]) < 1e-4
    assert clear > 700


@pytest.mark.parametrize("kind", ["IS", "ES", "LS", "ELS"])
@pytest.mark.parametrize("boundary", BORDERS)
def test_duplicates_act_as_weights(kind, boundary):
    images = pictures(3, (1, 6, 6))
    repeated = images[[0, 0, 0, 1, 2]]
    x = noised(images[:1], 0.02)
    got = build(kind, repeated, 3, boundary).denoise(x, 0.02)[0].double().numpy()
    for i, j in [(0, 0), (3, 3), (5, 2)]:
        w, v, origins = oracle.posterior(
            kind, images.double().numpy(), x[0].double().numpy(), i, j, 0.02, 3, boundary
        )
        w = w * np.array([3 if o[0] == 0 else 1 for o in origins])
        assert np.abs(got[:, i, j] - w @ v / w.sum()).max() < 1e-5


@pytest.mark.parametrize("kind", ["IS", "ES", "LS", "ELS"])
@pytest.mark.parametrize("alpha_bar", [0.01, 0.6, 0.995])
def test_batch_block_and_order_do_not_matter(kind, alpha_bar, monkeypatch):
    images = data.load("digits", n=60).images
    x = noised(data.load("digits", n=70).images[60:63], alpha_bar)
    machine = build(kind, images, 5, "zeros")
    reference = machine.denoise(x, alpha_bar)
    one_by_one = torch.cat([machine.denoise(picture, alpha_bar) for picture in x.split(1)])
    backwards = build(kind, images.flip(0), 5, "zeros").denoise(x, alpha_bar)
    monkeypatch.setattr(denoiser, "BLOCK", 30_000)
    monkeypatch.setattr(attention, "TILE", 100)
    small_blocks = machine.denoise(x, alpha_bar)
    for other in (one_by_one, backwards, small_blocks):
        assert (other - reference).abs().max() < 1e-5


@pytest.mark.parametrize("kind", ["IS", "ES", "LS", "ELS"])
def test_score_is_tweedies(kind):
    """The score is the gradient of log p_t; here of the ideal machine's mixture, by autograd."""
    images = pictures(4, (1, 5, 5)).double()
    x, a = noised(images[:1].float(), 0.4).double(), 0.4
    machine = build(kind, images, 3, "circular")
    want = (a**0.5 * machine.denoise(x, a) - x) / (1 - a)
    assert torch.allclose(machine.score(x, a), want)
    if kind == "IS":
        x.requires_grad_()
        squares = (x - a**0.5 * images).square().sum((1, 2, 3))
        (gradient,) = torch.autograd.grad((-squares / (2 * (1 - a))).logsumexp(0), x)
        assert torch.allclose(machine.score(x.detach(), a), gradient, atol=1e-6)


@pytest.mark.parametrize("alpha_bar", LEVELS)
@pytest.mark.parametrize("boundary", BORDERS)
@pytest.mark.parametrize("shape", [(1, 9, 9), (3, 6, 11)], ids=str)
def test_running_sums_and_attention_agree(shape, boundary, alpha_bar):
    images = pictures(6, shape, levels=4)
    x = queries(images, alpha_bar)
    for size in all_sizes(*shape[1:], boundary):
        machine = EquivariantLocalScore(images, size, boundary)
        apart = machine.denoise(x, alpha_bar) - machine._attend(x, alpha_bar, size)
        assert apart.abs().max() <= 1e-4, size


@pytest.mark.parametrize("boundary", BORDERS)
@pytest.mark.parametrize("count", [1, 4, 5, 7])
def test_running_sums_count_in_units_what_they_add_in_float64(count, boundary, monkeypatch):
    """Whatever the number of training images side by side, and however long a sum runs."""
    images = data.load("digits", n=count).images
    for alpha_bar, size in ((0.002, 27), (0.3, 13), (0.9, 5), (0.99, 3)):
        x = noised(data.load("digits", n=12).images[10:], alpha_bar)
        counted = running_sums.posterior_mean(x, images, alpha_bar, size, boundary)
        with monkeypatch.context() as patched:
            patched.setattr(running_sums, "FINEST", 0)
            added = running_sums.posterior_mean(x, images, alpha_bar, size, boundary)
        assert 0 < (counted - added).abs().max() <= 1e-5, (alpha_bar, size)


@pytest.mark.parametrize("boundary", BORDERS)
def test_the_farthest_window_that_can_be_counts_without_overflow(boundary):
    images = torch.ones(3, 1, 9, 9)
    images[0] = -1
    for k, alpha_bar in enumerate([0.01, 0.5, 0.9, 0.99] * 5):
        x = pictures(1, (1, 9, 9), seed=k).abs() + 0.01 * k
        for size in (3, 5, 9):
            x0_hat = EquivariantLocalScore(images, size, boundary).denoise(x, alpha_bar)
            want = EquivariantLocalScore(images, size, boundary)._attend(x, alpha_bar, size)
            assert (x0_hat - want).abs().max() <= 1e-4, (alpha_bar, size)


@pytest.mark.parametrize("boundary", BORDERS)
@pytest.mark.parametrize("loudness", [1e3, 1e5, 1e8])
def test_noise_of_any_loudness_has_a_mean(loudness, boundary):
    images = data.load("digits", n=6).images
    x = loudness * torch.randn(1, 1, 28, 28, generator=torch.manual_seed(0))
    for size in (3, 7):
        machine = EquivariantLocalScore(images, size, boundary)
        apart = machine.denoise(x, 0.5) - machine._attend(x.double(), 0.5, size)
        assert apart.abs().max() <= 1e-5, size


def test_running_sums_of_nothing():
    black = torch.zeros(2, 1, 9, 9)
    assert not running_sums.posterior_mean(black[:1], black, 0.5, 3, "zeros").any()


def test_torch_attention_is_the_same_kernel():
    generator = torch.Generator().manual_seed(0)
    queries = torch.randn(70, 18, generator=generator, dtype=torch.float64)
    keys = torch.rand(3000, 18, generator=generator, dtype=torch.float64) * 2 - 1
    ours = attention.posterior_mean(queries, keys.split(700), 0.5, [4, 13])
    q, k = attention._with_bias(queries, keys, 0.5, torch.float64)
    values = keys[:, [4, 13]]
    torchs = torch.nn.functional.scaled_dot_product_attention(
        q[None], k[None], values[None], scale=1
    )
    assert (ours - torchs[0]).abs().max() < 1e-12


def test_a_callable_patch_size_is_asked_at_every_level():
    images = pictures(3, (1, 9, 9))
    machine = EquivariantLocalScore(images, lambda alpha_bar: 3 if alpha_bar > 0.5 else 9)
    x = noised(images[:1], 0.5)
    for alpha_bar, size in ((0.9, 3), (0.1, 9)):
        fixed = EquivariantLocalScore(images, size)
        apart = machine.denoise(x, alpha_bar) - fixed.denoise(x, alpha_bar)
        assert apart.abs().max() < 1e-6
    with pytest.raises(ValueError, match="odd int from 1 to 9"):
        EquivariantLocalScore(images, lambda _: 4).denoise(x, 0.5)


@pytest.mark.parametrize(
    ("digits", "call"),
    [
        (5000, "EquivariantLocalScore(images, 7).denoise(torch.randn(1, 1, 28, 28), 0.5)"),
        (5000, "EquivariantLocalScore(images, 3).denoise(torch.randn(1, 1, 28, 28), 0.5)"),
        (300, "EquivariantLocalScore(images, 3).provenance(torch.randn(12, 1, 28, 28), 0.5)"),
    ],
)
def test_memory_stays_under_one_and_a_half_gigabytes(digits, call):
    code = (
        "import torch, resource\n"
        "from els_tutorial import data\n"
        "from els_tutorial.machines import EquivariantLocalScore\n"
        f"images = data.load('digits', n={digits}).images\n"
        f"{call}\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    unit = 1 if sys.platform == "darwin" else 1024  # bytes there, kibibytes elsewhere
    assert int(done.stdout) * unit < 1.5e9


IMAGES = pictures(3, (1, 7, 7))
NAN = IMAGES.clone()
NAN[0, 0, 0, 0] = float("nan")


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (IMAGES[:0], "no empty axis"),
        (IMAGES[0], r"\[B, C, H, W\]"),
        (IMAGES.numpy(), "torch tensor"),
        (IMAGES.half(), "float32 or float64"),
        (IMAGES.int(), "float32 or float64"),
        (IMAGES * 1.5, r"\[-1, 1\]"),
        (NAN, "NaN"),
    ],
)
@pytest.mark.parametrize("kind", ["IS", "ES", "LS", "ELS"])
def test_bad_training_images_are_named(kind, images, message):
    with pytest.raises(ValueError, match=message):
        build(kind, images, 3, "circular")


@pytest.mark.parametrize("kind", ["IS", "ES", "LS", "ELS"])
@pytest.mark.parametrize("method", ["denoise", "score", "provenance"])
def test_bad_queries_are_named(kind, method):
    machine = build(kind, IMAGES, 3, "circular")
    call = getattr(machine, method)
    for alpha_bar in (0, 1, -0.1, 1.5, float("nan"), "much", None):
        with pytest.raises(ValueError, match="alpha_bar"):
            call(IMAGES, alpha_bar)
    for x in (IMAGES[0], IMAGES[..., :5], NAN, IMAGES.half(), IMAGES.numpy()):
        with pytest.raises(ValueError, match="x must"):
            call(x, 0.5)


@pytest.mark.parametrize("cls", [LocalScore, EquivariantLocalScore])
def test_bad_windows_are_named(cls):
    for size in (0, 2, -3, 9, 3.0, True, "3", None):
        with pytest.raises(ValueError, match="odd int from 1 to 7"):
            cls(IMAGES, size, "circular")
    with pytest.raises(ValueError, match="odd int from 1 to 13"):
        cls(IMAGES, 15, "zeros")
    with pytest.raises(ValueError, match="circular, zeros"):
        cls(IMAGES, 3, "reflect")
