"""What teachers are given: the bank and what is made of it, plans, outcomes, links, the check."""

import hashlib
import importlib.metadata
import io
import json
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from urllib.parse import parse_qsl, urlsplit

import nbformat
import pytest
import yaml
import zxingcpp
from bare_page import ALIVE
from conftest import ROOT
from PIL import Image

sys.path.insert(0, str(ROOT / "book" / "_ext"))
import bank
import export
import links
import questions

from els_tutorial import check
from els_tutorial.explorers import EXPLORERS

TEACH = ROOT / "book" / "teach"
BANK = bank.bank()
CHAPTERS = {path.stem: path for path in BANK}
EVERY = [(path, question) for path, found in BANK.items() for question in found]
CHOSEN = [(p, q) for p, q in EVERY if q.options]
LABS = sorted((ROOT / "labs").glob("lab*.ipynb"))

each_chapter = pytest.mark.parametrize("path", BANK, ids=lambda path: path.stem)


def name_of(value):
    return value.stem if hasattr(value, "stem") else value.id


def text(name):
    return (TEACH / f"{name}.md").read_text("utf-8")


def written(path):
    """All that a chapter says: its text, its code, what its cells print, what its figures say."""
    parts = []
    for cell in nbformat.read(path, 4).cells:
        parts.append(cell.source)
        for output in cell.get("outputs", ()):
            parts.append(output.get("text", ""))
            parts += output.get("data", {}).values()
    return "\n".join(part for part in parts if isinstance(part, str))


# The bank


def test_every_chapter_of_the_book_has_questions_and_every_file_a_chapter():
    listed = re.findall(r"file: book/(\d-\S+)", (ROOT / "_toc.yml").read_text("utf-8"))
    assert [f"{path.parent.name}/{path.stem}" for path in BANK] == listed
    assert {path.stem for path in bank.FOLDER.glob("*.yml")} == set(CHAPTERS)


@each_chapter
def test_a_chapter_has_at_least_six_questions_of_every_kind(path):
    kinds = [question.kind for question in BANK[path]]
    assert len(kinds) >= 6, "a chapter has at least six questions"
    assert set(kinds) == set(bank.KINDS), "one of each kind at least"


@pytest.mark.parametrize(("path", "question"), CHOSEN, ids=name_of)
def test_one_option_is_right_and_each_has_a_reason(path, question):
    assert sum(option.right for option in question.options) == 1
    assert 3 <= len(question.options) <= 5
    reasons = [option.because.strip() for option in question.options]
    assert all(len(reason) > 15 for reason in reasons)
    assert len(set(reasons)) == len(reasons)
    assert len({option.say for option in question.options}) == len(reasons)


@pytest.mark.parametrize(("path", "question"), EVERY, ids=name_of)
def test_an_answer_rests_on_what_its_chapter_or_its_figure_says(path, question):
    if not question.fold:
        assert question.holds, "say in `holds` what the answer rests on"
    says = written(path)
    if question.figure:
        figure = EXPLORERS[question.figure["explorer"]](**question.figure["state"])
        says += figure.describe()
    says = " ".join(says.split())
    lost = [passage for passage in question.holds if " ".join(passage.split()) not in says]
    assert lost == []


def test_the_right_answer_is_not_always_at_the_same_place():
    places = [[o.right for o in question.options].index(True) for _, question in CHOSEN]
    assert max(map(places.count, places)) < 0.6 * len(places)


@each_chapter
def test_the_self_checks_of_a_chapter_are_those_of_the_bank(path):
    _, _, stand, wanted = bank.with_folds(path, BANK[path])
    assert stand == wanted, "run `.venv/bin/python book/_ext/bank.py`"
    assert stand.count("{dropdown}") >= 3, "at least three questions must have `fold: true`"


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"kind": "essay"}, "unknown kind"),
        ({"options": ()}, "3 to 5 options"),
        ({"kind": "short"}, "an answer and no options"),
        ({"fold": True}, "only short questions"),
    ],
)
def test_a_wrong_question_is_refused(change, problem):
    options = tuple(bank.Option(str(n), "because", n == 1) for n in range(3))
    right = {"id": "x", "kind": "choice", "ask": "?", "options": options}
    bank.Question(**right)
    with pytest.raises(ValueError, match=problem):
        bank.Question(**(right | change))
    two = tuple(bank.Option(str(n), "because", n > 0) for n in range(3))
    with pytest.raises(ValueError, match="exactly one"):
        bank.Question(**(right | {"options": two}))


