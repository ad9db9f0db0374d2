"""Controls above a figure and tables: the frame that all explorers share.

Figures are shown as SVG in the colour of the text, so that they follow the theme of the notebook.
ipywidgets and Matplotlib are imported when an explorer is made.
"""

import io
import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from cumulant_theory.errors import (
    CumulantError,
    DomainError,
    MissingDependencyError,
    UnknownNameError,
    optional,
)
from cumulant_theory.latex.html import Markup, prose, shown, verdict

from ..canvas import blank
from .clickable import clickable, place_of
from .keeping import Snapshot

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Explorer", "View", "control", "panels", "picture", "widgets"]

_LABEL, _CONTROL = "8.5em", "24em"


def widgets() -> Any:
    """The package ipywidgets.

    Raises
    ------
    MissingDependencyError
        If it is not installed.
    """
    with optional("ipywidgets", "explorers", "notebooks"):
        import ipywidgets
    return ipywidgets


def control(kind: str, label: str, **options: Any) -> Any:
    """A control with its label in front of it; ``kind`` is the name of a class of ipywidgets."""
    w = widgets()
    made = _exact_slider() if kind == "FloatSlider" else getattr(w, kind)
    return made(
        description=label, style={"description_width": _LABEL},
        layout=w.Layout(width=_CONTROL, margin="2px 12px 2px 0"), **options,
    )


@lru_cache(maxsize=1)
def _exact_slider() -> Any:
    """A FloatSlider that keeps a value set from Python although the browser rounds it to a step."""

    class ExactSlider(widgets().FloatSlider):
        def set_state(self, sync_data: dict[str, Any]) -> None:
            value = sync_data.get("value")
            if value is not None and abs(value - self.value) <= 0.5000001 * self.step:
                sync_data = {k: v for k, v in sync_data.items() if k != "value"}
            super().set_state(sync_data)

    return ExactSlider


def panels(width: float, height: float, rows: int = 1, columns: int = 1, **options: Any) -> Any:
    """A figure and its axes with fixed margins; solving for a layout would take longer.

    Parameters
    ----------
    width, height
        In inches.
    rows, columns
        Of the axes.
    options
        Of ``gridspec_kw``; ``top``, ``left`` and the like in inches.

    Raises
    ------
    MissingDependencyError
        Matplotlib is not installed.

    Examples
    --------
    >>> panels(4, 2, columns=2)[1].shape
    (1, 2)
    """
    figure = blank(width, height)
    figure.set_layout_engine("none")
    inches = {"left": 0.75, "right": 0.25, "bottom": 0.5, "top": 0.35}
    inches.update({k: options.pop(k) for k in tuple(options) if k in inches})
    spacing = {
        "left": inches["left"] / width, "right": 1 - inches["right"] / width,
        "bottom": inches["bottom"] / height, "top": 1 - inches["top"] / height,
        "wspace": 0.24, "hspace": 0.34, **options,
    }
    return figure, figure.subplots(rows, columns, squeeze=False, gridspec_kw=spacing)


def picture(figure: "Figure", label: str) -> Markup:
    """A figure as SVG for a page of any theme: black becomes the colour of the text.

    Parameters
    ----------
    figure
        Ink in black, its background is left out.
    label
        What it shows, for readers who do not see it.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> drawn = picture(Figure(figsize=(1, 1)), "empty")
    >>> drawn[:4], "#000000" in drawn
    ('<svg', False)
    """
    out = io.StringIO()
    figure.savefig(out, format="svg", transparent=True)
    text = out.getvalue()
    text = text[text.index("<svg"):]
    text = re.sub(r"<(metadata|style)\b.*?</\1>|<!--.*?-->\s*", "", text, flags=re.S)
    text = text.replace("#000000", "currentColor")
    head, body = text.split(">", 1)
    head = re.sub(r' (width|height)="[^"]*"', "", head)
    width = figure.get_size_inches()[0] * 96
    return Markup(
        f'{head} role="img" aria-label="{shown(label)}" fill="currentColor" style="display:block;'
        f'width:100%;max-width:{width:.0f}px;height:auto;stroke-linejoin:round">{body}'
    )


