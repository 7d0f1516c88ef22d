"""The interactive figures: their Python side, and in a bare page the same numbers as Python's."""

import hashlib
import json
import math
import re
from html import unescape
from pathlib import Path

import axe_playwright_python
import pytest
import torch

from els_tutorial import data
from els_tutorial.explorers import EXPLORERS, MachineExplorer, noise, page_files
from els_tutorial.explorers.bundle import FOLDER, PALETTE
from els_tutorial.explorers.machine import PATCH, SIDES

AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js").read_text(encoding="utf-8")

# Settings for which the page is held to Python: every machine, border and set, large and small
# patches, little and much noise, few and many images.
SETTINGS = [
    {"machine": "IS", "t": 0.02},
    {"machine": "IS", "t": 0.7, "picture": 3, "seed": 5, "count": 64},
    {"machine": "IS", "t": 1.0, "images": "faces", "count": 5, "row": 24, "column": 0},
    {"machine": "ES", "t": 0.3, "count": 8},
    {"machine": "ES", "t": 0.8, "count": 20, "picture": 1},
    {"machine": "ES", "t": 1.0, "images": "faces", "count": 12},
    {"machine": "LS", "patch_size": 1, "t": 0.5},
    {"machine": "LS", "patch_size": 7, "t": 0.6, "count": 64, "row": 0, "column": 27},
    {"machine": "LS", "patch_size": 27, "t": 0.4, "seed": 9999},
    {"machine": "LS", "patch_size": 5, "boundary": "zeros", "t": 0.1, "images": "faces"},
    {"machine": "LS", "patch_size": 55, "boundary": "zeros", "t": 0.6, "picture": 7},
    {"machine": "ELS", "patch_size": 1, "t": 0.9, "count": 1},
    {"machine": "ELS", "patch_size": 3, "t": 0.05, "picture": 5},
    {"machine": "ELS", "patch_size": 7, "t": 0.5},
    {"machine": "ELS", "patch_size": 7, "t": 0.5, "row": 2, "column": 3},
    {"machine": "ELS", "patch_size": 7, "t": 1.0, "count": 64, "row": 27, "column": 27},
    {"machine": "ELS", "patch_size": 27, "t": 0.7, "count": 16},
    {"machine": "ELS", "patch_size": 9, "t": 0.01, "images": "faces", "row": 0, "column": 24},
    {"machine": "ELS", "patch_size": 25, "t": 0.6, "images": "faces", "count": 10},
    {"machine": "ELS", "patch_size": 3, "boundary": "zeros", "t": 0.3, "row": 0, "column": 5},
    {"machine": "ELS", "patch_size": 11, "boundary": "zeros", "t": 0.8, "row": 26, "column": 26},
    {"machine": "ELS", "patch_size": 31, "boundary": "zeros", "t": 0.5, "images": "faces"},
    {"machine": "ELS", "patch_size": 55, "boundary": "zeros", "t": 0.6, "count": 64},
    {"machine": "IS", "t": 0.5, "shift_rows": 9, "count": 16},
    {"machine": "ES", "t": 0.6, "shift_rows": 27, "shift_columns": 5, "count": 12},
    {"machine": "LS", "patch_size": 5, "t": 0.4, "shift_columns": 20, "images": "faces"},
    {"machine": "ELS", "patch_size": 5, "t": 0.7, "shift_rows": 3, "shift_columns": 14},
    {"machine": "ELS", "patch_size": 9, "boundary": "zeros", "t": 0.6, "shift_rows": 6},
]


# ---- Python ----


def test_noise_of_a_seed_is_always_the_same():
    known = torch.tensor([1.5492426, 0.3839262, 0.9836971, 0.5006584])
    torch.testing.assert_close(noise(3, (4,)), known, rtol=0, atol=1e-6)
    assert torch.equal(noise(3, (2, 2)).flatten(), noise(3, (5,))[:4])
    assert not torch.equal(noise(3, (4,)), noise(4, (4,)))


