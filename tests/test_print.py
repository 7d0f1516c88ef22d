"""The book as one PDF."""

import sys

from conftest import ROOT
from pypdf import PdfReader

sys.path.insert(0, str(ROOT / "book" / "_ext"))
import print_book


def test_chosen_pages_become_one_pdf_with_their_titles(site, browser, tmp_path):
    pages = [page for page in print_book.contents() if page[1].endswith(("/els", "/notation"))]
    target = tmp_path / "book.pdf"
    print_book.print_book(target, pages)
    pdf = PdfReader(target)
    first, inside, *_ = pdf.outline
    assert first.title == "The constraints"
    assert [entry.title for entry in inside] == ["The equivariant local score machine"]
    words = "".join(page.extract_text() for page in pdf.pages[:3])
    assert "Four machines" in words and len(pdf.pages) > 10


def test_contents_are_those_of_the_site(site):
    pages = [page for _, page in print_book.contents()]
    assert pages[0] == "book/index" and len(pages) == len(set(pages))
    assert all((site / f"{page}.html").is_file() for page in pages)
