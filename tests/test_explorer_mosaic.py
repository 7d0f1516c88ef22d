"""The explorer "mosaic": in a bare page Python's samples and sources; drawings that stay there."""

import io
import math

import bare_page
import oracle
import pytest
import torch
from PIL import Image

from els_tutorial import sampling
from els_tutorial.calibration import published
from els_tutorial.explorers import MosaicExplorer, Prediction, bundle
from els_tutorial.explorers import mosaic_drawings as drawings
from els_tutorial.explorers.mosaic import SETS
from els_tutorial.explorers.mosaic_sources import COLOURS, Sources, letters, sources, tinted
from els_tutorial.explorers.noise import noise
from els_tutorial.machines import (
    EquivariantLocalScore,
    EquivariantScore,
    IdealScore,
    LocalScore,
)
from els_tutorial.schedules import CosineSchedule

# Every machine, set, border and kind of window; few and many steps; a step on the way.
SETTINGS = [
    {},
    {"patch_size": 27, "count": 6, "seed": 1},
    {"boundary": "zeros", "patch_size": 9, "count": 8, "steps": 7, "step": 4, "row": 1},
    {"boundary": "zeros", "patch_size": 55, "count": 9, "steps": 3, "step": 3},
    {"windows": "shrinking", "count": 10, "seed": 3},
    {"machine": "LS", "patch_size": 7, "count": 64, "seed": 9999},
    {"machine": "LS", "boundary": "zeros", "images": "faces", "count": 12, "column": 0},
    {"machine": "ES", "count": 20, "seed": 2},
    {"machine": "IS", "count": 40, "seed": 4, "images": "textures"},
    {"images": "faces", "patch_size": 3, "count": 7, "boundary": "zeros", "steps": 9, "step": 9},
    {"images": "photos", "patch_size": 5, "count": 5, "steps": 6, "step": 6},
    {"images": "textures", "windows": "shrinking", "boundary": "zeros", "count": 4},
    {"images": "two_tone", "patch_size": 5},
    {"images": "own", "patch_size": 7},
    {"images": "own", "machine": "ES", "steps": 1, "step": 1},
]


# ---- Sources ----


def brute(kind, images, x, alpha_bar, size, boundary, i, j):
    """The Sources of one pixel from the oracle's candidates: image, row, column, copies, weight."""
    posterior = oracle.posterior(kind, images, x, i, j, alpha_bar, size, boundary)
    weights, _, origins = (torch.as_tensor(part) for part in posterior)
    if kind in ("IS", "ES"):
        contents = [images[n].roll((i - u, j - v), (1, 2)) for n, u, v in origins.tolist()]
    else:
        around = torch.tensor(oracle.windows(images.numpy(), size, boundary))
        contents = [around[n, :, u, v] for n, u, v in origins.tolist()]
    kinds = torch.stack(contents).flatten(1).unique(dim=0, return_inverse=True)[1]
    joint = torch.zeros(len(weights), dtype=torch.float64).scatter_add(0, kinds, weights)[kinds]
    best = kinds == kinds[joint.argmax()]
    found = origins[best]
    order = found[:, 0] * 10_000
    if kind == "ES":  # counted by how far an image is rolled
        order += (i - found[:, 1]) % images.shape[2] * 100 + (j - found[:, 2]) % images.shape[3]
    else:
        order += found[:, 1] * 100 + found[:, 2]
    first = found[order.argmin()].tolist()
    return *first, int(best.sum()), joint.max().item(), len(found[:, 0].unique()) > 1


@pytest.mark.parametrize("boundary", ["circular", "zeros"])
@pytest.mark.parametrize("kind", ["IS", "ES", "LS", "ELS"])
def test_sources_count_copies_together(kind, boundary):
    draw = torch.Generator().manual_seed(8)
    for size in (1, 3, 5):
        # Few values and a repeated image, so that much is alike.
        images = torch.randint(2, (3, 1, 6, 5), generator=draw).float() * 2 - 1
        images = torch.cat([images, images[1:2].roll((2, 1), (2, 3)), images[:1]])
        x = torch.randn((1, 1, 6, 5), generator=draw)
        whole = {"IS": IdealScore, "ES": EquivariantScore}
        patch = {"LS": LocalScore, "ELS": EquivariantLocalScore}
        machine = whole[kind](images) if kind in whole else patch[kind](images, size, boundary)
        found = sources(machine, x, 0.4)
        for i in range(6):
            for j in range(5):
                expected = brute(kind, images, x[0].numpy(), 0.4, size, boundary, i, j)
                shown = [part[i, j].item() for part in found]
                assert shown == [*expected[:4], pytest.approx(expected[4]), expected[5]]


