"""What a reader who cannot see the page needs from it, where Jupyter Book leaves it out.

A cell's picture gets the alt text that its output carries,

    display(figure, metadata={"image/png": {"alt": "..."}})

(MyST-NB reads only the width and the height from there), and a picture without any is refused. A
bibliography becomes a list of list items: docutils gives it roles that no longer go together.
Folded code is named by its title alone.
"""

from docutils import nodes
from myst_nb.core.render import NbElementRenderer
from sphinx.util import logging

LOGGER = logging.getLogger(__name__)
_render_image = NbElementRenderer.render_image


def render_image(self, data):
    """Render a cell's picture as MyST-NB does, with its alt text."""
    images = _render_image(self, data)
    alt = data.output_metadata.get(data.mime_type, {}).get("alt", "").strip()
    for image in images if alt else ():
        image["alt"] = alt
    return images


def refuse_silent_images(app, doctree):
    """Warn of every picture that would say nothing to a reader who cannot see it."""
    for image in doctree.findall(nodes.image):
        if not image.get("alt", "").strip():
            LOGGER.warning("a picture has no alt text: %s", image["uri"], location=image)


def mend_names(app, pagename, templatename, context, doctree):
    """Call the entries of a bibliography list items, and folded code what its title says."""
    if "body" in context:
        body = context["body"].replace('role="doc-biblioentry"', 'role="listitem"')
        folded = '<summary aria-label="Toggle hidden content">'  # not the words that stand there
        context["body"] = body.replace(folded, "<summary>")


def setup(app):
    NbElementRenderer.render_image = render_image
    # Before Sphinx's own collector, which puts the file's name where an alt text is missing.
    app.connect("doctree-read", refuse_silent_images, priority=100)
    app.connect("html-page-context", mend_names)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
