"""Joining the figures' files into one scope, and what a class must give to be a figure."""

import re

import pytest
from conftest import ROOT

from els_tutorial.explorers import EXPLORERS, bundle
from els_tutorial.explorers.base import Explorer, NumberIn

DECLARED = "let made = 0;", "const made = 0;", "function made() {}", "const [other, made] = [0, 0];"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(bundle, "FOLDER", tmp_path)
    (tmp_path / "part.js").write_text("export const taken = 1;\nlet made = 1;\n")
    return tmp_path


@pytest.mark.parametrize("line", DECLARED)
def test_a_name_that_two_joined_files_declare_is_refused(folder, line):
    (folder / "figure.js").write_text(f'import {{ taken }} from "./part.js";\n{line}\n')
    with pytest.raises(ValueError, match=r"part\.js and figure\.js both declare made"):
        bundle.module("figure")


@pytest.mark.parametrize(
    "line",
    [
        'import * as part from "./part.js";',
        'import { taken as mine } from "./part.js";',
        'import { taken } from "elsewhere";',
        'export { taken } from "./part.js";',
    ],
)
def test_a_form_that_is_not_read_is_refused(folder, line):
    (folder / "figure.js").write_text(f"{line}\n")
    with pytest.raises(ValueError, match=f"figure.js: write {re.escape(repr(line))}"):
        bundle.module("figure")


def test_what_is_exported_is_joined_before_what_imports_it_and_once(folder):
    (folder / "whole.js").write_text('import { taken } from "./part.js";\nexport class Whole {}\n')
    (folder / "figure.js").write_text(
        'import {\n  taken,\n} from "./part.js";\nimport { Whole } from "./whole.js";\n'
        "export async function run() {\n  let made = 2;\n}\nexport default { run };\n"
    )
    assert bundle.module("figure") == (
        "const taken = 1;\nlet made = 1;\nclass Whole {}\n"
        "async function run() {\n  let made = 2;\n}\nexport default { run };\n"
    )


WHOLE = {
    "name": "some",
    "settings": ("level",),
    "controls": ("level", "reset"),
    "_esm": "export default {};",
    "level": NumberIn(3, 1, 9).tag(sync=True),
}


def test_a_class_that_gives_everything_is_a_figure():
    assert type("Some", (Explorer,), dict(WHOLE))(hide=["level"]).state == {"level": 3}


@pytest.mark.parametrize("lacking", ["name", "settings", "controls", "_esm"])
def test_a_class_that_lacks_something_says_what(lacking):
    parts = {name: value for name, value in WHOLE.items() if name != lacking}
    with pytest.raises(TypeError, match=f"Some gives no {lacking}"):
        type("Some", (Explorer,), parts)()


@pytest.mark.parametrize("value", [3, NumberIn(3, 1, 9)])
def test_a_setting_that_the_figure_would_not_see_is_refused(value):
    with pytest.raises(TypeError, match=r"Some\.level must be a trait with \.tag\(sync=True\)"):
        type("Some", (Explorer,), WHOLE | {"level": value})()


@pytest.mark.parametrize("figure", EXPLORERS.values(), ids=EXPLORERS)
def test_every_figure_stands_in_the_reference(figure):
    reference = (ROOT / "book" / "reference" / "api.md").read_text("utf-8")
    assert f".. autoclass:: {figure.__module__}.{figure.__name__}\n" in reference
