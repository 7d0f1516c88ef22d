"""From the JavaScript files of this folder to the texts that the two hosts load."""

import base64
import json
import re
from pathlib import Path

from els_tutorial import data
from els_tutorial.explorers.mosaic_drawings import starters
from els_tutorial.figures import PALETTE

FOLDER = Path(__file__).parent
DARK = 'html[data-theme="dark"], body[data-jp-theme-light="false"], body.vscode-dark'
TRAINING, HELD_OUT = 64, 8  # images of a set that a page holds: to learn from, and to add noise to

_IMPORT = re.compile(
    r'^import \{\s*\w+(?:\s*,\s*\w+)*\s*,?\s*\} from "\./(\w+\.js)";\n', re.MULTILINE
)
_EXPORT = re.compile(r"^export (?=(?:async )?function\b|const |let |class )", re.MULTILINE)
_UNREAD = re.compile(r"^(?:import\b|export (?!default )).*", re.MULTILINE)
_DECLARED = re.compile(
    r"^(?:(?:async )?function\*? ?|class |(?:const|let|var) )(\w+|[\[{][^\]}]*[\]}])", re.MULTILINE
)
_COMMENT = re.compile(r"^ *//.*\n", re.MULTILINE)  # those that have a line to themselves


def _flatten(name, seen):
    """Return a file's text after those of the files it imports, each once, as one scope.

    ``seen`` is a dict from the files so far to the names that they declare.
    """
    if name in seen:
        return ""
    seen[name] = set()  # now, since files may import each other
    text = (FOLDER / name).read_text(encoding="utf-8")
    before = "".join(_flatten(found, seen) for found in _IMPORT.findall(text))
    text = _EXPORT.sub("", _IMPORT.sub("", text))
    unread = _UNREAD.search(text)
    if unread:
        raise ValueError(
            f'{name}: write {unread[0]!r} as `import {{ name }} from "./file.js";` or as '
            "`export` before a function, const, let or class"
        )
    seen[name].update(*(re.findall(r"\w+", found) for found in _DECLARED.findall(text)))
    for other, names in seen.items():
        twice = seen[name] & names
        if other != name and twice:
            raise ValueError(f"{other} and {name} both declare {min(twice)}: they share one scope")
    return before + text


def module(name):
    """Return explorer ``name`` as one ES module without imports (the anywidget's ``_esm``).

    Raises:
        ValueError: if two of the joined files declare one name, or an import or export has a form
            that is not read here.
    """
    return _flatten(f"{name}.js", {})


def classic_script(name):
    """Return explorer ``name`` as a classic script that fills ``window.elsExplorers[name]``.

    Pages read from disk may load classic scripts, but no modules. The comments stay behind.
    """
    text = _COMMENT.sub("", module(name)).replace("export default ", "return ")
    return f"(window.elsExplorers ??= {{}}).{name} = (() => {{\n{text}}})();\n"


def held_images(name):
    """Return the images of a set that the explorers use, tensor [72, C, H, W] in [-1, 1].

    The first 64 are there to learn from; the last 8 are held out, and noise is added to them. Of
    "two_tone" there are only two, and "own" are the drawings that a reader starts from.
    """
    if name == "own":
        return starters()
    return data.load(name, n=None if name == "two_tone" else TRAINING + HELD_OUT).images


def image_bytes(name):
    """Return the images of a set in 8 bits, (shape, bytes); v stands for v / 127.5 - 1."""
    images = held_images(name)
    return list(images.shape), ((images + 1) * 127.5).round().byte().numpy().tobytes()


def image_script(name):
    """Return the images of a set as a classic script that fills ``window.elsImages[name]``."""
    shape, content = image_bytes(name)
    text = json.dumps({"shape": shape, "base64": base64.b64encode(content).decode()})
    return f"(window.elsImages ??= {{}}).{name} = {text};\n"


def styles():
    """Return the style sheet of the explorers, its colours taken from ``palette.json``.

    Rules for one explorer alone stand in ``NAME.css``, after those for all.
    """
    lines = []
    for theme, scope in (("light", ":root"), ("dark", DARK)):
        colours = {name: entry[theme] for name, entry in PALETTE["machines"].items()}
        colours |= {f"point-{entry['letter']}": entry[theme] for entry in PALETTE["points"]}
        if theme == "light":
            colours |= PALETTE["outlines"]
            colours |= {f"from-{name}": colour for name, colour in PALETTE["sources"].items()}
        rules = " ".join(f"--els-{name}: {colour};" for name, colour in colours.items())
        lines.append(f"{scope} {{ {rules} }}\n")
    own = sorted(path for path in FOLDER.glob("*.css") if path.stem != "explorers")
    sheets = [path.read_text(encoding="utf-8") for path in (FOLDER / "explorers.css", *own)]
    return "".join([*lines, *sheets])


def page_files(names, image_sets):
    """Return all files that pages need, as a dict from file names to texts."""
    return {
        "explorers.css": styles(),
        "loader.js": (FOLDER / "loader.js").read_text(encoding="utf-8"),
        **{f"{name}.js": classic_script(name) for name in names},
        **{f"data-{name}.js": image_script(name) for name in image_sets},
    }