def test_an_option_that_yaml_reads_as_a_number_is_refused_by_its_file_and_question(tmp_path):
    path = tmp_path / "some.yml"
    entry = "- {id: much, kind: choice, ask: How much, options: [{say: 0.08, because: So.}]}"
    path.write_text(entry)
    with pytest.raises(ValueError, match=r"some\.yml, much: `say` must be a text, got 0\.08"):
        bank.read(path)
    path.write_text(entry.replace("say", "said"))
    with pytest.raises(ValueError, match=r"some\.yml, much: .*said"):
        bank.read(path)


@pytest.mark.parametrize(
    "between", ["\n", "\n\n", "\n\nLater.\n\n", "\n\n:::{dropdown} Old?\nYes.\n:::\n"]
)
def test_self_checks_find_their_place_and_stay(tmp_path, monkeypatch, between):
    path = tmp_path / "some.ipynb"
    source = f"## Check yourself{between}## What to take away\n\nMuch."
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(source)]), path)
    asked = [bank.Question(f"q{n}", "short", f"Why {n}?", (), "So.", fold=True) for n in (1, 2)]
    monkeypatch.setattr(bank, "bank", lambda: {path: asked})
    assert bank.write_folds() == ["some"]
    (cell,) = nbformat.read(path, 4).cells
    checks = ":::{dropdown} Why 1?\nSo.\n:::\n\n:::{dropdown} Why 2?\nSo.\n:::"
    assert cell.source == f"## Check yourself\n\n{checks}\n\n## What to take away\n\nMuch."
    assert bank.write_folds() == []


def test_a_chapter_without_a_place_for_self_checks_is_named(tmp_path):
    path = tmp_path / "some.ipynb"
    cells = [nbformat.v4.new_markdown_cell(f"## {name}") for name in ("Check yourself", "Other")]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    with pytest.raises(ValueError, match=r"some\.ipynb has no cell with the headings"):
        bank.with_folds(path, [])


# What is made of it


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("questions")
    return {path.name: path for path in export.main([], folder)}


def test_moodle_gets_every_question_with_one_right_answer_and_feedback_for_all(made):
    quiz = ET.parse(made["moodle.xml"]).getroot()
    items = [item for item in quiz if item.get("type") != "category"]
    assert len(items) == len(EVERY)
    assert len({item.findtext("name/text") for item in items}) == len(EVERY)
    for item in items:
        assert item.findtext("questiontext/text").strip()
        if item.get("type") == "multichoice":
            assert item.findtext("single") == "true"
            fractions = [answer.get("fraction") for answer in item.iter("answer")]
            assert sorted(fractions, reverse=True) == ["100"] + ["0"] * (len(fractions) - 1)
            assert all(answer.findtext("feedback/text") for answer in item.iter("answer"))
        else:
            assert item.get("type") == "essay" and item.findtext("graderinfo/text")


def test_sheets_have_every_question_and_only_the_answers_have_reasons(made):
    sheet, answers = (made[name].read_text("utf-8") for name in ("sheet.html", "answers.html"))
    for page in (sheet, answers):
        assert page.count("<section>") == len(EVERY)
        assert "{doc}" not in page and "{prf:ref}" not in page and "{term}" not in page
    assert answers.count("<b>Right</b>") == len(CHOSEN) and "<b>Right</b>" not in sheet


def test_sheets_draw_their_formulas_without_a_network(made, new_page):
    page = new_page()
    page.goto(made["answers.html"].as_uri())
    page.wait_for_function("document.body.dataset.ready === 'yes'", timeout=60_000)
    assert page.locator("mjx-container").count() > 100
    assert page.locator("mjx-merror").count() == 0


def test_sheets_are_printed_where_there_is_a_browser(made, browser):
    for name in ("sheet.pdf", "answers.pdf"):
        assert made[name].read_bytes().startswith(b"%PDF")


def test_an_unknown_chapter_is_refused(tmp_path):
    with pytest.raises(SystemExit, match="nonsense"):
        export.main(["nonsense"], tmp_path)


# Syllabus and plans


def outcomes():
    return [line for line in text("syllabus").splitlines() if re.search(r"^\| .*\| {doc}`", line)]


def exercises(path):
    return [heading for heading, *_ in questions.exercises(nbformat.read(path, 4))]


