"""The explorer "flow": what Python says of the flow, and in a bare page the same numbers."""

import bare_page
import pytest
import torch
from test_explorers import contrast

from els_tutorial import sampling
from els_tutorial.explorers import FlowExplorer
from els_tutorial.explorers.flow import CELLS, COUNT, LETTERS, REACH
from els_tutorial.figures import PALETTE
from els_tutorial.schedules import CosineSchedule

# One point and eight, one step and a hundred, times on the sampler's grid and between, both ends,
# two points in one place, and points too close to part.
EIGHT = "-0.6,0.5_0.7,0.6_0.1,-0.7_-0.9,-0.8_0.9,-0.9_0,0_0.3,0.9_-0.2,0.3"
SETTINGS = [
    {},
    {"t": 1.0, "seed": 9999},
    {"t": 0.0, "points": "0.35,-1"},
    {"t": 0.33, "steps": 1},
    {"t": 0.35, "steps": 7, "seed": 3},
    {"t": 0.0, "steps": 3, "points": EIGHT},
    {"t": 0.01, "steps": 100, "points": EIGHT, "seed": 12},
    {"t": 0.62, "points": "0.2,0.1_0.2,0.1_-1,1"},
    {"t": 0.2, "points": "0.5,0.5_0.52,0.5_-0.4,0.1", "steps": 50},
]


# ---- Python ----


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"points": ""}, "points must be 1 to 8 points 'x,y' joined by '_', .* got ''"),
        ({"points": "0.1"}, "points must be"),
        ({"points": "0.1,1.01"}, "each number from -1 to 1 with at most two decimals"),
        ({"points": "0.123,0"}, "with at most two decimals, got '0.123,0'"),
        ({"points": "nan,0"}, "points must be"),
        ({"points": "0,0_"}, "points must be"),
        ({"points": [(0, 0)]}, "points must be"),
        ({"points": "_".join(["0,0"] * 9)}, "points must be 1 to 8 points"),
        ({"steps": 0}, "steps must be an int from 1 to 100, got 0"),
        ({"steps": 101}, "steps must be an int from 1 to 100, got 101"),
        ({"t": 1.1}, "t must be a number from 0.0 to 1.0, got 1.1"),
        ({"seed": -1}, "seed must be an int from 0 to 9999, got -1"),
        ({"hide": ["machine"]}, "hide must be a list of points, steps, t, seed, play, reset, link"),
        ({"images": "digits"}, "unknown setting 'images'; there are points, steps, t, seed"),
    ],
)
def test_a_setting_that_is_not_there_is_refused(setting, message):
    with pytest.raises(ValueError, match=message):
        FlowExplorer(**setting)


def test_the_same_points_are_the_same_text():
    assert FlowExplorer(points="-0.0,1.00_0.50,-0.25").points == "0,1_0.5,-0.25"


def test_particles_start_as_noise_and_end_where_the_sampler_ends():
    figure = FlowExplorer(t=0.0, steps=7)
    track, starts = figure.track(), figure.starts()
    assert track.shape == (8, COUNT, 2)
    assert torch.equal(track[0], starts.flatten(1))
    ends = sampling.sample(figure.denoiser(), starts, CosineSchedule(), steps=7)
    assert torch.equal(track[-1], ends.flatten(1))


def test_between_two_of_the_samplers_times_a_particle_is_on_its_way_to_the_guess():
    # Exact while the guess is held: the part of x that is not signal shrinks like the noise.
    before, between = FlowExplorer(t=0.6, steps=5), FlowExplorer(t=0.5, steps=5)
    x, x_between = before.track()[-1], between.track()[-1]
    guess = before.denoiser().denoise(x.view(-1, 1, 1, 2), before.alpha_bar).flatten(1)
    old, new = before.alpha_bar, between.alpha_bar
    rest, rest_between = x - old**0.5 * guess, x_between - new**0.5 * guess
    torch.testing.assert_close(rest_between, ((1 - new) / (1 - old)) ** 0.5 * rest)


def test_one_point_draws_every_start():
    figure = FlowExplorer(points="0.3,-0.2", steps=1)
    assert not figure.lanes().any()
    assert not figure.goals(figure.starts()).any()


