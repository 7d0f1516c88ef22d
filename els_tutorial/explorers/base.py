"""What every explorer's Python side shares: settings that are checked, and its place in a page."""

import html
import json
import math

import anywidget
import traitlets

from els_tutorial.explorers.bundle import styles
from els_tutorial.explorers.prediction import Prediction


class SettingError(traitlets.TraitError, ValueError):
    """A value that a setting cannot have. It is a ValueError, and traitlets rolls back on it."""


class OneOf(traitlets.TraitType):
    """A setting that takes one of a few strings."""

    def __init__(self, *options):
        super().__init__(options[0])
        self.options = options

    def validate(self, obj, value):
        if not isinstance(value, str) or value not in self.options:
            known = ", ".join(map(repr, self.options))
            raise SettingError(f"{self.name} must be one of {known}; got {value!r}")
        return value


class NumberIn(traitlets.TraitType):
    """A setting that takes an int (or, if ``default`` is a float, any number) within bounds."""

    def __init__(self, default, low, high):
        super().__init__(default)
        self.low, self.high = low, high

    def validate(self, obj, value):
        whole = isinstance(self.default_value, int)
        kinds = int if whole else (int, float)
        right = isinstance(value, kinds) and not isinstance(value, bool)
        if not right or not math.isfinite(value) or not self.low <= value <= self.high:
            kind = "an int" if whole else "a number"
            raise SettingError(
                f"{self.name} must be {kind} from {self.low} to {self.high}, got {value!r}"
            )
        return value if whole else float(value)


class Text(traitlets.TraitType):
    """A setting that takes any string."""

    default_value = ""

    def validate(self, obj, value):
        if not isinstance(value, str):
            raise SettingError(f"{self.name} must be a string, got {value!r}")
        return value


class Controls(traitlets.TraitType):
    """A setting that takes names of the figure's controls, kept as a tuple."""

    default_value = ()

    def validate(self, obj, value):
        controls = (*obj.controls, "predict")
        if not isinstance(value, list | tuple) or any(name not in controls for name in value):
            known = ", ".join(controls)
            raise SettingError(f"{self.name} must be a list of {known}; got {value!r}")
        return tuple(value)


class Predicted(traitlets.TraitType):
    """A setting that takes a :class:`Prediction` (or its dict), or None."""

    default_value = None

    def validate(self, obj, value):
        if value is None:
            return None
        try:
            value = Prediction(**value) if isinstance(value, dict) else value
        except (TypeError, ValueError) as problem:
            raise SettingError(f"{self.name}: {problem}") from problem
        if not isinstance(value, Prediction):
            raise SettingError(f"{self.name} must be a Prediction or None, got {value!r}")
        return value


def _json(prediction, _=None):
    return prediction and prediction.json()


class Explorer(anywidget.AnyWidget):
    """An interactive figure.

    A subclass names itself in ``name``, lists the traits that make up its state in ``settings`` and
    the parts of the figure that ``hide`` may name in ``controls``, and gives ``_esm``, ``summary``,
    ``describe`` and ``still``. Its HTML is small: the module, the images and the picture are no
    part of a notebook.

    Raises:
        TypeError: if a subclass lacks one of these, or a setting of it is no synced trait.
        ValueError: if a setting has a value that it cannot have.
    """

    name = ""
    settings = ()
    controls = ()

    predict = Predicted(help="a question before the figure").tag(sync=True, to_json=_json)
    prompt = Text(help='the line after "Try this"; empty for the usual one').tag(sync=True)
    hide = Controls(help="controls to leave out").tag(sync=True)
    readout = Text(help="what the figure says in words; set by the figure").tag(sync=True)
    _css = styles()

    def __init__(self, **settings):
        self._check_class()
        known = (*self.settings, "predict", "prompt", "hide")
        for name in settings:
            if name not in known:
                raise SettingError(f"unknown setting {name!r}; there are {', '.join(known)}")
        super().__init__(**settings)

    @classmethod
    def _check_class(cls):
        for name in ("name", "settings", "controls", "_esm"):
            if not getattr(cls, name, None):
                raise TypeError(f"{cls.__name__} gives no {name}")
        synced = cls.class_trait_names(sync=True)
        for name in cls.settings:
            if name not in synced:
                raise TypeError(f"{cls.__name__}.{name} must be a trait with .tag(sync=True)")

    @property
    def state(self):
        """The settings as a dict."""
        return {name: getattr(self, name) for name in self.settings}

    @property
    def full_state(self):
        """All that a page needs to know: the settings, ``prompt``, ``hide``, a ``predict``."""
        asked = {"predict": self.predict.json()} if self.predict else {}
        return self.state | {"prompt": self.prompt, "hide": list(self.hide)} | asked

    def check(self, state):
        """Raise SettingError if the values of a state, each of them right, do not go together."""

    @traitlets.validate("predict")
    def _leads_to_a_state(self, proposal):
        then = proposal.value.then if proposal.value else {}
        state = dict(self.state)
        for name, value in then.items():
            if name not in self.settings:
                raise SettingError(
                    f"predict: unknown setting {name!r} in then; there are "
                    f"{', '.join(self.settings)}"
                )
            state[name] = self.traits()[name].validate(self, value)
        self.check(state)
        return proposal.value

    def summary(self):
        """Return in one sentence what the figure shows, without computing it."""
        raise NotImplementedError

    def describe(self):
        """Return in words what the figure shows in this state."""
        raise NotImplementedError

    def still(self):
        """Return the figure in this state as PNG bytes, for readers without scripts."""
        raise NotImplementedError

    def asked(self):
        """Return the HTML of the prediction for readers without scripts; empty if there is none."""
        return self.predict.html() if self.predict and "predict" not in self.hide else ""

    def html(self):
        """Return the figure's place in a page: a div with its state, and a sentence in it."""
        return (
            f'<div class="els-explorer" data-explorer="{self.name}" '
            f'data-state="{html.escape(json.dumps(self.full_state))}">{self.asked()}'
            f"<p>{html.escape(self.summary())} "
            "The figure is alive in the book and in a running notebook.</p></div>"
        )

    def __repr__(self):
        settings = ", ".join(f"{name}={value!r}" for name, value in self.state.items())
        return f"{type(self).__name__}({settings})"

    def _repr_mimebundle_(self, **kwargs):
        bundle, metadata = super()._repr_mimebundle_(**kwargs)
        return bundle | {"text/plain": repr(self), "text/html": self.html()}, metadata
