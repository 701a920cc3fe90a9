"""A server of HTTP that answers what a test tells it, and remembers what it was asked."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Asked:
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass
class Reply:
    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    type: str = "application/json"
    lost: bool = False
    """Break the connection instead of answering, after the request was read."""
    cut: bool = False
    """Promise more bytes than come."""


Script = Callable[[Asked], Reply]


class Stub:
    def __init__(self, replies: list[Reply] | Script) -> None:
        self.asked: list[Asked] = []
        self._lock = threading.Lock()
        self._replies = replies
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def reply(self, asked: Asked) -> Reply:
        with self._lock:
            self.asked.append(asked)
            if not isinstance(self._replies, list):
                return self._replies(asked)
            # The last one is for ever.
            return self._replies.pop(0) if len(self._replies) > 1 else self._replies[0]

    @property
    def keys(self) -> list[str | None]:
        return [one.headers.get("Idempotency-Key") for one in self.asked]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        stub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                reply = stub.reply(Asked(self.command, self.path, dict(self.headers), self._body()))
                if reply.lost:
                    self.close_connection = True
                    self.connection.shutdown(2)
                    return
                body = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
                if reply.status == 304:
                    body = b""
                self.send_response(reply.status)
                self.send_header("Content-Type", reply.type)
                self.send_header("Content-Length", str(len(body) + (10 if reply.cut else 0)))
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)
                self.close_connection = reply.cut

            do_POST = do_GET
            do_DELETE = do_GET

            def _body(self) -> bytes:
                if "chunked" in self.headers.get("Transfer-Encoding", ""):
                    return b"".join(self._chunks())
                return self.rfile.read(int(self.headers.get("Content-Length") or 0))

            def _chunks(self) -> Iterator[bytes]:
                while size := int(self.rfile.readline(), 16):
                    yield self.rfile.read(size)
                    self.rfile.readline()
                self.rfile.readline()

            def log_message(self, format: str, *args: Any) -> None:
                pass

        return Handler

    @contextmanager
    def running(self) -> Iterator[Stub]:
        thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join()


def stub(replies: list[Reply] | Script) -> Any:
    return Stub(replies).running()


def problem(status: int, code: str, headers: dict[str, str] | None = None, **more: Any) -> Reply:
    body = {"type": f"urn:cooly:problem:{code}", "title": "Not so", "status": status, "code": code, "detail": "this",
            "request_id": "req-1", **more}
    return Reply(status, body, headers or {}, "application/problem+json")


def generation(**more: Any) -> dict[str, Any]:
    return {"attempts": 0, "balance": "96", "charged": "4", "cost": "4", "cost_is": "exact", "count": 1,
            "created_at": "2026-11-24T07:30:25.084896Z", "failure": None, "finished_at": None, "id": "g-1",
            "kind": "image", "model": "sim-image", "on_hold": False, "outputs": [], "params": {}, "prompt": "x",
            "status": "queued", **more}
