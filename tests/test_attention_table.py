"""The table of what attention changes: its command computes it, and its pictures are those."""

import importlib.util
import json

import numpy as np
import pytest
import torch
from conftest import ROOT
from PIL import Image

RESULT = json.loads((ROOT / "results" / "attention.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def benchmark():
    spec = importlib.util.spec_from_file_location("attention", ROOT / RESULT["command"].split()[1])
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def sheet(benchmark, kind):
    """The stored pictures: dict from a row to a uint8 tensor [seeds, C, H, W]."""
    pixels = np.array(Image.open(ROOT / "results" / "pictures" / f"attention-{kind}.png"))
    channels, side, _ = benchmark.SETS[kind]
    names, count = benchmark.lines(kind), len(benchmark.SEEDS[kind])
    parts = torch.tensor(pixels).view(len(names), side, count, side, channels)
    return dict(zip(names, parts.permute(0, 2, 4, 1, 3), strict=True))


def test_the_table_has_all_rows_and_seeds(benchmark):
    assert set(RESULT["rows"]) == set(benchmark.ROWS)
    for name, row in RESULT["rows"].items():
        wanted = len(benchmark.SEEDS[benchmark.ROWS[name][0]])
        assert {len(values) for values in row.values()} == {wanted}, name
    real = RESULT["photographs"]
    assert real["count"] == len(real["spread"]) == len(real["strength"]) == 1000
    assert all(a <= b for a, b in zip(real["spread"], real["strength"], strict=True))


@pytest.mark.parametrize(
    "name", ["digits-unet", "digits-unet-attention", "cifar10-unet-attention, alone"]
)
def test_the_table_and_the_pictures_hold_what_the_command_computes(benchmark, name):
    pictures = benchmark.drawn(name, range(2))
    for measure, values in benchmark.measures(pictures).items():
        assert RESULT["rows"][name][measure][:2] == pytest.approx(values, abs=1e-3), measure
    kept = sheet(benchmark, benchmark.ROWS[name][0])[name][:2]
    assert (pictures.clamp(-1, 1) - (kept / 127.5 - 1)).abs().max() < 0.01


def test_digits_in_the_pictures_have_the_counted_parts(benchmark):
    for name, kept in sheet(benchmark, "digits").items():
        counted = benchmark.measures(kept / 127.5 - 1)
        assert counted == RESULT["rows"][name], name
