"""Reads the OpenAPI document into what the writers need: names, types, operations."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

Schema = Mapping[str, Any]

# Enums that the document writes out where they are used have no name of their own there; these are theirs.
# One that is missing here is named after its property.
ENUM_NAMES = {
    "class": "FailureClass",
    "dataset": "ExportDataset",
    "events": "WebhookEvent",
    "format": "ExportFormat",
    "kind": "GenerationKind",
    "outcome": "BulkItemOutcome",
    "source": "CreditSource",
    "state": "BulkState",
    "status": "GenerationStatus",
}

# The tag of what only a browser can use: signing in on the pages.
BROWSERS = "Pages"

# Where one name stands for several enums, by the first of the values too.
NAMES_BY_VALUE = {
    ("state", "regressed"): "IncidentState",
    ("state", "active"): "ApiKeyState",
    ("scope", "user"): "ApiKeyScope",
    ("outcome", "delivered"): "WebhookOutcome",
    ("reason", "asked"): "WebhookDisabledReason",
}

# Where the rule of `method_name` gives a name that nobody would look for.
METHOD_NAMES = {"actOnDeadLetters": "act", "cleanUpDeadLetters": "clean_up", "getCreditHistory": "list_history"}

# What the runtime sees to, so that callers do not.
OWN_HEADERS = {"Idempotency-Key", "Prefer", "Ledger-Position", "Last-Event-ID"}


def snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).replace("-", "_").lower()


def safe(name: str) -> str:
    """A name of Python for one of JSON: `from` becomes `from_`."""
    return f"{name}_" if keyword.iskeyword(name) else name


def class_name(name: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in re.split(r"[_\-]", name))


def single(reference: str) -> str:
    return reference.rsplit("/", 1)[1]


@dataclass
class Parameter:
    name: str
    place: str
    required: bool
    type: str
    text: str

    @property
    def python(self) -> str:
        return safe(snake(self.name))


@dataclass
class Operation:
    id: str
    tag: str
    method: str
    path: str
    summary: str
    text: str
    parameters: list[Parameter]
    headers: set[str]
    body: list[Parameter] | None
    free_body: bool
    uploads: str | None
    prefer: str
    repeatable: bool
    answers: dict[int, Schema]
    raw: Mapping[str, Any] = field(repr=False)

    @property
    def name(self) -> str:
        """What its method is called."""
        return METHOD_NAMES.get(self.id) or method_name(self.id, self.tag)

    def media(self) -> list[str]:
        return [media for answer in self.answers.values() for media in answer.get("content", {})]


def method_name(operation: str, tag: str) -> str:
    """`createGeneration` of `Generations` is `create`, `listModels` of `Credits` stays `list_models`."""
    name, noun = snake(operation), snake(tag)
    for word in (noun, noun.removesuffix("s")):
        if name.endswith(f"_{word}"):
            return name.removesuffix(f"_{word}")
    return name.replace(f"_{noun.removesuffix('s')}_", "_")


class Document:
    def __init__(self, raw: Mapping[str, Any]) -> None:
        self.raw = raw
        self.schemas: dict[str, Schema] = dict(sorted(raw["components"]["schemas"].items()))
        self.enums = self._enums()
        self.asked = self._reach("requestBody")
        self.answered = self._reach("responses") | {"Problem", "FieldError"}
        self.operations = sorted(self._operations(), key=lambda one: (one.tag, one.name))

    def tags(self) -> dict[str, str]:
        # What only a browser can use is left out.
        return {tag["name"]: tag["description"] for tag in self.raw["tags"] if tag["name"] != BROWSERS}

    # Which schemas are sent, and which are received.

    def _reach(self, side: str) -> set[str]:
        found: set[str] = set()
        for operations in self.raw["paths"].values():
            for operation in operations.values():
                for reference in references(operation.get(side, {})):
                    self._follow(reference, found)
        return found

    def _follow(self, name: str, found: set[str]) -> None:
        if name not in found:
            found.add(name)
            for reference in references(self.schemas[name]):
                self._follow(reference, found)

    # Enums, whether they have a name in the document or not.

    def _enums(self) -> dict[tuple[str, ...], tuple[str, str]]:
        enums: dict[tuple[str, ...], tuple[str, str]] = {}
        for name, schema in self.schemas.items():
            if "enum" in schema:
                enums[tuple(schema["enum"])] = (name, schema.get("description", ""))
        for name, values in inline_enums(self.raw):
            if values not in enums:
                taken = {known for known, _ in enums.values()}
                wanted = NAMES_BY_VALUE.get((name, values[0])) or ENUM_NAMES.get(name, class_name(name))
                if wanted in taken or wanted in self.schemas:
                    advice = f"add one to NAMES_BY_VALUE for `{name}` {values}"
                    raise SystemExit(f"two enums want the name {wanted}: {advice}")
                enums[values] = (wanted, "")
        return enums

    # Types.

    def request_name(self, name: str) -> str:
        return class_name(name) + ("Input" if name in self.answered else "")

    def type(self, schema: Schema, *, sent: bool) -> str:
        inner = self._type(schema, sent=sent)
        return f"{inner} | None" if schema.get("nullable") and inner != "Any" else inner

    def _type(self, schema: Schema, *, sent: bool) -> str:
        if "allOf" in schema:
            return self._type(schema["allOf"][0], sent=sent)
        if "anyOf" in schema:
            return " | ".join(self._type(one, sent=sent) for one in schema["anyOf"])
        if "$ref" in schema:
            return self._named(single(schema["$ref"]), sent=sent)
        if "enum" in schema:
            return f"enums.{self.enums[tuple(schema['enum'])][0]}"
        return self._plain(schema, sent=sent)

    def _named(self, name: str, *, sent: bool) -> str:
        schema = self.schemas[name]
        if "enum" in schema:
            return f"enums.{name}"
        if "anyOf" in schema:
            return self._type(schema, sent=sent)
        return f"requests.{self.request_name(name)}" if sent else f"models.{class_name(name)}"

    def _plain(self, schema: Schema, *, sent: bool) -> str:
        match schema.get("type"), schema.get("format"):
            case "string", "date-time":
                return "datetime | str" if sent else "datetime"
            case "string", "date":
                return "date | str" if sent else "date"
            case "string", _:
                if is_credits(schema):
                    return "CreditsInput" if sent else "Credits"
                return "str"
            case "integer", _:
                return "int"
            case "boolean", _:
                return "bool"
            case "array", _:
                inner = self.type(schema["items"], sent=sent)
                return f"Sequence[{inner}]" if sent else f"list[{inner}]"
            case "object", _:
                values = schema.get("additionalProperties")
                inner = self.type(values, sent=sent) if values else "Any"
                return f"Mapping[str, {inner}]" if sent else f"dict[str, {inner}]"
        if "type" in schema:
            raise SystemExit(f"a type that the generator does not know: {schema}; teach `_plain` of document.py")
        return "Any"

    # Operations.

    def _operations(self) -> Iterator[Operation]:
        for path, methods in self.raw["paths"].items():
            for method, raw in methods.items():
                if raw["tags"] != [BROWSERS]:
                    yield self._operation(path, method.upper(), raw)

    def _operation(self, path: str, method: str, raw: Mapping[str, Any]) -> Operation:
        parameters = [self._parameter(one) for one in raw.get("parameters", [])]
        headers = {one.name for one in parameters if one.place == "header"}
        prefer = next((one.text for one in parameters if one.name == "Prefer"), "")
        content = raw.get("requestBody", {}).get("content", {})
        reference = content.get("application/json", {}).get("schema", {}).get("$ref")
        return Operation(
            id=raw["operationId"],
            tag=raw["tags"][0],
            method=method,
            path=path,
            summary=raw.get("summary", ""),
            text=raw.get("description", ""),
            parameters=[one for one in parameters if one.name not in OWN_HEADERS],
            headers=headers,
            body=self._fields(single(reference)) if reference else None,
            free_body="application/json" in content and not reference,
            uploads=next((media for media in content if "ndjson" in media), None),
            prefer="wait" if "wait=" in prefer else "respond-async" if "respond-async" in prefer else "",
            # The document's own words are the only place that tells of writes which need no key.
            repeatable=method in ("GET", "DELETE")
            or "armless to repeat" in " ".join(raw.get("description", "").split()),
            answers={int(status): answer for status, answer in raw["responses"].items() if status.startswith("2")},
            raw=raw,
        )

    def _parameter(self, raw: Mapping[str, Any]) -> Parameter:
        return Parameter(
            name=raw["name"],
            place=raw["in"],
            required=raw.get("required", False),
            type=moment(raw["schema"]) or self.type(raw["schema"], sent=True),
            text=raw.get("description", ""),
        )

    def values(self, operation: Operation, name: str) -> list[str]:
        """The words that a parameter can be."""
        schema = next(one["schema"] for one in operation.raw["parameters"] if one["name"] == name)
        named = self.schemas[single(schema["$ref"])] if "$ref" in schema else schema
        return list(named["enum"])

    def _fields(self, name: str) -> list[Parameter]:
        schema = self.schemas[name]
        required = schema.get("required", [])
        return [
            Parameter(key, "body", key in required, self.type(value, sent=True), value.get("description", ""))
            for key, value in schema["properties"].items()
        ]


def is_credits(schema: Schema) -> bool:
    """Amounts of credits are strings with a pattern of a decimal number."""
    return schema.get("type") == "string" and schema.get("pattern", "").endswith(r"[0-9]+(\.[0-9]+)?$")


def moment(schema: Schema) -> str | None:
    """A string that may be an instant among others."""
    formats = {one.get("format") for one in schema.get("anyOf", ())}
    if "date-time" not in formats:
        return None
    return "date | datetime | str" if "date" in formats else "datetime | str"


def references(node: Any) -> Iterator[str]:
    if isinstance(node, Mapping):
        for key, value in node.items():
            if key == "$ref":
                yield single(value)
            else:
                yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def inline_enums(raw: Mapping[str, Any]) -> Iterator[tuple[str, tuple[str, ...]]]:
    for schema in raw["components"]["schemas"].values():
        for name, value in schema.get("properties", {}).items():
            one = value.get("items", value)
            if "enum" in one:
                yield name, tuple(one["enum"])
    for methods in raw["paths"].values():
        for operation in methods.values():
            for parameter in operation.get("parameters", []):
                if "enum" in parameter["schema"]:
                    yield parameter["name"], tuple(parameter["schema"]["enum"])