def test_noise_is_standard_normal():
    values = noise(0, (100_000,)).double()
    assert abs(values.mean()) < 0.01
    assert abs(values.square().mean() - 1) < 0.01
    assert abs(values.pow(4).mean() - 3) < 0.1
    assert abs((values[1:] * values[:-1]).mean()) < 0.01


@pytest.mark.parametrize("seed", [-1, 2**32, 1.0, True, "1"])
def test_noise_refuses_a_seed_it_does_not_have(seed):
    with pytest.raises(ValueError, match="seed must be an int from 0"):
        noise(seed, (1,))


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"machine": "els"}, "machine must be one of 'ELS', 'IS', 'LS', 'ES'; got 'els'"),
        ({"boundary": None}, "boundary must be one of"),
        ({"patch_size": 8}, "patch_size must be an odd int from 1 to 27 .* got 8"),
        ({"patch_size": 29}, "patch_size must be an odd int from 1 to 27 .* got 29"),
        ({"patch_size": 57, "boundary": "zeros"}, "patch_size must be an int from 1 to 55"),
        ({"patch_size": 51, "boundary": "zeros", "images": "faces"}, "from 1 to 49 .* got 51"),
        ({"patch_size": 7.0}, "patch_size must be an int"),
        ({"t": 0}, "t must be a number from 0.01 to 1.0, got 0"),
        ({"t": float("nan")}, "t must be a number"),
        ({"seed": -1}, "seed must be an int from 0 to 9999, got -1"),
        ({"count": 65}, "count must be an int from 1 to 64, got 65"),
        ({"count": True}, "count must be an int"),
        ({"images": "cats"}, "images must be one of 'digits', 'faces'; got 'cats'"),
        ({"picture": 8}, "picture must be an int from 0 to 7, got 8"),
        ({"row": 28}, "row must be an int from 0 to 27, got 28"),
        ({"column": 25, "images": "faces"}, "column must be an int from 0 to 24 .* got 25"),
        ({"shift_rows": -1}, "shift_rows must be an int from 0 to 27, got -1"),
        ({"shift_columns": 25, "images": "faces"}, "shift_columns must be an int from 0 to 24 .*"),
        ({"hide": ["time"]}, "hide must be a list of machine, patch_size, .* got \\['time'\\]"),
        ({"hide": "seed"}, "hide must be a list of .* got 'seed'"),
        ({"prompt": None}, "prompt must be a string, got None"),
        ({"patchsize": 7}, "unknown setting 'patchsize'; there are machine, patch_size"),
    ],
)
def test_a_setting_that_is_not_there_is_refused(setting, message):
    with pytest.raises(ValueError, match=message):
        MachineExplorer(**setting)


def test_a_refused_change_leaves_the_old_state():
    figure = MachineExplorer(patch_size=27)
    before = figure.full_state
    for name, value in (("patch_size", 4), ("images", "faces"), ("t", 2), ("machine", "X")):
        with pytest.raises(ValueError, match="must be"):
            setattr(figure, name, value)
    assert figure.full_state == before
    assert figure.pixels["name"] == "digits"


def test_changes_that_need_each_other_can_be_made_at_once():
    figure = MachineExplorer(patch_size=27)
    with figure.hold_trait_notifications():
        figure.images = "faces"
        figure.patch_size = 25
    assert (figure.images, figure.patch_size, figure.pixels["name"]) == ("faces", 25, "faces")


def test_html_is_small_the_same_every_time_and_holds_the_state():
    settings = {"machine": "LS", "t": 0.25, "prompt": 'Say "no" & <click>', "hide": ["seed"]}
    first, second = MachineExplorer(**settings), MachineExplorer(**settings)
    assert first.html() == second.html()
    assert len(first.html()) < 1500
    state = unescape(first.html().split('data-state="')[1].split('"')[0])
    assert json.loads(state) == first.full_state
    assert first.full_state | settings == first.full_state


def test_a_notebook_output_has_a_live_and_a_static_form():
    figure = MachineExplorer()
    bundle, _ = figure._repr_mimebundle_()
    assert bundle["text/html"] == figure.html()
    assert bundle["text/plain"] == repr(figure)
    assert bundle["application/vnd.jupyter.widget-view+json"]["model_id"] == figure.model_id


