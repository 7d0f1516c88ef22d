"""The explorer "reach": its network obeys its own theory, and a bare page Python's numbers."""

import itertools

import bare_page
import pytest
import torch
from torch import nn

from els_tutorial.explorers import ReachExplorer
from els_tutorial.explorers.noise import noise
from els_tutorial.explorers.reach import LAYERS, shade
from els_tutorial.explorers.reach_network import (
    CHANNELS,
    MOVED,
    SIDE,
    STREAMS,
    distance_holding,
    mask,
    picture,
    poke,
    reached,
    run,
    shift_error,
    undisturbed,
)

PADDINGS = ("zeros", "circular")
# Both tests, all layers and paddings, one layer and many, corners and a poke that wraps around.
SETTINGS = [
    {},
    {"depth": 1, "row": 0, "column": 0},
    {"depth": 8, "padding": "circular", "row": 23, "column": 2, "seed": 9999},
    {"depth": 5, "layer": "pooling", "row": 4, "column": 13},
    {"depth": 1, "layer": "pooling", "padding": "circular", "row": 0},
    {"depth": 8, "layer": "pooling", "padding": "circular"},
    {"depth": 2, "layer": "attention", "seed": 3},
    {"test": "shift"},
    {"test": "shift", "padding": "circular", "shift": 8},
    {"test": "shift", "layer": "pooling", "padding": "circular", "shift": 1},
    {"test": "shift", "layer": "pooling", "shift": 2, "depth": 4},
    {"test": "shift", "layer": "attention", "padding": "circular", "shift": 3},
    {"test": "shift", "depth": 8, "shift": 8},
    {"test": "shift", "depth": 2, "shift": 7},
]


def test_a_plain_network_is_a_stack_of_ordinary_convolutions():
    x, layers = picture(5), []
    for k, (width_in, width_out) in enumerate([(1, CHANNELS), (CHANNELS, CHANNELS), (CHANNELS, 1)]):
        layer = nn.Conv2d(width_in, width_out, 3, padding=1, bias=False).double()
        weights = noise(5 * STREAMS + 2 + k, (width_out, width_in, 3, 3)).double()
        layer.weight.data = weights / (9 * width_in) ** 0.5
        layers.append(layer)
    h = layers[0](x)
    h = h + layers[1](nn.functional.silu(h))
    expected = layers[2](nn.functional.silu(h))
    torch.testing.assert_close(run(x, 5, 3, "zeros", "plain"), expected)


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.parametrize("depth", [1, 2, 3, 8])
def test_a_poke_moves_what_the_theory_outlines_and_nothing_else(depth, padding, layer):
    for row, column in ((11, 12), (12, 11), (0, 23), (1, 20)):
        spans = (reached(k, depth, padding, layer) for k in (row, column))
        moved = poke(0, depth, padding, layer, row, column) > MOVED
        assert torch.equal(moved, mask(*spans))


@pytest.mark.parametrize("padding", PADDINGS)
def test_the_reach_of_plain_layers_grows_by_two_a_layer(padding):
    for depth in range(1, 9):
        assert reached(11, depth, padding, "plain") == [(11 - depth, 2 * depth + 1)]


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.parametrize("depth", [1, 2, 5, 8])
def test_a_shift_is_followed_where_the_theory_says_so(depth, padding, layer):
    for shift in (1, 2, 5, 8):
        error = shift_error(1, depth, padding, layer, shift)
        spans = undisturbed(shift, depth, padding, layer)
        kept = mask(spans, spans)
        assert error[kept].numel() == 0 or error[kept].max() < MOVED
        # Beside the outline the two differ, though a single pixel may agree by its place.
        assert error[~kept].numel() == 0 or (error[~kept] > MOVED).double().mean() > 0.9


def test_spans_hang_over_the_border_of_a_torus_once_for_each_side():
    assert reached(1, 3, "circular", "plain") == [(-2, 7), (22, 7)]
    assert reached(1, 3, "zeros", "plain") == [(0, 5)]
    spans = reached(1, 3, "circular", "plain")
    assert mask(spans, [(0, 1)])[:, 0].nonzero().flatten().tolist() == [0, 1, 2, 3, 4, 22, 23]


def test_the_distance_that_holds_the_movement_is_that_of_the_torus_or_of_the_plane():
    change = torch.zeros(SIDE, SIDE)
    change[0, 0], change[SIDE - 1, 0] = 0.8, 0.2
    assert distance_holding(change, 0, 0, "circular") == 1
    assert distance_holding(change, 0, 0, "zeros") == SIDE - 1
    assert distance_holding(change, 0, 0, "zeros", share=0.8) == 0


