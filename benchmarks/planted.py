"""Plant a long-range correlation in images, and see whether a network's window follows it.

    python benchmarks/planted.py           # writes results/planted.json, in a minute or two

A picture has 8 x 8 pixels on a torus: two strips of digits, side by side. In the set "tied" both
are the same strip, so that every pixel has an exact copy four pixels away, as far as the torus
allows; in the set "untied" they are strips of two digits that have nothing to do with each other.
One strip alone looks the same in both sets. Small networks learn, three times each: one that can
see the copy learns either set, and one that cannot learns the tied one. Beside them stand the
Wiener filters of both sets, and that of the tied set in all its shifts, which cannot know a place,
as a circular network cannot. All is measured on digits that no network learned. Each run is saved
when it is done.
"""

import json
import platform
from datetime import date
from pathlib import Path

import torch
from torch.nn.functional import avg_pool2d

from els_tutorial import data
from els_tutorial.baselines import GaussianScore
from els_tutorial.calibration import heat_map
from els_tutorial.networks import NetworkDenoiser, ResNet
from els_tutorial.schedules import CosineSchedule
from els_tutorial.tables import written
from els_tutorial.training import train

RESULT = Path(__file__).parent.parent / "results" / "planted.json"
SCHEDULE = CosineSchedule()
SIDE, APART = 8, 4  # of the torus, and of a pixel from its copy
LEARNED, HELD_OUT = 2000, 500  # digits; the held-out ones come after the learned ones
TIMES = [round(0.1 * k, 1) for k in range(1, 10)]
MAPPED = [0.1, 0.5, 0.9]  # times whose whole heat maps are kept
STEPS, BATCH, RATE, RUNS = 300, 24, 4e-3, 3
NETWORKS = {  # how many residual convolutions, and the set that is learned
    "sees, tied": (3, "tied"),
    "sees, untied": (3, "untied"),
    "blind, tied": (1, "tied"),
}
PLACES = {  # the central pixel is (4, 4), its copy (4, 0); as far away, but no copy, is (0, 4)
    "own": (4, 4),
    "copy": (4, 0),
    "no copy": (0, 4),
}


