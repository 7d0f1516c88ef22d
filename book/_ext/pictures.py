"""Send the cells' pictures as WebP, which holds the same pixels in half the bytes of PNG."""

import re
from pathlib import Path

from PIL import Image

# A cell's picture is named by its hash; what a page of text shows keeps its own name.
NAMED = re.compile(r"(_images/[0-9a-f]{32,})\.png")


def shrink(app, exception):
    """Write each picture of a cell as lossless WebP, where that is smaller, and name it so."""
    if exception or app.builder.format != "html":
        return
    folder, smaller = Path(app.outdir), set()
    for path in folder.glob("_images/*.png"):
        if not NAMED.fullmatch(f"_images/{path.name}"):
            continue
        target = path.with_suffix(".webp")
        with Image.open(path) as picture:
            picture.convert("RGBA").save(target, lossless=True, quality=100)
        gains = target.stat().st_size < path.stat().st_size
        (path if gains else target).unlink()
        smaller |= {path.stem} if gains else set()

    def rename(name):
        return f"{name[1]}.webp" if Path(name[1]).name in smaller else name[0]

    for path in folder.rglob("*.html"):
        page = path.read_text(encoding="utf-8")
        path.write_text(NAMED.sub(rename, page), encoding="utf-8")


def setup(app):
    app.connect("build-finished", shrink)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
