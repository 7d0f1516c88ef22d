"""Damaged files against the loaders: each gives what it holds, or one of the errors it documents.

    python tests/fuzz.py npz -max_total_time=300    # or network, or npy; wants pip install atheris

Atheris changes the bytes of a good file and keeps what reaches new lines of the loaders.
`test_fuzz.py` does a little of it with hypothesis, at every run of the tests.
"""

import inspect
import sys
import tempfile
import tokenize
import zipfile
from pathlib import Path

import numpy as np
import torch

from els_tutorial import blocks, checkpoints, data
from els_tutorial.networks import ResNet

IMAGES = np.arange(2 * 6 * 5, dtype=np.uint8).reshape(2, 6, 5)


def npz(path):
    """A local image set."""
    images = data.load("fashion", root=path)
    assert images.images.abs().max() <= 1 and len(images.images) == len(images.labels) > 0


def network(path):
    """A trained network."""
    loaded = checkpoints.load(path)
    x = torch.zeros(1, loaded.settings["image_channels"], 8, 8)
    assert loaded(x, torch.full((1,), 0.5)).shape == x.shape


def npy(path):
    """Images on disk."""
    found = list(blocks.ImageFile(path))
    assert sum(map(len, found)) > 0 and all(block.ndim == 4 for block in found)


LOADERS = {"npz": npz, "network": network, "npy": npy}
NAMES = {"npz": "some.npz", "network": "some.safetensors", "npy": "some.npy"}


def good(kind, folder):
    """Return the bytes of a file that the loader takes."""
    path = Path(folder) / NAMES[kind]
    if kind == "npz":
        np.savez_compressed(path, images=IMAGES, labels=np.array([3, 7]))
    elif kind == "network":
        checkpoints.save_network(ResNet(channels=4, depth=1), path, {})
    else:
        np.save(path, IMAGES[:, None])
    return path.read_bytes()


def attempt(kind, content, folder):
    """Load a file of these bytes; only the documented errors are taken."""
    path = Path(folder) / NAMES[kind]
    path.write_bytes(content)
    try:
        LOADERS[kind](str(path))
    except ValueError as error:
        assert str(error), "an error without a sentence"


if __name__ == "__main__":
    import atheris

    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as corpus:
        (Path(corpus) / "good").write_bytes(good(sys.argv[1], folder))
        for module in (blocks, checkpoints, data, np.lib.format, zipfile, tokenize):
            for _, function in inspect.getmembers(module, inspect.isfunction):
                atheris.instrument_func(function)
        atheris.Setup(
            [*sys.argv[:1], corpus, *sys.argv[2:]],
            lambda content: attempt(sys.argv[1], content, folder),
        )
        atheris.Fuzz()
