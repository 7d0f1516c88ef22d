"""Draw the picture that opens the book: python book/_static/opening.py

Its pictures are those that `python -m els_tutorial reproduce --network digits-resnet` kept.
"""

from pathlib import Path

import numpy as np
import torch
from PIL import Image

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

sheet = torch.from_numpy(np.array(Image.open(SHEET))).view(len(sheet_lines()), 28, -1, 28)
pictures = sheet.permute(0, 2, 1, 3)[:, :, None] / 127.5 - 1  # [lines, seeds, 1, 28, 28]
rows = {title: pictures[sheet_lines().index(line)][SEEDS] for title, line in ROWS.items()}
HERE.with_suffix(".png").write_bytes(png(gallery(rows, size=0.95)))
