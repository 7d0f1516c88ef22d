"""What the built site says to search engines and messengers, and what its pages may load."""

import functools
import gzip
import posixpath
import re
import sys
import xml.etree.ElementTree as ET
from urllib.parse import unquote, urlsplit

import pytest
import yaml
from conftest import ROOT, SITE
from test_book import PAGES, elements, listed_pages, settle

sys.path.insert(0, str(ROOT / "book" / "_ext"))
import styles

HEAVIEST_COMPRESSED = 700e3  # bytes: the page, and all that it loads until it is read to its end
READ = """async () => {
    for (const fold of document.querySelectorAll("details")) fold.open = true;
    for (const picture of document.images) {
        if (!picture.checkVisibility()) continue;  // in a closed menu: it is not fetched
        picture.scrollIntoView({behavior: "instant"});
        await picture.decode().catch(() => {});
    }
    return true;
}"""


def policies(name):
    return [
        attributes["content"]
        for tag, attributes, _ in elements(name)
        if tag == "meta" and attributes.get("http-equiv") == "Content-Security-Policy"
    ]


@pytest.mark.parametrize("name", [*PAGES, "index.html"])
def test_every_page_admits_scripts_of_the_site_and_no_others(name):
    (policy,) = policies(name)
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    assert not {"'unsafe-inline'", "'unsafe-eval'", "*", "https:", "http:"} & set(
        rules["script-src"].split()
    )


@pytest.mark.parametrize("scheme", ["http", "file"])
def test_a_script_that_the_book_did_not_write_does_not_run(new_page, site, site_url, scheme):
    page = new_page()
    name = "book/2-constraints/els.html"
    settle(page, f"{site_url}/{name}" if scheme == "http" else (site / name).as_uri())
    page.evaluate(
        """() => {
            const script = document.createElement("script");
            script.textContent = "window.intruder = true";
            document.body.append(script);
            const picture = "<img src='data:,' onerror='intruder = true' alt=''>";
            document.body.insertAdjacentHTML("beforeend", picture);
        }"""
    )
    page.wait_for_timeout(200)
    assert page.evaluate("window.intruder") is None
    assert len(page.problems) >= 2
    assert all("Content Security Policy" in text for text in page.problems)
    page.problems.clear()


def test_the_site_map_lists_every_page_of_the_book(site):
    tree = ET.parse(site / "sitemap.xml")
    listed = [element.text for element in tree.iter() if element.tag.endswith("}loc")]
    url = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["repository"]["url"]
    owner, name = urlsplit(url).path.strip("/").split("/")
    base = f"https://{owner}.github.io/{name}/"
    assert {f"{base}{page}.html" for page in listed_pages()} <= set(listed)
    assert all((SITE / address.removeprefix(base)).is_file() for address in listed)


ANCHORS = functools.cache(
    lambda name: {a[key] for _, a, _ in elements(name) for key in ("id", "name") if a.get(key)}
)


@pytest.mark.parametrize("name", PAGES)
def test_every_link_inside_the_site_leads_somewhere(name):
    dead = []
    for tag, attributes, _ in elements(name):
        to = urlsplit(attributes.get("href") or "") if tag == "a" else urlsplit("")
        if to.scheme or to.netloc or not (to.path or to.fragment):
            continue
        target = posixpath.normpath(posixpath.join(posixpath.dirname(name), unquote(to.path)))
        target = target if to.path else name
        known = (SITE / target).is_file()
        # What explorers write behind the "#" is a state, "name.key=value", not a place.
        if known and target.endswith(".html") and to.fragment and "=" not in to.fragment:
            known = unquote(to.fragment) in ANCHORS(target)
        if not known:
            dead.append(attributes["href"])
    assert not dead


@pytest.mark.parametrize("name", PAGES)
def test_a_page_travels_light(new_page, site_url, name):
    page, sizes = new_page(), {}
    page.on("requestfinished", lambda request: sizes.update(travels(request)))
    settle(page, f"{site_url}/{name}")
    page.wait_for_function(READ, timeout=60_000)  # what is never fetched ends it, too
    page.wait_for_load_state("networkidle")
    heaviest = sorted(sizes.items(), key=lambda pair: -pair[1])[:5]
    assert sum(sizes.values()) <= HEAVIEST_COMPRESSED, heaviest


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_drawn_after_few_sheets_and_no_script(name):
    head = [(tag, attributes) for tag, attributes, _ in elements(name)]
    sheets = [a["href"] for tag, a in head if tag == "link" and a.get("rel") == "stylesheet"]
    assert len(sheets) <= 3
    scripts = [attributes for tag, attributes in head if tag == "script" and "src" in attributes]
    assert scripts and all("defer" in attributes for attributes in scripts)
    text = (SITE / name).read_text(encoding="utf-8")
    for script, what in (("/math.js", 'class="math'), ("/design-tabs.js", "sd-tab-set")):
        assert any(script in attributes["src"] for attributes in scripts) == (what in text)


def test_only_the_rules_that_concern_nothing_are_left_out():
    sheet = """@charset "utf-8"; a{b:c} .here,.gone .here{b:c} .gone:hover{b:c}
    .tip-left{b:"}"} :not(.gone)>#here{b:c} @media print{.gone{b:c} .here{b:c}} @media x{.gone{b:c}}
    @font-face{src:url(x)}"""
    known = {"here", "tip-left"}.__contains__
    assert styles.prune(sheet, known).replace("\n", "") == (
        'a{b:c}.here{b:c}.tip-left{b:"}"}:not(.gone)>#here{b:c}@media print{.here{b:c}}'
        "@font-face{src:url(x)}"
    )


def travels(request):
    """What a server sends for a request, compressed as servers do with text."""
    if request.url.startswith(("blob:", "data:")):
        return {}
    body = request.response().body()
    return {request.url: min(len(body), len(gzip.compress(body, 6)))}


@pytest.mark.parametrize("name", [f"{page}.html" for page in listed_pages()])
def test_a_page_has_a_card_with_a_picture_that_exists(name):
    said = {
        attributes.get("property", attributes.get("name")): attributes.get("content", "")
        for tag, attributes, _ in elements(name)
        if tag == "meta"
    }
    assert len(said["description"]) > 40
    assert said["og:title"] and said["og:url"].endswith(f"/{name}")
    picture = re.sub(r"^https://[^/]+/[^/]+/", "", said["og:image"])
    assert (SITE / picture).is_file() and said["og:image:alt"]