def test_sources_are_the_provenance_where_nothing_is_alike():
    figure = MosaicExplorer(images="faces", patch_size=7)
    step, machine = figure.shown(), figure.denoiser()
    origin = machine.provenance(step.x, CosineSchedule().alpha_bar(step.t))
    found = figure.sources()
    assert (found.copies == 1).all() and not found.shared.any()
    for name in ("image", "row", "column"):
        assert torch.equal(getattr(found, name), getattr(origin, name)[0])
    torch.testing.assert_close(found.weight, origin.weight[0])


def test_colours_go_to_the_images_with_most_pixels_and_grey_to_what_is_alike():
    image = torch.tensor([[9, 9, 9, 4], [4, 2, 7, 7], *([[k, k, k, k] for k in range(10, 18)])])
    nothing = torch.zeros_like(image)
    shared = torch.zeros_like(image, dtype=torch.bool)
    shared[1, 2] = True
    names, order = letters(Sources(image, nothing, nothing, nothing, nothing, shared), 20)
    assert order == [10, 11, 12, 13, 14, 15, 16, 17]
    place = list(COLOURS)
    assert names[0, 0] == names[1, 1] == place.index("other")
    assert names[1, 2] == place.index("shared")
    assert names[2:, 0].tolist() == [place.index(letter) for letter in "ABCDEFGH"]
    flat, dark = tinted(names), tinted(names, -torch.ones(1, *image.shape))
    torch.testing.assert_close(dark, 0.3 * (flat + 1) - 1)


def test_colours_can_be_told_apart_with_any_eyes():
    # Machado, Oliveira and Fernandes (2009): how each kind of colour blindness sees linear RGB.
    eyes = torch.tensor(
        [
            [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
            [
                [0.152286, 1.052583, -0.204868],
                [0.114503, 0.786281, 0.099216],
                [-0.003882, -0.048116, 1.051998],
            ],
            [
                [0.367322, 0.860646, -0.227968],
                [0.280085, 0.672501, 0.047413],
                [-0.011820, 0.042940, 0.968881],
            ],
            [
                [1.255528, -0.076749, -0.178779],
                [-0.078411, 0.930809, 0.147602],
                [0.004733, 0.691367, 0.303900],
            ],
        ]
    )
    to_xyz = torch.tensor(
        [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    )
    table = torch.tensor(
        [[int(c[k : k + 2], 16) / 255 for k in (1, 3, 5)] for c in COLOURS.values()]
    )
    linear = torch.where(table <= 0.04045, table / 12.92, ((table + 0.055) / 1.055) ** 2.4)
    for eye in eyes:
        xyz = (linear @ eye.T).clamp(0, 1) @ to_xyz.T / torch.tensor([0.9505, 1, 1.089])
        f = torch.where(xyz > 0.008856, xyz ** (1 / 3), 7.787 * xyz + 16 / 116)
        x, y, z = f.T
        lab = torch.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], 1)
        apart = torch.cdist(lab, lab) + 1000 * torch.eye(len(lab))
        assert apart.min() > 20  # CIE 1976; 2.3 is just noticeable


# ---- The Python side ----


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"machine": "UNet"}, "machine must be one of 'ELS', 'LS', 'IS', 'ES'; got 'UNet'"),
        ({"windows": "growing"}, "windows must be one of 'fixed', 'shrinking'"),
        ({"patch_size": 4}, "patch_size must be an odd int from 1 to 27 .* got 4"),
        ({"patch_size": 27, "images": "faces"}, "patch_size must be an odd int from 1 to 25"),
        ({"patch_size": 57, "boundary": "zeros"}, "patch_size must be an odd int from 1 to 55"),
        ({"count": 0}, "count must be an int from 1 to 64, got 0"),
        ({"images": "cats"}, "images must be one of 'digits', .*'own'; got 'cats'"),
        ({"steps": 51}, "steps must be an int from 1 to 50, got 51"),
        ({"step": 21}, "step must be an int up to 20, got 21"),
        ({"steps": 10}, "step must be an int up to 10, got 20"),
        ({"row": 28}, "row must be an int up to 27, got 28"),
        ({"view": "map"}, "view must be one of 'both', 'sources', 'letters', 'sample'"),
        ({"hide": ["t"]}, "hide must be a list of machine, windows, .* got \\['t'\\]"),
        (
            {"predict": Prediction("?", ["a", "b"], "c", {"step": 30})},
            "step must be an int up to 20",
        ),
    ],
)
def test_a_setting_that_is_not_there_is_refused(setting, message):
    with pytest.raises(ValueError, match=message):
        MosaicExplorer(**setting)


