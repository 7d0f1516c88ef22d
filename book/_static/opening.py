"""Draw the picture that opens the book: python book/_static/opening.py"""

from pathlib import Path

import torch

from els_tutorial import calibration, data
from els_tutorial.figures import gallery, png
from els_tutorial.machines import EquivariantLocalScore, IdealScore
from els_tutorial.sampling import sample
from els_tutorial.schedules import CosineSchedule

schedule = CosineSchedule()
images = data.load("digits", n=500).images
noise = torch.randn(8, 1, 28, 28, generator=torch.Generator().manual_seed(7))
windows = calibration.published("mnist-resnet", schedule)
rows = {
    "ideal\nscore": sample(IdealScore(images), noise, schedule),
    "ELS\nmachine": sample(EquivariantLocalScore(images, windows, "zeros"), noise, schedule),
}
Path(__file__).with_suffix(".png").write_bytes(png(gallery(rows, size=0.95)))
