"""Sphinx configuration: everything is read from the packages, nothing from the network."""

import sys
import tomllib
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent
sys.path[:0] = [str(ROOT), str(HERE / "_ext")]

import sources  # noqa: E402

sources.write(HERE)

_project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
project = _project["name"]
version = release = _project["version"]
copyright = "the authors of cumulant-theory, MIT licence"

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.mathjax",
    "sphinxcontrib.bibtex",
    "articles",
    "commands",
    "registries",
    "contracts",
    "measurements",
    "docstrings",
    "gallery",
]
exclude_patterns = ["_build", "_ext", "_generated", "conf.py", "conftest.py"]
source_suffix = {".md": "myst-nb", ".py": "myst-nb"}
nitpicky = True
# Data and helpers that docstrings name and no page describes.
nitpick_ignore_regex = [
    ("py:data", ".*"),
    ("py:attr", ".*"),
    ("py:func", r"(ast|sympy)\..*|.*\bcompile_system|.*\bobstruction"),
]

html_theme = "furo"
html_title = "cumulant-theory"
html_static_path = ["_static"]
html_css_files = ["style.css"]
html_favicon = "_static/favicon.svg"
html_show_sphinx = False
html_copy_source = False
html_theme_options = {"navigation_with_keys": True, "source_view_link": None}

myst_enable_extensions = ["amsmath", "colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3

# One self-contained file, see docs/_static/mathjax-LICENSE.txt.
mathjax_path = "mathjax-tex-svg-full.js"
mathjax3_config = {"svg": {"fontCache": "local", "scale": 0.92}, "options": {"enableMenu": False}}

# Notebooks are the py:percent files of notebooks/, run once and cached until they change, or the
# packages do.
nb_custom_formats = {".py": ["jupytext.reads", {"fmt": "py:percent"}]}
nb_execution_mode = "cache"
nb_execution_cache_path = str(HERE / "_build" / "jupyter_cache" / sources.digest())
nb_execution_raise_on_error = True
nb_execution_timeout = 240
nb_ipywidgets_js = {}
# Without a kernel an explorer shows its first state.
nb_mime_priority_overrides = [("html", "application/vnd.jupyter.widget-view+json", None)]
nb_merge_streams = True

bibtex_bibfiles = ["_generated/references.bib"]
bibtex_default_style = "unsrt"

autodoc_member_order = "bysource"
autodoc_typehints = "none"
napoleon_google_docstring = False
napoleon_use_ivar = True
napoleon_use_rtype = False
napoleon_preprocess_types = False
