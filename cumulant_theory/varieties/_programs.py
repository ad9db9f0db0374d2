"""Where the programs of other projects are."""

import os
import shutil
import sysconfig
from pathlib import Path


def located(name: str) -> str | None:
    """Path of a program: on PATH, or in the wheels of passagemath; None where it is not."""
    found = shutil.which(name)
    if found:
        return found
    for folder in {sysconfig.get_path("platlib"), sysconfig.get_path("purelib")}:
        path = Path(folder) / "sage_wheels" / "bin" / name
        if path.is_file() and os.access(path, os.X_OK):
            return str(path)
    return None
