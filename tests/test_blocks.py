"""Image sets on disk and in blocks: the same answers as in memory, and little memory for many."""

import subprocess
import sys

import numpy as np
import pytest
import torch
from test_machines import BORDERS, LEVELS, build, pictures, queries

from els_tutorial import attention, blocks, denoiser, pruning, running_sums
from els_tutorial.blocks import Blocks, ImageFile
from els_tutorial.data import LEVELS as GREYS

KINDS = ["IS", "ES", "LS", "ELS"]
IMAGES = pictures(23, (3, 6, 7))


def saved(folder, images=IMAGES):
    np.save(folder / "images.npy", images.numpy())
    return folder / "images.npy"


class InBlocks:
    """Some images at a time, as a reader's own class gives them."""

    def __init__(self, images, size):
        self.images, self.size = images, size

    def __iter__(self):
        return iter(self.images.split(self.size))


def sources(folder):
    path = saved(folder)
    return {
        "tensor over a map": torch.from_numpy(np.load(path, mmap_mode="c")),
        "map": np.load(path, mmap_mode="r"),
        "file": ImageFile(path),
        "blocks": InBlocks(IMAGES, 5),
        "list": [IMAGES[:1], IMAGES[1:]],
    }


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("boundary", BORDERS)
def test_images_on_disk_and_in_blocks_give_the_answers_of_images_in_memory(
    kind, boundary, tmp_path, monkeypatch
):
    for module in (denoiser, blocks):  # a file is read, and a block cut, in several pieces
        monkeypatch.setattr(module, "BLOCK", 4 * IMAGES[0].numel())
    for alpha_bar in LEVELS:
        x = queries(IMAGES, alpha_bar)
        machine = build(kind, IMAGES, 5, boundary)
        want, origin = machine.denoise(x, alpha_bar), machine.provenance(x, alpha_bar)
        for name, source in sources(tmp_path).items():
            streamed = build(kind, source, 5, boundary)
            apart = (streamed.denoise(x, alpha_bar) - want).abs().max()
            assert apart <= 1e-6, (name, alpha_bar)
            for got, index in zip(streamed.provenance(x, alpha_bar)[:3], origin[:3], strict=True):
                assert torch.equal(got, index), (name, alpha_bar)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("boundary", BORDERS)
@pytest.mark.parametrize("size", [3, 5])  # by trees where they pay, and by running sums
def test_partial_means_of_parts_merge_to_the_mean_of_all(kind, boundary, size, monkeypatch):
    # Not counted in units, and in float64: what is left are the patches that a tree leaves out,
    # and the weights of ELS, which are float32.
    monkeypatch.setattr(running_sums, "FINEST", 0)
    finest = 1e-10 if kind != "ELS" else 2 * pruning.LEFT_OUT
    for alpha_bar in LEVELS:
        images, merged = IMAGES.double(), None
        x = queries(images, alpha_bar).double()
        for part in (images[:2], InBlocks(images[2:11], 4), images[11:]):
            found = build(kind, part, size, boundary).partial(x, alpha_bar)
            merged = attention.merge(merged, found)
        mean, lse = build(kind, images, size, boundary).partial(x, alpha_bar)
        assert (merged[0] - mean).abs().max() <= finest, alpha_bar
        assert (merged[1] - lse).abs().max() <= finest, alpha_bar


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("alpha_bar", LEVELS)
def test_lse_is_the_log_of_the_sum_of_weights(kind, alpha_bar):
    """Of candidates that are all alike: each weighs exp(-distance), and their number is known."""
    images, x = torch.full((3, 1, 5, 5), 0.25), torch.full((1, 1, 5, 5), -0.5)
    count, pixels = {"IS": (3, 25), "ES": (75, 25), "LS": (3, 9), "ELS": (75, 9)}[kind]
    squares = pixels * (-0.5 - alpha_bar**0.5 * 0.25) ** 2
    want = np.log(count) - squares / (2 * (1 - alpha_bar))
    machine = build(kind, images, 3, "circular")
    _, lse = machine.partial(x, alpha_bar)
    assert (lse - want).abs().max() <= 2e-5
    if kind == "ELS":
        _, lse = machine._attended(x, alpha_bar, 3)
        assert (lse - want).abs().max() <= 1e-4


@pytest.mark.parametrize("boundary", BORDERS)
@pytest.mark.parametrize("alpha_bar", LEVELS)
def test_running_sums_trees_and_attention_agree_on_the_lse(boundary, alpha_bar):
    x = queries(IMAGES, alpha_bar)
    by_trees = build("ELS", IMAGES, 3, boundary)
    lses = [
        by_trees.partial(x, alpha_bar)[1],
        by_trees._attended(x, alpha_bar, 3)[1],
        build("ELS", [IMAGES], 3, boundary).partial(x, alpha_bar)[1],
    ]
    for lse in lses[1:]:
        assert (lse - lses[0]).abs().max() <= 1e-4


