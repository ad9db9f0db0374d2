"""All notebooks in a real JupyterLab and browser: they run, formulas are typeset, sliders move.

CHROMIUM names the browser where it is not called ``chromium``; screenshots go to the folder
LAB_SCREENSHOTS where it is set.
"""

import json
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import jupytext
import nbformat
import pytest
from machine import unavailable

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.py"))
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update",
]
SETTINGS = {
    "apputils-extension/notification": {
        "fetchNews": "false", "checkForUpdates": False, "doNotDisturbMode": True,
    },
    "apputils-extension/themes": {"theme": "JupyterLab Light", "adaptive-theme": False},
    "notebook-extension/tracker": {"windowingMode": "none"},  # cells off the screen exist too
}
DONE = "every cell has run"
FAILED = (
    '[data-mime-type="application/vnd.jupyter.error"], '
    '[data-mime-type="application/vnd.jupyter.stderr"]'
)
SECONDS = 1000


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """JupyterLab on the loopback device, apart from the user's own settings."""
    root = tmp_path_factory.mktemp("lab")
    folder = root / "notebooks"
    folder.mkdir()
    for name, values in SETTINGS.items():
        path = root / "settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(values))
    places = {
        "JUPYTER_CONFIG_DIR": "config", "JUPYTER_DATA_DIR": "data", "JUPYTER_RUNTIME_DIR": "run",
        "JUPYTERLAB_SETTINGS_DIR": "settings", "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
        "IPYTHONDIR": "ipython",
    }
    environment = {**os.environ, **{k: str(root / v) for k, v in places.items()},
                   "MPLBACKEND": "module://matplotlib_inline.backend_inline"}
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    token = secrets.token_hex(16)
    with (root / "lab.log").open("w") as log:
        server = subprocess.Popen([
            sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root",
            "--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}", "--ServerApp.port_retries=0",
            f"--IdentityProvider.token={token}", f"--ServerApp.root_dir={folder}",
            "--LabApp.extension_manager=readonly", "--LabApp.expose_app_in_browser=True",
            "--KernelManager.transport=ipc",
        ], stdout=log, stderr=subprocess.STDOUT, env=environment)  # fmt: skip
    base = f"http://127.0.0.1:{port}"
    try:
        for _ in range(600):
            if server.poll() is not None:
                pytest.fail((root / "lab.log").read_text()[-2000:])
            try:
                urllib.request.urlopen(f"{base}/api/status?token={token}", timeout=2)
                break
            except OSError:
                time.sleep(0.1)
        else:
            pytest.fail("JupyterLab did not answer within a minute")
        yield {"base": base, "token": token, "folder": folder}
    finally:
        server.terminate()
        server.wait(30)