def pictures(kind, held_out=False):
    """Return pictures of a set, "tied" or "untied", float32 [N, 1, 8, 8]."""
    first, count = (LEARNED, HELD_OUT) if held_out else (0, LEARNED)
    digits = avg_pool2d(data.load("digits", n=LEARNED + HELD_OUT).images, 2)[first:][:count]
    strips = digits[:, :, 3:11, 5:9]  # [N, 1, 8, 4]
    others = strips if kind == "tied" else strips.roll(1, 0)  # the digits are shuffled
    # Rolled, so that the central pixel lies in the middle of a strip.
    return torch.cat([strips, others], 3).roll(APART // 2, 3)


def noisy(clean, t, seed):
    """Return clean pictures with noise of a seed, at time t."""
    alpha_bar = SCHEDULE.alpha_bar(t)
    grain = torch.randn(clean.shape, generator=torch.Generator().manual_seed(seed))
    return alpha_bar**0.5 * clean + (1 - alpha_bar) ** 0.5 * grain


def heat_by_place(heat):
    """Return the heat on each of ``PLACES`` and in all, from a heat map [8, 8]."""
    found = {name: heat[place].item() for name, place in PLACES.items()}
    return {name: round(value, 6) for name, value in (found | {"all": heat.sum().item()}).items()}


def shifted(images):
    """Return pictures of a torus in all their shifts, [64 N, 1, 8, 8]."""
    shifts = [(i, j) for i in range(SIDE) for j in range(SIDE)]
    return torch.cat([images.roll(shift, (2, 3)) for shift in shifts])


def learned(name, seed):
    """Return the network of a name, trained, and the loss of its last tenth of steps."""
    depth, kind = NETWORKS[name]
    torch.manual_seed(seed)
    network = ResNet(channels=24, depth=depth, padding_mode="circular")
    network, losses, _ = train(
        network,
        pictures(kind),
        STEPS,
        batch=BATCH,
        rate=RATE,
        seed=seed,
        autocast=False,
        progress=False,
    )
    return network, round(sum(losses[-STEPS // 10 :]) / len(losses[-STEPS // 10 :]), 5)


def measure(denoiser, heat_of):
    """Return the losses on held-out pictures of both sets, and the heat on the tied ones.

    Args:
        denoiser: anything with ``denoise``.
        heat_of: from (x, alpha_bar) to a heat map [8, 8].

    Returns:
        dict: under "loss" the squared error of the velocity by pixel, for either set a list over
        ``TIMES``; under "heat" a list over ``TIMES`` of what :func:`heat_by_place` gives; under
        "maps" the 64 numbers of a heat map, row by row, for each of ``MAPPED``.
    """
    found = {"loss": {}, "heat": [], "maps": []}
    for kind in ("tied", "untied"):
        clean, losses = pictures(kind, held_out=True), []
        for k, t in enumerate(TIMES):
            alpha_bar = SCHEDULE.alpha_bar(t)
            guess = denoiser.denoise(noisy(clean, t, k), alpha_bar)
            losses.append(((guess - clean).square().mean() / (1 - alpha_bar)).item())
        found["loss"][kind] = [round(loss, 5) for loss in losses]
    few = pictures("tied", held_out=True)[:64]
    for k, t in enumerate(TIMES):
        heat = heat_of(noisy(few, t, k), SCHEDULE.alpha_bar(t))
        found["heat"].append(heat_by_place(heat))
        if t in MAPPED:
            found["maps"].append([round(value, 4) for value in heat.flatten().tolist()])
    return found


def of_network(network):
    """Return what :func:`measure` says of a network."""
    denoiser = NetworkDenoiser(network)
    return measure(denoiser, lambda x, alpha_bar: heat_map(denoiser, x, alpha_bar))


def of_filter(images):
    """Return what :func:`measure` says of the Wiener filter of some images."""
    linear = GaussianScore(images)
    middle = SIDE * (SIDE // 2) + SIDE // 2

    def row(_, alpha_bar):
        return linear.sensitivity(alpha_bar)[middle].abs().view(SIDE, SIDE)

    return measure(linear, row)


FILTERS = {  # the set whose mean and covariance the filter has
    "Wiener, tied": lambda: pictures("tied"),
    "Wiener, untied": lambda: pictures("untied"),
    "Wiener, tied, shifted": lambda: shifted(pictures("tied")),
}


def main():
    table = json.loads(RESULT.read_text("utf-8")) if RESULT.exists() else {"denoisers": {}}
    for name, (_, kind) in NETWORKS.items():
        entry = table["denoisers"].setdefault(name, {"set": kind, "runs": []})
        for seed in range(len(entry["runs"]), RUNS):
            network, loss = learned(name, seed)
            entry["field"] = network.receptive_field
            entry["runs"].append({"training loss": loss} | of_network(network))
            save(table)
            print(name, seed, flush=True)
    for name, images in FILTERS.items():
        table["denoisers"][name] = {"set": name.split(", ")[1], "runs": [of_filter(images())]}
    save(table)


def save(table):
    head = {
        "command": "python benchmarks/planted.py",
        "date": date.today().isoformat(),
        "versions": {"python": platform.python_version(), "torch": torch.__version__},
        "images": f"digits: {LEARNED} learned, {HELD_OUT} held out",
        "times": TIMES,
        "mapped": MAPPED,
        "steps": STEPS,
        "seeds": list(range(RUNS)),
        "heat": "mean absolute slope of the central pixel's guess, on 64 held-out tied pictures",
        "loss": "squared error of the velocity by pixel, on all held-out pictures",
    }
    RESULT.write_text(written(head | {"denoisers": table["denoisers"]}), "utf-8")


if __name__ == "__main__":
    main()
