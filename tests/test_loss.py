"""The table of losses beside the best possible one, and what the theorem says about it."""

import importlib.util
import json
from statistics import fmean, stdev

import pytest
from conftest import ROOT

RESULT = json.loads((ROOT / "results" / "loss.json").read_text("utf-8"))
SPEC = importlib.util.spec_from_file_location("loss", ROOT / "benchmarks" / "loss.py")
BENCHMARK = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(BENCHMARK)
ROWS = {
    (name, row["of"], row["t"]): row for name, rows in RESULT["networks"].items() for row in rows
}
LEARNED = [(name, t) for name in BENCHMARK.COUNTS for t in BENCHMARK.TIMES]


def no_more_than_chance(differences, slack=0.003):
    """Whether the mean lies within four standard errors of 0, or within ``slack``."""
    error = stdev(differences) / len(differences) ** 0.5
    return abs(fmean(differences)) <= 4 * error + slack


def test_every_row_is_there():
    wanted = {
        (n, of, t) for n in BENCHMARK.COUNTS for of in BENCHMARK.SETS for t in BENCHMARK.TIMES
    }
    assert set(ROWS) == wanted and RESULT["times"] == BENCHMARK.TIMES
    for (name, _, t), row in ROWS.items():
        keys = {"network", "IS", "Wiener", *map(str, BENCHMARK.windows(name, t))}
        assert set(row["loss"]) == keys
        for values in [*row["loss"].values(), row["left"], row["price"]]:
            assert len(values) == BENCHMARK.COUNTS[name] and min(values) >= 0


@pytest.mark.parametrize(("name", "t"), LEARNED)
def test_the_three_parts_add_up_to_the_loss_on_training_images(name, t):
    row = ROWS[name, "training", t]
    parts = zip(row["loss"]["network"], row["loss"]["IS"], row["price"], row["left"], strict=True)
    assert no_more_than_chance([loss - sum(others) for loss, *others in parts])


@pytest.mark.parametrize(("name", "t"), LEARNED)
def test_no_denoiser_pays_less_than_its_bound_on_training_images(name, t):
    loss = ROWS[name, "training", t]["loss"]
    sizes = [str(size) for size in BENCHMARK.windows(name, t)]
    ladder = [("network", "17"), ("17", "IS"), ("Wiener", "IS")]
    ladder += list(zip(sizes, sizes[1:], strict=False))
    for more, less in ladder:
        differences = [a - b for a, b in zip(loss[more], loss[less], strict=True)]
        assert fmean(differences) >= 0 or no_more_than_chance(differences), (more, less)


@pytest.mark.parametrize(
    ("name", "of", "t", "sizes"),
    [
        ("digits64-resnet", "training", 0.85, [3, 17]),
        ("digits64-resnet", "held out", 0.25, [5, 9]),
        ("digits-resnet", "training", 0.65, [17]),
        ("digits-resnet", "held out", 0.45, [17]),
    ],
)
def test_the_table_holds_what_its_command_computes(name, of, t, sizes):
    count = 3 if name == "digits64-resnet" else 1
    again, held = BENCHMARK.row(name, of, t, count, sizes), ROWS[name, of, t]
    for key, values in again["loss"].items():
        assert values == pytest.approx(held["loss"][key][:count], rel=0.01, abs=1e-4), key
    for key in {"left", "price"} & set(again):
        assert again[key] == pytest.approx(held[key][:count], rel=0.01, abs=1e-4), key
