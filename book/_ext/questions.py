"""Directives for those who teach: `{questions} CHAPTER` and `{solutions} CHAPTER`.

The first shows the chapter's questions of the bank, each with its answer in a fold. The second
shows the chapter's exercises with their solutions, as they stand in its notebook.
"""

import re

import bank
import nbformat
from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

DOC = re.compile(r"(\{doc\}`(?:[^`<]*<)?)([^`>/][^`>]*)(>?`)")
FOLD = re.compile(r"^(:{3,})\{dropdown\} (.+?)\n(.*?)\n\1\s*$", re.DOTALL | re.MULTILINE)


def anywhere(text, part):
    """Make the addresses of pages in a chapter's text hold from any page of the book.

    Args:
        text: Markdown.
        part: the name of the chapter's folder.
    """

    def absolute(found):
        start, path, end = found.groups()
        where = (bank.BOOK / part / path).resolve().relative_to(bank.BOOK)
        return f"{start}/book/{where.as_posix()}{end}"

    return DOC.sub(absolute, text)


def shown(question, number, place):
    """Return the lines of Markdown of one question, its answer in a fold."""
    kind = f"{bank.KINDS[question.kind]}{', in the chapter' if question.fold else ''}"
    lines = [f"(question-{place.rpartition('/')[2]}-{question.id})=", ""]
    lines += [f"**{number}.** *{kind}* (`{question.id}`). {question.ask.strip()}", ""]
    lines += [f"- **{letter}**. {option.say}" for letter, option in lettered(question)]
    lines += ["", ":::{dropdown} Answer"]
    for letter, option in lettered(question):
        lines += [f"- **{letter}**, {'right' if option.right else 'wrong'}. {option.because}"]
    lines += [question.answer.strip()] if question.answer else []
    if question.figure:
        lines += ["", f"See it: {{doc}}`/book/{place}`, or {link(question.figure)}."]
    return [*lines, ":::", ""]


def lettered(question):
    """Return pairs of a letter and an option."""
    return list(zip("abcde", question.options, strict=False))


def link(figure):
    """Return Markdown with a link to a figure alone, in the state that shows an answer."""
    state = " ".join(f"{key}={value}" for key, value in figure["state"].items())
    return f"{{live}}`the figure alone <{figure['explorer']} {state}>`"


def exercises(notebook):
    """Return the exercises of a chapter's notebook: a list of (title, text, solution, code).

    The text is what a reader sees before hint and solution. Code are the folded cells that the
    solution may speak of, which also check the reader's answer.
    """
    found, inside = [], False
    for cell in notebook.cells:
        if cell.cell_type == "code":
            folded = {"hide-input", "hide-cell"} & set(cell.metadata.get("tags", ()))
            if inside and found and folded:
                found[-1][3].append(cell.source)
            continue
        text = cell.source
        inside |= "## Exercises" in text
        if not inside:
            continue
        text = text.split("## Exercises", 1)[-1]
        inside, text = "## Check yourself" not in text, text.split("## Check yourself")[0]
        before, *parts = re.split(r"^### (.+)$", text, flags=re.MULTILINE)
        if found:
            add(found[-1], before)
        for heading, body in zip(parts[::2], parts[1::2], strict=True):
            found.append([heading, "", "", []])
            add(found[-1], body)
    return [tuple(exercise) for exercise in found]


def add(exercise, text):
    """Add a piece of a chapter to the exercise that it belongs to, in place."""
    for _, name, body in FOLD.findall(text):
        if name == "Solution":
            exercise[2] += body
    exercise[1] = f"{exercise[1]}\n{FOLD.sub('', text).strip()}".strip()


class Questions(SphinxDirective):
    """Show a chapter's questions. Its argument is the chapter's name."""

    required_arguments = 1

    def run(self):
        """Return the nodes."""
        try:
            path = bank.chapter(self.arguments[0])
        except ValueError as problem:
            raise self.error(str(problem)) from problem
        return self.markdown(self.lines(path), path)

    def lines(self, path):
        """Return the lines of Markdown for the chapter at ``path``."""
        questions, place = bank.read(bank.FOLDER / f"{path.stem}.yml"), place_of(path)
        self.env.note_dependency(str(bank.FOLDER / f"{path.stem}.yml"))
        lines = [shown(q, number + 1, place) for number, q in enumerate(questions)]
        return [line for group in lines for line in group]

    def markdown(self, lines, path):
        """Parse lines of a chapter's Markdown at the place of this directive."""
        self.env.note_dependency(str(path))
        text = anywhere("\n".join(lines), path.parent.name)
        holder = nodes.container()
        source, _ = self.get_source_info()
        self.state.nested_parse(StringList(text.split("\n"), source), self.content_offset, holder)
        return holder.children


class Solutions(Questions):
    """Show a chapter's exercises with their solutions. Its argument is the chapter's name."""

    def lines(self, path):
        """Return the lines of Markdown for the chapter at ``path``."""
        lines = []
        for heading, text, solution, code in exercises(nbformat.read(path, 4)):
            lines += [f"**Exercise {heading}**", "", text, "", ":::::{admonition} Solution"]
            lines += [":class: note", solution.strip(), ":::::", ""]
            if code:
                lines += ["::::{dropdown} The cells that check it", "```python"]
                lines += ["\n\n".join(code), "```", "::::", ""]
        return lines


def place_of(path):
    """Return where a chapter stands under ``book/``, without its ending."""
    return path.relative_to(bank.BOOK).with_suffix("").as_posix()


def setup(app):
    """Register the directives."""
    app.add_directive("questions", Questions)
    app.add_directive("solutions", Solutions)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
