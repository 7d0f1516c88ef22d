"""A directive that tells what a student's machine needs: `{classroom}`, from `results/`."""

import json
import re
from pathlib import Path

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

ROOT = Path(__file__).resolve().parent.parent.parent
RESULT = ROOT / "results" / "classroom.json"


def called(name):
    """Return Markdown that names a chapter or a lab."""
    if name.startswith("book/"):
        return f"{{doc}}`/{name}`"
    lab, _, rest = name.removeprefix("labs/").partition("-")
    return f"lab {lab.removeprefix('lab')}, {rest}, with its solution and all tests"


def table():
    """Return the lines of Markdown on memory and time of each chapter and lab."""
    facts = json.loads(RESULT.read_text("utf-8"))
    needs = {key: need for key, need in facts["needs"].items() if key != "server"}
    contents = re.findall(r"file: (\S+)", (ROOT / "_toc.yml").read_text("utf-8"))
    labs = [f"labs/{path.stem}" for path in sorted((ROOT / "labs").glob("*.ipynb"))]
    needs = {name: needs[name] for name in [*contents, *labs] if name in needs}
    lines = ["| notebook | memory at most | processor |", "| :-- | --: | --: |"]
    for name, need in needs.items():
        lines.append(f"| {called(name)} | {need['peak_mb']:,} MB | {need['seconds']} s |")
    peak = max(need["peak_mb"] for need in needs.values())
    slowest = max(need["seconds"] for need in needs.values())
    server = facts["needs"]["server"]["peak_mb"]
    said = (
        f"Measured on {facts['date']} with one thread of a processor “{facts['cpu']}”, Python "
        f"{facts['versions']['python']} and torch {facts['versions']['torch'].partition('+')[0]}: "
        f"each notebook was executed from its first cell to its last, in a kernel of its own. The "
        f"largest held {peak:,} MB, and the slowest took {slowest} seconds of one processor core. "
        f"JupyterLab's server itself held {server} MB. `{facts['command']}` measures it again."
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
