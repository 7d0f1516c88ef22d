"""The reference pages: bibliography and citations, glossary, the refresher's examples."""

import doctest
import json
import re
from pathlib import Path

from pybtex.database import parse_file

from els_tutorial import image_sets

ROOT = Path(__file__).resolve().parent.parent
BOOK = ROOT / "book"
PALETTE = ROOT / "els_tutorial" / "palette.json"
BIBLIOGRAPHY = BOOK / "references.bib"
NOTATION = BOOK / "reference" / "notation.md"
REFRESHER = BOOK / "reference" / "mathematics.md"
NOT_CHECKED = "Not checked against the source"

CITE = re.compile(r"\{cite(?::[a-z]+)?\}`([^`]*)`")
TERM = re.compile(r"\{term\}`(?:[^`<]*<)?([^`>]+)>?`")


def entries():
    """The bibliography, {key: pybtex entry}."""
    return dict(parse_file(str(BIBLIOGRAPHY), "bibtex").entries)


def prose(path):
    """The text of a page: all of a Markdown file, the Markdown cells of a notebook."""
    if path.suffix == ".md":
        return path.read_text(encoding="utf-8")
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return "\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")


def pages():
    """Every Markdown file and notebook of the book, except what Jupyter keeps beside them."""
    found = [*BOOK.rglob("*.md"), *BOOK.rglob("*.ipynb")]
    return sorted(p for p in found if ".ipynb_checkpoints" not in p.parts)


def cited_keys(text):
    """The keys that a page cites, in order, from {cite}, {cite:t} and their like."""
    return [key.strip() for keys in CITE.findall(text) for key in keys.split(",")]


def glossary_terms(text):
    """The terms that a page's glossary defines: its lines that are not indented."""
    blocks = re.findall(r"^```\{glossary\}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if re.match(r"\S", line)]


def test_every_entry_can_be_followed_to_the_work():
    lost = [k for k, e in entries().items() if not {"doi", "eprint", "url"} & set(e.fields)]
    assert not lost


def test_identifiers_have_the_form_of_their_kind():
    for key, entry in entries().items():
        fields = entry.fields
        if "doi" in fields:  # the bare identifier, so that the link to it is made once
            assert re.fullmatch(r"10\.\d{4,9}/\S+", fields["doi"]), key
        if "eprint" in fields:
            assert re.fullmatch(r"\d{4}\.\d{4,5}", fields["eprint"]), key
            assert fields["archiveprefix"] == "arXiv", key
        if "url" in fields:
            assert re.match(r"https?://\S+$", fields["url"]), key


def test_no_two_entries_are_the_same_work():
    for field in ("doi", "eprint", "title"):
        values = [e.fields[field].lower() for e in entries().values() if field in e.fields]
        assert len(values) == len(set(values)), field


def test_keys_are_first_author_year_word():
    for key, entry in entries().items():
        match = re.fullmatch(r"([a-z]+)(\d{4})([a-z]+)", key)
        assert match, key
        assert match[2] == entry.fields["year"], key
        first = entry.persons["author"][0]
        name = "".join(first.prelast_names + first.last_names)
        name = re.sub(r"\\.|[^A-Za-z]", "", name).lower()
        assert name.startswith(match[1]), f"{key} does not begin with the name of {first}"


def test_no_key_stands_twice():
    keys = re.findall(r"^\s*@\w+\{([^,\s]+)", BIBLIOGRAPHY.read_text("utf-8"), re.MULTILINE)
    assert sorted(keys) == sorted(entries())


def test_no_field_is_empty_and_every_entry_has_title_authors_and_year():
    for key, entry in entries().items():
        assert entry.persons["author"], key
        assert {"title", "year"} <= set(entry.fields), key
        empty = [name for name, value in entry.fields.items() if not value.strip("{} \t\n")]
        assert not empty, f"{key}: {empty}"
        venue = {"journal", "booktitle", "publisher", "institution", "howpublished", "eprint"}
        assert venue & set(entry.fields), key


def test_an_unchecked_entry_says_so_in_the_words_the_bibliography_explains():
    notes = {k: e.fields["note"] for k, e in entries().items() if "note" in e.fields}
    odd = [k for k, note in notes.items() if "check" in note.lower() and note != NOT_CHECKED]
    assert not odd
    assert NOT_CHECKED in (BOOK / "reference" / "bibliography.md").read_text(encoding="utf-8")


def test_every_citation_in_the_book_has_an_entry():
    known = set(entries())
    cited = {path: cited_keys(prose(path)) for path in pages()}
    assert any(cited.values()), "the book cites nothing: is the pattern still right?"
    missing = {str(p.relative_to(BOOK)): sorted(set(k) - known) for p, k in cited.items()}
    assert not {page: keys for page, keys in missing.items() if keys}


def test_every_image_set_has_its_citation_in_the_bibliography():
    known = entries()
    for name, facts in (image_sets.SHIPPED | image_sets.ON_REQUEST).items():
        assert facts.key in known, name
        entry = known[facts.key]
        assert entry.fields["year"] in facts.citation, name
        assert str(entry.persons["author"][0].last_names[-1]) in facts.citation, name


def test_the_notation_page_shows_the_markers_of_the_figures():
    rows = re.findall(r"^\| (\S) \| (\w+) \|", prose(NOTATION), re.MULTILINE)
    machines = json.loads(PALETTE.read_text(encoding="utf-8"))["machines"]
    assert rows == [(machine["symbol"], name) for name, machine in machines.items()]


def test_every_glossary_link_in_the_book_has_a_term():
    texts = [prose(path) for path in pages()]
    terms = [term for text in texts for term in glossary_terms(text)]
    assert len(terms) == len({term.lower() for term in terms}), "a term is defined twice"
    used = {" ".join(term.split()).lower() for text in texts for term in TERM.findall(text)}
    assert used, "no page links to the glossary: is the pattern still right?"
    assert used <= {term.lower() for term in terms}


def test_the_examples_of_the_refresher_print_what_the_page_says():
    blocks = re.findall(r"^```python\n(.*?)^```", prose(REFRESHER), re.MULTILINE | re.DOTALL)
    assert len(blocks) == 1 + prose(REFRESHER).count("\n## ")  # the imports; one example a section
    examples = doctest.DocTestParser().get_doctest("\n".join(blocks), {}, REFRESHER.stem, None, 0)
    result = doctest.DocTestRunner(verbose=False).run(examples)
    assert result.attempted >= 20
    assert result.failed == 0