@pytest.mark.parametrize("content", [b"x", bytes(9 * 3 * 784), "none", None])
def test_own_images_that_are_none_are_refused(content):
    with pytest.raises(ValueError, match="own must be bytes, 2352 for each of at most 8 images"):
        MosaicExplorer().own = content


def test_the_sample_is_what_the_sampler_makes_of_the_same_noise():
    figure = MosaicExplorer(images="faces", count=9, seed=7, windows="shrinking", steps=8, step=3)
    windows = published("mnist-resnet", CosineSchedule())
    machine = EquivariantLocalScore(bundle.held_images("faces")[:9], windows)
    start = noise(7, (1, 1, 25, 25))
    steps = list(sampling.trajectory(machine, start, CosineSchedule(), 8))
    assert torch.equal(figure.sample(), steps[-1].x0_hat)
    assert torch.equal(figure.shown().x, steps[2].x)
    assert f"Step 3 of 8: t = {steps[2].t:.2f}" in figure.describe()


def test_own_images_are_grey_or_in_colour_and_change_the_sample():
    figure = MosaicExplorer(images="own", steps=3, step=3)
    assert len(figure.own_images()) == 0
    assert torch.equal(figure.training(), drawings.starters())
    before = figure.sample()
    half = bytes([255] * 392 + [0] * 392)
    figure.own = half * 3 + bytes(3 * 784)
    assert figure.own_images().shape == (2, 1, 28, 28)
    assert (figure.own_images()[0, 0] == torch.tensor([1.0] * 14 + [-1.0] * 14)[:, None]).all()
    assert not torch.equal(figure.sample(), before)
    assert "2 own images" in figure.describe()
    figure.own = half + bytes(2 * 784)
    assert figure.training().shape == figure.sample().shape == (1, 3, 28, 28)


def test_the_state_holds_no_drawing():
    figure = MosaicExplorer(images="own")
    figure.own = bytes([7]) * 2352
    assert "own" not in figure.full_state
    assert len(figure.html()) < 1500


def test_the_still_picture_is_a_png_in_every_case_and_its_words_fit():
    for settings in ({"view": "sample"}, {"images": "photos", "count": 2}, {"machine": "IS"}):
        figure = MosaicExplorer(**settings, steps=2, step=2)
        assert figure.still().startswith(b"\x89PNG")
        image = figure.sources().image[12, 14]
        assert f"training image {image}" in figure.describe()


# ---- The browser ----


@pytest.fixture(scope="session")
def mosaic_page(tmp_path_factory):
    """The address, on disk, of a page with one mosaic explorer."""
    return bare_page.write(tmp_path_factory.mktemp("mosaic"), MosaicExplorer())


def result(page, **settings):
    """Wait until the figure shows these settings whole, and return what it shows."""
    shown = page.wait_for_function(
        """(wanted) => {
            const result = document.querySelector('.els-live')?.elsResult;
            if (!result) return null;
            if (Object.keys(wanted).some((name) => result.settings[name] !== wanted[name]))
                return null;
            const map = Object.fromEntries(Object.entries(result.sources)
                .map(([name, values]) => [name, [...values]]));
            const guesses = result.guesses.map((guess) => [...guess]);
            const [x, x0_hat, own] = [result.x, result.x0_hat, result.own].map((all) => [...all]);
            return {...result, guesses, x, x0_hat, own, sources: map};
        }""",
        arg=settings,
        timeout=120_000,
    )
    return shown.json_value()


def address(url, settings):
    return f"{url}#" + "&".join(f"mosaic.{name}={value}" for name, value in settings.items())


