"""The explorer "race", and the network's way that it shows: a page has Python's numbers."""

import base64
import json
import re
import zlib

import bare_page
import pytest
import torch

from els_tutorial import data, sampling
from els_tutorial.checkpoints import card, load
from els_tutorial.comparison import explained_variance, pearson_r, r_squared
from els_tutorial.explorers import RaceExplorer, network_steps, page_files
from els_tutorial.explorers.bundle import held_images
from els_tutorial.explorers.noise import noise
from els_tutorial.explorers.race import difference_picture
from els_tutorial.networks import NetworkDenoiser

NAME = "digits64-resnet"
LANES = ("network", "ELS", "IS")
# The first step and the last, seeds at both ends, and every measure.
SETTINGS = [
    {},
    {"seed": 31, "step": 1, "measure": "r2"},
    {"seed": 7, "step": 12, "measure": "explained"},
]


# ---- The network's way ----


def test_a_page_holds_what_the_network_guesses_to_the_rounding():
    network = NetworkDenoiser(load(NAME))
    real = list(sampling.trajectory(network, network_steps.start(5), network_steps.SCHEDULE, 20))
    held = network_steps.trajectory(NAME, 5)
    assert [step.t for step in held] == [step.t for step in real]
    for ours, theirs in zip(held, real, strict=True):
        torch.testing.assert_close(ours.x0_hat, theirs.x0_hat, rtol=0, atol=0.0126)
        torch.testing.assert_close(ours.x, theirs.x, rtol=0, atol=0.03)


def test_the_noise_is_the_explorers_own():
    held = network_steps.trajectory(NAME, 3)
    assert torch.equal(held[0].x, noise(3, (1, 1, 28, 28)))


def test_the_network_learned_exactly_the_images_that_a_page_carries():
    assert card(NAME)["images"].startswith("digits, the first 64 ")
    assert torch.equal(data.load("digits", 64).images, held_images("digits")[:64])


def test_bytes_are_differences_from_step_to_step():
    shape, content = network_steps.guess_bytes(NAME)
    sent = torch.frombuffer(bytearray(content), dtype=torch.uint8).view(shape).long()
    levels = (sent.cumsum(0) % 256).transpose(0, 1)
    torch.testing.assert_close(
        levels.double() / 40 - 1.5, network_steps.guesses(NAME).double(), rtol=0, atol=1e-6
    )


def test_a_guess_that_leaves_the_range_is_refused_and_not_clipped():
    edges = network_steps.to_levels(torch.tensor([-1.5, 0.0, 1.5]))
    assert edges.tolist() == [0, 60, 120]
    for value in (1.501, -2.0, float("nan")):
        with pytest.raises(ValueError, match=r"guesses must lie in \[-1.5, 1.5\] .* got"):
            network_steps.to_levels(torch.tensor([0.0, value]))


def test_only_networks_whose_images_a_page_carries_are_known():
    for call in (network_steps.guesses, network_steps.windows, network_steps.script):
        with pytest.raises(ValueError, match="name must be one of digits64-resnet; got 'cats'"):
            call("cats")


def test_the_windows_are_those_fitted_to_the_network_noisiest_first():
    sizes = card(NAME)["windows"]["ELS"]
    assert network_steps.windows(NAME) == sizes[::-1]


def test_the_script_fills_one_place_of_the_window():
    text = page_files()[f"data-{NAME}.js"]
    found = re.fullmatch(r"\(window\.elsNetworks \?\?= \{\}\)\[(\S+)\] = (\{.*\});\n", text)
    assert json.loads(found[1]) == NAME
    held = json.loads(found[2])
    assert held["windows"] == network_steps.windows(NAME)
    content = zlib.decompress(base64.b64decode(held["deflated"]))
    assert (held["shape"], content) == network_steps.guess_bytes(NAME)
    assert len(text) < 230_000


# ---- The Python side ----


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"seed": 32}, "seed must be an int from 0 to 31, got 32"),
        ({"step": 0}, "step must be an int from 1 to 20, got 0"),
        ({"measure": "R"}, "measure must be one of 'r', 'r2', 'explained'; got 'R'"),
        ({"network": "digits-unet"}, "network must be one of 'digits64-resnet'; got"),
        ({"hide": ["network"]}, "hide must be a list of seed, step, play, measure, ideal, plot"),
    ],
)
def test_a_setting_that_is_not_there_is_refused(setting, message):
    with pytest.raises(ValueError, match=message):
        RaceExplorer(**setting)


