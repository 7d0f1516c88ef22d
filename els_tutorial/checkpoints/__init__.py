"""Trained networks as safetensors files, each with a card that says how it came about.

A file carries its own name and the network's shape in its header; the card, a JSON file beside it,
carries data, seed, steps, seconds, loss and the command that makes it. No file is ever unpickled.
"""

import json
import os
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from els_tutorial.networks import ResNet, UNet
from els_tutorial.tables import written

HERE = Path(__file__).parent
KINDS = {"ResNet": ResNet, "UNet": UNet}


def names():
    """Return the names of the networks that ship, sorted."""
    return sorted(path.stem for path in HERE.glob("*.safetensors"))


def write(path, tensors, metadata):
    """Write a safetensors file at once or not at all: a reader never meets half a file.

    Args:
        path: where to.
        tensors: dict of tensors.
        metadata: dict that JSON can say.

    Raises:
        OSError: if the disk refuses.
    """
    path = Path(path)
    content = save(
        {name: tensor.detach().contiguous() for name, tensor in tensors.items()},
        {name: json.dumps(value) for name, value in metadata.items()},
    )
    part = path.with_name(path.name + ".part")
    try:
        with open(part, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def read(path):
    """Return (tensors, metadata) of a file that :func:`write` wrote.

    Raises:
        FileNotFoundError: if there is none.
        ValueError: if it is cut short, or no such file.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {path}")
    try:
        with safe_open(path, "pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            metadata = {key: json.loads(text) for key, text in (file.metadata() or {}).items()}
    except (SafetensorError, json.JSONDecodeError) as error:
        raise ValueError(
            f"{path.name} is cut short or is no safetensors file of this book ({error}); "
            "get it again, or train it anew"
        ) from None
    return tensors, metadata


def save_network(network, path, card):
    """Write a network and its card.

    Args:
        network: a ResNet or a UNet.
        path: of the file, ending in ``.safetensors``; the card goes beside it as ``.json``.
        card: dict that says how the network came about.
    """
    path = Path(path)
    metadata = {
        "name": path.stem,
        "kind": type(network).__name__,
        "settings": network.settings,
    }
    write(path, network.state_dict(), metadata)
    write_card(path.stem, card, path.parent)


def write_card(name, card, folder=None):
    """Write what is known of a network, a dict, beside it: in the package's folder by default."""
    ((folder or HERE) / f"{name}.json").write_text(written(card), "utf-8")


def load(name):
    """Return a trained network, ready to denoise.

    Args:
        name: of a network that ships (see :func:`names`), or the path of a ``.safetensors`` file.

    Returns:
        ResNet or UNet, in evaluation mode.

    Raises:
        ValueError: if the name is unknown, or the file is cut short, foreign, or was renamed.
        FileNotFoundError: if a path leads nowhere.
    """
    path = Path(name)
    if path.suffix != ".safetensors":
        if name not in names():
            raise ValueError(f"name must be one of {', '.join(names())}; got {name!r}")
        path = HERE / f"{name}.safetensors"
    tensors, metadata = read(path)
    kind, settings = metadata.get("kind"), metadata.get("settings")
    if kind not in list(KINDS) or not isinstance(settings, dict):
        raise ValueError(f"{path.name} holds no network of this book: its header names none")
    if metadata.get("name") != path.stem:
        raise ValueError(f"{path.name} was renamed: its header says {metadata.get('name')}")
    try:
        network = KINDS[kind](**settings)
        network.load_state_dict(tensors)
    except (RuntimeError, TypeError) as error:
        raise ValueError(f"{path.name} does not hold the weights of its {kind}: {error}") from None
    return network.eval()


def card(name):
    """Return the card of a network that ships, a dict.

    Raises:
        ValueError: if the name is unknown.
    """
    if name not in names():
        raise ValueError(f"name must be one of {', '.join(names())}; got {name!r}")
    return json.loads((HERE / f"{name}.json").read_text("utf-8"))
