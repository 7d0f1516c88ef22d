"""Compile inner loops by numba, and keep what was compiled where a folder can be written."""

import contextlib
import functools
import hashlib
import warnings
from pathlib import Path

import numba

HERE = Path(__file__).parent


def jit(**options):
    """Return the decorator ``numba.njit``, with a cache on disk wherever there is room for one.

    Without one (a read-only installation for a user without a home) it says so once, and every
    process compiles anew.

    Args:
        options: for ``numba.njit``, without ``cache``.
    """

    def decorate(function):
        try:
            with _folder():
                return numba.njit(cache=True, **options)(function)
        except RuntimeError:  # numba's, when no folder can be written
            _say_so()
            return numba.njit(**options)(function)

    return decorate


@contextlib.contextmanager
def _folder():
    """Let numba keep what it compiles in a folder that bears the version of all loops."""
    given = numba.config.CACHE_DIR
    numba.config.CACHE_DIR = str(Path(given or HERE / "__pycache__", f"loops-{_version()}"))
    try:
        yield
    finally:
        numba.config.CACHE_DIR = given


@functools.cache
def _version():
    """Return a name for the sources of all loops together.

    A compiled loop contains those that it calls. But numba compiles it anew only when its own file
    has changed, not when theirs have.
    """
    sources = (path.read_bytes() for path in sorted(HERE.glob("*.py")))
    return hashlib.sha256(b"".join(s for s in sources if b"compiled import jit" in s)).hexdigest()[
        :9
    ]


@functools.cache
def _say_so():
    warnings.warn(
        "numba finds no folder to keep what it compiles in, so each process compiles anew, which "
        "takes some seconds; set NUMBA_CACHE_DIR to a folder that can be written",
        stacklevel=4,
    )
