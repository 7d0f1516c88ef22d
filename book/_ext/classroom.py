"""A directive that tells what a student's machine needs: `{classroom}`, from `results/`."""

import json
from pathlib import Path

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

RESULT = Path(__file__).resolve().parent.parent.parent / "results" / "classroom.json"


def table():
    """Return the lines of Markdown on memory and time of each chapter."""
    facts = json.loads(RESULT.read_text("utf-8"))
    chapters = facts["chapters"].items()
    peak = max(need["peak_mb"] for _, need in chapters)
    slowest = max(need["seconds"] for _, need in chapters)
    lines = ["| chapter | memory at most | processor |", "| :-- | --: | --: |"]
    lines += [
        f"| {{doc}}`/book/{name}` | {need['peak_mb']:,} MB | {need['seconds']} s |"
        for name, need in chapters
    ]
    said = (
        f"Measured on {facts['date']} with one thread of a processor “{facts['cpu']}”: each "
        f"chapter executed in a kernel of its own. The largest needs {peak:,} MB, and the slowest "
        f"{slowest} seconds of processor time. `{facts['command']}` measures it again."
    )
    return [*lines, "", said, ""]


class Classroom(SphinxDirective):
    """Show the table."""

    def run(self):
        """Return the nodes."""
        self.env.note_dependency(str(RESULT))
        holder = nodes.container()
        source, _ = self.get_source_info()
        self.state.nested_parse(StringList(table(), source), self.content_offset, holder)
        return holder.children


def setup(app):
    """Register the directive."""
    app.add_directive("classroom", Classroom)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
