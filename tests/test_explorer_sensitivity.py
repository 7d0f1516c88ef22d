"""The explorer "sensitivity": its maps are right, and a bare page shows Python's numbers."""

import bare_page
import pytest
import torch

from els_tutorial import checkpoints, data, sampling
from els_tutorial.baselines import WienerLocalScore
from els_tutorial.calibration import fitted, heat_map, reach
from els_tutorial.explorers import SensitivityExplorer, sensitivity_maps
from els_tutorial.explorers.noise import noise
from els_tutorial.explorers.sensitivity import shade
from els_tutorial.explorers.sensitivity_maps import GRID, LEVELS, SCHEDULE, SEEDS, SIDE, alpha_bar
from els_tutorial.networks import NetworkDenoiser

SETTINGS = [
    {},
    {"level": 1, "row": 2, "column": 2},
    {"level": 10, "row": 26, "column": 14},
    {"level": 6, "row": 10, "column": 26},
]
NUMBERS = {(row, column): k for k, (row, column) in enumerate((i, j) for i in GRID for j in GRID)}


@pytest.fixture(scope="module")
def machine():
    return WienerLocalScore(data.load("digits", n=2000).images)


@pytest.mark.parametrize("level", [1, 5, 10])
def test_the_kept_rows_are_the_filters_to_half_a_step(machine, level):
    rows = machine.linear.sensitivity(alpha_bar(level)).abs().view(-1, SIDE, SIDE)
    counts = machine.windows(alpha_bar(level)).flatten(2).sum(2)
    found = sensitivity_maps.maps("linear")[level - 1]
    for (row, column), number in NUMBERS.items():
        want = rows[row * SIDE + column]
        if counts[row, column] == 1:  # it never changes, and no noise tells of it
            assert not want.any() and not found[number].any()
            continue
        # Of the square root of a share of the largest, half a step of 95, and float32.
        apart = (found[number] / want.max()).sqrt() - (want / want.max()).sqrt()
        assert apart.abs().max() < 0.51 / sensitivity_maps.FINE
        assert sensitivity_maps.kept()["counts"][level - 1, number] == counts[row, column]


@pytest.mark.parametrize(("level", "row", "column"), [(3, 14, 14), (3, 2, 26), (9, 22, 6)])
def test_the_kept_slopes_are_the_networks(level, row, column):
    network = checkpoints.load("digits-resnet")
    start = torch.cat([noise(seed, (1, 1, SIDE, SIDE)) for seed in range(SEEDS)])
    for step in sampling.trajectory(NetworkDenoiser(network), start, SCHEDULE, 20):
        if step.t == level / LEVELS:
            break
    want = heat_map(NetworkDenoiser(network), step.x, alpha_bar(level), (row, column)).double()
    figure = SensitivityExplorer(level=level, row=row, column=column)
    _, found = figure.heats()
    apart = (found / want.max()).sqrt() - (want / want.max()).sqrt()
    assert apart.abs().max() < 0.55 / sensitivity_maps.FINE
    assert (found > 0).any() and figure.facts()[1] == network.receptive_field


def test_windows_are_the_fitted_ones_and_words_say_what_the_maps_hold():
    sizes = fitted("digits-resnet")
    for level in range(1, LEVELS + 1):
        assert SensitivityExplorer(level=level).facts()[0] == sizes(SCHEDULE.alpha_bar(level / 10))
    figure = SensitivityExplorer(level=6, row=10)
    wide, seen = (reach(heat, 0.9, (10, 14)) for heat in figure.heats())
    network = figure.heats()[1]
    above = (network >= 0.02 * network[10, 14]).sum()
    text = figure.describe()
    assert text.startswith("Row 10, column 14 at t = 0.6. Pixels on which")
    count = figure.facts()[2]
    assert f"{count} for the linear filter (WLS compares these), {above} for the network" in text
    assert f"lies in squares of {wide} × {wide} and {seen} × {seen}" in text
    assert "can see 17 × 17" in text


def test_of_a_pixel_that_never_changes_it_is_said_that_the_filter_looks_at_nothing():
    figure = SensitivityExplorer(row=2, column=2)
    digits = data.load("digits", n=2000).images
    assert (digits[:, 0, 2, 2] == -1).all() and not figure.heats()[0].any()
    assert "same in all digits: the linear filter looks at none" in figure.describe()
    assert figure.facts()[2] == 1


def test_shades_run_over_two_decades_and_keep_the_order():
    heat = torch.tensor([[1.0, 0.1], [0.01, 0.0]], dtype=torch.float64)
    shown = shade(heat)[0].flatten().tolist()
    assert shown == pytest.approx([1, 0, -1, -1])


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"level": 0}, "level must be an int from 1 to 10, got 0"),
        ({"row": 3}, "row must be one of 2, 6, 10, 14, 18, 22, 26; got 3"),
        ({"column": 14.0}, "column must be one of 2, 6, 10"),
        ({"network": "digits-unet"}, "network must be one of 'digits-resnet'"),
        ({"hide": ["t"]}, "hide must be a list of level, pixel"),
        ({"t": 0.5}, "unknown setting 't'"),
    ],
)
def test_a_setting_that_is_not_there_is_refused(setting, message):
    with pytest.raises(ValueError, match=message):
        SensitivityExplorer(**setting)


