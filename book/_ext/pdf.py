"""Print pages to PDF by the Chromium or Chrome on PATH, without a network."""

import importlib.util
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


def print_pages(paths, ready, query="", wait=0, **paper):
    """Print pages from disk, each to a PDF beside it.

    Args:
        paths: the pages' paths.
        ready: JavaScript that is true once a page has drawn all that it will draw.
        query: added to each address, for instance "?print-pdf".
        wait: milliseconds to wait besides.
        paper: what Playwright's `page.pdf` takes.

    Returns:
        the paths of the PDF files; none if there is no browser or no Playwright, which is said.
    """
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None or importlib.util.find_spec("playwright") is None:
        print("no PDF: that wants Playwright, and Chromium or Chrome on PATH")
        return []
    # In a thread of its own, since Playwright refuses to start beside another of its kind.
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(print_all, browser, paths, ready, query, wait, paper).result()


def print_all(browser, paths, *how):
    """Print pages by one browser, and return the paths of the PDF files."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        arguments = ["--headless", "--no-sandbox", "--disable-gpu"]
        chromium = playwright.chromium.launch(executable_path=browser, args=arguments)
        written = [print_page(chromium, path, *how) for path in paths]
        chromium.close()
    return written


def print_page(chromium, path, ready, query, wait, paper):
    """Print one page, and return the path of its PDF."""
    page = chromium.new_page(reduced_motion="reduce")
    page.goto(Path(path).resolve().as_uri() + query, wait_until="load")
    page.wait_for_function(ready, timeout=120_000)
    page.wait_for_timeout(wait)
    target = Path(path).with_suffix(".pdf")
    page.pdf(path=target, print_background=True, **(paper or {"format": "A4"}))
    page.close()
    return target
