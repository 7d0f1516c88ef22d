"""The explorer "turing": what theory says of Gray and Scott's reaction, and the page's own bits."""

import math
import re

import bare_page
import pytest
import torch
from test_explorers import contrast

from els_tutorial.explorers import TuringExplorer, turing_steps
from els_tutorial.explorers.noise import uniforms
from els_tutorial.explorers.turing import INK, MOST, PRESETS, RANGE, STARTS
from els_tutorial.explorers.turing_steps import (
    SIDE,
    SPREAD_U,
    SPREAD_V,
    almost_even,
    drops,
    even_state,
    jacobian,
    kind,
    react,
)

# Each pattern, few steps and many, seeds, all four kinds, both ends of the rates.
SETTINGS = [
    {"steps": 0},
    {"steps": 1, "seed": 9999},
    {"steps": 200},
    {"steps": 200, "start": "even"},
    {"steps": 200, "feed": 0.06, "kill": 0.0622, "start": "even", "seed": 3, "speed": 32},
    {"steps": 1000, "feed": 0.026, "kill": 0.051},
    {"steps": 120, "feed": 0.1, "kill": 0.03, "start": "even", "speed": 1},
    {"steps": 120, "feed": 0.01, "kill": 0.075},
    *(dict(zip(("feed", "kill", "start"), preset, strict=True)) for preset in PRESETS.values()),
]


# ---- Python ----


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"feed": 0.2}, "feed must be a number from 0.01 to 0.1, got 0.2"),
        ({"kill": float("nan")}, "kill must be a number from 0.03 to 0.075, got nan"),
        ({"feed": 0.03701}, "feed must have at most four decimals, got 0.03701"),
        ({"start": "middle"}, "start must be one of 'drops', 'even'; got 'middle'"),
        ({"seed": -1}, "seed must be an int from 0 to 9999, got -1"),
        ({"steps": MOST + 1}, "steps must be an int from 0 to 50000, got 50001"),
        ({"speed": 0}, "speed must be an int from 1 to 32, got 0"),
        (
            {"hide": ["images"]},
            "hide must be a list of feed, kill, start, seed, steps, speed",
        ),
        ({"images": "digits"}, "unknown setting 'images'; there are feed, kill, start"),
    ],
)
def test_a_setting_that_is_not_there_is_refused(setting, message):
    with pytest.raises(ValueError, match=message):
        TuringExplorer(**setting)


def everywhere():
    """Places of the plane of feed and kill."""
    for feed in torch.linspace(*RANGE["feed"], 31).tolist():
        for kill in torch.linspace(*RANGE["kill"], 31).tolist():
            yield feed, kill


def growth(feed, kill, pace=0.0):
    """The larger real part of the two rates at which a disturbance of the even state grows.

    ``pace`` is minus the eigenvalue of the Laplacian, from 0 to 8.
    """
    spread = torch.diag(torch.tensor([SPREAD_U, SPREAD_V], dtype=torch.float64))
    matrix = torch.tensor(jacobian(feed, kill), dtype=torch.float64) - pace * spread
    return torch.linalg.eigvals(matrix).real.max().item()


def test_an_even_state_stays_as_it_is():
    for feed, kill in everywhere():
        found = even_state(feed, kill)
        if found is None:
            assert feed < 4 * (feed + kill) ** 2
            continue
        u, v = (torch.full((3, 3), value, dtype=torch.float64) for value in found)
        after = react(u, v, feed, kill)
        torch.testing.assert_close(torch.stack(after), torch.stack((u, v)), rtol=0, atol=1e-14)


def test_the_jacobian_is_the_derivative_of_a_step():
    feed, kill = 0.06, 0.0622
    state = torch.tensor(even_state(feed, kill), dtype=torch.float64)

    def reaction(state):
        u, v = state.view(2, 1, 1)
        return torch.stack(react(u, v, feed, kill)).flatten() - state

    found = torch.autograd.functional.jacobian(reaction, state)
    torch.testing.assert_close(found, torch.tensor(jacobian(feed, kill), dtype=torch.float64))


