"""Measured tables as JSON that a person can read and a diff can show."""

import json


def written(table):
    """Return a table as JSON text: a line for each entry of a dict, a list of numbers on one line.

    Args:
        table: dicts, lists, strs and finite numbers.

    Raises:
        ValueError: if a number is not finite, which JSON cannot say.
    """
    return _lines(table, "") + "\n"


def _lines(value, indent):
    deeper = indent + " "
    if isinstance(value, dict) and value:
        entries = (f"{deeper}{json.dumps(k)}: {_lines(v, deeper)}" for k, v in value.items())
        return "{\n" + ",\n".join(entries) + f"\n{indent}}}"
    if isinstance(value, list) and any(isinstance(entry, dict | list) for entry in value):
        return "[\n" + ",\n".join(deeper + _lines(v, deeper) for v in value) + f"\n{indent}]"
    return json.dumps(value, separators=(",", ":"), allow_nan=False)