def test_all_three_start_from_the_same_noise():
    first = [way[0].x for way in RaceExplorer(seed=9).ways().values()]
    assert torch.equal(first[0], first[1])
    assert torch.equal(first[0], first[2])


def test_the_ideal_score_ends_in_a_training_image():
    last = RaceExplorer(seed=2).ways()["IS"][-1].x0_hat
    gaps = (data.load("digits", 64).images - last).abs().amax((1, 2, 3))
    assert gaps.min() < 0.01


def test_the_measures_are_those_of_the_comparison():
    figure = RaceExplorer(seed=4, step=15)
    target = figure.shown()["network"].x0_hat
    for name, found in figure.agreement().items():
        guess = figure.shown()[name].x0_hat
        assert found["r"] == pearson_r(guess, target).item()
        assert found["r2"] == r_squared(guess, target).item()
        assert found["explained"] == explained_variance(guess, target).item()
    for measure, key in (("r", "r"), ("r2", "r2"), ("explained", "explained")):
        curve = RaceExplorer(seed=4, step=15, measure=measure).curve("ELS")
        assert curve[14].item() == pytest.approx(figure.agreement()["ELS"][key])


def test_differences_grow_lighter_upwards_and_darker_downwards():
    steps = torch.linspace(-2, 2, 41).view(1, 1, -1)
    lightness = difference_picture(steps, torch.zeros_like(steps)).mean(0)[0]
    assert (lightness.diff() > 0).all()
    ends = difference_picture(3 * steps, torch.zeros_like(steps))[..., [0, -1]]
    torch.testing.assert_close(
        ends, difference_picture(steps, torch.zeros_like(steps))[..., [0, -1]]
    )


def test_the_words_count_the_pixels_that_differ():
    figure = RaceExplorer(seed=6)
    gap = figure.difference("ELS")
    words = figure.describe()
    assert f"by more than 0.5 at {(gap > 0.5).sum()} of 784 pixels" in words
    assert f"darker at {(gap < -0.5).sum()}." in words


def test_the_still_picture_is_a_png_in_every_case():
    for setting in SETTINGS:
        assert RaceExplorer(**setting).still().startswith(b"\x89PNG")


# ---- The browser ----


@pytest.fixture(scope="session")
def race_page(tmp_path_factory):
    """The address, on disk, of a page with nothing but two races."""
    return bare_page.write(
        tmp_path_factory.mktemp("race"),
        RaceExplorer(),
        RaceExplorer(hide=["seed", "ideal", "plot"]),
    )


def result(page, **settings):
    lists = [f"{name}_{part}" for name in LANES for part in ("x", "x0_hat")]
    return bare_page.result(page, lists, **settings)


def address(url, settings):
    return bare_page.address(url, "race", settings)


def test_a_page_computes_what_python_computes(race_page, new_page):
    page = new_page()
    for setting in SETTINGS:
        figure = RaceExplorer(**setting)
        page.goto(address(race_page, setting))
        shown = result(page, **figure.state)
        close = {"rtol": 0, "atol": 1e-3, "check_dtype": False}
        for name, step in figure.shown().items():
            for part, expected in (("x", step.x), ("x0_hat", step.x0_hat)):
                found = torch.tensor(shown[f"{name}_{part}"])
                torch.testing.assert_close(found, expected.flatten(), **close)
        for name, found in figure.agreement().items():
            of_page = shown["found"][name]
            assert of_page["r"] == pytest.approx(found["r"], abs=1e-3)
            assert of_page["squared"] == pytest.approx(found["r2"], abs=1e-3)
            assert of_page["explained"] == pytest.approx(found["explained"], abs=1e-3)
        assert shown["readout"] == figure.describe()
        page.get_by_text(figure.describe()).first.wait_for()


def test_a_page_paints_differences_as_python_does(race_page, new_page):
    page = new_page()
    figure = RaceExplorer(seed=1)
    page.goto(address(race_page, {"seed": 1}))
    result(page, seed=1)
    for name in ("ELS", "IS"):
        shown, target = figure.shown()[name].x0_hat[0], figure.shown()["network"].x0_hat[0]
        expected = (difference_picture(shown, target) + 1) * 127.5
        picture = f"[data-lane={name}] canvas[aria-label*='less the network']"
        pixels = page.locator(picture).first.evaluate(
            "(c) => [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data]"
        )
        found = torch.tensor(pixels).view(28, 28, 4)[..., :3].permute(2, 0, 1)
        torch.testing.assert_close(found.float(), expected.clamp(0, 255), rtol=0, atol=1.01)