@pytest.mark.parametrize("line", outcomes(), ids=lambda line: line.split("|")[1].strip()[:40])
def test_an_outcome_is_taught_and_practised_and_names_its_lab(line):
    _, _, chapter, practise, lab, _ = line.split("|")
    name = re.search(r"\{doc\}`\.\./(\d-\w+/\w+)`", chapter)[1]
    path = ROOT / "book" / f"{name}.ipynb"
    numbers = [
        int(n) for part in re.findall(r"exercises? ([\d, ]+)", practise) for n in part.split(",")
    ]
    assert set(numbers) <= set(range(1, len(exercises(path)) + 1))
    known = {f"question-{path.stem}-{question.id}" for question in BANK[path]}
    asked = re.findall(r"<(question-[\w-]+)>", practise)
    assert asked and set(asked) <= known
    for part in lab.strip().split(", "):
        number, question = re.fullmatch(r"(\d)(?: \(question (\d)\))?|–", part).groups()
        if number:
            (path,) = (path for path in LABS if path.stem.startswith(f"lab{number}-"))
            assert not question or f"## Question {question} · " in path.read_text("utf-8")


def test_outcomes_cover_four_sessions_and_their_chapters():
    sections = text("syllabus").split("### Session ")[1:]
    assert [section[0] for section in sections] == list("1234")
    taught = set(re.findall(r"`\.\./(\d-\w+/\w+)`", "\n".join(outcomes())))
    planned = re.findall(r"^Chapters: (.*)$", text("plans"), re.MULTILINE)
    assert taught == set(re.findall(r"`\.\./(\d-\w+/\w+)`", "\n".join(planned)))
    for section, chapters in zip(sections, planned, strict=True):
        in_plan = re.findall(r"`\.\./(\d-\w+/\w+)`", chapters)
        assert set(in_plan) == set(re.findall(r"`\.\./(\d-\w+/\w+)`", section.split("##")[0]))


def rows(section):
    """The rows of a plan: lists of (first minute, last minute, kind)."""
    found = re.findall(r"^\| (\d+)–(\d+) \| (\w+) \|", section, re.MULTILINE)
    return [(int(start), int(end), kind) for start, end, kind in found]


PLANS = [*text("plans").split("\n## Session ")[1:], *text("modules").split("\n## For ")[1:]]


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.splitlines()[0][:20])
def test_minutes_of_a_plan_add_up(plan):
    found = rows(plan)
    assert [end for _, end, _ in found][:-1] == [start for start, _, _ in found][1:]
    assert (found[0][0], found[-1][1]) == (0, 90 if plan[0].isdigit() else 120)
    assert {kind for *_, kind in found} == {"taught", "exercise", "discussion"}
    if plan[0].isdigit():
        assert sum(end - start for start, end, kind in found if kind != "taught") >= 40


@pytest.mark.parametrize("plan", PLANS[:4], ids=lambda plan: plan.splitlines()[0][:20])
def test_the_short_plan_takes_at_most_45_minutes(plan):
    (kept,) = re.findall(r"\*\*For 45 minutes:\*\* keep (.*?)\.", plan)
    spans = [(int(a), int(b)) for a, b in re.findall(r"(\d+)–(\d+)", kept)]
    assert 40 <= sum(b - a for a, b in spans) <= 45
    starts, ends = ({row[side] for row in rows(plan)} for side in (0, 1))
    assert all(a in starts for a, _ in spans)
    assert all(b in ends or "ten minutes" in kept for _, b in spans)


def test_the_one_lecture_takes_sixty_minutes():
    lecture = text("plans").split("## If you have one lecture only")[1]
    assert "Sixty minutes" in lecture
    assert sum(map(int, re.findall(r"\((\d+)[,)]", lecture))) == 60


def test_the_module_for_artists_has_no_formula():
    module = text("modules").split("## For artists")[1]
    assert "$" not in module and "question-" not in module


def test_misconceptions_point_to_every_chapter_of_the_sessions():
    said = set(re.findall(r"`\.\./(\d-\w+/\w+)`", text("misconceptions")))
    assert said >= set(re.findall(r"`\.\./(\d-\w+/\w+)`", "\n".join(outcomes())))


# Solutions


@each_chapter
def test_every_exercise_of_a_chapter_has_its_solution_on_the_page(path):
    found = questions.exercises(nbformat.read(path, 4))
    assert len(found) >= 3
    for heading, asked, solution, _ in found:
        assert asked and solution.strip(), heading
        assert "dropdown" not in asked
    assert f"```{{solutions}} {path.stem}\n```" in text("solutions")
    assert f"```{{questions}} {path.stem}\n```" in text("questions")