def test_held_out_pictures_are_not_among_the_training_images():
    for name in SIDES:
        figure = MachineExplorer(images=name, count=64)
        training = figure.denoiser().images
        assert torch.equal(training, data.load(name, n=64).images)
        for picture in range(8):
            figure.picture = picture
            assert not (training == figure.truth()).flatten(1).all(1).any()


@pytest.mark.parametrize("machine", ["IS", "LS", "ES", "ELS"])
def test_the_still_picture_is_a_png_and_its_words_name_the_heaviest_candidate(machine):
    figure = MachineExplorer(machine=machine)
    assert figure.still().startswith(b"\x89PNG")
    origin = figure.denoiser().provenance(figure.x_t(), figure.alpha_bar)
    image, row, column = (part[0, figure.row, figure.column] for part in origin[:3])
    words = figure.describe()
    assert f"row {row}, column {column} of training image {image}" in words
    assert f"The {machine} machine" in words


def luminance(colour):
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one, other):
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_every_colour_stands_out_in_its_theme_and_every_marker_is_its_own():
    machines = PALETTE["machines"].values()
    for theme, papers in (("light", ("#FFFFFF", "#FBFBFA")), ("dark", ("#121212", "#22272E"))):
        for entry in machines:
            assert all(contrast(entry[theme], paper) >= 3 for paper in papers)
    for part in ("light", "dark", "marker", "symbol", "label"):
        assert len({entry[part] for entry in machines}) == len(machines)


# ---- The browser ----


@pytest.fixture(scope="session")
def bare_page(tmp_path_factory):
    """The address, on disk, of a page with nothing but two machine explorers."""
    folder = tmp_path_factory.mktemp("page")
    for name, text in page_files().items():
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "theme.js").write_text(
        "const dark = matchMedia('(prefers-color-scheme: dark)').matches;"
        "document.documentElement.dataset.theme = dark ? 'dark' : 'light';"
    )
    scripts = "".join(
        f'<script defer src="{name}"></script>'
        for name in ("data-digits.js", *(f"{name}.js" for name in EXPLORERS), "loader.js")
    )
    figures = [
        # As in the book, what stands in for a figure keeps its room.
        figure.html().replace("<p>", '<p class="els-still">')
        for figure in (
            MachineExplorer(),
            MachineExplorer(machine="LS", hide=["seed", "link"], prompt="Another line."),
        )
    ]
    (folder / "page.html").write_text(
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Figures</title>'
        '<meta name="viewport" content="width=device-width"><script src="theme.js"></script>'
        f'<link rel="stylesheet" href="explorers.css">{scripts}<style>'
        "body { margin: 16px } [data-theme=dark] { background: #121212; color: #eee }</style>"
        f"</head><body><main><h1 id='top'>Figures</h1>{''.join(figures)}</main>"
        "</body></html>",
        encoding="utf-8",
    )
    return (folder / "page.html").as_uri()


FIRST = "document.querySelector('.els-live')"


def result(page, **settings):
    """Wait until the first figure shows these settings, and return what it shows."""
    shown = page.wait_for_function(
        f"""(wanted) => {{
            const result = {FIRST}?.elsResult;
            const there = result && Object.keys(wanted).every(
                (name) => result.settings[name] === wanted[name]);
            const places = [...(result?.places || [])].map((v) => Number.isNaN(v) ? null : v);
            return there && {{...result, places, x: [...result.x], x0_hat: [...result.x0_hat]}};
        }}""",
        arg=settings,
        timeout=60_000,
    )
    return shown.json_value()


def address(page_url, settings):
    return f"{page_url}#" + "&".join(f"machine.{name}={value}" for name, value in settings.items())


def shift_sentence(text):
    found = re.search(r"Shifted by .*?Shift-then-denoise .*?(?=\. )", text)
    return found and found[0]


def places_sentence(text):
    return re.search(r"It is compared with \d+ places? .*?\.", text)[0]


