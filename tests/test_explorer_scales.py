"""The explorer "scales": curves of windows, and in a bare page the pictures that Python makes."""

import bare_page
import pytest
import torch

from els_tutorial import calibration, sampling
from els_tutorial.comparison import explained_variance, pearson_r, r_squared
from els_tutorial.data import load
from els_tutorial.explorers import ScalesExplorer, network_steps
from els_tutorial.explorers.noise import noise
from els_tutorial.explorers.scales import PRESETS, sides_of
from els_tutorial.machines import EquivariantLocalScore
from els_tutorial.schedules import CosineSchedule

SCHEDULE = CosineSchedule()
FITTED = list(range(3, 23, 2)) * 2  # stands for fitted ones, where any will do
DRAWN = "1122aabbcc99dd775511"  # up to the largest window, and not monotone
SETTINGS = [
    {},
    {"windows": "published", "seed": 3, "level": 20},
    {"windows": "reversed", "seed": 31, "level": 1},
    {"windows": "3", "seed": 1},
    {"windows": "17", "seed": 2},
    {"windows": DRAWN, "seed": 4, "level": 13},
]


# ---- The Python side ----


def test_a_preset_names_the_curve_that_it_says():
    assert sides_of("fitted", FITTED) == FITTED
    assert sides_of("reversed", FITTED) == FITTED[::-1]
    assert sides_of("9", FITTED) == [9] * 20
    published = sides_of("published", FITTED)
    assert published == calibration.published("mnist-resnet", SCHEDULE).sizes
    assert {len(sides_of(name, FITTED)) for name in PRESETS} == {20}


def test_a_digit_of_a_curve_is_the_pixels_that_a_window_reaches():
    assert sides_of("123456789abcd1111111", FITTED) == [*range(3, 29, 2), *[3] * 7]
    assert sides_of(DRAWN, FITTED)[:6] == [3, 3, 5, 5, 21, 21]


@pytest.mark.parametrize("windows", PRESETS)
def test_a_window_holds_at_its_own_time(windows):
    figure = ScalesExplorer(windows=windows)
    known = {}

    class Noted:
        def denoise(self, x, alpha_bar):
            known[alpha_bar] = figure.scales()(alpha_bar)
            return x

    sampling.sample(Noted(), torch.zeros(1, 1, 4, 4), SCHEDULE, 20)
    assert [known[SCHEDULE.alpha_bar(k / 20)] for k in range(1, 21)] == figure.sides()


def test_the_fitted_curve_is_that_of_the_networks_card():
    figure, card = ScalesExplorer(), calibration.fitted("digits64-resnet")
    assert figure.sides() == [card(SCHEDULE.alpha_bar(k / 20)) for k in range(1, 21)]


def test_the_picture_is_that_of_the_boundary_broken_machine_over_the_networks_digits():
    figure = ScalesExplorer(windows=DRAWN, seed=4)
    machine = EquivariantLocalScore(load("digits", 64).images, figure.scales(), "zeros")
    expected = sampling.sample(machine, noise(4, (1, 1, 28, 28)), SCHEDULE, 20)
    torch.testing.assert_close(figure.pictures()[0], expected)
    guesses = network_steps.guesses("digits64-resnet")
    torch.testing.assert_close(figure.pictures()[2][0], guesses[4, -1])


def test_the_reach_lies_within_what_the_network_can_see():
    found = network_steps.measured("digits64-resnet")
    assert found["field"] == 17
    for half, most in zip(found["reach"]["0.5"], found["reach"]["0.9"], strict=True):
        assert 3 <= half <= most <= 17 and half % 2 == most % 2 == 1


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"windows": "11"}, "windows must be one of fitted, published, .*, or 20 digits"),
        ({"windows": "0" * 20}, "windows must be one of fitted"),
        ({"windows": "e" * 20}, "windows must be one of fitted"),
        ({"windows": 9}, "windows must be one of fitted, .*; got 9"),
        ({"level": 0}, "level must be an int from 1 to 20, got 0"),
        ({"seed": 32}, "seed must be an int from 0 to 31, got 32"),
        ({"images": "faces"}, "images must be one of 'digits'; got 'faces'"),
        ({"network": "x"}, "network must be one of 'digits64-resnet'; got 'x'"),
        ({"hide": ["step"]}, "hide must be a list of windows, level, side, seed, reset, link"),
        ({"patch_size": 3}, "unknown setting 'patch_size'; there are windows, level, seed"),
    ],
)
def test_a_setting_that_is_not_there_is_refused(setting, message):
    with pytest.raises(ValueError, match=message):
        ScalesExplorer(**setting)


