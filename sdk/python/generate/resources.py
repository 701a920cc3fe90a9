"""Writes one class for each tag, with one method for each operation."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from document import Document, Operation, Parameter, Schema, class_name, snake
from words import docstring, prose, template, without_unused_imports

JSON = "application/json"


def resources(document: Document) -> Iterator[tuple[str, str]]:
    tags = document.tags()
    for tag, text in tags.items():
        own = [operation for operation in document.operations if operation.tag == tag]
        methods = [method for operation in own for method in Method.all(document, operation)]
        body = "\n".join(method.write() for method in methods)
        module = template("resource").substitute(name=class_name(tag), text=text, body=body)
        yield snake(tag), without_unused_imports(module)


def index(document: Document) -> str:
    names = sorted(document.tags())
    imports = "".join(f"from .{snake(name)} import Async{class_name(name)}\n" for name in names)
    listed = "".join(f'    "Async{class_name(name)}",\n' for name in names)
    return template("index").substitute(imports=imports, listed=listed)


class Method:
    """One method: what it is given, what it answers, and which function of the runtime carries it out."""

    def __init__(self, document: Document, operation: Operation, *, file: bool = False) -> None:
        self.document, self.operation, self.file = document, operation, file
        self.name = operation.name
        self.parameters = list(operation.parameters)
        found = {status: self._answer(answer) for status, answer in operation.answers.items()}
        self.types = {status: kind for status, kind in found.items() if kind}

    @staticmethod
    def all(document: Document, operation: Operation) -> list[Method]:
        """An operation that answers JSON or a file is two methods, since these are used in different ways."""
        kinds = {media.split(";")[0] for media in operation.media()}
        has_json, has_file = JSON in kinds, any(is_file(operation, media) for media in operation.media())
        methods = []
        if has_json or not has_file:
            methods.append(Method(document, operation))
        if has_file:
            methods.append(Method(document, operation, file=True))
        if has_json and has_file:
            methods[0]._leave_out_format()
            methods[1]._choose_format()
        return methods

    def _leave_out_format(self) -> None:
        # JSON is what is accepted, and so what comes.
        self.parameters = [one for one in self.parameters if one.name != "format"]

    def _choose_format(self) -> None:
        self.name = "download_" + self.name.removeprefix("get_").removeprefix("list_")
        forms = self.document.values(self.operation, "format")
        literal = "Literal[" + ", ".join(f'"{form}"' for form in forms if form != "json") + "]"
        pages = ("limit", "cursor")
        self.parameters = [one for one in self.parameters if one.name not in pages]
        self.parameters = [
            Parameter("format", "query", True, literal, "The form.") if one.name == "format" else one
            for one in self.parameters
        ]

    def _answer(self, answer: Schema) -> str | None:
        for media, value in answer.get("content", {}).items():
            if media.split(";")[0] == JSON:
                return self.document.type(value["schema"], sent=False)
            if media.startswith("text/plain"):
                return "str"
        return None

    # What kind of answer.

    @property
    def page(self) -> tuple[str, str] | None:
        """The types of an item and of a page, where the answer is one of many pages."""
        if self.file or not any(one.name == "cursor" for one in self.parameters):
            return None
        page = next(iter(self.types.values()))
        properties = self.document.schemas[page.removeprefix("models.")]["properties"]
        field = next(name for name, value in properties.items() if value.get("type") == "array")
        return self.document.type(properties[field]["items"], sent=False), field

    @property
    def stream(self) -> str | None:
        for answer in self.operation.answers.values():
            schema = answer.get("content", {}).get("text/event-stream", {}).get("schema")
            if schema:
                return self.document.type(schema["items"], sent=False)
        return None

    def outcome(self) -> str:
        return " | ".join(dict.fromkeys(part for kind in self.types.values() for part in kind.split(" | "))) or "Any"

    # The signature.

    def positional(self) -> list[Parameter]:
        return [one for one in self.parameters if one.place == "path"]

    def named(self) -> list[Parameter]:
        named = [one for one in self.parameters if one.place != "path"] + (self.operation.body or [])
        return sorted(named, key=lambda one: not one.required)

    def extras(self) -> list[tuple[str, str, str, str]]:
        """What the runtime makes headers of: name, type, default, text."""
        extras = []
        if self.operation.prefer == "wait":
            text = "Wait up to so many seconds (at most 30) for the end, before the answer comes."
            extras.append(("wait", "float | None", " = None", text))
        if self.operation.prefer == "respond-async":
            text = "Let a worker do it; the answer tells where to look."
            extras.append(("respond_async", "bool", " = False", text))
        if "Last-Event-ID" in self.operation.headers:
            text = "The last event that was seen: the stream goes on after it."
            extras.append(("last_event_id", "int | None", " = None", text))
        if self.operation.uploads:
            text = "Names this upload; the same one makes a repeat harmless, line by line."
            extras.append(("idempotency_key", "str", "", text))
            text = "What the lines are, where they are bytes: `application/x-ndjson` or `text/csv`."
            extras.append(("content_type", "str", f' = "{self.operation.uploads}"', text))
        elif "Idempotency-Key" in self.operation.headers:
            text = "Makes a repeat harmless, also of another process; made up and kept over retries if left out."
            extras.append(("idempotency_key", "str | None", " = None", text))
        return extras

    def signature(self, case: dict[str, str] | None = None) -> str:
        case = case or {}
        lines = ["        self,\n"]
        lines += [f"        {one.python}: {one.type},\n" for one in self.positional()]
        if self.operation.uploads:
            lines.append("        lines: bytes | Iterable[requests.BulkGrantLine] | Iterable[bytes],\n")
        if self.operation.free_body:
            lines.append("        body: Mapping[str, Any],\n")
        named = [
            f"        {one.python}: {case.get(one.python) or (one.type if one.required else optional(one))},\n"
            for one in self.named()
        ]
        # Without a default first: they are keywords, so their order is only for readers.
        named += [f"        {name}: {case.get(name) or kind + default},\n" for name, kind, default, _ in self.extras()]
        return "".join(lines + (["        *,\n", *named] if named else []))

    def cases(self) -> list[tuple[dict[str, str], str]]:
        """Overloads, where what is asked for decides which of several types the answer has."""
        kinds = list(self.outcome().split(" | "))
        if len(kinds) != 2 or self.file or self.page:
            return []
        yes, no = "Literal[True]", "Literal[False] = False"
        if self.operation.prefer == "respond-async":
            now, later = self.types[200], self.types[202]
            return [
                ({"respond_async": no, "dry_run": "bool = False"}, now),
                ({"respond_async": yes, "dry_run": no}, later),
                ({"respond_async": "bool", "dry_run": "bool"}, self.outcome()),
            ]
        done = self.types[202]
        tried = next(kind for kind in kinds if kind != done)
        return [({"dry_run": no}, done), ({"dry_run": yes}, tried), ({"dry_run": "bool"}, self.outcome())]

    # The whole.

    def write(self) -> str:
        if self.file:
            return self._write("def", "AsyncDownload", "download")
        if self.page:
            item, _ = self.page
            page = next(iter(self.types.values()))
            return self._write("def", f"AsyncPager[{item}, {page}]", "pager", page, f'"{self.page[1]}"')
        if self.stream:
            return self._write("def", f"AsyncEventStream[{self.stream}]", "events", self.stream)
        if self.operation.uploads:
            return self._write("def", "AsyncUpload", "upload", "lines", "content_type")
        outcome = self.outcome()
        overloads = "".join(
            f"    @overload\n    async def {self.name}(\n{self.signature(case)}    ) -> {kind}: ...\n\n"
            for case, kind in self.cases()
        )
        return overloads + self._write("async def", outcome, "call", *self._kinds())

    def _kinds(self) -> list[str]:
        return ["{" + ", ".join(f"{status}: {kind}" for status, kind in self.types.items()) + "}"]

    def _write(self, start: str, outcome: str, function: str, *more: str) -> str:
        awaited = "await " if start.startswith("async") else ""
        arguments = "".join(f"            {one},\n" for one in more)
        signature = self.signature()
        if self.cases():
            signature = signature.replace("dry_run: bool | None = None", "dry_run: bool = False")
        result = f"{awaited}self._{function}(\n            request,\n{arguments}        )"
        if function == "call":
            end = f"        answer: {outcome} = {result}\n        return answer\n"
        else:
            end = f"        return {result}\n"
        return (
            f"    {start} {self.name}(\n{signature}    ) -> {outcome}:\n{self._docs()}"
            f"        request = {self._request()}\n{end}"
        )

    def _docs(self) -> str:
        words = self.operation.summary.rstrip(".") + ".\n\n" + self.operation.text
        if self.file and self.name.startswith("download_"):
            words = self.operation.summary.rstrip(".") + ", as a file.\n\n" + self.operation.text
        start = docstring(words, 8).rstrip()
        body = start.removesuffix('"""').rstrip()
        arguments = [(one.python, one.text) for one in [*self.positional(), *self.named()]]
        arguments += [(name, text) for name, _, _, text in self.extras()]
        lines = [body]
        if any(text for _, text in arguments):
            lines += ["", "        Args:"]
            for name, text in arguments:
                if text:
                    first, *rest = prose(f"{name}: {escaped(text)}", 96)
                    lines.append(f"            {first}")
                    lines += [f"                {line}" if line else "" for line in rest]
        closing = "\n        " if len(lines) > 1 or "\n" in body else ""
        return "\n".join(lines) + f'{closing}"""\n'

    def _request(self) -> str:
        operation = self.operation
        lines = [f'"{operation.method}"', self._path()]
        query = [f'"{one.name}": {one.python}' for one in self.parameters if one.place == "query"]
        headers = [f'"{one.name}": {one.python}' for one in self.parameters if one.place == "header"]
        if query:
            lines.append(mapping("query", query))
        if headers:
            lines.append(mapping("headers", headers))
        lines += self._body()
        if operation.prefer == "wait":
            lines.append("wait=wait")
        if operation.prefer == "respond-async":
            lines.append("respond_async=respond_async")
        if "Last-Event-ID" in operation.headers:
            lines.append("last_event_id=last_event_id")
        if operation.uploads:
            lines.append("key=idempotency_key")
        elif "Idempotency-Key" in operation.headers:
            # A key that goes with `respond-async` is refused without it.
            only = " if respond_async else idempotency_key" if operation.prefer == "respond-async" else ""
            lines.append(f"key=new_key(idempotency_key){only}")
        if operation.repeatable:
            lines.append("repeatable=True")
        if "Ledger-Position" in operation.headers:
            lines.append("reads_own_writes=True")
        return "Request(\n" + "".join(f"            {line},\n" for line in lines) + "        )"

    def _body(self) -> list[str]:
        if self.operation.free_body:
            return ["body=body"]
        if self.operation.body is None:
            return []
        # What is left out and what is off are the same request, so a key finds the one as the other.
        off = " or None" if self.cases() else ""
        fields = (f'"{one.name}": {one.python}{off if one.name == "dry_run" else ""}' for one in self.operation.body)
        return [mapping("body", fields)]

    def _path(self) -> str:
        if not self.positional():
            return f'"{self.operation.path}"'
        names = {one.name: one.python for one in self.positional()}
        path = re.sub(r"\{(\w+)\}", lambda found: "{segment(" + names[found[1]] + ")}", self.operation.path)
        return f'f"{path}"'


def is_file(operation: Operation, media: str) -> bool:
    return any(
        answer.get("content", {}).get(media, {}).get("schema", {}).get("format") == "binary"
        for answer in operation.answers.values()
    )


def optional(one: Parameter) -> str:
    return f"{one.type} | None = None" if "None" not in one.type else f"{one.type} = None"


def mapping(name: str, entries: Iterable[str]) -> str:
    """`name={…}`, on one line where it fits."""
    entries = list(entries)
    line = f"{name}={{{', '.join(entries)}}}"
    if len(line) < 100:
        return line
    inner = "".join(f"                {entry},\n" for entry in entries)
    return f"{name}={{\n{inner}            }}"


def escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"""', "'''")
