"""Training a network by denoising score matching, so that it can be stopped at any moment.

Every step draws its images, times and noise from a generator that is seeded with the step's number.
So a run that was cut off and goes on from its last state takes the same steps as one that was not.
"""

import math
import time
from pathlib import Path

import torch
from torch.nn.functional import mse_loss
from torch.optim.swa_utils import AveragedModel
from tqdm.auto import tqdm

from els_tutorial import checkpoints
from els_tutorial.checks import check_images
from els_tutorial.networks import velocity
from els_tutorial.schedules import CosineSchedule

FIRST_TIME = 0.002  # the cleanest that a network is shown


def draw_batch(images, batch, seed, step):
    """Return what one step learns from: (x, alpha_bar, target, picked).

    Times are spread evenly over [0.002, 1], one in each of ``batch`` equal parts, so that no step
    sees noise of one kind alone.

    Args:
        images: clean images, float tensor [N, C, H, W].
        batch: number of images B, drawn with replacement.
        seed, step: ints; together they fix the draw.

    Returns:
        x [B, C, H, W], alpha_bar float64 [B], the velocity [B, C, H, W], and which images, int64
        [B].
    """
    generator = torch.Generator().manual_seed(seed * 1_000_003 + step)
    picked = torch.randint(len(images), (batch,), generator=generator)
    places = torch.arange(batch) + torch.rand(batch, generator=generator)
    times = FIRST_TIME + (1 - FIRST_TIME) * places / batch
    alpha_bar = torch.tensor([CosineSchedule().alpha_bar(t) for t in times.tolist()]).double()
    noise = torch.randn(batch, *images.shape[1:], generator=generator)
    x0 = images[picked]
    left = alpha_bar.to(x0.dtype).view(-1, 1, 1, 1)
    x = left.sqrt() * x0 + (1 - left).sqrt() * noise
    return x, alpha_bar, velocity(x0, noise, alpha_bar), picked


def rate_at(step, steps, rate):
    """Return the learning rate: a linear warm-up over 2 % of the steps, then half a cosine to 0."""
    warm = max(1, steps // 50)
    if step < warm:
        return rate * (step + 1) / warm
    return rate * 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, steps - warm)))


def _averaged(network):
    def blend(average, new, seen):
        return torch.lerp(average, new, 1 - min(0.999, (1 + float(seen)) / (10 + float(seen))))

    return AveragedModel(network, avg_fn=blend)


def _state(network, average, optimizer, losses):
    tensors = {f"network.{k}": v for k, v in network.state_dict().items()}
    tensors |= {f"average.{k}": v for k, v in average.state_dict().items()}
    for index, moments in optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer.{index}.{k}": v for k, v in moments.items()}
    return tensors | {"losses": torch.tensor(losses)}


def _restore(tensors, network, average, optimizer):
    def part(name):
        start = name + "."
        return {k.removeprefix(start): v for k, v in tensors.items() if k.startswith(start)}

    network.load_state_dict(part("network"))
    average.load_state_dict(part("average"))
    state = {}
    for key, value in part("optimizer").items():
        index, name = key.split(".")
        state.setdefault(int(index), {})[name] = value
    groups = optimizer.state_dict()["param_groups"]
    optimizer.load_state_dict({"state": state, "param_groups": groups})
    return tensors["losses"].tolist()


def train(
    network,
    images,
    steps,
    *,
    labels=None,
    batch=64,
    rate=1.5e-3,
    seed=0,
    autocast=True,
    state=None,
    save_every=200,
    progress=True,
):
    """Train a network in place, and return its average over the last thousand steps or so.

    The loss is the mean squared error of the velocity, which is denoising score matching with a
    weight that depends on time alone (see :mod:`els_tutorial.networks`). AdamW, a short warm-up,
    cosine decay; the weights are averaged as they go (decay 0.999).

    Args:
        network: a ResNet or a UNet.
        images: training images, float tensor [N, C, H, W] in [-1, 1].
        steps: number of steps in all, a positive int.
        labels: int64 tensor [N] for a network with classes.
        batch: images in a step.
        rate: largest learning rate.
        seed: of all that is drawn.
        autocast: whether to compute in bfloat16 where that is safe: about twice as fast on a
            processor that knows it.
        state: path of a file to which the run is saved; if it exists, the run goes on from there.
        save_every: steps between two savings.
        progress: whether to show a bar with the loss and the images a second.

    Returns:
        (network, losses, seconds): the averaged network in evaluation mode, the loss of every step,
        and how long all parts of the run took together.

    Raises:
        ValueError: if images are no training images, labels and network do not fit, or ``state``
            belongs to another run.
    """
    check_images(images)
    if (labels is None) != (network.classes == 0):
        raise ValueError(f"a network with {network.classes} classes needs labels for just those")
    if labels is not None and labels.shape != (len(images),):
        raise ValueError(f"labels must be [{len(images)}], got {list(labels.shape)}")
    for name, value in (("steps", steps), ("batch", batch), ("save_every", save_every)):
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise ValueError(f"{name} must be a positive int, got {value!r}")
    images = images.float()
    asked = {
        "kind": type(network).__name__,
        "settings": network.settings,
        "images": [list(images.shape), round(images.double().sum().item(), 3)],
        "steps": steps,
        "batch": batch,
        "rate": rate,
        "seed": seed,
        "autocast": autocast,
    }
    network.train().to(memory_format=torch.channels_last)  # a tenth faster on a processor
    average = _averaged(network)
    optimizer = torch.optim.AdamW(network.parameters(), lr=rate, weight_decay=0.01)
    losses, before = [], 0.0
    if state is not None and Path(state).exists():
        tensors, metadata = checkpoints.read(state)
        if metadata.get("asked") != asked:
            raise ValueError(f"{state} belongs to another run: {metadata.get('asked')}")
        losses, before = _restore(tensors, network, average, optimizer), metadata["seconds"]
    start = time.perf_counter()

    def save():
        if state is not None:
            metadata = {"asked": asked, "seconds": before + time.perf_counter() - start}
            checkpoints.write(state, _state(network, average, optimizer, losses), metadata)

    done = len(losses)
    bar = tqdm(
        total=steps * batch, initial=done * batch, unit="image", unit_scale=True,
        disable=not progress, mininterval=1,
    )  # fmt: skip
    with bar:
        for step in range(done, steps):
            x, alpha_bar, target, picked = draw_batch(images, batch, seed, step)
            label = None if labels is None else labels[picked]
            for group in optimizer.param_groups:
                group["lr"] = rate_at(step, steps, rate)
            with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
                guess = network(x, alpha_bar, label)
            loss = mse_loss(guess.float(), target)
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            average.update_parameters(network)
            losses.append(loss.item())
            bar.update(batch)
            bar.set_postfix(loss=f"{sum(losses[-100:]) / len(losses[-100:]):.4f}", refresh=False)
            if (step + 1) % save_every == 0:
                save()
    if done < steps:
        save()
    return average.module.eval(), losses, before + time.perf_counter() - start
