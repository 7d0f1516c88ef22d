"""Say in one line whether all that the book needs is there: ``python els_tutorial/check.py``.

It needs nothing but Python itself, so that it can say what is missing where everything is.
"""

import os
import re
import shutil
import sys
import tomllib
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PYTHON = (3, 11)
MEMORY, DISK = 1.5, 0.5  # GB: a chapter's kernel holds 1.2 at most (results/classroom.json)
REPAIR = "pip install -r requirements.txt && pip install --no-deps --no-build-isolation -e ."


def wanted():
    """Return what the package needs: a list of requirements such as ``"torch>=2.4"``."""
    file = ROOT / "pyproject.toml"
    if file.is_file():
        return tomllib.loads(file.read_text("utf-8"))["project"]["dependencies"]
    return [line for line in metadata.requires("els-tutorial") or [] if "extra ==" not in line]


def lacking(requirements, found=metadata.version):
    """Return the requirements that are not installed, or too old, each as a few words.

    Args:
        requirements: strs such as ``"torch>=2.4,<3"``.
        found: returns the installed version of a name, or raises PackageNotFoundError.
    """
    words = []
    for line in requirements:
        name = re.match(r"[\w.-]+", line)[0]
        try:
            version = found(name)
        except metadata.PackageNotFoundError:
            words.append(name)
            continue
        least = re.search(r">=([\d.]+)", line)
        if least and numbers(version) < numbers(least[1]):
            words.append(f"{name} {least[1]} or newer (it is {version})")
    return words


def numbers(version):
    """Return the numbers that a version begins with, to compare: ``"2.13.0+cpu"`` is [2, 13, 0]."""
    return [int(part) for part in re.match(r"[\d.]*\d", version)[0].split(".")]


def memory():
    """Return the machine's memory in GB, or None where the system does not say."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    except (AttributeError, OSError, ValueError):
        return None


def problems(found=metadata.version):
    """Return what is missing, the worst first: a list of strs, empty if all is there."""
    if sys.version_info < PYTHON:
        return [f"Python 3.11 or newer (this is {sys.version.split()[0]})"]
    missing = lacking([*wanted(), "els-tutorial", "ipykernel"], found)
    held = memory()
    if held is not None and held < MEMORY:
        missing.append(f"memory: {MEMORY} GB (there are {held:.1f})")
    free = shutil.disk_usage(ROOT).free / 1e9
    if free < DISK:
        missing.append(f"disk: {DISK} GB (there are {free:.1f} free)")
    return missing


def main():
    """Print the line; return 0 if all is there, else 1."""
    missing = problems()
    if missing:
        print(f"missing: {', '.join(missing)}. In the book's folder: make book, or {REPAIR}")
        return 1
    torch = metadata.version("torch").partition("+")[0]
    print(f"ready: Python {sys.version.split()[0]}, torch {torch}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
