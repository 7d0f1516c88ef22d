"""Theory against network, seed by seed: how ``results/prediction.json`` is made.

For each network the windows are fitted on seeds of their own, which are never reported. Then every
rival grows a picture from the same noise as the network, and the two are compared. Each piece is
saved as it is done, in ``unfinished/NAME.json`` beside the table, so that an interrupted run goes
on from where it was; the table holds whole entries only. Of a set that does not ship, no training
image is kept: the lines of the rivals that recall them stay grey.
"""

import json
import math
import os
import platform
from datetime import date
from pathlib import Path

import torch
from tqdm.auto import tqdm

from els_tutorial import calibration, checkpoints, data, sheets
from els_tutorial.comparison import explained_variance, median_interval, pearson_r
from els_tutorial.image_sets import SHIPPED
from els_tutorial.networks import NetworkDenoiser
from els_tutorial.recipes import RECIPES
from els_tutorial.rivals import RECALL, RIGHT, RIVALS, noise, rival
from els_tutorial.sampling import sample, trajectory
from els_tutorial.schedules import CosineSchedule
from els_tutorial.tables import written

SCHEDULE = CosineSchedule()
STEPS, FINE = 20, 150  # of the theory and the network; of the network again
MEASURES = {"r": pearson_r, "explained": explained_variance}
FIRST_FITTED = 10_000  # the seeds from here on are for fitting, those from 0 on for reporting
TOGETHER = 4  # seeds between two savings
PUBLISHED = {
    "digits-resnet": "mnist-resnet",
    "digits-resnet-circular": "mnist-resnet-circular",
    "digits-unet": "mnist-unet",
    "cifar10-resnet": "cifar10-resnet",
}
BORROWED = {"cifar10-unet-attention": "cifar10-resnet"}  # as in the paper: windows of another


