"""Compile inner loops by numba, and keep what was compiled where a folder can be written."""

import functools
import hashlib
import threading
import warnings
from pathlib import Path

import numba
from numba.misc.appdirs import user_cache_dir

HERE = Path(__file__).parent
_ONE_AT_A_TIME = threading.Lock()


def jit(**options):
    """Return the decorator ``numba.njit``, with a cache on disk wherever there is room for one.

    That is in ``NUMBA_CACHE_DIR``, else beside the source, else in the user's own folder for such
    things. Without any (a read-only installation for a user without a home) it says so once, and
    every process compiles anew.

    Args:
        options: for ``numba.njit``, without ``cache``.
    """

    def decorate(function):
        with _ONE_AT_A_TIME:  # numba asks for its folder when a function is decorated
            folder, given = _folder(), numba.config.CACHE_DIR
            if folder is None:
                _say_so()
                return numba.njit(**options)(function)
            numba.config.CACHE_DIR = str(folder)
            try:
                return numba.njit(cache=True, **options)(function)
            finally:
                numba.config.CACHE_DIR = given

    return decorate


def _folder():
    """Return a folder that bears the version of all loops, or None if none can be written."""
    given, user = numba.config.CACHE_DIR, user_cache_dir("els_tutorial")
    for parent in (given, HERE / "__pycache__", user):
        try:
            if parent:
                folder = Path(parent, f"loops-{_version()}")
                folder.mkdir(parents=True, exist_ok=True)
                (folder / "room").touch()
                return folder
        except OSError:
            continue
    return None


@functools.cache
def _version():
    """Return a name for the sources of all loops together.

    A compiled loop contains those that it calls. But numba compiles it anew only when its own file
    has changed, not when theirs have.
    """
    sources = (path.read_bytes() for path in sorted(HERE.glob("*.py")))
    loops = b"".join(source for source in sources if b"compiled import jit" in source)
    return hashlib.blake2b(loops, digest_size=4).hexdigest()


@functools.cache
def _say_so():
    warnings.warn(
        "numba finds no folder to keep what it compiles in, so each process compiles anew, which "
        "takes some seconds; set NUMBA_CACHE_DIR to a folder that can be written",
        stacklevel=4,
    )
