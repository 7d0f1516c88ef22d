"""The tables of the linear view and of the planted correlation, and what theorems say of them."""

import importlib.util
import json

import pytest
import torch
from conftest import ROOT

from els_tutorial.calibration import heat_map
from els_tutorial.networks import NetworkDenoiser, ResNet


def benchmark(name):
    spec = importlib.util.spec_from_file_location(f"bench_{name}", ROOT / f"benchmarks/{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


STATISTICS, PLANTED = benchmark("statistics"), benchmark("planted")
TABLE, PLANT = (
    json.loads((ROOT / "results" / f"{name}.json").read_text("utf-8"))
    for name in ("statistics", "planted")
)
NAMES = list(TABLE["networks"])


@pytest.mark.parametrize("name", NAMES)
def test_every_seed_and_step_is_there(name):
    entry = TABLE["networks"][name]
    assert set(entry["apart"]) == set(STATISTICS.DENOISERS)
    for rows in entry["apart"].values():
        assert [len(row) for row in rows] == [20] * len(STATISTICS.WALKS)
        assert min(min(row) for row in rows) > 0
    for values in entry["samples"].values():
        assert len(values) == len(STATISTICS.SAMPLES) and max(values) < 1


@pytest.mark.parametrize(("name", "seed", "steps"), [("digits64-resnet", 2, (0, 9, 19))])
def test_the_table_holds_what_its_command_computes(name, seed, steps):
    work, entry = STATISTICS.Workplace(name), TABLE["networks"][name]
    again = work.walk(seed, steps=steps)
    for kind, values in again.items():
        held = [entry["apart"][kind][seed][step] for step in steps]
        assert values == pytest.approx(held, rel=0.01, abs=1e-6), kind
    r, explained = work.sample(seed)
    assert r == pytest.approx(entry["samples"]["r"][seed], abs=0.01)
    assert explained == pytest.approx(entry["samples"]["explained"][seed], abs=0.02)


def test_no_window_was_fitted_to_these_seeds():
    assert max(*STATISTICS.WALKS, *STATISTICS.SAMPLES) < 10_000


def test_at_the_most_noise_the_filter_and_the_ideal_score_are_one():
    """The first order of both is the same; they differ by much less than either from a network."""
    for name in NAMES:
        apart = TABLE["networks"][name]["apart"]
        for a, b in zip(apart["Wiener"], apart["IS"], strict=True):
            assert a[0] == pytest.approx(b[0], rel=0.02)


def test_tied_pictures_hold_each_pixel_twice_and_held_out_ones_are_new():
    tied = PLANTED.pictures("tied")
    assert torch.equal(tied, tied.roll(PLANTED.APART, 3)) and tied.shape[2:] == (8, 8)
    untied = PLANTED.pictures("untied")
    # One strip alone is the same in both; only the two together tell the sets apart.
    assert torch.equal(tied[..., 2:6], untied[..., 2:6])
    assert (untied - untied.roll(PLANTED.APART, 3)).abs().mean() > 0.3
    held_out = PLANTED.pictures("tied", held_out=True)
    assert len(tied) == PLANTED.LEARNED and len(held_out) == PLANTED.HELD_OUT
    same = (held_out[:, None] == tied).flatten(2).all(2).any(1)
    assert same.double().mean() < 0.02  # strips may be alike by chance


def test_the_filter_weighs_a_copy_as_the_pixel_itself_and_a_blind_network_cannot():
    rows = PLANT["denoisers"]
    assert all(heat["copy"] == heat["own"] for heat in rows["Wiener, tied"]["heat"])
    assert all(heat["copy"] == 0 for heat in rows["blind, tied"]["heat"])
    assert rows["blind, tied"]["field"] // 2 < PLANTED.APART <= rows["sees, tied"]["field"] // 2
    for row in rows.values():
        assert len(row["heat"]) == len(row["loss"]["tied"]) == len(PLANTED.TIMES)


def test_the_planted_table_holds_what_its_command_computes():
    for kind in ("tied", "untied"):
        again, held = PLANTED.of_filter(kind), PLANT["denoisers"][f"Wiener, {kind}"]
        for name, losses in again["loss"].items():
            assert losses == pytest.approx(held["loss"][name], rel=1e-3)
        for one, other in zip(again["heat"], held["heat"], strict=True):
            assert one == pytest.approx(other, rel=1e-3, abs=1e-5)


def test_heat_is_read_at_the_pixel_and_its_copy():
    torch.manual_seed(0)
    denoiser = NetworkDenoiser(ResNet(channels=4, depth=3, padding_mode="circular").eval())
    x = PLANTED.noisy(PLANTED.pictures("tied", held_out=True)[:4], 0.5, 0)
    heat = heat_map(denoiser, x, 0.5)
    found = PLANTED.heat_by_place(heat)
    assert found["copy"] == pytest.approx(heat[4, (4 + PLANTED.APART) % 8].item(), abs=1e-6)
    assert found["own"] == pytest.approx(heat[4, 4].item(), abs=1e-6)