def test_each_kind_is_what_the_growth_of_small_disturbances_says():
    seen = set()
    for feed, kill in [*everywhere(), *((f, k) for f, k, _ in PRESETS.values())]:
        found = kind(feed, kill)
        seen.add(found)
        if found == "none":
            continue
        still = growth(feed, kill)
        waves = max(growth(feed, kill, pace) for pace in torch.linspace(0.01, 8, 400).tolist())
        if found == "restless":
            assert still >= 0
        else:
            assert still < 0
            assert waves > -1e-5 if found == "turing" else waves < 1e-5
    assert seen == set(turing_steps.KINDS)


def test_faster_spreading_of_v_never_makes_turings_instability():
    for feed, kill in everywhere():
        assert kind(feed, kill, spread=(0.1, 0.1)) != "turing"
        assert kind(feed, kill, spread=(0.08, 0.16)) != "turing"


def test_a_wave_grows_at_the_rate_that_theory_says():
    feed, kill, waves = 0.06, 0.0622, 13
    place = 2 * math.pi * waves * torch.arange(SIDE, dtype=torch.float64) / SIDE
    bump = 1e-7 * torch.cos(place)[None]
    u, v = (value + bump for value in even_state(feed, kill))
    u, v = react(u, v, feed, kill, 300)  # until the faster of the two rates is alone
    before = (v - v.mean()).abs().max()
    u, v = react(u, v, feed, kill, 100)
    after = (v - v.mean()).abs().max()
    pace = 2 - 2 * math.cos(2 * math.pi * waves / SIDE)
    rate = growth(feed, kill, pace)
    assert rate > 0
    assert (after / before).log().item() / 100 == pytest.approx(math.log1p(rate), rel=1e-3)


def test_without_v_nothing_ever_happens_and_a_little_v_dies():
    for feed, kill, _ in PRESETS.values():
        nothing = torch.ones(4, 4, dtype=torch.float64), torch.zeros(4, 4, dtype=torch.float64)
        after = react(*nothing, feed, kill, 10)
        assert all(torch.equal(a, b) for a, b in zip(nothing, after, strict=True))
        little = react(nothing[0], nothing[1] + 0.001, feed, kill, 500)[1]
        assert little.max() < 1e-12


def test_steps_commute_with_shifts_and_are_local():
    u, v = drops(1)
    one = react(u, v, 0.037, 0.065, 3)
    moved = react(u.roll((5, -9), (0, 1)), v.roll((5, -9), (0, 1)), 0.037, 0.065, 3)
    assert all(torch.equal(a.roll((5, -9), (0, 1)), b) for a, b in zip(one, moved, strict=True))
    poked = v.clone()
    poked[40, 50] += 0.5
    changed = (react(u, poked, 0.037, 0.065, 3)[1] != one[1]).nonzero()
    assert (changed - torch.tensor([40, 50])).abs().sum(1).max() == 3  # one cell a step


def test_starts_are_those_of_the_seed():
    assert (drops(0)[1] > 0).sum() <= 12 * 48
    assert not torch.equal(drops(0)[1], drops(1)[1])
    for feed, kill in ((0.06, 0.0622), (0.037, 0.065)):
        even = torch.tensor(even_state(feed, kill) or (1.0, 0.0)).double()
        noise = torch.stack(almost_even(2, feed, kill)) - even[:, None, None]
        assert noise.min() >= 0 and noise.max() <= 0.01
    assert uniforms(0, 5).tolist() == uniforms(0, 9)[:5].tolist()


def test_words_say_what_the_field_holds():
    figure = TuringExplorer(steps=1)
    covered = (figure.field()[1] > 0.1).sum().item()
    assert figure.describe().startswith(
        "Feed 0.0370, kill 0.0650, after 1 step from drops of V (seed 0): "
        f"V is above 0.1 in {covered} "
    )
    assert "not Turing's instability" in figure.describe()
    assert (
        TuringExplorer(feed=0.06, kill=0.0622, steps=0)
        .describe()
        .endswith(
            "The even state with V at 0.26 is stable without diffusion and unstable with it: "
            "Turing's instability."
        )
    )