def test_a_page_computes_what_python_computes(bare_page, new_page):
    page = new_page()
    for settings in SETTINGS:
        figure = MachineExplorer(**settings)
        page.goto(address(bare_page, settings))
        shown = result(page, **figure.state)
        x, machine = figure.x_t(), figure.denoiser()
        x_page = torch.tensor(shown["x"]).view_as(x)
        torch.testing.assert_close(x_page, x, rtol=0, atol=1e-6, msg=f"x_t for {settings}")
        x0_hat = torch.tensor(shown["x0_hat"]).view_as(x)
        error = (x0_hat - machine.denoise(x, figure.alpha_bar)).abs().max()
        assert error < 1e-3, f"x0_hat is off by {error} for {settings}"
        origin = machine.provenance(x, figure.alpha_bar)
        expected = [part[0, figure.row, figure.column].item() for part in origin]
        assert shift_sentence(shown["readout"]) == shift_sentence(figure.describe()), settings
        assert places_sentence(shown["readout"]) == places_sentence(figure.describe()), settings
        places = torch.tensor([math.nan if v is None else v for v in shown["places"]])
        torch.testing.assert_close(
            places.double().view(x.shape[2:]),
            figure.place_weights(),
            rtol=1e-4,
            atol=1e-6,
            equal_nan=True,
            msg=f"the places for {settings}",
        )
        found = shown["origin"]
        place = [found["image"], found["row"], found["column"]]
        assert place == expected[:3], f"the heaviest candidate for {settings}"
        assert found["weight"] == pytest.approx(expected[3], rel=1e-4, abs=1e-9)


def test_clicking_a_pixel_names_the_patch_that_provenance_names(bare_page, new_page):
    page = new_page()
    page.goto(bare_page)
    result(page)
    figure = MachineExplorer()
    origin = figure.denoiser().provenance(figure.x_t(), figure.alpha_bar)
    for picture, row, column in ((0, 20, 9), (1, 5, 18), (1, 0, 0), (0, 27, 27)):
        canvas = page.locator(".els-pick canvas").nth(picture)
        box = canvas.bounding_box()
        canvas.click(
            position={
                "x": (column + 0.5) * box["width"] / 28,
                "y": (row + 0.5) * box["height"] / 28,
            }
        )
        found = result(page, row=row, column=column)
        expected = [part[0, row, column].item() for part in origin[:3]]
        assert [found["origin"][name] for name in ("image", "row", "column")] == expected
        assert f"row {expected[1]}, column {expected[2]} of training image" in found["readout"]


def pictures(page):
    """The pixels of the first figure's two large canvases, as texts."""
    return page.evaluate(
        f"[...{FIRST}.querySelectorAll('.els-pick canvas')].map((canvas) => canvas.toDataURL())"
    )


KEYS = [  # a control of the first figure, the keys, what they do to the state, what must change
    ("role=slider[name='Patch size']", ["ArrowRight"], {"patch_size": 9}, "guess"),
    ("role=slider[name='Patch size']", ["End", "ArrowLeft"], {"patch_size": 25}, "guess"),
    ("role=slider[name='Time t']", ["ArrowRight"], {"t": 0.51}, "both"),
    ("role=slider[name='Time t']", ["Home"], {"t": 0.01}, "both"),
    ("role=slider[name='Training images']", ["ArrowLeft"], {"count": 31}, "guess"),
    ("role=spinbutton[name='Noise seed']", ["ArrowUp"], {"seed": 1}, "both"),
    ("role=spinbutton[name='row']", ["ArrowDown"], {"row": 11}, "readout"),
    ("role=spinbutton[name='column']", ["ArrowUp"], {"column": 15}, "readout"),
    ("role=slider[name='Down']", ["ArrowRight"], {"shift_rows": 1}, "both"),
    ("role=slider[name='To the right']", ["ArrowRight"], {"shift_columns": 1}, "both"),
    ("role=combobox[name='Border']", ["ArrowDown"], {"boundary": "zeros"}, "guess"),
    ("role=combobox[name='Images']", ["ArrowDown"], {"images": "faces"}, "both"),
    ("role=radio[name^='ELS']", ["ArrowUp"], {"machine": "LS"}, "guess"),
    ("role=radio[name='held-out picture 0']", ["ArrowRight"], {"picture": 1}, "both"),
    (".els-pick canvas[tabindex]", ["ArrowLeft", "ArrowUp"], {"row": 11, "column": 13}, "readout"),
]


