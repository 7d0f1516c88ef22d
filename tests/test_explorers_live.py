"""An explorer in a real JupyterLab: figure, Python and other widgets move one another."""

import os
import re
import subprocess
import sys

import nbformat
import pytest

CELLS = [
    """import ipywidgets
from els_tutorial.explorers import MachineExplorer, Prediction
asked = Prediction("Which?", ["one", "other"], "The other.", then={"t": 0.6})
figure = MachineExplorer(count=8, predict=asked)
slider = ipywidgets.IntSlider(7, 1, 27, 2)
_ = ipywidgets.jslink((slider, "value"), (figure, "patch_size"))
ipywidgets.VBox([slider, figure])""",
    """print("t", figure.t, "patch", figure.patch_size, "row", figure.row)
print(len(figure.x0_hat), figure.readout[:9])""",
    'figure.images = "faces"',
]


@pytest.fixture
def lab(tmp_path):
    """The address of a JupyterLab with a notebook of these cells, which stops after the test."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in CELLS])
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}
    (tmp_path / "work").mkdir()
    nbformat.write(notebook, tmp_path / "work" / "live.ipynb")
    # No token: it listens on loopback, and only while the test runs.
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"]
    command += ["--ServerApp.ip=127.0.0.1", "--ServerApp.port=0", "--IdentityProvider.token="]
    command += [f"--ServerApp.root_dir={tmp_path / 'work'}", "--LabApp.news_url="]
    command += ["--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"]
    own = {f"JUPYTER_{part}_DIR": str(tmp_path / part) for part in ("CONFIG", "RUNTIME")}
    with (tmp_path / "log").open("w") as log:
        server = subprocess.Popen(command, env=os.environ | own, stderr=log, stdout=log)
    try:
        yield f"{_address(server, tmp_path / 'log')}/doc/tree/live.ipynb?reset"
    finally:
        server.terminate()
        server.wait(timeout=30)


def _address(server, log):
    """Wait until the server says at which address it listens."""
    while server.poll() is None:
        found = re.search(r"http://127\.0\.0\.1:\d+", log.read_text(encoding="utf-8"))
        if found:
            return found[0]
        try:
            server.wait(timeout=0.2)
        except subprocess.TimeoutExpired:
            continue
    raise AssertionError(f"JupyterLab stopped:\n{log.read_text(encoding='utf-8')}")


def test_figure_python_and_linked_widgets_move_one_another(lab, new_page):
    page = new_page(height=1500)
    page.set_default_timeout(60_000)
    page.goto(lab)
    editors = page.locator(".jp-Notebook-cell .cm-content")

    def run(cell):
        editors.nth(cell).click()
        page.keyboard.press("Control+Enter")

    def says(text):
        page.locator(".els-readout", has_text=text).wait_for()

    page.get_by_text("Python 3 (ipykernel) | Idle").wait_for()
    run(0)
    says("ELS with 7 × 7 patches")
    figure = page.locator(".els-frame")
    assert figure.get_by_text("The other.").count() == 0
    figure.get_by_role("radio", name="one").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")  # which in JupyterLab would begin to edit the cell
    figure.get_by_text("You chose: other").wait_for()
    says("t = 0.60")
    page.keyboard.press("ArrowUp")
    figure.get_by_text("You chose: one").wait_for()
    figure.get_by_label("Patch size").focus()
    page.keyboard.press("ArrowRight")  # which JupyterLab would keep for itself
    says("ELS with 9 × 9 patches")
    assert page.locator(".widget-readout").inner_text() == "9"
    page.locator(".widget-slider .noUi-handle").focus()
    page.keyboard.press("ArrowRight")
    says("ELS with 11 × 11 patches")
    figure.locator(".els-pick canvas").first.focus()
    page.keyboard.press("ArrowUp")
    says("row 11")
    run(1)
    page.get_by_text("t 0.6 patch 11 row 11").wait_for()
    page.get_by_text(f"{4 * 28 * 28} ELS with ").wait_for()
    run(2)
    says("8 faces")
    assert figure.get_by_label("Images", exact=True).input_value() == "faces"
    assert "=" not in page.evaluate("location.hash")  # the notebook's address is not the figure's
