"""A Cooly that runs, for the tests that need one."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from cooly import Cooly

PATIENCE = 180.0
"""Seconds for a machine that is busy."""


class Server:
    def __init__(self, binary: str, folder: Path) -> None:
        self.binary, self.folder = binary, folder
        self.url = f"http://127.0.0.1:{free_port()}"
        self.log = folder / "up.log"
        self._users = itertools.count(1)
        command = [binary, "up", "--listen", self.url.removeprefix("http://"), "--data-dir", str(folder / "data")]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, env=bare_environment())

    def wait(self) -> None:
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and self.process.poll() is None:
            try:
                if httpx.get(f"{self.url}/health/ready", timeout=5).is_success:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.1)
        raise RuntimeError(f"cooly did not start:\n{self.log.read_text()[-2000:]}")

    def token(self, role: str, sub: str) -> str:
        command = [self.binary, "token", "--role", role, "--sub", sub, "--data-dir", str(self.folder / "data")]
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=bare_environment())
        return done.stdout.strip()

    def client(self, role: str, sub: str) -> Cooly:
        return Cooly(self.url, self.token(role, sub))

    def new_user(self) -> str:
        return f"user-{next(self._users)}"

    def stop(self) -> None:
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def bare_environment() -> dict[str, str]:
    """Nothing from outside configures the server of the tests, but where Postgres is."""
    return {
        name: value
        for name, value in os.environ.items()
        if name == "COOLY_PG_BIN" or not name.startswith(("COOLY_", "AWS_", "DATABASE_URL"))
    }


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    binary = os.environ.get("COOLY_BIN")
    if not binary:
        pytest.fail("set COOLY_BIN to the program to test against, such as target/debug/cooly")
    folder = tmp_path_factory.mktemp("cooly")
    one = Server(binary, folder)
    try:
        one.wait()
        yield one
    finally:
        one.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def admin(server: Server) -> Iterator[Cooly]:
    with server.client("admin", "ops") as client:
        yield client


@pytest.fixture
def customer(server: Server, admin: Cooly) -> Iterator[Customer]:
    user = server.new_user()
    admin.accounts.grant_credits(user, amount="100", reason="hello")
    with server.client("user", user) as client:
        yield Customer(user, client)


class Customer:
    def __init__(self, user: str, client: Cooly) -> None:
        self.user, self.client = user, client


def eventually(what: Callable[[], bool], patience: float = PATIENCE) -> bool:
    end = time.monotonic() + patience
    while time.monotonic() < end:
        if what():
            return True
        time.sleep(0.1)
    return False
