"""What a trained network guesses on its way from noise to a picture, for a page to show.

A page cannot run a network. It can hold what the network guessed, x0_hat at each of the 20 steps
from the noise of 32 seeds, in bytes. The noisy pictures x_t are no part of it: they follow from
the noise and the guesses by the sampler's own formula. The network learned exactly the 64 digits
that pages carry, so that a machine over the same digits can run beside it, in the page and here.

Nothing of this is stored: it is computed from the checkpoint when somebody asks, in about two
seconds, once in a process. Here, :func:`guesses` and :func:`trajectory` are what the page has,
after rounding, and :func:`windows` the windows that were fitted to the network. A page gets them
as an image set: ``data-NAME.js`` (:func:`script`), or the trait ``guesses`` of a figure with
``network`` among its settings (:class:`NetworkStepsExplorer`). There ``network_steps.js`` reads
them.
"""

import base64
import functools
import json
import zlib

import torch
import traitlets

from els_tutorial import checkpoints, sampling
from els_tutorial.calibration import fitted, heat_map
from els_tutorial.calibration import reach as reach_of
from els_tutorial.explorers.base import Explorer, NumberIn, OneOf
from els_tutorial.explorers.bundle import image_bytes
from els_tutorial.explorers.noise import noise
from els_tutorial.networks import NetworkDenoiser
from els_tutorial.schedules import CosineSchedule

NETWORKS = {"digits64-resnet": "digits"}  # and the image set of whose 64 images it learned
SEEDS, STEPS = 32, 20
SHAPE = (1, 28, 28)  # of a picture
REACH = 1.5  # guesses lie in [-REACH, REACH]
FINE = 40  # levels in a unit; so -1 and 1 are exact
SCHEDULE = CosineSchedule()


def start(seed):
    """Return the noise from which the way of a seed begins, float32 [1, 1, 28, 28]."""
    return noise(seed, (1, *SHAPE))


def to_levels(values):
    """Return numbers in [-1.5, 1.5] as bytes, a uint8 tensor; v stands for v / 40 - 1.5.

    Raises:
        ValueError: if a number leaves the range: nothing is clipped.
    """
    furthest = values.abs().max().item()
    if not furthest <= REACH:
        raise ValueError(
            f"guesses must lie in [-{REACH}, {REACH}] to be told in bytes, got {furthest:.3g}"
        )
    return ((values.double() + REACH) * FINE).round().byte()


@functools.cache
def _levels(name):
    """Return the guesses of a network as bytes, uint8 [32, 20, 1, 28, 28]."""
    _check(name)
    beginning = torch.cat([start(seed) for seed in range(SEEDS)])
    network = NetworkDenoiser(checkpoints.load(name))
    walk = sampling.trajectory(network, beginning, SCHEDULE, STEPS)
    return to_levels(torch.stack([step.x0_hat for step in walk], dim=1))


def guess_bytes(name):
    """Return what a page is sent of the guesses of a network: (shape, bytes).

    The shape is [20, 32, 1, 28, 28]: step, seed, C, H, W. A byte is the difference, modulo 256, to
    that of the step before (at the first to 0): most are small, and so easy to compress.

    Args:
        name: of a network in ``NETWORKS``.

    Raises:
        ValueError: if the name is unknown, or a guess leaves [-1.5, 1.5].
    """
    levels = _levels(name).transpose(0, 1).contiguous()
    before = torch.cat([torch.zeros_like(levels[:1]), levels[:-1]])
    return list(levels.shape), (levels - before).numpy().tobytes()


def guesses(name):
    """Return the guesses as a page knows them, float32 [32, 20, 1, 28, 28]: seed, step, C, H, W.

    Step 0 is the noisiest, at t = 1; step k is at t = 1 - k / 20. The error of rounding is at most
    0.0125. Errors are those of :func:`guess_bytes`.
    """
    return (_levels(name).double() / FINE - REACH).float()


def trajectory(name, seed):
    """Return the way of one seed as a page knows it, a list of 20 steps.

    They are of the kind :class:`els_tutorial.sampling.Step`. Their x0_hat are those of
    :func:`guesses`, and their x follow from them and the noise.

    Args:
        name: of a network.
        seed: int from 0 to 31.
    """
    known = iter(guesses(name)[seed, :, None])

    class Recorded:
        def denoise(self, x, alpha_bar):
            return next(known)

    return list(sampling.trajectory(Recorded(), start(seed), SCHEDULE, STEPS))


def windows(name):
    """Return the window of the ELS machine at each step, a list of 20 odd ints, noisiest first."""
    _check(name)
    sizes = fitted(name)
    return [sizes(SCHEDULE.alpha_bar(t)) for t in SCHEDULE.times(STEPS)]


@functools.cache
def reach(name):
    """Return how far a network looks at each step of its way, noisiest first.

    Returns:
        dict from a share ("0.5" and "0.9") to a list of 20 odd ints: the sides of the squares that
        hold so much of the heat map (see :func:`els_tutorial.calibration.reach`), over 8 seeds.
    """
    _check(name)
    network = NetworkDenoiser(checkpoints.load(name))
    ways = zip(*(trajectory(name, seed) for seed in range(8)), strict=True)
    heats = [
        heat_map(network, torch.cat([step.x for step in steps]), SCHEDULE.alpha_bar(steps[0].t))
        for steps in ways
    ]
    return {share: [reach_of(heat, float(share)) for heat in heats] for share in ("0.5", "0.9")}


def measured(name):
    """Return what a page knows of a network beside its guesses, a dict.

    ``windows`` as :func:`windows` gives them, ``reach`` as :func:`reach` does, and ``field``, the
    side of the square beyond which the network cannot look.
    """
    field = checkpoints.load(name).receptive_field
    return {"windows": windows(name), "reach": reach(name), "field": field}


def script(name):
    """Return all this as a classic script that fills ``window.elsNetworks[name]``.

    The bytes are compressed (zlib): 500 kB become about 210 kB of text.
    """
    shape, content = guess_bytes(name)
    deflated = base64.b64encode(zlib.compress(content, 9)).decode()
    text = json.dumps({"shape": shape, "deflated": deflated, **measured(name)})
    return f"(window.elsNetworks ??= {{}})[{json.dumps(name)}] = {text};\n"


def _check(name):
    if name not in NETWORKS:
        raise ValueError(f"name must be one of {', '.join(NETWORKS)}; got {name!r}")


class NetworkStepsExplorer(Explorer):
    """A figure with the way of a network, and the images that it learned.

    A subclass has ``images`` and ``network`` among its ``settings``, so that a page fetches both,
    and may have ``seed``, from 0 to 31.
    """

    images = OneOf(*NETWORKS.values()).tag(sync=True)
    network = OneOf(*NETWORKS).tag(sync=True)
    seed = NumberIn(0, 0, SEEDS - 1).tag(sync=True)

    pixels = traitlets.Dict(help="the images at hand, in 8 bits").tag(sync=True)
    guesses = traitlets.Dict(help="the network's guesses, in bytes").tag(sync=True)

    @traitlets.default("pixels")
    def _pixels(self):
        shape, content = image_bytes(self.images)
        return {"name": self.images, "shape": shape, "bytes": content}

    @traitlets.default("guesses")
    def _guesses(self):
        shape, content = guess_bytes(self.network)
        return {"name": self.network, "shape": shape, "bytes": content, **measured(self.network)}
