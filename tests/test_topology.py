"""Parts, holes and the Euler number, and the table of the machine's parts."""

import importlib.util
import json

import numpy as np
import pytest
import torch
from conftest import ROOT
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from skimage.measure import euler_number

from els_tutorial import sampling, topology
from els_tutorial.machines import EquivariantLocalScore

RESULT = json.loads((ROOT / "results" / "failures.json").read_text("utf-8"))
SHAPES = st.tuples(st.integers(1, 3), st.integers(1, 7), st.integers(1, 7))
PICTURES = SHAPES.flatmap(lambda shape: arrays(bool, shape)).map(torch.from_numpy)


def pieces(places, corners):
    """How many sets of places hang together, by edges or by corners too."""
    left, count = set(places), 0
    while left:
        edge, count = [left.pop()], count + 1
        while edge:
            i, j = edge.pop()
            steps = {(a, b) for a in (-1, 0, 1) for b in (-1, 0, 1) if corners or a * b == 0}
            near = {(i + a, j + b) for a, b in steps} & left
            edge += near
            left -= near
    return count


@given(PICTURES)
def test_parts_and_holes_are_those_of_a_flood_fill(marked):
    found = zip(topology.components(marked), topology.holes(marked), strict=True)
    for picture, (parts, holes) in zip(marked.tolist(), found, strict=True):
        height, width = len(picture), len(picture[0])
        every = {(i, j) for i in range(-1, height + 1) for j in range(-1, width + 1)}
        ink = {(i, j) for i in range(height) for j in range(width) if picture[i][j]}
        assert parts == pieces(ink, corners=True)
        assert holes == pieces(every - ink, corners=False) - 1  # the outside is no hole


@given(PICTURES)
def test_the_euler_number_is_parts_less_holes_though_it_counts_neither(marked):
    found = topology.euler_number(marked)
    assert torch.equal(found, topology.components(marked) - topology.holes(marked))
    for picture, euler in zip(marked.numpy(), found, strict=True):
        assert euler == euler_number(np.pad(picture, 1), connectivity=2)


def test_no_sum_over_windows_counts_parts_or_holes():
    ring = torch.zeros(12, 12, dtype=torch.bool)
    ring[1:11, 1:11] = True
    ring[3:9, 3:9] = False
    rings = ring.repeat(4, 1, 1)
    rings[[1, 3], 5, :4] = False  # cut on the left
    rings[[2, 3], 5, 8:] = False  # cut on the right
    windows = rings.unfold(1, 5, 1).unfold(2, 5, 1).flatten(3).flatten(1, 2)  # [4, windows, 25]
    either, both = [
        sorted(map(tuple, torch.cat([windows[a], windows[b]]).tolist()))
        for a, b in ((1, 2), (0, 3))
    ]
    assert either == both  # the same windows, equally often: all sums over them agree

    def excess(values):
        return (values[0] + values[3] - values[1] - values[2]).item()

    assert excess(topology.components(rings)) == excess(topology.holes(rings)) == 1
    assert excess(topology.euler_number(rings)) == 0


def test_ink_is_what_exceeds_the_threshold():
    pictures = torch.tensor([[[[-1.0, 0.0], [0.5, 1.0]]]])
    assert topology.ink(pictures).tolist() == [[[False, False], [True, True]]]
    assert topology.ink(pictures, 0.5).tolist() == [[[False, False], [False, True]]]


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="one channel"):
        topology.ink(torch.zeros(1, 3, 4, 4))
    for threshold in (float("nan"), "0", True):
        with pytest.raises(ValueError, match="threshold"):
            topology.ink(torch.zeros(1, 1, 4, 4), threshold)
    for count in (topology.components, topology.holes, topology.euler_number):
        for wrong in (torch.zeros(1, 4, 4), torch.zeros(4, 4) > 0, [[True]]):
            with pytest.raises(ValueError, match="bool tensor"):
                count(wrong)
        with pytest.raises(ValueError, match="empty"):
            count(torch.zeros(0, 4, 4) > 0)


@pytest.fixture(scope="module")
def benchmark():
    spec = importlib.util.spec_from_file_location("benchmark", ROOT / RESULT["command"].split()[1])
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_table_holds_what_its_command_computes(benchmark):
    assert {name: row["windows"] for name, row in RESULT["rows"].items()} == benchmark.rows()
    assert RESULT["seeds"] == list(benchmark.SEEDS)
    some = ("3 throughout", "15 throughout", "5, then 15 after 8", "shrinking")
    for name, found in benchmark.share(range(2), some).items():
        for measure, values in found.items():
            assert values == RESULT["rows"][name][measure][:2], (name, measure)


def test_ways_with_a_common_beginning_end_where_the_sampler_does(benchmark):
    windows = benchmark.rows()["15, then 5 after 2"]
    ways = benchmark.Ways([5])
    ways.images = ways.images[:3]
    ways.guess((windows[0], 7))  # another way, walked before
    machine = EquivariantLocalScore(
        ways.images, lambda alpha_bar: windows[benchmark.LEVELS.index(alpha_bar)], "zeros"
    )
    wanted = sampling.sample(machine, ways.reached[()], benchmark.SCHEDULE, benchmark.STEPS)
    assert torch.allclose(ways.guess(tuple(windows)), wanted, atol=1e-5)
