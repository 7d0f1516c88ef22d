"""The script that finds numbers in prose which nothing supports finds them, and finds none here."""

import sys

import nbformat
import pytest
from conftest import ROOT

sys.path.insert(0, str(ROOT / "book" / "_ext"))
import prose_numbers


@pytest.mark.parametrize("path", prose_numbers.CHAPTERS, ids=lambda path: path.stem)
def test_every_number_in_the_prose_has_a_cell_or_a_source(path):
    lost = prose_numbers.unsupported(path)
    assert not lost, "these stand in no cell's output, and beside no source"


@pytest.mark.parametrize(
    ("prose", "found"),
    [
        ("It agrees to 0.94.", []),
        ("It agrees to .9412.", []),
        ("It agrees to 0.95.", ["0.95"]),
        ("It wins on 94 % of seeds.", []),
        ("It wins on 93 % of seeds.", ["93 %"]),
        ("It wins on 93 % of seeds {cite:p}`somebody`.", []),
        ("At $t = 0.37$ and `size=0.2` it is lost.", []),
        ("## Exercises\n\nShow that it is 0.21.", []),
    ],
)
def test_a_number_is_held_against_what_the_cells_print(tmp_path, prose, found):
    output = nbformat.v4.new_output("stream", text="r = 0.9412\n")
    cells = [nbformat.v4.new_code_cell("print(r)", outputs=[output])]
    notebook = nbformat.v4.new_notebook(cells=[*cells, nbformat.v4.new_markdown_cell(prose)])
    nbformat.write(notebook, tmp_path / "chapter.ipynb")
    assert [number for number, _ in prose_numbers.unsupported(tmp_path / "chapter.ipynb")] == found
