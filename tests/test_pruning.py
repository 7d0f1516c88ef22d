"""What the tree leaves out is bounded, and the bound holds; the means stay those of all patches."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import oracle
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from els_tutorial import (
    data,
    distinct_patches,
    patch_forest,
    patch_tree,
    pruning,
    pruning_loops,
    running_sums,
)
from els_tutorial.machines import EquivariantLocalScore
from els_tutorial.patches import extract, regions, wrap
from els_tutorial.running_sums_loops import exponentials

LEVELS = [0.0002, 0.05, 0.5, 0.71, 0.9, 0.99, 0.9995]
BORDERS = ["circular", "zeros"]


def noised(images, alpha_bar, seed=0):
    noise = torch.randn(images.shape, generator=torch.Generator().manual_seed(seed))
    return alpha_bar**0.5 * images + (1 - alpha_bar) ** 0.5 * noise


def queries(images, alpha_bar):
    """Noisy training pictures, and pure noise, which at low noise lies far from every picture."""
    pure = torch.randn(images[:1].shape, generator=torch.Generator().manual_seed(9))
    return torch.cat([noised(images[:2], alpha_bar), pure])


def pruned(x, images, alpha_bar, size, boundary):
    return pruning.partial_mean(x, patch_forest.Forest(images, size, boundary), alpha_bar)[0]


def trees_of(images, size, boundary):
    """The trees of all regions, where one tree holds all images."""
    (trees,) = patch_forest.Forest(images, size, boundary)
    return trees


def weigh(trees, windows, alpha_bar):
    """What windows collect from trees, one after the other: means, log totals, what is left out."""
    patches = sum(tree.before[-1] for tree in trees)
    collection = pruning.Collection(windows, len(trees[0].centre), alpha_bar, patches)
    for tree in trees:
        collection.add(tree)
    return collection.found()


def at(windows, places):
    """The patches at some places: [K, D]."""
    patches = np.empty((distinct_patches.length(windows), len(places)), np.float32)
    distinct_patches.read(windows, places, patches)
    return patches.T


def rows_of(tree):
    """The patches of a tree, [leaves * LEAF, D], and how often each occurs; 0 for fillings."""
    return at(tree.windows, tree.places.ravel()), tree.times.ravel()


def exact(tree, windows, alpha_bar):
    """Logits [Q, K] of all the tree's patches, and the number of copies [K], in float64."""
    keys, counts = rows_of(tree)
    apart = windows[:, None] - alpha_bar**0.5 * keys[counts > 0].astype(float)
    return np.square(apart).sum(2) / (-2 * (1 - alpha_bar)), counts[counts > 0]


SETS = {
    "grey": torch.rand(30, 1, 7, 6, generator=torch.Generator().manual_seed(1)) * 2 - 1,
    "colour": torch.rand(20, 3, 6, 5, generator=torch.Generator().manual_seed(2)) * 2 - 1,
    "dots": (torch.rand(60, 1, 8, 8, generator=torch.Generator().manual_seed(3)) < 0.1) * 2.0 - 1,
    "one image": torch.rand(1, 1, 9, 9, generator=torch.Generator().manual_seed(4)) * 2 - 1,
    "all black": -torch.ones(5, 1, 6, 6),
    "two tone": data.load("two_tone").images[..., :12, :12].clone(),
}


@pytest.mark.parametrize("alpha_bar", LEVELS)
@pytest.mark.parametrize("boundary", BORDERS)
@pytest.mark.parametrize("name", SETS)
def test_the_means_equal_the_oracle(name, boundary, alpha_bar):
    images = SETS[name]
    x = queries(images, alpha_bar)
    for size in (1, 3, 5):
        want = oracle.denoise("ELS", images, x, alpha_bar, size, boundary)
        got = pruned(x, images, alpha_bar, size, boundary).numpy()
        assert np.abs(got - want).max() <= 1e-5, size


