"""Set linear and local denoisers beside the networks, at every noise level and in samples.

    python benchmarks/linear_view.py                     # writes results/statistics.json
    python benchmarks/linear_view.py digits-resnet       # one network's part of it
    python benchmarks/linear_view.py cifar10-resnet --root cifar10.npz

On a network's own way from noise to a picture every denoiser is asked about the same x. What is
kept is the squared difference of its guess from the network's, a mean over pixels, for each seed
and step, noisiest first. The mean image, which looks at nothing, is one of the denoisers: what it
gets for free nobody else should be praised for. (What each of them grows on its own way is in
``results/prediction.json``.)

For ``digits64-resnet`` no seed was used to fit a window. For the others the seeds are those on
which the windows were fitted, and the differences of ELS and LS are those that the fit itself left
in ``results/prediction.json``. One network has windows that were fitted to another; its machines
are asked here. It takes a quarter of an hour on one core. Called again, it goes on from where it
was. A network whose images are not at hand is left as it is.
"""

import argparse
import json
import platform
from datetime import date
from pathlib import Path

import torch

from els_tutorial import checkpoints, data, sampling
from els_tutorial.baselines import GaussianScore, WienerLocalScore
from els_tutorial.calibration import fitted
from els_tutorial.denoiser import Denoiser
from els_tutorial.machines import EquivariantLocalScore, IdealScore, LocalScore
from els_tutorial.networks import NetworkDenoiser
from els_tutorial.recipes import RECIPES
from els_tutorial.reproduce import FIRST_FITTED
from els_tutorial.rivals import noise
from els_tutorial.schedules import CosineSchedule
from els_tutorial.tables import written

RESULTS = Path(__file__).parent.parent / "results"
RESULT = RESULTS / "statistics.json"
SCHEDULE, STEPS = CosineSchedule(), 20
ALL = tuple(range(STEPS))
FITTED = tuple(range(FIRST_FITTED, FIRST_FITTED + 5))
WALKS = {  # seeds, steps, and whether ELS and LS are taken from the fit
    "digits64-resnet": (tuple(range(8)), ALL, False),
    "digits-resnet": (FITTED, ALL, True),
    "digits-unet": (FITTED, ALL, True),
    "photos-resnet": (FITTED, ALL, True),
    "cifar10-resnet": (FITTED, ALL, True),
    "cifar10-unet-attention": (FITTED, ALL, False),  # its windows are another network's
}


class MeanImage(Denoiser):
    """The mean of the training images, whatever x is."""

    def _denoise(self, x, alpha_bar):
        return self.images.mean(0).expand_as(x)


DENOISERS = {
    "mean image": lambda images, name: MeanImage(images),
    "Wiener": lambda images, name: GaussianScore(images),
    "WLS": lambda images, name: WienerLocalScore(images),
    "LS": lambda images, name: LocalScore(images, fitted(name, "LS")),
    "ELS": lambda images, name: EquivariantLocalScore(images, fitted(name), "zeros"),
    "IS": lambda images, name: IdealScore(images),
}


class Workplace:
    """A network, the images that it learned, and the denoisers over them, each made once."""

    def __init__(self, name, root=None):
        self.name = name
        recipe = RECIPES[name]
        self.images = data.load(recipe.images, recipe.n, **({"root": root} if root else {})).images
        self.network = NetworkDenoiser(checkpoints.load(name))
        self.made = {}

    def denoiser(self, kind):
        if kind not in self.made:
            self.made[kind] = DENOISERS[kind](self.images, self.name)
        return self.made[kind]

    def walk(self, seeds, kinds=tuple(DENOISERS), steps=ALL):
        """Yield (step, kind, squared differences from the network, a list over seeds)."""
        start = noise(seeds, self.images.shape[1:])
        way = sampling.trajectory(self.network, start, SCHEDULE, STEPS)
        for k, (t, x, x0_hat) in enumerate(way):
            for kind in kinds if k in steps else ():
                guess = self.denoiser(kind).denoise(x, SCHEDULE.alpha_bar(t))
                apart = (guess - x0_hat).double().square().flatten(1).mean(1)
                yield k, kind, [rounded(value) for value in apart.tolist()]


def of_the_fit(name, kind):
    """Return what the fitting of windows left: for each step the differences over its seeds."""
    table = json.loads((RESULTS / "prediction.json").read_text("utf-8"))["networks"][name]
    rows = table["fits"]["LS" if kind == "LS" else table["machine"]]["rows"]
    errors = {(step, size): error for step, size, _, error in rows}
    sizes = fitted(name, kind)
    return [
        [rounded(v) for v in errors[k, sizes(SCHEDULE.alpha_bar(t))]]
        for k, t in enumerate(SCHEDULE.times(STEPS))
    ]


def rounded(value):
    """Keep five digits: differences span many decades."""
    return float(f"{value:.5g}")


def main(names, root):
    table = json.loads(RESULT.read_text("utf-8")) if RESULT.exists() else {"networks": {}}
    for name in names:
        seeds, steps, from_fit = WALKS[name]
        try:
            work = Workplace(name, root)
        except (ModuleNotFoundError, ConnectionError) as error:
            print(f"{name} left as it is: {error}", flush=True)
            continue
        entry = table["networks"].setdefault(
            name,
            {
                "seeds": list(seeds),
                "steps": list(steps),
                "windows fitted on these seeds": from_fit,
                "apart": {kind: [[] for _ in seeds] for kind in DENOISERS},
            },
        )
        kinds = [kind for kind in DENOISERS if not (from_fit and kind in ("ELS", "LS"))]
        if from_fit:
            for kind in ("ELS", "LS"):
                by_seed = zip(*of_the_fit(name, kind), strict=True)
                entry["apart"][kind] = [list(row) for row in by_seed]
        for kind in kinds:
            rows = entry["apart"][kind]
            left = steps[min(map(len, rows)) :]
            for _, _, apart in work.walk(seeds, [kind], left) if left else ():
                for row, value in zip(rows, apart, strict=True):
                    row.append(value)
                save(table)
        print(name, flush=True)


def save(table):
    head = {
        "command": "python benchmarks/linear_view.py",
        "date": date.today().isoformat(),
        "versions": {"python": platform.python_version(), "torch": torch.__version__},
        "apart": "mean squared difference from the network's guess, by seed and step, noise first",
        "threshold": 0.02,
    }
    part = RESULT.with_suffix(".part")
    networks = {name: table["networks"][name] for name in WALKS if name in table["networks"]}
    part.write_text(written(head | {"networks": networks}), "utf-8")
    part.replace(RESULT)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NETWORK", help="all by default")
    parser.add_argument("--root", help="a local .npz with the images, where none ship")
    given = parser.parse_args()
    main(given.names or list(WALKS), given.root)