@pytest.fixture(scope="module")
def browser():
    """Chromium without a window."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        unavailable("playwright is not installed, so no browser can be driven")
    found = (shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome"))
    path = os.environ.get("CHROMIUM") or next(filter(None, found), None)
    if path is None:
        unavailable("Chromium is not installed; set CHROMIUM to its path")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, headless=True, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def shots(tmp_path):
    folder = Path(os.environ.get("LAB_SCREENSHOTS") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def ended(page):
    """All kernels."""
    page.evaluate("() => jupyterapp.serviceManager.sessions.shutdownAll()")


@pytest.fixture
def opened(lab, browser):
    """Runner of a notebook: its page, when every cell has run."""
    pages, outside = [], []

    def asked(request):
        if not request.url.startswith((lab["base"], "ws:", "data:", "blob:")):
            outside.append(request.url)

    def run(path):
        notebook = jupytext.read(path)
        notebook.metadata.setdefault("kernelspec", {
            "name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python",
        })
        notebook.cells.append(nbformat.v4.new_code_cell(f'print("{DONE}")'))
        name = f"{path.stem}.ipynb"
        jupytext.write(notebook, lab["folder"] / name)
        page = browser.new_page(viewport={"width": 1360, "height": 1200})
        pages.append(page)
        page.on("request", asked)
        page.goto(f"{lab['base']}/lab/tree/{name}?reset&token={lab['token']}", timeout=120_000)
        page.wait_for_selector(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Notebook", timeout=60_000)
        # the indicator says idle before there is a session, the status bar does not
        page.locator("#jp-main-statusbar", has_text="Python 3 (ipykernel) | Idle").wait_for(
            timeout=120_000
        )
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        page.wait_for_function(
            """([done, failed]) => document.querySelector(failed) !== null
            || [...document.querySelectorAll(".jp-OutputArea-output pre")]
               .some(e => e.innerText.includes(done))""",
            arg=[DONE, FAILED], timeout=1000 * SECONDS,
        )
        return page

    yield run
    for page in pages:
        ended(page)  # the kernels of notebooks that were looked at
        page.close()
    assert outside == []  # everything comes from this machine


def failures(page):
    return [e.inner_text()[:2000] for e in page.locator(FAILED).all()]


def check_formulas(page):
    """Formulas of the text and of the outputs are typeset and have a size."""
    page.locator("mjx-container").first.wait_for(timeout=60_000)
    assert page.locator("mjx-merror, merror, .jp-OutputArea-output .MathJax_Error").count() == 0
    empty = page.evaluate(
        """() => [...document.querySelectorAll("mjx-container, .jp-OutputArea-output math")]
        .filter(e => e.checkVisibility() && e.closest("details:not([open])") === null
                     && e.getBoundingClientRect().width < 1).length"""
    )
    assert empty == 0
    text = page.locator(".jp-MarkdownOutput").all_inner_texts()
    assert not [t for t in text if re.search(r"\$[^$\n]+\$", t)]


@pytest.mark.slow
@pytest.mark.parametrize(
    "path", [p for p in NOTEBOOKS if "explorers" not in p.stem], ids=lambda p: p.stem
)
def test_notebook_runs_in_jupyterlab(path, opened, shots):
    page = opened(path)
    assert failures(page) == []
    check_formulas(page)
    assert page.locator(".jp-OutputArea-output img").count() > 0
    assert all(page.evaluate(
        "() => [...document.querySelectorAll('.jp-OutputArea-output img')].map(e => e.complete "
        "&& e.naturalWidth > 0)"
    ))
    page.screenshot(path=shots / f"{path.stem}.png")


def pageful(page, explorer):
    return explorer.locator(".cumulant-page", has=page.locator(".cumulant-figure"))


def moved(page, explorer, slider):
    """Move a slider one step by the keyboard; the shown pages before and after."""
    body = pageful(page, explorer)
    before, readout = body.inner_html(), slider.locator(".widget-readout")
    number = readout.inner_text()
    handle = slider.locator(".noUi-handle").first
    handle.scroll_into_view_if_needed()
    handle.focus()
    here, end = (float(handle.get_attribute(f"aria-value{k}")) for k in ("now", "max"))
    page.keyboard.press("ArrowLeft" if here >= end else "ArrowRight")
    page.wait_for_function(
        "([e, old]) => e.innerText !== old", arg=[readout.element_handle(), number], timeout=30_000
    )
    page.wait_for_function(
        "([e, old]) => e.innerHTML !== old && e.querySelector('.cumulant-figure svg') !== null",
        arg=[body.element_handle(), before], timeout=60_000,
    )
    return before, body.inner_html()


def check_click(page, explorer, across, up):
    """A click in the plane changes the page and takes the sliders to its place."""
    body, plane = pageful(page, explorer), explorer.locator(".cumulant-plane")
    plane.scroll_into_view_if_needed()
    before, box = body.inner_html(), plane.bounding_box()
    assert plane.evaluate("e => getComputedStyle(e).cursor") == "crosshair"
    page.mouse.click(box["x"] + across * box["width"], box["y"] + (1 - up) * box["height"])
    page.wait_for_function(
        "([e, old]) => e.innerHTML !== old && e.querySelector('.cumulant-figure svg') !== null",
        arg=[body.element_handle(), before], timeout=60_000,
    )
    sliders = explorer.locator(".widget-slider").all()[-2:]
    for slider, share in zip(sliders, (across, up), strict=True):
        handle, readout = slider.locator(".noUi-handle").first, slider.locator(".widget-readout")
        low, high = (float(handle.get_attribute(f"aria-value{k}")) for k in ("min", "max"))
        page.wait_for_function(  # to the step of the slider and two pixels
            "([e, goal, most]) => Math.abs(Number(e.innerText.replace('−', '-')) - goal) < most",
            arg=[readout.element_handle(), low + share * (high - low),
                 0.016 + 2 * (high - low) / box["width"]],
            timeout=30_000,
        )


def centre(element):
    box = element.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def settled(page, explorer, place):
    """When the kernel has answered, sliders and star are at a place (across, up) and stay."""
    body, plane = pageful(page, explorer), explorer.locator(".cumulant-plane").bounding_box()
    page.wait_for_function(
        "e => e.getAttribute('aria-busy') === 'false'", arg=body.element_handle(), timeout=60_000
    )
    for slider, share in zip(explorer.locator(".widget-slider").all()[-2:], place, strict=True):
        handle = slider.locator(".noUi-handle").first
        low, high = (float(handle.get_attribute(f"aria-value{k}")) for k in ("min", "max"))
        page.wait_for_function(
            "([e, goal, most]) => Math.abs(Number(e.innerText.replace('−', '-')) - goal) < most",
            arg=[slider.locator(".widget-readout").element_handle(), low + share * (high - low),
                 0.016 + 2 * (high - low) / plane["width"]], timeout=30_000,
        )
    x, y = centre(explorer.locator(".cumulant-handle"))
    assert abs(x - plane["x"] - place[0] * plane["width"]) < 4
    assert abs(plane["y"] + (1 - place[1]) * plane["height"] - y) < 4
    drawn = centre(explorer.locator(".cumulant-figure > svg [id=cumulant-star]"))
    assert abs(drawn[0] - x) < 3
    assert abs(drawn[1] - y) < 3
    before = body.inner_html()
    page.wait_for_timeout(1500)
    assert body.inner_html() == before  # no place that was passed on the way is answered now


def check_drag(page, explorer):
    """The star follows the pointer at once, the kernel when it can; nothing waits behind."""
    explorer.locator(".cumulant-plane").scroll_into_view_if_needed()
    plane, star = explorer.locator(".cumulant-plane"), explorer.locator(".cumulant-handle")
    box = plane.bounding_box()
    pages = pageful(page, explorer).evaluate_handle(
        """e => { const seen = []; new MutationObserver(() => seen.push(0)).observe(
                e.querySelector(".cumulant-figure"), {childList: true}); return seen; }"""
    )
    folded = explorer.locator("details").first
    folded.locator("summary").first.click()
    plane.scroll_into_view_if_needed()
    box, (x, y), moves = plane.bounding_box(), centre(star), 40
    goal = box["x"] + 0.3 * box["width"], box["y"] + 0.65 * box["height"]
    page.mouse.move(x + 4, y - 3)  # held at its side, it does not jump
    page.mouse.down()
    for k in range(1, moves + 1):
        here = [a + k / moves * (b - a) for a, b in zip((x, y), goal, strict=True)]
        page.mouse.move(here[0] + 4, here[1] - 3)
        seen = centre(star)
        assert abs(seen[0] - here[0]) < 1.5
        assert abs(seen[1] - here[1]) < 1.5
    page.mouse.up()
    settled(page, explorer, (0.3, 0.35))
    assert 1 <= pages.evaluate("seen => seen.length") <= moves
    assert folded.get_attribute("open") is not None  # also when pages were drawn anew

    page.mouse.move(box["x"] + 0.6 * box["width"], box["y"] + 0.6 * box["height"])
    page.mouse.down()  # elsewhere in the plane: it comes, and follows
    page.mouse.move(box["x"] + 2 * box["width"], box["y"] + 0.5 * box["height"], steps=5)
    page.mouse.up()  # outside: at the edge
    settled(page, explorer, (1.0, 0.5))


def check_keys(page, explorer):
    """Arrow keys move the star, not the cell of the notebook."""
    star = explorer.locator(".cumulant-handle")
    readouts = [s.locator(".widget-readout") for s in explorer.locator(".widget-slider").all()[-2:]]

    def told():
        return [float(e.inner_text().replace("−", "-")) for e in readouts]

    active = page.locator(".jp-Notebook .jp-Cell.jp-mod-active .jp-InputArea")
    before = active.inner_text()
    star.focus()
    old = told()
    for key in ("ArrowUp", "ArrowUp", "ArrowUp", "ArrowRight", "Shift+ArrowLeft"):
        page.keyboard.press(key)
    page.wait_for_function(
        "([e, old]) => e.innerText !== old",
        arg=[readouts[1].element_handle(), readouts[1].inner_text()], timeout=30_000,
    )
    page.wait_for_function(
        "e => e.getAttribute('aria-busy') === 'false'",
        arg=pageful(page, explorer).element_handle(), timeout=60_000,
    )
    page.wait_for_timeout(300)
    changes = [b - a for a, b in zip(old, told(), strict=True)]
    assert max(abs(c - e) for c, e in zip(changes, (-0.09, 0.03), strict=True)) < 0.011
    assert active.inner_text() == before
    assert star.evaluate("e => e === document.activeElement")
    assert star.get_attribute("role") == "slider"
    assert all(f"{v:g}" in star.get_attribute("aria-valuetext") for v in told())


def check_touch(page, explorer):
    """A finger drags the star, and scrolls where it moves up or down beside it."""
    plane, star = explorer.locator(".cumulant-plane"), explorer.locator(".cumulant-handle")
    plane.scroll_into_view_if_needed()
    fingers = page.context.new_cdp_session(page)

    def swipe(x, y, dx, dy):
        for k in range(13):
            where = [{"x": x + dx * k / 12, "y": y + dy * k / 12}]
            kind = "touchMove" if k else "touchStart"
            fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": where})
            page.wait_for_timeout(20)
        fingers.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        page.wait_for_timeout(300)

    box, (x, y) = plane.bounding_box(), centre(star)
    swipe(x, y, box["x"] + 0.5 * box["width"] - x, box["y"] + 0.7 * box["height"] - y)
    settled(page, explorer, (0.5, 0.3))
    told, there = star.get_attribute("aria-valuetext"), plane.bounding_box()
    assert abs(there["y"] - box["y"]) < 1
    swipe(box["x"] + 30, box["y"] + 0.5 * box["height"], 3, -0.3 * box["height"])
    assert abs(plane.bounding_box()["y"] - box["y"]) > 20
    assert star.get_attribute("aria-valuetext") == told


def contrast(page):
    """Least ratio of contrast between the figures' ink and the page."""
    return page.evaluate("""() => {
      const paint = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
      const light = colour => {
        paint.clearRect(0, 0, 1, 1); paint.fillStyle = colour; paint.fillRect(0, 0, 1, 1);
        const [r, g, b] = [...paint.getImageData(0, 0, 1, 1).data].slice(0, 3).map(v => v / 255)
          .map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
      };
      const page = light(getComputedStyle(document.body).getPropertyValue("--jp-layout-color0"));
      return Math.min(...[...document.querySelectorAll(".cumulant-figure svg")].map(e => {
        const ink = light(getComputedStyle(e).color);
        return (Math.max(ink, page) + 0.05) / (Math.min(ink, page) + 0.05);
      }));
    }""")


