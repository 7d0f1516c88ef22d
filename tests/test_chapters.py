"""Every chapter keeps the template that readers learn to find their way by."""

import re
from pathlib import Path

import nbformat
import pytest

BOOK = Path(__file__).parent.parent / "book"
CHAPTERS = sorted(BOOK.glob("[1-4]-*/*.ipynb"))
CLOSING = ["Exercises", "Check yourself", "What to take away", "Further reading"]


def cells(path, kind):
    return [cell.source for cell in nbformat.read(path, 4).cells if cell.cell_type == kind]


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_a_chapter_opens_and_closes_as_all_do(path):
    text = cells(path, "markdown")
    for promise in ("will be able to", "minutes", "You need"):
        assert promise in text[0], f"the opening box lacks: {promise}"
    headings = re.findall(r"^## (.+)$", "\n".join(text), re.MULTILINE)
    assert headings[-4:] == CLOSING
    assert len(headings) == len(set(headings))


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_a_chapter_asks_proves_and_lets_the_reader_try(path):
    text, code = "\n".join(cells(path, "markdown")), "\n".join(cells(path, "code"))
    assert len(re.findall(r"\{prf:(theorem|proposition|corollary|lemma)\}", text)) >= 1
    assert re.search(r"\w+Explorer\(", code) and "predict=" in code
    exercises = text.split("## Exercises")[1].split("## Check yourself")[0]
    for fold in ("Hint", "Solution"):
        assert len(re.findall(rf"\{{dropdown\}} {fold}", exercises)) == 3, fold
    questions = text.split("## Check yourself")[1].split("## What to take away")[0]
    assert questions.count("{dropdown}") >= 1
    assert re.search(r"\{cite:[tp]\}", text.split("## Further reading")[1])


def test_the_title_page_counts_the_chapters():
    text = (BOOK / "index.md").read_text("utf-8").lower()
    said = re.search(r"(\w+) chapters lead .* (\w+) build the machine .* (\w+) hold it", text)
    words = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
    parts = [path.parent.name[0] for path in CHAPTERS]
    assert list(said.groups()) == [words[parts.count(part)] for part in "123"]


def test_every_chapter_is_in_the_table_of_contents():
    contents = (BOOK.parent / "_toc.yml").read_text()
    listed = re.findall(r"file: book/([1-4]-\S+)", contents)
    assert sorted(listed) == [f"{path.parent.name}/{path.stem}" for path in CHAPTERS]
