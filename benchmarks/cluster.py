"""Measure no worker, one and two on the same images, and a step over 50,000 images on disk.

    python benchmarks/cluster.py            # writes results/cluster.json
    python benchmarks/cluster.py scaling    # this part alone, in seconds: scaling, disk

The images are synthetic, the size of CIFAR-10's: independent bytes in a file. A process alone, one
worker and two take turns, so that other programs on the machine hit all alike; each has one thread.
What 32 workers would send is worked out from shapes (`els_tutorial.cluster.traffic`), not measured.
"""

import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

import dask
import numpy as np
import torch
from dask.distributed import Client, LocalCluster

from els_tutorial import machines
from els_tutorial.blocks import ImageFile
from els_tutorial.cluster import ClusterDenoiser, pairs, traffic
from els_tutorial.tables import written

RESULT = Path(__file__).parent.parent / "results" / "cluster.json"
CIFAR10, SHAPE = 50_000, (3, 32, 32)
FEW, SHARDS, TURNS = 3000, 4, 5
ALPHA_BAR, SIZE, BOUNDARY = 0.5, 7, "circular"
KINDS = {
    "IdealScore": {},
    "EquivariantScore": {},
    "LocalScore": {"patch_size": SIZE, "boundary": BOUNDARY},
    "EquivariantLocalScore": {"patch_size": SIZE, "boundary": BOUNDARY},
}


def cpu():
    """Return the processor's name where the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or "unknown"


def query():
    """Return the noisy image, pure noise [1, 3, 32, 32]."""
    return torch.randn(1, *SHAPE, generator=torch.Generator().manual_seed(0))


def write_images(path, count):
    """Write uint8 images [count, 3, 32, 32] without holding them all."""
    file = np.lib.format.open_memmap(path, "w+", np.uint8, (count, *SHAPE))
    rng = np.random.default_rng(0)
    for start in range(0, count, 1000):
        block = file[start : start + 1000]
        block[:] = rng.integers(0, 256, block.shape, np.uint8)
    file.flush()


def seconds(denoiser):
    """Return the wall time of one step, and its answer."""
    start = time.perf_counter()
    x0_hat = denoiser.denoise(query(), ALPHA_BAR)
    return time.perf_counter() - start, x0_hat


def scaling(path):
    """Return the times of a step alone, with one worker and with two, measured in turn."""
    torch.set_num_threads(1)
    write_images(path, FEW)
    images, settings = ImageFile(path), KINDS["EquivariantLocalScore"]
    alone = machines.EquivariantLocalScore(images, **settings)
    options = {"threads_per_worker": 1, "processes": True, "dashboard_address": ":0"}
    with (
        LocalCluster(n_workers=1, **options) as one,
        LocalCluster(n_workers=2, **options) as two,
        Client(one) as client_of_one,
        Client(two) as client_of_two,
    ):
        ways = [
            ClusterDenoiser(
                client, machines.EquivariantLocalScore, images.shards(SHARDS), **settings
            )
            for client in (client_of_one, client_of_two)
        ]
        ways.insert(0, alone)
        answers = [seconds(way)[1] for way in ways]  # and the first call compiles
        turns = [[seconds(way)[0] for way in ways] for _ in range(TURNS)]
    times = [[round(turn[way], 2) for turn in turns] for way in range(3)]
    return {
        "images": FEW,
        "shards": SHARDS,
        "alone_seconds": times[0],
        "one_worker_seconds": times[1],
        "two_workers_seconds": times[2],
        "alone_median": round(statistics.median(times[0]), 2),
        "one_worker_median": round(statistics.median(times[1]), 2),
        "two_workers_median": round(statistics.median(times[2]), 2),
        "ratio": round(statistics.median(one / two for _, one, two in turns), 2),
        "largest_difference_from_one_process": max(
            float(f"{(answer - answers[0]).abs().max():.1e}") for answer in answers[1:]
        ),
    }


def large(path, kind):
    """Return the time of a step over all images on disk in a process of one thread, and its peak.

    The peak is of resident memory, Python and libraries included.
    """
    command = [sys.executable, __file__, "large", path, kind]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    took, peak = done.stdout.split()
    return {"machine": kind, "seconds": round(float(took), 1), "peak_mb": round(int(peak) / 1e6)}


def large_here(path, kind):
    """Print what :func:`large` returns: seconds, and bytes."""
    make, settings = getattr(machines, kind), KINDS[kind]
    make([torch.rand(8, *SHAPE)], **settings).denoise(query(), ALPHA_BAR)  # compiles
    took, _ = seconds(make(ImageFile(path), **settings))
    unit = 1 if sys.platform == "darwin" else 1024  # bytes there, kibibytes elsewhere
    print(took, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit)


def on_paper(workers=32):
    """Return what a step over CIFAR-10 compares and sends, from shapes alone."""
    sent = traffic((1, *SHAPE), workers)
    return {
        "images": CIFAR10,
        "workers": workers,
        "pairs": pairs(CIFAR10, *SHAPE[1:]),
        "bytes_out": sent.out,
        "bytes_back": sent.back,
        "bytes_of_the_images_as_float32": 4 * CIFAR10 * int(np.prod(SHAPE)),
    }


def on_disk(path):
    """Return the time and the memory of a step over all images, for each machine."""
    write_images(path, CIFAR10)
    return {
        "images": CIFAR10,
        "file_mb": round(path.stat().st_size / 1e6),
        "rows": [large(path, kind) for kind in KINDS],
    }


def main(parts):
    result = json.loads(RESULT.read_text("utf-8")) if RESULT.exists() else {}
    result |= {
        "command": "python benchmarks/cluster.py",
        "date": date.today().isoformat(),
        "cpu": f"{cpu()}, {os.cpu_count()} cores",
        "versions": {
            "python": platform.python_version(),
            "torch": torch.__version__,
            "dask": dask.__version__,
        },
        "alpha_bar": ALPHA_BAR,
        "patch_size": SIZE,
        "boundary": BOUNDARY,
        "on_paper": on_paper(),
    }
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "images.npy"
        for name, part in (("scaling", scaling), ("disk", on_disk)):
            if name in (parts or (name,)):
                measured = {"date": date.today().isoformat(), "load": round(os.getloadavg()[0], 1)}
                result[name] = measured | part(path)
                print(name, result[name], flush=True)
                RESULT.write_text(written(result), encoding="utf-8")
    print("on paper", result["on_paper"])


if __name__ == "__main__":
    if sys.argv[1:2] == ["large"]:
        large_here(*sys.argv[2:])
    else:
        main(sys.argv[1:])
