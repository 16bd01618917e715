"""Modules of JavaScript as one script, for a page without files beside it: each in a function of its own.

Our modules are written in one way (prettier sees to it), so that a few patterns read what they import and
export.
"""

import re
from pathlib import Path

from lenet_edu.system.errors import LenetError

_IMPORT = re.compile(r'^import (?:(\w+)(?:, )?)?(?:\{([^}]*)\})? from "(\.[^"]+)";\n', re.M)
_EXPORT = re.compile(r"^export (?:async )?(?:function|class|const|let) (\w+)", re.M)
_OTHER = re.compile(r"^(?:import [^(]|export (?!default ))[^\n]*", re.M)
_DEFAULT = re.compile(r"^export default ", re.M)


def bundle(entry: Path, root: Path) -> tuple[str, list[str]]:
    """The module `entry` and all that it imports as the text of a classic script, and the names of all files.

    root: the folder that holds them all. Raises LenetError for an import or export of another form.
    """
    modules: dict[str, str] = {}
    _collect(entry.resolve(), root.resolve(), modules)
    return f'"use strict";\nconst modules = {{}};\n{"".join(modules.values())}', list(modules)


def _collect(path: Path, root: Path, modules: dict[str, str]) -> None:
    """Add a module after all that it imports."""
    text = path.read_text(encoding="utf-8")
    for _, _, source in _IMPORT.findall(text):
        other = (path.parent / source).resolve()
        if _name(other, root) not in modules:
            _collect(other, root, modules)
    modules[_name(path, root)] = _wrapped(text, path, root)


def _wrapped(text: str, path: Path, root: Path) -> str:
    name = _name(path, root)
    exports = _EXPORT.findall(text)
    if _DEFAULT.search(text):
        exports.append("default: byDefault")
    body = _IMPORT.sub(lambda found: _constants(found, path, root), text)
    body = _DEFAULT.sub("const byDefault = ", body)
    body = _EXPORT.sub(lambda found: found[0].removeprefix("export "), body)
    odd = _OTHER.search(body)
    if odd:
        raise LenetError(
            "{path} has an import or export of a form that bundle() does not know: {odd}",
            path=path,
            odd=odd[0],
        )
    body = body.replace("import.meta.url", "globalThis.location.href")
    return f'modules["{name}"] = (() => {{\n{body}\nreturn {{ {", ".join(exports)} }};\n}})();\n'


def _constants(found: re.Match, path: Path, root: Path) -> str:
    """An import as constants from a module that has been run before."""
    default, names, source = found.groups()
    module = f'modules["{_name((path.parent / source).resolve(), root)}"]'
    lines = [f"const {default} = {module}.default;\n"] if default else []
    if names:
        lines.append(f"const {{ {names.replace(' as ', ': ').strip()} }} = {module};\n")
    return "".join(lines)


def _name(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix()
