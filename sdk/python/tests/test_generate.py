"""What is made follows from the document, all of it, and shows when it does not."""

from __future__ import annotations

import copy
import dataclasses
import json
import subprocess
import sys
import typing
from pathlib import Path
from typing import Any

import pytest

import cooly

ROOT = Path(__file__).parents[1]
GENERATE = ROOT / "generate" / "generate.py"
DOCUMENT: dict[str, Any] = json.loads((ROOT.parents[1] / "api/tests/openapi.json").read_text())


def check(document: dict[str, Any], folder: Path) -> subprocess.CompletedProcess[str]:
    file = folder / "openapi.json"
    file.write_text(json.dumps(document))
    command = [sys.executable, str(GENERATE), "--check", "--document", str(file)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_what_is_committed_is_what_the_document_makes(tmp_path: Path) -> None:
    done = check(DOCUMENT, tmp_path)
    assert done.returncode == 0, done.stderr


def test_a_change_of_the_document_is_noticed(tmp_path: Path) -> None:
    changed = copy.deepcopy(DOCUMENT)
    changed["components"]["schemas"]["Balance"]["properties"]["news"] = {"type": "boolean"}
    done = check(changed, tmp_path)
    assert done.returncode == 1
    assert "models.py" in done.stderr
    changed["components"]["schemas"]["Balance"]["properties"]["news"] = {"type": "hologram"}
    assert "a type that the generator does not know" in check(changed, tmp_path).stderr


@pytest.mark.parametrize("client", [cooly.Cooly("http://host"), cooly.AsyncCooly("http://host")])
def test_every_operation_has_a_method(client: Any) -> None:
    documented = [operation for methods in DOCUMENT["paths"].values() for operation in methods.values()]
    # Signing in on the pages is for browsers.
    operations = [operation for operation in documented if operation["tags"] != ["Pages"]]
    resources = [one for one in vars(client).values() if hasattr(one, "_pager")]
    methods = [name for one in resources for name in dir(one) if not name.startswith("_")]
    # Both statements, the three tables of the books and the seventeen lists are a file as well, and `wait` is ours.
    assert len(methods) == len(operations) + 2 + 3 + 17 + 1


def test_every_schema_has_a_type() -> None:
    unions = {name for name, schema in DOCUMENT["components"]["schemas"].items() if "anyOf" in schema}
    names = {name.replace("_", "") for name in DOCUMENT["components"]["schemas"]} - unions
    made = {*dir(cooly.enums), *dir(cooly.models), *dir(cooly.requests)}
    assert {name for name in names if name not in made} == set()


def test_no_amount_is_a_number() -> None:
    for name, schema in DOCUMENT["components"]["schemas"].items():
        kind = getattr(cooly.models, name.replace("_", ""), None)
        if kind is None or not dataclasses.is_dataclass(kind):
            continue
        hints = typing.get_type_hints(kind)
        for field, value in schema["properties"].items():
            if "[0-9]+)?$" in value.get("pattern", ""):
                assert hints[field] in (str, typing.Optional[str]), f"{name}.{field}"  # noqa: UP045
    assert float not in {hint for kind in vars(cooly.models).values() if dataclasses.is_dataclass(kind)
                         for hint in typing.get_type_hints(kind).values()}
