"""Network files: they come back bit by bit, or say in a sentence why not."""

import json
import statistics
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from els_tutorial import __main__, checkpoints, recipes
from els_tutorial.networks import ResNet, UNet

ROOT = Path(__file__).parent.parent
NETWORKS = [
    ResNet(channels=8, depth=1, padding_mode="circular", classes=3),
    UNet(image_channels=3, channels=(4, 8), attention=True),
]


@pytest.mark.parametrize("network", NETWORKS, ids=["ResNet", "UNet"])
def test_a_network_comes_back_bit_by_bit(tmp_path, network):
    path = tmp_path / "some.safetensors"
    checkpoints.save_network(network, path, {"seed": 0})
    again = checkpoints.load(str(path))
    assert type(again) is type(network) and again.settings == network.settings
    assert not again.training
    for name, value in network.state_dict().items():
        assert torch.equal(again.state_dict()[name], value)
    assert json.loads(path.with_suffix(".json").read_text()) == {"seed": 0}
    assert sorted(p.name for p in tmp_path.iterdir()) == ["some.json", "some.safetensors"]


def test_a_broken_file_says_so(tmp_path):
    path = tmp_path / "some.safetensors"
    checkpoints.save_network(NETWORKS[0], path, {})
    content = path.read_bytes()
    for part in (content[: len(content) // 2], content[:5], b"", b"\x80\x04K\x01."):
        path.write_bytes(part)
        with pytest.raises(
            ValueError, match=r"some\.safetensors is cut short or is no safetensors"
        ):
            checkpoints.load(str(path))
    path.write_bytes(content)
    other = path.rename(tmp_path / "other.safetensors")
    with pytest.raises(ValueError, match="was renamed: its header says some"):
        checkpoints.load(str(other))
    save_file({"a": torch.zeros(1)}, path)
    with pytest.raises(ValueError, match="holds no network of this book"):
        checkpoints.load(str(path))
    metadata = {"name": "some", "kind": "ResNet", "settings": NETWORKS[0].settings}
    checkpoints.write(path, {"a": torch.zeros(1)}, metadata)
    with pytest.raises(ValueError, match="does not hold the weights of its ResNet"):
        checkpoints.load(str(path))
    with pytest.raises(FileNotFoundError, match="there is no file"):
        checkpoints.load(str(tmp_path / "none.safetensors"))
    with pytest.raises(ValueError, match="name must be one of"):
        checkpoints.load("none")
    with pytest.raises(ValueError, match="name must be one of"):
        checkpoints.card("none")


def test_a_failed_write_leaves_the_old_file_whole(tmp_path, monkeypatch):
    path = tmp_path / "some.safetensors"
    checkpoints.save_network(NETWORKS[0], path, {})
    before = path.read_bytes()

    def refuse(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checkpoints.os, "fsync", refuse)
    with pytest.raises(OSError, match="No space left"):
        checkpoints.save_network(NETWORKS[0], path, {})
    assert path.read_bytes() == before
    assert not list(tmp_path.glob("*.part"))


def test_the_command_trains_by_the_recipe(tmp_path, monkeypatch):
    short = recipes.RECIPES["digits-resnet"]._replace(n=20, steps=3, batch=4)
    monkeypatch.setitem(recipes.RECIPES, "digits-resnet", short)
    path = recipes.make("digits-resnet", tmp_path, progress=False)
    card = json.loads(path.with_suffix(".json").read_text())
    assert card["steps"] == 3 and card["settings"] == checkpoints.load(path).settings
    assert card["command"] == "python -m els_tutorial train digits-resnet"
    assert {"images", "licence", "seed", "seconds", "loss", "date"} <= set(card)
    with pytest.raises(ValueError, match="name must be one of digits-resnet"):
        recipes.make("none", tmp_path)


def test_a_network_of_ones_own_leaves_the_one_that_ships_alone(tmp_path, monkeypatch, capsys):
    short = recipes.RECIPES["digits-resnet"]._replace(n=20, steps=2, batch=4)
    monkeypatch.setitem(recipes.RECIPES, "digits-resnet", short)
    monkeypatch.setattr(sys, "argv", ["els_tutorial", "train", "digits-resnet"])
    monkeypatch.chdir(tmp_path)
    before = (checkpoints.HERE / "digits-resnet.safetensors").read_bytes()
    __main__.main()
    assert capsys.readouterr().out == "digits-resnet.safetensors\n"
    assert (checkpoints.HERE / "digits-resnet.safetensors").read_bytes() == before
    assert (tmp_path / "digits-resnet.safetensors").read_bytes() != before
    assert json.loads((tmp_path / "digits-resnet.json").read_text())["steps"] == 2


@pytest.mark.parametrize("error", [ModuleNotFoundError, ConnectionError, ValueError])
def test_images_that_are_not_at_hand_end_in_one_line(monkeypatch, error):
    def missing(*_):
        raise error("the images are not here")

    monkeypatch.setattr(__main__, "make", missing)
    monkeypatch.setattr(sys, "argv", ["els_tutorial", "train", "cifar10-resnet"])
    with pytest.raises(SystemExit, match="error: the images are not here"):
        __main__.main()


def test_a_recipe_beside_a_network_that_ships_trains_its_attention_alone(tmp_path, monkeypatch):
    name = "digits-unet-attention"
    short = recipes.RECIPES[name]._replace(n=20, steps=2, batch=4)
    monkeypatch.setitem(recipes.RECIPES, name, short)
    made = checkpoints.load(str(recipes.make(name, tmp_path, progress=False)))
    known = checkpoints.load(short.beside).state_dict()
    for key, value in made.state_dict().items():
        assert key.startswith("attend.") or torch.equal(value, known[key]), key
    assert made.attend.answer.weight.abs().max() > 0  # it has learned
    assert json.loads((tmp_path / f"{name}.json").read_text())["beside"].startswith("digits-unet,")


def test_grafted_attention_adds_nothing_at_first():
    known = UNet(channels=(4, 8))
    network = UNet(channels=(4, 8), attention=True)
    recipes.graft(network, known)
    x, alpha_bar = torch.randn(2, 1, 8, 8), torch.tensor([0.2, 0.9])
    assert torch.equal(network(x, alpha_bar), known(x, alpha_bar))
    learning = {name for name, weights in network.named_parameters() if weights.requires_grad}
    assert learning == {f"attend.{k}" for k in network.attend.state_dict()}
    with pytest.raises(ValueError, match="is not"):
        recipes.graft(UNet(channels=(8, 8), attention=True), known)


def test_the_attention_that_ships_stands_beside_the_weights_of_its_network():
    name = "digits-unet-attention"
    made, known = (checkpoints.load(k).state_dict() for k in (name, recipes.RECIPES[name].beside))
    assert all(torch.equal(made[key], value) for key, value in known.items())


def test_the_command_line_says_what_it_knows():
    run = subprocess.run(
        [sys.executable, "-m", "els_tutorial", "train", "none"], capture_output=True, text=True
    )
    assert run.returncode == 2 and "digits-resnet" in run.stderr


def test_every_recipe_ships():
    assert checkpoints.names() == sorted(recipes.RECIPES)


@pytest.mark.parametrize("name", checkpoints.names())
def test_a_network_that_ships_is_whole_small_and_has_a_card(name):
    recipe, card = recipes.RECIPES[name], checkpoints.card(name)
    network = checkpoints.load(name)
    assert (checkpoints.HERE / f"{name}.safetensors").stat().st_size <= 4e6
    assert network.settings == recipe.network().settings == card["settings"]
    assert all(torch.isfinite(p).all() for p in network.parameters())
    made = (card["seed"], card["steps"], card["batch"])
    assert made == (recipe.seed, recipe.steps, recipe.batch)
    assert card["images"].startswith(f"{recipe.images}, the first {recipe.n} ")
    assert card["command"] == f"python -m els_tutorial train {name}"
    assert card["loss"] > 0 and card["seconds"] > 0 and card["date"]


def test_the_card_has_the_agreement_that_was_measured():
    table = json.loads((ROOT / "results" / "prediction.json").read_text("utf-8"))["networks"]
    assert table
    for name, entry in table.items():
        agreement, row = checkpoints.card(name)["agreement"], entry["machines"][entry["machine"]]
        assert agreement["with"] == entry["machine"]
        for measure, by_steps in row.items():
            for steps, values in by_steps.items():
                noted = agreement[f"median {measure}, {steps} steps of the network"]
                assert noted == pytest.approx(statistics.median(values), abs=0.0006)
