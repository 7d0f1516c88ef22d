"""The explorer "noising": its spectra and schedules, and in a bare page Python's numbers."""

import math

import bare_page
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from els_tutorial.explorers import NoisingExplorer
from els_tutorial.explorers.noise import noise
from els_tutorial.explorers.noising import (
    SCHEDULES,
    coarse_part,
    crossing,
    radial_power,
    rings,
)
from els_tutorial.schedules import CosineSchedule, LinearSchedule

# Little and much noise, both sets (even and odd sides) and schedules; a spectrum that is wholly
# above the noise, one of which nothing is, and one of which only the mean brightness is.
SETTINGS = [
    {},
    {"t": 0.01, "seed": 9999},
    {"t": 1.0, "picture": 7},
    {"t": 0.9, "picture": 4, "seed": 2},
    {"t": 0.2, "images": "faces", "picture": 3},
    {"t": 0.01, "images": "faces"},
    {"t": 0.4, "schedule": "linear"},
    {"t": 0.75, "schedule": "linear", "images": "faces", "picture": 7, "seed": 12},
]


def waves(side, row, column):
    """A picture [1, 1, side, side] that is one cosine, with so many cycles down and across."""
    place = torch.arange(side, dtype=torch.float64) / side
    return torch.cos(2 * math.pi * (row * place[:, None] + column * place))[None, None]


# ---- The linear schedule ----


def test_linear_schedule_is_the_limit_of_many_small_steps():
    errors = []
    for count in (1000, 10_000, 100_000):
        variances = torch.linspace(0.1, 20, count, dtype=torch.float64) / count
        steps = (1 - variances).cumprod(0)
        misses = [
            steps[round(count * t) - 1].item() / LinearSchedule().alpha_bar(t) - 1
            for t in (0.1, 0.5, 1)
        ]
        errors.append(max(map(abs, misses)))
    assert 0.05 < errors[0] < 0.07  # the thousand steps in use
    assert errors[1] < errors[0] / 9 and errors[2] < errors[1] / 9


def test_linear_schedule_falls_from_one_to_almost_nothing():
    values = [LinearSchedule().alpha_bar(k / 100) for k in range(101)]
    assert values[0] == 1 and 0 < values[-1] < 5e-5
    assert all(a > b for a, b in zip(values, values[1:], strict=False))


def test_schedules_share_their_contract():
    for schedule in (CosineSchedule(), LinearSchedule()):
        assert schedule.times(4) == [1, 0.75, 0.5, 0.25]
        for t in (-0.1, 1.1, float("nan")):
            with pytest.raises(ValueError, match=r"t must lie in \[0, 1\]"):
                schedule.alpha_bar(t)
        with pytest.raises(ValueError, match="steps must be a positive int"):
            schedule.times(0)


# ---- Spectra ----


