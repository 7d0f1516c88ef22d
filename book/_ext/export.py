"""Make of the question bank what a lecturer prints and uploads.

    python book/_ext/export.py [CHAPTER ...]    # into _build/questions; all, or those named

writes `sheet.html` (to print: questions with room for answers), `answers.html` (the same with every
reason), `moodle.xml` (Moodle's import format, which other systems read, too) and a folder with
MathJax. If a browser is on PATH, the two sheets are printed to PDF as well.
"""

import html
import importlib.util
import re
import shutil
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import bank
import yaml
from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin
from pdf import print_pages

FOLDER = bank.BOOK.parent / "_build" / "questions"
ROLE = re.compile(r"\{([\w:]+)\}`([^`]+)`")
LABEL = re.compile(r":{3,}\{prf:(\w+)\} ?(.*)\n:label: (\S+)")
MATHJAX = """<script>
MathJax = {loader: {load: ["core", "input/tex", "output/chtml"]}, startup: {ready() {
  MathJax.startup.defaultReady();
  MathJax.startup.promise.then(() => document.body.dataset.ready = "yes");
}}};
</script>
<script defer src="mathjax/startup.js"></script>"""
STYLE = """
body {
  max-width: 42rem; margin: 2rem auto; padding: 0 1rem;
  font: 1rem/1.5 Charter, "DejaVu Serif", serif;
}
h1, h2 { font-family: sans-serif; line-height: 1.25; }
h2 { break-after: avoid; }
section { break-inside: avoid; margin: 1.25rem 0; }
.kind { color: #555; font-style: italic; }
.room { height: 7rem; border-bottom: 1px dotted #888; }
.right > b::after { content: " ✓"; }
ol { list-style: lower-alpha; }
@page { margin: 2cm; }
"""


def labels():
    """Return what each labelled statement of the book is called: {label: 'theorem “Title”'}."""
    found = {}
    for path in bank.BOOK.glob("[0-9]-*/*.ipynb"):
        text = "\n".join(cell.source for cell in bank.nbformat.read(path, 4).cells)
        for kind, name, label in LABEL.findall(text):
            found[label] = f"the {kind} “{name}”" if name else f"the {kind} of “{bank.title(path)}”"
    return found


def plain(text, notebook, known):
    """Return Markdown without the book's roles: their targets are named in words.

    Args:
        text: Markdown of a chapter.
        notebook: the chapter's path.
        known: the names of statements, of :func:`labels`.

    Raises:
        ValueError: if a role has no such form.
    """

    def words(found):
        role, content = found.groups()
        said, target = re.fullmatch(r"(.*?)\s*(?:<(.+)>)?", content).groups()
        if role == "term" or (role == "doc" and target):
            return said
        if role == "prf:ref" and content in known:
            return known[content]
        if role == "doc":
            page = (notebook.parent / content).resolve()
            (path,) = [p for p in map(page.with_suffix, (".ipynb", ".md")) if p.is_file()]
            return f"the chapter “{bank.title(path)}”"
        raise ValueError(f"{notebook.stem}: {found[0]} cannot stand in a sheet")

    return ROLE.sub(words, text)


def renderer():
    """Return a function from Markdown to HTML, with mathematics between \\( and \\)."""

    def mathematics(content, options):
        start, end = ("\\[", "\\]") if options["display_mode"] else ("\\(", "\\)")
        return f"{start}{html.escape(content)}{end}"

    reader = MarkdownIt().use(dollarmath_plugin, renderer=mathematics)
    return lambda text: reader.render(text.strip()).strip()


def questions(chapters=()):
    """Return the bank with Markdown in place of roles: pairs of (title, name, list of dicts)."""
    known, render, found = labels(), renderer(), []
    for notebook, listed in bank.bank().items():
        if chapters and notebook.stem not in chapters:
            continue

        def html_of(text, notebook=notebook):
            return render(plain(text, notebook, known))

        entries = [
            {
                "id": f"{notebook.stem}-{q.id}",
                "kind": q.kind,
                "ask": html_of(q.ask),
                "answer": html_of(q.answer),
                "options": [(html_of(o.say), html_of(o.because), o.right) for o in q.options],
            }
            for q in listed
        ]
        found.append((bank.title(notebook), notebook.stem, entries))
    return found


