"""Measure how new the ELS machine's digits are, against the window's side and the training set's.

    python benchmarks/novelty.py            # writes results/novelty.json, in 15 minutes

Each row is one machine: for each seed one picture, and beside it one real digit that the machine
does not hold, measured in the same way. A picture's ink is its pixels above 0.
"""

import platform
from datetime import date
from pathlib import Path

import torch

from els_tutorial import calibration, data, novelty, sampling
from els_tutorial.denoiser import Provenance
from els_tutorial.machines import EquivariantLocalScore
from els_tutorial.provenance import mosaic
from els_tutorial.schedules import CosineSchedule
from els_tutorial.tables import written

RESULT = Path(__file__).parent.parent / "results" / "novelty.json"
SCHEDULE = CosineSchedule()
STEPS, LATE = 20, 1 - 1e-6  # at LATE the heaviest patch is the nearest one
SEEDS = range(12)
SIZES, COUNTS = (3, 5, 7, 9, 11, 13, 15, 19, 23, 27), (10, 20, 50, 100, 200, 500)
ROWS = [(size, 100) for size in SIZES]
ROWS += [(7, n) for n in COUNTS if n != 100] + [("mnist-resnet", n) for n in COUNTS]


def measures(pictures, machine):
    """Return the four measures of pictures [B, 1, 28, 28], and their share of consistent pixels."""
    pictures, ink = pictures.double(), pictures[:, 0] > 0
    # One picture at a time: against 500 digits each one needs gigabytes.
    origins = [machine.provenance(picture[None], LATE) for picture in pictures]
    origin = Provenance(*map(torch.cat, zip(*origins, strict=True)))
    sources = novelty.sources(origin, ink)
    apart = (mosaic(machine.images, origin) - pictures).abs().amax(1)
    found = {
        "distance": novelty.distance(pictures, machine.images),
        "sources": sources.count,
        "entropy": sources.entropy,
        "copied": novelty.copied(pictures, machine.images, ink),
        "consistent": (apart < 1e-3).double().mean((1, 2)),
    }
    return {name: [round(v, 4) for v in values.tolist()] for name, values in found.items()}


def row(windows, count, seeds=SEEDS):
    """Return one row of the table: a machine over ``count`` digits with these windows."""
    digits = data.load("digits", n=max(COUNTS) + len(SEEDS)).images
    sizes = windows
    if isinstance(windows, str):
        sizes = calibration.published(windows, SCHEDULE)
    machine = EquivariantLocalScore(digits[:count], sizes, boundary="zeros")
    draws = [torch.Generator().manual_seed(seed) for seed in seeds]
    noise = torch.stack([torch.randn(digits[0].shape, generator=draw) for draw in draws])
    grown = sampling.sample(machine, noise, SCHEDULE, STEPS)
    return {
        "windows": windows,
        "count": count,
        "grown": measures(grown, machine),
        "real": measures(digits[max(COUNTS) :][list(seeds)], machine),
    }


def table(rows):
    """Return what the file holds."""
    return {
        "command": "python benchmarks/novelty.py",
        "date": date.today().isoformat(),
        "versions": {"python": platform.python_version(), "torch": torch.__version__},
        "set": "digits",
        "boundary": "zeros",
        "steps": STEPS,
        "seeds": list(SEEDS),
        "rows": rows,
    }


if __name__ == "__main__":
    rows = []
    for windows, count in ROWS:
        rows.append(row(windows, count))
        print(f"window {windows}, {count} digits", flush=True)
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(written(table(rows)), encoding="utf-8")
