"""The question bank: one file a chapter in `book/teach/questions/`, and what is made of it.

    python book/_ext/bank.py        # write the self-checks into the chapters' notebooks

A file is named for its chapter and holds a list of questions, each a dict of

- ``id``, unique in the file;
- ``kind``: ``choice``, ``predict`` (a figure), ``short`` or ``derive``;
- ``ask``, Markdown;
- ``options`` (kinds ``choice`` and ``predict``): three to five, each with ``say`` and ``because``,
  one of them with ``right: true``; quote what YAML would read as a number, ``say: "0.08"``;
- ``answer`` (the other kinds);
- ``fold: true`` (kind ``short``), if it is a self-check of the chapter: then it stands in the
  notebook, too, between the headings "Check yourself" and "What to take away" of one cell;
- ``figure``: the explorer and the state that show the answer;
- ``holds``: passages of the chapter, or of what the figure says, on which the answer rests; every
  question has some that is no fold.

To add a chapter, add its file, with six questions or more, of all four kinds, three of them folds.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
import yaml

BOOK = Path(__file__).resolve().parent.parent
FOLDER = BOOK / "teach" / "questions"
KINDS = {
    "choice": "Choose",
    "predict": "Predict the figure",
    "short": "Answer in a few sentences",
    "derive": "Derive",
}
FOLDS = re.compile(r"(## Check yourself\n)(.*?)(?=## What to take away)", re.DOTALL)


@dataclass(frozen=True)
class Option:
    """One answer to choose: what it says, why it is right or wrong, and which of the two.

    Raises:
        ValueError: if what it says, or why, is no text.
    """

    say: str
    because: str
    right: bool = False

    def __post_init__(self):
        for name, value in (("say", self.say), ("because", self.because)):
            if not isinstance(value, str):
                raise ValueError(f"`{name}` must be a text, got {value!r}: quote it")


@dataclass(frozen=True)
class Question:
    """One question; the module's docstring says what the fields hold.

    Raises:
        ValueError: if the fields do not make a question of its kind.
    """

    id: str
    kind: str
    ask: str
    options: tuple = ()
    answer: str = ""
    fold: bool = False
    figure: dict = field(default_factory=dict)
    holds: tuple = ()

    def __post_init__(self):
        if self.kind not in KINDS:
            raise ValueError(f"question {self.id}: unknown kind {self.kind!r}")
        chosen = self.kind in ("choice", "predict")
        if chosen and (self.answer or not 3 <= len(self.options) <= 5):
            raise ValueError(f"question {self.id} wants 3 to 5 options and no answer")
        if chosen and sum(option.right for option in self.options) != 1:
            raise ValueError(f"question {self.id}: exactly one option must be right")
        if not chosen and (self.options or not self.answer):
            raise ValueError(f"question {self.id} wants an answer and no options")
        if self.fold and self.kind != "short":
            raise ValueError(f"question {self.id}: only short questions are folds in a chapter")


def read(path):
    """Return the questions of a file, a list of `Question`.

    Raises:
        ValueError: if two have one id, or one is not a question.
    """
    found = []
    for entry in yaml.safe_load(path.read_text("utf-8")):
        try:
            options = tuple(Option(**option) for option in entry.pop("options", ()))
            found.append(Question(options=options, **entry))
        except (TypeError, ValueError) as problem:
            raise ValueError(f"{path.name}, {entry.get('id')}: {problem}") from None
    names = [question.id for question in found]
    if len(set(names)) < len(names):
        raise ValueError(f"{path.name}: two questions have the same id")
    return found


def chapter(name):
    """Return the path of the notebook of chapter ``name``.

    Raises:
        ValueError: if there is none.
    """
    found = sorted(BOOK.glob(f"[0-9]-*/{name}.ipynb"))
    if len(found) != 1:
        raise ValueError(f"the questions {name}.yml belong to no chapter")
    return found[0]


def bank():
    """Return all questions in the book's order: a dict from chapter paths to lists."""
    paths = {chapter(path.stem): path for path in FOLDER.glob("*.yml")}
    listed = re.findall(r"file: book/(\S+)", (BOOK.parent / "_toc.yml").read_text("utf-8"))
    order = [BOOK / f"{name}.ipynb" for name in listed]
    return {notebook: read(paths[notebook]) for notebook in order if notebook in paths}


def title(notebook):
    """Return the title of a notebook or a page of text."""
    text = notebook.read_text("utf-8")
    if notebook.suffix == ".ipynb":
        text = nbformat.reads(text, 4).cells[0].source
    return re.search(r"^# (.+)$", text, re.MULTILINE)[1]


def folds(questions):
    """Return the Markdown of a chapter's self-checks, a fold for each."""
    chosen = [question for question in questions if question.fold]
    parts = [f":::{{dropdown}} {q.ask.strip()}\n{q.answer.strip()}\n:::" for q in chosen]
    return "\n\n".join(parts)


def with_folds(path, questions):
    """Return a notebook and its self-checks as they stand, and as the bank has them.

    Returns:
        (notebook, cell, stand, wanted).

    Raises:
        ValueError: if they have no place in the notebook.
    """
    notebook = nbformat.read(path, 4)
    for cell in notebook.cells:
        found = cell.cell_type == "markdown" and FOLDS.search(cell.source)
        if found:
            return notebook, cell, found[2].strip(), folds(questions)
    raise ValueError(
        f"{path.name} has no cell with the headings `## Check yourself` and, after it, "
        "`## What to take away`"
    )


def write_folds():
    """Write the self-checks of the bank into the notebooks; return the names of those changed."""
    changed = []
    for path, questions in bank().items():
        notebook, cell, stand, wanted = with_folds(path, questions)
        if stand != wanted:
            cell.source = FOLDS.sub(lambda m, text=wanted: f"{m[1]}\n{text}\n\n", cell.source)
            nbformat.write(notebook, path)
            changed.append(path.stem)
    return changed


if __name__ == "__main__":
    print("changed:", ", ".join(write_folds()) or "nothing")
