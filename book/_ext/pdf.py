"""Print pages to PDF by the Chromium or Chrome on PATH, without a network."""

import shutil
from pathlib import Path

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


def print_pages(paths, ready, query="", wait=0, folder=None, **paper):
    """Print pages from disk, each to a PDF beside it, or in a folder.

    Args:
        paths: the pages' paths.
        ready: JavaScript that is true once a page has drawn all that it will draw.
        query: added to each address, for instance "?print-pdf".
        wait: milliseconds to wait besides.
        folder: where the files go, numbered in order; beside the pages if it is None.
        paper: what Playwright's `page.pdf` takes.

    Returns:
        the paths of the PDF files; none if there is no browser or no Playwright, which is said.
    """
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    try:
        from playwright.sync_api import sync_playwright
    except ModuleNotFoundError:
        browser = None
    if browser is None:
        print("no PDF: that wants Playwright, and Chromium or Chrome on PATH")
        return []
    with sync_playwright() as playwright:
        arguments = ["--headless", "--no-sandbox", "--disable-gpu"]
        chromium = playwright.chromium.launch(executable_path=browser, args=arguments)
        written = []
        for number, path in enumerate(paths):
            target = Path(
                folder or Path(path).parent, f"{number:03d}" if folder else Path(path).stem
            )
            print_page(chromium, path, target.with_suffix(".pdf"), ready, query, wait, paper)
            written.append(target.with_suffix(".pdf"))
        chromium.close()
    return written


def print_page(chromium, path, target, ready, query, wait, paper):
    """Print one page to a PDF."""
    page = chromium.new_page(reduced_motion="reduce")
    page.goto(Path(path).resolve().as_uri() + query, wait_until="load")
    page.wait_for_function(f"() => {ready}", timeout=120_000)
    page.wait_for_timeout(wait)
    page.pdf(path=target, print_background=True, **(paper or {"format": "A4"}))
    page.close()
