"""Tables are JSON, laid out for reading."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from els_tutorial.tables import written

NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.none()
LEAVES = NUMBERS | st.text() | st.booleans()
TABLES = st.recursive(LEAVES, lambda v: st.lists(v) | st.dictionaries(st.text(), v))


@given(st.dictionaries(st.text(), TABLES))
def test_a_table_is_the_json_of_what_it_says(table):
    assert json.loads(written(table)) == table


@given(st.lists(NUMBERS))
def test_numbers_stand_on_one_line(numbers):
    lines = written({"seeds": numbers, "rows": [numbers, numbers]}).splitlines()
    assert [line.strip()[:1] for line in lines] == ["{", '"', '"', "[", "[", "]", "}"]


def test_what_json_cannot_say_is_refused():
    with pytest.raises(ValueError, match="JSON"):
        written({"r": [float("nan")]})
