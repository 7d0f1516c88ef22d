"""Read docstrings as they stand in the code, where they need not look like reStructuredText.

An indented block under a paragraph is a formula or a table and keeps its lines. A vertical bar is
an absolute value.
"""


def quote(app, what, name, obj, options, lines):
    """Mark indented blocks as literal and escape the bars of all other lines, in place."""
    marked, literal, last = [], False, ""
    for number, line in enumerate(lines):
        if line.strip():
            indented = line.startswith(" ")
            if not indented:
                literal = False
            elif number and not lines[number - 1].strip() and not last.startswith(" "):
                literal = True
                if not last.endswith("::"):
                    marked += ["::", ""]
            last = line
        marked.append(line if literal else escape(line))
    lines[:] = marked


def escape(line):
    """Escape the bars of a line outside its ``code``."""
    parts = line.split("``")
    parts[::2] = [part.replace("|", r"\|") for part in parts[::2]]
    return "``".join(parts)


def skip_fields(app, what, name, obj, skip, options):
    """Leave out the fields of a named tuple: its own docstring says what they hold."""
    return True if type(obj).__name__ == "_tuplegetter" else None


def setup(app):
    app.setup_extension("sphinx.ext.napoleon")
    # Before napoleon, which rewrites the sections below the text.
    app.connect("autodoc-process-docstring", quote, priority=100)
    app.connect("autodoc-skip-member", skip_fields)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