def test_windows_of_any_shape_are_served_by_one_compiled_function():
    for images in SETS.values():
        for boundary in BORDERS:
            for size in (1, 3, 5):
                pruned(images[:2], images, 0.9, size, boundary)
    assert len(pruning_loops.descend.signatures) == 1
    assert len(patch_tree._grow.signatures) == 1


@settings(max_examples=40, deadline=None)
@given(
    arrays(
        np.float32,
        st.tuples(
            st.integers(1, 12), st.sampled_from([1, 3]), st.integers(1, 6), st.integers(1, 6)
        ),
        elements=st.sampled_from([-1.0, -0.5, 0.0, 0.25, 1.0]),
    ),
    st.sampled_from(BORDERS),
    st.floats(0.0002, 0.9995),
    st.integers(0, 99),
    st.data(),
)
def test_any_images_equal_the_oracle(images, boundary, alpha_bar, seed, draw):
    images = torch.from_numpy(images)
    sides = images.shape[2:]
    largest = min(sides) if boundary == "circular" else 2 * max(sides) - 1
    size = draw.draw(st.sampled_from(range(1, largest + 1, 2)))
    x = noised(images[:1], alpha_bar, seed)
    want = oracle.denoise("ELS", images, x, alpha_bar, size, boundary)
    assert np.abs(pruned(x, images, alpha_bar, size, boundary).numpy() - want).max() <= 1e-5


@pytest.mark.parametrize("alpha_bar", [0.71, 0.9, 0.97, 0.994, 0.9995])
@pytest.mark.parametrize("size", [3, 5, 9])
def test_tree_and_running_sums_agree_on_digits(size, alpha_bar):
    images = data.load("digits", n=40).images
    x = queries(images, alpha_bar)
    for boundary in BORDERS:
        tree = pruned(x, images, alpha_bar, size, boundary)
        sums = running_sums.posterior_mean(x, images, alpha_bar, size, boundary)
        assert (tree - sums).abs().max() <= 1e-5, boundary


def hostile(keys, alpha_bar, seed):
    """Windows that a bound might fail on: on a patch, between two, far away, and pure noise."""
    rng = np.random.default_rng(seed)
    one, two = keys[rng.integers(len(keys), size=(2, 8))]
    signal, noise = alpha_bar**0.5, (1 - alpha_bar) ** 0.5
    return np.concatenate(
        [
            signal * one,
            signal * (one + two) / 2,
            signal * one + noise * rng.normal(size=one.shape),
            signal * one + 6 * noise * np.sign(two - one),
            rng.normal(size=one.shape),
            20 * rng.normal(size=one.shape),
        ]
    )


OFF = 4e-6  # what an exponential in 32 bits may be off by, relative, down to e^-16


def test_exponentials_are_as_good_as_said():
    logits = np.linspace(-32, 0, 400_001, dtype=np.float32)
    found = logits.copy()
    exponentials(found, len(found))
    apart = np.abs(found / np.exp(logits.astype(float)) - 1)
    assert apart[logits >= -16].max() <= OFF and apart.max() <= 10 * OFF


@pytest.mark.parametrize("parts", [1, 3])
@pytest.mark.parametrize("alpha_bar", [0.71, 0.9, 0.97, 0.994, 0.9995])
@pytest.mark.parametrize(("name", "size"), [("digits", 3), ("digits", 7), ("photos", 3)])
def test_what_is_left_out_weighs_no_more_than_certified(name, size, alpha_bar, parts):
    images = data.load(name, n={"digits": 12, "photos": 9}[name]).images
    trees = [tree for part in images.chunk(parts) for tree in trees_of(part, size, "circular")]
    assert len(trees) == parts
    keys = np.concatenate([rows_of(tree)[0] for tree in trees])
    for seed in range(3):
        windows = hostile(keys.astype(float), alpha_bar, seed)
        _, log_total, left_out = weigh(trees, windows, alpha_bar)
        logits, counts = map(
            np.concatenate,
            zip(*((e.T, c) for e, c in (exact(t, windows, alpha_bar) for t in trees)), strict=True),
        )
        top = logits.max(0)
        everything = np.log((np.exp(logits - top) * counts[:, None]).sum(0)) + top
        lost = 1 - np.exp(log_total - everything)
        assert left_out.min() >= 0 and left_out.max() <= pruning.LEFT_OUT
        # An exponential may be off by more than the bound; by how much, the test above says.
        assert (lost <= left_out + OFF).all()
        if alpha_bar > 0.9:
            assert left_out.max() > 0, "nothing was left out: this test would test nothing"