def test_the_still_picture_is_a_png():
    for settings in SETTINGS[:3]:
        assert TuringExplorer(**settings).still().startswith(b"\x89PNG")


def test_more_v_is_darker_ink():
    greys = [
        contrast("#FFFFFF", "#" + "".join(f"{round(255 * c):02X}" for c in INK(k / 9)[:3]))
        for k in range(10)
    ]
    assert greys == sorted(greys)


# ---- The browser ----

CALM = {"reduced_motion": "reduce"}


@pytest.fixture(scope="session")
def turing_page(tmp_path_factory):
    """The address of a page with two explorers; the second has no brush and no seed."""
    folder = tmp_path_factory.mktemp("turing")
    return bare_page.write(
        folder, TuringExplorer(), TuringExplorer(steps=0, hide=["brush", "seed"])
    )


def calm_page(new_page, **options):
    """A page of a reader who prefers reduced motion: nothing moves until it is asked to."""
    page = new_page(**options)
    page.emulate_media(
        reduced_motion="reduce", color_scheme="dark" if options.get("dark") else "light"
    )
    return page


def result(page, **settings):
    return bare_page.result(page, ["u", "v"], **settings)


def address(url, settings):
    return bare_page.address(url, "turing", settings)


def first(page):
    return page.locator(".els-live").first


def drawn(page):
    return page.evaluate("document.querySelector('.els-field canvas').toDataURL()")


def count(page):
    return int(first(page).locator(".els-turing-count").inner_text().split()[1])


def play_button(page):
    return first(page).locator("[data-control=play] button").first


def test_a_page_computes_the_bits_that_python_computes(turing_page, new_page):
    page = calm_page(new_page)
    for settings in SETTINGS:
        figure = TuringExplorer(**settings)
        page.goto(address(turing_page, settings))
        shown = result(page, **figure.state)
        for name, expected in zip("uv", figure.field(), strict=True):
            found = torch.tensor(shown[name], dtype=torch.float64).view(SIDE, SIDE)
            assert torch.equal(found, expected), (settings, name)
        assert shown["readout"] == figure.describe()
        page.get_by_text(figure.describe()).first.wait_for()
        label = first(page).locator(".els-field canvas").get_attribute("aria-label")
        assert figure.describe() in label


def test_the_page_has_the_presets_of_python(turing_page, new_page):
    page = calm_page(new_page)
    page.goto(turing_page)
    result(page)
    select = first(page).get_by_label("Pattern", exact=True)
    names = [text.split(" · ")[1] for text in select.locator("option:enabled").all_inner_texts()]
    assert names == list(PRESETS)
    for letter, (feed, kill, start) in zip("abcdefg", PRESETS.values(), strict=True):
        select.select_option(letter)
        shown = result(page, feed=feed, kill=kill, start=start)
        assert select.input_value() == letter
    assert shown["steps"] == 0
    first(page).get_by_role("slider", name="Feed").press("ArrowRight")
    result(page, feed=0.061)
    assert select.input_value() == ""


KEYS = [  # a control, the keys, what they do to the state
    ("role=slider[name='Feed']", ["ArrowRight"], {"feed": 0.038}),
    ("role=slider[name='Feed']", ["End"], {"feed": 0.1}),
    ("role=slider[name='Kill']", ["ArrowLeft", "ArrowLeft"], {"kill": 0.0646}),
    ("role=slider[name='Kill']", ["Home"], {"kill": 0.03}),
    ("role=combobox[name='Pattern']", ["ArrowDown"], {"feed": 0.029, "kill": 0.057, "steps": 0}),
    ("role=combobox[name='Start from']", ["ArrowDown"], {"start": "even"}),
    ("role=spinbutton[name='Seed']", ["ArrowUp"], {"seed": 1}),
    ("role=spinbutton[name='Steps done']", ["ArrowUp"], {"steps": 1501}),
    ("role=slider[name='Steps a frame']", ["ArrowRight"], {"speed": 9}),
    ("role=button[name='One step']", ["Enter"], {"steps": 1501}),
    ("role=button[name='500 steps']", ["Space"], {"steps": 2000}),
    ("role=button[name='Start again']", ["Enter"], {"steps": 0}),
]


