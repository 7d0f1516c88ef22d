"""The interactive figures in the built pages: alive, right, quiet; without scripts, a picture."""

import json
import re
from html import unescape
from pathlib import Path

import axe_playwright_python
import pytest
import torch
from bare_page import ALIVE
from conftest import SITE

from els_tutorial.explorers import EXPLORERS

AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js").read_text(encoding="utf-8")
ALL_PAGES = sorted(p for p in SITE.rglob("*.html") if "_static" not in p.parts)
PAGES = [
    page.relative_to(SITE).as_posix()
    for page in ALL_PAGES
    if 'class="els-explorer"' in page.read_text(encoding="utf-8")
]
DRAWN = """(live) => [...live.querySelectorAll('canvas, svg')].map(
    (drawn) => (drawn.localName === 'svg' ? drawn.outerHTML : drawn.toDataURL())
)"""

each_page = pytest.mark.parametrize("name", PAGES)


def open_alive(page, url):
    """Open a page and wait until each of its figures has computed and taken its picture's place."""
    page.goto(url, wait_until="load")
    page.wait_for_function("() => !document.documentElement.classList.contains('setting')")
    page.wait_for_function(ALIVE, timeout=30_000)


def states(page):
    """The state that the author gave each figure of the open page, as pairs (name, state)."""
    found = page.evaluate(
        "[...document.querySelectorAll('.els-explorer')].map((f) => ({...f.dataset}))"
    )
    return [(figure["explorer"], json.loads(figure["state"])) for figure in found]


def test_the_title_page_and_the_chapters_have_figures(site):
    needed = {"book/index.html", "book/1-paradox/memorization.html", "book/2-constraints/els.html"}
    assert needed <= set(PAGES)


@pytest.mark.parametrize("name", [name for name in PAGES if name.count("/") > 1])
def test_every_figure_of_a_chapter_begins_with_a_question(site, name):
    states = re.findall(
        r'class="els-explorer"[^>]* data-state="([^"]*)"', (site / name).read_text(encoding="utf-8")
    )
    assert states
    assert all("predict" in json.loads(unescape(state)) for state in states)


def test_only_pages_with_figures_load_their_scripts(site):
    for page in ALL_PAGES:
        text = page.read_text(encoding="utf-8")
        loads = re.search(r"<script[^>]+_static/explorers/", text) is not None
        assert loads == (page.relative_to(SITE).as_posix() in PAGES), page


def test_pages_hold_no_copy_of_the_module_or_of_live_widgets(site):
    for name in PAGES:
        text = (SITE / name).read_text(encoding="utf-8")
        assert "widget-state+json" not in text, name
        assert "createEngine" not in text, name


@each_page
@pytest.mark.parametrize("scheme", ["http", "file"])
def test_every_figure_is_alive_and_moves(site, site_url, new_page, name, scheme):
    page = new_page()
    open_alive(page, f"{site_url}/{name}" if scheme == "http" else (site / name).as_uri())
    for number, (explorer, _) in enumerate(states(page)):
        live = page.locator(".els-live").nth(number)
        readout = live.locator(".els-readout")
        before = live.evaluate("(live) => live.elsResult.readout")
        drawn = live.evaluate(DRAWN)
        time, sliders = live.get_by_label("Time t"), live.locator("input[type=range]:enabled")
        slider = time if time.count() else sliders.first
        slider.focus()
        at_end = slider.evaluate("(input) => input.value === input.max")
        page.keyboard.press("ArrowLeft" if at_end else "ArrowRight")
        page.wait_for_function(
            "([live, before]) => live.elsResult && live.elsResult.readout !== before",
            arg=[live.element_handle(), before],
            timeout=60_000,
        )
        readout.get_by_text(live.evaluate("(live) => live.elsResult.readout")).wait_for()
        assert live.evaluate(DRAWN) != drawn
        if explorer != "machine":
            continue
        canvas = live.locator(".els-pick canvas").nth(1)
        canvas.scroll_into_view_if_needed()
        canvas.click(position={"x": 3, "y": 3})
        readout.get_by_text("row 0, column 0").wait_for()


@each_page
def test_every_figure_shows_what_python_computes(site_url, new_page, name):
    page = new_page()
    open_alive(page, f"{site_url}/{name}")
    shown = page.evaluate(
        """[...document.querySelectorAll('.els-live')].map(
            ({elsResult: {readout, x0_hat, origin}}) =>
                ({readout, x0_hat: [...(x0_hat || [])], origin}))"""
    )
    for (explorer, state), result in zip(states(page), shown, strict=True):
        figure = EXPLORERS[explorer](**state)
        if explorer == "machine":
            check_machine(figure, result)
        else:  # the words hold the numbers
            assert result["readout"] == figure.describe()


def check_machine(figure, result):
    """Assert that a machine's page shows Python's guess, and the source of its pixel."""
    x, machine = figure.x_t(), figure.denoiser()
    x0_hat = torch.tensor(result["x0_hat"]).view_as(x)
    assert (x0_hat - machine.denoise(x, figure.alpha_bar)).abs().max() < 1e-3
    origin = machine.provenance(x, figure.alpha_bar)[:3]
    expected = [part[0, figure.row, figure.column].item() for part in origin]
    assert [result["origin"][key] for key in ("image", "row", "column")] == expected


@each_page
@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_jumps_when_a_figure_takes_its_pictures_place(site_url, new_page, name, width):
    page = new_page(width=width)
    page.add_init_script(
        """window.shifted = 0;
        new PerformanceObserver((list) => {
            for (const entry of list.getEntries()) window.shifted += entry.value;
        }).observe({type: "layout-shift", buffered: true});"""
    )
    open_alive(page, f"{site_url}/{name}")
    assert page.evaluate("window.shifted") < 0.05
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@each_page
@pytest.mark.parametrize("dark", [False, True])
def test_axe_finds_nothing_in_a_page_with_live_figures(site_url, new_page, name, dark):
    page = new_page(dark=dark)
    page.emulate_media(reduced_motion="reduce", color_scheme="dark" if dark else "light")
    # No preload: axe would fetch again what style sheets import, and not find it.
    options = {"resultTypes": ["violations"], "preload": False}
    for width in (1280, 768, 360):
        page.set_viewport_size({"width": width, "height": 900})
        open_alive(page, f"{site_url}/{name}")
        page.evaluate(AXE)
        found = page.evaluate("(options) => axe.run(options).then((r) => r.violations)", options)
        assert [(item["id"], item["nodes"][0]["html"]) for item in found] == []


@each_page
def test_without_scripts_a_picture_with_words_stands_in(site_url, new_page, name):
    page = new_page(javascript=False)
    page.goto(f"{site_url}/{name}")
    figures = page.locator(".els-explorer")
    assert figures.count() > 0
    for number, (explorer, state) in enumerate(states(page)):
        image = figures.nth(number).locator("img")
        image.scroll_into_view_if_needed()
        assert image.is_visible()
        assert image.get_attribute("alt") == EXPLORERS[explorer](**state).describe()
        assert 100 < image.bounding_box()["height"] < 400
        if "predict" in state and "predict" not in state["hide"]:
            assert figures.nth(number).get_by_text(state["predict"]["question"]).is_visible()
            assert not figures.nth(number).get_by_text(state["predict"]["answer"]).is_visible()