def on_a_sphere(count):
    """Points at distance 1, [count, 9]: boxes around them come near the middle."""
    points = np.random.default_rng(0).normal(size=(count, 9))
    return points / np.linalg.norm(points, axis=1, keepdims=True)


def on_one_side(count):
    """Points at distance 1, as the corners of the boxes around them are, too."""
    points = np.zeros((count, 9))
    points[:, 0], points[:, 1] = 1, np.arange(count) * 1e-7  # in an order
    return points


def lost_and_certified(points, weight, parts=1):
    """What a window in the middle of patches leaves out, and what is said of it.

    One patch lies in the middle as well; each of the others weighs so much of its weight. They are
    in so many trees, the one in the middle in the first.
    """
    alpha_bar = 0.9
    far = points * (-np.log(weight) * 2 * (1 - alpha_bar) / alpha_bar) ** 0.5
    keys = torch.from_numpy(np.concatenate([np.zeros((1, 9)), far])).float()
    (*_, (rows, columns)) = regions(1, 9, 17, "zeros")  # each image is a patch
    trees = []
    for some in keys.view(-1, 1, 1, 9).chunk(parts):
        windows = distinct_patches.windows_of(some, rows, columns)
        places = 9 * np.arange(len(some), dtype=np.int32)  # those that are alike stay apart
        trees.append(patch_tree.plant(windows, places, np.ones(len(some), np.float32), [4]))
    _, log_total, left_out = weigh(trees, np.zeros((1, 9)), alpha_bar)
    total = sum(np.exp(exact(tree, np.zeros((1, 9)), alpha_bar)[0]).sum() for tree in trees)
    return total / np.exp(log_total[0]) - 1, left_out[0]


@pytest.mark.parametrize("parts", [1, 3])
@pytest.mark.parametrize("points", [on_a_sphere, on_one_side])
@pytest.mark.parametrize("evenly", [0.1, 0.5, 0.9])
def test_the_even_part_is_kept_where_it_is_nearly_reached(monkeypatch, evenly, points, parts):
    """Thousands of patches, each half as heavy as it has a right to be left out with."""
    monkeypatch.setattr(pruning, "LEFT_OUT", 0.1)
    monkeypatch.setattr(pruning, "EVENLY", evenly)
    lost, left_out = lost_and_certified(points(9000), evenly * 0.1 / 9000 / 2, parts)
    assert 0.4 * left_out < lost <= left_out + 2 * OFF
    assert left_out <= 0.1


@pytest.mark.parametrize("parts", [1, 3])
def test_nothing_has_a_right_that_is_heavier_than_its_part(monkeypatch, parts):
    """Patches a little too heavy to be left out, by whatever number of trees they are counted."""
    monkeypatch.setattr(pruning, "LEFT_OUT", 0.1)
    monkeypatch.setattr(pruning, "EVENLY", 0.9)
    monkeypatch.setattr(pruning, "AT_ONCE", 0.0)
    lost, left_out = lost_and_certified(on_one_side(9000), 1.5 * 0.09 / 9000, parts)
    assert abs(lost) <= 2 * OFF and left_out == 0


