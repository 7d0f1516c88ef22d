"""The slides: made of the book, without a network, with figures that live, and in time."""

import re
import sys

import pytest
from conftest import ROOT

sys.path.insert(0, str(ROOT / "book" / "_ext"))
sys.path.insert(0, str(ROOT / "slides"))
import build
import from_book

SLIDES = ROOT / "slides"
DECKS = [f"session{number}" for number in range(1, 5)]
PLANS = (ROOT / "book" / "teach" / "plans.md").read_text("utf-8").split("\n## Session ")[1:]

each_deck = pytest.mark.parametrize("deck", DECKS)


@pytest.fixture(scope="module")
def made(tmp_path_factory, browser):
    """All that `make slides` makes, {name: path}."""
    return {path.name: path for path in build.build(tmp_path_factory.mktemp("slides"))}


def minutes(deck):
    """What the notes of a deck say of time: (first minute, last minute, kind) for each slide."""
    text = (SLIDES / f"{deck}.md").read_text("utf-8")
    found = re.findall(r"^Minutes (\d+) to (\d+), (\w+)[.,]", text, re.MULTILINE)
    return [(int(start), int(end), kind) for start, end, kind in found]


@pytest.mark.parametrize(("deck", "plan"), list(zip(DECKS, PLANS, strict=True)), ids=DECKS)
def test_notes_keep_the_minutes_of_the_plan(deck, plan):
    told = minutes(deck)
    assert told[0][0] == 0 and told[-1][1] == 90
    assert all(end == start for (_, end, _), (start, _, _) in zip(told, told[1:], strict=False))
    rows = re.findall(r"^\| (\d+)–(\d+) \| (\w+) \|", plan, re.MULTILINE)
    for start, end, kind in rows:
        inside = [row for row in told if int(start) <= row[0] < int(end)]
        assert inside[0][0] == int(start) and inside[-1][1] == int(end), (start, end)
        assert {row[2] for row in inside} == {kind}, (start, end)


@each_deck
def test_every_slide_has_notes_for_the_speaker(deck):
    _, *parts = re.split(r"^#{1,2} ", (SLIDES / f"{deck}.md").read_text("utf-8"), flags=re.M)
    assert [part.split("\n")[0] for part in parts if ":::{notes}" not in part] == []


@each_deck
def test_a_deck_opens_from_disk_without_a_network(made, new_page, deck):
    page = new_page(width=1280, height=720)
    page.goto(made[f"{deck}.html"].as_uri())
    page.wait_for_function("window.Reveal?.isReady()", timeout=30_000)
    slides = page.evaluate("Reveal.getTotalSlides()")
    assert slides == len(re.findall(r"^#{1,2} ", (SLIDES / f"{deck}.md").read_text(), re.M))
    assert page.locator("mjx-container").count() > 0
    assert page.locator("mjx-merror").count() == 0
    for number in range(slides):
        page.evaluate("(number) => Reveal.slide(number)", number)
        low = page.evaluate(
            """() => Math.max(...[...document.querySelectorAll(
                'section.present:not(.stack) > :not(.notes)'
            )].map((node) => node.getBoundingClientRect().bottom))"""
        )
        assert low <= 720, f"slide {number + 1} is too full"


@each_deck
def test_figures_on_slides_live(made, new_page, deck):
    page = new_page(width=1280, height=720)
    page.goto(made[f"{deck}.html"].as_uri())
    page.wait_for_function("window.Reveal?.isReady()", timeout=30_000)
    frames = page.locator("iframe[data-els]")
    assert frames.count() > 0
    for number in range(frames.count()):
        place = frames.nth(number).evaluate("(f) => Reveal.getIndices(f.closest('section'))")
        page.evaluate("({h, v}) => Reveal.slide(h, v)", place)
        inside = page.frame_locator("iframe[data-els]").nth(number)
        live = inside.locator(".els-live:not([hidden])")
        words = live.locator(".els-readout").filter(has_text=re.compile(r"\w"))
        words.wait_for(timeout=60_000)
        before = live.evaluate("(live) => live.elsResult.readout")
        slider = inside.locator("input[type=range]:enabled").first
        slider.focus()
        at_end = slider.evaluate("(input) => input.value === input.max")
        page.keyboard.press("ArrowLeft" if at_end else "ArrowRight")
        inside.locator("body").evaluate(
            """(body, before) => new Promise((done) => {
                const look = () => {
                    const live = body.querySelector('.els-live');
                    live.elsResult && live.elsResult.readout !== before
                        ? done() : setTimeout(look, 50);
                };
                look();
            })""",
            before,
        )
        assert page.evaluate("Reveal.getIndices().h") == place["h"], "the key turned the slide"


@each_deck
def test_a_deck_is_printed_with_one_page_a_slide(made, deck):
    content = made[f"{deck}.pdf"].read_bytes()
    pages = len(re.findall(rb"/Type\s*/Page\b", content))
    assert pages == len(re.findall(r"^#{1,2} ", (SLIDES / f"{deck}.md").read_text(), re.M))


def test_the_speaker_sees_the_notes(made, new_page):
    page = new_page(width=1280, height=720)
    page.goto(made["session1.html"].as_uri())
    page.wait_for_function("window.Reveal?.isReady()", timeout=30_000)
    page.evaluate("Reveal.slide(1)")
    with page.expect_popup() as opened:
        page.keyboard.press("s")
    opened.value.get_by_text("Minutes 0 to 8, discussion.").first.wait_for(timeout=15_000)


def test_what_the_book_no_longer_has_stops_the_build():
    for find, argument in (
        (from_book.statement, "thm-nothing"),
        (from_book.picture, "els: No such picture"),
        (from_book.cell, "els: no such cell"),
        (from_book.question, "els nothing"),
    ):
        with pytest.raises(ValueError):
            find(argument)


def test_the_readme_names_the_command():
    assert "make slides" in (ROOT / "README.md").read_text("utf-8")
    assert "slides/build.py" in (ROOT / "Makefile").read_text("utf-8")
