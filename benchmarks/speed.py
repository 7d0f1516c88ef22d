"""Measure the machines: how long a step takes, a sampling, how it grows, and what memory it wants.

    python benchmarks/speed.py                  # writes results/speed.json and results/speed.png
    python benchmarks/speed.py steps sampling   # these parts alone: steps, sampling, growth, memory

Three ways side by side: the published one, written anew (`published_way.py`); attention in blocks
(`attention_way.py`: a product of matrices, then a softmax); and the package. All run in one process
on one thread, in turn. Seconds are of processor time, so that other programs on the machine count
little. All of it takes about an hour.
"""

import json
import os
import platform
import statistics
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import attention_way
import matplotlib.pyplot as plt
import numpy as np
import published_way
import torch

from els_tutorial import calibration, data
from els_tutorial.machines import EquivariantLocalScore, EquivariantScore, LocalScore
from els_tutorial.sampling import trajectory
from els_tutorial.schedules import CosineSchedule

RESULT = Path(__file__).parent.parent / "results" / "speed.json"
HIGH, LOW = 0.1, 0.95  # alpha_bar at much noise, and at little
FEW = 500  # digits up to which every window is measured, twice, and errors are taken


def cpu():
    """Return the processor's name where the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or "unknown"


def seconds(call):
    """Return the processor time of a call, and what it returns."""
    start = time.process_time()
    value = call()
    return time.process_time() - start, value


def query(alpha_bar):
    """Return the noisy picture [1, 1, 28, 28]: a mirrored digit, so it is in no training set."""
    clean = data.load("digits", n=5000).images[-1:].flip(3)
    noise = torch.randn(clean.shape, generator=torch.Generator().manual_seed(0))
    return alpha_bar**0.5 * clean + (1 - alpha_bar) ** 0.5 * noise


def machine_of(kind, images, size, boundary):
    """Return one of the package's machines."""
    if kind == "ES":
        return EquivariantScore(images)
    return {"LS": LocalScore, "ELS": EquivariantLocalScore}[kind](images, size, boundary)


def rows_of_steps():
    """Yield what to measure: (kind, boundary, patch size, alpha_bar, digits)."""
    for number in (100, 500, 2000, 5000):
        sizes = (3, 7, 11, 15, 27) if number <= FEW else (3, 11, 27)
        for alpha_bar in (HIGH, LOW):
            yield "ES", "circular", None, alpha_bar, number
            for kind in ("LS", "ELS"):
                for boundary in ("circular", "zeros"):
                    for size in sizes:
                        yield kind, boundary, size, alpha_bar, number


def step(kind, boundary, size, alpha_bar, number):
    """Return one row: the seconds of one step on one picture, and the largest errors."""
    images = data.load("digits", n=number).images
    x = query(alpha_bar)
    machine = machine_of(kind, images, size, boundary)
    plain = (kind, images, x, alpha_bar, size, boundary)
    ways = {
        "ours": lambda: machine.denoise(x, alpha_bar),
        "attention": lambda: attention_way.denoise(*plain),
        "published": lambda: published_way.denoise(*plain),
    }
    row = {"machine": kind, "boundary": boundary, "patch_size": size}
    row |= {"alpha_bar": alpha_bar, "digits": number}
    row["ours_first"] = seconds(ways["ours"])[0]  # plants trees, where there are any
    rounds = [
        {way: seconds(run) for way, run in ways.items()} for _ in range(2 if number <= FEW else 1)
    ]
    for way in ways:
        row[way] = statistics.median(found[way][0] for found in rounds)
    if number <= FEW:
        exact = attention_way.denoise(kind, images.double(), x.double(), alpha_bar, size, boundary)
        for way in ways:
            row[f"{way}_error"] = (rounds[0][way][1] - exact).abs().max().item()
    return row


def steps():
    """Measure one step of every machine."""
    rows = []
    for what in rows_of_steps():
        rows.append(step(*what))
        print(tidy(rows[-1]), flush=True)
    return rows


def sampling(number=500, every=4):
    """Measure 20 steps with the published windows; the published way at every fourth step."""
    images, schedule, rows = data.load("digits", n=number).images, CosineSchedule(), []
    names = {"circular": "mnist-resnet-circular", "zeros": "mnist-resnet"}
    for boundary, name in names.items():
        scales = calibration.published(name, schedule)
        machine = EquivariantLocalScore(images, scales, boundary)
        noise = torch.randn(1, *images.shape[1:], generator=torch.Generator().manual_seed(0))
        ours, both = 0.0, []
        for k, now in enumerate(trajectory(machine, noise, schedule, steps=20)):
            alpha_bar = schedule.alpha_bar(now.t)
            size = scales(alpha_bar)
            fast, _ = seconds(lambda m=machine, n=now, a=alpha_bar: m.denoise(n.x, a))
            ours += fast
            if k % every == every - 1:
                slow, _ = seconds(
                    lambda n=now, a=alpha_bar, s=size, b=boundary: published_way.denoise(
                        "ELS", images, n.x, a, s, b
                    )
                )
                both.append({"patch_size": size, "t": now.t, "published": slow, "ours": fast})
        rows.append({"boundary": boundary, "digits": number, "ours_20_steps": ours, "steps": both})
        rows[-1]["ratio"] = sum(s["published"] for s in both) / sum(s["ours"] for s in both)
        print(tidy(rows[-1]), flush=True)
    return rows