@pytest.mark.parametrize("parts", [1, 3])
def test_the_purse_pays_no_more_than_it_holds(monkeypatch, parts):
    """Patches that weigh twice what may be left out: it pays for nearly a half, and says so."""
    monkeypatch.setattr(pruning, "LEFT_OUT", 0.1)
    monkeypatch.setattr(pruning, "AT_ONCE", 0.1)
    count = 90 * patch_tree.LEAF
    lost, left_out = lost_and_certified(on_one_side(count), 0.2 / count, parts)
    assert 0.06 < lost <= left_out + 2 * OFF
    assert left_out <= 0.1


def test_the_certificate_counts_no_patch_twice(monkeypatch):
    """A pixel's first leaf of a tree may be left out, and again with the box around it."""
    monkeypatch.setattr(pruning, "LEFT_OUT", 0.1)
    monkeypatch.setattr(pruning, "EVENLY", 0.9)
    count = 6 * patch_tree.LEAF
    lost, left_out = lost_and_certified(on_one_side(count), 0.08 / count, parts=3)
    # Of six leaves' patches all stay out but those that share a leaf with the one in the middle.
    assert 0.08 * 5 / 6 / 1.02 < lost <= left_out + 2 * OFF
    assert left_out <= 0.1


@pytest.mark.parametrize("boundary", BORDERS)
def test_the_tree_holds_every_patch_in_the_boxes_above_it(boundary):
    images = data.load("digits", n=8).images
    size, signal = 5, 0.9
    wrapped = wrap(images, size, boundary)
    forest = patch_forest.Forest(images, size, boundary)
    for (rows, columns), tree in zip(forest.regions, next(iter(forest)), strict=True):
        windows = extract(wrapped, rows, columns).flatten(0, 1).numpy()
        want, times = np.unique(windows, axis=0, return_counts=True)
        keys, counts = rows_of(tree)
        order = np.lexsort(keys[counts > 0].T[::-1])
        assert np.array_equal(keys[counts > 0][order], want)
        assert np.array_equal(counts[counts > 0][order], times)
        query = noised(images[:1], 0.8).double().numpy()[0, 0, :5, :5].ravel()[: keys.shape[1]]
        caster = pruning.shadow(query[None], tree.axes)[0]

        def check(node, first, last, tree=tree, keys=keys, query=query, caster=caster):
            mine = keys[first * patch_tree.LEAF : last * patch_tree.LEAF].astype(float)
            least = np.square(query - signal * mine).sum(1).min()
            low, high = signal * tree.low[node], signal * tree.high[node]
            gap = np.square(np.maximum(np.maximum(low - caster, caster - high), 0)).sum()
            assert gap <= least * (1 + 1e-12)
            half = (last - first) // 2
            if half:
                check(node + 1, first, first + half)
                check(node + 2 * half, first + half, last)

        check(0, 0, len(tree.places))


@given(
    arrays(
        np.float32,
        st.tuples(
            st.integers(1, 12), st.sampled_from([1, 3]), st.integers(1, 6), st.integers(1, 6)
        ),
        elements=st.sampled_from([-1.0, 0.0, 0.5, 1.0]),
    ),
    st.sampled_from(BORDERS),
    st.data(),
)
@settings(deadline=None)
def test_every_patch_is_kept_once_and_counted(images, boundary, draw):
    sides = images.shape[2:]
    largest = min(sides) if boundary == "circular" else 2 * max(sides) - 1
    size = draw.draw(st.sampled_from(range(1, largest + 1, 2)))
    images = torch.from_numpy(images)
    for rows, columns in regions(*sides, size, boundary):
        all_of_them = extract(wrap(images, size, boundary), rows, columns).flatten(0, 1).numpy()
        want, counts = np.unique(all_of_them, axis=0, return_counts=True)
        windows = distinct_patches.windows_of(images, rows, columns)
        places, times = distinct_patches.distinct(windows)
        keys = at(windows, places)
        order = np.lexsort(keys.T[::-1])
        assert np.array_equal(keys[order], want)
        assert np.array_equal(times[order], counts)


