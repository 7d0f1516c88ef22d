"""How much a guess depends on each noisy pixel: of a linear filter and a network, for a page.

    python benchmarks/sensitivity.py       # writes sensitivity_maps.npz anew

A page can neither run the network nor hold the covariance of 2,000 digits. It can hold what comes
of them at a few pixels: 7 x 7 places, four pixels apart, at ten noise levels. Of the filter that is
the size of each entry of a row of its matrix, over the whole picture. Of the network it is the mean
size of the gradient on its own way from the noise of four seeds, over the square that it can see;
beyond it the gradient is 0. A map is kept in bytes: v stands for (v / 95)^2 of its largest value.
Of a pixel that never changes, the filter's map is 0.
"""

import base64
import functools
import json
import zlib
from pathlib import Path

import numpy as np
import torch

from els_tutorial import checkpoints, data, sampling
from els_tutorial.baselines import WienerLocalScore
from els_tutorial.calibration import fitted
from els_tutorial.explorers.noise import noise
from els_tutorial.networks import NetworkDenoiser
from els_tutorial.recipes import RECIPES
from els_tutorial.schedules import CosineSchedule

FILE = Path(__file__).with_name("sensitivity_maps.npz")
NETWORK = "digits-resnet"
SIDE, LEVELS, SEEDS = 28, 10, 4
FINE = 95  # levels of a map: few enough to compress well
GRID = range(2, SIDE, 4)  # rows, and columns, of the pixels under study
SCHEDULE = CosineSchedule()


def alpha_bar(level):
    """Return alpha_bar at a level, an int from 1 (t = 0.1) to 10 (t = 1)."""
    return SCHEDULE.alpha_bar(level / LEVELS)


def _apart(field):
    """Return the rows of the grid in groups, whose members are at least ``field`` apart."""
    groups = []
    for row in GRID:
        group = next((group for group in groups if row - group[-1] >= field), None)
        if group:
            group.append(row)
        else:
            groups.append([row])
    return groups


def slopes(denoiser, x, level, field):
    """Return the network's maps at a level: float tensor [49, field, field], by pixel in order.

    Pixels that are at least ``field`` apart share a gradient: no input moves both.
    """
    x, reach = x.detach().clone().requires_grad_(), field // 2
    x0_hat = denoiser.denoise(x, alpha_bar(level))[:, 0]
    found = torch.zeros(len(GRID), len(GRID), field, field)
    for rows in _apart(field):
        for columns in _apart(field):
            (slope,) = torch.autograd.grad(
                x0_hat[:, rows][..., columns].sum(), x, retain_graph=True
            )
            heat = torch.nn.functional.pad(slope.abs().mean((0, 1)), (reach,) * 4)
            for i in rows:
                for j in columns:
                    place = GRID.index(i), GRID.index(j)
                    found[place] = heat[i : i + field, j : j + field]
    return found.flatten(0, 1)


def compute():
    """Return all that is kept, a dict of arrays; it takes about 15 seconds."""
    images = data.load(RECIPES[NETWORK].images, n=RECIPES[NETWORK].n).images
    machine, network = WienerLocalScore(images), checkpoints.load(NETWORK)
    denoiser = NetworkDenoiser(network)
    start = torch.cat([noise(seed, (1, 1, SIDE, SIDE)) for seed in range(SEEDS)])
    way = {step.t: step.x for step in sampling.trajectory(denoiser, start, SCHEDULE, 20)}
    chosen = [i * SIDE + j for i in GRID for j in GRID]
    found = {"linear": [], "network": [], "counts": []}
    for level in range(1, LEVELS + 1):
        rows = machine.linear.sensitivity(alpha_bar(level))[chosen].abs()
        found["linear"].append(rows.view(-1, SIDE, SIDE))
        heat = slopes(denoiser, way[level / LEVELS], level, network.receptive_field)
        found["network"].append(heat)
        found["counts"].append(machine.windows(alpha_bar(level)).flatten(2).sum(2)[GRID][:, GRID])
    kept = {"counts": torch.stack(found["counts"]).flatten(1).short().numpy()}
    for name in ("linear", "network"):
        maps = torch.stack(found[name]).double()
        largest = maps.amax((2, 3))
        shares = (maps / largest[..., None, None].clamp_min(1e-30)).sqrt()
        kept[name] = (FINE * shares).round().byte().numpy()
        kept[f"largest {name}"] = largest.float().numpy()
    kept["mean"] = ((images.mean(0)[0] + 1) * 127.5).round().byte().numpy()
    return kept


@functools.cache
def kept():
    """Return what the file holds, a dict of arrays."""
    with np.load(FILE) as file:
        return {name: file[name] for name in file.files}


def maps(name):
    """Return the maps as a page has them, float64 [10, 49, h, w]: by level (clean first), by pixel.

    Args:
        name: "linear", maps of the whole picture, or "network", of the square that it can see.
    """
    found = kept()
    shares = (torch.from_numpy(found[name]).double() / FINE) ** 2
    return shares * torch.from_numpy(found[f"largest {name}"]).double()[..., None, None]


def in_order(maps):
    """Return a kind of maps as a page is sent it, bytes, from uint8 [10, 49, h, w].

    Pixel by pixel of a map its ten levels in turn, each as the difference, modulo 256, to the level
    before (the first to 0): most are small, and so easy to compress.
    """
    before = np.concatenate([np.zeros_like(maps[:1]), maps[:-1]])
    return np.moveaxis(maps - before, 0, -1).tobytes()


def page_bytes():
    """Return what a page is sent: (facts, bytes), the bytes of linear, network and mean in turn.

    The maps are ordered by :func:`in_order`.
    """
    found, sizes = kept(), fitted(NETWORK)
    facts = {
        "field": found["network"].shape[-1],
        "windows": [sizes(alpha_bar(level)) for level in range(1, LEVELS + 1)],
        "counts": found["counts"].tolist(),
        "largest": {
            name: [[float(f"{v:.9g}") for v in row] for row in found[f"largest {name}"].tolist()]
            for name in ("linear", "network")
        },
    }
    maps = [in_order(found[name]) for name in ("linear", "network")]
    return facts, b"".join([*maps, found["mean"].tobytes()])


def script():
    """Return this as a classic script that fills ``window.elsNetworks["digits-resnet"]``."""
    facts, content = page_bytes()
    packer = zlib.compressobj(9, strategy=zlib.Z_FILTERED)  # for small, somewhat random numbers
    deflated = base64.b64encode(packer.compress(content) + packer.flush()).decode()
    text = json.dumps(facts | {"deflated": deflated})
    return f"(window.elsNetworks ??= {{}})[{json.dumps(NETWORK)}] = {text};\n"
