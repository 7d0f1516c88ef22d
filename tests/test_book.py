"""The built site, page by page: quiet, self-contained, accessible, light, and up to date."""

from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import axe_playwright_python
import nbformat
import pytest
import yaml
from bare_page import ALIVE
from conftest import ROOT, SITE
from fontTools.ttLib import TTFont

AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js").read_text(encoding="utf-8")
AXE_OPTIONS = {
    "preload": False,  # it would fetch the style sheets again, which a page from disk may not
    "resultTypes": ["violations"],
    "rules": {"label-content-name-mismatch": {"enabled": True}},
}
HEAVIEST_PAGE = 2.6e6  # bytes, decoded: the page and all that it loads
WIDTHS = 1280, 768, 360
NARROW = WIDTHS[-1]

PAGES = sorted(
    path.relative_to(SITE).as_posix()
    for path in SITE.rglob("*.html")
    if "_static" not in path.parts and path != SITE / "index.html"
)
NOTEBOOKS = sorted(path.relative_to(ROOT).as_posix() for path in ROOT.glob("book/**/*.ipynb"))


class Elements(HTMLParser):
    """Every start tag of a page, as (tag, attributes, whether it stands in the article)."""

    def __init__(self, text):
        super().__init__()
        self.found, self.depth = [], 0
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.depth += tag == "article"
        self.found.append((tag, dict(attributes), self.depth > 0))

    def handle_endtag(self, tag):
        self.depth -= tag == "article"


def elements(page):
    return Elements((SITE / page).read_text(encoding="utf-8")).found


def listed_pages():
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    chapters = [chapter["file"] for part in toc["parts"] for chapter in part["chapters"]]
    return [toc["root"], *chapters]


def test_every_page_of_the_table_of_contents_is_built(site):
    missing = [name for name in listed_pages() if f"{name}.html" not in PAGES]
    assert not missing


# The theme makes what scrolls focusable some time after a change of size.
WHAT_SCROLLS_HAS_FOCUS = """() => [
    ...document.querySelectorAll("pre, .pst-scrollable-table-container")
].every(e => e.scrollWidth <= e.clientWidth || e.tabIndex >= 0)"""


def settle(page, url):
    """Open `url` and wait until fonts, mathematics and live figures are there."""
    page.emulate_media(reduced_motion="reduce")
    page.goto(url, wait_until="load")
    page.wait_for_function("() => !document.documentElement.classList.contains('setting')")
    page.wait_for_function("() => document.fonts.ready.then(() => true)")  # ends by a time-out
    page.wait_for_function(ALIVE, timeout=60_000)


def violations(page, width):
    """What axe-core finds in the open page at a width, one line a finding."""
    page.set_viewport_size({"width": width, "height": 900})
    page.wait_for_function(WHAT_SCROLLS_HAS_FOCUS)
    if not page.evaluate("typeof axe !== 'undefined'"):
        page.evaluate(AXE)
    found = page.evaluate("options => axe.run(options).then(r => r.violations)", AXE_OPTIONS)
    theme = page.evaluate("document.documentElement.dataset.theme")
    return [
        f"{width} px, {theme}: {finding['id']}: {' '.join(node['html'].split())[:200]}"
        for finding in found
        for node in finding["nodes"]
    ]


def sideways(page):
    """The elements that make the open page wider than its window."""
    return page.evaluate(
        """() => document.documentElement.scrollWidth <= innerWidth ? [] : ["the page", ...
        [...document.querySelectorAll("body *")]
        .filter(e => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest("pre"))
        .map(e => e.outerHTML.slice(0, 120)).slice(0, 10)]"""
    )


@pytest.mark.parametrize("name", PAGES)
def test_page_over_http_is_accessible_light_and_quiet(new_page, site_url, name):
    page = new_page()
    sizes = []
    page.on("requestfinished", lambda request: sizes.append((request.url, body_size(request))))
    settle(page, f"{site_url}/{name}")
    found = [line for width in WIDTHS for line in violations(page, width)]
    assert not found, "\n".join(found)
    assert not sideways(page)
    heaviest = sorted(sizes, key=lambda pair: -pair[1])[:5]
    assert sum(size for _, size in sizes) <= HEAVIEST_PAGE, heaviest


def body_size(request):
    return len(request.response().body())


@pytest.mark.parametrize("name", PAGES)
def test_page_from_disk_is_accessible_in_the_dark_and_quiet(new_page, site, name):
    page = new_page(dark=True)
    settle(page, (site / name).as_uri())
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    found = [line for width in WIDTHS for line in violations(page, width)]
    assert not found, "\n".join(found)
    assert not sideways(page)


ICONS = """() => [...document.querySelectorAll("*")].flatMap((element) =>
    ["::before", "::after"].map((part) => getComputedStyle(element, part))
    .filter((style) => style.fontFamily.includes("Font Awesome"))
    .map((style) => style.content.replaceAll('"', ""))
).filter((content) => content && content !== "none")"""


