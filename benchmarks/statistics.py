"""Set linear and local denoisers beside a network, at every noise level and in samples.

    python benchmarks/statistics.py               # writes results/statistics.json, in 20 minutes
    python benchmarks/statistics.py digits-resnet # one network's part of it

On the network's own way from noise to a picture every denoiser is asked about the same x. What is
kept is the squared difference of its guess from the network's, a mean over pixels, for each seed
and each of the 20 steps, noisiest first. The mean image, which looks at nothing, is one of the
denoisers: what it gets for free nobody else should be praised for. Then WLS, the local score with
windows from the covariance, grows samples of its own. No seed here was used to fit a window.
Called again, it goes on from where it was.
"""

import json
import platform
import sys
from datetime import date
from pathlib import Path

import torch

from els_tutorial import checkpoints, data, sampling
from els_tutorial.baselines import GaussianScore, WienerLocalScore
from els_tutorial.calibration import fitted
from els_tutorial.comparison import explained_variance, pearson_r
from els_tutorial.machines import Denoiser, EquivariantLocalScore, IdealScore, LocalScore
from els_tutorial.networks import NetworkDenoiser
from els_tutorial.recipes import RECIPES
from els_tutorial.rivals import noise
from els_tutorial.schedules import CosineSchedule
from els_tutorial.tables import written

RESULT = Path(__file__).parent.parent / "results" / "statistics.json"
SCHEDULE, STEPS = CosineSchedule(), 20
NETWORKS = ("digits64-resnet", "digits-resnet", "digits-unet")
WALKS, SAMPLES = range(8), range(32)  # seeds


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

    def __init__(self, name):
        self.name = name
        self.images = data.load(RECIPES[name].images, n=RECIPES[name].n).images
        self.network = NetworkDenoiser(checkpoints.load(name))
        self.made = {}

    def denoiser(self, kind):
        if kind not in self.made:
            self.made[kind] = DENOISERS[kind](self.images, self.name)
        return self.made[kind]

    def start(self, seed):
        """Return the noise of a seed, float32 [1, C, H, W]."""
        return noise([seed], self.images.shape[1:])

    def walk(self, seed, kinds=tuple(DENOISERS), steps=range(STEPS)):
        """Return the squared differences from the network: dict from a kind to a list of steps."""
        found = {kind: [] for kind in kinds}
        way = sampling.trajectory(self.network, self.start(seed), SCHEDULE, STEPS)
        for k, (t, x, x0_hat) in enumerate(way):
            for kind in kinds if k in steps else ():
                guess = self.denoiser(kind).denoise(x, SCHEDULE.alpha_bar(t))
                found[kind].append(rounded((guess - x0_hat).double().square().mean().item()))
        return found

    def sample(self, seed):
        """Return (r, explained variance) of the WLS sample and the network's, 20 steps each."""
        ours, theirs = (
            sampling.sample(each, self.start(seed), SCHEDULE, STEPS)
            for each in (self.denoiser("WLS"), self.network)
        )
        return [round(m(ours, theirs).item(), 4) for m in (pearson_r, explained_variance)]


def rounded(value):
    """Keep five digits: differences span many decades."""
    return float(f"{value:.5g}")


def main(names):
    table = json.loads(RESULT.read_text("utf-8")) if RESULT.exists() else {"networks": {}}
    for name in names or NETWORKS:
        entry = table["networks"].setdefault(
            name, {"apart": {kind: [] for kind in DENOISERS}, "samples": {"r": [], "explained": []}}
        )
        work = Workplace(name)
        for seed in WALKS[len(entry["apart"]["IS"]) :]:
            for kind, apart in work.walk(seed).items():
                entry["apart"][kind].append(apart)
            save(table)
            print(name, "walk", seed, flush=True)
        for seed in SAMPLES[len(entry["samples"]["r"]) :]:
            r, explained = work.sample(seed)
            entry["samples"]["r"].append(r)
            entry["samples"]["explained"].append(explained)
            save(table)
        print(name, "samples", flush=True)


def save(table):
    head = {
        "command": "python benchmarks/statistics.py",
        "date": date.today().isoformat(),
        "versions": {"python": platform.python_version(), "torch": torch.__version__},
        "apart": "mean squared difference from the network's guess, by seed and step, noise first",
        "samples": "WLS against the network, 20 steps each, by seed",
        "seeds": {"apart": len(WALKS), "samples": len(SAMPLES)},
        "threshold": 0.02,
    }
    part = RESULT.with_suffix(".part")
    part.write_text(written(head | {"networks": table["networks"]}), "utf-8")
    part.replace(RESULT)


if __name__ == "__main__":
    main(sys.argv[1:])
