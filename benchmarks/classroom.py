"""Measure what one student needs: memory and processor time of each chapter and each lab.

    python benchmarks/classroom.py [NAME ...]    # all in about 15 minutes, or those named

Each notebook is executed in a kernel of its own, on one thread; nothing is saved but the numbers,
in `results/classroom.json`. The kernel says at the end how much memory it held at most, and how
long the processor worked for it. Labs are executed with their solutions and all their tests. The
name `server` measures JupyterLab's server itself, as it stands with no notebook open.
"""

import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from datetime import date
from importlib.metadata import version
from pathlib import Path

import nbformat
import psutil
from nbclient import NotebookClient

from els_tutorial.tables import written

ROOT = Path(__file__).resolve().parent.parent
RESULT = ROOT / "results" / "classroom.json"
COMMAND = "python benchmarks/classroom.py"
ASK = """import resource, sys
used = resource.getrusage(resource.RUSAGE_SELF)
unit = 1 if sys.platform == "darwin" else 1024  # bytes there, kilobytes elsewhere
print(used.ru_maxrss * unit, used.ru_utime + used.ru_stime)"""


def notebooks():
    """Return the notebooks to measure, {name: path}: chapters by part and name, then labs."""
    found = sorted((ROOT / "book").glob("[0-9]-*/*.ipynb")) + sorted(
        (ROOT / "labs").glob("*.ipynb")
    )
    return {path.relative_to(ROOT).with_suffix("").as_posix(): path for path in found}


def need(path):
    """Execute the notebook at ``path``; return its peak memory (MB) and seconds of processor."""
    notebook = nbformat.read(path, as_version=4)
    notebook.cells.append(nbformat.v4.new_code_cell(ASK))
    where = {"metadata": {"path": str(path.parent)}}
    NotebookClient(notebook, timeout=900, kernel_name="python3", resources=where).execute()
    held, seconds = notebook.cells[-1].outputs[0].text.split()
    return {"peak_mb": round(int(held) / 1e6), "seconds": round(float(seconds))}


def server():
    """Start JupyterLab's server; return what it holds (MB) once it answers."""
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--port=0", "--allow-root"]
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen(command, cwd=ROOT / "book", stdout=said, stderr=said)
        try:
            while process.poll() is None and "is running at" not in told(said):
                time.sleep(0.5)
            time.sleep(5)
            group = [psutil.Process(process.pid)]
            group += group[0].children(recursive=True)
            return {"peak_mb": round(sum(p.memory_info().rss for p in group) / 1e6)}
        finally:
            process.terminate()
            process.wait(30)


def told(file):
    """Return all that a process wrote into ``file`` so far."""
    return os.pread(file.fileno(), 1_000_000, 0).decode(errors="replace")


def processor():
    """Return the processor's name, as the system tells it."""
    lines = Path("/proc/cpuinfo")
    if lines.is_file():
        found = re.search(r"^model name\s*: (.+)$", lines.read_text("utf-8"), re.MULTILINE)
        if found:
            return found[1]
    return platform.processor() or platform.machine()


def main(names):
    os.environ |= {"OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"}
    paths = notebooks()
    unknown = set(names) - {"server", *paths}
    if unknown:
        sys.exit(f"unknown: {', '.join(sorted(unknown))}; there are server, {', '.join(paths)}")
    kept = json.loads(RESULT.read_text("utf-8"))["needs"] if RESULT.is_file() else {}
    for name in names or ["server", *paths]:
        kept[name] = server() if name == "server" else need(paths[name])
        print(name, kept[name], flush=True)
        facts = {
            "command": COMMAND,
            "date": date.today().isoformat(),
            "versions": {"python": platform.python_version(), "torch": version("torch")},
            "cpu": processor(),
            "threads": 1,
            "needs": {key: kept[key] for key in ["server", *paths] if key in kept},
        }
        RESULT.write_text(written(facts), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
