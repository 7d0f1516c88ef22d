"""A question before a figure, whose answer opens when the reader has chosen."""

import html
from dataclasses import asdict, dataclass, field


def _is_text(value):
    return isinstance(value, str) and bool(value.strip())


@dataclass(frozen=True)
class Prediction:
    """A question to answer before the figure shows it.

    Args:
        question: str.
        choices: 2 to 4 different strs, one of which is right.
        answer: str; says which one and why. It stands after "You chose: ...".
        then: dict of settings, on top of the author's, to which the figure goes once the reader has
            chosen; none leaves the figure as it is.

    Raises:
        ValueError: if an argument is no such value. The figure checks ``then``.
    """

    question: str
    choices: tuple
    answer: str
    then: dict | None = field(default=None)

    def __post_init__(self):
        for name in ("question", "answer"):
            if not _is_text(getattr(self, name)):
                raise ValueError(f"{name} must be a text, got {getattr(self, name)!r}")
        choices = self.choices
        right = isinstance(choices, list | tuple) and all(map(_is_text, choices))
        if not right or not 2 <= len(set(choices)) == len(choices) <= 4:
            raise ValueError(f"choices must be 2 to 4 different texts, got {choices!r}")
        then = {} if self.then is None else self.then
        if not isinstance(then, dict):
            raise ValueError(f"then must be a dict of settings, got {then!r}")
        # Frozen for others: what was given may change later, this may not.
        object.__setattr__(self, "choices", tuple(choices))
        object.__setattr__(self, "then", dict(then))

    def json(self):
        """Return the prediction as a dict of strings, lists and settings."""
        return asdict(self) | {"choices": list(self.choices)}

    def html(self):
        """Return the question as text, and the answer in a fold, for readers without scripts."""
        choices = "".join(f"<li>{html.escape(choice)}</li>" for choice in self.choices)
        return (
            f'<div class="els-asked"><p><b>Predict</b> {html.escape(self.question)}</p>'
            f"<ul>{choices}</ul><details><summary>The answer</summary>"
            f"<p>{html.escape(self.answer)}</p></details></div>"
        )
