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


STATISTICS, PLANTED = benchmark("linear_view"), benchmark("planted")
TABLE = json.loads((ROOT / "results" / "statistics.json").read_text("utf-8"))
PLANT = json.loads((ROOT / "results" / "planted.json").read_text("utf-8"))
NAMES = list(TABLE["networks"])


def test_a_network_whose_images_are_not_at_hand_is_left_as_it_is(tmp_path, monkeypatch, capsys):
    def missing(name, root=None):
        raise ModuleNotFoundError("images of cifar10 are not here")

    result = tmp_path / "statistics.json"
    kept = json.dumps({"networks": {"cifar10-resnet": TABLE["networks"]["cifar10-resnet"]}})
    result.write_text(kept)
    monkeypatch.setattr(STATISTICS, "RESULT", result)
    monkeypatch.setattr(STATISTICS, "Workplace", missing)
    STATISTICS.main(["cifar10-resnet", "photos-resnet"], None)
    assert result.read_text() == kept
    said = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in said] == [
        "cifar10-resnet left as it is",
        "photos-resnet left as it is",
    ]


@pytest.mark.parametrize("name", NAMES)
def test_every_seed_and_step_is_there(name):
    entry = TABLE["networks"][name]
    seeds, steps, from_fit = STATISTICS.WALKS[name]
    assert (entry["seeds"], entry["steps"]) == (list(seeds), list(steps))
    assert entry["windows fitted on these seeds"] is from_fit
    assert set(entry["apart"]) == set(STATISTICS.DENOISERS)
    for rows in entry["apart"].values():
        assert [len(row) for row in rows] == [len(steps)] * len(seeds)
        assert min(min(row) for row in rows) > 0


def test_every_network_with_windows_is_in_the_table():
    assert set(NAMES) == set(STATISTICS.WALKS)


@pytest.mark.parametrize(
    ("name", "kinds", "steps"),
    [
        ("digits64-resnet", tuple(STATISTICS.DENOISERS), (0, 9, 19)),
        ("digits-resnet", ("mean image", "Wiener", "WLS", "IS"), (0, 12)),
        ("digits-resnet", ("ELS", "LS"), (12,)),  # of the fit, against the machine itself
        ("photos-resnet", ("mean image", "Wiener"), (3, 19)),
    ],
)
def test_the_table_holds_what_its_command_computes(name, kinds, steps):
    entry = TABLE["networks"][name]
    seed = entry["seeds"][-1]
    for step, kind, (apart,) in STATISTICS.Workplace(name).walk([seed], kinds, steps):
        held = entry["apart"][kind][-1][step]
        assert apart == pytest.approx(held, rel=0.02, abs=1e-6), (kind, step)


def test_it_is_said_which_seeds_windows_were_fitted_to():
    for name, entry in TABLE["networks"].items():
        fitted_here = min(entry["seeds"]) >= STATISTICS.FIRST_FITTED
        # The windows of the network with attention are those of another network.
        borrowed = name == "cifar10-unet-attention"
        assert entry["windows fitted on these seeds"] is (fitted_here and not borrowed)


def test_at_the_most_noise_the_filter_and_the_ideal_score_are_one():
    """The first order of both is the same. In colour more numbers make the next order larger."""
    for name, entry in TABLE["networks"].items():
        within = 0.02 if name.startswith("digits") else 0.2
        for a, b in zip(entry["apart"]["Wiener"], entry["apart"]["IS"], strict=True):
            assert a[0] == pytest.approx(b[0], rel=within)


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
    for name in ("Wiener, tied", "Wiener, tied, shifted"):
        assert all(heat["copy"] == heat["own"] for heat in rows[name]["runs"][0]["heat"])
    assert rows["blind, tied"]["field"] // 2 < PLANTED.APART <= rows["sees, tied"]["field"] // 2
    for name, row in rows.items():
        assert len(row["runs"]) == (PLANTED.RUNS if name in PLANTED.NETWORKS else 1)
        for run in row["runs"]:
            assert len(run["heat"]) == len(run["loss"]["tied"]) == len(PLANTED.TIMES)
            assert [len(heat) for heat in run["maps"]] == [64] * len(PLANTED.MAPPED)
            if name == "blind, tied":
                assert all(heat["copy"] == 0 for heat in run["heat"])


def test_maps_and_places_are_of_the_same_heat():
    for row in PLANT["denoisers"].values():
        for run in row["runs"]:
            for t, heat in zip(PLANT["mapped"], run["maps"], strict=True):
                found = run["heat"][PLANT["times"].index(t)]
                for place, (i, j) in PLANTED.PLACES.items():
                    assert heat[8 * i + j] == pytest.approx(found[place], abs=1e-4)


def test_the_shifted_filter_commutes_with_shifts():
    linear = PLANTED.GaussianScore(PLANTED.shifted(PLANTED.pictures("tied")[:100]))
    x = PLANTED.noisy(PLANTED.pictures("tied", held_out=True)[:2], 0.5, 0)
    first, then = (linear.denoise(x.roll(shift, (2, 3)), 0.5) for shift in ((0, 0), (1, 3)))
    assert (first.roll((1, 3), (2, 3)) - then).abs().max() < 1e-5


@pytest.mark.parametrize("name", PLANTED.FILTERS)
def test_the_planted_table_holds_what_its_command_computes(name):
    again, held = PLANTED.of_filter(PLANTED.FILTERS[name]()), PLANT["denoisers"][name]["runs"][0]
    for kind, losses in again["loss"].items():
        assert losses == pytest.approx(held["loss"][kind], rel=1e-3)
    for one, other in zip(again["heat"], held["heat"], strict=True):
        assert one == pytest.approx(other, rel=1e-3, abs=1e-5)


def test_a_run_of_the_planted_table_comes_again():
    network, loss = PLANTED.learned("blind, tied", 1)
    held = PLANT["denoisers"]["blind, tied"]["runs"][1]
    assert loss == pytest.approx(held["training loss"], rel=0.02)
    again = PLANTED.of_network(network)
    assert again["loss"]["tied"] == pytest.approx(held["loss"]["tied"], rel=0.05)


def test_heat_is_read_at_the_pixel_and_its_copy():
    torch.manual_seed(0)
    denoiser = NetworkDenoiser(ResNet(channels=4, depth=3, padding_mode="circular").eval())
    x = PLANTED.noisy(PLANTED.pictures("tied", held_out=True)[:4], 0.5, 0)
    heat = heat_map(denoiser, x, 0.5)
    found = PLANTED.heat_by_place(heat)
    assert found["copy"] == pytest.approx(heat[4, (4 + PLANTED.APART) % 8].item(), abs=1e-6)
    assert found["own"] == pytest.approx(heat[4, 4].item(), abs=1e-6)
