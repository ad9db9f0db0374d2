"""The notebooks run from top to bottom, in a kernel of this interpreter."""

import json
import sys
from pathlib import Path

import jupytext
import nbformat
import pytest
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.py"))


@pytest.fixture
def execute(tmp_path, monkeypatch):
    """Runner of a notebook that raises at the first cell that fails."""
    folder = tmp_path / "kernels" / "python3"
    folder.mkdir(parents=True)
    folder.joinpath("kernel.json").write_text(json.dumps({
        "argv": [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "display_name": "Python 3 (ipykernel)",
        "language": "python",
    }))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "runtime"))
    monkeypatch.setenv("MPLBACKEND", "module://matplotlib_inline.backend_inline")
    specs = KernelSpecManager(kernel_dirs=[str(folder.parent)], ensure_native_kernel=False)

    def run(notebook):
        manager = AsyncKernelManager(kernel_name="python3", kernel_spec_manager=specs)
        client = NotebookClient(
            notebook, km=manager, timeout=240, resources={"metadata": {"path": str(ROOT)}}
        )
        return client.execute()

    return run


def test_there_are_notebooks():
    assert NOTEBOOKS


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_notebook_runs(path, execute):
    notebook = execute(jupytext.read(path))
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


def test_a_failing_notebook_is_noticed(execute):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("assert 1 == 2")])
    with pytest.raises(CellExecutionError, match="AssertionError"):
        execute(notebook)
