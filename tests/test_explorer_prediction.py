"""A question before a figure: its answer opens when the reader has chosen, and not sooner."""

import json
from html import unescape

import bare_page
import pytest

from els_tutorial.explorers import FlowExplorer, MachineExplorer, Prediction

ASKED = Prediction(
    question="What will the guess be at patch size 27, where < or > do not matter?",
    choices=["The true digit", "A training digit", "A blur"],
    answer="A training digit, since a window of this size sees nearly all of an image.",
    then={"patch_size": 27, "t": 0.6},
)


def prediction(**changes):
    given = {"question": "Why?", "choices": ["a", "b"], "answer": "So."}
    return Prediction(**(given | changes))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"question": " "}, "question must be a text, got ' '"),
        ({"answer": None}, "answer must be a text, got None"),
        ({"choices": "ab"}, "choices must be 2 to 4 different texts, got 'ab'"),
        ({"choices": ["a"]}, "choices must be 2 to 4"),
        ({"choices": ["a", ""]}, "choices must be 2 to 4"),
        ({"choices": ["a", "a"]}, "choices must be 2 to 4"),
        ({"choices": ["a", 2]}, "choices must be 2 to 4"),
        ({"choices": list("abcde")}, "choices must be 2 to 4"),
        ({"then": ["t"]}, "then must be a dict of settings, got \\['t'\\]"),
    ],
)
def test_a_question_without_text_or_choices_is_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        prediction(**changes)


@pytest.mark.parametrize(
    ("predict", "message"),
    [
        ("Why?", "predict must be a Prediction or None, got 'Why\\?'"),
        ({"question": "Why?"}, "predict: .*missing"),
        (prediction(then={"time": 1}), "unknown setting 'time' in then; there are machine"),
        (prediction(then={"hide": []}), "unknown setting 'hide' in then"),
        (prediction(then={"t": 2}), "t must be a number from 0.01 to 1.0, got 2"),
        (prediction(then={"patch_size": 8}), "patch_size must be an odd int .* got 8"),
        (prediction(then={"images": "faces"}), "patch_size must be an odd int from 1 to 25"),
    ],
)
def test_a_state_that_the_figure_cannot_show_is_refused(predict, message):
    with pytest.raises(ValueError, match=message):
        MachineExplorer(patch_size=27, predict=predict)


def test_values_that_need_each_other_are_checked_together():
    then = {"boundary": "zeros", "patch_size": 55}
    assert MachineExplorer(predict=prediction(then=then)).predict.then == then
    figure = MachineExplorer()
    with pytest.raises(ValueError, match="unknown setting"):
        figure.predict = prediction(then={"time": 1})
    assert figure.predict is None


def test_a_prediction_cannot_change_behind_the_figures_back():
    choices, then = ["a", "b"], {"t": 0.3}
    asked = prediction(choices=choices, then=then)
    choices.append("c")
    then["t"] = 7
    assert asked == prediction(then={"t": 0.3})


def test_html_holds_the_question_and_folds_the_answer():
    figure = MachineExplorer(predict=ASKED)
    text = figure.html()
    state = json.loads(unescape(text.split('data-state="')[1].split('"')[0]))
    assert state == figure.full_state
    assert state["predict"] == ASKED.json()
    assert MachineExplorer(**state).full_state == state
    before, _, fold = text.split(">", 1)[1].partition("<details>")
    assert "where &lt; or &gt; do not matter?" in before
    assert all(f"<li>{choice}</li>" in before for choice in ASKED.choices)
    assert ASKED.answer not in before
    assert ASKED.answer in fold.split("</details>")[0]


def test_html_without_a_question_or_with_a_hidden_one_has_no_fold():
    assert "predict" not in MachineExplorer().full_state
    for figure in (MachineExplorer(), MachineExplorer(predict=ASKED, hide=["predict"])):
        assert "<details>" not in figure.html()


# ---- The browser ----