@pytest.mark.parametrize(("control", "keys", "state", "changes"), KEYS)
def test_each_control_moves_by_keyboard(bare_page, new_page, control, keys, state, changes):
    page = new_page()
    page.goto(bare_page)
    before, drawn = result(page), pictures(page)
    page.locator("summary", has_text="Shift the picture").first.focus()
    page.keyboard.press("Enter")
    control = page.locator(".els-live").first.locator(control)
    control.focus()
    for key in keys:
        page.keyboard.press(key)
    after = result(page, **state)
    assert after["readout"] != before["readout"]
    # Of the first: the second is another machine, which may by now say the same.
    page.locator(".els-live").first.get_by_text(after["readout"]).wait_for()
    noisy, guess = (a != b for a, b in zip(drawn, pictures(page), strict=True))
    assert (noisy, guess) == {
        "both": (True, True),
        "guess": (False, True),
        "readout": (False, False),
    }[changes]


def test_every_setting_has_a_control_that_the_keyboard_test_moves():
    assert {name for _, _, state, _ in KEYS for name in state} == set(MachineExplorer.settings)
    assert set(PATCH) | {"IS", "ES"} == set(MachineExplorer.machine.options)


def test_the_address_restores_the_state_and_copies_it(bare_page, new_page):
    page = new_page()
    page.goto(f"{bare_page}#top")
    result(page)
    page.locator(".els-live").first.get_by_label("Patch size").focus()
    page.keyboard.press("ArrowRight")
    page.locator(".els-live").nth(1).get_by_label("Time t").focus()
    page.keyboard.press("ArrowLeft")
    page.wait_for_function("location.hash.includes('machine-2.t')")
    assert page.url == f"{bare_page}#top&machine.patch_size=9&machine-2.t=0.49"
    page.locator(".els-live").first.get_by_role("button", name="Copy link").click()
    page.get_by_text("The link").or_(page.get_by_text("Link copied")).first.wait_for()

    copy = new_page()
    copy.goto(page.url)
    assert result(copy)["settings"] == result(page)["settings"]
    second = copy.locator(".els-live").nth(1).get_by_label("Time t")
    assert second.input_value() == "0.49"

    copy.locator(".els-live").first.get_by_role("button", name="Reset").click()
    assert result(copy, patch_size=7)["settings"] == MachineExplorer().state
    copy.wait_for_function("!location.hash.includes('machine.')")
    assert second.input_value() == "0.49"


def test_a_link_leads_to_its_figure(bare_page, new_page):
    page = new_page()
    page.goto(f"{bare_page}#machine-2.t=0.3")
    result(page)
    second = page.locator(".els-live").nth(1)
    second.get_by_text("t = 0.30").wait_for()
    page.wait_for_function("scrollY > 300")
    assert abs(second.bounding_box()["y"]) < 100


def test_an_address_that_asks_for_what_is_not_there_is_told_so(bare_page, new_page):
    page = new_page()
    page.goto(f"{bare_page}#machine.patch_size=8&machine.machine=XYZ&machine.t=lots")
    shown = result(page)["settings"]
    assert shown == MachineExplorer(patch_size=9).state
    page.get_by_text("asks for what is not there (patch_size=8, machine=XYZ, t=lots)").wait_for()


def test_hide_leaves_controls_out(bare_page, new_page):
    page = new_page()
    page.goto(f"{bare_page}#machine.hide=machine,row,count&machine.t=0.3")
    first, second = page.locator(".els-live").first, page.locator(".els-live").nth(1)
    assert result(page, t=0.3)["settings"]["machine"] == "ELS"
    assert not first.get_by_role("radio", name="ELS").is_visible()
    assert not first.get_by_role("spinbutton", name="row").is_visible()
    assert not first.get_by_label("Training images").is_visible()
    assert first.get_by_label("Patch size").is_visible()
    assert second.get_by_role("radio", name="ELS").is_visible()
    # What the author hides is hidden too, and a move keeps the address's wish.
    assert not second.get_by_label("Noise seed").is_visible()
    assert not second.get_by_role("button", name="Copy link").is_visible()
    assert second.get_by_text("Another line.").is_visible()
    first.get_by_label("Patch size").focus()
    page.keyboard.press("ArrowLeft")
    page.wait_for_function("location.hash.includes('patch_size=5')")
    assert "machine.hide=machine,row,count" in page.url
    page = new_page()
    page.goto(f"{bare_page}#hide=images")
    result(page)
    images = page.get_by_label("Images", exact=True)
    assert [images.nth(k).is_visible() for k in range(images.count())] == [False, False]


