"""What the site says to search engines and messengers, and what its pages may load.

- The address at which GitHub Pages serves the book follows from `repository.url` in `_config.yml`;
  the site map, the canonical links and the cards that a messenger shows follow from it.
- Each page carries a content security policy. Scripts come from the site's own folder; the few
  lines that the theme writes into its pages are admitted one by one, by their SHA-256.
  `style-src` keeps `'unsafe-inline'`: MathJax and the theme set styles as they go.
"""

import base64
import hashlib
import html
import re
from pathlib import Path
from urllib.parse import urlsplit

INLINE_SCRIPT = re.compile(r"<script(?![^>]*\ssrc=)[^>]*>(.*?)</script>", re.DOTALL)
HANDLER = re.compile(r'<[^>]*\son[a-z]+="([^"]*)"')
HEAD = re.compile(r"<head>\s*(<meta charset=\"utf-8\"\s*/?>)?")
# `file:` is for a book opened from a disk, where a browser may not take 'self' for the folder;
# blob: and wasm are the figures' own engine and its workers.
POLICY = (
    "default-src 'none'; "
    "script-src 'self' file: blob: 'wasm-unsafe-eval' 'unsafe-hashes' {hashes}; "
    "style-src 'self' file: 'unsafe-inline'; img-src 'self' file: data: blob:; "
    "font-src 'self' file: data:; connect-src 'self'; worker-src blob:; frame-src 'self' file:; "
    "manifest-src 'self'; base-uri 'none'; form-action 'self' file:"
)


def name_the_site(app, config):
    """Set the address of the site from that of the repository."""
    owner, name = urlsplit(config.html_theme_options["repository_url"]).path.strip("/").split("/")
    config.html_baseurl = f"https://{owner}.github.io/{name}/"
    config.ogp_site_url = config.html_baseurl
    config.ogp_site_name = config.html_title


def policy(page):
    """Return the content security policy of a page, a string of HTML."""
    scripts = INLINE_SCRIPT.findall(page)
    handlers = [html.unescape(code) for code in HANDLER.findall(page)]
    digests = {hashlib.sha256(code.encode()).digest() for code in (*scripts, *handlers) if code}
    hashes = " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in sorted(digests))
    return POLICY.format(hashes=hashes)


def guard(app, exception):
    """Write into every built page what it may load."""
    if exception or app.builder.format != "html":
        return
    for path in Path(app.outdir).rglob("*.html"):
        if "_static" in path.parts:  # no pages, but pieces of the theme
            continue
        page = path.read_text(encoding="utf-8")
        meta = f'<meta http-equiv="Content-Security-Policy" content="{policy(page)}">'
        start = HEAD.search(page).end()
        path.write_text(page[:start] + meta + page[start:], encoding="utf-8")


def setup(app):
    app.connect("config-inited", name_the_site)
    app.connect("build-finished", guard, priority=900)  # after every page is there
    return {"parallel_read_safe": True, "parallel_write_safe": True}