@pytest.mark.parametrize(("control", "keys", "state"), KEYS)
def test_each_control_moves_by_keyboard(turing_page, new_page, control, keys, state):
    page = calm_page(new_page)
    page.goto(turing_page)
    before = result(page)
    first(page).locator(control).focus()
    for key in keys:
        page.keyboard.press(key)
    after = result(page, **state)
    if state != {"speed": 9}:
        assert after["readout"] != before["readout"]
    page.get_by_text(after["readout"]).first.wait_for()
    assert page.evaluate("document.activeElement.closest('.els-live') !== null")  # focus stays


def test_every_setting_has_a_control_that_the_keyboard_test_moves():
    assert {name for _, _, state in KEYS for name in state} == set(TuringExplorer.settings)


def test_steps_by_the_buttons_are_steps_of_python(turing_page, new_page):
    page = calm_page(new_page)
    page.goto(address(turing_page, {"steps": 30}))
    result(page, steps=30)
    first(page).get_by_role("button", name="One step").click()
    first(page).get_by_role("button", name="One step").click()
    shown = result(page, steps=32)
    expected = TuringExplorer(steps=32)
    assert shown["v"] == expected.field()[1].flatten().tolist()
    assert shown["readout"] == expected.describe()


def test_it_moves_by_itself_at_so_many_steps_a_frame_and_can_be_paused(turing_page, new_page):
    page = new_page()
    page.clock.install(time=0)
    page.goto(address(turing_page, {"steps": 0, "speed": 4}))
    result(page, steps=0)
    page.clock.pause_at(60_000)
    assert play_button(page).inner_text() == "Pause"
    began = count(page)
    page.clock.run_for(16 * 40)
    assert count(page) == began + 4 * 40
    assert result(page)["settings"]["steps"] < began + 4 * 40  # silent while it runs
    play_button(page).click()
    assert play_button(page).inner_text() == "Play"
    now = count(page)
    shown = result(page, steps=now)
    assert shown["readout"] == TuringExplorer(steps=now, speed=4).describe()
    page.clock.run_for(500)
    assert count(page) == now
    play_button(page).click()
    page.clock.run_for(500)
    assert count(page) > now


def test_with_reduced_motion_it_rests_until_it_is_asked(turing_page, new_page):
    page = calm_page(new_page)
    page.clock.install(time=0)
    page.goto(address(turing_page, {"steps": 10}))
    result(page, steps=10)
    page.clock.pause_at(60_000)
    page.clock.run_for(1000)
    assert (count(page), play_button(page).inner_text()) == (10, "Play")
    play_button(page).click()
    page.clock.run_for(1000)
    assert count(page) > 10


def frames_pass(page, number=5):
    """Wait until the browser has drawn some frames."""
    page.evaluate(
        """(number) => new Promise((done) => {
            const turn = () => (number-- ? requestAnimationFrame(turn) : done());
            turn();
        })""",
        number,
    )


