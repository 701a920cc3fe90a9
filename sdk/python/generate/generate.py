"""Writes everything of the SDK that follows from the API's document.

    python generate/generate.py            # writes
    python generate/generate.py --check    # fails if what is committed differs from what the document makes
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import resources
import types_
from document import Document
from unasync import unasync

HERE = Path(__file__).resolve().parent
PACKAGE = HERE.parent / "src" / "cooly"
DOCUMENT = HERE.parents[2] / "api" / "tests" / "openapi.json"
MADE_BY_HAND = "# Written by hand for each of the two clients."


def made(document: Document) -> dict[Path, str]:
    files = {
        Path("enums.py"): types_.enums(document),
        Path("models.py"): types_.models(document),
        Path("requests.py"): types_.requests(document),
        Path("_async/resources/__init__.py"): resources.index(document),
    }
    for name, text in resources.resources(document):
        files[Path(f"_async/resources/{name}.py")] = text
    return files | waiting(files)


def waiting(files: dict[Path, str]) -> dict[Path, str]:
    """The client that waits, from the one that awaits: of the files just made and of the runtime beside them."""
    sources = {path: text for path, text in files.items() if path.parts[0] == "_async"}
    for path in sorted((PACKAGE / "_async").glob("*.py")):
        sources[path.relative_to(PACKAGE)] = path.read_text(encoding="utf-8")
    return {
        Path("_sync", *path.parts[1:]): unasync(text) for path, text in sources.items() if MADE_BY_HAND not in text
    }


def stale(files: dict[Path, str]) -> list[str]:
    differing = [str(path) for path, text in files.items() if read(PACKAGE / path) != text]
    kept = {PACKAGE / path for path in files}
    folders = [PACKAGE / "_sync", PACKAGE / "_sync/resources", PACKAGE / "_async/resources"]
    left = [path for folder in folders for path in folder.glob("*.py") if path not in kept]
    return differing + [str(path.relative_to(PACKAGE)) for path in left if MADE_BY_HAND not in read(path)]


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""


def main() -> int:
    parser = argparse.ArgumentParser(description="Write what follows from the API's document.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail if something would change")
    parser.add_argument("--document", type=Path, default=DOCUMENT, help="another OpenAPI document")
    arguments = parser.parse_args()
    files = made(Document(json.loads(arguments.document.read_text(encoding="utf-8"))))
    differing = stale(files)
    if arguments.check:
        if differing:
            print("differs from what the document makes: " + ", ".join(differing), file=sys.stderr)
            print("run `python sdk/python/generate/generate.py` and commit what it writes", file=sys.stderr)
        return 1 if differing else 0
    for path, text in files.items():
        (PACKAGE / path).parent.mkdir(parents=True, exist_ok=True)
        (PACKAGE / path).write_text(text, encoding="utf-8")
    for name in set(differing) - {str(path) for path in files}:
        (PACKAGE / name).unlink()
    print(f"{len(files)} files, {len(differing)} of them changed")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
