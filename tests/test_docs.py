"""The documentation: it builds without a warning, and a browser finds nothing wrong with it."""

import functools
import os
import re
import shutil
import subprocess
import sys
import threading
import tomllib
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
EXTENSIONS = str(DOCS / "_ext")

pytest.importorskip("sphinx", reason="pip install 'cumulant-theory[docs]'")

# What a reader must not see: mathematics and markup that nothing has turned into something else.
LEFT_OVER = r"\$\$|\\begin\{|\\\(|\\\[|\{py:|\{cite\}|\{math\}|:class:|:func:|:meth:"
LOOK = """
async ([leftOver]) => {
  if (window.MathJax && MathJax.startup) await MathJax.startup.promise;
  const wrong = [...document.querySelectorAll(
    'mjx-merror, [data-mjx-error], [data-mml-node="merror"], .problematic, .system-message')];
  const formulas = document.querySelectorAll('mjx-container').length;
  const maths = document.querySelectorAll('.math').length;
  const wide = [...document.querySelectorAll('article table, article svg, article img')].filter(
    e => e.getBoundingClientRect().right > document.documentElement.clientWidth
      && !e.closest('.wide, .output, div.math, mjx-container')).length
    + [...document.querySelectorAll('article div.math')].filter(
      e => e.scrollWidth > e.clientWidth + 1).length;
  const page = document.querySelector('article') || document.body;
  const copy = page.cloneNode(true);
  copy.querySelectorAll('pre, code, script, style, mjx-container').forEach(e => e.remove());
  const found = copy.textContent.match(new RegExp(leftOver, 'g')) || [];
  return {wrong: wrong.map(e => e.outerHTML.slice(0, 200)), formulas, maths, wide, found};
}
"""


class Quiet(SimpleHTTPRequestHandler):
    """Serves without a word."""

    def log_message(self, *arguments):
        pass


@pytest.fixture
def extensions(monkeypatch):
    monkeypatch.syspath_prepend(EXTENSIONS)


@pytest.fixture
def served(tmp_path):
    """Address of a folder on this machine, and the folder."""
    server = ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Quiet, directory=str(tmp_path))
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", tmp_path
    server.shutdown()
    server.server_close()


@pytest.fixture
def browser():
    """Chromium without a window."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip("chromium is not installed")
    api = pytest.importorskip("playwright.sync_api")
    with api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield started
        started.close()


def build(target):
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-j", "2", "-b", "html",
         "-d", str(target.with_name("doctrees")), str(DOCS), str(target)],
        cwd=ROOT, capture_output=True, text=True, timeout=900, check=False,
        env={**os.environ, "MPLBACKEND": "module://matplotlib_inline.backend_inline",
             "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])},
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]


def left_behind(request):
    """The icon is fetched when a page is already read, and given up when the page is left."""
    return request.url.endswith("favicon.svg") and request.failure == "net::ERR_ABORTED"


def problems(browser, address, pages):
    """Everything wrong with the pages: requests, messages, mathematics, markup."""
    found = []
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    here = ""
    page.on("request", lambda r: r.url.startswith((address, "data:", "blob:"))
            or found.append(f"{here}: request to {r.url}"))
    page.on("requestfailed", lambda r: left_behind(r)
            or found.append(f"{here}: {r.url} failed, {r.failure}"))
    page.on("response", lambda r: r.status < 400 or found.append(f"{here}: {r.url} {r.status}"))
    page.on("console", lambda m: m.type != "error" or found.append(f"{here}: {m.text}"))
    page.on("pageerror", lambda e: found.append(f"{here}: {e}"))
    formulas = 0
    for here in pages:  # the handlers read it
        page.goto(f"{address}/{here}", wait_until="load")
        seen = page.evaluate(LOOK, [LEFT_OVER])
        found += [f"{here}: {w}" for w in seen["wrong"]]
        found += [f"{here}: left over {w}" for w in seen["found"]]
        if seen["wide"]:
            found.append(f"{here}: {seen['wide']} things wider than the page")
        if seen["formulas"] < seen["maths"]:
            found.append(f"{here}: {seen['maths'] - seen['formulas']} formulas are not set")
        formulas += seen["formulas"]
    context.close()
    return found, formulas


@pytest.mark.slow
def test_site_builds_and_reads_well_in_a_browser(served, browser):
    """No warning at build; no failed or foreign request, no error, no mathematics left over."""
    address, folder = served
    html = folder / "html"
    build(html)
    pages = sorted(p.relative_to(folder).as_posix() for p in html.rglob("*.html"))
    names = {Path(p).stem for p in pages}
    assert {"index", "getting_started", "rules", "theorems", "validity", "extending"} <= names
    assert {p.stem for p in (ROOT / "notebooks").glob("*.py")} <= names
    found, formulas = problems(browser, address, pages)
    assert not found, "\n".join(found[:40])
    assert formulas > 500


def test_a_bad_page_is_noticed(served, browser):
    """The look can fail: a missing file, a wrong formula, an error, an unset formula."""
    address, folder = served
    shutil.copy(DOCS / "_static" / "mathjax-tex-svg-full.js", folder)
    (folder / "bad.html").write_text(
        "<article><img src='none.png'><p>\\(\\frac{1\\)</p><p>{py:class}`X`</p>"
        "<p>\\(\\nosuchcommand\\)</p></article>"
        "<script>window.MathJax = {tex: {packages: {'[-]': ['noundefined']}}}</script>"
        "<script src='mathjax-tex-svg-full.js'></script><script>nothing.here()</script>"
    )
    found, _ = problems(browser, address, ["bad.html"])
    text = "\n".join(found)
    for part in ("none.png 404", "merror", "left over {py:", "nothing is not defined"):
        assert part in text


def test_every_public_module_has_a_page(extensions):
    """A module that readers import from, by the names in its docstrings' home, is listed."""
    import sources

    for package in ("cumulant_theory", "numerics"):
        module = sys.modules[package]
        for name in module.__all__:
            thing = getattr(module, name)
            if isinstance(thing, type(sys)):
                assert thing.__name__ in sources.API, name
    for name in sources.API:
        assert not any(part.startswith("_") for part in name.split(".")), name