class Reproduction:
    """One network beside all its rivals.

    Args:
        name: of a network that ships.
        result: path of the JSON file with the table of all networks; pictures go beside it, in
            ``pictures/NAME.png``.
        root: a local ``.npz`` with the images, where none ship.
        progress: whether to show bars.

    Attributes:
        network: the network, as a denoiser.
        images: its training images.
        right: name of the machine with the network's border.
        entry: dict, what is known so far.

    Raises:
        ValueError: if there is no such network, or its images are not at hand.
    """

    def __init__(self, name, result, root=None, progress=True):
        self.network = NetworkDenoiser(checkpoints.load(name))
        self.name, self.result, self.root, self.progress = name, Path(result), root, progress
        recipe, settings = RECIPES[name], self.network.network.settings
        self.images = data.load(recipe.images, recipe.n, **({"root": root} if root else {})).images
        self.ships = recipe.images in SHIPPED
        self.border = settings["padding_mode"]
        self.right = RIGHT[self.border]
        grey = self.images.shape[1] == 1
        self.seeds = range(100 if grey else 32)
        self.few = range(8)  # for the machine with the wrong border
        self.fitted = range(FIRST_FITTED, FIRST_FITTED + 5)
        field = getattr(self.network.network, "receptive_field", min(self.images.shape[2:]))
        self.sizes = range(3, field + 1, 2)
        self.unfinished = self.result.parent / "unfinished" / f"{name}.json"
        if self.unfinished.exists():
            self.entry = json.loads(self.unfinished.read_text("utf-8"))
        else:
            self.entry = _table(self.result)["networks"].get(name) or self._begin()
        self._targets = {}

    def _begin(self):
        return {
            "command": f"python -m els_tutorial reproduce --network {self.name}",
            "date": date.today().isoformat(),
            "versions": {"python": platform.python_version(), "torch": torch.__version__},
            "images": checkpoints.card(self.name)["images"],
            "border": self.border,
            "machine": self.right,
            "theory steps": STEPS,
            "fits": {},
            "choice": {},
            "machines": {},
        }

    def save(self):
        """Write what is known of this network so far, at once or not at all."""
        _write(self.unfinished, self.entry)

    def finish(self):
        """Write the entry of this network into the table of all."""
        table = _table(self.result)
        table["networks"][self.name] = self.entry
        _write(self.result, table)
        self.unfinished.unlink(missing_ok=True)

    def run(self):
        """Compare all rivals with the network on all seeds; save as it goes."""
        windows, local = self.windows()
        self.entry.setdefault("reach", self.reach())
        for name in sorted(RIVALS, key=lambda name: name != self.right):  # the right one first
            mine = "ELS" not in name or name == self.right
            machine = rival(name, self.images, windows, local, self.border)
            self._compare_all(name, machine, self.seeds if mine else self.few)
        self.finish()
        self._note_on_card(windows, local)

    def windows(self):
        """Return the windows of the ELS machine and of LS, fitted if they are not yet.

        Of several ways to fit those of ELS the one counts whose pictures agree best with the
        network's 150-step pictures, on the seeds for fitting.
        """
        if self.name in BORROWED:
            return Reproduction(BORROWED[self.name], self.result, self.root, False).windows()
        fits = self.fits(self.right)
        ways = {
            "cosine": calibration.by_cosine(fits),
            "least squares": calibration.by_least_squares(fits),
        }
        if self.name in PUBLISHED:
            ways["published"] = calibration.published(PUBLISHED[self.name], SCHEDULE)
        for way, scales in ways.items():
            if way not in self.entry["choice"]:
                machine = rival(self.right, self.images, scales)
                found, _ = self.compare(machine, self.fitted)
                self.entry["choice"][way] = {"sizes": scales.sizes, **found}
                self.save()
        choice = self.entry["choice"]
        chosen = max(ways, key=lambda way: middle(choice[way]["r"][str(FINE)])[0])
        if self.entry.get("chosen") != chosen:
            self.entry["chosen"] = chosen
            self.save()
        # As they were chosen: by the digits that are kept, two windows may be equally good.
        kept = self.entry["chosen"]
        scales = calibration.LocalityScales(ways[kept].levels, choice[kept]["sizes"])
        return scales, calibration.by_least_squares(self.fits("LS"))

    def fits(self, machine):
        """Return how the machines of every window, "LS" or ``right``, fit the network."""
        found = self.entry["fits"].setdefault(machine, {"rows": [], "done": False})
        known = [
            calibration.Fit(
                step, SCHEDULE.alpha_bar(SCHEDULE.times(STEPS)[step]), size, *map(torch.tensor, ab)
            )
            for step, size, *ab in found["rows"]
        ]
        if found["done"]:
            return known
        machines = {
            size: rival(machine, self.images, size, size, self.border) for size in self.sizes
        }
        start = noise(self.fitted, self.images.shape[1:])
        walk = calibration.compare_windows(self.network, machines, start, SCHEDULE, STEPS, known)
        fits, title = [], f"{self.name}: windows of {machine}"
        for fit in tqdm(walk, title, unit="window", disable=not self.progress):
            fits.append(fit)
            if len(fits) > len(known):
                measured = [_rounded(values, 9) for values in (fit.cosine, fit.error)]
                found["rows"].append([fit.step, fit.size, *measured])
                self.save()
        found["done"] = True
        self.save()
        return fits

    def reach(self):
        """Return the side of the square that holds 90 % of the network's heat, for each step."""
        start = noise(self.fitted, self.images.shape[1:])
        return [
            calibration.reach(calibration.heat_map(self.network, x, SCHEDULE.alpha_bar(t)))
            for t, x, _ in trajectory(self.network, start, SCHEDULE, STEPS)
        ]

    def targets(self, seeds):
        """Return what the network draws from these seeds: dict from steps to [B, C, H, W]."""
        if seeds not in self._targets:
            start = noise(seeds, self.images.shape[1:])
            self._targets[seeds] = {
                n: sample(self.network, start, SCHEDULE, n) for n in (STEPS, FINE)
            }
        return self._targets[seeds]

    def compare(self, machine, seeds):
        """Return how a machine agrees with the network on each seed, and what it draws.

        Returns:
            dict measure -> steps of the network (a str) -> list with a number for each seed, None
            where a picture is constant; and the machine's pictures [B, C, H, W].
        """
        drawn = sample(machine, noise(seeds, self.images.shape[1:]), SCHEDULE, STEPS)
        found = {
            name: {
                str(steps): _rounded(measure(drawn, target), 4)
                for steps, target in self.targets(seeds).items()
            }
            for name, measure in MEASURES.items()
        }
        return found, drawn

    def _compare_all(self, name, machine, seeds):
        row = self.entry["machines"].setdefault(name, {m: {"20": [], "150": []} for m in MEASURES})
        done = len(row["r"][str(STEPS)])
        bar = tqdm(
            total=len(seeds), initial=done, desc=f"{self.name}: {name}", unit="seed",
            disable=not self.progress,
        )  # fmt: skip
        with bar:
            for start in range(done, len(seeds), TOGETHER):
                share = seeds[start : start + TOGETHER]
                found, drawn = self.compare(machine, share)
                for measure, by_steps in found.items():
                    for steps, values in by_steps.items():
                        row[measure][steps] += values
                lines = {f"network, {n} steps": p for n, p in self.targets(share).items()}
                if self.ships or name not in RECALL:
                    lines[name] = drawn
                sheet = self.result.parent / "pictures" / f"{self.name}.png"
                sheets.put(sheet, sheet_lines(), len(self.seeds), lines, start)
                self.entry["date"] = date.today().isoformat()  # of what was measured last
                self.save()
                bar.update(len(share))

    def _note_on_card(self, windows, local):
        row = self.entry["machines"][self.right]
        card = checkpoints.card(self.name)
        card["windows"] = {
            "fitted by": self.entry.get("chosen", f"that of {BORROWED.get(self.name)}"),
            "levels": windows.levels,
            "ELS": windows.sizes,
            "LS": local.sizes,
        }
        card["agreement"] = {
            "with": self.right,
            "seeds": len(self.seeds),
            **{
                f"median {measure}, {steps} steps of the network": round(middle(values)[0], 3)
                for measure, by_steps in row.items()
                for steps, values in by_steps.items()
            },
        }
        checkpoints.write_card(self.name, card)


def sheet_lines():
    """Return the names of the lines of a sheet of pictures, from the top."""
    return [f"network, {STEPS} steps", f"network, {FINE} steps", *RIVALS]


def middle(values):
    """Return the median, its 95 % interval (low, high) and the count of the values at hand."""
    values = [value for value in values if value is not None]
    return (*median_interval(values), len(values))


def _table(path):
    return json.loads(path.read_text("utf-8")) if path.exists() else {"networks": {}}


def _write(path, values):
    path.parent.mkdir(exist_ok=True, parents=True)
    part = path.with_name(f"{path.name}.{os.getpid()}")
    part.write_text(written(values), "utf-8")
    part.replace(path)


def _rounded(values, digits):
    return [round(v, digits) if math.isfinite(v) else None for v in values.tolist()]
