"""The explorer "weights": the weights along one noise, and in a bare page Python's numbers."""

import math

import bare_page
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from els_tutorial.explorers import WeightsExplorer
from els_tutorial.explorers.bundle import held_images
from els_tutorial.explorers.noise import noise
from els_tutorial.explorers.weights import percent
from els_tutorial.explorers.weights_path import TIMES, collapse, effective_number, weights_along
from els_tutorial.machines import IdealScore
from els_tutorial.schedules import CosineSchedule

# Little and much noise, both sets, a new picture and one of the set, one image and all of them; and
# a noise under which another image than the true one has most of the weight for a while.
SETTINGS = [
    {},
    {"t": 0.01, "seed": 9999},
    {"t": 1.0, "picture": 7, "count": 64},
    {"t": 0.9, "source": "training", "picture": 3, "order": "weight"},
    {"t": 0.88, "images": "faces", "source": "training", "picture": 3, "scale": "log"},
    {"t": 0.85, "images": "faces", "picture": 2, "count": 2, "order": "weight", "scale": "log"},
    {"t": 0.5, "count": 1, "source": "training"},
]


def random_images(count, seed, side=5):
    """Training images [N, 1, side, side] and one more picture, all with values in [-1, 1]."""
    values = noise(seed, (count + 1, 1, side, side)).clamp(-1, 1)
    return values[1:], values[0]


# ---- The weights ----


@settings(deadline=None)  # the first call takes longer than the others
@given(count=st.integers(1, 6), seed=st.integers(0, 99), t=st.sampled_from([0.1, 0.4, 0.8, 1.0]))
def test_weights_are_the_softmax_of_the_distances_to_the_noisy_picture(count, seed, t):
    images, truth = random_images(count, seed)
    grain = noise(seed + 1, tuple(truth.shape))
    alpha_bar = CosineSchedule().alpha_bar(t)
    x = alpha_bar**0.5 * truth.double() + (1 - alpha_bar) ** 0.5 * grain.double()
    squares = (x - alpha_bar**0.5 * images.double()).square().sum((1, 2, 3))
    expected = (-squares / (2 * (1 - alpha_bar))).softmax(0)
    torch.testing.assert_close(weights_along(truth, grain, images, [t])[0], expected)


def test_the_guess_and_the_heaviest_image_are_the_ideal_scores():
    for setting in SETTINGS:
        figure = WeightsExplorer(**setting)
        machine = IdealScore(figure.training_images().double())
        x = figure.x_t().double()
        guess = machine.denoise(x, figure.alpha_bar)
        torch.testing.assert_close(figure.x0_hat().double(), guess, rtol=0, atol=1e-4)
        origin = machine.provenance(x, figure.alpha_bar)
        assert figure.weights().argmax() == origin.image[0, 0, 0]
        weight = origin.weight[0, 0, 0].item()
        assert figure.weights().max().item() == pytest.approx(weight, abs=1e-4)


def test_copies_of_an_image_share_its_weight():
    images, truth = random_images(3, seed=1)
    grain = noise(2, tuple(truth.shape))
    once = weights_along(truth, grain, images, TIMES)
    twice = weights_along(truth, grain, images[[0, 1, 2, 2]], TIMES)
    torch.testing.assert_close(twice[:, 2], twice[:, 3])
    odds = twice[:, 2:].sum(1) / twice[:, 0]
    torch.testing.assert_close(odds, 2 * once[:, 2] / once[:, 0])


def test_two_images_are_weighed_by_a_logistic_function():
    # The training set {-1, +1}, one pixel.
    pair = torch.tensor([-1.0, 1.0]).view(2, 1, 1, 1)
    alpha_bar = CosineSchedule().alpha_bar(0.6)
    for value in (-0.3, 0.1, 0.7):
        grain = torch.full((1, 1, 1), value / (1 - alpha_bar) ** 0.5)  # x = value, from truth 0
        weights = weights_along(torch.zeros(1, 1, 1), grain, pair, [0.6])[0]
        gap = 2 * alpha_bar**0.5 * value / (1 - alpha_bar)
        assert weights[1].item() == pytest.approx(1 / (1 + math.exp(-gap)), abs=1e-6)


def test_weights_refuse_pictures_of_another_shape():
    images, truth = random_images(2, seed=0)
    with pytest.raises(ValueError, match=r"truth must have the images' shape \[1, 5, 5\], got"):
        weights_along(truth[:, :4], truth, images, [0.5])
    with pytest.raises(ValueError, match=r"grain must have the images' shape \[1, 5, 5\], got"):
        weights_along(truth, truth[None], images, [0.5])


def test_the_effective_number_counts_equal_weights():
    for count in (1, 2, 7):
        weights = torch.zeros(9, dtype=torch.float64)
        weights[:count] = 1 / count
        assert effective_number(weights).item() == pytest.approx(count)
    assert 1 < effective_number(torch.tensor([0.9, 0.1])).item() < 2


