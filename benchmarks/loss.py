"""Measure a network's loss beside the best possible one, which the machines know.

    python benchmarks/loss.py               # writes results/loss.json, in 10 minutes
    python benchmarks/loss.py digits-resnet # one network's part of it

A loss is the mean squared error of the velocity, |x0_hat - x_0|^2 / (1 - alpha_bar) by pixel: what
training makes small. The times are the middles of ten equal parts of [0, 1], so that the mean over
them is nearly the loss of training. Each row is saved as it is done; called again, it goes on.
"""

import json
import platform
import sys
from datetime import date
from pathlib import Path

import torch

from els_tutorial import calibration, checkpoints, data
from els_tutorial.baselines import GaussianScore
from els_tutorial.machines import EquivariantLocalScore, IdealScore
from els_tutorial.networks import NetworkDenoiser
from els_tutorial.recipes import RECIPES
from els_tutorial.rivals import noise
from els_tutorial.schedules import CosineSchedule
from els_tutorial.tables import written

RESULT = Path(__file__).parent.parent / "results" / "loss.json"
SCHEDULE = CosineSchedule()
TIMES = [round(0.05 + 0.1 * k, 2) for k in range(10)]
FIELD = 17  # of the networks below, in pixels
COUNTS = {"digits64-resnet": 24, "digits-resnet": 8}  # pictures at each time, of either kind
FIRST_HELD_OUT = 2000  # digits from here on are in no training set
SETS = ("training", "held out")


def windows(name, t):
    """Return the sides of the windows that are tried at time t."""
    if name == "digits64-resnet":
        return list(range(3, FIELD + 1, 2))
    return [calibration.published("mnist-resnet", SCHEDULE)(SCHEDULE.alpha_bar(t)), FIELD]


def pictures(name, of, t, count):
    """Return clean pictures and their noisy versions at time t, float32 [count, 1, 28, 28]."""
    digits = data.load("digits", n=FIRST_HELD_OUT + 1000).images
    pool = digits[: RECIPES[name].n] if of == "training" else digits[FIRST_HELD_OUT:]
    first = TIMES.index(t) * COUNTS[name]
    picked = [(first + k) % len(pool) for k in range(count)]
    seeds = [first + k + 1000 * SETS.index(of) for k in range(count)]
    alpha_bar, x0 = SCHEDULE.alpha_bar(t), pool[picked]
    return x0, alpha_bar**0.5 * x0 + (1 - alpha_bar) ** 0.5 * noise(seeds, x0.shape[1:])


def row(name, of, t, count=None, sizes=None):
    """Return one row of the table: the losses of all denoisers on the same pictures.

    Args:
        name: of the network.
        of: "training" or "held out".
        t: one of ``TIMES``.
        count: pictures; by default as many as the table has.
        sizes: windows of the ELS machines; by default all that the table has.

    Returns:
        dict: under "loss" a list of losses, one for each picture, by denoiser; under "left" the
        squared distance of the network from the ELS machine with its field, and under "price" that
        of this machine from IS, in the same unit.
    """
    digits = data.load("digits", n=RECIPES[name].n).images
    x0, x = pictures(name, of, t, count or COUNTS[name])
    denoisers = {
        "network": NetworkDenoiser(checkpoints.load(name)),
        "IS": IdealScore(digits),
        "Wiener": GaussianScore(digits),
    } | {str(s): EquivariantLocalScore(digits, s, "zeros") for s in sizes or windows(name, t)}
    alpha_bar = SCHEDULE.alpha_bar(t)
    guesses = {key: denoiser.denoise(x, alpha_bar) for key, denoiser in denoisers.items()}

    def apart(a, b):
        squares = (a - b).double().square().mean((1, 2, 3)) / (1 - alpha_bar)
        return [round(value, 5) for value in squares.tolist()]

    found = {"loss": {key: apart(guess, x0) for key, guess in guesses.items()}}
    if str(FIELD) in guesses:
        best = guesses[str(FIELD)]
        found |= {"left": apart(guesses["network"], best), "price": apart(best, guesses["IS"])}
    return {"of": of, "t": t} | found


def main(names):
    table = json.loads(RESULT.read_text("utf-8")) if RESULT.exists() else {"networks": {}}
    for name in names or COUNTS:
        rows = table["networks"].setdefault(name, [])
        for of in SETS:
            for t in TIMES:
                if any((old["of"], old["t"]) == (of, t) for old in rows):
                    continue
                rows.append(row(name, of, t))
                save(table)
                print(name, of, t, flush=True)


def save(table):
    head = {
        "command": "python benchmarks/loss.py",
        "date": date.today().isoformat(),
        "versions": {"python": platform.python_version(), "torch": torch.__version__},
        "loss": "squared error of the velocity by pixel, one value for each picture",
        "times": TIMES,
        "counts": COUNTS,
    }
    part = RESULT.with_suffix(".part")
    part.write_text(written(head | table), "utf-8")
    part.replace(RESULT)


if __name__ == "__main__":
    main(sys.argv[1:])
