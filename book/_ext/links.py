"""Figures alone, in a page of their own to link to or to frame, and a page that makes the links.

`{figure-links}` stands in the page of text, and the role `{live}` makes a link by hand. Each
figure's own page is `_static/explorers/embed/NAME.html`: the same module and the same engine as in
the chapters, nothing around it. It tells a page that frames it its state and its height, by
messages.
"""

import html
import json
import re
from pathlib import Path
from urllib.parse import quote

from docutils import nodes
from explorers import FOLDER, explorer, read
from sphinx.util.docutils import SphinxDirective, SphinxRole

from els_tutorial.explorers import EXPLORERS

EMBED = f"{FOLDER}/embed"
PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<script>
document.documentElement.dataset.theme =
  matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
</script>
<link rel="stylesheet" href="../explorers.css">
<style>
body {{ margin: 0; padding: 4px; font-family: system-ui, sans-serif; }}
[data-theme="dark"] {{ background: #121212; color: #eee; }}
.els-explorer {{ margin: 0; }}
h1 {{ position: absolute; overflow: hidden; width: 1px; height: 1px; clip-path: inset(50%); }}
</style>
<script defer src="../{name}.js"></script>
<script defer src="../loader.js"></script>
<script>
(() => {{
  const tell = () => parent.postMessage({{
    els: "{name}",
    hash: location.hash,
    height: document.body.offsetHeight + 2,
    painted: Boolean(document.querySelector(".els-live:not([hidden])")),
  }}, "*");
  const replace = history.replaceState.bind(history);
  history.replaceState = (...state) => {{ replace(...state); tell(); }};
  addEventListener("load", () => new ResizeObserver(tell).observe(document.body));
  addEventListener("els:painted", () => setTimeout(tell), true);
  addEventListener("message", (event) => event.data === "els" && tell());
}})();
</script>
</head>
<body><main><h1>{title}</h1>{figure}</main></body>
</html>
"""


class Live(SphinxRole):
    """A link to a figure alone, in a chosen state: ``{live}`noising t=0.7 hide=seed` ``.

    With other words than the figure's name: ``{live}`this one <noising t=0.7>` ``.
    """

    def run(self):
        """Return the link's node."""
        said, target = re.fullmatch(r"(.*?)\s*(?:<(.+)>)?", self.text).groups()
        name, *settings = (target or said).split()
        try:
            state = chosen(name, settings)
        except ValueError as problem:
            found = self.inliner.reporter.error(f"live: {problem}", line=self.lineno)
            return [], [found]
        address = f"{'../' * self.env.docname.count('/')}_static/{EMBED}/{name}.html"
        uri = f"{address}#{state}" if state else address
        return [nodes.reference(self.rawtext, said if target else name, refuri=uri)], []


def chosen(name, settings):
    """Return the part of an address that puts a figure into a state.

    Args:
        name: the explorer's name.
        settings: strs such as ``"t=0.7"`` and ``"hide=seed,count"``.

    Raises:
        ValueError: if the explorer has no such state.
    """
    if name not in EXPLORERS:
        raise ValueError(f"unknown explorer {name!r}; there are {', '.join(EXPLORERS)}")
    usual = EXPLORERS[name]().full_state
    pairs = [setting.partition("=")[::2] for setting in settings]
    lost = [key for key, _ in pairs if key not in usual]
    if lost:
        raise ValueError(f"{name} has no setting {lost[0]!r}")
    EXPLORERS[name](**{key: read(text, usual[key]) for key, text in pairs})
    return "&".join(f"{name}.{key}={quote(text, safe=',')}" for key, text in pairs)


class figure_links(nodes.General, nodes.Element):  # noqa: N801 (docutils names nodes so)
    """The place where the page's script builds its form."""


class FigureLinks(SphinxDirective):
    """Show the form; the content stands there for readers without scripts."""

    has_content = True

    def run(self):
        """Return the form's node."""
        node = figure_links()
        self.state.nested_parse(self.content, self.content_offset, node)
        return [node]


def write_pages(app):
    """Write each figure's own page, beside the scripts that it loads."""
    if app.builder.format != "html":
        return
    folder = Path(app.outdir) / "_static" / EMBED
    folder.mkdir(parents=True, exist_ok=True)
    for name, kind in EXPLORERS.items():
        figure = kind()
        text = PAGE.format(name=name, title=f"The figure {name}", figure=figure.html())
        (folder / f"{name}.html").write_text(text, encoding="utf-8")


def remember(app, doctree):
    """Keep which figures a page has, in which state they begin."""
    found = {}
    places = []
    for node in doctree.findall(explorer):
        name = node["name"]
        found[name] = found.get(name, 0) + 1
        number = found[name]
        id_ = name if number == 1 else f"{name}-{number}"
        places.append((name, id_, json.loads(node["state"])))
    if not hasattr(app.env, "els_places"):
        app.env.els_places = {}
    app.env.els_places[app.env.docname] = places


def forget(app, env, docname):
    """Drop what a page had, before it is read again."""
    getattr(env, "els_places", {}).pop(docname, None)


def merge(app, env, docnames, other):
    """Take over what another process read."""
    env.els_places = getattr(env, "els_places", {}) | {
        name: places
        for name, places in getattr(other, "els_places", {}).items()
        if name in docnames
    }


def facts(env):
    """Return what the form needs to know of each figure: its controls, state and places."""
    figures = {}
    for name, kind in EXPLORERS.items():
        figures[name] = {
            "controls": [*kind.controls, "predict"],
            "state": kind().state,
            "places": [],
        }
    for docname, places in getattr(env, "els_places", {}).items():
        for name, id_, state in places:
            title = env.titles[docname].astext()
            number = f" ({id_.rsplit('-')[-1]})" if id_ != name else ""
            own = {key: state[key] for key in EXPLORERS[name].settings}
            place = {"page": f"{docname}.html", "title": f"in “{title}”{number}"}
            figures[name]["places"].append(place | {"id": id_, "state": own})
    return figures


def visit(translator, node):
    env, page = translator.builder.env, translator.builder.current_docname
    embed = f"{'../' * page.count('/')}_static/{EMBED}/"
    data = html.escape(json.dumps({"figures": facts(env), "embed": embed}))
    translator.body.append(f'<div class="els-links" data-figures="{data}">')


def depart(translator, node):
    translator.body.append("</div>\n")


def leave_alone(translator, node):
    """In print the text speaks for itself."""


def add_scripts(app, pagename, templatename, context, doctree):
    """Add the form's scripts to the page that has it."""
    if doctree and any(True for _ in doctree.findall(figure_links)):
        for name in ("qrcode", "links"):
            app.add_js_file(f"links/{name}.js", priority=700, loading_method="defer")


def setup(app):
    app.add_node(
        figure_links,
        html=(visit, depart),
        **dict.fromkeys(("latex", "text", "man", "texinfo"), (leave_alone, leave_alone)),
    )
    app.add_directive("figure-links", FigureLinks)
    app.add_role("live", Live())
    app.connect("builder-inited", write_pages)
    app.connect("doctree-read", remember)
    app.connect("env-purge-doc", forget)
    app.connect("env-merge-info", merge)
    app.connect("html-page-context", add_scripts)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