@pytest.mark.parametrize("settings", SETTINGS)
def test_a_page_grows_what_python_grows(mosaic_page, new_page, settings):
    page = new_page()
    figure = MosaicExplorer(**settings)
    page.goto(address(mosaic_page, settings))
    shown = result(page, **figure.state)
    steps = figure.trajectory()[: figure.step]
    assert len(shown["guesses"]) == figure.step
    for number, (guess, step) in enumerate(zip(shown["guesses"], steps, strict=True), 1):
        error = (torch.tensor(guess) - step.x0_hat.flatten()).abs().max()
        assert error < 1e-3, f"step {number} is off by {error}"
    assert (torch.tensor(shown["x"]) - steps[-1].x.flatten()).abs().max() < 1e-3

    expected = figure.sources()
    found = {name: torch.tensor(shown["sources"][name]) for name in ("image", "row", "column")}
    side = SETS[figure.images][0]
    differing = torch.zeros(side * side, dtype=torch.bool)
    for name, values in found.items():
        differing |= values != getattr(expected, name).flatten()
    assert differing.float().mean() < 0.01  # all but near ties
    weight = figure.sources().weight.flatten()
    assert (weight[differing] < 0.5).all()
    shared = torch.tensor(shown["sources"]["shared"]).bool()
    assert torch.equal(shared[~differing], expected.shared.flatten()[~differing])

    assert shown["readout"] == figure.describe()
    page.locator(".els-readout").get_by_text(figure.describe()).wait_for()


def test_windows_that_shrink_are_those_published(mosaic_page, new_page):
    page = new_page()
    page.goto(address(mosaic_page, {"windows": "shrinking", "count": 1, "steps": 50, "step": 50}))
    figure = MosaicExplorer(windows="shrinking", count=1, steps=50, step=50)
    guesses = result(page, step=50)["guesses"]
    for guess, step in zip(guesses, figure.trajectory(), strict=True):
        assert (torch.tensor(guess) - step.x0_hat.flatten()).abs().max() < 1e-3


def test_growth_paints_every_step_pauses_and_goes_on(mosaic_page, new_page):
    page = new_page()
    page.goto(address(mosaic_page, {"count": 3, "step": 1}))
    result(page, step=1)
    page.evaluate(
        """() => {
            window.seen = [];
            document.addEventListener("els:painted", ({target}) => {
                if (target.elsResult) window.seen.push(target.elsResult.settings.step);
            });
        }"""
    )
    button = page.get_by_role("button", name="Grow")
    button.focus()
    page.keyboard.press("Enter")
    page.wait_for_function("window.seen.at(-1) >= 5")
    page.get_by_role("button", name="Pause").press(" ")
    button.wait_for()
    step = page.get_by_label("Step", exact=True).input_value()
    shown = result(page, step=int(step))
    page.get_by_text(shown["readout"]).wait_for()
    button.press("Enter")
    last = result(page, step=20)
    button.wait_for()
    seen = page.evaluate("[...new Set(window.seen)]")
    assert seen == list(range(2, 21))
    figure = MosaicExplorer(count=3)
    assert (torch.tensor(last["x0_hat"]) - figure.sample().flatten()).abs().max() < 1e-3
    page.get_by_text(last["readout"]).wait_for()
    # Once more, from noise; a reader who takes the slider stops it.
    page.evaluate("() => { window.seen = []; }")
    button.click()
    page.wait_for_function("window.seen.includes(1)")
    page.get_by_label("Step", exact=True).fill("12")
    button.wait_for()
    assert result(page)["settings"]["step"] == 12


def test_nothing_grows_by_itself_when_motion_is_unwanted(mosaic_page, new_page):
    page = new_page()
    page.emulate_media(reduced_motion="reduce")
    page.add_init_script(
        "window.seen = []; document.addEventListener('els:painted', ({target}) => "
        "window.seen.push(target.querySelector('.els-grown').innerText))"
    )
    page.goto(address(mosaic_page, {"count": 3}))
    result(page, step=20)
    assert len({*page.evaluate("window.seen")}) == 2  # the first, and the picture asked for
    page.get_by_role("button", name="Grow").click()
    result(page, step=20)
    page.get_by_role("button", name="Grow").wait_for()
    assert len({*page.evaluate("window.seen")}) >= 20  # which the reader asked for


def test_workers_do_what_takes_long(mosaic_page, new_page):
    page = new_page()
    page.add_init_script(
        """window.answers = [];
        const real = window.Worker;
        window.Worker = class extends real {
            set onmessage(take) {
                super.onmessage = (event) => {
                    window.answers.push(Object.keys(event.data));
                    take(event);
                };
            }
        };"""
    )
    page.goto(address(mosaic_page, {"count": 1}))
    result(page, count=1)
    answers = page.evaluate("window.answers")
    # The parts of 20 guesses, the map of at least the last one, and the pixel's candidates.
    others = [sum(name in keys for keys in answers) for name in ("shared", "candidates")]
    assert min(others) >= 1
    assert len(answers) - sum(others) == 20


