"""Two directives for the page on image sets, both written from the fields of `els_tutorial`.

`{image-sets}` is a table of all of them; `{image-set} NAME` shows the first sixteen images of one,
with alt text, and lists its size, labels, source, licence and citation.
"""

import base64
import io

import numpy as np
from docutils import nodes
from docutils.statemachine import StringList
from PIL import Image
from sphinx.util.docutils import SphinxDirective

from els_tutorial import data, image_sets

FACTS = image_sets.SHIPPED | image_sets.ON_REQUEST
ACROSS = 8  # images in a row of the picture
CELL = 84  # screen pixels an image may take: eight such and the lines between fit a line of text
LINE = (86, 128, 170)  # between images: neither black, white nor the grey of a texture


def size(facts):
    """Say the size of the images in words: `28×28 grey`."""
    _, channels, height, width = facts.shape
    return f"{height}×{width} {'grey' if channels == 1 else 'colour'}"


def overview():
    """Return the lines of a Markdown table of all sets."""
    lines = ["| set | images | size | fetched |", "| :-- | --: | :-- | :-- |"]
    for name, facts in FACTS.items():
        fetched = "no" if name in image_sets.SHIPPED else "yes"
        lines.append(
            f"| [`{name}`](#image-set-{name}) | {facts.shape[0]:,} | {size(facts)} | {fetched} |"
        )
    return lines


def particulars(facts):
    """Return the lines of a Markdown list of what is known of a set."""
    return [
        f"- **Images**: {facts.shape[0]:,}, {size(facts)}",
        f"- **Labels**: {', '.join(facts.label_names)}",
        f"- **Source**: {facts.source}",
        f"- **Licence**: {facts.licence}",
        f"- **Citation**: {facts.citation} {{cite:p}}`{facts.key}`",
    ]


def picture(images):
    """Lay images [N, C, H, W] in [-1, 1] out in rows and return the PNG as a data address."""
    pixels = ((images.numpy() + 1) * 127.5).round().astype(np.uint8).transpose(0, 2, 3, 1)
    count, height, width, _ = pixels.shape
    zoom = CELL // max(height, width)  # whole, so that every pixel is the same square
    rows, columns = -(-count // ACROSS), min(count, ACROSS)
    high, wide = zoom * height + 1, zoom * width + 1
    sheet = np.full((rows * high + 1, columns * wide + 1, 3), LINE, dtype=np.uint8)
    for place, image in enumerate(pixels.repeat(zoom, axis=1).repeat(zoom, axis=2)):
        top, left = place // ACROSS * high + 1, place % ACROSS * wide + 1
        sheet[top : top + high - 1, left : left + wide - 1] = image
    file = io.BytesIO()
    Image.fromarray(sheet).save(file, "PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()


def alt_text(sample):
    """Say what the picture of an ImageSet shows, row by row."""
    names = [sample.label_names[label] for label in sample.labels]
    _, _, height, width = sample.images.shape
    text = f"{len(names)} images of the set {sample.name}, each {height} by {width} pixels"
    if len(set(names)) == 1:
        return f"{text}: every one a {names[0]}."
    rows = [", ".join(names[start : start + ACROSS]) for start in range(0, len(names), ACROSS)]
    return f"{text}, row by row: {'; '.join(rows)}."


class ImageSets(SphinxDirective):
    """Show what is known of all sets."""

    def run(self):
        """Return the nodes of the table."""
        return self.markdown(overview())

    def markdown(self, lines):
        """Parse lines of Markdown at the place of this directive."""
        for module in (data, image_sets):
            self.env.note_dependency(module.__file__)
        holder = nodes.container()
        source, _ = self.get_source_info()
        self.state.nested_parse(StringList(lines, source), self.content_offset, holder)
        return holder.children


class OneImageSet(ImageSets):
    """Show one set, named in the argument."""

    required_arguments = 1

    def run(self):
        """Return the nodes of the picture, if the set ships, and of the list."""
        name = self.arguments[0]
        if name not in FACTS:
            raise self.error(f"unknown image set {name!r}; there are {', '.join(FACTS)}")
        listed = self.markdown(particulars(FACTS[name]))
        if name not in image_sets.SHIPPED:
            return listed
        sample = data.load(name, n=min(2 * ACROSS, FACTS[name].shape[0]))
        # dark-light: the theme would dim the picture on a dark page, and white must stay white.
        classes = ["pixels", "dark-light"]
        image = nodes.image(uri=picture(sample.images), alt=alt_text(sample), classes=classes)
        return [nodes.paragraph("", "", image), *listed]


def setup(app):
    """Register the directives."""
    app.add_directive("image-sets", ImageSets)
    app.add_directive("image-set", OneImageSet)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