def sheet(found, answers):
    """Return the HTML of a sheet, with or without the answers."""
    name = "Answers" if answers else "Questions"
    course = yaml.safe_load((bank.BOOK.parent / "_config.yml").read_text("utf-8"))["title"]
    body = [f"<h1>{html.escape(course)}: {name.lower()}</h1>"]
    for title, _, entries in found:
        body.append(f"<h2>{html.escape(title)}</h2>")
        for number, entry in enumerate(entries, 1):
            body += asked(number, entry, answers)
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{name}</title>\n<style>{STYLE}</style>\n{MATHJAX}\n</head>\n"
        f"<body><main>\n{chr(10).join(body)}\n</main></body>\n</html>\n"
    )


def asked(number, entry, answers):
    """Return the lines of HTML of one question."""
    kind = bank.KINDS[entry["kind"]]
    name = entry["id"].partition("-")[2]
    lines = [f'<section><p class="kind">{number}. {kind} ({name})</p>', entry["ask"]]
    if entry["options"]:
        lines.append("<ol>")
        for say, because, right in entry["options"]:
            reason = f"<div><b>{'Right' if right else 'Wrong'}</b> {because}</div>"
            mark = ' class="right"' if answers and right else ""
            lines.append(f"<li{mark}>{say}{reason if answers else ''}</li>")
        lines.append("</ol>")
    elif not answers:
        lines.append('<div class="room"></div>')
    if answers:
        lines.append(entry["answer"])
    return [*lines, "</section>"]


def moodle(found):
    """Return the questions in Moodle's XML: choices with feedback, the others as essays."""
    quiz = ET.Element("quiz")
    for title, _, entries in found:
        category = ET.SubElement(quiz, "question", type="category")
        texted(category, "category", f"$course$/top/{title.replace('/', '//')}", None)
        for entry in entries:
            add_question(quiz, entry)
    ET.indent(quiz, " ")
    return ET.tostring(quiz, encoding="unicode", xml_declaration=True) + "\n"


def add_question(quiz, entry):
    """Add one question to Moodle's tree."""
    chosen = bool(entry["options"])
    item = ET.SubElement(quiz, "question", type="multichoice" if chosen else "essay")
    texted(item, "name", entry["id"], None)
    texted(item, "questiontext", entry["ask"])
    texted(item, "generalfeedback", entry["answer"])
    grade = "1" if chosen else "4"
    facts = {"defaultgrade": grade, "penalty": "0", "hidden": "0"}
    if chosen:
        facts |= {"single": "true", "shuffleanswers": "true", "answernumbering": "abc"}
    else:
        facts |= {"responseformat": "editor", "responserequired": "1", "responsefieldlines": "10"}
    for tag, value in facts.items():
        ET.SubElement(item, tag).text = value
    for say, because, right in entry["options"]:
        answer = texted(item, "answer", say)
        answer.set("fraction", "100" if right else "0")
        texted(answer, "feedback", because)
    if not chosen:
        texted(item, "graderinfo", entry["answer"])


def texted(parent, tag, text, form="html"):
    """Add an element with a text in it, as Moodle wants it, and return it."""
    node = ET.SubElement(parent, tag, {"format": form} if form else {})
    ET.SubElement(node, "text").text = text
    return node


def copy_mathjax(folder):
    """Copy the parts of MathJax that the sheets use into ``folder``."""
    package = importlib.util.find_spec("sphinx-mathjax-offline")
    source = Path(package.origin).parent / "static" / "mathjax"
    for part in ("startup.js", "core.js", "input/tex.js", "input/tex", "output/chtml.js"):
        (folder / part).parent.mkdir(parents=True, exist_ok=True)
        if (source / part).is_dir():
            shutil.copytree(source / part, folder / part, dirs_exist_ok=True)
        else:
            shutil.copy(source / part, folder / part)
    shutil.copytree(
        source / "output/chtml/fonts", folder / "output/chtml/fonts", dirs_exist_ok=True
    )


def main(chapters, folder=FOLDER):
    """Write all files into ``folder``; return their paths."""
    unknown = set(chapters) - {path.stem for path in bank.bank()}
    if unknown:
        sys.exit(f"no questions for {', '.join(sorted(unknown))}")
    found = questions(chapters)
    folder.mkdir(parents=True, exist_ok=True)
    copy_mathjax(folder / "mathjax")
    texts = {
        "sheet.html": sheet(found, answers=False),
        "answers.html": sheet(found, answers=True),
        "moodle.xml": moodle(found),
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    pages = [folder / "sheet.html", folder / "answers.html"]
    printed = print_pages(pages, ready="document.body.dataset.ready === 'yes'")
    return [*(folder / name for name in texts), *printed]


if __name__ == "__main__":
    for path in main(sys.argv[1:]):
        print(path)
