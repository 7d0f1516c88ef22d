"""The explorer "mosaic" in words, the same as the page's."""

from els_tutorial.explorers.machine import PATCH
from els_tutorial.schedules import CosineSchedule

BORDERS = {"circular": "circular", "zeros": "zero"}


def describe(figure, learned):
    """Say what a MosaicExplorer shows; ``learned`` says from what, such as "24 of the digits"."""
    t, _, x0_hat = figure.shown()
    alpha_bar = CosineSchedule().alpha_bar(t)
    machine = figure.machine
    if machine in PATCH:
        size = figure.denoiser().patch_size_at(alpha_bar)
        shrinks = ", shrinking" if figure.windows == "shrinking" else ""
        machine += f" with {size} × {size} patches{shrinks}, {BORDERS[figure.boundary]} border"
    found = figure.sources()
    image, row, column, copies, weight, _ = (part[figure.row, figure.column] for part in found)
    guess = x0_hat[0, :, figure.row, figure.column].tolist()
    value = f" is {guess[0]:.2f}".replace("-", "−") + "; its" if len(guess) == 1 else "’s"
    others = f", {copies} times alike" if copies > 1 else ""
    return (
        f"{machine}; {learned}; noise seed {figure.seed}. "
        f"Step {figure.step} of {figure.steps}: t = {t:.2f}, ᾱ = {alpha_bar:.3f}. "
        f"{tally(found.image, found.shared)} Pixel (row {figure.row}, column {figure.column})"
        f"{value} heaviest source is {place(figure.machine, image, row, column)}{others} "
        f"({percent(weight.item())})."
    )


def tally(image, shared):
    """Say how many pixels come from how many images: int64 and bool [H, W]."""
    pixels, common = image.numel(), int(shared.sum())
    if common == pixels:
        return "Every pixel comes from what several training images have alike."
    counts = image[~shared].bincount()
    found, most = int((counts > 0).sum()), int(counts.argmax())
    whose = f"All {pixels} pixels come from"
    if common:
        whose = (
            f"Of {pixels} pixels {common} come from what several training images have alike, "
            f"{pixels - common} from"
        )
    if found == 1:
        return f"{whose} training image {most} alone."
    return f"{whose} {found} training images, most ({int(counts[most])}) from image {most}."


def place(machine, image, row, column):
    """Say where a candidate stands."""
    if machine == "IS":
        return f"training image {image}"
    if machine == "ES":
        return f"row {row}, column {column} of training image {image}, rolled to here"
    return f"the patch around row {row}, column {column} of training image {image}"


def percent(weight):
    """Say a weight in whole per cent."""
    if weight < 0.005:
        return "under 1 % of the weight"
    return f"{int(100 * weight + 0.5)} % of the weight"
