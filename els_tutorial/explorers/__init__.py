"""The interactive figures: one Python class and one JavaScript module for each.

The same module runs in two hosts. In a live notebook it is an anywidget (an ipywidget), whose
traits Python reads and sets. In a page of the book it is a classic script, which works without a
kernel and from a folder on disk. Its mathematics runs in the reader's browser; the Python machines
are the oracle that the tests hold it to.
"""

from els_tutorial.explorers import bundle, network_steps, sensitivity_maps
from els_tutorial.explorers.flow import FlowExplorer
from els_tutorial.explorers.machine import MachineExplorer
from els_tutorial.explorers.mosaic import SETS, MosaicExplorer
from els_tutorial.explorers.noise import noise
from els_tutorial.explorers.noising import NoisingExplorer
from els_tutorial.explorers.pictures import SIDES
from els_tutorial.explorers.prediction import Prediction
from els_tutorial.explorers.race import RaceExplorer
from els_tutorial.explorers.reach import ReachExplorer
from els_tutorial.explorers.scales import ScalesExplorer
from els_tutorial.explorers.sensitivity import SensitivityExplorer
from els_tutorial.explorers.turing import TuringExplorer
from els_tutorial.explorers.weights import WeightsExplorer

EXPLORERS = {
    "machine": MachineExplorer,
    "noising": NoisingExplorer,
    "flow": FlowExplorer,
    "weights": WeightsExplorer,
    "mosaic": MosaicExplorer,
    "reach": ReachExplorer,
    "race": RaceExplorer,
    "scales": ScalesExplorer,
    "sensitivity": SensitivityExplorer,
    "turing": TuringExplorer,
}


def page_files():
    """Return the files that the explorers need in a page, a dict from file names to texts."""
    ways = {f"data-{name}.js": network_steps.script(name) for name in network_steps.NETWORKS}
    ways[f"data-{sensitivity_maps.NETWORK}.js"] = sensitivity_maps.script()
    return bundle.page_files(EXPLORERS, SIDES | SETS) | ways


__all__ = [
    "EXPLORERS",
    "FlowExplorer",
    "MachineExplorer",
    "MosaicExplorer",
    "NoisingExplorer",
    "Prediction",
    "RaceExplorer",
    "ReachExplorer",
    "ScalesExplorer",
    "SensitivityExplorer",
    "TuringExplorer",
    "WeightsExplorer",
    "noise",
    "page_files",
]
