"""How each network that ships was made: its images, its shape, and how long it learned."""

import math
import platform
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import NamedTuple

import torch

from els_tutorial import checkpoints, data
from els_tutorial.networks import ResNet, UNet
from els_tutorial.training import train


class Recipe(NamedTuple):
    """What makes a network: the images ``data.load(name, n)``, the network, and the steps.

    ``autocast`` says whether it learned in bfloat16: not on a processor that does not know it.
    ``beside`` names a network that ships. Then its weights are taken as they are, and only what the
    new network has besides learns; at first that adds nothing.
    """

    images: str
    n: int
    network: Callable
    steps: int
    batch: int = 64
    seed: int = 0
    autocast: bool = True
    beside: str | None = None


RECIPES = {
    "digits-resnet": Recipe("digits", 2000, ResNet, 4000),
    "digits-resnet-circular": Recipe("digits", 2000, lambda: ResNet(padding_mode="circular"), 3000),
    "digits64-resnet": Recipe("digits", 64, ResNet, 2500),
    "digits-unet": Recipe("digits", 2000, lambda: UNet(channels=(32, 64, 96)), 5000),
    "digits-unet-attention": Recipe(
        "digits",
        2000,
        lambda: UNet(channels=(32, 64, 96), attention=True),
        300,
        autocast=False,
        beside="digits-unet",
    ),
    "photos-resnet": Recipe("photos", 1000, lambda: ResNet(image_channels=3), 3000),
    "cifar10-resnet": Recipe("cifar10", 1000, lambda: ResNet(image_channels=3), 3000),
    "cifar10-unet-attention": Recipe(
        "cifar10", 1000, lambda: UNet(image_channels=3, channels=(32, 64, 96), attention=True), 4000
    ),
}


def make(name, folder=".", root=None, progress=True):
    """Train a network by its recipe, and write it with its card.

    Cut off at any moment, it goes on from the last state that it saved when it is called again.

    Args:
        name: of a recipe.
        folder: where the network, its card and the state of the run go; the networks that ship
            stand in ``els_tutorial/checkpoints``.
        root: a local ``.npz`` with the images, as for :func:`els_tutorial.data.load`.
        progress: whether to show a bar.

    Returns:
        Path of the ``.safetensors`` file.

    Raises:
        ValueError: if there is no such recipe.
        ModuleNotFoundError, ConnectionError: if the images are not at hand.
    """
    if name not in RECIPES:
        raise ValueError(f"name must be one of {', '.join(RECIPES)}; got {name!r}")
    recipe = RECIPES[name]
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    images = data.load(recipe.images, n=recipe.n, **({"root": root} if root else {}))
    torch.manual_seed(recipe.seed)
    network = recipe.network()
    if recipe.beside:
        graft(network, checkpoints.load(recipe.beside))
    network, losses, seconds = train(
        network,
        images.images,
        recipe.steps,
        batch=recipe.batch,
        seed=recipe.seed,
        autocast=recipe.autocast,
        state=folder / f"{name}.run",
        progress=progress,
    )
    last = losses[-recipe.steps // 10 :]
    card = {
        "command": f"python -m els_tutorial train {name}",
        "images": f"{recipe.images}, the first {recipe.n} of the fixed shuffle",
        "licence": images.licence,
        "network": type(network).__name__,
        "settings": network.settings,
        "weights": sum(p.numel() for p in network.parameters()),
        **({"beside": f"{recipe.beside}, whose weights stay"} if recipe.beside else {}),
        "seed": recipe.seed,
        "steps": recipe.steps,
        "batch": recipe.batch,
        "seconds": round(seconds),
        "processor": platform.processor() or platform.machine(),
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
        "date": date.today().isoformat(),
        "loss": round(math.fsum(last) / len(last), 4),
        "loss_is": "mean squared error of the velocity over the last tenth of the steps",
    }
    path = folder / f"{name}.safetensors"
    checkpoints.save_network(network, path, card)
    return path


def graft(network, known):
    """Give a UNet the weights of one without attention, so that only its attention learns.

    Its attention adds nothing at first: the two networks guess alike.

    Args:
        network: a UNet with attention, changed in place.
        known: a UNet of the same shape without it.

    Raises:
        ValueError: if the two differ in more than the attention.
    """
    if network.settings != known.settings | {"attention": True}:
        raise ValueError(f"{network.settings} is not {known.settings} with attention")
    network.load_state_dict(known.state_dict(), strict=False)
    for name, weights in network.named_parameters():
        weights.requires_grad_(name.startswith("attend."))
    for weights in network.attend.answer.parameters():
        torch.nn.init.zeros_(weights)