@pytest.fixture(scope="module")
def asking_page(tmp_path_factory):
    figures = MachineExplorer(predict=ASKED, seed=4), FlowExplorer(predict=prediction())
    return bare_page.write(tmp_path_factory.mktemp("page"), *figures)


SETTINGS = "document.querySelector('.els-live')?.elsResult?.settings"


def shows(page, **settings):
    """Wait until the first figure shows these settings."""
    page.wait_for_function(
        f"(wanted) => {SETTINGS} && Object.keys(wanted).every("
        f"(name) => {SETTINGS}[name] === wanted[name])",
        arg=settings,
        timeout=60_000,
    )


def test_the_answer_opens_when_the_reader_has_chosen_by_keyboard(asking_page, new_page):
    page = new_page()
    page.goto(asking_page)
    shows(page)
    figure = page.locator(".els-live").first
    group = figure.get_by_role("group", name="Predict What will the guess be")
    answer = figure.locator(".els-answer")

    def told():
        return page.locator("body").aria_snapshot().count(ASKED.answer)

    assert (told(), answer.inner_text(), page.get_by_text(ASKED.answer).count()) == (0, "", 0)
    assert group.get_by_role("radio").count() == 3
    assert answer.get_attribute("aria-live") == "polite"
    # To walk over the choices by arrow keys is not to choose.
    group.get_by_role("radio").first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.parentElement.innerText") == "A blur"
    assert (told(), page.locator("input[type=radio][name$=predict]:checked").count()) == (0, 0)

    page.keyboard.press("Space")
    answer.get_by_text("You chose: A blur").wait_for()
    assert told() == 1
    shows(page, **MachineExplorer(seed=4, **ASKED.then).state)
    # The choice can change; what the reader has set since stays.
    figure.get_by_label("Patch size").focus()
    page.keyboard.press("ArrowLeft")
    group.get_by_role("radio", name="A blur").focus()
    page.keyboard.press("ArrowUp")
    answer.get_by_text("You chose: A training digit").wait_for()
    shows(page, patch_size=25, t=0.6)
    page.wait_for_function("location.hash === '#machine.patch_size=25&machine.t=0.6'")

    figure.get_by_role("button", name="Reset").click()
    shows(page, patch_size=7, t=0.5, seed=4)
    assert (told(), answer.inner_text()) == (0, "")
    assert page.locator("input[type=radio][name$=predict]:checked").count() == 0


def test_the_answer_opens_by_enter_and_by_click_and_may_leave_the_figure_alone(
    asking_page, new_page
):
    page = new_page()
    page.goto(asking_page)
    second = page.locator(".els-live").nth(1)
    second.get_by_role("radio", name="b", exact=True).focus()
    page.keyboard.press("Enter")
    second.get_by_text("You chose: b").wait_for()
    second.locator(".els-predict label").first.click()
    second.get_by_text("You chose: a").wait_for()
    assert second.get_by_text("So.").is_visible()
    assert "flow." not in page.url


def test_hide_takes_the_question_away(asking_page, new_page):
    page = new_page()
    page.goto(f"{asking_page}#machine.hide=predict")
    shows(page)
    questions = page.locator(".els-predict")
    assert [questions.nth(k).is_visible() for k in range(2)] == [False, True]


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [360, 1280])
def test_axe_finds_nothing_before_and_after_the_choice(asking_page, new_page, width, dark):
    page = new_page(width=width, dark=dark)
    page.goto(asking_page)
    shows(page)
    assert bare_page.violations(page) == []
    page.locator(".els-predict label").first.click()
    shows(page, patch_size=27)
    assert bare_page.violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_without_scripts_the_question_is_text_and_the_answer_a_fold(asking_page, new_page):
    page = new_page(javascript=False)
    page.goto(asking_page)
    first = page.locator(".els-explorer").first
    assert first.get_by_text("What will the guess be").is_visible()
    assert first.get_by_text("A training digit", exact=True).is_visible()
    assert not first.get_by_text(ASKED.answer).is_visible()
    first.get_by_text("The answer").click()
    assert first.get_by_text(ASKED.answer).is_visible()