KEYS = [  # a control, the keys, what they do to the state
    ("slider[name='Step']", ["ArrowLeft"], {"step": 1}),
    ("combobox[name='Machine']", ["ArrowDown"], {"machine": "LS"}),
    ("combobox[name='Patches']", ["ArrowDown"], {"windows": "shrinking"}),
    ("slider[name='Patch size']", ["ArrowRight"], {"patch_size": 7}),
    ("combobox[name='Border']", ["ArrowDown"], {"boundary": "zeros"}),
    ("combobox[name='Images']", ["ArrowDown"], {"images": "faces"}),
    ("slider[name='Training images']", ["ArrowRight"], {"count": 4}),
    ("spinbutton[name='Noise seed']", ["ArrowUp"], {"seed": 1}),
    ("slider[name='Steps in all']", ["ArrowRight"], {"steps": 3}),
    ("combobox[name='Map']", ["ArrowDown"], {"view": "sources"}),
    ("spinbutton[name='row']", ["ArrowDown"], {"row": 11}),
    ("spinbutton[name='column']", ["ArrowUp"], {"column": 15}),
    ("img[name=/arrow keys/]", ["ArrowUp", "ArrowLeft"], {"row": 11, "column": 13}),
]
SMALL = {"count": 3, "steps": 2, "step": 2}


@pytest.mark.parametrize(("control", "keys", "state"), KEYS)
def test_each_control_moves_by_keyboard(mosaic_page, new_page, control, keys, state):
    page = new_page()
    page.goto(address(mosaic_page, SMALL))
    result(page, **SMALL)
    page.locator(".els-live").locator(f"role={control}").focus()
    for key in keys:
        page.keyboard.press(key)
    after = result(page, **state)
    assert after["readout"] == MosaicExplorer(**SMALL | state).describe()


def test_every_setting_has_a_control_that_the_keyboard_test_moves():
    assert {name for _, _, state in KEYS for name in state} == set(MosaicExplorer.settings)


def test_clicking_a_pixel_of_any_picture_names_its_source(mosaic_page, new_page):
    page = new_page()
    page.goto(address(mosaic_page, SMALL))
    result(page, **SMALL)
    for picture, row, column in ((0, 20, 9), (1, 5, 18), (2, 0, 27)):
        canvas = page.locator(".els-grown canvas").nth(picture)
        box = canvas.bounding_box()
        across, down = ((k + 0.5) * box["width"] / 28 for k in (column, row))
        canvas.click(position={"x": across, "y": down})
        found = result(page, row=row, column=column)
        figure = MosaicExplorer(**SMALL, row=row, column=column)
        assert found["readout"] == figure.describe()
        image = figure.sources().image[row, column]
        words = page.locator(".els-from p")
        words.get_by_text(f"of training image {image}").wait_for()


def test_the_map_shows_letters_or_colours_or_nothing(mosaic_page, new_page):
    page = new_page()
    faces = {**SMALL, "images": "faces"}
    page.goto(address(mosaic_page, faces | {"view": "letters"}))
    result(page, **faces)
    named = page.locator(".els-letters text")
    assert {*named.all_text_contents()} <= {*"ABC"} and named.count() > 1
    cards = page.locator(".els-sources li:visible")
    figure = MosaicExplorer(**faces)
    counts = figure.sources().image[~figure.sources().shared].bincount().tolist()
    for card in cards.all():
        letter, image = card.inner_text().split()[0], int(card.inner_text().split()[-1])
        assert letter in "ABC"
        assert f" {math.floor(counts[image] / 625 * 100 + 0.5)} %" in card.inner_text()
    page.get_by_label("Map", exact=True).select_option("sources")
    result(page, view="sources")
    assert named.count() == 0
    flat = page.locator(".els-grown canvas").nth(2).evaluate("(c) => c.toDataURL()")
    page.get_by_label("Map", exact=True).select_option("both")
    result(page, view="both")
    assert flat != page.locator(".els-grown canvas").nth(2).evaluate("(c) => c.toDataURL()")
    page.get_by_label("Map", exact=True).select_option("sample")
    result(page, view="sample")
    assert not page.locator(".els-grown canvas").nth(2).is_visible()
    assert not cards.first.is_visible()