def growth(numbers=(500, 1000, 2000, 5000)):
    """Fit the exponent of time against the number of digits."""
    rows = []
    for size, alpha_bar in ((7, HIGH), (3, HIGH), (3, 0.9), (3, 0.976), (3, 0.994)):
        times = []
        for number in numbers:
            machine = EquivariantLocalScore(data.load("digits", n=number).images, size)
            x = query(alpha_bar)
            machine.denoise(x, alpha_bar)
            times.append(
                statistics.median(
                    seconds(lambda m=machine, x=x, a=alpha_bar: m.denoise(x, a))[0]
                    for _ in range(7)
                )
            )
        exponent = np.polyfit(np.log(numbers), np.log(times), 1)[0]
        rows.append({"patch_size": size, "alpha_bar": alpha_bar, "digits": list(numbers)})
        rows[-1] |= {"ours": times, "exponent": exponent}
        print(tidy(rows[-1]), flush=True)
    return rows


def memory():
    """Measure what one step adds to the memory of a process that holds the images (Linux)."""
    rows = []
    # What was freed earlier goes back to the system (glibc): else a step could hide in it.
    env = os.environ | {"MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_TRIM_THRESHOLD_": "65536"}
    for size, alpha_bar in ((7, 0.5), (3, 0.95)):
        for number in (100, 500, 2000, 5000, 10_000, 20_000, 40_000):
            row = {"patch_size": size, "alpha_bar": alpha_bar, "digits": number}
            for way in ("ours", "attention", "published") if number <= 5000 else ("ours",):
                command = [sys.executable, __file__, "peak", way, size, alpha_bar, number]
                done = subprocess.run(
                    list(map(str, command)), capture_output=True, text=True, check=True, env=env
                )
                row[f"{way}_MB"] = float(done.stdout)
            rows.append(row)
            print(tidy(row), flush=True)
    return rows


def peak(way, size, alpha_bar, number):
    """Print the megabytes that one step adds: run in a process of its own."""
    size, alpha_bar = int(size), float(alpha_bar)
    images = data.load("digits", n=min(int(number), 5000)).images
    for axes in ((2,), (3,), None):  # more than ship: upside down, mirrored, and lying
        if len(images) < int(number):
            images = torch.cat([images, images.flip(axes) if axes else images.mT])
    machine = EquivariantLocalScore(images, size)
    ways = {
        "ours": lambda m: m.denoise(x, alpha_bar),
        "attention": lambda m: m._attend(x, alpha_bar, size),
        "published": lambda m: published_way.denoise("ELS", m.images, x, alpha_bar, size),
    }
    x = query(alpha_bar)
    for side in (3, 7):  # what is compiled, or loaded, is not counted
        ways[way](EquivariantLocalScore(images[:2], side))
    Path("/proc/self/clear_refs").write_text("5")  # Linux: forget the largest size so far
    before = largest_size()
    ways[way](machine)
    print((largest_size() - before) / 1e6)


def largest_size():
    """Return the largest resident size of this process in bytes (Linux)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(1024 * int(line.split()[1]) for line in lines if line.startswith("VmHWM"))


def tidy(value):
    """Return the value with its numbers rounded to three digits."""
    if isinstance(value, dict):
        return {k: tidy(v) for k, v in value.items()}
    if isinstance(value, list):
        return [tidy(v) for v in value]
    return float(f"{value:.3g}") if isinstance(value, float) else value


def draw(result):
    """Save the plot: seconds of a circular ELS step for each window, and against the number."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
    for alpha_bar, line in ((HIGH, "-"), (LOW, "--")):
        rows = [r for r in result["steps"]["rows"] if r["machine"] == "ELS"]
        rows = [r for r in rows if (r["boundary"], r["alpha_bar"]) == ("circular", alpha_bar)]
        few = [r for r in rows if r["digits"] == FEW]
        for way, colour in (("published", "C3"), ("attention", "C1"), ("ours", "C0")):
            sizes, times = [r["patch_size"] for r in few], [r[way] for r in few]
            left.semilogy(sizes, times, line, color=colour, label=f"{way}, ᾱ = {alpha_bar}")
            some = [(r["digits"], r[way]) for r in rows if r["patch_size"] == 3]
            right.loglog(*zip(*some, strict=True), line, color=colour, marker="o")
    left.set(xlabel="side of the window", ylabel="seconds", title=f"one step, {FEW} digits")
    right.set(xlabel="training digits", ylabel="seconds", title="one step, window 3 x 3")
    left.legend(fontsize="x-small")
    figure.savefig(RESULT.with_suffix(".png"), dpi=150)


def main(names):
    torch.set_num_threads(1)
    parts = {"steps": steps, "sampling": sampling, "growth": growth, "memory": memory}
    result = json.loads(RESULT.read_text()) if RESULT.exists() else {}
    # Compile, or load, everything before the first measurement.
    images = data.load("digits", n=8).images
    for size, alpha_bar in ((3, 0.5), (3, 0.99), (7, 0.5), (7, 0.999)):
        for boundary in ("circular", "zeros"):
            EquivariantLocalScore(images, size, boundary).denoise(images[:1], alpha_bar)
    for name in names or parts:
        result |= {
            "command": "python benchmarks/speed.py",
            "what": f"28x28 digits; processor seconds on one thread; errors up to {FEW} digits",
            "date": date.today().isoformat(),
            "cpu": cpu(),
            "torch": torch.__version__,
            name: {"rows": tidy(parts[name]())},
        }
        RESULT.write_text(json.dumps(result, indent=1) + "\n")
    if "steps" in result:
        draw(result)


if __name__ == "__main__":
    if sys.argv[1:2] == ["peak"]:
        torch.set_num_threads(1)
        peak(*sys.argv[2:])
    else:
        main(sys.argv[1:])