def test_two_points_share_the_plane_along_the_line_between_them():
    # By symmetry the flow cannot cross the line on which both are equally far.
    lanes = FlowExplorer(points="-0.5,0_0.5,0").lanes()
    assert not lanes[:, : CELLS // 2].any()
    assert (lanes[:, CELLS // 2 :] == 1).all()


def test_lanes_are_the_goals_of_starts_in_their_cells():
    figure = FlowExplorer(points=EIGHT, steps=4)
    lanes, side = figure.lanes(), 2 * REACH / CELLS
    for row, column in ((0, 0), (10, 80), (45, 44), (89, 3)):
        x, y = (column + 0.5) * side - REACH, REACH - (row + 0.5) * side
        start = torch.tensor([x, y], dtype=torch.float64).view(1, 1, 1, 2)
        assert figure.goals(start) == lanes[row, column]


def test_with_one_step_particles_end_between_the_points():
    # The guess from pure noise is close to the mean of the points.
    figure = FlowExplorer(steps=1)
    assert (figure.goals(figure.starts()) == -1).all()
    assert f"and {COUNT} at none of them" in figure.describe()
    assert "and 0 at none of them" in FlowExplorer(steps=100).describe()


def test_particles_decide_as_time_runs_down():
    decided = [FlowExplorer(t=t).decided() for t in (1.0, 0.4, 0.3, 0.2, 0.05)]
    assert decided == sorted(decided)
    assert decided[0] == 0 and decided[-1] == COUNT


def test_the_still_picture_is_a_png():
    for settings in SETTINGS:
        assert FlowExplorer(**settings).still().startswith(b"\x89PNG")


def test_every_point_has_a_letter_and_a_colour_that_can_be_read():
    assert "".join(LETTERS) == "ABCDEFGH"
    for theme, paper, ink in (("light", "#FBFBFA", "#FFFFFF"), ("dark", "#191D23", "#22272E")):
        colours = [entry[theme] for entry in PALETTE["points"]]
        assert len(set(colours)) == len(colours)
        assert all(contrast(colour, paper) >= 4.5 for colour in colours)  # letters in the tally
        assert all(contrast(colour, ink) >= 4.5 for colour in colours)  # letters on the points


# ---- The browser ----


@pytest.fixture(scope="session")
def flow_page(tmp_path_factory):
    """The address of a page with two flow explorers; in the second the points are fixed."""
    folder = tmp_path_factory.mktemp("flow")
    return bare_page.write(folder, FlowExplorer(), FlowExplorer(hide=["points", "seed"]))


def result(page, **settings):
    """Wait until the first figure shows these settings, and return what it shows."""
    shown = page.wait_for_function(
        """(wanted) => {
            const result = document.querySelector('.els-live')?.elsResult;
            const there = result && Object.keys(wanted).every(
                (name) => result.settings[name] === wanted[name]);
            return there && {...result, x: [...result.x]};
        }""",
        arg=settings,
    )
    return shown.json_value()


def address(url, settings):
    return f"{url}#" + "&".join(f"flow.{name}={value}" for name, value in settings.items())


def first(page):
    return page.locator(".els-live").first


def drawn(page):
    return page.evaluate("document.querySelector('.els-plane canvas').toDataURL()")


def handle(page, letter):
    return first(page).get_by_role("button", name=f"{letter}, point at")


def test_a_page_computes_what_python_computes(flow_page, new_page):
    page = new_page()
    for settings in SETTINGS:
        figure = FlowExplorer(**settings)
        page.goto(address(flow_page, settings))
        shown = result(page, **figure.state)
        x = torch.tensor(shown["x"], dtype=torch.float64).view(COUNT, 2)
        torch.testing.assert_close(x, figure.track()[-1], rtol=0, atol=1e-6, msg=f"{settings}")
        assert shown["goals"] == figure.goals(figure.starts()).tolist(), settings
        assert shown["lanes"] == figure.lanes().flatten().tolist(), settings
        assert shown["readout"] == figure.describe()
        page.get_by_text(figure.describe()).first.wait_for()
        assert figure.describe() in first(page).locator("canvas").get_attribute("aria-label")


KEYS = [  # a control, the keys, what they do to the state
    ("role=slider[name='Time t']", ["ArrowLeft"], {"t": 0.49}),
    ("role=slider[name='Time t']", ["End"], {"t": 1}),
    ("role=slider[name='Steps']", ["ArrowLeft", "ArrowLeft"], {"steps": 18}),
    ("role=slider[name='Steps']", ["Home"], {"steps": 1}),
    ("role=spinbutton[name='Noise seed']", ["ArrowUp"], {"seed": 1}),
    ("role=button[name^='A, point']", ["ArrowUp"], {"points": "-0.6,0.55_0.7,0.6_0.1,-0.7"}),
    (
        "role=button[name^='B, point']",
        ["Shift+ArrowLeft", "ArrowDown"],
        {"points": "-0.6,0.5_0.69,0.55_0.1,-0.7"},
    ),
    ("role=button[name^='C, point']", ["ArrowDown"] * 9, {"points": "-0.6,0.5_0.7,0.6_0.1,-1"}),
    ("role=button[name^='B, point']", ["Delete"], {"points": "-0.6,0.5_0.1,-0.7"}),
    ("role=button[name^='B, point']", ["Delete"] * 3, {"points": "-0.6,0.5"}),
    ("text=Add a point", ["Enter"], {"points": "-0.6,0.5_0.7,0.6_0.1,-0.7_-0.8,-0.4"}),
    ("text=Remove point", ["Space"], {"points": "0.7,0.6_0.1,-0.7"}),
]


@pytest.mark.parametrize(("control", "keys", "state"), KEYS)
def test_each_control_moves_by_keyboard(flow_page, new_page, control, keys, state):
    page = new_page()
    page.goto(flow_page)
    before, picture = result(page), drawn(page)
    first(page).locator(control).focus()
    for key in keys:
        page.keyboard.press(key)
    after = result(page, **state)
    assert after["readout"] != before["readout"]
    assert drawn(page) != picture
    page.get_by_text(after["readout"]).first.wait_for()
    assert page.evaluate("document.activeElement.closest('.els-live') !== null")  # focus stays


def test_every_setting_has_a_control_that_the_keyboard_test_moves():
    assert {name for _, _, state in KEYS for name in state} == set(FlowExplorer.settings)


def plane_place(page, x, y):
    """The place in the window of a place in the first figure's plane."""
    box = first(page).locator(".els-plane canvas").bounding_box()
    along = (x + REACH) / (2 * REACH), (REACH - y) / (2 * REACH)
    return box["x"] + along[0] * box["width"], box["y"] + along[1] * box["height"]


def points(page):
    pairs = result(page)["settings"]["points"].split("_")
    return [[float(number) for number in pair.split(",")] for pair in pairs]


def test_a_point_is_dragged_and_stays_in_the_square(flow_page, new_page):
    page = new_page()
    page.goto(flow_page)
    lanes = result(page)["lanes"]
    page.mouse.move(*plane_place(page, -0.6, 0.5))
    page.mouse.down()
    page.mouse.move(*plane_place(page, -0.1, 0.2), steps=3)
    assert points(page)[0] == pytest.approx([-0.1, 0.2], abs=0.011)
    page.mouse.move(*plane_place(page, -1.7, 0.2), steps=3)
    page.mouse.up()
    page.mouse.move(*plane_place(page, 0, 0))
    assert points(page)[0] == pytest.approx([-1, 0.2], abs=0.011)
    assert points(page)[1:] == [[0.7, 0.6], [0.1, -0.7]]
    assert result(page)["lanes"] != lanes
    assert first(page).get_by_role("button", name="Remove point A").is_visible()


def test_a_click_into_the_square_places_a_point_until_there_are_eight(flow_page, new_page):
    page = new_page()
    page.goto(flow_page)
    result(page)
    page.mouse.click(*plane_place(page, 1.5, 0))  # outside the square
    assert len(points(page)) == 3
    page.mouse.click(*plane_place(page, 0.3, 0))
    assert points(page)[3] == pytest.approx([0.3, 0], abs=0.011)
    assert handle(page, "D").evaluate("(node) => node === document.activeElement")
    for k in range(6):
        page.mouse.click(*plane_place(page, -0.9 + 0.3 * k, -0.3))
    assert len(points(page)) == 8
    assert first(page).get_by_role("button", name="Add a point").is_disabled()
    for _ in range(7):
        first(page).get_by_role("button", name="Remove point").click()
    assert len(points(page)) == 1
    assert first(page).get_by_role("button", name="Remove point").is_disabled()


def test_a_finger_drags_points_and_scrolls_the_page_everywhere_else(flow_page, new_page):
    page = new_page(width=360, height=640)
    page.goto(flow_page)
    result(page)
    first(page).locator(".els-plane").scroll_into_view_if_needed()
    session = page.context.new_cdp_session(page)
    session.send("Emulation.setTouchEmulationEnabled", {"enabled": True})

    def swipe(begin, end):
        def touch(kind, *places):
            touches = [{"x": x, "y": y} for x, y in places]
            session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})

        touch("touchStart", begin)
        for k in range(1, 6):
            touch("touchMove", [a + (b - a) * k / 5 for a, b in zip(begin, end, strict=True)])
        touch("touchEnd")

    scrolled = page.evaluate("scrollY")
    swipe(plane_place(page, -0.6, 0.5), plane_place(page, -0.6, 0.9))
    assert points(page)[0] == pytest.approx([-0.6, 0.9], abs=0.03)
    assert page.evaluate("scrollY") == scrolled
    before = points(page)
    swipe(plane_place(page, -1.8, -1), plane_place(page, -1.8, 1))
    page.wait_for_function("(old) => scrollY !== old", arg=scrolled)
    assert points(page) == before


def test_play_runs_from_noise_to_clean_and_can_be_paused(flow_page, new_page):
    page = new_page()
    page.clock.install(time=0)
    page.goto(address(flow_page, {"t": 1}))
    result(page, t=1)
    page.clock.pause_at(60_000)
    button = first(page).locator("[data-control=play]")
    button.click()
    assert button.inner_text() == "Pause"
    page.clock.run_for(2000)
    halfway = result(page)["settings"]["t"]
    assert 0.5 < halfway < 0.7
    button.click()
    page.clock.run_for(2000)
    assert result(page)["settings"]["t"] == halfway
    button.click()
    page.clock.run_for(500)
    first(page).get_by_label("Time t").fill("0.8")  # whoever moves the time takes over
    page.clock.run_for(500)
    assert (result(page)["settings"]["t"], button.inner_text()) == (0.8, "Play")
    button.click()
    page.clock.run_for(6000)
    assert (result(page)["settings"]["t"], button.inner_text()) == (0, "Play")


def test_with_reduced_motion_each_press_is_one_step_of_the_sampler(flow_page, new_page):
    page = new_page()
    page.emulate_media(reduced_motion="reduce")
    page.goto(address(flow_page, {"t": 0.3, "steps": 4}))
    result(page, t=0.3, steps=4)
    for t in (0.25, 0, 1, 0.75):
        first(page).get_by_role("button", name="Next step").click()
        assert result(page)["settings"]["t"] == t


def test_a_link_leads_to_its_figure_on_arrival(flow_page, new_page):
    page = new_page()
    page.add_init_script(
        "addEventListener('DOMContentLoaded', () => (document.body.style.paddingTop = '3000px'))"
    )
    page.goto(address(flow_page, {"t": 0.3}))
    page.wait_for_function("scrollY > 2000", timeout=60_000)


def test_the_address_restores_the_state_and_mends_what_is_not_there(flow_page, new_page):
    page = new_page()
    page.goto(flow_page)
    result(page)
    handle(page, "C").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("location.hash.includes('flow.points')")
    assert page.url == f"{flow_page}#flow.points=-0.6,0.5_0.7,0.6_0.15,-0.7"
    copy = new_page()
    copy.goto(page.url)
    assert result(copy, points="-0.6,0.5_0.7,0.6_0.15,-0.7")
    copy.goto(f"{flow_page}#flow.points=0,7_0.123,0&flow.steps=many&flow.t=-1")
    assert result(copy, t=0)["settings"] == FlowExplorer(points="0,1_0.12,0", t=0.0).state
    copy.get_by_text("not there (points=0,7_0.123,0, steps=many, t=-1)").wait_for()
    copy.goto(f"{flow_page}#flow.points=0,0_1&flow.seed=4")
    assert result(copy, seed=4)["settings"] == FlowExplorer(seed=4).state
    first(copy).get_by_role("button", name="Reset").click()
    assert result(copy, seed=0)["settings"] == FlowExplorer().state


def test_hide_takes_controls_away_and_fixes_the_points(flow_page, new_page):
    page = new_page()
    page.goto(flow_page)
    result(page)
    second = page.locator(".els-live").nth(1)
    assert not second.get_by_role("button", name="Add a point").is_visible()
    assert not second.get_by_label("Noise seed").is_visible()
    fixed = second.get_by_role("button", name="A, point at")
    assert fixed.is_visible() and fixed.is_disabled()
    box = second.locator("canvas").bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    assert second.locator(".els-handle:visible").count() == 3
    page = new_page()
    page.goto(f"{flow_page}#flow.hide=points,play")
    result(page)
    assert handle(page, "A").is_disabled()
    assert not first(page).locator("[data-control=play]").is_visible()


def test_the_plane_follows_the_theme(flow_page, new_page):
    page = new_page()
    page.goto(flow_page)
    result(page)
    light = drawn(page)
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    page.wait_for_function(
        "(old) => document.querySelector('.els-plane canvas').toDataURL() !== old", arg=light
    )
    page.evaluate("document.documentElement.dataset.theme = 'light'")
    page.wait_for_function(
        "(old) => document.querySelector('.els-plane canvas').toDataURL() === old", arg=light
    )


def test_the_module_works_as_an_anywidget_does(flow_page, new_page):
    page = new_page()
    page.goto(flow_page)
    result(page)
    figure = FlowExplorer(t=0.2, steps=9)
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
            const stop = render({model, el});
            const readouts = [state.readout];
            model.set("steps", 3); // as a linked slider would
            readouts.push(state.readout);
            stop();
            model.set("steps", 5);
            return [...readouts, state.readout];
        }""",
        {"script": figure._esm, "state": figure.full_state},
    )
    after = FlowExplorer(t=0.2, steps=3).describe()
    assert readouts == [figure.describe(), after, after]


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [360, 1280])
def test_axe_finds_nothing_in_any_state(flow_page, new_page, width, dark):
    page = new_page(width=width, dark=dark)
    for settings in ({"t": 0.5}, {"t": 1}, {"t": 0, "points": EIGHT, "steps": 2}):
        page.goto(address(flow_page, settings))
        result(page, **settings)
        assert bare_page.violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