# ---- Own images ----

OWN = {"images": "own", "steps": 3, "step": 3, "patch_size": 3}


def open_own(page, url):
    page.goto(address(url, OWN))
    return result(page, **OWN)


def after_own(page, before):
    """Wait until the sample has grown anew from changed images, and hold it to Python's."""
    page.wait_for_function(
        """(old) => {
            const result = document.querySelector('.els-live').elsResult;
            return result && String(result.own) !== old;
        }""",
        arg=",".join(map(str, before["own"])),
        timeout=60_000,
    )
    shown = result(page)
    figure = MosaicExplorer(**shown["settings"])
    figure.own = bytes(shown["own"])
    assert (torch.tensor(shown["x0_hat"]) - figure.sample().flatten()).abs().max() < 1e-3
    assert shown["readout"] == figure.describe()
    assert max(shown["sources"]["image"]) < len(figure.own_images())
    return shown, figure


def test_a_link_to_drawings_says_that_it_carries_none(mosaic_page, new_page):
    page = new_page()
    shown = open_own(page, mosaic_page)
    assert shown["readout"] == MosaicExplorer(**OWN).describe()
    assert page.get_by_text("A link never carries drawings").is_visible()
    page.get_by_role("button", name="Invert").click()
    after_own(page, shown)
    assert not page.get_by_text("A link never carries drawings").is_visible()
    page.get_by_role("button", name="Copy link").click()
    page.get_by_text("The link").or_(page.get_by_text("Link copied")).first.wait_for()
    said = page.evaluate("location.hash.slice(1).split('&').sort()")
    assert said == sorted(f"mosaic.{name}={value}" for name, value in OWN.items())


def test_drawing_by_keyboard_changes_the_sample(mosaic_page, new_page):
    page = new_page()
    before = open_own(page, mosaic_page)
    paper = page.get_by_role("img", name="Training image 0, to be drawn on")
    for name in ("Remove", "Remove", "Remove", "Clear"):  # one black drawing is left
        page.get_by_role("button", name=name, exact=True).press("Enter")
    black, figure = after_own(page, before)
    assert (figure.own_images() == -1).all()
    paper.focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press(" ")
    page.keyboard.press("Shift+ArrowRight")
    page.get_by_text("row 13, column 15: white").wait_for()
    _, figure = after_own(page, black)
    (drawing,) = figure.own_images()[:, 0]
    assert (drawing[13:15, 14:17] == 1).all() and (drawing == 1).sum() == 6
    grey = page.get_by_role("radio", name="white")
    grey.focus()
    page.keyboard.press("ArrowRight")
    page.get_by_label("Pen width").select_option("1")
    paper.press("Enter")
    page.get_by_text("row 13, column 15: grey").wait_for()


def test_drawing_by_pointer_leaves_no_gaps(mosaic_page, new_page):
    page = new_page(height=1600)
    before = open_own(page, mosaic_page)
    page.get_by_role("button", name="Add").click()
    paper = page.locator(".els-paper canvas")
    paper.scroll_into_view_if_needed()
    box = paper.bounding_box()

    def at(row, column):
        scale = box["width"] / 28
        return box["x"] + (column + 0.5) * scale, box["y"] + (row + 0.5) * scale

    page.get_by_label("Pen width").select_option("1")
    page.mouse.move(*at(4, 3))
    page.mouse.down()
    page.mouse.move(*at(4, 23))  # one event for twenty pixels
    page.mouse.up()
    shown, figure = after_own(page, before)
    drawing = figure.own_images()[4, 0]
    assert (drawing[4, 3:24] == 1).all() and (drawing == 1).sum() == 21
    for name, expected in (
        ("Mirror", drawing.flip(1)),
        ("Invert", -drawing.flip(1)),
        ("Clear", torch.full_like(drawing, -1)),
    ):
        page.get_by_role("button", name=name).click()
        shown, figure = after_own(page, shown)
        torch.testing.assert_close(figure.own_images()[4, 0], expected)
    page.get_by_role("button", name="Starter drawings").click()
    _, figure = after_own(page, shown)
    assert torch.equal(figure.own_images(), drawings.starters())


def test_there_is_room_for_eight_images_and_always_one(mosaic_page, new_page):
    page = new_page()
    open_own(page, mosaic_page)
    add = page.get_by_role("button", name="Add")
    remove = page.get_by_role("button", name="Remove")
    for _ in range(4):
        add.click()
    assert add.is_disabled()
    assert page.get_by_role("radio", name="training image").count() == 8
    for _ in range(7):
        remove.click()
    assert remove.is_disabled() and add.is_enabled()