def test_bytes_in_a_file_are_grey_levels(tmp_path):
    values = np.random.default_rng(0).integers(0, 256, (9, 1, 4, 4), dtype=np.uint8)
    np.save(tmp_path / "bytes.npy", values)
    read = torch.cat(list(ImageFile(tmp_path / "bytes.npy", 2, 7)))
    assert torch.equal(read, torch.from_numpy(GREYS[values[2:7]]))


@pytest.mark.parametrize("count", [1, 2, 5, 23])
def test_shards_hold_every_image_once_in_order(count, tmp_path):
    shards = ImageFile(saved(tmp_path)).shards(count)
    sizes = [len(shard) for shard in shards]
    assert len(shards) == count and max(sizes) - min(sizes) <= 1
    assert torch.equal(torch.cat([block for shard in shards for block in shard]), IMAGES)


def test_bad_files_are_named(tmp_path):
    for wrong in (IMAGES.numpy()[0], IMAGES.numpy().astype(int), np.asfortranarray(IMAGES.numpy())):
        np.save(tmp_path / "wrong.npy", wrong)
        with pytest.raises(ValueError, match="C order"):
            ImageFile(tmp_path / "wrong.npy")
    for start, stop in ((23, None), (3, 3), (-1, 2)):
        with pytest.raises(ValueError, match="no image"):
            ImageFile(saved(tmp_path), start, stop)
    for count in (0, 24):
        with pytest.raises(ValueError, match="from 1 to 23"):
            ImageFile(saved(tmp_path)).shards(count)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ([], "got none"),
        (IMAGES.split(5).__iter__(), "cannot"),
        ((block for block in IMAGES.split(5)), "cannot"),
        ([IMAGES, IMAGES[..., :5]], "alike"),
        ([IMAGES, IMAGES.double()], "alike"),
        ([IMAGES, IMAGES * 1.5], r"\[-1, 1\]"),
        ([IMAGES[0]], r"\[B, C, H, W\]"),
        ([IMAGES.numpy()], "torch tensor"),
        ("images.npy", "torch tensor"),
        (7, "torch tensor"),
    ],
)
@pytest.mark.parametrize("kind", KINDS)
def test_bad_blocks_are_named(kind, source, message):
    with pytest.raises(ValueError, match=message):
        build(kind, source, 3, "circular")


def test_bytes_in_a_map_are_refused_not_cast(tmp_path):
    np.save(tmp_path / "bytes.npy", np.zeros((2, 1, 4, 4), np.uint8))
    with pytest.raises(ValueError, match="float32 or float64"):
        build("IS", np.load(tmp_path / "bytes.npy", mmap_mode="r"))


def test_blocks_that_change_are_refused():
    source = [IMAGES[:9], IMAGES[9:]]
    held = Blocks(source)
    for changed in ([IMAGES[:9]], [IMAGES[:9], IMAGES[9:], IMAGES[:1]], [IMAGES.double()]):
        source[:] = changed
        with pytest.raises(ValueError, match=r"first pass|alike"):
            list(held.split(4))


MANY = 50_000
MEASURE = """
import resource, sys
import numpy as np, torch
from els_tutorial.blocks import ImageFile
from els_tutorial.machines import *

def peak():
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit

path, how = sys.argv[1:]
x = torch.randn(1, 3, 32, 32, generator=torch.Generator().manual_seed(0))
few = torch.rand(1000, 3, 32, 32)
makes = [IdealScore, lambda images: LocalScore(images, 5)]
if how == "map":
    makes += [EquivariantScore, lambda images: EquivariantLocalScore(images, 31, "zeros")]
for make in makes:
    make([few]).denoise(x, 0.5)
before = peak()
images = ImageFile(path) if how == "file" else np.load(path, mmap_mode="r")
for make in makes:
    machine = make(images)
    assert machine.images.shape[0] == 50_000
    assert torch.isfinite(machine.denoise(x, 0.5)).all()
print(before, peak())
"""


@pytest.fixture(scope="module")
def many_images(tmp_path_factory):
    """A file of 50,000 synthetic colour images of 32 x 32 pixels, float32: 614 MB."""
    path = tmp_path_factory.mktemp("many") / "many.npy"
    file = np.lib.format.open_memmap(path, "w+", np.float32, (MANY, 3, 32, 32))
    rng = np.random.default_rng(0)
    for start in range(0, MANY, 1000):
        file[start : start + 1000] = GREYS[rng.integers(0, 256, (1000, 3, 32, 32), np.uint8)]
    del file
    yield path
    path.unlink()


@pytest.mark.parametrize("how", ["map", "file"])
def test_fifty_thousand_images_on_disk_stay_under_two_gigabytes(how, many_images):
    """All machines over a map, whose pages the peak counts; over a file not even the set."""
    command = [sys.executable, "-c", MEASURE, many_images, how]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    before, peak = map(int, done.stdout.split())
    assert peak < 2e9
    if how == "file":
        assert peak - before < many_images.stat().st_size / 3
