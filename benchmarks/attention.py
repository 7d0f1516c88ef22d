"""Count the parts and the holes of digits that UNets draw, with and without self-attention.

    python benchmarks/attention.py          # writes results/attention.json, in 20 minutes

From each seed five drawers start: the UNet without attention, the UNet with it, and the latter with
its attention layer changed while it draws (``EDITS``), never trained so. Their pictures go into
``results/pictures/attention.png``, a line for each drawer. How well each guesses held-out digits is
measured as well. Each share of the seeds is saved when it is done, so that a run that was stopped
goes on from there.
"""

import copy
import json
import platform
from datetime import date
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from els_tutorial import checkpoints, data, topology
from els_tutorial.layers import EDITS
from els_tutorial.networks import NetworkDenoiser
from els_tutorial.rivals import noise
from els_tutorial.sampling import sample
from els_tutorial.schedules import CosineSchedule
from els_tutorial.tables import written

RESULT = Path(__file__).parent.parent / "results" / "attention.json"
PICTURES = RESULT.parent / "pictures" / "attention.png"
SCHEDULE = CosineSchedule()
SEEDS, TOGETHER = range(100), 25
STEPS = 150
PLAIN, ATTENTIVE = "digits-unet", "digits-unet-attention"
TIMES = (0.1, 0.3, 0.5, 0.7, 0.9)
HELD_OUT = slice(2000, 2200)  # digits that no network saw
SHAPE = (1, 28, 28)


def drawers():
    """Return the five networks: dict from a name to a denoiser."""
    found = {PLAIN: checkpoints.load(PLAIN), ATTENTIVE: checkpoints.load(ATTENTIVE)}
    for edit in EDITS:
        found[f"{ATTENTIVE}, {edit}"] = copy.deepcopy(found[ATTENTIVE])
        found[f"{ATTENTIVE}, {edit}"].attend.edit = edit
    return {name: NetworkDenoiser(network.eval()) for name, network in found.items()}


def drawn(seeds):
    """Return what each network draws from these seeds: dict of pictures [B, 1, 28, 28]."""
    start = noise(seeds, SHAPE)
    return {name: sample(network, start, SCHEDULE, STEPS) for name, network in drawers().items()}


def measures(pictures):
    """Return the parts and the holes of pictures: dict of lists of ints."""
    marked = topology.ink(pictures)
    return {
        "components": topology.components(marked).tolist(),
        "holes": topology.holes(marked).tolist(),
    }


def losses():
    """Return the mean squared error of x0_hat on held-out digits: drawer -> one for each time."""
    digits = data.load("digits", HELD_OUT.stop).images[HELD_OUT]
    found = {name: [] for name in drawers()}
    for k, t in enumerate(TIMES):
        alpha_bar = SCHEDULE.alpha_bar(t)
        fresh = noise(range(20_000 + 1000 * k, 20_000 + 1000 * k + len(digits)), SHAPE)
        x = alpha_bar**0.5 * digits + (1 - alpha_bar) ** 0.5 * fresh
        for name, network in drawers().items():
            error = (network.denoise(x, alpha_bar) - digits).double().square().mean().item()
            found[name].append(round(error, 5))
    return found


def empty():
    """Return what the file holds before the first seed."""
    return {
        "command": "python benchmarks/attention.py",
        "date": date.today().isoformat(),
        "versions": {"python": platform.python_version(), "torch": torch.__version__},
        "steps": STEPS,
        "seeds": [],
        "rows": {name: {"components": [], "holes": []} for name in drawers()},
        "times": list(TIMES),
        "errors": losses(),
    }


def keep(pictures, start):
    """Put pictures into the sheet: a line for each drawer, a column for each seed."""
    side, names = SHAPE[1], list(pictures)
    sheet = np.full((len(names) * side, len(SEEDS) * side), 128, np.uint8)
    if start:
        sheet = np.array(Image.open(PICTURES))
    for line, shown in enumerate(pictures.values()):
        grey = ((shown.clamp(-1, 1) + 1) * 127.5).round().byte()[:, 0]  # [B, 28, 28]
        row = grey.permute(1, 0, 2).reshape(side, -1).numpy()
        left = start * side
        sheet[line * side : (line + 1) * side, left : left + row.shape[1]] = row
    Image.fromarray(sheet).save(PICTURES, optimize=True)


def unfinished():
    """Return what the file holds if some of its seeds are missing, else a new beginning."""
    if RESULT.exists():
        result = json.loads(RESULT.read_text("utf-8"))
        if len(result["seeds"]) < len(SEEDS):
            return result
    return empty()


if __name__ == "__main__":
    result = unfinished()
    for start in range(len(result["seeds"]), len(SEEDS), TOGETHER):
        seeds = SEEDS[start : start + TOGETHER]
        pictures = drawn(seeds)
        for name, shown in pictures.items():
            for measure, values in measures(shown).items():
                result["rows"][name][measure] += values
        keep(pictures, start)
        result["seeds"] += list(seeds)
        RESULT.write_text(written(result), encoding="utf-8")
        print(f"{len(result['seeds'])} of {len(SEEDS)} seeds", flush=True)