def picture(mode, size, colour, kind="PNG"):
    stream = io.BytesIO()
    Image.new(mode, size, colour).save(stream, kind)
    return stream.getvalue()


def files(*named):
    return [{"name": n, "mimeType": "image/png", "buffer": content} for n, content in named]


def test_pictures_become_training_images_and_what_is_none_is_named(mosaic_page, new_page):
    page = new_page()
    before = open_own(page, mosaic_page)
    sides = Image.new("L", (80, 40), 0)  # white where the middle square is, black beside it
    sides.paste(255, (20, 0, 60, 40))
    stream = io.BytesIO()
    sides.save(stream, "PNG")
    chooser = page.get_by_label("Drop pictures here, or choose them")
    chooser.set_input_files(
        files(
            ("wide.png", stream.getvalue()),
            ("notes.png", b"no picture"),
            ("grey.jpg", picture("L", (9, 9), 128, "JPEG")),
        )
    )
    page.get_by_text(
        "Added 2 pictures. “notes.png”: no picture that this browser can read."
    ).wait_for()
    shown, figure = after_own(page, before)
    assert figure.own_images().shape == (2, 1, 28, 28)  # in place of the starter drawings
    assert (figure.own_images()[0] == 1).all()
    assert ((figure.own_images()[1] - (128 / 127.5 - 1)).abs() < 0.02).all()
    page.get_by_label("keep their colours").check()
    chooser.set_input_files(files(("red.png", picture("RGB", (60, 30), (255, 0, 0)))))
    page.get_by_text("Added 1 picture.").wait_for()
    _, figure = after_own(page, shown)
    red = torch.tensor([1.0, -1.0, -1.0])[:, None, None]
    assert torch.equal(figure.own_images()[2], red.expand(3, 28, 28))
    assert figure.own_images().shape == (3, 3, 28, 28)
    chooser.set_input_files(files(*((f"{k}.png", picture("L", (5, 5), k)) for k in range(7))))
    page.get_by_text("No room for “5.png”, “6.png”").wait_for()


def test_a_picture_can_be_dropped_and_nothing_leaves_the_page(mosaic_page, new_page):
    page = new_page()
    before = open_own(page, mosaic_page)
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    content = list(picture("L", (30, 30), 255))
    page.locator(".els-own").evaluate(
        """(node, content) => {
            const dataTransfer = new DataTransfer();
            dataTransfer.items.add(new File([new Uint8Array(content)], "white.png"));
            const how = {dataTransfer, cancelable: true, bubbles: true};
            for (const type of ["dragover", "drop"]) node.dispatchEvent(new DragEvent(type, how));
        }""",
        content,
    )
    page.get_by_text("Added 1 picture.").wait_for()
    _, figure = after_own(page, before)
    assert (figure.own_images() == 1).all()
    page.get_by_role("button", name="Copy link").click()
    page.get_by_text("The link").or_(page.get_by_text("Link copied")).first.wait_for()
    assert asked == []
    assert len(page.url) < len(mosaic_page) + 100
    assert page.evaluate("localStorage.length + sessionStorage.length") == 0


# ---- Frame ----


def test_the_address_restores_the_state_hides_controls_and_mends_what_is_not_there(
    mosaic_page, new_page
):
    page = new_page()
    page.goto(address(mosaic_page, SMALL))
    result(page, **SMALL)
    page.get_by_label("Step", exact=True).press("ArrowLeft")
    page.wait_for_function("location.hash.endsWith('mosaic.step=1')")
    copy = new_page()
    copy.goto(page.url)
    assert result(copy, step=1)["settings"] == MosaicExplorer(**SMALL | {"step": 1}).state
    copy = new_page()
    copy.goto(
        f"{mosaic_page}#mosaic.step=30&mosaic.count=2&mosaic.images=none"
        "&mosaic.hide=grow,machine,draw,row"
    )
    assert result(copy, count=2)["settings"] == MosaicExplorer(count=2).state
    copy.get_by_text("asks for what is not there (step=30, images=none)").wait_for()
    assert not copy.get_by_role("button", name="Grow").is_visible()
    assert not copy.get_by_label("Machine").is_visible()
    assert not copy.get_by_role("spinbutton", name="row").is_visible()
    copy.get_by_label("Images", exact=True).select_option("own")
    result(copy, images="own")
    assert not copy.locator(".els-own").is_visible()
    copy.get_by_role("button", name="Reset").click()
    assert result(copy, images="digits", count=24)["settings"] == MosaicExplorer().state


