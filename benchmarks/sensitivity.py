"""Make the maps of the explorer "sensitivity" anew: whose guess depends on which noisy pixel.

python benchmarks/sensitivity.py       # writes sensitivity_maps.npz in the package, in 20 s
"""

import numpy as np

from els_tutorial.explorers import sensitivity_maps

if __name__ == "__main__":
    np.savez_compressed(sensitivity_maps.FILE, **sensitivity_maps.compute())
