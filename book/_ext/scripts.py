"""Let no script hold up the drawing of a page.

The theme and Sphinx name ten scripts in the head of each page; a browser waits for one after the
other before it draws anything. When the book is built,

- the two that must run first, the book's own ``site.js`` and Sphinx's options, come to stand in the
  page, which saves two requests;
- all others get ``defer``: they run in the same order, when the page has been read;
- a page without a formula loads nothing for formulas, and one without tabs nothing for tabs.
"""

import re
from pathlib import Path

FIRST = ("_static/site.js", "_static/documentation_options.js")
SCRIPT = re.compile(r'<script([^>]*)\ssrc="([^"?]+)([^"]*)"></script>')
FORMULA = re.compile(r'<(?:span|div) class="math')
FOR_FORMULAS = re.compile(
    r'[ \t]*<script(?:>window\.MathJax = [^<]*|[^>]* src="[^"]*/math\.js[^"]*">)</script>\n'
)
TABS = re.compile(r'class="[^"]*\bsd-tab-set\b')
FOR_TABS = re.compile(r'[ \t]*<script[^>]* src="[^"]*/design-tabs\.js[^"]*"></script>\n')


def hold_nothing_up(app, exception):
    """Change each built page accordingly."""
    if exception or app.builder.format != "html":
        return
    site = Path(app.outdir)
    first = {name: (site / name).read_text("utf-8").strip() for name in FIRST}

    def change(script):
        attributes, name, version = script.groups()
        for known, text in first.items():
            if name.endswith(known):
                return f"<script>{text}</script>"
        if " defer" in attributes:
            return script[0]
        return f'<script defer="defer"{attributes} src="{name}{version}"></script>'

    for path in site.rglob("*.html"):
        if "_static" in path.parts:  # no pages, but pieces of the theme, and figures alone
            continue
        page = path.read_text("utf-8")
        if not FORMULA.search(page):
            page = FOR_FORMULAS.sub("", page)
        if not TABS.search(page):
            page = FOR_TABS.sub("", page)
        path.write_text(SCRIPT.sub(change, page), "utf-8")


def setup(app):
    app.connect("build-finished", hold_nothing_up, priority=700)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