def test_off_the_screen_and_in_a_hidden_tab_it_rests(turing_page, new_page):
    page = new_page(height=500)
    page.goto(address(turing_page, {"steps": 0}))
    result(page, steps=0)
    counter = "document.querySelector('.els-turing-count').textContent"
    wait = f"(old) => Number({counter}.split(' ')[1]) > old"
    page.wait_for_function(wait, arg=0, timeout=60_000)
    page.evaluate("document.body.style.paddingTop = '3000px'; scrollTo(0, 0)")
    frames_pass(page)
    away = count(page)
    frames_pass(page)
    assert count(page) == away
    page.evaluate("document.body.style.paddingTop = ''")
    page.wait_for_function(wait, arg=away, timeout=60_000)
    page.evaluate(
        """() => {
            Object.defineProperty(document, "hidden", {value: true, configurable: true});
            document.dispatchEvent(new Event("visibilitychange"));
        }"""
    )
    hidden = count(page)
    frames_pass(page)
    assert count(page) == hidden
    page.evaluate("delete document.hidden; document.dispatchEvent(new Event('visibilitychange'))")
    page.wait_for_function(wait, arg=hidden, timeout=60_000)


def test_the_brush_drops_and_wipes_by_keyboard(turing_page, new_page):
    page = calm_page(new_page)
    page.goto(address(turing_page, {"steps": 0}))
    before = result(page, steps=0)
    canvas = first(page).locator(".els-field canvas")
    canvas.focus()
    for key in ("ArrowUp", "ArrowLeft", "Shift+ArrowLeft", " "):
        page.keyboard.press(key)
    v = torch.tensor(result(page)["v"]).view(SIDE, SIDE)
    old = torch.tensor(before["v"]).view(SIDE, SIDE)
    changed = (v != old).nonzero()
    assert (v[57:63, 55:63] == 0.25).all()  # the cursor went from (64, 64) to (60, 59)
    assert changed.min(0).values.tolist() >= [57, 55]
    assert changed.max(0).values.tolist() <= [62, 62]
    assert "a link keeps the settings, not this picture" in result(page)["readout"]
    first(page).get_by_label("Brush", exact=True).select_option("wipe")
    canvas.focus()
    page.keyboard.press(" ")
    v = torch.tensor(result(page)["v"]).view(SIDE, SIDE)
    assert (v[54:66, 53:65] == 0).all()
    first(page).get_by_role("button", name="Reset").click()
    shown = result(page, steps=1500)
    assert shown["readout"] == TuringExplorer().describe()


def test_reset_takes_back_what_the_brush_did(turing_page, new_page):
    page = calm_page(new_page)
    page.goto(turing_page)
    before = result(page)
    first(page).locator(".els-field canvas").click(position={"x": 30, "y": 40})
    assert result(page)["v"] != before["v"]
    first(page).get_by_role("button", name="Reset").click()
    assert result(page)["v"] == before["v"]


def place(page, row, column):
    """The place in the window of a cell of the first field."""
    box = first(page).locator(".els-field canvas").bounding_box()
    return (
        box["x"] + (column + 0.5) / SIDE * box["width"],
        box["y"] + (row + 0.5) / SIDE * box["height"],
    )


def test_a_stroke_of_the_pointer_leaves_no_gaps(turing_page, new_page):
    page = calm_page(new_page)
    page.goto(address(turing_page, {"steps": 0, "start": "even"}))
    result(page, steps=0, start="even")
    page.mouse.move(*place(page, 30, 20))
    page.mouse.down()
    page.mouse.move(*place(page, 60, 90))
    page.mouse.up()
    v = torch.tensor(result(page)["v"]).view(SIDE, SIDE)
    for k in range(71):
        assert v[round(30 + 30 * k / 70), 20 + k] == 0.25
    page.mouse.move(*place(page, 100, 90))
    assert (torch.tensor(result(page)["v"]).view(SIDE, SIDE)[90:] < 0.02).all()


