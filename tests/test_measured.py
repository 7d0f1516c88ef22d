"""The page on what is measured: it lists every results file and every network, as they stand."""

import json
import re
from html import unescape

import pytest
from conftest import ROOT, SITE

from els_tutorial import checkpoints

RESULTS = sorted((ROOT / "results").glob("*.json"))


@pytest.fixture(scope="module")
def page():
    text = (SITE / "book" / "reference" / "measured.html").read_text("utf-8")
    return unescape(re.sub(r"<[^>]+>", "", text.split("<article")[1].split("</article>")[0]))


@pytest.mark.parametrize("path", RESULTS, ids=lambda path: path.stem)
def test_every_result_is_listed_with_its_command(page, path):
    table = json.loads(path.read_text("utf-8"))
    assert f"results/{path.name}" in page
    for entry in [table] if "command" in table else table["networks"].values():
        assert f"{entry['command']}: {entry.get('date', '')}" in page


@pytest.mark.parametrize("name", checkpoints.names())
def test_every_network_is_listed_with_its_command(page, name):
    card = checkpoints.card(name)
    assert f"{card['command']}: {card['date']}" in page


@pytest.mark.parametrize("path", RESULTS, ids=lambda path: path.stem)
def test_the_command_of_a_result_exists(path):
    for command in re.findall(r'"command": "([^"]+)"', path.read_text("utf-8")):
        assert (
            command.startswith("python -m els_tutorial ") or (ROOT / command.split()[1]).is_file()
        )
