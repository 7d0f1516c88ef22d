"""Keep of the theme's icon font only the icons that a page shows.

The font holds some two thousand icons in 156 KB, and every page loads it. A page shows about
thirty. Which they are is read from the built site: the names in its pages, and what its style
sheets put before or after an element.
"""

import re
from pathlib import Path

from fontTools import subset

FONTS = "_static/vendor/fontawesome/webfonts"
NAMES = re.compile(r"\bfa-[a-z0-9-]+")
# A rule that gives an icon its name, such as .fa-bars:before,.fa-navicon:before{content:"\f0c9"}
NAMING = re.compile(r'((?:\.fa-[a-z0-9-]+:{1,2}before,?)+)\{content:"\\([0-9a-f]+)"\}')
CODE = re.compile(r'"\\([ef][0-9a-f]{3})"')
ICON = re.compile("[\ue000-\uf8ff]")  # the same, not escaped


def used(site):
    """Return the code points of the icons that a built site shows: a set of ints."""
    names, codes, rest = set(), {}, set()
    for page in site.rglob("*.html"):
        names.update(NAMES.findall(page.read_text("utf-8")))
    for sheet in site.rglob("*.css"):
        text = sheet.read_text("utf-8")
        for selectors, code in NAMING.findall(text):
            codes |= dict.fromkeys(NAMES.findall(selectors), int(code, 16))
        rest.update(map(ord, ICON.findall(text)))
        rest.update(int(code, 16) for code in CODE.findall(NAMING.sub("", text)))
    return rest | {codes[name] for name in names if name in codes}


def keep_used_icons(app, exception):
    """Write each icon font anew with the icons that the site shows."""
    if exception or app.builder.format != "html":
        return
    site = Path(app.outdir)
    wanted = used(site)
    for path in (site / FONTS).glob("*.woff2"):
        options = subset.Options(flavor="woff2", glyph_names=False, notdef_outline=True)
        font = subset.load_font(path, options)
        subsetter = subset.Subsetter(options)
        subsetter.populate(unicodes=wanted & set(font.getBestCmap()))
        subsetter.subset(font)
        subset.save_font(font, path, options)


def setup(app):
    app.connect("build-finished", keep_used_icons)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
