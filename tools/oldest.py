"""Prints the oldest versions that pyproject.toml allows, as constraints for pip: `python -m tools.oldest`.

To try them: pip install -e '.[notebooks,test]' -c FILE in an environment of its own, with Python 3.11.
"""

import re
from pathlib import Path

from packaging.requirements import Requirement

PYPROJECT = Path(__file__).resolve().parents[1] / "pyproject.toml"


def requirements() -> list[Requirement]:
    """Every requirement of pyproject.toml; read as text, since Python 3.10 has no tomllib."""
    text = PYPROJECT.read_text(encoding="utf-8")
    lists = re.findall(r"^(?:dependencies|notebooks|test) = \[\n(.*?)^\]", text, re.M | re.S)
    return [Requirement(line) for block in lists for line in re.findall(r'^\s+"([^"]+)"', block, re.M)]


def oldest(requirement: Requirement) -> str:
    """The line that holds pip to the first release that is allowed: numpy>=1.26 -> numpy==1.26."""
    lower = next(one.version for one in requirement.specifier if one.operator in (">=", "=="))
    return f"{requirement.name}=={lower}"


def main() -> None:
    for requirement in requirements():
        print(oldest(requirement))


if __name__ == "__main__":
    main()
