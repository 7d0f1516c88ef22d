"""Measure one denoising step of the circular ELS machine against the published way of doing it.

    python benchmarks/kernel.py            # writes results/kernel.json

Both run in one process on the same threads, in turn, and each takes its best of some repeats.
"""

import json
import platform
import time
from datetime import date
from pathlib import Path

import published_way
import torch

from els_tutorial import data
from els_tutorial.machines import EquivariantLocalScore

RESULT = Path(__file__).parent.parent / "results" / "kernel.json"


def cpu():
    """Return the processor's name where the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or "unknown"


def seconds(run):
    """Return the time of one call."""
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def measure(images, alpha_bar, patch_size, repeats=5):
    """Return one row of the table: seconds each, their ratio, and errors against float64."""
    noise = torch.randn(1, *images.shape[1:], generator=torch.Generator().manual_seed(0))
    x = alpha_bar**0.5 * images[:1] + (1 - alpha_bar) ** 0.5 * noise
    machine = EquivariantLocalScore(images, patch_size)

    def published():
        return published_way.denoise(images, x, alpha_bar, patch_size)

    def ours():
        return machine.denoise(x, alpha_bar)

    def first():  # a new machine collects its small patches anew
        return EquivariantLocalScore(images, patch_size).denoise(x, alpha_bar)

    exact = machine.denoise(x.double(), alpha_bar)
    errors = [(run() - exact).abs().max().item() for run in (published, ours)]
    times = [[seconds(run) for run in (published, ours, first)] for _ in range(repeats)]
    slow, fast, new = (min(column) for column in zip(*times, strict=True))
    return {
        "alpha_bar": alpha_bar,
        "patch_size": patch_size,
        "published_seconds": round(slow, 4),
        "ours_seconds": round(fast, 4),
        "ours_first_seconds": round(new, 4),
        "ratio": round(slow / fast, 1),
        "published_error": float(f"{errors[0]:.1e}"),
        "ours_error": float(f"{errors[1]:.1e}"),
    }


def main():
    images = data.load("digits", n=200).images
    rows = []
    print("alpha_bar  patch  published   ours (first call)   ratio   error (published, ours)")
    for alpha_bar in (0.1, 0.5, 0.9, 0.99):
        for patch_size in (3, 7, 11):
            row = measure(images, alpha_bar, patch_size)
            rows.append(row)
            print(
                f"{row['alpha_bar']:9} {row['patch_size']:6} {row['published_seconds']:8.3f} s "
                f"{row['ours_seconds']:7.3f} s ({row['ours_first_seconds']:.3f} s) "
                f"{row['ratio']:6.1f}x   "
                f"{row['published_error']:.0e}, {row['ours_error']:.0e}",
                flush=True,
            )
    result = {
        "command": "python benchmarks/kernel.py",
        "what": "one circular ELS step, 200 digits 28x28, one noisy image; best of 5",
        "date": date.today().isoformat(),
        "cpu": cpu(),
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
        "seed": 0,
        "rows": rows,
    }
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
