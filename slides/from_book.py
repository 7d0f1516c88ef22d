"""Directives that bring the book's own text, pictures, figures and questions onto a slide.

    {statement} thm-els             a definition or theorem, as the chapter states it
    {picture} els: Two rows of six  the picture whose alt text begins so
    {cell} els: def els             the cell whose code begins so
    {live} machine t=0.5 hide=seed  the explorer itself, in this state
    {question} els attention        a question of the bank; the answer comes with a key
    {notes}                         what only the speaker sees

Nothing is copied: what changes in a chapter changes on its slides, and what is no longer there
stops the build.
"""

import html
import re
from functools import cache

import bank
import explorers
import export
import links
import nbformat
import offline
from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

STATEMENT = re.compile(
    r"^(:{3,})\{prf:(\w+)\} ?(.*?)\n:label: (\S+)\n(.*?)\n\1\s*$", re.DOTALL | re.MULTILINE
)
FRAME = (
    '<div class="live"><iframe src="{address}" title="Interactive figure: {name}" '
    'data-els="{name}"></iframe></div>'
)


known = cache(export.labels)


@cache
def cells(path):
    """Return the cells of a chapter's notebook."""
    return nbformat.read(path, as_version=4).cells


def statement(label):
    """Return the kind, the title and the text of a labelled statement, in Markdown without roles.

    Raises:
        ValueError: if no chapter has it.
    """
    for path in bank.BOOK.glob("[0-9]-*/*.ipynb"):
        for cell in cells(path):
            for _, kind, title, found, text in STATEMENT.findall(cell.source):
                if found == label:
                    return kind, title, export.plain(text, path, known())
    raise ValueError(f"no chapter states {label}")


def picture(argument):
    """Return (alt text, base64) of the picture that an argument ``CHAPTER: BEGINNING`` names.

    Raises:
        ValueError: unless there is exactly one.
    """
    name, _, beginning = argument.partition(": ")
    found = []
    for cell in cells(bank.chapter(name)):
        for output in cell.get("outputs", ()):
            alt = output.get("metadata", {}).get("image/png", {}).get("alt", "")
            if "image/png" in output.get("data", {}) and alt.startswith(beginning):
                found.append((alt, output["data"]["image/png"].replace("\n", "")))
    if len(found) != 1:
        raise ValueError(f"{len(found)} pictures of {name} begin with {beginning!r}")
    return found[0]


def cell(argument):
    """Return the code of the cell that an argument ``CHAPTER: BEGINNING`` names.

    Raises:
        ValueError: unless there is exactly one.
    """
    name, _, beginning = argument.partition(": ")
    found = [
        cell.source
        for cell in cells(bank.chapter(name))
        if cell.cell_type == "code" and cell.source.startswith(beginning)
    ]
    if len(found) != 1:
        raise ValueError(f"{len(found)} cells of {name} begin with {beginning!r}")
    return found[0]


def question(argument):
    """Return a question of the bank, by ``CHAPTER ID``, and the chapter's path.

    Raises:
        ValueError: if there is none.
    """
    name, _, id_ = argument.partition(" ")
    path = bank.chapter(name)
    for found in bank.read(bank.FOLDER / f"{name}.yml"):
        if found.id == id_:
            return found, path
    raise ValueError(f"{name} has no question {id_!r}")


class FromBook(SphinxDirective):
    """What the directives share: one argument, errors that stop the build, nested Markdown."""

    required_arguments = 1
    final_argument_whitespace = True

    def run(self):
        """Return the nodes."""
        try:
            return self.make(self.arguments[0].strip())
        except ValueError as problem:
            raise self.error(str(problem)) from problem

    def markdown(self, text, *classes):
        """Return a container of parsed Markdown."""
        holder = nodes.container(classes=list(classes))
        source, _ = self.get_source_info()
        self.state.nested_parse(StringList(text.split("\n"), source), self.content_offset, holder)
        return holder


class Statement(FromBook):
    """A definition, theorem or the like."""

    def make(self, argument):
        """Return the nodes."""
        kind, title, text = statement(argument)
        return [self.markdown(f"**{kind.capitalize()}** ({title}). {text.strip()}", "statement")]


class Picture(FromBook):
    """A picture with its alt text."""

    def make(self, argument):
        """Return the nodes."""
        alt, content = picture(argument)
        return [nodes.image(uri=f"data:image/png;base64,{content}", alt=alt)]


class Cell(FromBook):
    """The code of a cell."""

    def make(self, argument):
        """Return the nodes."""
        return [nodes.literal_block(text=cell(argument), language="python", linenos=False)]


class Live(FromBook):
    """An explorer in a frame: the page that `links.py` writes for it."""

    def make(self, argument):
        """Return the nodes."""
        name, *settings = argument.split()
        state = links.chosen(name, settings)
        address = f"_static/{links.EMBED}/{name}.html{'#' if state else ''}{state}"
        frame = FRAME.format(name=name, address=html.escape(address))
        return [nodes.raw("", frame, format="html")]


class Question(FromBook):
    """A question; the answer is a fragment, and the reasons are in the notes."""

    def make(self, argument):
        """Return the nodes."""
        found, path = question(argument)

        def plain(text):
            return export.plain(text.strip(), path, known())

        lines = [plain(found.ask), ""]
        lines += [f"{number}. {plain(o.say)}" for number, o in enumerate(found.options, 1)]
        asked = self.markdown("\n".join(lines), "question")
        if not found.options:
            return [asked, self.markdown(plain(found.answer), "answer", "fragment")]
        lettered = list(zip("abcde", found.options, strict=False))
        ((letter, right),) = [pair for pair in lettered if pair[1].right]
        answer = self.markdown(f"**{letter}.** {plain(right.because)}", "answer", "fragment")
        reasons = [f"{letter}: {plain(option.because)}" for letter, option in lettered]
        return [asked, answer, *noted(" ".join(["Reasons.", *reasons]))]


class Notes(SphinxDirective):
    """Notes for the speaker, a paragraph for each of the text."""

    has_content = True

    def run(self):
        """Return the nodes."""
        return noted("\n".join(self.content))


def noted(text):
    """Return the node of a note for the speaker."""
    paragraphs = "".join(f"<p>{html.escape(part)}</p>" for part in text.split("\n\n"))
    return [nodes.raw("", f'<aside class="notes">{paragraphs}</aside>', format="html")]


def setup(app):
    """Register the directives, and let the book's extensions write what the figures need."""
    for directive in (Statement, Picture, Cell, Live, Question, Notes):
        app.add_directive(directive.__name__.lower(), directive)
    app.connect("builder-inited", explorers.write_scripts)
    app.connect("builder-inited", links.write_pages)
    app.connect("build-finished", offline.copy_mathjax)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