def test_the_plot_has_a_mark_for_each_machine_and_step(race_page, new_page):
    page = new_page()
    figure = RaceExplorer(seed=1, measure="explained")
    page.goto(address(race_page, {"seed": 1, "measure": "explained"}))
    shown = result(page, seed=1)
    for name in ("ELS", "IS"):
        curve = torch.tensor([step["explained"] for step in shown["curves"][name]])
        torch.testing.assert_close(curve, figure.curve(name), rtol=0, atol=2e-3, check_dtype=False)
        assert (
            page.locator(".els-live").first.locator(f".els-race-mark.els-race-{name}").count() == 20
        )


# A control, the key, and what it does to the state.
KEYS = [
    ("slider[name='Noise seed']", "ArrowRight", {"seed": 1}),
    ("slider[name='Step']", "ArrowLeft", {"step": 19}),
    ("combobox[name='Plot']", "ArrowDown", {"measure": "r2"}),
    ("button[name='Play']", "Enter", {"step": 1}),
]


@pytest.mark.parametrize(("control", "key", "state"), KEYS)
def test_each_control_moves_by_keyboard(race_page, new_page, control, key, state):
    page = new_page()
    page.goto(race_page)
    before = result(page)
    page.locator(".els-live").first.locator(f"role={control}").focus()
    page.keyboard.press(key)
    after = result(page, **state)
    assert (after["readout"] != before["readout"]) == ("measure" not in state)


def test_play_goes_on_to_the_last_step_and_stops_on_demand(race_page, new_page):
    page = new_page()
    page.goto(address(race_page, {"step": 16}))
    result(page, step=16)
    button = page.locator(".els-live").first.get_by_role("button", name="Play")
    button.click()
    result(page, step=20)
    button.wait_for(timeout=60_000)  # it says Play again
    button.click()
    page.locator(".els-live").first.get_by_role("button", name="Pause").click()
    stopped = page.locator(".els-live").first.evaluate("(live) => live.elsResult.settings.step")
    assert stopped < 20
    assert result(page)["settings"]["step"] == stopped


def test_with_reduced_motion_a_press_is_a_step(race_page, new_page):
    page = new_page()
    page.emulate_media(reduced_motion="reduce")
    page.goto(address(race_page, {"step": 4}))
    result(page, step=4)
    button = page.locator(".els-live").first.get_by_role("button", name="Next step")
    button.click()
    result(page, step=5)
    button.click()
    assert result(page, step=6)["settings"]["step"] == 6


def test_the_address_restores_the_state_hides_controls_and_mends_what_is_not_there(
    race_page, new_page
):
    page = new_page()
    page.goto(race_page)
    first, second = page.locator(".els-live").first, page.locator(".els-live").nth(1)
    result(page)
    assert first.get_by_label("Noise seed").is_visible()
    second.get_by_role("group", name="the ELS machine").wait_for()
    assert not second.get_by_label("Noise seed").is_visible()
    assert not second.get_by_role("group", name="the ideal score").is_visible()
    first.get_by_label("Step", exact=True).focus()
    page.keyboard.press("ArrowLeft")
    page.wait_for_function("location.hash === '#race.step=19'", timeout=60_000)
    copy = new_page()
    copy.goto(page.url)
    assert result(copy, step=19)["settings"] == RaceExplorer(step=19).state
    copy.goto(f"{race_page}#race.seed=77&race.measure=q&race.hide=plot")
    assert result(copy, seed=31)["settings"] == RaceExplorer(seed=31).state
    copy.get_by_text("asks for what is not there (seed=77, measure=q)").wait_for()
    live = copy.locator(".els-live").first
    assert not live.get_by_text("time t: clean").is_visible()
    live.get_by_role("button", name="Reset").click()
    assert result(copy, seed=0)["settings"] == RaceExplorer().state


def test_the_module_works_as_an_anywidget_does(race_page, new_page):
    page = new_page()
    page.goto(race_page)
    figure = RaceExplorer(seed=2, step=9)
    assert bare_page.readout_as_widget(page, figure) == figure.describe()


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [360, 1280])
def test_axe_finds_nothing_in_any_state(race_page, new_page, width, dark):
    page = new_page(width=width, dark=dark)
    for setting in ({"step": 1}, {"seed": 5, "measure": "explained"}):
        page.goto(address(race_page, setting))
        result(page, **setting)
        assert bare_page.violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
