"""Build the slides: a deck for each session, as web pages and as PDF.

    python slides/build.py [--no-pdf]    # into _build/slides

The pages open from the folder, without a network. Where Chromium or Chrome is on PATH each deck is
printed to PDF, one page a slide, with what its figures show at first.
"""

import argparse
import sys
from pathlib import Path

from sphinx.cmd.build import main as sphinx

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "book" / "_ext"))
from pdf import print_pages

HERE = Path(__file__).resolve().parent
FOLDER = HERE.parent / "_build" / "slides"
READY = "document.body.dataset.ready === 'yes'"


def build(folder=FOLDER, pdf=True):
    """Build into ``folder``; return the paths of the pages and of the PDF files.

    Raises:
        SystemExit: if Sphinx warns of anything.
    """
    trees = FOLDER.parent / "slides-trees"
    options = ["-b", "revealjs", "-n", "-W", "--keep-going", "-q", "-E", "-d", str(trees)]
    if sphinx([*options, str(HERE), str(folder)]):
        sys.exit("the slides were not built")
    pages = sorted(Path(folder).glob("session*.html"))
    size = {"width": "1280px", "height": "720px", "prefer_css_page_size": True}
    return [*pages, *(print_pages(pages, READY, "?print-pdf", 1500, **size) if pdf else [])]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--no-pdf", action="store_true", help="web pages only")
    for path in build(pdf=not parser.parse_args().no_pdf):
        print(path)