def test_the_built_page_shows_every_solution(site):
    page = (site / "book/teach/solutions.html").read_text("utf-8")
    count = sum(len(questions.exercises(nbformat.read(path, 4))) for path in BANK)
    assert page.count('<p class="admonition-title">Solution</p>') == count


# Links


LINKS = "book/teach/links.html"


def settled(page):
    """Wait until the figure in the frame computes and the form knows its height."""
    frame = page.frame_locator(".els-links iframe")
    speaks(frame)
    return frame


def speaks(place):
    """Wait until a figure says in words what it shows: then it computes."""
    words = place.locator(".els-live:not([hidden]) .els-readout").filter(has_text=re.compile(r"\w"))
    words.wait_for(timeout=60_000)


def field(page, label):
    return page.get_by_role("textbox", name=label, exact=True)


def decoded(page):
    """What the drawn code says, read by a decoder that has nothing to do with its encoder."""
    picture = Image.open(io.BytesIO(page.locator(".els-code svg").screenshot()))
    (found,) = zxingcpp.read_barcodes(picture)
    assert found.format in (zxingcpp.BarcodeFormat.QRCode, zxingcpp.BarcodeFormat.QRCodeModel2)
    return found.text


def test_a_link_opens_the_figure_as_it_was_set_up(site_url, new_page):
    page = new_page()
    page.goto(f"{site_url}/{LINKS}")
    frame = settled(page)
    frame.get_by_label("Time t").fill("0.8")
    page.wait_for_function(
        "() => document.querySelector('.els-links textarea').value.includes('machine.t=0.8')"
    )
    page.locator(".els-links fieldset").get_by_label("seed").check()
    link = field(page, "Link").input_value()
    assert link.startswith(f"{site_url}/_static/explorers/embed/machine.html#")
    assert dict(parse_qsl(urlsplit(link).fragment)) == {"machine.t": "0.8", "machine.hide": "seed"}
    assert decoded(page) == link
    other = new_page()
    other.goto(link)
    other.wait_for_function(ALIVE, timeout=30_000)
    assert other.get_by_label("Time t").input_value() == "0.8"
    assert other.get_by_label("Noise seed").is_hidden()


@pytest.mark.parametrize("name", EXPLORERS)
def test_every_figure_lives_in_a_page_of_its_own(site, site_url, new_page, name):
    page = new_page()
    page.goto((site / f"_static/explorers/embed/{name}.html").as_uri())
    speaks(page)
    form = new_page()
    form.goto(f"{site_url}/{LINKS}")
    form.locator(".els-links select").first.select_option(name)
    settled(form)
    assert decoded(form) == f"{site_url}/_static/explorers/embed/{name}.html"


def test_a_link_into_a_chapter_opens_its_figure_in_that_state(site_url, new_page):
    page = new_page()
    page.goto(f"{site_url}/{LINKS}")
    frame = settled(page)
    frame.get_by_label("Time t").fill("0.8")
    page.wait_for_function(
        "() => document.querySelector('.els-links textarea').value.includes('machine.t=0.8')"
    )
    choice = page.locator(".els-links select").nth(1)
    titles = choice.locator("option").all_inner_texts()
    number = next(n for n, said in enumerate(titles) if "equivariant local score" in said)
    choice.select_option(index=number)
    link = field(page, "Link").input_value()
    assert "/2-constraints/els.html#" in link and decoded(page) == link
    other = new_page()
    other.goto(link)
    other.wait_for_function(ALIVE, timeout=30_000)
    assert other.get_by_label("Time t").first.input_value() == "0.8"


def test_a_frame_lives_in_another_page(site_url, new_page, tmp_path):
    page = new_page()
    page.goto(f"{site_url}/{LINKS}")
    settled(page)
    snippet = field(page, "Frame").input_value()
    other = tmp_path / "mine.html"
    other.write_text(f"<!doctype html><title>Mine</title>{snippet}")
    page = new_page()
    page.goto(other.as_uri())
    inner = page.frame_locator("iframe")
    speaks(inner)
    height = page.locator("iframe").bounding_box()["height"]
    assert inner.locator("body").evaluate("(b) => b.scrollHeight") <= height


