"""Writes enums, answers (dataclasses) and what requests carry (typed dicts)."""

from __future__ import annotations

import keyword
from collections.abc import Iterator

from document import Document, Schema, class_name, references, safe
from words import docstring, template, without_unused_imports


def enums(document: Document) -> str:
    parts = []
    for values, (name, text) in sorted(document.enums.items(), key=lambda one: one[1][0]):
        literals = "".join(f'    "{value}",\n' for value in values)
        parts.append(f"{name}: TypeAlias = Literal[\n{literals}]\n" + (docstring(text, 0) if text else ""))
    return template("enums").substitute(body="\n".join(parts))


def models(document: Document) -> str:
    parts = [_model(document, name) for name in sorted(document.answered) if "properties" in document.schemas[name]]
    return without_unused_imports(template("models").substitute(body="\n\n".join(parts)).replace("models.", ""))


def _model(document: Document, name: str) -> str:
    schema = document.schemas[name]
    lines = ["@dataclass(frozen=True, slots=True, kw_only=True)\n", f"class {class_name(name)}:\n"]
    lines.append(docstring(schema.get("description", name), 4) + "\n")
    for key, value in schema["properties"].items():
        lines.append(f"    {safe(key)}: {_held(document, schema, key)}{_default(schema, key)}\n")
        if value.get("description"):
            lines.append(docstring(value["description"], 4))
    return "".join(lines)


def _held(document: Document, schema: Schema, key: str) -> str:
    inner = document.type(schema["properties"][key], sent=False)
    optional = key not in schema.get("required", []) and "None" not in inner and inner != "Any"
    return f"{inner} | None" if optional else inner


def _default(schema: Schema, key: str) -> str:
    # A secret must not get into logs by way of a repr.
    hidden = "repr=False" if key == "token" else ""
    optional = "" if key in schema.get("required", []) else "default=None"
    if hidden:
        return f" = field({', '.join(filter(None, (optional, hidden)))})"
    return " = None" if optional else ""


def requests(document: Document) -> str:
    names = [name for name in _inner_first(document) if "properties" in document.schemas[name]]
    body = "\n\n".join(_request(document, name) for name in names)
    return without_unused_imports(template("requests").substitute(body=body).replace("requests.", ""))


def _inner_first(document: Document) -> list[str]:
    """Typed dicts in the functional form are evaluated at once, so what they name must stand before them."""
    done: list[str] = []

    def visit(name: str) -> None:
        for other in references(document.schemas[name]):
            if other not in done:
                visit(other)
        if name not in done:
            done.append(name)

    for name in sorted(document.asked):
        visit(name)
    return done


def _request(document: Document, name: str) -> str:
    schema = document.schemas[name]
    required = schema.get("required", [])
    musts = {key: value for key, value in schema["properties"].items() if key in required}
    mays = {key: value for key, value in schema["properties"].items() if key not in required}
    python, text = document.request_name(name), schema.get("description", name)
    if any(keyword.iskeyword(key) for key in schema["properties"]):
        return _functional(document, python, text, musts, mays)
    if musts and mays:
        first = _declared(document, f"_{python}Required", "What must be there.", musts, "TypedDict")
        return first + "\n\n" + _declared(document, python, text, mays, f"_{python}Required, total=False")
    return _declared(document, python, text, musts or mays, "TypedDict" if musts else "TypedDict, total=False")


def _declared(document: Document, name: str, text: str, fields: dict[str, Schema], bases: str) -> str:
    lines = [f"class {name}({bases}):\n", docstring(text, 4), "\n"]
    for key, value in fields.items():
        lines.append(f"    {key}: {document.type(value, sent=True)}\n")
        if value.get("description"):
            lines.append(docstring(value["description"], 4))
    return "".join(lines)


def _functional(document: Document, name: str, text: str, musts: dict[str, Schema], mays: dict[str, Schema]) -> str:
    """For fields that are words of Python, such as `class`."""
    if musts:
        raise SystemExit(f"{name} has required fields and one that is a word of Python: teach types_.py both")
    entries = "".join(_entries(document, mays))
    return f'{name} = TypedDict(\n    "{name}",\n    {{\n{entries}    }},\n    total=False,\n)\n' + docstring(text, 0)


def _entries(document: Document, fields: dict[str, Schema]) -> Iterator[str]:
    for key, value in fields.items():
        # Quoted, so that Python 3.10 need not evaluate it.
        yield f'        "{key}": "{document.type(value, sent=True)}",\n'
