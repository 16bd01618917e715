"""Translations of the notebooks and of the package: `python -m tools.translations COMMAND`.

extract   writes new and changed English texts into the catalogues
check     says what is missing, what has changed and what does not agree with the English
export    texts of a notebook, or of the package (lenet_edu), as Markdown, to be written over
import    takes the translations from such a file
"""

import argparse
import hashlib
import re
import sys
from pathlib import Path

from tools.translations import agreement, catalogue, notebooks, sources, terms, typography

_MARK = "<!-- text {} -->"


def export(name: str, language: str) -> str:
    """The notebook's texts as Markdown: what there is of the translation, and English where there is none."""
    file = sources.extract(name, language)
    blocks = []
    for entry in file:
        if not entry.obsolete:
            changed = "<!-- the English has changed -->\n" if entry.fuzzy else ""
            blocks.append(f"{_MARK.format(_mark(entry))}\n{changed}{entry.msgstr or entry.msgid}\n")
    return "\n".join(blocks)


def take_in(name: str, language: str, text: str) -> int:
    """Put the texts of such a file into the catalogue, but for those that are still English; how many."""
    file = sources.extract(name, language)
    entries = {_mark(entry): entry for entry in file if not entry.obsolete}
    parts = re.split(_MARK.format(r"(\S+)") + "\n", text)
    taken = 0
    for context, translation in zip(parts[1::2], parts[2::2], strict=True):
        if context not in entries:
            raise SystemExit(f"{name} has no text {context}; export it anew.")
        entry = entries[context]
        translation = translation.replace("<!-- the English has changed -->\n", "").strip("\n")
        if translation not in ("", entry.msgid, entry.msgstr) or (
            entry.fuzzy and translation != entry.msgstr
        ):
            entry.msgstr, entry.flags, entry.previous_msgid = translation, [], None
            taken += 1
    catalogue.write(sources.path_of(name, language), file)
    return taken


def _mark(entry) -> str:
    """What names a text: the cell's id, else a digest of the English."""
    return entry.msgctxt or hashlib.sha256(entry.msgid.encode()).hexdigest()[:8]


def faults(name: str, language: str) -> list[str]:
    """What is wrong in the translated texts of one notebook, or of the package."""
    wrong = []
    for entry in sources.extracted(name, language):
        if entry.obsolete or entry.fuzzy or not entry.msgstr:
            continue
        found = agreement.faults(entry.msgid, entry.msgstr, entry.tcomment)
        if language == "zh":
            found += typography.faults(entry.msgstr, markdown=name != sources.PACKAGE)
        wrong += [f"{language}/{name} {_mark(entry)}: {fault}" for fault in found]
    return wrong


def warnings(name: str, language: str) -> list[str]:
    """Terms that are translated otherwise than in the list."""
    listed = terms.read(language)
    return [
        f"{language}/{name} {_mark(entry)}: {warning}"
        for entry in sources.extracted(name, language)
        if not entry.obsolete and entry.msgstr
        for warning in terms.warnings(entry.msgid, entry.msgstr, listed)
    ]


def check(names: list[str]) -> int:
    """Print the state of the notebooks; the exit status, 1 if anything is wrong."""
    status = 0
    for language in sources.languages():
        for name in names:
            texts = sources.extracted(name, language)
            missing, fuzzy = len(catalogue.missing(texts)), len(catalogue.fuzzy(texts))
            count = sum(not entry.obsolete for entry in texts)
            print(
                f"{language}/{name}: {count - missing} of {count} texts translated, {fuzzy} to be read again"
            )
            wrong = faults(name, language)
            for line in [*wrong, *(f"term? {warning}" for warning in warnings(name, language))]:
                print(f"  {line}")
            status |= bool(wrong or (notebooks.edition(name, language).exists() and (missing or fuzzy)))
    return status


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        prog="python -m tools.translations",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    for command in ("extract", "check"):
        one = commands.add_parser(command)
        one.add_argument("names", nargs="*", metavar="NN_name", help="only these (default: every one)")
    for command in ("export", "import"):
        one = commands.add_parser(command)
        one.add_argument("name", metavar="NN_name")
        one.add_argument("file", type=Path)
        one.add_argument("--language", default="zh")
    options = parser.parse_args()
    names = [options.name] if "name" in options else options.names or sources.names()
    unknown = sorted(set(names) - set(sources.names()))
    if unknown:
        parser.error(f"nothing of that name: {', '.join(unknown)}; there are {', '.join(sources.names())}")
    if options.command == "check":
        return check(names)
    if options.command == "extract":
        for language in sources.languages():
            for name in names:
                sources.extract(name, language)
    elif options.command == "export":
        options.file.write_text(export(options.name, options.language), encoding="utf-8")
    else:
        text = options.file.read_text(encoding="utf-8")
        print(f"{take_in(options.name, options.language, text)} texts taken in")
        return check(names)
    return 0


if __name__ == "__main__":
    sys.exit(main())
