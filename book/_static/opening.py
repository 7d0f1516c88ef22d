"""Draw the picture that opens the book: python book/_static/opening.py

Its pictures are those that `python -m els_tutorial reproduce --network digits-resnet` kept.
"""

from pathlib import Path

from els_tutorial import sheets
from els_tutorial.figures import gallery, png
from els_tutorial.reproduce import sheet_lines

HERE = Path(__file__)
SHEET = HERE.parents[2] / "results" / "pictures" / "digits-resnet.png"
ROWS = {
    "ideal\nscore": "IS",
    "ELS\nmachine": "boundary-broken ELS",
    "trained\nnetwork": "network, 150 steps",
}
SEEDS = range(8)

pictures = sheets.read(SHEET, sheet_lines())
rows = {title: pictures[line][SEEDS] for title, line in ROWS.items()}
HERE.with_suffix(".png").write_bytes(png(gallery(rows, size=0.95)))