# The address is written 250 ms after a move. Here that falls between a new address and its event.
WRITE_LATE = """
    const later = window.setTimeout;
    let write = null;
    window.setTimeout = (action, delay) => {
        if (delay !== 250) return later.call(window, action, delay);
        write = action;
        return 0;
    };
    addEventListener("hashchange", () => {
        window.written = Boolean(write);
        write?.();
        write = null;
        window.setTimeout = later;
    });
"""


def test_an_address_asked_for_right_after_a_move_wins(bare_page, new_page):
    page = new_page()
    page.add_init_script(WRITE_LATE)
    page.goto(bare_page)
    result(page)
    page.locator(".els-live").first.get_by_label("Patch size").focus()
    page.keyboard.press("ArrowRight")
    page.evaluate("location.hash = 'machine.patch_size=3&machine.t=0.3'")
    assert result(page, patch_size=3)["settings"] == MachineExplorer(patch_size=3, t=0.3).state
    assert page.evaluate("window.written")
    page.wait_for_function("location.hash === '#machine.patch_size=3&machine.t=0.3'")


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"machine": "ES"}, "agree to within 0.001"),
        ({"machine": "ELS"}, "agree to within 0.001"),
        ({"machine": "ELS", "boundary": "zeros"}, "differ by up to"),
        ({"machine": "IS"}, "differ by up to"),
        ({"machine": "LS"}, "differ by up to"),
    ],
)
def test_the_guess_moves_along_with_a_shift_just_where_every_place_is_compared(
    bare_page, new_page, settings, words
):
    page = new_page()
    page.goto(address(bare_page, settings))
    before = result(page, **settings)
    assert "Shifted" not in before["readout"]
    assert before["gap"] is None
    assert not page.get_by_label("Down").first.is_visible()  # folded away
    shift = {"shift_rows": 4, "shift_columns": 9}
    page.evaluate("(hash) => (location.hash = hash)", address("", settings | shift)[1:])
    after = result(page, **shift)
    assert words in after["readout"]
    assert page.get_by_label("Down").first.is_visible()
    x, x0_hat = (
        [torch.tensor(found[name]).view(28, 28) for found in (before, after)]
        for name in ("x", "x0_hat")
    )
    assert torch.equal(x[0].roll((4, 9), (0, 1)), x[1])
    gap = (x0_hat[0].roll((4, 9), (0, 1)) - x0_hat[1]).abs().max().item()
    assert gap == pytest.approx(after["gap"], abs=1e-6)
    assert (gap < 1e-3) == (words == "agree to within 0.001")


GREY_AND_HEAVIEST = """(canvas) => {
    const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    const pixels = [...Array(data.length / 4).keys()].map((k) => data.slice(4 * k, 4 * k + 3));
    const bright = pixels.map(([r, g, b]) => r + g + b);
    return [pixels.filter(([r, g, b]) => r === g && g === b).length,
            bright.indexOf(Math.max(...bright))];
}"""