def test_the_still_picture_is_a_png_and_its_words_name_what_it_shows():
    figure = ScalesExplorer(windows="9", level=20)
    assert figure.still().startswith(b"\x89PNG")
    assert "Windows from 9 to 9 pixels" in figure.describe()
    assert "At t = 1.00 the window is 9 × 9" in figure.describe()


# ---- The browser ----


@pytest.fixture(scope="session")
def scales_page(tmp_path_factory):
    """The address, on disk, of a page with nothing but two scales explorers."""
    return bare_page.write(
        tmp_path_factory.mktemp("scales"),
        ScalesExplorer(),
        ScalesExplorer(windows="3", hide=["side", "seed"]),
    )


def result(page, **settings):
    return bare_page.result(page, ["own", "best", "target", "sides"], **settings)


def address(url, settings):
    return bare_page.address(url, "scales", settings)


def test_a_page_computes_what_python_computes(scales_page, new_page):
    page = new_page()
    for settings in SETTINGS:
        figure = ScalesExplorer(**settings)
        page.goto(address(scales_page, settings))
        shown = result(page, **figure.state)
        assert shown["sides"] == figure.sides()
        own, best, target = figure.pictures()
        for name, expected in (("own", own), ("best", best), ("target", target)):
            found = torch.tensor(shown[name])
            torch.testing.assert_close(found, expected.flatten(), rtol=0, atol=1e-3)
        for found, prediction in zip(shown["agreement"], (own, best), strict=True):
            for name, measure in (
                ("r", pearson_r),
                ("squared", r_squared),
                ("explained", explained_variance),
            ):
                assert found[name] == pytest.approx(measure(prediction, target).item(), abs=1e-3)
        assert shown["readout"] == figure.describe()
        page.get_by_text(figure.describe()).first.wait_for()


def table(page):
    """The table of agreement of the first figure: its cells, row by row."""
    rows = page.locator(".els-live").first.locator("tbody tr")
    return [row.locator("td").all_inner_texts() for row in rows.all()]


def test_the_table_says_what_was_measured(scales_page, new_page):
    page = new_page()
    page.goto(address(scales_page, {"windows": "3"}))
    own, fitted = result(page, windows="3")["agreement"]
    said = [[f"{m[name]:.2f}".replace("-", "−") for m in (own, fitted)]
            for name in ("r", "squared", "explained")]  # fmt: skip
    assert table(page) == said
    assert own["squared"] == pytest.approx(own["r"] ** 2) and own["explained"] <= own["squared"]


def curve(sides):
    """A list of sides as a setting has it."""
    return "".join(f"{(side - 1) // 2:x}" for side in sides)


def changed(sides, **moves):
    """The setting after some levels (l5=9: the fifth) have got other sides."""
    sides = list(sides)
    for level, side in moves.items():
        sides[int(level[1:]) - 1] = side
    return curve(sides)


PLOT = "img[name^='Side of the window']"
KEYS = [  # a control, the keys, what they do to the settings
    ("combobox[name='Windows']", ["ArrowDown"], lambda _: {"windows": "published"}),
    ("slider[name='Time t']", ["End"], lambda _: {"level": 20}),
    ("slider[name='Window there']", ["End"], lambda s: {"windows": changed(s, l10=27)}),
    ("spinbutton[name='Noise seed']", ["ArrowUp"], lambda _: {"seed": 1}),
    (PLOT, ["ArrowLeft", "ArrowLeft"], lambda _: {"level": 8}),
    (PLOT, ["ArrowUp"], lambda s: {"windows": changed(s, l10=s[9] + 2)}),
    (PLOT, ["ArrowRight", *["ArrowDown"] * 13],
     lambda s: {"windows": changed(s, l11=3), "level": 11}),
]  # fmt: skip


@pytest.mark.parametrize(("control", "keys", "state"), KEYS)
def test_each_control_moves_by_keyboard(scales_page, new_page, control, keys, state):
    page = new_page()
    page.goto(scales_page)
    before = result(page)
    page.locator(".els-live").first.locator(f"role={control}").focus()
    for key in keys:
        page.keyboard.press(key)
    after = result(page, **state(before["sides"]))
    assert after["readout"] != before["readout"]
    spoken = page.locator(".els-live").first.locator(f"role={PLOT}").get_attribute("aria-label")
    assert ", ".join(map(str, after["sides"])) in spoken


def test_every_setting_has_a_control_that_the_keyboard_test_moves():
    moved = {name for _, _, state in KEYS for name in state(FITTED)}
    assert moved == set(ScalesExplorer.settings) - {"images", "network"}


def place(page, figure, level, side):
    """Where in the window of the browser a level and a side stand in a figure's plot."""
    box = page.locator(".els-plot-stage").nth(figure).bounding_box()
    across, down = (level - 0.5) / 20, (29 - side) / 28
    return box["x"] + across * box["width"], box["y"] + down * box["height"]


