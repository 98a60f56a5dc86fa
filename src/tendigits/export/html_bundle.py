"""The page's JavaScript modules as one script, without a build tool.

The modules import each other by `import { names } from './file.js';` alone, and export functions,
classes and constants where they are declared. Each becomes a function that is called once.
"""

import re
from pathlib import Path

_IMPORT = re.compile(r"^import \{([^}]*)\} from '([^']+)';\n", re.MULTILINE)
_EXPORT = re.compile(r"^export ((?:async )?function|class|const) (\w+)", re.MULTILINE)
_COMMENTS = re.compile(r"^\s*/\*\*.*?\*/\n|^\s*//[^\n]*\n|^\s*\n|^\s+", re.MULTILINE | re.DOTALL)


def bundled(entry: Path) -> str:
    """Return a module and all that it imports as one script, without comments."""
    order: list[Path] = []
    _visit(entry.resolve(), order)
    numbers = {path: number for number, path in enumerate(order)}
    return "".join(_as_function(path, numbers) for path in order)


def stripped(source: str) -> str:
    """Return a script without the comments and the indentation that lines start with."""
    return _COMMENTS.sub("", source)


def _visit(path: Path, order: list[Path]) -> None:
    """Append a module, after those that it imports."""
    for _, target in _IMPORT.findall(path.read_text("utf-8")):
        _visit((path.parent / target).resolve(), order)
    if path not in order:
        order.append(path)


def _as_function(path: Path, numbers: dict[Path, int]) -> str:
    source = path.read_text("utf-8")
    exports = ", ".join(name for _, name in _EXPORT.findall(source))

    def as_constant(found: re.Match[str]) -> str:
        names, target = found.groups()
        names = names.replace(" as ", ": ")
        return f"const {{{names}}} = module{numbers[(path.parent / target).resolve()]};\n"

    body = _EXPORT.sub(r"\1 \2", _IMPORT.sub(as_constant, source))
    head = f"const module{numbers[path]} = (() => {{\n"
    return f"{head}{stripped(body)}return {{ {exports} }};\n}})();\n"
