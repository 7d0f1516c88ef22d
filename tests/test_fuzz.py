"""Files with a few bytes changed, cut off or put in: see `fuzz.py`."""

import fuzz
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

CHANGES = st.lists(
    st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 3), st.binary(max_size=8)),
    min_size=1,
    max_size=6,
)


class Files:
    """A folder, and the bytes of a good file of each kind (too many to print when a test fails)."""

    def __init__(self, folder):
        self.folder = folder
        self.good = {kind: fuzz.good(kind, folder) for kind in fuzz.LOADERS}


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return Files(tmp_path_factory.mktemp("fuzz"))


@pytest.mark.parametrize("kind", fuzz.LOADERS)
def test_a_good_file_loads(kind, files):
    path = files.folder / fuzz.NAMES[kind]
    path.write_bytes(files.good[kind])
    fuzz.LOADERS[kind](str(path))


@pytest.mark.parametrize("kind", fuzz.LOADERS)
@given(changes=CHANGES, kept=st.one_of(st.just(1.0), st.floats(0, 1)))
@settings(max_examples=150, deadline=None)
def test_a_damaged_file_loads_or_says_why_not(kind, files, changes, kept):
    content = bytearray(files.good[kind])
    for place, dropped, put in changes:
        start = int(place * len(content))
        content[start : start + dropped] = put
    fuzz.attempt(kind, bytes(content[: int(kept * len(content))]), files.folder)
