"""Creativity from constraints: the exact denoisers of Kamb and Ganguli (ICML 2025) in PyTorch.

Every machine answers one question, ``denoise(x, alpha_bar)``: what is the best guess of the
clean picture behind the noisy one? Start with :mod:`els_tutorial.machines`.
"""

__version__ = "0.1.0"