@pytest.mark.parametrize("name", ["book/index.html", "book/2-constraints/els.html"])
def test_icons_of_a_page_are_kept_in_the_font(new_page, site, name):
    fonts = [TTFont(path) for path in site.rglob("fa-*.woff2")]
    kept = {chr(code) for font in fonts for code in font.getBestCmap()}
    for width in WIDTHS:
        page = new_page(width=width)
        settle(page, (site / name).as_uri())
        shown = set("".join(page.evaluate(ICONS)))
        assert shown
        assert shown <= kept


AMS_LETTERS = """() => [...document.querySelectorAll("mjx-c")]
    .map((glyph) => getComputedStyle(glyph, "::before"))
    .filter((style) => style.fontFamily === "MJXZERO, MJXTEX-A")
    .map((style) => style.content.replaceAll('"', ""))"""


def test_formulas_take_only_letters_from_the_font_of_which_only_letters_are_kept(new_page, site):
    shown = set()
    for name in PAGES:
        if 'class="math' in (site / name).read_text(encoding="utf-8"):
            page = new_page()
            settle(page, (site / name).as_uri())
            shown |= set(page.evaluate(AMS_LETTERS))
    (path,) = site.rglob("MathJax_AMS-Regular.woff")
    assert shown and shown <= set(map(chr, TTFont(path).getBestCmap()))


@pytest.mark.parametrize("scheme", ["http", "file"])
def test_index_leads_to_the_title_page(new_page, site, site_url, scheme):
    start = f"{site_url}/index.html" if scheme == "http" else (site / "index.html").as_uri()
    page = new_page(javascript=False)
    page.goto(start)
    page.wait_for_url("**/book/index.html")
    title = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["title"]
    assert title in page.locator("h1").first.inner_text()


def test_reader_can_choose_a_theme_and_keeps_it(new_page, site_url):
    page = new_page(dark=True)
    settle(page, f"{site_url}/{listed_pages()[0]}.html")
    theme = "document.documentElement.dataset.theme"
    assert page.evaluate(theme) == "dark"
    button = page.locator(".bd-header-article .theme-switch-button")
    for _ in range(3):
        button.click()
        if page.evaluate(theme) == "light":
            break
    page.reload()
    assert page.evaluate(theme) == "light"


def test_search_from_a_phone_and_from_disk_finds_a_chapter(new_page, site):
    page = new_page(width=NARROW)
    settle(page, (site / f"{listed_pages()[0]}.html").as_uri())
    page.locator(".bd-header-article .search-button").click()
    assert not violations(page, NARROW)
    page.locator("#pst-search-dialog input").fill("equivariant")
    page.keyboard.press("Enter")
    page.locator("#search-results a[href*='2-constraints/els.html']").first.wait_for()


def test_menu_on_a_phone_is_accessible_and_leads_to_a_chapter(new_page, site_url):
    page = new_page(width=NARROW, dark=True)
    settle(page, f"{site_url}/{listed_pages()[0]}.html")
    page.locator("button.primary-toggle").click()
    assert not violations(page, NARROW)
    page.locator("#pst-primary-sidebar-modal a[href*='2-constraints/els.html']").click()
    page.wait_for_url("**/2-constraints/els.html")


@pytest.mark.parametrize("name", PAGES)
def test_every_image_says_what_it_shows(name):
    silent = [
        attributes
        for tag, attributes, in_article in elements(name)
        if tag == "img" and not says_something(attributes, in_article)
    ]
    assert not silent


def says_something(attributes, in_article):
    alt = attributes.get("alt")
    if alt is None or not alt.strip():
        return alt is not None and not in_article  # only the frame may hold mere decoration
    name = unquote(urlsplit(attributes.get("src", "")).path).rsplit("/", 1)[-1]
    return alt.strip().rsplit("/", 1)[-1] != name


@pytest.mark.parametrize("name", [*PAGES, "index.html"])
def test_page_loads_nothing_from_another_host(name):
    loads = {"script": "src", "img": "src", "iframe": "src", "source": "src", "link": "href"}
    foreign = [
        attributes[loads[tag]]
        for tag, attributes, _ in elements(name)
        if tag in loads
        and (attributes.get(loads[tag]) or "").startswith(("http:", "https:", "//"))
        and attributes.get("rel") != "canonical"
    ]
    assert not foreign


def test_styles_load_nothing_from_another_host(site):
    for sheet in site.rglob("*.css"):
        text = sheet.read_text(encoding="utf-8").replace('"', "").replace("'", "")
        for start in ("url(http", "url(//", "@import http", "@import //"):
            assert start not in text, sheet


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_notebook_is_committed_executed(name):
    notebook = nbformat.read(ROOT / name, as_version=4)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert any(cell.outputs for cell in cells)
    assert "widgets" not in notebook.metadata


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_built_chapter_shows_what_its_cells_print(name):
    notebook = nbformat.read(ROOT / name, as_version=4)
    page = (SITE / name).with_suffix(".html").read_text(encoding="utf-8")
    shown = sum("cell_output" in (a.get("class") or "").split() for _, a, _ in Elements(page).found)
    visible = [
        cell
        for cell in notebook.cells
        if cell.cell_type == "code"
        and cell.outputs
        and not {"remove-output", "remove-cell"} & set(cell.metadata.get("tags", ()))
    ]
    assert shown == len(visible)