@given(side=st.integers(2, 12), seed=st.integers(0, 99))
def test_power_of_all_coefficients_is_that_of_all_pixels(side, seed):
    # Parseval: with no corner left out, rings weighted by their size give the mean square.
    picture = noise(seed, (1, 1, side, side)).double()
    full = torch.fft.fft2(picture).abs().square().mean() / side**2
    assert full == pytest.approx(picture.square().mean().item())
    ring = rings(side)
    sizes = torch.tensor([(ring == r).sum() for r in range(side // 2 + 1)])
    inside = torch.fft.fft2(picture).abs().square()[0, 0][ring <= side // 2].sum() / side**2
    assert (radial_power(picture)[0] * sizes).sum() == pytest.approx(inside.item())


@pytest.mark.parametrize("side", [8, 25, 28])
@pytest.mark.parametrize(("row", "column"), [(0, 1), (2, 0), (3, 0), (2, 2)])
def test_a_wave_has_its_power_in_its_own_ring_alone(side, row, column):
    power = radial_power(waves(side, row, column))[0]
    own = round(math.hypot(row, column))
    others = torch.cat([power[:own], power[own + 1 :]])
    assert others.abs().max() < 1e-12
    # A cosine has mean square 1/2, all of it in two coefficients.
    size = (rings(side) == own).sum().item()
    assert power[own] == pytest.approx(0.5 * side**2 / size)


def test_white_noise_has_the_same_power_in_every_ring():
    power = radial_power(0.7 * noise(1, (400, 1, 28, 28))).mean(0)
    sizes = torch.tensor([(rings(28) == r).sum() for r in range(15)])
    error = 0.49 * (2 / (400 * sizes)).sqrt()  # standard error, if all coefficients were real
    assert ((power - 0.49).abs() < 4 * error).all()


def test_shifts_on_the_torus_leave_the_spectrum_alone():
    picture = NoisingExplorer().truth()
    moved = picture.roll((3, -5), (2, 3))
    torch.testing.assert_close(radial_power(moved), radial_power(picture))


def test_crossing_lies_where_the_drawn_lines_meet():
    power = torch.tensor([9.0, 8.0, 2.0, 0.5], dtype=torch.float64)
    assert crossing(power, 8.5) == (0, None)
    assert crossing(power, 10) == (-1, None)
    assert crossing(power, 0.5) == (3, 3.0)
    ring, frequency = crossing(power, 4.0)
    assert ring == 1 and frequency == pytest.approx(math.sqrt(2))  # half way, on both log axes
    assert crossing(torch.tensor([1.0, 1.0, 0.0, 0.0]), 0.5) == (1, 1.0)
    # It is the last one: what dips below and comes up again is not lost.
    assert crossing(torch.tensor([1.0, 0.1, 0.9, 0.1]), 0.5)[0] == 2


def test_the_coarse_part_holds_what_its_rings_hold():
    picture = NoisingExplorer(images="faces").truth().double()
    kept = radial_power(coarse_part(picture, 4))[0]
    torch.testing.assert_close(kept[:5], radial_power(picture)[0, :5])
    assert kept[5:].abs().max() < 1e-12
    torch.testing.assert_close(coarse_part(picture, 12), picture)  # the corners too
    torch.testing.assert_close(coarse_part(picture, 0), picture.mean().expand_as(picture))
    assert not coarse_part(picture, -1).any()


def test_pictures_that_are_not_square_are_refused():
    with pytest.raises(ValueError, match=r"pictures must be square, got \[1, 1, 4, 5\]"):
        radial_power(torch.zeros(1, 1, 4, 5))
    with pytest.raises(ValueError, match="pictures must have shape"):
        radial_power(torch.zeros(4, 4))


# ---- The Python side ----


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"schedule": "sigmoid"}, "schedule must be one of 'cosine', 'linear'; got 'sigmoid'"),
        ({"t": 0}, "t must be a number from 0.01 to 1.0, got 0"),
        ({"images": "cats"}, "images must be one of 'digits', 'faces'; got 'cats'"),
        ({"picture": 8}, "picture must be an int from 0 to 7, got 8"),
        ({"seed": 1.5}, "seed must be an int from 0 to 9999, got 1.5"),
        ({"hide": ["machine"]}, "hide must be a list of t, schedule, images, picture, seed, reset"),
        ({"machine": "IS"}, "unknown setting 'machine'; there are t, schedule, images"),
    ],
)
def test_a_setting_that_is_not_there_is_refused(setting, message):
    with pytest.raises(ValueError, match=message):
        NoisingExplorer(**setting)


def test_the_schedule_sets_how_much_of_the_picture_is_left():
    for name, schedule in SCHEDULES.items():
        figure = NoisingExplorer(schedule=name, t=0.3)
        alpha_bar = schedule.alpha_bar(0.3)
        grain = noise(0, (1, 1, 28, 28))
        expected = alpha_bar**0.5 * figure.truth() + (1 - alpha_bar) ** 0.5 * grain
        torch.testing.assert_close(figure.x_t(), expected)
        assert f"{name} schedule, t = 0.30: ᾱ = {alpha_bar:.4f}" in figure.describe()


def test_the_still_picture_is_a_png_in_every_case():
    for settings in SETTINGS:
        assert NoisingExplorer(**settings).still().startswith(b"\x89PNG")


# ---- The browser ----


@pytest.fixture(scope="session")
def noising_page(tmp_path_factory):
    """The address, on disk, of a page with nothing but two noising explorers."""
    return bare_page.write(
        tmp_path_factory.mktemp("noising"),
        NoisingExplorer(),
        NoisingExplorer(images="faces", hide=["seed"]),
    )


def result(page, **settings):
    return bare_page.result(page, ["x", "power", "mixed", "kept"], **settings)


def address(url, settings):
    return bare_page.address(url, "noising", settings)