def test_the_weights_collapse_where_one_and_the_same_image_keeps_over_half():
    path = torch.tensor([[0.1, 0.9], [0.2, 0.8], [0.6, 0.4], [0.4, 0.6], [0.5, 0.5]])
    times = (0.1, 0.2, 0.3, 0.4, 0.5)
    assert collapse(path, times) == (0.2, 1)  # another image had over half in between
    assert collapse(path[3:], times[3:]) == (0.4, 1)
    assert collapse(path[4:], times[4:]) == (None, None)
    assert collapse(torch.ones(5, 1), times) == (0.5, 0)


# ---- The Python side ----


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"count": 65}, "count must be an int from 1 to 64, got 65"),
        ({"source": "new"}, "source must be one of 'held-out', 'training'; got 'new'"),
        ({"order": "size"}, "order must be one of 'image', 'weight'; got 'size'"),
        ({"scale": "dB"}, "scale must be one of 'linear', 'log'; got 'dB'"),
        (
            {"source": "training", "picture": 4, "count": 4},
            "picture must be an int below count=4 for source='training', got 4",
        ),
        ({"hide": ["machine"]}, "hide must be a list of t, count, images, source, picture, seed"),
    ],
)
def test_a_setting_that_is_not_there_is_refused(setting, message):
    with pytest.raises(ValueError, match=message):
        WeightsExplorer(**setting)


def test_a_training_image_under_the_noise_is_the_first_ones_own():
    figure = WeightsExplorer(source="training", picture=3)
    assert torch.equal(figure.truth()[0], held_images("digits")[3])
    assert WeightsExplorer(picture=3).truth().ne(figure.truth()).any()


def test_the_words_tell_the_weights():
    figure = WeightsExplorer(t=0.85, source="training", picture=3)
    number, (time, image) = effective_number(figure.weights()).item(), figure.collapse()
    share = percent(figure.weights()[3].item())
    assert image == 3
    assert f"image 3, the one under the noise, with {share} of the weight" in figure.describe()
    assert f"as spread as equal weights of {number:.1f} images" in figure.describe()
    assert f"From t = {time:.2f} down image 3 has over half" in figure.describe()
    assert [percent(w) for w in (1, 0.5, 0.031, 1e-9)] == [
        ">\u00a099.9\u00a0%",
        "50\u00a0%",
        "3.1\u00a0%",
        "<\u00a00.1\u00a0%",
    ]


def test_the_still_picture_is_a_png_in_every_case():
    for setting in SETTINGS:
        assert WeightsExplorer(**setting).still().startswith(b"\x89PNG")


# ---- The browser ----


@pytest.fixture(scope="session")
def weights_page(tmp_path_factory):
    """The address, on disk, of a page with nothing but two weights explorers."""
    return bare_page.write(
        tmp_path_factory.mktemp("weights"),
        WeightsExplorer(),
        WeightsExplorer(images="faces", hide=["seed"]),
    )


def result(page, **settings):
    return bare_page.result(page, ["x", "weights", "x0_hat"], **settings)


def address(url, settings):
    return bare_page.address(url, "weights", settings)


def test_a_page_computes_what_python_computes(weights_page, new_page):
    page = new_page()
    for setting in SETTINGS:
        figure = WeightsExplorer(**setting)
        page.goto(address(weights_page, setting))
        shown = result(page, **figure.state)
        close = {"rtol": 0, "atol": 1e-5, "check_dtype": False}
        for name, expected in (
            ("x", figure.x_t().flatten()),
            ("weights", figure.weights()),
            ("x0_hat", figure.x0_hat().flatten()),
        ):
            torch.testing.assert_close(torch.tensor(shown[name]), expected, **close)
        number = effective_number(figure.weights()).item()
        assert shown["number"] == pytest.approx(number, abs=1e-3)
        assert (shown["collapse"]["time"], shown["collapse"]["image"]) == figure.collapse()
        assert shown["readout"] == figure.describe()
        page.get_by_text(figure.describe()).first.wait_for()


def test_a_page_draws_one_bar_for_each_training_image(weights_page, new_page):
    page = new_page()
    for setting in ({"order": "image"}, {"order": "weight"}, {"scale": "log", "t": 0.9}):
        figure = WeightsExplorer(**setting)
        page.goto(address(weights_page, setting))
        result(page, **setting)
        heights = page.evaluate(
            """() => [...document.querySelector('.els-live').querySelectorAll('.els-weights-bar')]
                .map((bar) => bar.height.baseVal.value / 100)"""
        )
        weights = figure.weights()
        if figure.order == "weight":
            weights = weights.sort(descending=True).values
        if figure.scale == "log":  # six decades
            weights = (1 + weights.log10() / 6).clamp(min=0)
        torch.testing.assert_close(torch.tensor(heights).double(), weights, rtol=0, atol=1e-4)
        lines = page.locator(".els-live").first.locator(".els-plot-crossing")
        assert float(lines.get_attribute("d")[1:].split()[0]) == pytest.approx(
            100 * figure.collapse()[0]
        )


