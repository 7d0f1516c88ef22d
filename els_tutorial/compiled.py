"""Compile inner loops by numba, and keep what was compiled where a folder can be written."""

import functools
import warnings

import numba


def jit(**options):
    """Return the decorator ``numba.njit``, with a cache on disk wherever there is room for one.

    Without one (a read-only installation for a user without a home) it says so once, and every
    process compiles anew.

    Args:
        options: for ``numba.njit``, without ``cache``.
    """

    def decorate(function):
        try:
            return numba.njit(cache=True, **options)(function)
        except RuntimeError:  # numba's, when no folder can be written
            _say_so()
            return numba.njit(**options)(function)

    return decorate


@functools.cache
def _say_so():
    warnings.warn(
        "numba finds no folder to keep what it compiles in, so each process compiles anew, which "
        "takes some seconds; set NUMBA_CACHE_DIR to a folder that can be written",
        stacklevel=4,
    )
