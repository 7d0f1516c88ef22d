"""The interactive figures: one Python class and one JavaScript module for each.

The same module runs in two hosts. In a live notebook it is an anywidget (an ipywidget), whose
traits Python reads and sets. In a page of the book it is a classic script, which works without a
kernel and from a folder on disk. Its mathematics runs in the reader's browser; the Python machines
are the oracle that the tests hold it to.
"""

from els_tutorial.explorers import bundle
from els_tutorial.explorers.flow import FlowExplorer
from els_tutorial.explorers.machine import SIDES, MachineExplorer
from els_tutorial.explorers.noise import noise
from els_tutorial.explorers.noising import NoisingExplorer

EXPLORERS = {"machine": MachineExplorer, "noising": NoisingExplorer, "flow": FlowExplorer}


def page_files():
    """Return the files that the explorers need in a page, a dict from file names to texts."""
    return bundle.page_files(EXPLORERS, SIDES)


__all__ = [
    "EXPLORERS",
    "FlowExplorer",
    "MachineExplorer",
    "NoisingExplorer",
    "noise",
    "page_files",
]
