"""Theory against network: the table goes on where it was cut off, and holds what is computed."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from els_tutorial import checkpoints, reproduce, sheets
from els_tutorial.networks import ResNet
from els_tutorial.recipes import RECIPES
from els_tutorial.rivals import RECALL, RIVALS, rival

RESULT = Path(__file__).parent.parent / "results" / "prediction.json"
NETWORKS = json.loads(RESULT.read_text("utf-8"))["networks"]


class StopError(Exception):
    pass


def small(monkeypatch, folder, stop_after=None):
    """Return a reproduction of a tiny network on eight digits, ended by its n-th saving."""
    monkeypatch.setattr(checkpoints, "HERE", folder)
    monkeypatch.setitem(RECIPES, "digits-resnet", RECIPES["digits-resnet"]._replace(n=8))
    torch.manual_seed(0)
    if not (folder / "digits-resnet.json").exists():
        network = ResNet(channels=4, depth=1).eval()
        checkpoints.save_network(network, folder / "digits-resnet.safetensors", {"images": "8"})
    work = reproduce.Reproduction("digits-resnet", folder / "prediction.json", progress=False)
    work.seeds, work.few, work.fitted = range(5), range(2), range(10_000, 10_003)
    save, left = work.save, [stop_after]

    def stopping():
        save()
        if left[0] is not None:
            left[0] -= 1
            if left[0] == 0:
                raise StopError

    work.save = stopping
    return work


@pytest.mark.parametrize("stop_after", [1, 40, 130])
def test_a_run_that_was_cut_off_ends_like_one_that_was_not(monkeypatch, tmp_path, stop_after):
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    whole.mkdir()
    cut.mkdir()
    small(monkeypatch, whole).run()
    with pytest.raises(StopError):
        small(monkeypatch, cut, stop_after).run()
    assert not (cut / "prediction.json").exists()  # the table holds whole entries only
    small(monkeypatch, cut).run()
    assert not list(cut.glob("unfinished/*"))
    for name in ("prediction.json", "digits-resnet.json"):
        assert (cut / name).read_text() == (whole / name).read_text()
    both = [np.array(Image.open(f / "pictures" / "digits-resnet.png")) for f in (whole, cut)]
    assert np.array_equal(*both)


def test_the_sheet_shows_what_was_drawn(monkeypatch, tmp_path):
    work = small(monkeypatch, tmp_path)
    work.run()
    sheet = sheets.read(tmp_path / "pictures" / "digits-resnet.png", reproduce.sheet_lines())
    assert all(pictures.shape == (5, 1, 28, 28) for pictures in sheet.values())
    _, drawn = work.compare(rival("IS", work.images, 3), range(4, 5))
    assert (sheet["IS"][4:] - drawn).abs().max() < 0.005


def test_a_rival_that_is_new_is_added_to_what_was_measured(monkeypatch, tmp_path):
    small(monkeypatch, tmp_path).run()
    path = tmp_path / "pictures" / "digits-resnet.png"
    before = json.loads((tmp_path / "prediction.json").read_text())["networks"]["digits-resnet"]
    sheet = np.array(Image.open(path))
    monkeypatch.setitem(RIVALS, "new", RIVALS["IS"])
    small(monkeypatch, tmp_path).run()
    after = json.loads((tmp_path / "prediction.json").read_text())["networks"]["digits-resnet"]
    assert after["machines"].pop("new") == before["machines"]["IS"]
    assert after == before
    grown = np.array(Image.open(path))
    assert np.array_equal(grown[: len(sheet)], sheet)
    line = reproduce.sheet_lines().index("IS") * 28
    assert np.array_equal(grown[len(sheet) :], sheet[line : line + 28])


@pytest.mark.parametrize("name", NETWORKS)
def test_an_entry_is_whole(name):
    entry = NETWORKS[name]
    assert set(entry["machines"]) == set(RIVALS)
    right = entry["machines"][entry["machine"]]
    for machine, row in entry["machines"].items():
        counts = {len(values) for by_steps in row.values() for values in by_steps.values()}
        assert len(counts) == 1, machine
        assert counts.pop() in (100, 32, 8)
    assert len(right["r"]["150"]) >= (100 if entry["images"].startswith("digits") else 32)
    assert entry["command"] == f"python -m els_tutorial reproduce --network {name}"
    assert RESULT.parent.joinpath("pictures", f"{name}.png").is_file()


@pytest.mark.parametrize("name", [n for n in NETWORKS if not n.startswith("cifar10")])
def test_windows_come_again_as_they_were_chosen(name):
    windows, local = reproduce.Reproduction(name, RESULT, progress=False).windows()
    card = checkpoints.card(name)["windows"]
    assert (windows.sizes, local.sizes) == (card["ELS"], card["LS"])


@pytest.mark.parametrize("machine", RIVALS)
@pytest.mark.parametrize("name", [n for n in NETWORKS if not n.startswith("cifar10")])
def test_the_table_holds_what_its_command_computes(name, machine):
    work = reproduce.Reproduction(name, RESULT, progress=False)
    windows, local = work.windows()
    held, seeds = work.entry["machines"][machine], work.seeds[:3]
    assert not set(work.fitted) & set(work.seeds)  # what was fitted on is not reported
    found, _ = work.compare(rival(machine, work.images, windows, local, work.border), seeds)
    for measure, by_steps in found.items():
        for steps, values in by_steps.items():
            # A pixel near a tie may fall the other way on another processor.
            assert values == pytest.approx(held[measure][steps][:3], abs=0.02), (measure, steps)


def test_the_title_page_says_what_was_measured():
    text = RESULT.parents[1].joinpath("book", "index.md").read_text("utf-8")
    seeds, said = re.search(r"Over (\d+) seeds .* median of (\.\d+)", text).groups()
    entry = NETWORKS["digits-resnet"]
    median, *_, count = reproduce.middle(entry["machines"][entry["machine"]]["r"]["150"])
    assert (count, f"{median:.2f}") == (int(seeds), f"0{said}")


@pytest.mark.parametrize("name", [n for n in NETWORKS if n.startswith("cifar10")])
def test_no_image_of_a_set_that_does_not_ship_is_kept(name):
    lines = sheets.read(RESULT.parent / "pictures" / f"{name}.png", reproduce.sheet_lines())
    for rival_name, pictures in lines.items():
        assert (pictures.std() == 0) == (rival_name in RECALL), rival_name
