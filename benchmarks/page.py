"""Measure the figures' engine in a browser: from a moved slider to the finished figure.

    python benchmarks/page.py    # writes results/page.json; wants Chromium or Chrome on PATH

One ELS guess of 64 digits, 28 x 28, patch 7, in headless Chromium without a GPU, by the figure
`machine`. Each time is from the slider's event to the figure's result, drawn. Beside it stands how
long the main thread was busy without a pause.
"""

import json
import os
import platform
import shutil
import statistics
import sys
import tempfile
from datetime import date
from pathlib import Path

from playwright.sync_api import sync_playwright
from speed import cpu

from els_tutorial.explorers import MachineExplorer
from els_tutorial.tables import written

ROOT = Path(__file__).resolve().parent.parent
sys.path.append(str(ROOT / "tests"))
from bare_page import ALIVE, write  # noqa: E402

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
RESULT = ROOT / "results" / "page.json"
TIMES = [0.95, 0.85, 0.75, 0.65, 0.55, 0.45, 0.35, 0.25, 0.15, 0.05]
MOVE = """async (t) => {
    const slider = document.querySelector("input[type=range][max='1']");
    const figure = document.querySelector(".els-live");
    const start = performance.now();
    slider.value = t;
    slider.dispatchEvent(new Event("input", { bubbles: true }));
    while (figure.elsResult?.settings.t !== t) await new Promise(requestAnimationFrame);
    return performance.now() - start;
}"""
WATCH = """() => {
    window.busy = [];
    new PerformanceObserver((list) => busy.push(...list.getEntries().map((e) => e.duration)))
        .observe({ type: "longtask" });
}"""


def measure(rounds=3):
    """Return milliseconds of every move, of tasks longer than 50 ms meanwhile, and who did it."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        sys.exit("this wants Chromium or Chrome on PATH")
    figure = MachineExplorer(machine="ELS", patch_size=7, count=64, t=0.5, boundary="circular")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        arguments = ["--headless", "--no-sandbox", "--disable-gpu"]
        chromium = playwright.chromium.launch(executable_path=browser, args=arguments)
        page = chromium.new_page()
        page.goto(write(Path(folder), figure))
        page.wait_for_function(ALIVE, timeout=60_000)
        page.evaluate(MOVE, 0.6)
        page.evaluate(WATCH)
        moves = [page.evaluate(MOVE, t) for _ in range(rounds) for t in TIMES]
        page.wait_for_timeout(500)
        busy = page.evaluate("window.busy")
        gpu = page.evaluate("document.querySelector('.els-live').elsResult.gpu")
        versions = {"python": platform.python_version(), "chromium": chromium.version}
        chromium.close()
    return moves, busy, gpu, versions


if __name__ == "__main__":
    moves, busy, gpu, versions = measure()
    result = {
        "command": "python benchmarks/page.py",
        "date": date.today().isoformat(),
        "cpu": f"{cpu()}, {os.cpu_count()} cores",
        "versions": versions,
        "gpu": gpu,  # whether a graphics processor computed (WebGPU)
        "load": round(os.getloadavg()[0], 1),
        "milliseconds": [round(move) for move in moves],
        "median": round(statistics.median(moves)),
        "most": round(max(moves)),
        "long_tasks": [round(task) for task in busy],
    }
    RESULT.write_text(written(result), encoding="utf-8")
    print(json.dumps({key: result[key] for key in ("median", "most", "long_tasks")}))
