"""A snapshot in the notebook of what a live widget shows, for when there is no kernel."""

import threading
from collections.abc import Callable
from typing import Any
from uuid import uuid4

__all__ = ["Snapshot"]

_PAUSE = 1.0  # seconds without a change before the notebook gets a new one


class Snapshot:
    """HTML below a widget that is seen only where the widget cannot be made.

    Parameters
    ----------
    page : callable
        What the widget shows, as HTML.
    """

    def __init__(self, page: Callable[[], str]) -> None:
        self.page = page
        self.name: str = f"cumulant-{uuid4().hex}"
        self._displayed = False
        self._waits: threading.Timer | None = None

    def display(self, widget: Any, text: str) -> None:
        """The widget, which gets the class ``name``, and the snapshot, in the present cell."""
        from IPython.display import display

        widget.add_class(self.name)
        live = widget._repr_mimebundle_() or {}
        display({**live, "text/plain": text, "text/html": ""}, raw=True)
        display(self.bundle(), raw=True, display_id=self.name)
        self._displayed = True

    def bundle(self) -> dict[str, str]:
        """Hidden while the widget is on the page; so is the note that it could not be made."""
        name = self.name
        hides = (
            f"body:has(.{name}) .{name}-kept,.jp-OutputArea-child:not(:has(.{name})):has(+ "
            f".jp-OutputArea-child .{name}-kept) {{display:none}}"
        )
        page = f'<style>{hides}</style><div class="{name}-kept">{self.page()}</div>'
        return {"text/html": page, "text/plain": ""}

    def renew(self, *, late: bool = False) -> None:
        """Put the present page into the notebook; ``late``, when no change follows for a while."""
        if not self._displayed:
            return
        if self._waits is not None:
            self._waits.cancel()
        if not late:
            self._renew()
            return
        self._waits = threading.Timer(_PAUSE, self._renew)
        self._waits.daemon = True
        self._waits.start()

    def _renew(self) -> None:
        from IPython.display import update_display

        update_display(self.bundle(), raw=True, display_id=self.name)