def test_a_page_computes_what_python_computes(noising_page, new_page):
    page = new_page()
    rings_met = set()
    for settings in SETTINGS:
        figure = NoisingExplorer(**settings)
        page.goto(address(noising_page, settings))
        shown = result(page, **figure.state)
        close = {"rtol": 1e-5, "atol": 1e-6, "check_dtype": False}
        for name, expected in (
            ("x", figure.x_t().flatten()),
            ("power", figure.power()),
            ("mixed", radial_power(figure.x_t())[0]),
            ("kept", figure.coarse_part().flatten()),
        ):
            torch.testing.assert_close(torch.tensor(shown[name]), expected, **close)
        ring, frequency = figure.crossing()
        assert shown["ring"] == ring
        assert shown["frequency"] == (frequency and pytest.approx(frequency, rel=1e-5))
        assert shown["readout"] == figure.describe()
        page.get_by_text(figure.describe()).first.wait_for()
        rings_met.add(ring)
    assert {-1, 0, 12} < rings_met


def drawn(page):
    """What the first figure shows: its three pictures and its plot, as texts."""
    return page.evaluate(
        """() => {
            const live = document.querySelector('.els-live');
            const pictures = [...live.querySelectorAll('.els-trio canvas')];
            const plot = live.querySelector('.els-plot-stage');
            return [...pictures.map((canvas) => canvas.toDataURL()), plot.innerHTML];
        }"""
    )


KEYS = [  # a control, the keys, what they do to the state, whether each of the four parts changes
    ("slider[name='Time t']", ["ArrowRight"], {"t": 0.51}, (False, True, False, True)),
    ("slider[name='Time t']", ["End"], {"t": 1}, (False, True, True, True)),
    ("combobox[name='Schedule']", ["ArrowDown"], {"schedule": "linear"}, (False, True, True, True)),
    ("combobox[name='Images']", ["ArrowDown"], {"images": "faces"}, (True,) * 4),
    ("spinbutton[name='Noise seed']", ["ArrowUp"], {"seed": 1}, (False, True, False, True)),
    ("radio[name='held-out picture 0']", ["ArrowRight"], {"picture": 1}, (True,) * 4),
]


@pytest.mark.parametrize(("control", "keys", "state", "changes"), KEYS)
def test_each_control_moves_by_keyboard(noising_page, new_page, control, keys, state, changes):
    page = new_page()
    page.goto(noising_page)
    before, pictures = result(page), drawn(page)
    page.locator(".els-live").first.locator(f"role={control}").focus()
    for key in keys:
        page.keyboard.press(key)
    after = result(page, **state)
    assert tuple(a != b for a, b in zip(pictures, drawn(page), strict=True)) == changes
    plot = page.locator(".els-plot-stage").first
    assert after["readout"] in plot.get_attribute("aria-label")
    # The seed moves the noise, and the words speak of what the noise is on average.
    assert (after["readout"] != before["readout"]) == ("seed" not in state)


def test_every_setting_has_a_control_that_the_keyboard_test_moves():
    assert {name for _, _, state, _ in KEYS for name in state} == set(NoisingExplorer.settings)


def test_the_address_restores_the_state_hides_controls_and_mends_what_is_not_there(
    noising_page, new_page
):
    page = new_page()
    page.goto(noising_page)
    first, second = page.locator(".els-live").first, page.locator(".els-live").nth(1)
    result(page)
    assert first.get_by_label("Noise seed").is_visible()
    assert not second.get_by_label("Noise seed").is_visible()
    first.get_by_label("Time t").focus()
    page.keyboard.press("ArrowLeft")
    page.wait_for_function("location.hash === '#noising.t=0.49'")
    copy = new_page()
    copy.goto(page.url)
    assert result(copy, t=0.49)["settings"] == NoisingExplorer(t=0.49).state
    copy.goto(f"{noising_page}#noising.t=7&noising.schedule=none&noising.hide=picture,schedule")
    assert result(copy, t=1)["settings"] == NoisingExplorer(t=1.0).state
    copy.get_by_text("asks for what is not there (t=7, schedule=none)").wait_for()
    live = copy.locator(".els-live").first
    assert not live.get_by_label("Schedule", exact=True).is_visible()
    assert not live.get_by_role("radio").first.is_visible()
    live.get_by_role("button", name="Reset").click()
    assert result(copy, t=0.5)["settings"] == NoisingExplorer().state


def test_the_module_works_as_an_anywidget_does(noising_page, new_page):
    page = new_page()
    page.goto(noising_page)
    figure = NoisingExplorer(t=0.2)
    assert bare_page.readout_as_widget(page, figure) == figure.describe()


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [360, 1280])
def test_axe_finds_nothing_in_any_state(noising_page, new_page, width, dark):
    page = new_page(width=width, dark=dark)
    for settings in ({"t": 0.5}, {"t": 1}, {"images": "faces", "t": 0.01}):
        page.goto(address(noising_page, settings))
        result(page, **settings)
        assert bare_page.violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