def test_a_large_patch_and_a_far_pixel_follow_a_smaller_set(mosaic_page, new_page):
    page = new_page()
    page.goto(address(mosaic_page, {**SMALL, "images": "photos", "row": 31, "patch_size": 31}))
    result(page, row=31, patch_size=31)
    page.get_by_label("Images", exact=True).select_option("faces")
    settings = result(page, images="faces")["settings"]
    assert (settings["row"], settings["patch_size"]) == (24, 25)
    MosaicExplorer(**settings)


@pytest.mark.parametrize("refused", ["at once", "later"])
def test_where_workers_are_refused_the_page_computes_by_itself(mosaic_page, new_page, refused):
    page = new_page()
    page.add_init_script(
        "window.Worker = class { constructor() { throw new Error('no workers') } }"
        if refused == "at once"
        else """window.Worker = class {
            postMessage() { setTimeout(() => this.onerror?.(new Event('error')), 20) }
            terminate() {}
        }"""
    )
    page.goto(address(mosaic_page, SMALL))
    assert result(page, **SMALL)["readout"] == MosaicExplorer(**SMALL).describe()


def test_the_module_works_as_an_anywidget_does(mosaic_page, new_page):
    page = new_page()
    page.goto(address(mosaic_page, SMALL))
    result(page)
    figure = MosaicExplorer(**OWN)
    own = bytes([255, 0, 90] * 784) * 2
    done = page.evaluate(
        """async ({script, state, pixels, own}) => {
            const address = URL.createObjectURL(new Blob([script], {type: "text/javascript"}));
            const {default: {render}} = await import(address);
            const listeners = {};
            const bytes = new DataView(Uint8Array.from(pixels.bytes).buffer);
            const values = {...state, pixels: {...pixels, bytes}};
            values.own = new DataView(new ArrayBuffer(0));
            const model = {
                get: (name) => values[name],
                set(name, value) {
                    values[name] = value;
                    (listeners[`change:${name}`] || []).forEach((action) => action());
                },
                on: (event, action) => (listeners[event] ??= []).push(action),
                off() {}, save_changes() {}, send() {},
            };
            const el = document.createElement("div");
            document.querySelector("main").append(el);
            const whole = async () => {
                while (!el.elsResult) await new Promise((done) => setTimeout(done, 20));
                return values.readout;
            };
            const stop = render({model, el});
            const first = await whole();
            model.set("own", new DataView(Uint8Array.from(own).buffer)); // as Python would
            const second = await whole();
            el.querySelectorAll(".els-own .els-buttons button")[2].click(); // clear the first
            const sent = [...new Uint8Array(values.own.buffer)];
            await whole();
            stop();
            return {first, second, sent, bytes: values.x0_hat.byteLength, hash: location.hash};
        }""",
        {
            "script": figure._esm,
            "state": figure.full_state,
            "pixels": {**figure.pixels, "bytes": list(figure.pixels["bytes"])},
            "own": list(own),
        },
    )
    assert done["first"] == figure.describe()
    figure.own = own
    assert done["second"] == figure.describe()
    assert bytes(done["sent"]) == bytes(2352) + own[2352:]
    assert done["bytes"] == 4 * 784 * 3


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [360, 1280])
def test_axe_finds_nothing_in_any_state(mosaic_page, new_page, width, dark):
    page = new_page(width=width, dark=dark)
    for settings in (SMALL, OWN, {**SMALL, "images": "photos", "view": "letters"}):
        page.goto(address(mosaic_page, settings))
        result(page, **settings)
        assert bare_page.violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        inside = page.evaluate(
            """() => [...document.querySelectorAll('.els-frame *')].filter((node) =>
                node.getBoundingClientRect().right >
                document.querySelector('.els-frame').getBoundingClientRect().right + 0.5
            ).map((node) => node.outerHTML.slice(0, 80))"""
        )
        assert inside == []


def test_a_page_with_photographs_weighs_little():
    files = {name: len(text) for name, text in bundle.page_files(["mosaic"], SETS).items()}
    own = files["mosaic.js"] + files["explorers.css"] + files["loader.js"]
    assert own + files["data-digits.js"] + files["data-photos.js"] < 700_000