def drawn(page):
    """What the first figure shows: three pictures, bars, and the weights' history, as texts."""
    return page.evaluate(
        """() => {
            const live = document.querySelector('.els-live');
            const pictures = [...live.querySelectorAll('.els-trio canvas')];
            const plots = [...live.querySelectorAll('.els-plot-stage')];
            const parts = pictures.map((canvas) => canvas.toDataURL());
            return [...parts, ...plots.map((plot) => plot.innerHTML)];
        }"""
    )


# A control, the keys, what they do to the state, and which parts change: x_t, guess, truth, bars,
# history.
KEYS = [
    ("slider[name='Time t']", ["ArrowLeft"], {"t": 0.97}, (True, True, False, True, True)),
    (
        "slider[name='Training images']",
        ["ArrowLeft"],
        {"count": 31},
        (False, True, False, True, True),
    ),
    ("combobox[name='Picture is']", ["ArrowDown"], {"source": "training"}, (True,) * 5),
    ("combobox[name='Images']", ["ArrowDown"], {"images": "faces"}, (True,) * 5),
    ("spinbutton[name='Noise seed']", ["ArrowUp"], {"seed": 1}, (True, True, False, True, True)),
    ("radio[name='picture 0']", ["ArrowRight"], {"picture": 1}, (True,) * 5),
    (
        "combobox[name='Bars by']",
        ["ArrowDown"],
        {"order": "weight"},
        (False, False, False, True, False),
    ),
    ("combobox[name='Scale']", ["ArrowDown"], {"scale": "log"}, (False, False, False, True, False)),
]


@pytest.mark.parametrize(("control", "keys", "state", "changes"), KEYS)
def test_each_control_moves_by_keyboard(weights_page, new_page, control, keys, state, changes):
    page = new_page()
    page.goto(weights_page)
    before, parts = result(page), drawn(page)
    page.locator(".els-live").first.locator(f"role={control}").focus()
    for key in keys:
        page.keyboard.press(key)
    after = result(page, **state)
    assert tuple(a != b for a, b in zip(parts, drawn(page), strict=True)) == changes
    for plot in page.locator(".els-live").first.locator(".els-plot-stage").all():
        assert after["readout"] in plot.get_attribute("aria-label")
    # How the bars are drawn is no part of what the words tell.
    assert (after["readout"] != before["readout"]) == (not {"order", "scale"} & set(state))


def test_every_setting_has_a_control_that_the_keyboard_test_moves():
    assert {name for _, _, state, _ in KEYS for name in state} == set(WeightsExplorer.settings)


def test_only_training_images_that_are_there_can_lie_under_the_noise(weights_page, new_page):
    page = new_page()
    page.goto(address(weights_page, {"source": "training", "count": 3, "picture": 6}))
    assert result(page, count=3)["settings"]["picture"] == 2
    page.get_by_text("asks for what is not there (picture=6)").wait_for()
    radios = page.locator(".els-live").first.get_by_role("radio")
    assert [radio.is_enabled() for radio in radios.all()] == [k < 3 for k in range(8)]


def test_the_address_restores_the_state_hides_controls_and_mends_what_is_not_there(
    weights_page, new_page
):
    page = new_page()
    page.goto(weights_page)
    first, second = page.locator(".els-live").first, page.locator(".els-live").nth(1)
    result(page)
    assert first.get_by_label("Noise seed").is_visible()
    assert not second.get_by_label("Noise seed").is_visible()
    first.get_by_label("Time t").focus()
    page.keyboard.press("ArrowLeft")
    page.wait_for_function("location.hash === '#weights.t=0.97'", timeout=60_000)
    copy = new_page()
    copy.goto(page.url)
    assert result(copy, t=0.97)["settings"] == WeightsExplorer(t=0.97).state
    copy.goto(f"{weights_page}#weights.t=7&weights.scale=dB&weights.hide=picture,scale")
    assert result(copy, t=1)["settings"] == WeightsExplorer(t=1.0).state
    copy.get_by_text("asks for what is not there (t=7, scale=dB)").wait_for()
    live = copy.locator(".els-live").first
    assert not live.get_by_label("Scale", exact=True).is_visible()
    assert not live.get_by_role("radio").first.is_visible()
    live.get_by_role("button", name="Reset").click()
    assert result(copy, t=WeightsExplorer().t)["settings"] == WeightsExplorer().state


def test_the_module_works_as_an_anywidget_does(weights_page, new_page):
    page = new_page()
    page.goto(weights_page)
    figure = WeightsExplorer(t=0.9, source="training", picture=1)
    assert bare_page.readout_as_widget(page, figure) == figure.describe()


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [360, 1280])
def test_axe_finds_nothing_in_any_state(weights_page, new_page, width, dark):
    page = new_page(width=width, dark=dark)
    for setting in (
        {"t": 1},
        {"t": 0.88, "images": "faces", "source": "training", "scale": "log"},
        {"count": 3, "source": "training", "order": "weight"},
    ):
        page.goto(address(weights_page, setting))
        result(page, **setting)
        assert bare_page.violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
