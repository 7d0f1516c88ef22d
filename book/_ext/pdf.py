"""Print pages to PDF by the Chromium or Chrome on PATH, without a network."""

import importlib.util
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


def print_pages(paths, ready, query="", wait=0, folder=None, **paper):
    """Print pages from disk, each to a PDF beside it, or numbered in a folder.

    Args:
        paths: the pages' paths.
        ready: JavaScript that is true once a page has drawn all that it will draw.
        query: added to each address, for instance "?print-pdf".
        wait: milliseconds to wait besides.
        folder: where the files go; beside the pages if it is None.
        paper: what Playwright's `page.pdf` takes.

    Returns:
        the paths of the PDF files; none if there is no browser or no Playwright, which is said.
    """
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None or importlib.util.find_spec("playwright") is None:
        print("no PDF: that wants Playwright, and Chromium or Chrome on PATH")
        return []
    targets = [
        Path(folder, f"{number:03d}.pdf") if folder else Path(path).with_suffix(".pdf")
        for number, path in enumerate(paths)
    ]
    # In a thread of its own, since Playwright refuses to start beside another of its kind.
    with ThreadPoolExecutor(1) as thread:
        pairs = list(zip(paths, targets, strict=True))
        thread.submit(print_all, browser, pairs, ready, query, wait, paper).result()
    return targets


def print_all(browser, pairs, *how):
    """Print pages to their targets by one browser."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        arguments = ["--headless", "--no-sandbox", "--disable-gpu"]
        chromium = playwright.chromium.launch(executable_path=browser, args=arguments)
        for path, target in pairs:
            print_page(chromium, path, target, *how)
        chromium.close()


def print_page(chromium, path, target, ready, query, wait, paper):
    """Print one page to a PDF."""
    page = chromium.new_page(reduced_motion="reduce")
    page.goto(Path(path).resolve().as_uri() + query, wait_until="load")
    page.wait_for_function(f"() => {ready}", timeout=120_000)
    page.wait_for_timeout(wait)
    page.pdf(path=target, print_background=True, **(paper or {"format": "A4"}))
    page.close()
