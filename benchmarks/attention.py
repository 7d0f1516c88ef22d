"""What one layer of self-attention changes in the pictures of a UNet.

    python benchmarks/attention.py            # writes results/attention.json, in 10 minutes
    python benchmarks/attention.py --root cifar10.npz     # measures real photographs as well

A row is a network, with its attention layer as it learned or changed while it draws (``EDITS``).
Digits are counted: parts and holes. Photographs are measured: how much the colours of their blocks
differ. The pictures go into ``results/pictures/attention-*.png``, a line for each row. Each row is
saved when it is done, so that a run that was stopped goes on from there.
"""

import argparse
import json
import platform
from datetime import date
from pathlib import Path

import torch

from els_tutorial import checkpoints, data, sheets, topology
from els_tutorial.coherence import colour_spread, colour_strength
from els_tutorial.layers import EDITS
from els_tutorial.networks import NetworkDenoiser
from els_tutorial.rivals import noise
from els_tutorial.sampling import sample
from els_tutorial.schedules import CosineSchedule
from els_tutorial.tables import written

RESULT = Path(__file__).parent.parent / "results" / "attention.json"
SCHEDULE, STEPS = CosineSchedule(), 20
SETS = {"digits": (1, 28, 28), "cifar10": (3, 32, 32)}
SEEDS = {"digits": range(100), "cifar10": range(16)}
ROWS = {  # name -> set, network, edit
    "digits-unet": ("digits", "digits-unet", None),
    "digits-unet-attention": ("digits", "digits-unet-attention", None),
    "digits-unet-attention, alone": ("digits", "digits-unet-attention", "alone"),
    "digits-unet-attention, evenly": ("digits", "digits-unet-attention", "evenly"),
    "cifar10-unet-attention": ("cifar10", "cifar10-unet-attention", None),
    **{
        f"cifar10-unet-attention, {edit}": ("cifar10", "cifar10-unet-attention", edit)
        for edit in EDITS
    },
}


def drawn(name, seeds):
    """Return what the network of a row draws from these seeds, float32 [B, C, H, W]."""
    kind, network, edit = ROWS[name]
    network = checkpoints.load(network)
    if edit:
        network.attend.edit = edit
    return sample(NetworkDenoiser(network), noise(seeds, SETS[kind]), SCHEDULE, STEPS)


def measures(pictures):
    """Return what is measured of pictures: dict of lists, a number for each picture."""
    if pictures.shape[1] == 3:
        return {"spread": [round(value, 5) for value in colour_spread(pictures).tolist()]}
    marked = topology.ink(pictures)
    return {
        "components": topology.components(marked).tolist(),
        "holes": topology.holes(marked).tolist(),
    }


def lines(kind):
    """Return the names of the rows of an image set: the lines of its sheet, from the top."""
    return [name for name, row in ROWS.items() if row[0] == kind]


def keep(name, pictures):
    """Put the pictures of a row into the sheet of its set, a column for each seed."""
    kind = ROWS[name][0]
    path = RESULT.parent / "pictures" / f"attention-{kind}.png"
    sheets.put(path, lines(kind), len(SEEDS[kind]), {name: pictures}, 0)


def photographs(root):
    """Return spread and strength of the colours of the photographs that the networks learned."""
    images = data.load("cifar10", n=1000, root=root).images
    found = {"spread": colour_spread(images), "strength": colour_strength(images)}
    lists = {kind: [round(value, 4) for value in values.tolist()] for kind, values in found.items()}
    return {"count": len(images), **lists}


def beginning():
    """Return what the file holds so far."""
    if RESULT.exists():
        return json.loads(RESULT.read_text("utf-8"))
    return {
        "command": "python benchmarks/attention.py",
        "date": date.today().isoformat(),
        "versions": {"python": platform.python_version(), "torch": torch.__version__},
        "steps": STEPS,
        "seeds": list(SEEDS["digits"]),  # photographs have the first of them
        "rows": {},
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root", help="a local .npz with CIFAR-10")
    parser.add_argument("rows", nargs="*", help="names of rows (default: all that are missing)")
    options = parser.parse_args()
    result = beginning()
    for name in options.rows or [name for name in ROWS if name not in result["rows"]]:
        pictures = drawn(name, SEEDS[ROWS[name][0]])
        keep(name, pictures)
        result["rows"][name] = measures(pictures)
        RESULT.write_text(written(result), encoding="utf-8")
        print(name, flush=True)
    if options.root:
        result["photographs"] = photographs(options.root)
        RESULT.write_text(written(result), encoding="utf-8")


if __name__ == "__main__":
    main()
