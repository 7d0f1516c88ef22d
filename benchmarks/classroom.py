"""Measure what one student needs: the memory and the processor time of each chapter.

    python benchmarks/classroom.py            # writes results/classroom.json, in 10 minutes

Each notebook is executed in a kernel of its own, on one thread; nothing is saved. The kernel says
at the end how much memory it held at most, and how long the processor worked for it.
"""

import os
import platform
import sys
from datetime import date
from importlib.metadata import version
from pathlib import Path

import nbformat
from nbclient import NotebookClient

from els_tutorial.tables import written

ROOT = Path(__file__).resolve().parent.parent
RESULT = ROOT / "results" / "classroom.json"
ASK = """import resource, sys
used = resource.getrusage(resource.RUSAGE_SELF)
unit = 1 if sys.platform == "darwin" else 1024  # bytes there, kilobytes elsewhere
print(used.ru_maxrss * unit, used.ru_utime + used.ru_stime)"""


def need(path):
    """Execute the notebook at ``path``; return its peak memory (MB) and seconds of processor."""
    notebook = nbformat.read(path, as_version=4)
    notebook.cells.append(nbformat.v4.new_code_cell(ASK))
    where = {"metadata": {"path": str(path.parent)}}
    NotebookClient(notebook, timeout=900, kernel_name="python3", resources=where).execute()
    held, seconds = notebook.cells[-1].outputs[0].text.split()
    return {"peak_mb": round(int(held) / 1e6), "seconds": round(float(seconds))}


def processor():
    """Return the processor's name, as the system tells it."""
    lines = Path("/proc/cpuinfo")
    if lines.is_file():
        for line in lines.read_text("utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def main():
    os.environ |= {"OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"}
    chapters = {}
    for path in sorted((ROOT / "book").glob("[0-9]-*/*.ipynb")):
        chapters[f"{path.parent.name}/{path.stem}"] = need(path)
        print(path.stem, chapters[f"{path.parent.name}/{path.stem}"], flush=True)
    facts = {
        "command": "python benchmarks/classroom.py",
        "date": date.today().isoformat(),
        "versions": {"python": platform.python_version(), "torch": version("torch")},
        "cpu": processor(),
        "threads": 1,
        "chapters": chapters,
    }
    RESULT.write_text(written(facts), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
