"""Put the interactive figures of `els_tutorial.explorers` into pages.

A figure comes from a notebook cell that shows an explorer, or in a page of text from

    ```{explorer} machine
    :patch_size: 7
    :hide: seed, count
    ```

whose options are the explorer's traits (``predict`` is a JSON object). In the page stands a picture
with alt text, computed by the Python machines for exactly that state, and above it the question, if
there is one. Where scripts run, the figure takes its place. Only pages with a figure load its
scripts and style; its data, images for instance, the loader fetches when a reader comes near. The
scripts are classic ones, in files: to a page read from a disk a browser refuses modules and
fetches, and files are cached from page to page.
"""

import base64
import html
import json
import re
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.transforms import SphinxTransform
from sphinx.util.docutils import SphinxDirective

from els_tutorial import explorers

FOLDER = "explorers"  # under _static
WIDGET_STATE = "application/vnd.jupyter.widget-state+json"
OUTPUT = re.compile(r'<div class="els-explorer" data-explorer="(\w+)" data-state="([^"]*)">')


class explorer(nodes.General, nodes.Element):  # noqa: N801 (docutils names nodes so)
    """A figure: the attributes ``name`` and ``state``, and in it the picture."""


def make(name, state):
    """Return the node of explorer ``name`` in this state, with its picture."""
    figure = explorers.EXPLORERS[name](**state)
    picture = base64.b64encode(figure.still()).decode()
    # dark-light: the theme would dim the picture on a dark page, and white must stay white.
    image = nodes.image(
        uri=f"data:image/png;base64,{picture}", alt=figure.describe(), classes=["dark-light"]
    )
    state = json.dumps(figure.full_state)
    return explorer("", image, name=name, state=state, asked=figure.asked())


OPTIONS = {
    setting: directives.unchanged
    for figure in explorers.EXPLORERS.values()
    for setting in (*figure.settings, "predict", "prompt", "hide")
}


class ExplorerDirective(SphinxDirective):
    """Show the explorer named in the argument, its traits set by the options."""

    required_arguments = 1
    option_spec = OPTIONS

    def run(self):
        """Return the figure's node."""
        name = self.arguments[0]
        if name not in explorers.EXPLORERS:
            known = ", ".join(explorers.EXPLORERS)
            raise self.error(f"unknown explorer {name!r}; there are {known}")
        try:
            usual = {"predict": {}} | explorers.EXPLORERS[name]().full_state
            state = {key: read(text, usual[key]) for key, text in self.options.items()}
            return [make(name, state)]
        except (KeyError, ValueError) as problem:
            raise self.error(f"explorer {name}: {problem}") from problem


def read(text, like):
    """Read the text of an option as a value of the same type as ``like``."""
    if isinstance(like, list):
        return [part.strip() for part in text.split(",")]
    if isinstance(like, dict):
        return json.loads(text)
    return type(like)(text)


class FromNotebooks(SphinxTransform):
    """Turn each cell output that holds an explorer's HTML into the figure's node."""

    default_priority = 800

    def apply(self, **kwargs):
        for bundle in list(self.document.findall(is_bundle)):
            for raw in bundle.findall(nodes.raw):
                found = OUTPUT.search(raw.astext())
                if found:
                    name, state = found.groups()
                    bundle.replace_self(make(name, json.loads(html.unescape(state))))
                    break


def is_bundle(node):
    """Say whether a node holds one output of a cell in all its forms."""
    return isinstance(node, nodes.container) and node.get("nb_element") == "mime_bundle"


def visit(translator, node):
    state = html.escape(node["state"])
    translator.body.append(
        f'<div class="els-explorer" data-explorer="{node["name"]}" data-state="{state}">'
        f'{node["asked"]}<div class="els-still">'
    )


def depart(translator, node):
    translator.body.append("</div></div>\n")


def leave_alone(translator, node):
    """In print the picture speaks for itself."""


def write_scripts(app):
    """Write what the figures need beside the other static files, before the pages name it."""
    if app.builder.format != "html":
        return
    folder = Path(app.outdir) / "_static" / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in explorers.page_files().items():
        (folder / name).write_text(text, encoding="utf-8")


def add_scripts(app, pagename, templatename, context, doctree):
    """Add to a page the scripts and the style of the figures that it has."""
    figures = list(doctree.findall(explorer)) if doctree else []
    if not figures:
        return
    app.add_css_file(f"{FOLDER}/explorers.css")
    scripts = {f"{node['name']}.js" for node in figures}
    for order, name in enumerate([*sorted(scripts), "loader.js"]):
        app.add_js_file(f"{FOLDER}/{name}", priority=600 + order, loading_method="defer")


def drop_widget_state(app, pagename, templatename, context, doctree):
    """Leave out what the manager of live widgets would read: a copy of all that a figure holds."""
    context["script_files"] = [
        script
        for script in context["script_files"]
        if getattr(script, "attributes", {}).get("type") != WIDGET_STATE
    ]


def setup(app):
    app.add_node(
        explorer,
        html=(visit, depart),
        **dict.fromkeys(("latex", "text", "man", "texinfo"), (leave_alone, leave_alone)),
    )
    app.add_directive("explorer", ExplorerDirective)
    app.add_transform(FromNotebooks)
    app.connect("builder-inited", write_scripts)
    app.connect("html-page-context", add_scripts)
    app.connect("html-page-context", drop_widget_state, priority=900)  # after MyST-NB adds it
    return {"parallel_read_safe": True, "parallel_write_safe": True}
