"""Print the built book to one PDF, page by page as its table of contents has them: `make pdf`."""

import sys
import tempfile
from pathlib import Path

import yaml
from pdf import print_pages
from pypdf import PdfWriter

ROOT = Path(__file__).resolve().parent.parent.parent
SITE, BOOK = ROOT / "_build" / "html", ROOT / "_build" / "creativity-from-constraints.pdf"
# Fonts are there, mathematics is set, and each figure, told of the print, shows what it computed.
READY = """dispatchEvent(new Event("beforeprint")) && document.fonts.status === "loaded"
    && !document.documentElement.classList.contains("setting")
    && [...document.querySelectorAll(".els-explorer")].every(
        (figure) => figure.querySelector(".els-live")?.elsResult)"""


def contents():
    """Return the pages of the book in order, as (part or None, path without its ending)."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))
    chapters = [
        (part["caption"], page["file"]) for part in toc["parts"] for page in part["chapters"]
    ]
    return [(None, toc["root"]), *chapters]


def title(page):
    """Return the title of a built page."""
    text = (SITE / f"{page}.html").read_text("utf-8")
    return text.split("<title>")[1].split("</title>")[0].split(" &#8212; ")[0]


def print_book(target=BOOK, pages=None):
    """Print pages as :func:`contents` lists them (all of them by default) to the PDF ``target``."""
    pages = pages or contents()
    with tempfile.TemporaryDirectory() as folder:
        paths = [SITE / f"{page}.html" for _, page in pages]
        margin = dict.fromkeys(("top", "right", "bottom", "left"), "15mm")
        printed = print_pages(paths, READY, folder=folder, format="A4", margin=margin)
        if not printed:
            sys.exit(1)
        book, parts = PdfWriter(), {None: None}
        for (part, page), path in zip(pages, printed, strict=True):
            first = len(book.pages)
            book.append(path, import_outline=False)
            if part not in parts:
                parts[part] = book.add_outline_item(part, first)
            book.add_outline_item(title(page), first, parent=parts[part])
        book.add_metadata({"/Title": title(contents()[0][1])})
        book.compress_identical_objects()
        book.write(target)


if __name__ == "__main__":
    print_book()
    print(BOOK)