def check_layout(explorer):
    """Nothing is wider than the cell, figures keep their shape."""
    box = explorer.bounding_box()
    for picture in explorer.locator(".cumulant-figure svg").all():
        inside = picture.bounding_box()
        assert inside["width"] > 500
        assert inside["x"] + inside["width"] <= box["x"] + box["width"] + 1
    assert explorer.evaluate("e => e.scrollWidth <= e.clientWidth + 1")


def test_explorers_answer_in_jupyterlab(opened, shots):
    page = opened(ROOT / "notebooks" / "06_explorers.py")
    assert failures(page) == []
    check_formulas(page)
    drawn = page.locator(".cumulant-explorer .cumulant-figure > svg:not(.cumulant-frame)")
    drawn.nth(4).wait_for(timeout=60_000)
    explorers = page.locator(".cumulant-explorer")
    assert explorers.count() == 5
    clicked = []
    for k in range(explorers.count()):
        explorer = explorers.nth(k)
        sliders = explorer.locator(".widget-slider:has(.noUi-handle)")
        enabled = [s for s in sliders.all() if s.locator("[disabled]").count() == 0]
        assert len(enabled) >= 3
        for slider in enabled:
            before, after = moved(page, explorer, slider)
            assert before != after
        if explorer.locator(".cumulant-plane").count():
            clicked.append(k)
            for place in ((0.25, 0.75), (0.8, 0.4), (0.25, 0.75)):
                check_click(page, explorer, *place)
            moved(page, explorer, enabled[-1])
            check_click(page, explorer, 0.25, 0.75)  # where the last click was
            check_drag(page, explorer)
            check_keys(page, explorer)
            check_touch(page, explorer)
        assert explorer.locator("math").count() + explorer.locator("td").count() > 5
        check_layout(explorer)
        explorer.screenshot(path=shots / f"06_explorer_{k + 1}_light.png")
    assert clicked == [3]
    assert failures(page) == []
    assert contrast(page) > 4.5

    page.evaluate(
        "() => jupyterapp.commands.execute('apputils:change-theme', {theme: 'JupyterLab Dark'})"
    )
    page.wait_for_function("() => document.body.dataset.jpThemeLight === 'false'", timeout=30_000)
    assert contrast(page) > 4.5
    for k in range(explorers.count()):
        explorers.nth(k).screenshot(path=shots / f"06_explorer_{k + 1}_dark.png")