def test_the_still_picture_is_a_png_in_every_case():
    for settings in SETTINGS:
        assert SensitivityExplorer(**settings).still().startswith(b"\x89PNG")


# ---- The browser ----


@pytest.fixture(scope="session")
def sensitivity_page(tmp_path_factory):
    """The address, on disk, of a page with nothing but two sensitivity explorers."""
    folder = tmp_path_factory.mktemp("sensitivity")
    return bare_page.write(folder, SensitivityExplorer(), SensitivityExplorer(hide=["pixel"]))


def result(page, **settings):
    return bare_page.result(page, ["linear", "network", "mean"], **settings)


def address(url, settings):
    return bare_page.address(url, "sensitivity", settings)


def test_a_page_shows_what_python_computes(sensitivity_page, new_page):
    page = new_page()
    for settings in SETTINGS:
        figure = SensitivityExplorer(**settings)
        page.goto(address(sensitivity_page, settings))
        shown = result(page, **figure.state)
        for name, expected in zip(("linear", "network"), figure.heats(), strict=True):
            found = torch.tensor(shown[name], dtype=torch.float64)
            torch.testing.assert_close(found, expected.flatten(), rtol=1e-6, atol=1e-12)
        assert (shown["window"], shown["field"], shown["count"]) == figure.facts()
        assert shown["readout"] == figure.describe()
        page.get_by_text(figure.describe()).first.wait_for()


KEYS = [  # where to start, a control, the keys, and what they do to the state
    ({}, "slider[name='Time t']", ["ArrowRight"], {"level": 4}),
    ({}, "spinbutton[name='row']", ["ArrowDown"], {"row": 10}),
    ({}, "spinbutton[name='column']", ["ArrowUp"], {"column": 18}),
    ({}, "img[name=/arrow keys/]", ["ArrowRight", "ArrowUp"], {"row": 10, "column": 18}),
    ({"row": 2}, "img[name=/arrow keys/]", ["ArrowUp", "ArrowLeft"], {"row": 2, "column": 10}),
]


@pytest.mark.parametrize(("start", "control", "keys", "state"), KEYS)
def test_each_control_moves_by_keyboard(sensitivity_page, new_page, start, control, keys, state):
    page = new_page()
    page.goto(address(sensitivity_page, start))
    before = result(page, **start)
    drawn = "() => document.querySelector('.els-live canvas').toDataURL()"
    picture = page.evaluate(drawn)
    page.locator(".els-live").first.locator(f"role={control}").focus()
    for key in keys:
        page.keyboard.press(key)
    after = result(page, **state)
    assert after["settings"] == before["settings"] | state
    assert after["readout"] == SensitivityExplorer(**after["settings"]).describe()
    assert page.evaluate(drawn) != picture


def test_every_setting_with_a_choice_has_a_control_that_the_keyboard_test_moves():
    moved = {name for *_, state in KEYS for name in state}
    assert moved == set(SensitivityExplorer.settings) - {"network"}


def test_a_click_takes_the_nearest_pixel_of_the_grid(sensitivity_page, new_page):
    page = new_page()
    page.goto(sensitivity_page)
    result(page)
    for nth, at, (row, column) in (
        (0, (3, 20), (2, 22)),
        (1, (17, 0), (18, 2)),
        (2, (27, 12), (26, 14)),
    ):
        canvas = page.locator(".els-live").first.locator(".els-pick canvas").nth(nth)
        box = canvas.bounding_box()
        place = [
            (k + 0.5) * box[side] / SIDE for k, side in zip(at, ("height", "width"), strict=True)
        ]
        canvas.click(position={"x": place[1], "y": place[0]})
        result(page, row=row, column=column)


def test_the_address_restores_the_state_and_mends_what_is_not_there(sensitivity_page, new_page):
    page = new_page()
    page.goto(sensitivity_page)
    result(page)
    second = page.locator(".els-live").nth(1)
    assert not second.get_by_label("column", exact=True).is_visible()
    page.locator(".els-live").first.get_by_label("Time t").focus()
    page.keyboard.press("ArrowLeft")
    page.wait_for_function("location.hash === '#sensitivity.level=2'", timeout=60_000)
    copy = new_page()
    copy.goto(page.url)
    assert result(copy, level=2)["settings"] == SensitivityExplorer(level=2).state
    copy.goto(f"{sensitivity_page}#sensitivity.level=99&sensitivity.row=9")
    wanted = SensitivityExplorer(level=10, row=10).state
    assert result(copy, level=10)["settings"] == wanted
    copy.get_by_text("asks for what is not there (level=99, row=9)").wait_for()
    copy.locator(".els-live").first.get_by_role("button", name="Reset").click()
    assert result(copy, level=3)["settings"] == SensitivityExplorer().state


def test_the_module_works_as_an_anywidget_does(sensitivity_page, new_page):
    page = new_page()
    page.goto(sensitivity_page)
    figure = SensitivityExplorer(level=7, column=6)
    assert bare_page.readout_as_widget(page, figure) == figure.describe()


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [360, 1280])
def test_axe_finds_nothing_in_any_state(sensitivity_page, new_page, width, dark):
    page = new_page(width=width, dark=dark)
    for settings in SETTINGS[:2]:
        page.goto(address(sensitivity_page, settings))
        result(page, **settings)
        assert bare_page.violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
