"""The notebooks run from top to bottom under nbmake, in a kernel of this interpreter."""

import json
import os
import subprocess
import sys
from pathlib import Path

import jupytext
import nbformat
import pytest

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.py"))


@pytest.fixture
def execute(tmp_path):
    """Runner of a notebook: whether nbmake passes, what it says, and the notebook that was run."""
    folder = tmp_path / "jupyter" / "kernels" / "python3"
    folder.mkdir(parents=True)
    folder.joinpath("kernel.json").write_text(json.dumps({
        "argv": [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "display_name": "Python 3 (ipykernel)",
        "language": "python",
    }))
    environment = {
        **os.environ, "JUPYTER_PATH": str(tmp_path / "jupyter"),
        "JUPYTER_RUNTIME_DIR": str(tmp_path / "runtime"), "IPYTHONDIR": str(tmp_path / "ipython"),
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    }

    def run(notebook):
        path = tmp_path / "notebook.ipynb"
        notebook.metadata.setdefault("kernelspec", {
            "name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python",
        })
        nbformat.write(notebook, path)
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "--nbmake", "--overwrite", "--nbmake-timeout=240",
             "-q", "-p", "no:cacheprovider", "-c", os.devnull, f"--rootdir={tmp_path}", str(path)],
            cwd=ROOT, env=environment, capture_output=True, text=True, timeout=600, check=False,
        )  # fmt: skip
        return done.returncode == 0, done.stdout + done.stderr, nbformat.read(path, as_version=4)

    return run


def test_there_are_notebooks():
    assert NOTEBOOKS


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_notebook_runs(path, execute):
    passed, told, notebook = execute(jupytext.read(path))
    assert passed, told
    outputs = [o for cell in notebook.cells if cell.cell_type == "code" for o in cell.outputs]
    assert not [o for o in outputs if o.output_type == "error"]
    assert not [o.text for o in outputs if o.output_type == "stream" and o.name == "stderr"]
    shown = {mime for o in outputs if "data" in o for mime in o.data}
    assert {"text/latex", "image/png"} <= shown


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_notebook_is_a_script_that_ends_in_an_assertion(path):
    notebook = jupytext.read(path)
    assert notebook.metadata["kernelspec"]["display_name"]
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    assert code[-1].splitlines()[-1].startswith("assert ")
    assert notebook.cells[0].source.startswith("# ")


@pytest.mark.slow
def test_a_failing_notebook_is_noticed(execute):
    passed, told, _ = execute(
        nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("assert 1 == 2")])
    )
    assert not passed
    assert "AssertionError" in told
