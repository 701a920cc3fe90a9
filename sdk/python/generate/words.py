"""Templates, and prose as docstrings."""

from __future__ import annotations

import re
import string
import textwrap
from pathlib import Path

HERE = Path(__file__).parent


class Template(string.Template):
    # Python has no use for `@@`, so a template reads like the file that it makes.
    delimiter = "@@"


def template(name: str) -> Template:
    return Template((HERE / "templates" / f"{name}.py.in").read_text(encoding="utf-8"))


def prose(text: str, width: int) -> list[str]:
    """Wraps paragraphs; what is in backticks keeps together."""
    lines: list[str] = []
    for paragraph in re.split(r"\n\s*\n", text.strip()):
        if lines:
            lines.append("")
        lines += textwrap.wrap(" ".join(paragraph.split()), width, break_long_words=False, break_on_hyphens=False)
    return lines


def docstring(text: str, indent: int) -> str:
    space = " " * indent
    lines = [line.replace("\\", "\\\\").replace('"""', "'''") for line in prose(text, 110 - indent)]
    if len(lines) == 1:
        closing = " " if lines[0].endswith('"') else ""
        return f'{space}"""{lines[0]}{closing}"""\n'
    rest = "".join(f"{space}{line}\n" if line else "\n" for line in lines[1:])
    return f'{space}"""{lines[0]}\n{rest}{space}"""\n'


def without_unused_imports(text: str) -> str:
    """A template imports whatever its body may need; this keeps what it does need."""

    def kept(line: re.Match[str]) -> str:
        names = [name for name in line[2].split(", ") if len(re.findall(rf"\b{name}\b", code)) > 0]
        return f"{line[1]}{', '.join(names)}\n" if names else ""

    imports = re.compile(r"^(from \S+ import )(.+)\n", re.MULTILINE)
    code = re.sub(r'"""(?:.|\n)*?"""', "", imports.sub("", text))
    return imports.sub(lambda line: line[0] if "__future__" in line[0] else kept(line), text)
