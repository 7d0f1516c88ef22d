"""Sphinx's settings for the slides; `build.py` runs it."""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "book" / "_ext"), str(HERE.parent)]

project = "Creativity from Constraints"
language = "en"
extensions = ["myst_parser", "sphinx_revealjs", "sphinx.ext.mathjax", "from_book"]
myst_enable_extensions = ["amsmath", "attrs_inline", "colon_fence", "dollarmath"]
exclude_patterns = ["_build"]

# As in the book: parts of MathJax that lie beside the pages.
mathjax_path = "mathjax/startup.js"
mathjax3_config = {
    "loader": {"load": ["core", "input/tex", "output/chtml"]},
    "chtml": {"matchFontHeight": False},  # a slide that is hidden has no height to match
}

revealjs_html_theme = "revealjs-simple"
revealjs_style_theme = "slides.css"
revealjs_static_path = ["_static"]
revealjs_script_conf = {
    "width": 1280,
    "height": 720,
    "margin": 0.04,
    "center": False,
    "controlsTutorial": False,
    "hash": True,
    "slideNumber": "c/t",
    "transition": "none",
    "pdfSeparateFragments": False,
}
revealjs_script_files = ["slides.js"]
revealjs_script_plugins = [{"name": "RevealNotes", "src": "revealjs/plugin/notes/notes.js"}]