def test_shades_keep_what_does_not_move_apart_from_what_hardly_moves():
    change = torch.zeros(SIDE, SIDE).double()
    change[0, 0], change[0, 1], change[0, 2] = 1.0, 1e-4, 1e-11
    shown = shade(change)[0]
    assert shown[0, 0] == 1 and shown[1, 1] == -1
    assert shown[0, 0] > shown[0, 1] > shown[0, 2] > -0.6
    assert (shade(torch.zeros(SIDE, SIDE)) == -1).all()


# ---- The Python side ----


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"depth": 0}, "depth must be an int from 1 to 8, got 0"),
        ({"padding": "reflect"}, "padding must be one of 'zeros', 'circular'; got 'reflect'"),
        ({"layer": "norm"}, "layer must be one of 'plain', 'pooling', 'attention'; got 'norm'"),
        ({"test": "squeeze"}, "test must be one of 'poke', 'shift'; got 'squeeze'"),
        ({"row": 24}, "row must be an int from 0 to 23, got 24"),
        ({"shift": 9}, "shift must be an int from 1 to 8, got 9"),
        ({"seed": -1}, "seed must be an int from 0 to 9999, got -1"),
        ({"hide": ["t"]}, "hide must be a list of test, depth, padding, layer"),
        ({"t": 0.5}, "unknown setting 't'; there are test, depth"),
    ],
)
def test_a_setting_that_is_not_there_is_refused(setting, message):
    with pytest.raises(ValueError, match=message):
        ReachExplorer(**setting)


def test_the_words_count_what_the_picture_shows():
    text = ReachExplorer(depth=3).describe()
    assert "3 convolutions 3 × 3, random weights, zero padding" in text
    assert "can move 7 × 7 outputs. Of all 576 it moves 49, and none outside the outline." in text
    text = ReachExplorer(test="shift", padding="circular").describe()
    assert "the two agree in every pixel. Outlined are 576 that must agree." in text
    text = ReachExplorer(test="shift", layer="pooling", padding="circular", shift=1).describe()
    assert "differ in 576 of 576 pixels" in text and "None of them must agree." in text


def test_the_still_picture_is_a_png_in_every_case():
    for settings in SETTINGS:
        assert ReachExplorer(**settings).still().startswith(b"\x89PNG")


# ---- The browser ----


@pytest.fixture(scope="session")
def reach_page(tmp_path_factory):
    """The address, on disk, of a page with nothing but two reach explorers."""
    return bare_page.write(
        tmp_path_factory.mktemp("reach"),
        ReachExplorer(),
        ReachExplorer(test="shift", hide=["seed", "pixel"]),
    )


def result(page, **settings):
    return bare_page.result(page, ["input", "output", "change"], **settings)


def address(url, settings):
    return bare_page.address(url, "reach", settings)


def test_a_page_computes_what_python_computes(reach_page, new_page):
    page = new_page()
    for settings in SETTINGS:
        figure = ReachExplorer(**settings)
        page.goto(address(reach_page, settings))
        shown = result(page, **figure.state)
        for name, expected in zip(("input", "output", "change"), figure.pictures(), strict=True):
            found = torch.tensor(shown[name], dtype=torch.float64)
            torch.testing.assert_close(found, expected.flatten(), rtol=1e-6, atol=1e-10)
        moved = torch.tensor(shown["change"]) > MOVED
        assert torch.equal(moved, (figure.pictures()[2] > MOVED).flatten())
        assert shown["readout"] == figure.describe()
        page.get_by_text(figure.describe()).first.wait_for()


def test_the_page_outlines_what_python_outlines(reach_page, new_page):
    page = new_page()
    for settings in SETTINGS:
        figure = ReachExplorer(**settings)
        page.goto(address(reach_page, settings))
        result(page, **figure.state)
        found = page.evaluate(
            """() => {
                const map = document.querySelectorAll('.els-live .els-stage .els-picture')[1];
                return [...map.querySelectorAll('rect.els-window')].map((rect) =>
                    ["y", "x", "height", "width"].map((name) => Number(rect.getAttribute(name))));
            }"""
        )
        expected = [
            [row, column, height, width]
            for (row, height), (column, width) in itertools.product(*figure.spans())
        ]
        assert found == expected