def test_a_stroke_draws_the_curve_and_skips_no_level(scales_page, new_page):
    page = new_page()
    page.goto(address(scales_page, {"windows": "3"}))
    result(page, windows="3")
    page.mouse.move(*place(page, 0, 3, 27))
    page.mouse.down()
    page.mouse.move(*place(page, 0, 13, 7))  # at once, over ten levels
    page.mouse.up()
    page.mouse.move(*place(page, 0, 20, 21))  # no longer pressed
    drawn = [3, 3, *range(27, 6, -2), *[3] * 7]
    assert result(page, windows=curve(drawn), level=13)["sides"] == drawn
    assert page.get_by_role("combobox").first.input_value() == "own"


def test_a_finger_draws_without_scrolling_the_page(scales_page, new_page):
    page = new_page(width=360)
    page.goto(address(scales_page, {"windows": "9"}))
    result(page, windows="9")
    page.locator(".els-plot-stage").first.scroll_into_view_if_needed()
    before = page.evaluate("scrollY")
    session = page.context.new_cdp_session(page)

    def touch(kind, *at):
        points = [dict(zip("xy", place(page, 0, *at), strict=True))] if at else []
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", 5, 9)
    touch("touchMove", 5, 15)
    touch("touchMove", 5, 21)
    touch("touchEnd")
    drawn = changed([9] * 20, l5=21)
    assert result(page, windows=drawn, level=5)["settings"]["windows"] == drawn
    assert page.evaluate("scrollY") == before


def test_without_the_slider_the_curve_cannot_be_drawn(scales_page, new_page):
    page = new_page()
    page.goto(scales_page)
    result(page)
    second = page.locator(".els-live").nth(1)
    assert not second.get_by_label("Window there").is_visible()
    assert not second.get_by_label("Noise seed").is_visible()
    page.locator(".els-plot-stage").nth(1).scroll_into_view_if_needed()
    page.mouse.click(*place(page, 1, 16, 21))
    page.locator(".els-plot-stage").nth(1).press("ArrowUp")
    page.wait_for_function(
        "document.querySelectorAll('.els-live')[1].elsResult?.settings.level === 16"
    )
    settings = page.evaluate("document.querySelectorAll('.els-live')[1].elsResult.settings")
    assert settings["windows"] == "3"


def test_a_curve_that_changes_while_its_picture_grows_ends_in_the_last_one(scales_page, new_page):
    page = new_page()
    page.goto(scales_page)
    result(page)
    stage = page.locator(".els-plot-stage").first
    stage.focus()
    for _ in range(3):
        page.keyboard.press("ArrowUp")
    shown = result(page)
    figure = ScalesExplorer(windows=curve(shown["sides"]))
    assert shown["sides"][9] == ScalesExplorer().sides()[9] + 6
    found = torch.tensor(shown["own"])
    torch.testing.assert_close(found, figure.pictures()[0].flatten(), rtol=0, atol=1e-3)


def test_the_address_restores_the_state_hides_controls_and_mends_what_is_not_there(
    scales_page, new_page
):
    page = new_page()
    page.goto(address(scales_page, {"windows": "9", "seed": 5}))
    result(page, windows="9", seed=5)
    page.locator(".els-plot-stage").first.press("ArrowUp")
    page.wait_for_function("location.hash.includes('scales.windows=44444444454444444444')")
    copy = new_page()
    copy.goto(page.url)
    windows = changed([9] * 20, l10=11)
    expected = ScalesExplorer(windows=windows, seed=5)
    assert result(copy, windows=windows)["settings"] == expected.state
    copy.goto(f"{scales_page}#scales.windows=4444&scales.level=99&scales.hide=seed,level")
    assert result(copy, level=20)["settings"] == ScalesExplorer(level=20).state
    copy.get_by_text("asks for what is not there (windows=4444, level=99)").wait_for()
    live = copy.locator(".els-live").first
    assert not live.get_by_label("Noise seed").is_visible()
    assert not live.get_by_label("Time t").is_visible()
    live.get_by_role("button", name="Reset").click()
    assert result(copy, level=10)["settings"] == ScalesExplorer().state


def test_the_module_works_as_an_anywidget_does(scales_page, new_page):
    page = new_page()
    page.goto(scales_page)
    figure = ScalesExplorer(windows="9", seed=7)
    assert bare_page.readout_as_widget(page, figure) == figure.describe()


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [360, 1280])
def test_axe_finds_nothing_in_any_state(scales_page, new_page, width, dark):
    page = new_page(width=width, dark=dark)
    for settings in ({"windows": "fitted"}, {"windows": DRAWN, "level": 20}):
        page.goto(address(scales_page, settings))
        result(page, **settings)
        assert bare_page.violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
