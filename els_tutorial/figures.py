"""Pictures for pages: square pixels, one colour and marker for each machine, alt text always."""

import io
import json
from importlib.resources import files

from IPython.display import display
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

PALETTE = json.loads(files("els_tutorial").joinpath("palette.json").read_text("utf-8"))


def style(machine):
    """Return the colour, marker and label of a machine as keyword arguments for ``axes.plot``.

    Args:
        machine: a name in ``palette.json``: "IS", "ELS", "network" and so on.

    Raises:
        ValueError: if there is no such machine.
    """
    if machine not in PALETTE["machines"]:
        known = ", ".join(PALETTE["machines"])
        raise ValueError(f"machine must be one of {known}; got {machine!r}")
    entry = PALETTE["machines"][machine]
    return {"color": entry["light"], "marker": entry["marker"], "label": machine}


def blank(width=7.2, height=3.0):
    """Return an empty figure of this size in inches, on white, legible in both themes."""
    return Figure(figsize=(width, height), dpi=130, layout="constrained", facecolor="white")


def draw(axes, picture):
    """Draw one picture [C, H, W] with square pixels; values beyond [-1, 1] look like the ends."""
    shown = ((picture.detach().cpu().float().clamp(-1, 1) + 1) / 2).movedim(0, -1)
    axes.imshow(shown.expand(-1, -1, 3).numpy(), interpolation="nearest")
    axes.set_xticks([])
    axes.set_yticks([])
    for side in axes.spines.values():
        side.set_visible(False)


def gallery(rows, titles=None, size=0.8):
    """Return a figure with one labelled row of pictures for each entry.

    Args:
        rows: dict from a label to pictures, float tensor [B, C, H, W] in [-1, 1].
        titles: a list of texts over the columns.
        size: side of a picture in inches.
    """
    count = max(len(pictures) for pictures in rows.values())
    longest = max(len(line) for label in rows for line in label.split("\n"))
    room = 0.25 + 0.075 * longest
    figure = blank(count * size + room, len(rows) * size + (0.25 if titles else 0))
    axes = figure.subplots(len(rows), count, squeeze=False)
    for line, (label, pictures) in zip(axes, rows.items(), strict=True):
        for cell, picture in zip(line, pictures, strict=False):
            draw(cell, picture)
        for cell in line[len(pictures) :]:
            cell.set_axis_off()
        line[0].set_ylabel(label, rotation=0, ha="right", va="center", fontsize=9)
    for cell, title in zip(axes[0], titles or [], strict=False):
        cell.set_title(title, fontsize=9)
    return figure


def outline(axes, row, column, size, kind):
    """Outline the square of ``size`` pixels around a pixel, as the explorers do.

    Args:
        axes: where a picture is drawn.
        row, column: the pixel at the centre.
        size: side of the square in pixels.
        kind: "pixel", "window" or "source": what is outlined, and so its colour.
    """
    corner = (column - size / 2, row - size / 2)
    for width, colour in ((3, PALETTE["outlines"]["halo"]), (1.5, PALETTE["outlines"][kind])):
        axes.add_patch(Rectangle(corner, size, size, fill=False, linewidth=width, color=colour))


def png(figure):
    """Return the figure as PNG bytes that do not name the software which drew them."""
    stream = io.BytesIO()
    FigureCanvasAgg(figure).print_png(stream, metadata={"Software": None})
    return stream.getvalue()


def show(figure, alt):
    """Show a figure in a notebook, with words for readers who cannot see it.

    Args:
        figure: a matplotlib figure.
        alt: what it shows, in a sentence or two; the numbers in it must come from the page.

    Raises:
        ValueError: if alt is empty.
    """
    if not alt.strip():
        raise ValueError("alt must say what the figure shows, got an empty text")
    data = {"image/png": png(figure), "text/plain": alt}
    display(data, raw=True, metadata={"image/png": {"alt": alt}})
