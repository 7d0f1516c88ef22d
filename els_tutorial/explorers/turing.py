"""The explorer "turing": Gray and Scott's two substances, which react and spread, live."""

from functools import lru_cache

import numpy as np
from matplotlib.colors import LinearSegmentedColormap

from els_tutorial.explorers import turing_steps
from els_tutorial.explorers.base import Explorer, NumberIn, OneOf, SettingError
from els_tutorial.explorers.bundle import module
from els_tutorial.explorers.turing_steps import KINDS, SIDE, SPREAD_U, SPREAD_V, even_state, kind
from els_tutorial.figures import PALETTE, blank, png

STARTS = {"drops": "drops of V", "even": "an even field with noise"}
MOST = 50_000  # steps
RANGE = {"feed": (0.01, 0.1), "kill": (0.03, 0.075)}
PRESETS = {  # feed, kill, start
    "dividing spots": (0.037, 0.065, "drops"),
    "labyrinth": (0.029, 0.057, "drops"),
    "worms": (0.046, 0.063, "drops"),
    "holes": (0.039, 0.058, "drops"),
    "restless": (0.026, 0.051, "drops"),
    "moving spots": (0.014, 0.054, "drops"),
    "Turing's own": (0.06, 0.0622, "even"),
}
INK = LinearSegmentedColormap.from_list(
    "V", ["#ffffff", next(e["light"] for e in PALETTE["points"] if e["letter"] == "F"), "#1d2329"]
)


class _Rate(NumberIn):
    """A setting that takes a number within bounds with at most four decimals."""

    def validate(self, obj, value):
        number = super().validate(obj, value)
        if round(number, 4) != number:
            raise SettingError(f"{self.name} must have at most four decimals, got {value!r}")
        return number


class TuringExplorer(Explorer):
    """Two substances on a torus of 128 x 128 cells: V makes V out of U, U is fed, V decays.

    All arguments are traits, synced with the figure. While it runs only the figure changes; when it
    rests, ``steps`` says how far it is. The stepping is
    :func:`els_tutorial.explorers.turing_steps.react`.

    Args:
        feed: rate at which fresh U flows in, float from 0.01 to 0.1 with at most four decimals.
        kill: rate at which V decays beside that, float from 0.03 to 0.075, likewise.
        start: "drops", twelve drops of V at random places, or "even", the even state with V (or
            that without, where there is none) with a little noise.
        seed: of the places or the noise, int from 0 to 9999.
        steps: done when the figure opens, int from 0 to 50,000.
        speed: steps a frame of the animation, int from 1 to 32.
        prompt: the line after "Try this".
        hide: names of controls to leave out.

    Raises:
        ValueError: if a setting has a value that it cannot have.
    """

    name = "turing"
    settings = ("feed", "kill", "start", "seed", "steps", "speed")
    controls = (*settings, "preset", "play", "brush", "map", "reset", "link")
    _esm = module("turing")

    feed = _Rate(0.037, *RANGE["feed"]).tag(sync=True)
    kill = _Rate(0.065, *RANGE["kill"]).tag(sync=True)
    start = OneOf(*STARTS).tag(sync=True)
    seed = NumberIn(0, 0, 9999).tag(sync=True)
    steps = NumberIn(1500, 0, MOST).tag(sync=True)
    speed = NumberIn(8, 1, 32).tag(sync=True)

    def field(self):
        """Return (u, v) after ``steps`` steps from the start, float64 tensors [128, 128]."""
        return _field(self.feed, self.kill, self.start, self.seed, self.steps)

    def kind(self):
        """Return the :func:`~els_tutorial.explorers.turing_steps.kind` of the rates."""
        return kind(self.feed, self.kill)

    def summary(self):
        return (
            f"Two substances that react and spread, with feed {self.feed:.4f} and kill "
            f"{self.kill:.4f}, from {STARTS[self.start]}."
        )

    def describe(self):
        covered = (self.field()[1] > 0.1).sum().item()
        steps = f"{self.steps} step" + ("s" if self.steps != 1 else "")
        return (
            f"Feed {self.feed:.4f}, kill {self.kill:.4f}, after {steps} from "
            f"{STARTS[self.start]} (seed {self.seed}): V is above 0.1 in {covered} of "
            f"{SIDE * SIDE} cells. {self._verdict()}"
        )

    def _verdict(self):
        found = self.kind()
        if found == "none":
            return (
                "The only even state is the one without V, and it is stable: what grows here is "
                "not Turing's instability."
            )
        ending = {
            "restless": "unstable even without diffusion.",
            "turing": "stable without diffusion and unstable with it: Turing's instability.",
            "even": "stable, with diffusion and without.",
        }
        state = even_state(self.feed, self.kill)[1]
        return f"The even state with V at {state:.2f} is {ending[found]}"

    def still(self):
        figure = blank(7.2, 3.2)
        left, right = figure.subplots(1, 2)
        left.imshow(self.field()[1].numpy(), cmap=INK, vmin=0, vmax=0.4, interpolation="nearest")
        left.set(xticks=[], yticks=[], title=f"V after {self.steps} steps")
        draw_map(right)
        right.plot(self.kill, self.feed, "o", markersize=13, mfc="none", color=RING, mew=2)
        return png(figure)


RING = PALETTE["outlines"]["pixel"]


@lru_cache(maxsize=8)
def _field(feed, kill, start, seed, steps):
    begin = turing_steps.drops(seed)
    if start == "even":
        begin = turing_steps.almost_even(seed, feed, kill)
    return turing_steps.react(*begin, feed, kill, steps)


def draw_map(axes, size=300, spread=(SPREAD_U, SPREAD_V)):
    """Draw what theory says of each place of the plane of kill and feed.

    Args:
        axes: of matplotlib.
        size: places a side that are asked.
        spread: the two diffusion constants.
    """
    kills, feeds = (np.linspace(*RANGE[name], size) for name in ("kill", "feed"))
    kinds = np.array([[KINDS.index(kind(f, k, spread)) for k in kills] for f in feeds])
    axes.contourf(kills, feeds, kinds == 3, [0.5, 1.5], colors=["#d2d4d6"])
    axes.contourf(kills, feeds, kinds == 1, [0.5, 1.5], colors="none", hatches=["////"])
    axes.contourf(kills, feeds, kinds == 2, [0.5, 1.5], colors=[INK(0.5)])
    for letter, (feed, kill, _) in zip("abcdefg", PRESETS.values(), strict=True):
        axes.annotate(letter, (kill, feed), ha="center", va="center", fontsize=9, weight="bold")
    axes.set(xlabel="kill", ylabel="feed", title="grey: V stays even; colour: Turing")
    axes.title.set_fontsize(9)