@pytest.mark.parametrize("size", [1, 3])
def test_patches_are_told_apart_in_a_table_that_grows(size):
    images = torch.rand(60, 1, 8, 8, generator=torch.manual_seed(0)) * 2 - 1
    images[30:] = images[:30].roll((3, 5), (2, 3))
    ((rows, columns),) = regions(8, 8, size, "circular")
    windows = distinct_patches.windows_of(images, rows, columns)
    places, times = distinct_patches.distinct(windows)
    assert len(places) == 30 * 64 > 1024 and (times == 2).all()
    assert len(np.unique(at(windows, places), axis=0)) == len(places)


def test_a_place_is_where_the_first_number_stands():
    images = torch.arange(2 * 3 * 4 * 5).view(2, 3, 4, 5).float()
    ((rows, columns),) = regions(4, 5, 3, "circular")
    windows = distinct_patches.windows_of(images, rows, columns)
    places, _ = distinct_patches.distinct(windows)  # all are different
    first = at(windows, places)[:, 0]
    assert np.array_equal(np.where(places < 0, -1 - places, places), first)
    assert (places < 0).sum() == 2 * (20 - 2 * 3)


def test_the_order_and_the_number_of_windows_together_do_not_matter(monkeypatch):
    images = data.load("digits", n=30).images
    for alpha_bar in (0.5, 0.95):
        x = noised(data.load("digits", n=33).images[30:], alpha_bar)
        reference = pruned(x, images, alpha_bar, 3, "circular")
        backwards = pruned(x, images.flip(0), alpha_bar, 3, "circular")
        alone = torch.cat([pruned(p, images, alpha_bar, 3, "circular") for p in x.split(1)])
        monkeypatch.setattr(pruning, "TOGETHER", 100)
        in_parts = pruned(x, images, alpha_bar, 3, "circular")
        for other in (backwards, alone, in_parts):
            assert (other - reference).abs().max() <= 1e-5


def test_the_machine_takes_the_tree_where_it_pays(monkeypatch):
    images = data.load("digits", n=30).images
    asked = []
    real = pruning.partial_mean
    monkeypatch.setattr(
        pruning, "partial_mean", lambda *a: asked.append((a[2], a[1].patch_size)) or real(*a)
    )
    machine = EquivariantLocalScore(images, lambda _: 5)
    x = noised(images[:4], 0.95)
    machine.denoise(x, 0.5)
    machine.denoise(x[:1], 0.95)
    EquivariantLocalScore(images, 7).denoise(x, 0.95)
    EquivariantLocalScore(list(images.split(10)), 3).denoise(x, 0.95)  # they come in blocks
    assert asked == []
    first = machine.denoise(x, 0.95)
    assert asked == [(0.95, 5)]
    assert torch.equal(first, machine.denoise(x, 0.95))
    EquivariantLocalScore(images, 3).denoise(x[:1], 0.3)  # digits repeat their small patches
    assert asked[2:] == [(0.3, 3)]
    photos = data.load("photos", n=4).images
    machine = EquivariantLocalScore(photos, 3)
    machine.denoise(photos[:1], 0.3)  # photographs do not
    assert len(asked) == 3
    machine.denoise(photos[:1], 0.95)
    assert asked[3:] == [(0.95, 3)]


