"""Find numbers in the chapters' prose that nothing supports: `python book/_ext/prose_numbers.py`.

A figure counts as supported if the same paragraph cites a source, if it stands, rounded as the
prose rounds it, in what the chapter's cells say or print, or if `DERIVED` below works it out.
Looked at are decimal fractions and percentages. Left out are counts, sizes and years, what stands
in mathematics and in code, and the exercises, whose solutions derive what they say.
"""

import math
import re
import sys
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parent.parent.parent
CHAPTERS = sorted(ROOT.glob("book/[1-4]-*/*.ipynb"))
SIGNAL = math.cos(math.pi / 2.016) ** 2  # alpha_bar of the cosine schedule at t = 1
DERIVED = {"scales": {SIGNAL / (1 - SIGNAL), SIGNAL / (1 - SIGNAL) / 2}}

NUMBER = re.compile(r"(?<![\w.\-/])(\d+\.\d+|\.\d+|\d+(?=\s?%))(?![\d]|\.\d)(\s?%)?")
NOT_PROSE = re.compile(r"```.*?```|\$\$.*?\$\$|\$[^$]*\$|`[^`]*`|\]\([^)]*\)|<[^>]*>", re.DOTALL)
IN_CODE = re.compile(r"(?<![\w.])\d*\.?\d+(?:e-?\d+)?")


def said(notebook):
    """Return the numbers that a notebook's code cells say or print, as floats."""
    texts = []
    for cell in notebook.cells:
        if cell.cell_type == "code":
            texts.append(cell.source)
            for output in cell.outputs:
                texts.append(output.get("text", ""))
                data = output.get("data", {})
                texts += [
                    data.get("text/plain", ""),
                    re.sub("<[^>]+>", " ", data.get("text/html", "")),
                ]
    return {float(number) for text in texts for number in IN_CODE.findall(text)}


def supported(number, percent, known):
    """Say whether a known number rounds to the number as it is written."""
    digits = len(number.partition(".")[2])
    value = float(number)
    half = 0.5000001 * 10.0**-digits
    for scale in (1, 100) if percent else (1,):
        if any(abs(scale * other - value) <= half for other in known):
            return True
    return False


def paragraphs(notebook):
    """Yield the paragraphs of a notebook's prose, up to its exercises."""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            for paragraph in re.split(r"\n\s*\n", cell.source):
                if paragraph.startswith("## Exercises"):
                    return
                yield paragraph


def unsupported(path):
    """Return (number, paragraph) of what nothing supports in the prose of a chapter."""
    notebook = nbformat.read(path, 4)
    known = said(notebook) | DERIVED.get(path.stem, set())
    return [
        (match[0], " ".join(paragraph.split())[:200])
        for paragraph in paragraphs(notebook)
        if "{cite:" not in paragraph
        for match in NUMBER.finditer(NOT_PROSE.sub(" ", paragraph))
        if not supported(match[1], match[2], known)
    ]


if __name__ == "__main__":
    lines = [
        f"{path.relative_to(ROOT)}: {number}: {paragraph}"
        for path in CHAPTERS
        for number, paragraph in unsupported(path)
    ]
    print("\n".join(lines) or "every number in the prose stands in a cell or has a source")
    sys.exit(bool(lines))
