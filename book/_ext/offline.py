"""Keep the built site to itself: every script, style and font it uses lies in its own folder.

Jupyter Book's stock pages ask content delivery networks for MathJax, thebe (a kernel in the page)
and the widgets' manager. This book needs none but MathJax: its figures bring their own code. So

- MathJax comes from the Python package `sphinx-mathjax-offline`, which carries release 3.2.2; of
  its font of the AMS, 41 KB, only the letters stay, such as the double-struck E of an expectation;
- sphinx-thebe, which Jupyter Book loads whether wanted or not, is taken out again;
- a notebook output that only the widgets' manager could show is an error when the book is built;
- a script or style from elsewhere is an error too, whatever extension asks for it;
- `index.html`, where a reader opens the book, leads to the title page without any script.
"""

import importlib.util
import shutil
import string
from pathlib import Path

from docutils import nodes
from fontTools import subset
from sphinx.errors import ExtensionError
from sphinx.util import logging

LOGGER = logging.getLogger(__name__)
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"

# The parts of MathJax that _config.yml names, and what they may ask for in their turn.
MATHJAX = (
    "startup.js",
    "core.js",
    "input/tex.js",
    "input/tex/extensions",
    "output/chtml.js",
    "output/chtml/fonts",
    "a11y/assistive-mml.js",
)

AMS = "output/chtml/fonts/woff-v2/MathJax_AMS-Regular.woff"

INDEX = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="refresh" content="0; url={root}">
<title>{title}</title>
</head>
<body><main><h1>{title}</h1><p><a href="{root}">Open the book</a></p></main></body>
</html>
"""


def drop_thebe(app):
    """Disconnect sphinx-thebe, whose script declares the same constant twice on every page."""
    for listeners in app.events.listeners.values():
        listeners[:] = [
            listener
            for listener in listeners
            if not listener.handler.__module__.startswith("sphinx_thebe")
        ]


def refuse_widget_views(app, doctree, docname):
    """Warn of an output that would stay blank in a page without a kernel."""
    for node in doctree.findall(nodes.raw):
        if WIDGET_VIEW in node.astext():
            LOGGER.warning(
                "a cell shows a widget that has no HTML form: it would be blank in the page",
                location=docname,
            )


def keep_local(app, pagename, templatename, context, doctree):
    """Drop thebe's style, and refuse every script and style of another host."""
    context["css_files"] = [
        style for style in context["css_files"] if not _name(style).endswith("sphinx-thebe.css")
    ]
    for asset in [*context["css_files"], *context["script_files"]]:
        if _name(asset).startswith(("http:", "https:", "//")):
            raise ExtensionError(f"{pagename} would load {_name(asset)} from another host")


def _name(asset):
    return str(getattr(asset, "filename", asset) or "")


def copy_mathjax(app, exception):
    """Copy the used parts of MathJax beside the other static files."""
    if exception or app.builder.format != "html":
        return
    package = importlib.util.find_spec("sphinx-mathjax-offline")
    source = Path(package.origin).parent / "static" / "mathjax"
    target = Path(app.outdir) / "_static" / "mathjax"
    for part in MATHJAX:
        (target / part).parent.mkdir(parents=True, exist_ok=True)
        if (source / part).is_dir():
            shutil.copytree(source / part, target / part, dirs_exist_ok=True)
        else:
            shutil.copy(source / part, target / part)
    options = subset.Options(flavor="woff")
    font = subset.load_font(target / AMS, options)
    subsetter = subset.Subsetter(options)
    subsetter.populate(text=string.ascii_letters)
    subsetter.subset(font)
    subset.save_font(font, target / AMS, options)


def write_index(app, exception):
    """Write the page at which a reader opens the book, in place of a bare redirect."""
    if exception or app.builder.format != "html":
        return
    page = INDEX.format(title=app.config.html_title, root=f"{app.config.root_doc}.html")
    (Path(app.outdir) / "index.html").write_text(page, encoding="utf-8")


def setup(app):
    app.connect("builder-inited", drop_thebe)
    app.connect("doctree-resolved", refuse_widget_views)
    app.connect("html-page-context", keep_local, priority=900)
    app.connect("build-finished", copy_mathjax)
    app.connect("build-finished", write_index)
    # First in the head, so that a page is never drawn in one theme and then in the other.
    app.add_js_file("site.js", priority=1)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
