"""A directive that lists what this book measured: `{measured}`, written from `results/`.

Each table says which command makes it, when and with what it was made, which pages read it and
which test computes some of it again. The last two are looked up in the texts themselves. A table
that no test holds is an error when the book is built, unless it holds times: those differ from one
machine to the next, so it names the processor instead.
"""

import json
from pathlib import Path

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

from els_tutorial import checkpoints

ROOT = Path(__file__).resolve().parent.parent.parent
RESULTS = ROOT / "results"


def read(path):
    """Return the entries of a results file: a list of (name or None, dict)."""
    table = json.loads(path.read_text("utf-8"))
    return [(None, table)] if "command" in table else sorted(table["networks"].items())


def seeds(entry):
    """Say how many seeds an entry has, or None where it does not count in seeds."""
    if "machines" in entry:
        return len(entry["machines"][entry["machine"]]["r"]["150"])
    given = entry.get("seeds", entry.get("seed"))
    return len(given) if isinstance(given, list) else given if given is None else 1


def made_with(entry):
    """Say what an entry was made with: versions, or the one version and the processor."""
    found = dict(entry.get("versions", {}))
    found |= {key: entry[key] for key in ("torch", "cpu") if key in entry}
    return ", ".join(
        value if key == "cpu" else f"{key} {value.partition('+')[0]}"
        for key, value in found.items()
    )


def naming(name, folder, *kinds):
    """Return the files of a folder that name a results file, in order."""
    files = sorted(path for kind in kinds for path in (ROOT / folder).rglob(kind))
    return [path for path in files if name in path.read_text("utf-8")]


def overview(path):
    """Return the lines of Markdown on one results file."""
    pages = [page for page in naming(path.name, "book", "*.ipynb") if ".ipynb_" not in str(page)]
    tests = naming(path.name, "tests", "test_*.py")
    entries = read(path)
    if not tests and not all("cpu" in entry for _, entry in entries):
        raise ValueError(f"no test reads results/{path.name}")
    places = [page.relative_to(ROOT / "book").with_suffix("").as_posix() for page in pages]
    shown = [f"{{doc}}`../{place}`" for place in places]
    held = ", ".join(f"`tests/{test.name}`" for test in tests)
    read_by = f"Read by {', '.join(shown)}." if shown else "No chapter reads it."
    held_by = f"Held by {held}." if held else "It holds times, which no test can hold."
    lines = [f"**`results/{path.name}`**", "", f"{read_by} {held_by}", ""]
    for _, entry in entries:
        count = seeds(entry)
        facts = [*([entry["date"]] if "date" in entry else []), made_with(entry)]
        facts += [f"{count} seeds" if count > 1 else "1 seed"] if count else []
        lines += [f"- `{entry['command']}`: {'; '.join(facts)}"]
    return [*lines, ""]


def networks():
    """Return the lines of Markdown on the networks that ship."""
    lines = []
    for name in checkpoints.names():
        card = checkpoints.card(name)
        minutes = card["seconds"] / 60
        lines.append(
            f"- `{card['command']}`: {card['date']}; torch {card['torch'].partition('+')[0]}; "
            f"seed {card['seed']}; {minutes:.0f} minutes on {card['threads']} thread"
            f"{'s' if card['threads'] > 1 else ''}"
        )
    return lines


class Measured(SphinxDirective):
    """List every results file, or with the argument ``networks`` every network that ships."""

    optional_arguments = 1

    def run(self):
        """Return the nodes of the list."""
        if self.arguments == ["networks"]:
            lines = networks()
        else:
            paths = sorted(RESULTS.glob("*.json"))
            lines = [line for path in paths for line in overview(path)]
        holder = nodes.container()
        source, _ = self.get_source_info()
        self.state.nested_parse(StringList(lines, source), self.content_offset, holder)
        return holder.children


def setup(app):
    """Register the directive."""
    app.add_directive("measured", Measured)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