def visible(page, selector):
    return sum(e.is_visible() for e in page.locator(selector).all())


def test_a_notebook_reopened_shows_what_its_explorers_were_left_at(opened, tmp_path, shots):
    path = tmp_path / "left.py"
    path.write_text("# %%\nimport numerics as nm\nnm.explorers.symmetry('cyclic', 3, 3)\n")
    page = opened(path)
    page.locator(".cumulant-explorer .cumulant-figure svg").wait_for(timeout=60_000)
    assert visible(page, ".cumulant-figure") == 1
    old = page.locator("[class$=-kept]").inner_html()
    page.locator(".cumulant-explorer select").select_option(label="reflection")
    page.wait_for_function(
        "old => document.querySelector('[class$=-kept]').innerHTML !== old", arg=old,
        timeout=30_000,
    )
    page.evaluate("() => jupyterapp.commands.execute('docmanager:save')")
    ended(page)
    page.reload()
    page.locator("[class$=-kept]").wait_for(timeout=60_000)
    page.wait_for_timeout(2000)
    assert page.locator(".cumulant-explorer").count() == 0
    assert visible(page, ".cumulant-figure") == 1
    assert "group reflection" in page.locator("[class$=-kept]").inner_text()
    assert not page.get_by_text("model not found").is_visible()
    page.screenshot(path=shots / "reopened.png")


def test_an_error_of_a_cell_is_noticed(opened, tmp_path):
    path = tmp_path / "failing.py"
    path.write_text("# %%\nassert 1 == 2\n")
    assert "AssertionError" in failures(opened(path))[0]
