"""Send a page's style in few sheets, which hold only what the book's pages use.

The theme, Sphinx and the extensions bring eleven style sheets, 550 KB, nine tenths of them for
components and icons that no page shows; a browser waits for all before it draws anything. When the
book is built they become one sheet, ``_static/theme.css``, in the order in which the pages name
them. A rule stays if each class and each id that its selector asks for stands as a word in a page
or a script of the site, or begins as a script begins a name (``"bs-tooltip-" + side``). What a
selector names in parentheses, as in ``:not(.plain)``, counts as not asked for.

The book's own sheets, and that of the figures, follow as they are.
"""

import hashlib
import posixpath
import re
from pathlib import Path

OWN = ("_static/book.css", "_static/explorers/explorers.css")
SHEET = "_static/theme.css"
LINK = re.compile(r'[ \t]*<link [^>]*href="([^"?]+\.css)[^>]*>\n')
COMMENT = re.compile(r"""("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')|/\*.*?\*/""", re.DOTALL)
IMPORT = re.compile(r"""@import\s*["']([^"']+)["']\s*;""")
ADDRESS = re.compile(r"""url\((["']?)(?!data:|#)([^"')]+)\1\)""")
# A string, or what ends a statement, the head of a rule, or its block.
MARK = re.compile(r""""(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[{};]""")
GROUPS = re.compile(r"@(media|supports)\b")
ARGUMENTS = re.compile(r"\([^()]*\)")
ASKED = re.compile(r"[.#]((?:[\w-]|\\.)+)")
WORD = re.compile(r"[\w-]+")
SHORTEST = 4  # letters of a beginning, such as "bs-tooltip-"


def read(site, name):
    """Return the text of a sheet with what it imports, its addresses as of the folder _static."""
    text = COMMENT.sub(r"\1", (site / name).read_text("utf-8"))
    folder = posixpath.dirname(name)

    def address(found):
        return f"url({posixpath.relpath(posixpath.join(folder, found[2]), '_static')})"

    text = ADDRESS.sub(address, text)
    return IMPORT.sub(lambda f: read(site, posixpath.normpath(f"{folder}/{f[1]}")), text)


def rules(text):
    """Return the rules of a sheet, a list of pairs (head, body); of a statement, body is None."""
    found, depth, start, head = [], 0, 0, ""
    for mark in MARK.finditer(text):
        if mark[0] == "{":
            if depth == 0:
                head, start = text[start : mark.start()].strip(), mark.end()
            depth += 1
        elif mark[0] == "}":
            depth -= 1
            if depth == 0:
                found.append((head, text[start : mark.start()].strip()))
                start = mark.end()
        elif mark[0] == ";" and depth == 0:
            found.append((text[start : mark.start()].strip(), None))
            start = mark.end()
    return found


def selectors(head):
    """Return the selectors of a rule's head, split at the commas outside parentheses."""
    parts, depth = [""], 0
    for letter in head:
        depth += (letter == "(") - (letter == ")")
        if letter == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return [part.strip() for part in parts]


def prune(text, known):
    """Return a sheet without the rules that concern nothing in the site.

    Args:
        text: the sheet, without comments.
        known: function from a class or an id to whether the site may have it.
    """

    def concerns(selector):
        while ARGUMENTS.search(selector):
            selector = ARGUMENTS.sub("", selector)
        return all(known(name.replace("\\", "")) for name in ASKED.findall(selector))

    kept = []
    for head, body in rules(text):
        if body is None:
            kept += [] if head.startswith("@charset") else [f"{head};"]
        elif GROUPS.match(head):
            inner = prune(body, known)
            kept += [f"{head}{{{inner}}}"] if inner else []
        elif head.startswith("@"):
            kept.append(f"{head}{{{body}}}")
        else:
            wanted = ",".join(filter(concerns, selectors(head)))
            kept += [f"{wanted}{{{body}}}"] if wanted and body else []
    return "\n".join(kept)


def vocabulary(site):
    """Return the function that says whether a class or an id may occur in a built site."""
    words, beginnings = set(), set()
    for path in [*site.rglob("*.html"), *site.rglob("*.js")]:
        found = set(WORD.findall(path.read_text("utf-8")))
        words |= found
        if path.suffix == ".js":
            beginnings |= {word for word in found if word[-1] in "-_" and len(word) >= SHORTEST}
    starts = tuple(beginnings)
    return lambda name: name in words or name.startswith(starts)


def gather(app, exception):
    """Write the one sheet, and name it in the pages instead of the many."""
    if exception or app.builder.format != "html":
        return
    site, pages, sheets = Path(app.outdir), {}, {}
    for path in site.rglob("*.html"):
        if "_static" in path.parts:  # no pages, but pieces of the theme, and figures alone
            continue
        pages[path] = page = path.read_text("utf-8")
        folder = path.parent.relative_to(site).as_posix()
        for name in LINK.findall(page):
            sheets[posixpath.normpath(posixpath.join(folder, name))] = None
    names = [name for name in sheets if name not in (*OWN, SHEET)]
    if not names:  # of a build in which no page is new
        return
    text = prune("\n".join(read(site, name) for name in names), vocabulary(site))
    (site / SHEET).write_text(text, "utf-8")
    version = hashlib.sha256(text.encode()).hexdigest()[:8]
    for path, page in pages.items():
        up = posixpath.relpath(".", path.parent.relative_to(site).as_posix())
        first = [f'    <link rel="stylesheet" href="{posixpath.join(up, SHEET)}?v={version}" />\n']

        def change(link, first=first):
            if link[1].endswith(OWN):
                return link[0]
            return first.pop() if first else ""

        path.write_text(LINK.sub(change, page), "utf-8")


def setup(app):
    app.connect("build-finished", gather, priority=700)  # when each page has all its sheets
    return {"parallel_read_safe": True, "parallel_write_safe": True}