def test_the_address_of_the_book_can_be_another(site_url, new_page):
    page = new_page()
    page.goto(f"{site_url}/{LINKS}")
    settled(page)
    page.locator(".els-links input[type=url]").fill("https://example.org/book")
    assert field(page, "Link").input_value().startswith("https://example.org/book/_static/")
    assert decoded(page) == field(page, "Link").input_value()


def test_a_link_made_by_hand_must_name_a_state_that_exists():
    assert links.chosen("noising", ["t=0.7", "hide=seed"]) == "noising.t=0.7&noising.hide=seed"
    for name, settings in (("nothing", []), ("noising", ["t=7"]), ("noising", ["colour=red"])):
        with pytest.raises(ValueError):
            links.chosen(name, settings)


def test_the_drawer_of_codes_is_the_published_one():
    folder = ROOT / "book" / "_static" / "links"
    note = (folder / "README.md").read_text("utf-8")
    found = hashlib.sha256((folder / "qrcode.js").read_bytes()).hexdigest()
    assert found in note and "MIT" in note
    assert "Kazuhiko Arase" in (ROOT / "LICENSE").read_text("utf-8")


# Running it for a class


def test_the_check_says_in_one_line_that_all_is_there():
    result = subprocess.run(
        [sys.executable, ROOT / "els_tutorial" / "check.py"], capture_output=True, text=True
    )
    assert (result.returncode, result.stdout.count("\n"), result.stderr) == (0, 1, "")
    assert result.stdout.startswith("ready: Python")


def test_the_check_says_in_one_line_what_is_missing(monkeypatch, capsys):
    def found(name):
        if name == "numba":
            raise importlib.metadata.PackageNotFoundError(name)
        return "1.13.1+cpu" if name == "torch" else importlib.metadata.version(name)

    missing = check.problems(found)
    assert missing == ["numba", "torch 2.4 or newer (it is 1.13.1+cpu)"]
    monkeypatch.setattr(check, "problems", lambda: missing)
    assert check.main() == 1
    said = capsys.readouterr().out
    assert said.startswith("missing: numba, torch 2.4") and said.count("\n") == 1
    assert "pip install" in said


def test_the_check_runs_where_nothing_is_installed():
    # -S leaves site-packages out; -I this folder and the user's too.
    command = [sys.executable, "-S", "-I", ROOT / "els_tutorial" / "check.py"]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == 1 and result.stderr == ""
    assert result.stdout.startswith("missing: ") and "torch" in result.stdout
    assert result.stdout.count("\n") == 1


def test_the_check_runs_as_a_first_cell(tmp_path):
    from nbclient import NotebookClient

    (line,) = re.findall(r"^(%run .*)$", text("class"), re.MULTILINE)
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(line)])
    where = {"metadata": {"path": str(ROOT / "book" / "1-paradox")}}
    NotebookClient(notebook, kernel_name="python3", resources=where).execute()
    (output,) = notebook.cells[0].outputs
    assert output.text.startswith("ready: ") and output.text.count("\n") == 1


def test_make_check_is_the_check():
    recipe = (ROOT / "Makefile").read_text("utf-8").split("\ncheck:\n")[1]
    assert "els_tutorial/check.py" in recipe.splitlines()[0]


def test_need_of_every_notebook_is_measured_and_the_check_allows_for_it():
    facts = json.loads((ROOT / "results" / "classroom.json").read_text("utf-8"))
    needs = facts["needs"]
    chapters = {f"book/{path.parent.name}/{path.stem}" for path in BANK}
    labs = {f"labs/{path.stem}" for path in LABS}
    assert chapters | labs | {"server"} <= set(needs)
    peak = max(need["peak_mb"] for need in needs.values())
    assert peak <= 1000 * check.MEMORY
    assert peak + needs["server"]["peak_mb"] <= 2000, "the page allows 2 GB for a student"
    assert all(need["seconds"] < 120 for name, need in needs.items() if name in chapters)


def test_binder_installs_what_make_installs():
    folder = ROOT / ".binder"
    assert (folder / "requirements.txt").read_text() == "-r ../requirements.txt\n"
    recipe = (ROOT / "Makefile").read_text("utf-8")
    (line,) = re.findall(r"^pip (install .*)$", (folder / "postBuild").read_text(), re.MULTILINE)
    assert line in recipe.replace("--quiet --disable-pip-version-check ", "")
    launch = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))["launch_buttons"]
    assert {"binderhub_url", "colab_url"} <= set(launch)
