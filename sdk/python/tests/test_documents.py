"""The README's blocks and the example run as they stand; check.sh looks at the types of both."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from conftest import Server

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
EXAMPLE = ROOT / "examples" / "sell_a_picture.py"


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def test_every_block_of_the_readme_runs(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COOLY_URL", server.url)
    monkeypatch.setenv("COOLY_ADMIN_TOKEN", server.token("admin", "ops"))
    monkeypatch.setenv("COOLY_ALICE_TOKEN", server.token("user", "alice"))
    names: dict[str, Any] = {}
    for number, block in enumerate(blocks("python")):
        exec(compile(block, f"README.md, block {number}", "exec"), names)
    assert Path("lighthouse.png").read_bytes()[1:4] == b"PNG"
    assert {"statement.csv", "dawn.png"} <= {path.name for path in tmp_path.iterdir()}
    assert isinstance(names["resume_at"], int)


def test_the_readme_has_no_other_blocks() -> None:
    """What is for a shell is what check.sh does, so it is run there."""
    shell = [line.split("#")[0].split() for block in blocks("sh") for line in block.splitlines()]
    assert [words[-1] for words in shell] == ["./sdk/python", "sdk/python/generate/generate.py", "sdk/python/check.sh"]
    assert len(re.findall(r"^```\w", README, re.MULTILINE)) == len(blocks("python")) + len(blocks("sh"))


def test_the_example_sells_a_picture(server: Server, tmp_path: Path) -> None:
    environment = {**os.environ, "COOLY_URL": server.url, "COOLY_ADMIN_TOKEN": server.token("admin", "ops")}
    for _ in range(2):  # the second time nothing is bought, since the order is the same
        command = [sys.executable, str(EXAMPLE), "customer-of-the-shop", "order-1", "a lighthouse in fog"]
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert done.stdout == "customer-of-the-shop has 6 credits left\n"
    assert (tmp_path / "order-1.png").read_bytes()[1:4] == b"PNG"
