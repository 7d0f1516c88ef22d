"""Loops are compiled, with a cache on disk or without."""

import warnings

import pytest
from numba.core import caching

from els_tutorial import compiled


def triple(x):
    return 3 * x


@pytest.fixture(autouse=True)
def nothing_said_yet():
    compiled._say_so.cache_clear()
    yield
    compiled._say_so.cache_clear()


def test_a_loop_is_kept_where_a_folder_can_be_written(tmp_path, monkeypatch):
    monkeypatch.setattr("numba.core.config.CACHE_DIR", str(tmp_path))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fast = compiled.jit(nogil=True)(triple)
    assert fast(2) == 6
    assert list(tmp_path.rglob("*triple*"))


def test_without_a_folder_to_write_loops_are_compiled_anew_and_it_is_said_once(monkeypatch):
    monkeypatch.setattr(caching.CompileResultCacheImpl, "_locator_classes", [])
    with pytest.warns(UserWarning, match="NUMBA_CACHE_DIR to a folder that can be written") as said:
        assert [compiled.jit()(triple)(k) for k in range(3)] == [0, 3, 6]
    assert len(said) == 1
