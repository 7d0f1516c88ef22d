"""Fixtures for the tests that read the built site, in files and in a real browser."""

import http.server
import os
import shutil
import threading
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import pytest

ROOT = Path(__file__).resolve().parent.parent
SITE = ROOT / "_build" / "html"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


@pytest.fixture(scope="session")
def site():
    """The folder of the built site."""
    if not (SITE / "index.html").is_file():
        pytest.fail("There is no built site in _build/html: run `make book` first.", pytrace=False)
    return SITE


class _QuietHandler(http.server.SimpleHTTPRequestHandler):
    # The system's table of MIME types may call a script "text/plain": no browser runs that module.
    extensions_map = {
        **http.server.SimpleHTTPRequestHandler.extensions_map,
        ".js": "text/javascript",
        ".mjs": "text/javascript",
    }

    def log_message(self, *args):
        pass


@pytest.fixture(scope="session")
def site_url(site):
    """The address, without a final slash, at which a thread serves the built site."""
    handler = partial(_QuietHandler, directory=str(site))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="session")
def launch():
    """A function that starts a headless Chromium found on PATH, with further arguments."""
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        message = f"No browser on PATH (looked for {', '.join(BROWSERS)}): browser tests need one."
        if os.environ.get("ELS_REQUIRE_BROWSER") == "1":
            pytest.fail(message, pytrace=False)
        pytest.skip(message)

    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        start = partial(playwright.chromium.launch, executable_path=path)
        yield lambda *arguments: start(args=["--headless", "--no-sandbox", *arguments])


@pytest.fixture(scope="session")
def browser(launch):
    """A headless Chromium, driven by Playwright."""
    chromium = launch("--disable-gpu")
    yield chromium
    chromium.close()


def _is_local(url):
    parts = urlsplit(url)
    return parts.scheme in ("file", "blob", "data", "about") or parts.hostname in (
        "127.0.0.1",
        "localhost",
        "::1",
    )


def _watch(page, problems):
    """Append to `problems` every console error, page error and request that fails in `page`."""

    def on_console(message):
        if message.type == "error":
            problems.append(f"console error on {page.url}: {message.text}")

    def on_failed(request):
        # Leaving a page aborts what it was still loading; that is no fault of the page.
        if request.failure != "net::ERR_ABORTED":
            problems.append(f"failed request on {page.url}: {request.url} ({request.failure})")

    def on_response(response):
        if response.status >= 400:
            problems.append(f"status {response.status} on {page.url}: {response.url}")

    page.on("console", on_console)
    page.on("pageerror", lambda error: problems.append(f"page error on {page.url}: {error}"))
    page.on("requestfailed", on_failed)
    page.on("response", on_response)


@pytest.fixture
def new_page(browser):
    """A function that opens a page in a context of its own, cut off from everything but loopback.

    `new_page(width=1280, height=900, dark=False, javascript=True)` returns a Playwright Page.
    Console errors, page errors, and failed or blocked requests gather in `page.problems` (one list
    for all the pages of a test); the test fails at its end unless that list is empty.
    """
    contexts, problems = [], []

    def route(route):
        if _is_local(route.request.url):
            route.continue_()
        else:
            problems.append(f"blocked request: {route.request.url}")
            route.abort()

    def open_page(width=1280, height=900, dark=False, javascript=True):
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            java_script_enabled=javascript,
        )
        contexts.append(context)
        context.route("**/*", route)
        page = context.new_page()
        page.problems = problems
        _watch(page, problems)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not problems, "\n".join(problems)
