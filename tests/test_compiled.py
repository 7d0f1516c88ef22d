"""Loops are compiled, with a cache on disk or without."""

import importlib
import sys
import warnings
from pathlib import Path

import pytest

from els_tutorial import compiled


def triple(x):
    return 3 * x


@pytest.fixture(autouse=True)
def nothing_said_yet():
    for known in (compiled._say_so, compiled._version):
        known.cache_clear()
    yield
    for known in (compiled._say_so, compiled._version):
        known.cache_clear()


def test_a_loop_is_kept_where_a_folder_can_be_written(tmp_path, monkeypatch):
    monkeypatch.setattr("numba.core.config.CACHE_DIR", str(tmp_path))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fast = compiled.jit(nogil=True)(triple)
    assert fast(2) == 6
    assert list(tmp_path.rglob("*triple*"))


def refuse(*_, **__):
    raise PermissionError


def test_where_the_source_cannot_be_written_the_user_has_a_folder(tmp_path, monkeypatch):
    monkeypatch.setattr("numba.core.config.CACHE_DIR", "")
    monkeypatch.setattr(compiled, "HERE", tmp_path / "file" / "els_tutorial")
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setattr(compiled, "user_cache_dir", lambda name: tmp_path / "home" / name)
    assert compiled.jit()(triple)(2) == 6
    (kept,) = (tmp_path / "home").rglob("*triple*.nbi")
    assert f"loops-{compiled._version()}" in kept.parts


def test_without_a_folder_to_write_loops_are_compiled_anew_and_it_is_said_once(monkeypatch):
    monkeypatch.setattr(Path, "touch", refuse)
    with pytest.warns(UserWarning, match="NUMBA_CACHE_DIR to a folder that can be written") as said:
        assert [compiled.jit()(triple)(k) for k in range(3)] == [0, 3, 6]
    assert len(said) == 1


def test_a_loop_is_compiled_anew_when_one_that_it_calls_has_changed(tmp_path, monkeypatch):
    header = "from els_tutorial.compiled import jit\n"
    caller = "from called_loop import inner\n@jit()\ndef outer(x):\n    return inner(x) + 1\n"
    (tmp_path / "calling_loop.py").write_text(header + caller)
    monkeypatch.setattr("numba.core.config.CACHE_DIR", "")
    monkeypatch.setattr(compiled, "HERE", tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    folders = []
    for factor in (2, 30, 30):  # files of two sizes, or Python finds its own old copy
        inner = f"@jit()\ndef inner(x):\n    return {factor} * x\n"
        (tmp_path / "called_loop.py").write_text(header + inner)
        for name in ("called_loop", "calling_loop"):
            monkeypatch.delitem(sys.modules, name, raising=False)
        compiled._version.cache_clear()
        importlib.invalidate_caches()
        assert importlib.import_module("calling_loop").outer(5) == 5 * factor + 1
        folders.append(len(list(tmp_path.glob("__pycache__/loops-*"))))
    assert folders == [1, 2, 2]  # what has not changed is found again