def test_tables_are_those_of_the_registries(extensions):
    from registries import TABLES

    from cumulant_theory import activations, laws, symmetries, theorems

    known = {
        "laws": laws.catalogue(), "symmetries": symmetries.catalogue(),
        "activations": activations.catalogue(), "theorems": theorems.catalogue(),
    }
    for name, expected in known.items():
        rows = TABLES[name]()[2]
        shown = " ".join(" ".join(row[:2]) for row in rows)
        assert len(rows) == len(set(expected))
        assert all(entry in shown for entry in expected)
    for header, widths, rows in (make() for make in TABLES.values()):
        assert rows
        assert all(len(row) == len(header) == len(widths) for row in rows)


def test_every_command_and_option_is_listed(extensions):
    from commands import options, subcommands

    found = subcommands()
    assert {"study", "competition", "derive", "theorems", "paper", "laws"} <= set(found)
    for name, (line, parser) in found.items():
        assert line, name
        listed = " ".join(left for left, _ in options(parser))
        for word in parser.format_usage().replace("[", " ").replace("]", " ").split():
            assert word in listed or not word.startswith("--"), (name, word)
    assert ("--order ORDER", "default: 4") in options(found["derive"][1])


def test_drawing_holds_every_layer_of_the_contracts(extensions):
    import contracts

    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    (ordered,) = (c for c in settings["contracts"] if c["type"] == "layers")
    drawn = contracts.drawing([row.split(" | ") for row in ordered["layers"]], "cumulant_theory")
    names = [n for row in ordered["layers"] for n in row.split(" | ")]
    assert re.findall(r'">(\w+)</text>', drawn) == names


def test_a_derivation_that_does_not_hold_stops_the_build(extensions):
    from articles import value_of

    from cumulant_theory.errors import VerificationError

    code = (
        "from cumulant_theory import laws, layers\n"
        "layers.Mean(2).propagate(laws.Generic().iid(2), order=2).derivation"
    )
    good = value_of(code)
    assert good.verify()
    step = good.steps[-1]
    wrong = tuple(type(e)(e.lhs, e.rhs + 1, e.order) for e in step.statement)
    with pytest.raises(VerificationError):
        good.with_step(len(good.steps), statement=wrong).verify()
    with pytest.raises(SyntaxError, match="must be an expression"):
        value_of("x = 1")


def test_measured_errors_are_those_of_the_benchmark():
    """The committed table has every network, closure and setting of the script that wrote it."""
    import json

    from benchmarks import validity

    found = json.loads((DOCS / "_data" / "validity.json").read_text())
    settings = {"networks": validity.NETWORKS, "samples": validity.SAMPLES, "seed": validity.SEED}
    assert settings.items() <= found["settings"].items()
    cells = {(r["activation"], r["law"], r["depth"], r["width"], r["closure"])
             for r in found["rows"]}
    assert cells == {
        (a, law, d, n, repr(c)) for a in validity.ACTIVATIONS for law, ns in validity.LAWS.items()
        for d in validity.DEPTHS for n in ns for c in validity.CLOSURES
    }


def test_one_row_of_the_measurement_again():
    """The smallest network, measured again, gives the committed numbers."""
    import json

    from benchmarks import validity

    rows = json.loads((DOCS / "_data" / "validity.json").read_text())["rows"]
    for row in validity.cell("tanh", "normal", 2, 8):
        (kept,) = (r for r in rows if all(
            r[k] == row[k] for k in ("activation", "law", "depth", "width", "closure")))
        for what in ("mean", "variance"):
            error = max(kept[f"{what}_se"], row[f"{what}_se"])
            assert abs(kept[what] - row[what]) <= error, (
                "the propagation has changed; measure again: python -m benchmarks.validity "
                "docs/_data/validity.json"
            )
