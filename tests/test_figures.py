"""Pictures for pages."""

import io
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from matplotlib.colors import to_hex
from PIL import Image

from els_tutorial import figures


def test_draw_keeps_every_pixel_square_and_unsmoothed():
    picture = torch.tensor([[[-1.0, 1.0], [0.0, 3.0]]])
    figure = figures.blank(2, 2)
    figures.draw(figure.subplots(), picture)
    pixels = np.asarray(Image.open(io.BytesIO(figures.png(figure))).convert("L"))
    inner = pixels[10:-10, 10:-10]
    quarters = [inner[:100, :100], inner[:100, -100:], inner[-100:, :100], inner[-100:, -100:]]
    assert [int(np.median(q)) for q in quarters] == [0, 255, 127, 255]
    assert all((q == np.median(q)).mean() > 0.98 for q in quarters)


def test_a_gallery_has_a_row_for_each_label_and_a_cell_for_each_picture():
    rows = {"a": torch.zeros(3, 1, 4, 4), "b": torch.zeros(2, 3, 4, 4)}
    axes = figures.gallery(rows, titles=["x", "y", "z"]).axes
    assert len(axes) == 6
    assert [len(a.images) for a in axes] == [1, 1, 1, 1, 1, 0]
    assert [a.get_ylabel() for a in axes[::3]] == ["a", "b"]
    assert [a.get_title() for a in axes[:3]] == ["x", "y", "z"]


def test_an_outline_surrounds_its_pixels_in_the_colour_of_its_kind():
    axes = figures.blank().subplots()
    figures.outline(axes, 4, 7, 3, "source")
    boxes = [p.get_bbox().extents.tolist() for p in axes.patches]
    assert boxes == [[5.5, 2.5, 8.5, 5.5]] * 2
    colour = figures.PALETTE["outlines"]["source"].lower()
    assert colour in [to_hex(p.get_edgecolor()) for p in axes.patches]


def test_styles_are_the_palettes_and_all_different():
    path = Path(figures.__file__).with_name("palette.json")
    machines = json.loads(path.read_text("utf-8"))["machines"]
    styles = [figures.style(name) for name in machines]
    assert [s["color"] for s in styles] == [m["light"] for m in machines.values()]
    for key in ("color", "marker", "label"):
        assert len({s[key] for s in styles}) == len(machines)
    with pytest.raises(ValueError, match="Wiener"):
        figures.style("XYZ")


def test_show_gives_the_picture_with_its_words(monkeypatch):
    shown = []
    monkeypatch.setattr(figures, "display", lambda *a, **k: shown.append((a, k)))
    figures.show(figures.blank(1, 1), "An empty square.")
    (data,), options = shown[0]
    assert data["image/png"].startswith(b"\x89PNG") and data["text/plain"] == "An empty square."
    assert options["metadata"] == {"image/png": {"alt": "An empty square."}}
    with pytest.raises(ValueError, match="alt"):
        figures.show(figures.blank(1, 1), "  ")