@dataclass(frozen=True, eq=False)
class View:
    """What an explorer shows at one setting of its controls.

    Attributes
    ----------
    data
        What was computed.
    figure
        Drawn from it.
    label
        What the figure shows, in words.
    above, below
        HTML before and after the figure.
    """

    data: Any
    figure: "Figure"
    label: str
    above: str = ""
    below: str = ""

    def __repr__(self) -> str:
        return f"View({self.label!r})"

    def _repr_html_(self) -> str:
        return _ink(_page(self))


@dataclass(eq=False)
class Explorer:
    """Controls, and the view that belongs to their values.

    Attributes
    ----------
    title
        In words.
    controls
        Name -> widget.
    view
        Values of the controls by name -> what is shown. A :class:`CumulantError` is shown in its
        place.
    adjust
        (explorer, name of the control that changed) -> message or None; called before the view is
        computed, it may change the other controls.
    buttons
        More widgets in the row below the controls.
    plane
        Names of two sliders that follow a star in the first axes of the figure, which can be
        dragged, moved by a click and by the arrow keys.
    message
        What went wrong at the present setting, or what was adjusted; "" otherwise.

    Examples
    --------
    >>> from numerics import explorers
    >>> explorer = explorers.symmetry("cyclic", 3, 3)
    >>> explorer.set(inputs=4, outputs=4)
    >>> explorer.data.tying.dimension, explorer.message
    (4, '')
    """

    title: str
    controls: Mapping[str, Any]
    view: Callable[..., View]
    adjust: Callable[["Explorer", str], str | None] | None = None
    buttons: Sequence[Any] = ()
    plane: tuple[str, str] | None = None
    message: str = field(default="", init=False)
    shown: View | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        w = widgets()
        # a kernel may answer several messages at once, each in a thread of its own
        self._held, self._lock, self._answer = False, threading.RLock(), 0
        self._kept = Snapshot(self.snapshot)
        self._status = w.HTML()
        self._body = self._blank()
        self._body.layout.margin = "2px"
        self._body.add_class("cumulant-page")
        wrap = w.Layout(display="flex", flex_flow="row wrap")
        rows = [w.HBox([*self.controls.values()], layout=wrap)]
        if self.buttons:
            rows.append(w.HBox([*self.buttons], layout=wrap))
        self.box: Any = w.VBox(
            [w.HTML(f'<div style="font-weight:600">{shown(self.title)}</div>'), *rows,
             self._status, self._body]
        )
        self.box.add_class("cumulant-explorer")
        for name, widget in self.controls.items():
            widget.observe(lambda change, name=name: self._changed(name), "value")
        if self.plane is not None:
            self._body.observe(lambda _: self._wished(), "wish")
        self.refresh()

    def _blank(self) -> Any:
        try:
            page = clickable()
            page.movable = self.plane is not None
            return page
        except MissingDependencyError:
            if self.plane is not None:
                raise
            return widgets().HTML()  # folded parts close at each step, nothing tells of work

    @property
    def state(self) -> dict[str, Any]:
        """Values of the controls."""
        return {name: widget.value for name, widget in self.controls.items()}

    @property
    def data(self) -> Any:
        """What was computed for the present setting; None where it is impossible."""
        return None if self.shown is None else self.shown.data

    @property
    def figure(self) -> "Figure | None":
        """The figure shown."""
        return None if self.shown is None else self.shown.figure

    def set(self, **values: Any) -> None:
        """Set several controls, one after the other; a choice may be given by its label.

        Raises
        ------
        UnknownNameError
            If there is no such control.
        DomainError
            If a control does not offer the value.
        """
        self._apply(values)
        self._kept.renew()

    def _apply(self, values: Mapping[str, Any]) -> None:
        note = None
        with self._lock:
            for name, value in values.items():
                if name not in self.controls:
                    raise UnknownNameError.of("control", name, self.controls)
                with self.held():
                    self._assign(name, value)
                note = self._adjusted(name)  # what was adjusted on the way is of no interest
            self._show(note)

    def _assign(self, name: str, value: Any) -> None:
        from traitlets import TraitError

        widget = self.controls[name]
        chosen = isinstance(value, str) and hasattr(widget, "label")
        try:
            setattr(widget, "label" if chosen else "value", value)
        except TraitError:
            offered = getattr(widget, "options", None)
            told = f"; it offers {', '.join(map(_option, offered))}" if offered else ""
            raise DomainError(f"{self.title}: {name} cannot be {value!r}{told}") from None

    @contextmanager
    def held(self) -> Iterator[None]:
        """Change controls without a new view after each."""
        with self._lock:
            before, self._held = self._held, True
            try:
                yield
            finally:
                self._held = before

    def _changed(self, name: str) -> None:
        with self._lock:
            if not self._held:
                self._show(self._adjusted(name))
                self._kept.renew(late=True)

    def _wished(self) -> None:
        """Go to the place last asked for; those before it that still wait are passed over."""
        with self._lock:
            x, y, number = self._body.wish
            if self.plane is None or number == self._answer:
                return
            self._answer = number
            sliders = (self.controls[name] for name in self.plane)
            self._apply({
                name: min(max(round(round(value / s.step) * s.step, 12), s.min), s.max)
                for name, value, s in zip(self.plane, (x, y), sliders, strict=True)
            })
            self._kept.renew(late=True)

    def _adjusted(self, name: str) -> str | None:
        """Let the other controls follow one that was changed."""
        if self.adjust is None:
            return None
        try:
            with self.held():
                return self.adjust(self, name)
        except CumulantError as error:
            return str(error)

    def refresh(self) -> None:
        """Compute and show the view again."""
        with self._lock:
            self._show()

    def _show(self, note: str | None = None) -> None:
        self._body.busy = True
        try:
            self._draw(note)
        finally:
            self._body.busy, self._body.answered = False, self._answer

    def _draw(self, note: str | None) -> None:
        try:
            self.shown, self.message = self.view(**self.state), note or ""
        except CumulantError as error:
            self.shown, self.message = None, str(error)
        good = None if self.shown is not None else False
        self._status.value = _ink(verdict(self.message, good)) if self.message else ""
        body = self._body
        with body.hold_sync():
            if self.plane is not None and self.shown is not None:
                sliders = [self.controls[name] for name in self.plane]
                body.place, body.limits = place_of(self.shown.figure.axes[0])
                body.point = tuple(s.value for s in sliders)
                body.steps = tuple(s.step for s in sliders)
                body.names = tuple(re.sub("[$_{}]", "", s.description) for s in sliders)
            body.value = _ink(_page(self.shown))

    def snapshot(self) -> str:
        """What is shown as one piece of HTML that needs no kernel."""
        with self._lock:
            settings = ", ".join(f"{w.description} {_value(w)}" for w in self.controls.values())
            message = f"<div>{shown(self.message)}</div>" if self.message else ""
            return _ink(
                f'<div style="font-weight:600">{shown(self.title)}</div>'
                f'<div style="opacity:.75">{prose(settings)}</div>{message}'
            ) + self._body.value

    def _ipython_display_(self) -> None:
        self._kept.display(self.box, repr(self))

    def _repr_html_(self) -> str:
        return self.snapshot()

    def __repr__(self) -> str:
        return f"Explorer({self.title!r}, {self.state!r})"


def _value(widget: Any) -> str:
    chosen = getattr(widget, "index", None)  # the label of a first option may be unset
    value = widget.value if chosen is None else _option(widget.options[chosen])
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _option(option: Any) -> str:
    return str(option[0] if isinstance(option, tuple) else option)


def _page(view: View | None) -> str:
    if view is None:
        return ""
    drawn = f'<div class="cumulant-figure">{picture(view.figure, view.label)}</div>'
    return f"{view.above}{drawn}{view.below}"


def _ink(body: str) -> str:
    """In the colour of the notebook's text."""
    return (
        '<div style="color:var(--jp-content-font-color1,inherit);line-height:1.45;'
        f'font-size:var(--jp-ui-font-size1,inherit)">{body}</div>'
    )
