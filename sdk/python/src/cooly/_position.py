"""The newest position of the log that a client was told, so that its lists show what it wrote."""

from __future__ import annotations

import threading


class Position:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._newest: int | None = None

    @property
    def newest(self) -> int | None:
        return self._newest

    def seen(self, position: int | str | None) -> None:
        if position is None or (isinstance(position, str) and not position.isdigit()):
            return
        with self._lock:
            self._newest = max(int(position), self._newest or 0)