@pytest.mark.parametrize(
    ("settings", "count", "words"),
    [
        ({"machine": "ELS"}, 784, "784 places of each training image: all."),
        ({"machine": "ELS", "boundary": "zeros"}, 484, "rows 3 to 24, columns 3 to 24."),
        ({"machine": "ELS", "boundary": "zeros", "row": 1}, 22, "row 1, columns 3 to 24."),
        ({"machine": "ELS", "boundary": "zeros", "row": 0, "column": 27}, 1, "its own."),
        ({"machine": "LS"}, 1, "1 place of each training image: its own."),
        ({"machine": "ES"}, 784, "784 places of each training image: all."),
        ({"machine": "IS"}, 1, "1 place of each training image: its own."),
    ],
)
def test_the_map_shows_with_which_places_a_pixel_is_compared(
    bare_page, new_page, settings, count, words
):
    page = new_page()
    page.goto(address(bare_page, settings))
    shown = result(page, **settings)
    figure = MachineExplorer(**settings)
    weights = figure.place_weights()
    assert (~weights.isnan()).sum() == count
    assert weights.nansum() == pytest.approx(1)
    assert words in shown["readout"]
    assert words in figure.describe()
    canvas = page.locator(".els-map canvas").first
    assert words in canvas.get_attribute("aria-label")
    grey, heaviest = canvas.evaluate(GREY_AND_HEAVIEST)
    assert grey == 784 - count
    assert heaviest == weights.nan_to_num(-1).argmax()


def test_hide_leaves_out_the_map_and_the_shift(bare_page, new_page):
    page = new_page()
    page.goto(f"{bare_page}#machine.hide=candidates,shift_rows,shift_columns")
    result(page)
    for part in (".els-map", ".els-fold"):
        nodes = page.locator(part)
        assert [nodes.nth(k).is_visible() for k in range(2)] == [False, True]


def test_a_border_that_ends_takes_its_large_patch_along(bare_page, new_page):
    page = new_page()
    page.goto(address(bare_page, {"patch_size": 55, "boundary": "zeros", "column": 27}))
    result(page, patch_size=55)
    first = page.locator(".els-live").first
    first.get_by_label("Border").select_option("circular")
    assert result(page, boundary="circular")["settings"]["patch_size"] == 27
    first.get_by_label("Images", exact=True).select_option("faces")
    settings = result(page, images="faces")["settings"]
    assert (settings["patch_size"], settings["column"]) == (25, 24)
    MachineExplorer(**settings)


def test_the_newest_request_wins_and_none_queue_up(bare_page, new_page):
    page = new_page()
    page.goto(address(bare_page, {"count": 64}))
    result(page, count=64)
    page.locator(".els-live").first.get_by_label("Patch size").focus()
    for key in ["ArrowRight"] * 10 + ["ArrowLeft"] * 12 + ["ArrowRight"] * 4:
        page.keyboard.press(key)
    shown = result(page, patch_size=11)
    figure = MachineExplorer(count=64, patch_size=11)
    expected = figure.denoiser().denoise(figure.x_t(), figure.alpha_bar)
    assert (torch.tensor(shown["x0_hat"]).view_as(expected) - expected).abs().max() < 1e-3


@pytest.mark.parametrize("refused", ["at once", "later"])
def test_where_workers_are_refused_the_page_computes_by_itself(bare_page, new_page, refused):
    page = new_page()
    page.add_init_script(
        "window.Worker = class { constructor() { throw new Error('no workers') } }"
        if refused == "at once"
        else """window.Worker = class {
            postMessage() { setTimeout(() => this.onerror?.(new Event('error')), 20) }
            terminate() {}
        }"""
    )
    page.goto(address(bare_page, {"count": 6, "patch_size": 5}))
    shown = result(page, count=6, patch_size=5)
    figure = MachineExplorer(count=6, patch_size=5)
    expected = figure.denoiser().denoise(figure.x_t(), figure.alpha_bar)
    assert (torch.tensor(shown["x0_hat"]).view_as(expected) - expected).abs().max() < 1e-3


@pytest.mark.parametrize(
    "settings",
    [
        {"count": 6, "patch_size": 5},
        {"count": 6, "boundary": "zeros", "t": 0.9},
        {"count": 6, "images": "faces", "patch_size": 9, "t": 0.1},
    ],
)
def test_without_webassembly_the_page_computes_the_same(bare_page, new_page, settings):
    page = new_page()
    page.add_init_script("delete window.Worker; delete window.WebAssembly")
    page.goto(address(bare_page, settings))
    shown = result(page, **settings)
    figure = MachineExplorer(**settings)
    expected = figure.denoiser().denoise(figure.x_t(), figure.alpha_bar)
    assert (torch.tensor(shown["x0_hat"]).view_as(expected) - expected).abs().max() < 1e-3