def drawn(page):
    """What the three pictures of the first figure show, outlines and all, as texts."""
    return page.evaluate(
        """() => [...document.querySelector('.els-live').querySelectorAll('.els-stage .els-box')]
            .map((box) => box.querySelector('canvas').toDataURL() + box.innerHTML)"""
    )


KEYS = [  # where to start, a control, the keys, and what they do to the state
    ({}, "combobox[name='Test']", ["ArrowDown"], {"test": "shift"}),
    ({}, "slider[name='Convolutions']", ["ArrowRight"], {"depth": 4}),
    ({}, "combobox[name='Padding']", ["ArrowDown"], {"padding": "circular"}),
    ({}, "combobox[name='Layers']", ["ArrowDown", "ArrowDown"], {"layer": "attention"}),
    ({"test": "shift"}, "slider[name='Shift']", ["End"], {"shift": 8}),
    ({}, "spinbutton[name='Weights seed']", ["ArrowUp"], {"seed": 1}),
    ({}, "spinbutton[name='row']", ["ArrowDown"], {"row": 10}),
    ({}, "img[name=/arrow keys/]", ["ArrowRight", "ArrowUp"], {"row": 10, "column": 13}),
]


@pytest.mark.parametrize(("start", "control", "keys", "state"), KEYS)
def test_each_control_moves_by_keyboard(reach_page, new_page, start, control, keys, state):
    page = new_page()
    page.goto(address(reach_page, start))
    before, pictures = result(page, **start), drawn(page)
    page.locator(".els-live").first.locator(f"role={control}").focus()
    for key in keys:
        page.keyboard.press(key)
    after = result(page, **state)
    assert after["settings"] == before["settings"] | state
    assert drawn(page)[1] != pictures[1]
    map_label = page.locator(".els-live").first.locator(".els-stage canvas").nth(1)
    assert after["readout"] in map_label.get_attribute("aria-label")


def test_every_setting_has_a_control_that_the_keyboard_test_moves():
    assert {name for *_, state in KEYS for name in state} == set(ReachExplorer.settings)


def test_a_click_pokes_the_pixel_under_it_in_either_picture(reach_page, new_page):
    page = new_page()
    page.goto(reach_page)
    result(page)
    for nth, (row, column) in ((0, (3, 20)), (1, (17, 5))):
        canvas = page.locator(".els-live").first.locator(".els-stage canvas").nth(nth)
        box = canvas.bounding_box()
        place = {
            "x": (column + 0.5) * box["width"] / SIDE,
            "y": (row + 0.5) * box["height"] / SIDE,
        }
        canvas.click(position=place)
        result(page, row=row, column=column)


def test_the_address_restores_the_state_hides_controls_and_mends_what_is_not_there(
    reach_page, new_page
):
    page = new_page()
    page.goto(reach_page)
    first, second = page.locator(".els-live").first, page.locator(".els-live").nth(1)
    result(page)
    assert first.get_by_label("Weights seed", exact=True).is_visible()
    assert not second.get_by_label("Weights seed", exact=True).is_visible()
    assert not second.get_by_label("column", exact=True).is_visible()
    first.get_by_label("Convolutions", exact=True).focus()
    page.keyboard.press("ArrowLeft")
    page.wait_for_function("location.hash === '#reach.depth=2'", timeout=60_000)
    copy = new_page()
    copy.goto(page.url)
    assert result(copy, depth=2)["settings"] == ReachExplorer(depth=2).state
    copy.goto(f"{reach_page}#reach.depth=99&reach.layer=none&reach.hide=padding,shift")
    assert result(copy, depth=8)["settings"] == ReachExplorer(depth=8).state
    copy.get_by_text("asks for what is not there (depth=99, layer=none)").wait_for()
    live = copy.locator(".els-live").first
    assert not live.get_by_label("Padding", exact=True).is_visible()
    assert not live.get_by_label("Shift", exact=True).is_visible()
    live.get_by_role("button", name="Reset").click()
    assert result(copy, depth=3)["settings"] == ReachExplorer().state


def test_the_module_works_as_an_anywidget_does(reach_page, new_page):
    page = new_page()
    page.goto(reach_page)
    figure = ReachExplorer(depth=2, row=1)
    assert bare_page.readout_as_widget(page, figure) == figure.describe()


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [360, 1280])
def test_axe_finds_nothing_in_any_state(reach_page, new_page, width, dark):
    page = new_page(width=width, dark=dark)
    for settings in ({"depth": 8}, {"test": "shift", "depth": 4}, {"layer": "attention"}):
        page.goto(address(reach_page, settings))
        result(page, **settings)
        assert bare_page.violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
