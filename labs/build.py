"""Build every edition of the labs from their master notebooks.

python labs/build.py [--into FOLDER] [LAB ...]

Each lab gets three folders: `student` to hand out, `solution` to publish afterwards, `autograder`
with the zip file that grades. The solution is graded on the way, and a lab whose solution does not
get full marks is refused.
"""

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

import nbformat
import yaml
from otter.api import grade_submission
from otter.assign import main as assign
from otter.run import capture_run_output

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
LABS = sorted(path.stem for path in HERE.glob("lab*.ipynb"))
ON_THE_GRADER = "/autograder/source/files"  # where Gradescope's image unpacks what we add


def make_wheel(folder):
    """Build the package into `folder` and return the wheel's path: it is on no index."""
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check"]
    command += ["--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(ROOT)]
    subprocess.run(command, check=True)
    (wheel,) = Path(folder).glob("*.whl")
    return wheel


def requirements(wheel):
    """Return what a grading image installs: the wheel, and its dependencies as they are pinned."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    names = {re.match(r"[\w-]+", line)[0] for line in project["dependencies"]}
    pinned = (ROOT / "requirements.txt").read_text("utf-8").splitlines()
    lines = [line for line in pinned if line.split("==")[0] in names]
    return [f"{ON_THE_GRADER}/{wheel.name}", *lines]


def build(lab, into, wheel):
    """Make the editions of one lab in the folder `into`/`lab`, and grade its solution.

    Returns:
        otter's GradingResults of the solution.

    Raises:
        RuntimeError: if the solution does not get full marks.
    """
    with tempfile.TemporaryDirectory() as folder:
        bench = Path(folder).resolve()
        for file in (HERE / f"{lab}.ipynb", wheel):
            shutil.copy(file, bench)
        settings = yaml.safe_load((HERE / "assign.yml").read_text("utf-8"))
        settings["python_version"] = f"{sys.version_info.major}.{sys.version_info.minor}"
        settings["requirements"] = requirements(wheel)
        settings["autograder_files"] = [wheel.name]
        (bench / "assign.yml").write_text(yaml.safe_dump(settings), "utf-8")
        assign(str(bench / f"{lab}.ipynb"), str(bench / "made"), no_run_tests=True)
        made = bench / "made"
        (archive,) = (made / "autograder").glob("*.zip")
        results = grade(made / "autograder" / f"{lab}.ipynb", archive)
        if results.total != results.possible:
            raise RuntimeError(f"{lab}: the solution fails\n{results.summary()}")
        goal = Path(into) / lab
        shutil.rmtree(goal, ignore_errors=True)
        for edition in ("student", "solution", "autograder"):
            (goal / edition).mkdir(parents=True)
        shutil.copy(made / "student" / f"{lab}.ipynb", goal / "student")
        shutil.copy(archive, goal / "autograder" / f"{lab}-autograder.zip")
        solution = nbformat.read(made / "autograder" / f"{lab}.ipynb", as_version=4)
        fill(solution, results.notebook)
        nbformat.write(solution, goal / "solution" / f"{lab}.ipynb")
    return results


def grade(submission, archive):
    """Return otter's GradingResults of a notebook, by the autograder's zip file, without a word."""
    with capture_run_output():
        return grade_submission(str(submission), str(archive))


def fill(notebook, executed):
    """Give the code cells of `notebook` the outputs that they had when it was executed."""
    outputs = {cell.id: cell.outputs for cell in executed.cells if cell.cell_type == "code"}
    for cell in notebook.cells:
        if cell.cell_type == "code" and "grader" not in cell.source:
            cell.outputs = outputs.get(cell.id, [])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("labs", nargs="*", metavar="LAB", help=f"of {', '.join(LABS)}; else all")
    parser.add_argument("--into", default=ROOT / "_build" / "labs", type=Path)
    options = parser.parse_args()
    unknown = set(options.labs) - set(LABS)
    if unknown:
        parser.error(f"unknown lab {', '.join(unknown)}; there are {', '.join(LABS)}")
    with tempfile.TemporaryDirectory() as folder:
        wheel = make_wheel(folder)
        for lab in options.labs or LABS:
            results = build(lab, options.into, wheel)
            print(f"{lab}: {results.total:g} points, editions in {options.into / lab}", flush=True)


if __name__ == "__main__":
    main()
