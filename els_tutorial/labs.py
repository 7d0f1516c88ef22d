"""What the tests of the labs say to a student, and what a lab shows before an answer is there.

Each check raises an exception whose text is a sentence. The grader prints it under the question, so
no test leaves a student with a bare traceback.
"""

import torch

from els_tutorial import figures


class NotYet(Exception):  # noqa: N818 - a student reads the name
    """There is no answer yet."""


class NotRight(Exception):  # noqa: N818
    """There is an answer, and this is what it lacks."""


def written(name, value):
    """Return ``value``, or raise NotYet if it is still the empty ``...`` or ``None``."""
    if value is None or value is ...:
        raise NotYet(f"there is no {name} yet")
    return value


def call(name, function, *arguments, **named):
    """Return what a student's function returns, and turn whatever stops it into a sentence.

    Args:
        name: how to speak of it, str.
        function: the student's function or class; None if there is none.
        arguments, named: for the function.

    Raises:
        NotYet: if there is no function, or it returns nothing.
        NotRight: if it raised an exception; the text has its kind, its message and its line.
    """
    written(name, function)
    if not callable(function):
        raise NotRight(f"{name} must be a function or a class, got {type(function).__name__}")
    try:
        value = function(*arguments, **named)
    except (NotYet, NotRight):
        raise
    except Exception as error:
        where = _line(error)
        raise NotRight(f"{name} stopped{where} with {type(error).__name__}: {error}") from None
    if value is None or value is ...:
        raise NotYet(f"{name} returns nothing yet: it needs a body with a return")
    return value


def _line(error):
    """Return at which line of a notebook's cell it was raised, in words; empty if at none."""
    where, trace = "", error.__traceback__
    while trace is not None:
        if "ipykernel" in trace.tb_frame.f_code.co_filename:
            where = f" in line {trace.tb_lineno} of its cell"
        trace = trace.tb_next
    return where


def tensor(name, value, shape):
    """Return ``value`` in float64 if it is a finite tensor of this shape, else raise NotRight."""
    if not isinstance(value, torch.Tensor):
        raise NotRight(f"{name} must be a torch tensor, got {type(value).__name__}")
    if tuple(value.shape) != tuple(shape):
        raise NotRight(f"{name} must have the shape {list(shape)}, got {list(value.shape)}")
    value = value.detach().double()
    if not torch.isfinite(value).all():
        raise NotRight(f"{name} has entries that are NaN or infinite")
    return value


def number(name, value):
    """Return ``value`` as a finite float, else raise NotYet or NotRight."""
    written(name, value)
    try:
        value = float(value)
    except (TypeError, ValueError):
        raise NotRight(f"{name} must be a number, got {value!r}") from None
    holds(abs(value) < float("inf"), f"{name} must be a finite number, got {value}")
    return value


def holds(fact, else_say):
    """Raise NotRight with the text ``else_say`` unless ``fact`` is true."""
    if not fact:
        raise NotRight(else_say)


def near(name, value, expected, tolerance=1e-4):
    """Raise NotRight unless ``value`` is a tensor like ``expected``, up to ``tolerance``."""
    expected = torch.as_tensor(expected).double()
    apart = (tensor(name, value, expected.shape) - expected).abs().max().item()
    if apart > tolerance:
        raise NotRight(f"{name}: off by up to {apart:.2g}; at most {tolerance:g} is allowed")


class Machine:
    """A student's machine, with every guess checked: a float tensor of the shape of x.

    Args:
        name: how to speak of it, str.
        build: the student's class, or a function that returns a machine.
        arguments: for ``build``.

    Raises:
        NotYet: if there is no ``build``, or it returns nothing.
        NotRight: if it raised an exception, or what it returns has no ``denoise``.
    """

    def __init__(self, name, build, *arguments):
        self.name, self.machine = name, call(name, build, *arguments)
        holds(hasattr(self.machine, "denoise"), f"{name} has no method denoise(x, alpha_bar)")

    def denoise(self, x, alpha_bar):
        """Return the student's guess, float64 [B, C, H, W], for x [B, C, H, W]."""
        name = f"{self.name}.denoise"
        return tensor(
            f"what {name} returns", call(name, self.machine.denoise, x, alpha_bar), x.shape
        )


def look(draw, alt):
    """Show the figure that ``draw()`` returns; if it cannot yet, say so in two lines.

    Args:
        draw: a function without arguments that returns a matplotlib figure.
        alt: what it shows, as for :func:`els_tutorial.figures.show`.
    """
    try:
        figure = draw()
    except Exception as error:
        print("Nothing to see yet: first pass the check above.")
        print(f"What stopped it: {type(error).__name__}: {error}")
    else:
        figures.show(figure, alt)