def test_a_finger_taps_and_strokes_and_still_scrolls(turing_page, new_page):
    page = calm_page(new_page, width=360, height=640)
    page.goto(address(turing_page, {"steps": 0, "start": "even"}))
    result(page, steps=0, start="even")
    frames_pass(page)  # a link scrolls to its figure
    first(page).locator(".els-field").scroll_into_view_if_needed()
    session = page.context.new_cdp_session(page)
    session.send("Emulation.setTouchEmulationEnabled", {"enabled": True})

    def swipe(begin, end):
        def touch(kind, *places):
            touches = [{"x": x, "y": y} for x, y in places]
            session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})

        touch("touchStart", begin)
        if begin != end:
            for k in range(1, 9):
                touch("touchMove", [a + (b - a) * k / 8 for a, b in zip(begin, end, strict=True)])
        touch("touchEnd")

    def dropped():
        return (torch.tensor(result(page)["v"]).view(SIDE, SIDE) > 0.2).any(0).sum().item()

    spot, scrolled = place(page, 100, 20), page.evaluate("scrollY")
    swipe(spot, spot)
    page.wait_for_function("document.querySelector('.els-live').elsResult.altered")
    assert dropped() == 8
    swipe(spot, place(page, 100, 100))
    page.wait_for_function(
        "document.querySelector('.els-live').elsResult.v.filter((v) => v > 0.2).length > 48"
    )
    assert dropped() > 60
    assert page.evaluate("scrollY") == scrolled
    first(page).get_by_role("button", name="Start again").evaluate("(button) => button.click()")
    swipe(place(page, 100, 60), place(page, 20, 60))  # last: the page flies on
    page.wait_for_function("(old) => scrollY !== old", arg=scrolled)
    assert dropped() == 0


def test_a_move_of_the_rates_goes_on_from_the_picture_that_is_there(turing_page, new_page):
    page = calm_page(new_page)
    page.goto(address(turing_page, {"steps": 200}))
    before = result(page, steps=200)
    first(page).get_by_role("slider", name="Feed").fill("0.04")
    after = result(page, feed=0.04)
    assert after["v"] == before["v"] and after["altered"]
    first(page).get_by_role("button", name="One step").click()
    u, v = TuringExplorer(steps=200).field()
    assert result(page, steps=201)["v"] == react(u, v, 0.04, 0.065)[1].flatten().tolist()


def test_at_the_start_a_move_of_the_rates_begins_anew(turing_page, new_page):
    page = calm_page(new_page)
    page.goto(address(turing_page, {"steps": 0, "start": "even", "feed": 0.06, "kill": 0.0622}))
    result(page, steps=0, start="even", feed=0.06)
    first(page).get_by_role("slider", name="Feed").fill("0.07")
    shown = result(page, feed=0.07)
    expected = TuringExplorer(steps=0, start="even", feed=0.07, kill=0.0622)
    assert shown["v"] == expected.field()[1].flatten().tolist()
    assert shown["readout"] == expected.describe()


