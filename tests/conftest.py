"""Fixtures shared by the tests."""

import fcntl
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import settings
from machine import unavailable

# the same examples in every run; HYPOTHESIS_PROFILE=random draws others
settings.register_profile("fixed", derandomize=True, database=None, deadline=None)
settings.register_profile("random", deadline=None, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fixed"))

collect_ignore = ["conftest.py"]  # docs has one as well
KATEX = Path(__file__).with_name("katex")


def pytest_collection_modifyitems(config, items):
    """Campaigns run where they are asked for by their marker, and at no other time."""
    if "campaign" in (config.option.markexpr or ""):
        return
    left = [item for item in items if item.get_closest_marker("campaign") is None]
    if len(left) < len(items):
        config.hook.pytest_deselected(items=[i for i in items if i not in left])
        items[:] = left


@pytest.fixture(autouse=True)
def _seeded():
    """Networks that a test makes with torch are the same ones in every run."""
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(0)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock file, so that parallel test processes install KaTeX once."""
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


@pytest.fixture(scope="session")
def katex(tmp_path_factory):
    """Checker that fails the test when KaTeX refuses a formula."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        unavailable("node and npm are not installed, so KaTeX cannot be run")
    with locked(tmp_path_factory.getbasetemp().parent / "katex.lock"):
        if not (KATEX / "node_modules" / "katex").is_dir():
            run = subprocess.run(
                ["npm", "ci", "--no-audit", "--no-fund"],
                cwd=KATEX,
                capture_output=True,
                text=True,
                timeout=300,
                check=False,
            )
            if run.returncode:
                unavailable(f"npm could not install KaTeX: {run.stderr.strip()[-300:]}")

    def check(formulas: list[str], folder: Path) -> None:
        path = folder / "formulas.json"
        path.write_text(json.dumps(formulas))
        run = subprocess.run(
            ["node", "katex_check.mjs", str(path)],
            cwd=KATEX,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        failed = [
            f"{line}\n  {formulas[int(m[1])][:300]}"
            for line in run.stderr.splitlines()
            if (m := re.match(r"formula (\d+)", line))
        ]
        assert not failed, "\n".join(failed)
        assert run.returncode == 0, run.stderr
        assert run.stdout.split()[0] == str(len(formulas))

    return check