def test_the_compiled_machine_is_of_its_source_and_runs_here(bare_page, new_page):
    text = (FOLDER / "patch_simd.js").read_text()
    source = (FOLDER / "patch_simd.ts").read_bytes()
    assert f"sha256 {hashlib.sha256(source).hexdigest()[:16]}" in text, "compile it again"
    compiled = re.search(r'COMPILED =\s*"([^"]+)"', text)[1]
    page = new_page()
    page.goto(bare_page)
    valid = "(text) => WebAssembly.validate(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)))"
    assert page.evaluate(valid, compiled)


def test_identical_patches_are_counted_and_weighed_together(bare_page, new_page):
    page = new_page()
    page.goto(address(bare_page, {"row": 2, "column": 3, "t": 0.05}))
    readout = result(page, row=2, column=3, t=0.05)["readout"]
    figure = MachineExplorer(row=2, column=3, t=0.05)
    images = figure.denoiser().images
    padded = torch.nn.functional.pad(images, (3,) * 4, mode="circular")
    windows = padded.unfold(2, 7, 1).unfold(3, 7, 1).flatten(4)
    blank = (windows == -1).all(-1).sum().item()
    assert f"{blank:,} copies" in readout


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [360, 1280])
def test_axe_finds_nothing_in_any_state(bare_page, new_page, width, dark):
    page = new_page(width=width, dark=dark)
    for settings in (
        {"machine": "ELS"},
        {"machine": "IS", "t": 0.7},
        {"images": "faces", "shift_rows": 2},
    ):
        page.goto(address(bare_page, settings))
        result(page, **settings)
        page.evaluate(AXE)
        # No preload: axe would fetch the style sheet, which a page on disk may not.
        options = {"resultTypes": ["violations"], "preload": False}
        found = page.evaluate("(options) => axe.run(options).then((r) => r.violations)", options)
        assert [(item["id"], item["nodes"][0]["html"]) for item in found] == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_module_works_as_an_anywidget_does(bare_page, new_page):
    page = new_page()
    page.goto(bare_page)
    result(page)
    script = MachineExplorer._esm
    done = page.evaluate(
        """async ({script, pixels, state}) => {
            const address = URL.createObjectURL(new Blob([script], {type: "text/javascript"}));
            const {default: {render}} = await import(address);
            const listeners = {};
            const bytes = new DataView(Uint8Array.from(pixels.bytes).buffer);
            const values = {...state, pixels: {...pixels, bytes}};
            const saved = [];
            const model = {
                get: (name) => values[name],
                set(name, value) {
                    values[name] = value;
                    (listeners[`change:${name}`] || []).forEach((action) => action());
                },
                on: (event, action) => (listeners[event] ??= []).push(action),
                off() {}, save_changes: () => saved.push(values.patch_size), send() {},
            };
            const el = document.createElement("div");
            document.querySelector("main").append(el);
            const painted = () => new Promise(
                (done) => el.addEventListener("els:painted", done, {once: true}));
            let wait = painted();
            const stop = render({model, el});
            await wait;
            wait = painted();
            model.set("patch_size", 8); // as a linked slider would that knows no odd sizes
            await wait;
            const answer = {
                patch: values.patch_size, saved, readout: values.readout, hash: location.hash,
                bytes: values.x0_hat.byteLength, buttons: [...el.querySelectorAll("button")].length,
            };
            stop();
            return answer;
        }""",
        {
            "script": script,
            "state": MachineExplorer().full_state,
            "pixels": {
                **MachineExplorer(images="digits").pixels,
                "bytes": list(MachineExplorer().pixels["bytes"]),
            },
        },
    )
    assert done["patch"] == 9
    assert 9 in done["saved"]
    assert done["readout"].startswith("ELS with 9 × 9 patches")
    assert done["bytes"] == 4 * 28 * 28
    assert done["hash"] == ""
    assert done["buttons"] == 1  # reset; there is no address to copy
