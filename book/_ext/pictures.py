"""Send the pictures of cells and figures as files in WebP, and only when a reader comes near.

WebP holds the same pixels in half the bytes of PNG. What stands in for a figure comes in the page's
own text; a page is there sooner without it. All but the first picture of a page load late, and so
do the logos in the theme's closed menu. A browser that knows a picture's size keeps room for it, so
that nothing moves when it comes.
"""

import base64
import functools
import hashlib
import itertools
import re
from pathlib import Path

from PIL import Image

# A cell's picture is named by its hash; what a page of text shows keeps its own name.
NAMED = re.compile(r"(_images/[0-9a-f]{32,})\.png")
WRITTEN_OUT = re.compile(r'(<img [^>]*src=")data:image/png;base64,([^"]+)"')
LOGO = re.compile(r'<img (?=[^>]*src="[^"]*_static/images/logo_)')
SHOWN = re.compile(r'(<img (?![^>]*\s(?:width|height|style)=)[^>]*src="[^"]*(_images/[^"/]+)")')


def write_out(site, page, up):
    """Return a page with the pictures of its text in files of the folder _images."""

    def move(found):
        content = base64.b64decode(found[2])
        name = f"_images/{hashlib.sha256(content).hexdigest()}.png"
        (site / name).write_bytes(content)
        return f'{found[1]}{up}{name}"'

    return WRITTEN_OUT.sub(move, page)


def shrink(path):
    """Write a picture as lossless WebP in its own place, if that is smaller; say whether it is."""
    target = path.with_suffix(".webp")
    with Image.open(path) as picture:
        picture.convert("RGBA").save(target, lossless=True, quality=100)
    smaller = target.stat().st_size < path.stat().st_size
    (path if smaller else target).unlink()
    return smaller


def send_light(app, exception):
    """Do so with the built site."""
    if exception or app.builder.format != "html":
        return
    site, pages = Path(app.outdir), {}
    for path in site.rglob("*.html"):
        up = "../" * (len(path.relative_to(site).parts) - 1)
        pages[path] = write_out(site, path.read_text("utf-8"), up)
    named = [path for path in site.glob("_images/*.png") if NAMED.fullmatch(f"_images/{path.name}")]
    smaller = {path.stem for path in named if shrink(path)}

    def rename(name):
        return f"{name[1]}.webp" if Path(name[1]).name in smaller else name[0]

    def describe(picture, late):
        with Image.open(site / picture[2]) as opened:
            width, height = opened.size
        return f'{picture[1]} width="{width}" height="{height}"{next(late)}'

    for path, page in pages.items():
        late = itertools.chain([""], itertools.repeat(' loading="lazy"'))
        page = SHOWN.sub(functools.partial(describe, late=late), NAMED.sub(rename, page))
        path.write_text(LOGO.sub('<img loading="lazy" ', page), "utf-8")


def setup(app):
    app.connect("build-finished", send_light)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
