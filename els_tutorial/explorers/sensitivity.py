"""The explorer "sensitivity": on which noisy pixels does a guess depend, and for whom?"""

import torch
import traitlets

from els_tutorial.calibration import reach
from els_tutorial.explorers import sensitivity_maps
from els_tutorial.explorers.base import Explorer, NumberIn, OneOf, SettingError
from els_tutorial.explorers.bundle import module
from els_tutorial.explorers.sensitivity_maps import GRID, LEVELS, NETWORK, SIDE
from els_tutorial.figures import blank, draw, outline, png

THRESHOLD = 0.02  # of WLS
DECADES = 2  # that a map tells apart: below a hundredth of its largest value it is black


class OnGrid(traitlets.TraitType):
    """A setting that takes the row, or the column, of a pixel under study."""

    def validate(self, obj, value):
        if isinstance(value, bool) or not isinstance(value, int) or value not in GRID:
            raise SettingError(
                f"{self.name} must be one of {', '.join(map(str, GRID))}; got {value!r}"
            )
        return value


def shade(heat):
    """Return a map [H, W] as a picture [1, H, W] in [-1, 1], bright with the logarithm."""
    share = (heat / heat.max().clamp_min(1e-30)).clamp_min(1e-30)
    return (1 + 2 / DECADES * share.log10()).clamp(-1, 1)[None].float()


class SensitivityExplorer(Explorer):
    """A pixel, a noise level, and who looks where: linear filter, ELS machine and network.

    The filter and the machine hold the 2,000 digits that the network learned. All arguments are
    traits, synced with the figure, which sets ``readout``.

    Args:
        level: the noise level, int from 1 (t = 0.1) to 10 (t = 1).
        row, column: of the pixel, one of 2, 6, ..., 26.
        network: there is one.
        prompt: the line after "Try this".
        hide: names of controls to leave out.

    Raises:
        ValueError: if a setting has a value that it cannot have.
    """

    name = "sensitivity"
    settings = ("level", "row", "column", "network")
    controls = ("level", "pixel", "reset", "link")
    _esm = module("sensitivity")

    level = NumberIn(3, 1, LEVELS).tag(sync=True)
    row = OnGrid(14).tag(sync=True)
    column = OnGrid(14).tag(sync=True)
    network = OneOf(NETWORK).tag(sync=True)

    guesses = traitlets.Dict(help="the maps, in bytes").tag(sync=True)  # as pages call such data

    @traitlets.default("guesses")
    def _guesses(self):
        facts, content = sensitivity_maps.page_bytes()
        return {"name": self.network, "bytes": content, **facts}

    @property
    def _place(self):
        return self.level - 1, GRID.index(self.row) * len(GRID) + GRID.index(self.column)

    def heats(self):
        """Return (filter, network): how much the guess depends on each pixel, [28, 28] each."""
        linear, square = (
            sensitivity_maps.maps(name)[self._place] for name in ("linear", "network")
        )
        radius = len(square) // 2
        whole = torch.zeros(SIDE + 2 * radius, SIDE + 2 * radius, dtype=torch.float64)
        whole[self.row : self.row + len(square), self.column : self.column + len(square)] = square
        return linear, whole[radius:-radius, radius:-radius]

    def facts(self):
        """Return the sides of the ELS window and the network's field, and WLS's count of pixels."""
        facts, _ = sensitivity_maps.page_bytes()
        level, pixel = self._place
        return facts["windows"][level], facts["field"], facts["counts"][level][pixel]

    @property
    def _where(self):
        return f"ow {self.row}, column {self.column} at t = {self.level / LEVELS:.1f}"

    def summary(self):
        return (
            f"The pixel at r{self._where}: how much a linear filter’s guess and a network’s depend "
            "on each noisy pixel, and the window of the ELS machine."
        )

    def describe(self):
        window, field, count = self.facts()
        place = self.row, self.column
        linear, network = self.heats()
        wide, seen = (reach(heat, 0.9, place) for heat in (linear, network))
        above = int((network >= THRESHOLD * network[place]).sum())
        if linear.any():
            same, who = "", f"{count} for the linear filter (WLS compares these), {above}"
            square = f"squares of {wide} × {wide} and {seen} × {seen}"
        else:
            same, who = " It is the same in all digits: the linear filter looks at none.", above
            square = f"a square of {seen} × {seen}"
        return (
            f"R{self._where}.{same} Pixels on which the guess depends at least 2 % as much as on "
            f"this one: {who} for the network, which can see {field} × {field}. Of the dependence "
            f"on other pixels 90 % lies in {square}. The ELS window is {window} × {window}."
        )

    def still(self):
        linear, network = self.heats()
        mean = torch.from_numpy(sensitivity_maps.kept()["mean"]).float()[None] / 127.5 - 1
        window, field, _ = self.facts()
        figure = blank(6.6, 2.5)
        shown = (shade(linear), mean, shade(network))
        titles = ("linear filter", "ELS window", "network")
        for axes, title, values in zip(figure.subplots(1, 3), titles, shown, strict=True):
            draw(axes, values)
            axes.set_title(title, fontsize=9)
            if title == "ELS window":
                outline(axes, self.row, self.column, window, "window")
            if title == "network":
                outline(axes, self.row, self.column, field, "source")
            outline(axes, self.row, self.column, 1, "pixel")
            axes.set(xlim=(-0.5, SIDE - 0.5), ylim=(SIDE - 0.5, -0.5))
        return png(figure)
