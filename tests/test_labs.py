"""The labs as students and lecturers meet them: full marks, none, and wrong answers caught."""

import ast
import importlib.util
import json
import subprocess
import sys
import zipfile
from functools import cache
from pathlib import Path

import nbformat
import pytest
import torch
from conftest import ROOT
from lab_answers import RIGHT, WRONG
from otter.test_files.exception_test import ExceptionTestFile

from els_tutorial import figures, labs

spec = importlib.util.spec_from_file_location("build_labs", ROOT / "labs" / "build.py")
editions = importlib.util.module_from_spec(spec)
spec.loader.exec_module(editions)
LABS = editions.LABS

# otter's own: it grades all the same.
pytestmark = pytest.mark.filterwarnings("ignore:The inplace keyword in DataFrame.drop")


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A function that builds a lab once: -> its folder, and the grades of its solution."""
    into = tmp_path_factory.mktemp("labs")
    wheel = editions.make_wheel(tmp_path_factory.mktemp("wheel"))

    @cache
    def build(lab):
        return into / lab, editions.build(lab, into, wheel)

    return build


def notebook(folder, edition):
    return nbformat.read(folder / edition / f"{folder.name}.ipynb", as_version=4)


def archive(folder):
    return folder / "autograder" / f"{folder.name}-autograder.zip"


def questions(folder):
    """Each question's test file as the autograder holds it: name -> source."""
    with zipfile.ZipFile(archive(folder)) as file:
        names = [name for name in file.namelist() if name.startswith("tests/")]
        return {Path(name).stem: file.read(name).decode() for name in names}


def names_of_tests(source):
    return [node.name for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)]


def marks(source, scope):
    """Run a question's tests on what a notebook left in `scope`: test's name -> its result."""
    file = ExceptionTestFile.from_string(source)
    file.run(scope)
    return dict(zip(names_of_tests(source), file.test_case_results, strict=True))


@pytest.fixture(scope="module")
def solved(built, tmp_path_factory):
    """A function that runs a lab's solution in this process, once: -> its global names."""

    @cache
    def run(lab):
        folder, _ = built(lab)
        scope = {}
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(tmp_path_factory.mktemp(lab))
            patch.setattr(figures, "show", lambda figure, alt: None)
            for cell in notebook(folder, "solution").cells:
                if cell.cell_type == "code" and "grader" not in cell.source:
                    exec(compile(cell.source, "<cell>", "exec"), scope)
        return scope

    return run


@pytest.mark.parametrize("lab", LABS)
def test_solution_gets_full_marks_and_shows_its_pictures(built, lab):
    folder, results = built(lab)
    assert results.total == results.possible > 0
    solution = notebook(folder, "solution")
    outputs = [output for cell in solution.cells for output in cell.get("outputs", ())]
    assert not [output for output in outputs if output.output_type == "error"]
    assert any("image/png" in output.get("data", {}) for output in outputs)


@pytest.mark.parametrize("lab", LABS)
def test_untouched_student_edition_gets_nothing_and_reads_well(built, lab):
    folder, _ = built(lab)
    results = editions.grade(folder / "student" / f"{lab}.ipynb", archive(folder))
    assert results.total == 0
    cells = [cell for cell in results.notebook.cells if cell.cell_type == "code"]
    errors = [o.traceback for cell in cells for o in cell.outputs if o.output_type == "error"]
    assert not errors, "an untouched cell stops with a traceback"
    for question in results.results.values():
        for result in question.test_case_results:
            assert not result.passed
            last = result.message.strip().splitlines()[-1]
            assert last.startswith("NotYet: ") and "\n" not in last, result.message


@pytest.mark.parametrize("lab", LABS)
def test_student_edition_holds_no_solution_and_no_hidden_test(built, lab):
    folder, _ = built(lab)
    student, solution = notebook(folder, "student"), notebook(folder, "solution")
    text = (folder / "student" / f"{lab}.ipynb").read_text(encoding="utf-8")
    assert "SOLUTION" not in text
    shown = {
        name for test in student.metadata.otter.tests.values() for name in names_of_tests(test)
    }
    every = {name for test in questions(folder).values() for name in names_of_tests(test)}
    assert shown < every
    assert not [name for name in every - shown if name in text]
    answers = [
        cell for cell in student.cells if "otter_answer_cell" in cell.metadata.get("tags", ())
    ]
    assert len(answers) == len(questions(folder))
    assert len(solution.cells) == len(student.cells)