@pytest.mark.parametrize("boundary", BORDERS)
def test_many_images_are_planted_in_parts_and_forgotten(monkeypatch, boundary):
    images = data.load("digits", n=44).images
    x = noised(data.load("digits", n=48).images[44:], 0.95)
    whole = patch_forest.Forest(images, 3, boundary)
    assert whole.kept and len(list(whole)) == 1
    monkeypatch.setattr(patch_forest, "PART", 18 * 28 * 28)
    parts = patch_forest.Forest(images, 3, boundary)
    first, again = list(parts), list(parts)
    assert parts.kept and len(first) == 3
    assert all(a is b for a, b in zip(first, again, strict=True))
    monkeypatch.setattr(patch_forest, "PART", 2 * 28 * 28)
    monkeypatch.setattr(patch_forest, "MOST", whole.patches // 2)
    anew = patch_forest.Forest(images, 3, boundary)
    assert not anew.kept and len(list(anew)) == 22 and anew._trees == []
    means = [pruning.partial_mean(x, forest, 0.95) for forest in (whole, parts, anew)]
    for mean, lse in means[1:]:
        assert (mean - means[0][0]).abs().max() <= 1e-5
        assert (lse - means[0][1]).abs().max() <= 1e-5


def test_memory_keeps_its_limit_though_the_first_images_promise_less(monkeypatch):
    monkeypatch.setattr(patch_forest, "PART", 3 * 28 * 28)
    monkeypatch.setattr(patch_forest, "MOST", 3 * 28 * 28)  # of three images
    noise = torch.rand(9, 1, 28, 28, generator=torch.manual_seed(0)) * 2 - 1
    images = torch.cat([-torch.ones(9, 1, 28, 28), noise])
    forest = patch_forest.Forest(images, 3, "circular")
    assert forest.kept  # nine black images come first
    x = noised(images[-2:], 0.95)
    first = pruning.partial_mean(x, forest, 0.95)[0]
    assert not forest.kept and forest._trees == []
    want = running_sums.posterior_mean(x, images, 0.95, 3, "circular")
    for mean in (first, pruning.partial_mean(x, forest, 0.95)[0]):
        assert (mean - want).abs().max() <= 1e-5


@pytest.mark.parametrize(("size", "bytes_each"), [(3, 11), (5, 12.5), (9, 12.5)])
def test_a_tree_copies_no_patch(size, bytes_each):
    images = data.load("digits", n=100).images
    (tree,) = trees_of(images, size, "circular")
    assert np.shares_memory(tree.windows.numbers, images.numpy())
    own = (tree.low, tree.high, tree.places, tree.times, tree.before)
    assert sum(array.nbytes for array in own) <= bytes_each * np.count_nonzero(tree.times)


@pytest.mark.parametrize("other", [torch.Tensor.double, torch.Tensor.mT.__get__])
def test_images_of_another_kind_are_copied_once_for_all_regions(other):
    images = data.load("digits", n=4).images
    trees = trees_of(other(images), 5, "zeros")
    assert len(trees) == 25
    assert len({tree.windows.numbers.ctypes.data for tree in trees}) == 1


def test_threads_may_share_a_forest(monkeypatch):
    monkeypatch.setattr(patch_forest, "PART", 18 * 28 * 28)
    images = data.load("digits", n=44).images
    x = noised(data.load("digits", n=45).images[44:], 0.95)
    machine = EquivariantLocalScore(images, 3)
    assert machine._forest(3, 0.95, 1).kept
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda _: machine.denoise(x, 0.95), range(8)))
    alone = EquivariantLocalScore(images, 3).denoise(x, 0.95)
    for guess in (*together, machine.denoise(x, 0.95)):
        assert (guess - alone).abs().max() <= 1e-5


def test_trees_that_are_not_kept_serve_several_pictures_only(monkeypatch):
    monkeypatch.setattr(patch_forest, "PART", 28 * 28)
    monkeypatch.setattr(patch_forest, "MOST", 28 * 28)
    planted = []
    real = patch_forest.plant
    monkeypatch.setattr(patch_forest, "plant", lambda *a: planted.append(1) or real(*a))
    images = data.load("digits", n=9).images
    machine, x = EquivariantLocalScore(images[:5], 3), noised(images[5:], 0.95)
    alone = torch.cat([machine.denoise(picture, 0.95) for picture in x.split(1)])
    assert len(planted) == 1  # to learn that all together are too many
    assert (machine.denoise(x, 0.95) - alone).abs().max() <= 1e-5
    assert len(planted) == 6
