"""Count the parts and the holes of the ELS machine's digits, for windows of every kind.

    python benchmarks/failures.py           # writes results/failures.json, in 12 minutes

A row is one list of windows, one for each of the 20 steps from noise to clean, and has two numbers
for each seed. Rows whose windows begin alike share their way so far. Each share of the seeds is
saved when it is done, so that a run that was stopped goes on from there.
"""

import json
import platform
from datetime import date
from pathlib import Path

import torch

from els_tutorial import calibration, data, topology
from els_tutorial.machines import EquivariantLocalScore
from els_tutorial.rivals import noise
from els_tutorial.schedules import CosineSchedule
from els_tutorial.tables import written

RESULT = Path(__file__).parent.parent / "results" / "failures.json"
SCHEDULE = CosineSchedule()
STEPS, COUNT = 20, 64
SEEDS, TOGETHER = range(32), 4
LEVELS = [SCHEDULE.alpha_bar(t) for t in SCHEDULE.times(STEPS)]  # from noise to clean
SIZES = (3, 5, 7, 9, 11, 13, 15, 19, 23, 27)
NARROW, WIDE = 5, 15
SWITCHES = range(2, 18, 2)  # after so many steps


def rows():
    """Return the windows of each row: dict from its name to a list of 20, from noise to clean."""
    shrinking = [calibration.published("mnist-resnet", SCHEDULE)(level) for level in LEVELS]
    found = {f"{size} throughout": [size] * STEPS for size in SIZES}
    for k in SWITCHES:
        for first, then in ((WIDE, NARROW), (NARROW, WIDE)):
            found[f"{first}, then {then} after {k}"] = [first] * k + [then] * (STEPS - k)
    found["shrinking"] = shrinking
    for k in (10, 14):  # from t = 0.5 or 0.3 on
        found[f"shrinking, then {WIDE} after {k}"] = shrinking[:k] + [WIDE] * (STEPS - k)
    return found


class Ways:
    """The ways from some fields of noise, each stretch of which is walked once."""

    def __init__(self, seeds):
        self.images = data.load("digits", COUNT).images
        self.machines = {}
        self.reached = {(): noise(seeds, self.images.shape[1:])}
        self.guesses = {}

    def guess(self, windows):
        """Return the guess after these windows, a tuple, [B, 1, 28, 28]."""
        if windows not in self.guesses:
            *before, size = windows
            x = self._arrive(tuple(before))
            if size not in self.machines:
                self.machines[size] = EquivariantLocalScore(self.images, size, "zeros")
            self.guesses[windows] = self.machines[size].denoise(x, LEVELS[len(before)])
        return self.guesses[windows]

    def _arrive(self, windows):
        """Return x after these windows: the sampler's step, from the guess before."""
        if windows not in self.reached:
            now, then = LEVELS[len(windows) - 1], LEVELS[len(windows)]
            x, x0_hat = self._arrive(windows[:-1]), self.guess(windows)
            shrink = ((1 - then) / (1 - now)) ** 0.5
            self.reached[windows] = then**0.5 * x0_hat + shrink * (x - now**0.5 * x0_hat)
        return self.reached[windows]


def measures(pictures):
    """Return the parts and the holes of pictures [B, 1, 28, 28]: dict of lists of ints."""
    marked = topology.ink(pictures)
    return {
        "components": topology.components(marked).tolist(),
        "holes": topology.holes(marked).tolist(),
    }


def share(seeds, names):
    """Return for each named row what :func:`measures` says of these seeds."""
    ways, windows = Ways(seeds), rows()
    return {name: measures(ways.guess(tuple(windows[name]))) for name in names}


def empty():
    """Return what the file holds before the first seed."""
    return {
        "command": "python benchmarks/failures.py",
        "date": date.today().isoformat(),
        "versions": {"python": platform.python_version(), "torch": torch.__version__},
        "set": "digits",
        "count": COUNT,
        "boundary": "zeros",
        "steps": STEPS,
        "seeds": [],
        "rows": {
            name: {"windows": windows, "components": [], "holes": []}
            for name, windows in rows().items()
        },
    }


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
        for name, found in share(seeds, result["rows"]).items():
            for measure, values in found.items():
                result["rows"][name][measure] += values
        result["seeds"] += list(seeds)
        RESULT.write_text(written(result), encoding="utf-8")
        print(f"{len(result['seeds'])} of {len(SEEDS)} seeds", flush=True)