@pytest.mark.parametrize("lab", LABS)
def test_text_states_minutes_and_the_points_of_each_question(built, lab):
    folder, results = built(lab)
    text = "\n".join(
        c.source for c in notebook(folder, "student").cells if c.cell_type == "markdown"
    )
    assert "**Time** " in text and "minutes" in text
    assert f"**{results.possible:g} points**" in text
    for name, question in results.results.items():
        assert f"Question {name.removeprefix('q')} · " in text
        assert f"({question.possible:g} points)" in text
        hidden = [case.hidden for case in question.test_cases]
        assert hidden == sorted(hidden), "otter gives the points of shown tests by their place"
        assert len(hidden) > 1 and not all(hidden), "each question has shown and hidden tests"
    assert text.count("*Checked: ") == len(results.results)


@pytest.mark.parametrize("lab", LABS)
@pytest.mark.filterwarnings("ignore")
def test_wrong_answers_are_caught_by_the_tests_meant_for_them(built, solved, lab, tmp_path):
    folder, _ = built(lab)
    files = questions(folder)
    assert len(WRONG[lab]) >= 3
    for test, answer in WRONG[lab]:
        (source,) = [source for source in files.values() if test in names_of_tests(source)]
        scope = dict(solved(lab))
        exec(compile(answer, "<cell>", "exec"), scope)
        result = marks(source, scope)[test]
        assert not result.passed, f"{test} passes:{answer}"
        assert "NotRight: " in result.message, f"{test} says: {result.message}"


@pytest.mark.parametrize("lab", LABS)
@pytest.mark.filterwarnings("ignore")
def test_right_answers_written_otherwise_pass(built, solved, lab):
    folder, _ = built(lab)
    files = questions(folder)
    assert RIGHT[lab]
    for question, answer in RIGHT[lab]:
        scope = dict(solved(lab))
        torch.manual_seed(0)
        exec(compile(answer, "<cell>", "exec"), scope)
        for test, result in marks(files[question], scope).items():
            assert result.passed, f"{test} says: {result.message}\nof {answer}"


def test_otter_run_grades_a_half_done_notebook_from_the_command_line(built, tmp_path):
    folder, _ = built("lab2-machines")
    half = notebook(folder, "student")
    cell = next(cell for cell in half.cells if cell.source.startswith("def softmax_mean"))
    # No maximum is taken off first: three tests of four.
    cell.source = (
        "def softmax_mean(logits, values):\n"
        "    weights = logits.exp()\n"
        "    return weights / weights.sum(1, keepdim=True) @ values"
    )
    file = tmp_path / "student_101_202_lab2-machines.ipynb"  # as Canvas names it
    nbformat.write(half, file)
    otter = [sys.executable, "-c", "from otter.cli import cli; cli()"]
    command = [
        *otter,
        "run",
        "-a",
        archive(folder),
        "-o",
        tmp_path,
        file,
    ]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    report = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))
    scores = {entry["name"]: entry.get("score") for entry in report["tests"]}
    assert scores["q1"] == 3 and sum(score or 0 for score in scores.values()) == 3


def test_autograder_brings_the_package_and_the_pinned_versions(built):
    folder, _ = built("lab2-machines")
    with zipfile.ZipFile(archive(folder)) as file:
        (wheel,) = [name for name in file.namelist() if name.endswith(".whl")]
        environment = file.read("environment.yml").decode()
    assert f"/autograder/source/{wheel}" in environment
    assert "torch==2.13.0" in environment


def test_what_stops_an_answer_becomes_one_sentence():
    def fails(x):
        raise IndexError("index 3 is out of range")

    with pytest.raises(labs.NotRight, match="guess stopped with IndexError: index 3") as caught:
        labs.call("guess", fails, 1)
    assert "\n" not in str(caught.value)
    with pytest.raises(labs.NotYet, match="there is no guess yet"):
        labs.call("guess", None)
    with pytest.raises(labs.NotYet, match="returns nothing yet"):
        labs.call("guess", lambda: None)
    with pytest.raises(labs.NotRight, match=r"shape \[2\], got \[3\]"):
        labs.tensor("guess", torch.zeros(3), (2,))
    with pytest.raises(labs.NotRight, match="NaN"):
        labs.near("guess", torch.tensor([float("nan")]), [0.0])


def test_line_of_a_cell_is_named():
    scope = {}
    source = "def guess():\n    a = 1\n    return a / 0"
    exec(compile(source, "/tmp/ipykernel_1/2.py", "exec"), scope)
    with pytest.raises(labs.NotRight, match="in line 3 of its cell with ZeroDivisionError"):
        labs.call("guess", scope["guess"])


def test_picture_that_is_not_there_yet_is_said_in_words(capsys):
    labs.look(lambda: figures.gallery({"": None}), "nothing")
    assert capsys.readouterr().out.startswith("Nothing to see yet")