def test_a_click_on_the_map_moves_both_rates(turing_page, new_page):
    page = calm_page(new_page)
    page.goto(turing_page)
    result(page)
    canvas = first(page).locator(".els-turing-map canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    canvas.click(position={"x": 0.5 * box["width"], "y": 0.25 * box["height"]})
    state = result(page)["settings"]
    assert state["feed"] == pytest.approx(0.0775, abs=0.002)
    assert state["kill"] == pytest.approx(0.0525, abs=0.001)
    assert "stable, with diffusion and without" in result(page)["readout"]
    assert "kill 0.05" in canvas.get_attribute("aria-label")


def test_the_address_restores_the_state_and_mends_what_is_not_there(turing_page, new_page):
    page = calm_page(new_page)
    page.goto(turing_page)
    result(page)
    first(page).get_by_role("slider", name="Feed").fill("0.04")
    first(page).get_by_role("button", name="500 steps").click()
    page.wait_for_function("location.hash.includes('turing.steps=2000')")
    assert page.url == f"{turing_page}#turing.feed=0.04&turing.steps=2000"
    copy = calm_page(new_page)
    copy.goto(page.url)
    shown = result(copy, feed=0.04, steps=2000)
    assert shown["readout"] == TuringExplorer(feed=0.04, steps=2000).describe()
    copy.goto(f"{turing_page}#turing.feed=9&turing.kill=much&turing.steps=7.6&turing.start=x")
    assert result(copy, steps=8)["settings"] == TuringExplorer(feed=0.1, steps=8).state
    copy.get_by_text(re.compile("feed=9, kill=much, .*start=x")).wait_for()
    first(copy).get_by_role("button", name="Reset").click()
    assert result(copy, steps=1500)["settings"] == TuringExplorer().state


def test_a_link_copied_while_it_runs_holds_the_steps_so_far(turing_page, new_page):
    page = new_page()
    page.clock.install(time=0)
    page.goto(address(turing_page, {"steps": 0}))
    result(page, steps=0)
    page.clock.pause_at(60_000)
    page.clock.run_for(300)
    first(page).get_by_role("button", name="Copy link").click()
    page.wait_for_function("location.hash.includes('turing.steps=')")
    assert f"turing.steps={count(page)}" in page.url
    assert play_button(page).inner_text() == "Pause"


def test_hide_takes_controls_away(turing_page, new_page):
    page = calm_page(new_page)
    page.goto(turing_page)
    second = page.locator(".els-live").nth(1)
    second.get_by_role("slider", name="Feed").wait_for()
    assert not second.get_by_label("Brush", exact=True).is_visible()
    assert not second.get_by_label("Seed", exact=True).is_visible()
    before = second.evaluate("(live) => [...live.elsResult.v]")
    second.locator(".els-field canvas").click()
    assert second.evaluate("(live) => [...live.elsResult.v]") == before


def test_the_pictures_follow_the_theme(turing_page, new_page):
    page = calm_page(new_page)
    page.goto(turing_page)
    result(page)
    canvases = "[...document.querySelector('.els-live').querySelectorAll('canvas')]"
    pictures = f"{canvases}.map((c) => c.toDataURL())"
    light = page.evaluate(pictures)
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    page.wait_for_function(f"(old) => {pictures}.every((now, k) => now !== old[k])", arg=light)
    page.evaluate("document.documentElement.dataset.theme = 'light'")
    page.wait_for_function(f"(old) => {pictures}.every((now, k) => now === old[k])", arg=light)


def test_the_module_works_as_an_anywidget_does(turing_page, new_page):
    page = calm_page(new_page)
    page.goto(turing_page)
    result(page)
    figure = TuringExplorer(steps=40)
    readouts = page.evaluate(
        """async ({script, state}) => {
            const address = URL.createObjectURL(new Blob([script], {type: "text/javascript"}));
            const {default: {render}} = await import(address);
            const listeners = {};
            const model = {
                get: (name) => state[name],
                set(name, value) {
                    state[name] = value;
                    (listeners[`change:${name}`] || []).forEach((action) => action());
                },
                on: (event, action) => (listeners[event] ??= []).push(action),
                off(event, action) {
                    listeners[event] = listeners[event].filter((other) => other !== action);
                },
                save_changes() {}, send() {},
            };
            const el = document.createElement("div");
            document.querySelector("main").append(el);
            const painted = () => new Promise((done) =>
                el.addEventListener("els:painted", done, {once: true}));
            const until = async (action) => {
                const wait = painted();
                action();
                if (!el.elsResult) await wait;
                return state.readout;
            };
            let stop;
            const readouts = [await until(() => (stop = render({model, el})))];
            readouts.push(await until(() => model.set("seed", 3))); // as Python would
            stop();
            model.set("seed", 5);
            return [...readouts, state.readout];
        }""",
        {"script": figure._esm, "state": figure.full_state},
    )
    after = TuringExplorer(steps=40, seed=3).describe()
    assert readouts == [figure.describe(), after, after]


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [360, 1280])
def test_axe_finds_nothing_in_any_state(turing_page, new_page, width, dark):
    page = calm_page(new_page, width=width, dark=dark)
    for settings in ({"steps": 0}, {"feed": 0.06, "kill": 0.0622, "start": "even", "steps": 300}):
        page.goto(address(turing_page, settings))
        result(page, **settings)
        assert bare_page.violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_every_start_has_words():
    assert set(STARTS) == set(TuringExplorer.start.options)
