"""Server-sent events out of lines, as the HTML standard says it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Message:
    id: str | None
    event: str
    data: str


class Lines:
    """Bytes as they come, into lines: a line may come in pieces, and an end of line as well."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, chunk: bytes) -> list[str]:
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        return [line.removesuffix(b"\r").decode("utf-8", "replace") for line in lines]

    @property
    def rest(self) -> str:
        return self._rest.decode("utf-8", "replace")


class Messages:
    def __init__(self) -> None:
        self._forget()

    def _forget(self) -> None:
        self._id: str | None = None
        self._event = ""
        self._data: list[str] = []

    def feed(self, line: str) -> Message | None:
        """A message, once its last line has come. An unfinished one is never handed out."""
        if not line:
            message = Message(self._id, self._event or "message", "\n".join(self._data))
            told = self._id is not None or bool(self._data)
            self._forget()
            return message if told else None
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "id" and "\0" not in value:
            self._id = value
        elif name == "event":
            self._event = value
        elif name == "data":
            self._data.append(value)
        return None
