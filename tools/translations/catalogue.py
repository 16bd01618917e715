"""Files of translations: a text that is new, changed or gone in the English is brought into them.

A changed text keeps its translation, marked fuzzy, with the English that it was made for beside it.
Obsolete translations stay at the end of the file, so that nothing is lost when a text comes back.
polib reads and writes the files: unlike Babel, it keeps the previous English of a fuzzy text.
"""

from collections.abc import Iterable
from difflib import SequenceMatcher
from pathlib import Path
from typing import NamedTuple

import polib

from lenet_edu.system.files import write_atomically

# How alike two texts must be (of 1) for the one to count as a later version of the other.
ALIKE = 0.5


class Text(NamedTuple):
    """A text to translate; `context` tells equal texts apart and `places` names where it stands."""

    english: str
    context: str | None = None
    places: tuple[str, ...] = ()


def read(path: Path, language: str) -> polib.POFile:
    """The catalogue at `path`; a new one if there is none."""
    if path.exists():
        return polib.pofile(path.read_text(encoding="utf-8"), encoding="utf-8")
    catalogue = polib.POFile(encoding="utf-8")
    catalogue.metadata = {
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
        "Language": language,
        "MIME-Version": "1.0",
        "Project-Id-Version": "lenet_edu",
    }
    return catalogue


def write(path: Path, catalogue: polib.POFile) -> None:
    """Write the catalogue, in one step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, (str(catalogue).strip() + "\n").encode())


def bring_up_to_date(catalogue: polib.POFile, texts: Iterable[Text]) -> polib.POFile:
    """The catalogue with exactly these texts, in this order, with the translations of the old one."""
    old = {_key(entry): entry for entry in catalogue}
    texts = list(texts)
    new = polib.POFile(encoding="utf-8")
    new.metadata = catalogue.metadata
    current = {(text.context, text.english) for text in texts}
    unused = [entry for key, entry in old.items() if key not in current and entry.msgstr]
    for text in texts:
        entry = polib.POEntry(msgid=text.english, msgctxt=text.context)
        entry.occurrences = [(place, "") for place in text.places]
        same = old.get((text.context, text.english))
        if same is not None:
            entry.msgstr, entry.tcomment = same.msgstr, same.tcomment
            entry.flags, entry.previous_msgid = same.flags, same.previous_msgid
            entry.previous_msgctxt = same.previous_msgctxt
        elif unused and (before := max(unused, key=lambda one: _alikeness(one.msgid, text.english))):
            _take_over(entry, before, unused)
        new.append(entry)
    for entry in unused:
        entry.obsolete = True
        entry.occurrences = []
        new.append(entry)
    return new


def missing(catalogue: polib.POFile) -> list[polib.POEntry]:
    """The entries without a translation."""
    return [entry for entry in catalogue if not entry.obsolete and not entry.msgstr]


def fuzzy(catalogue: polib.POFile) -> list[polib.POEntry]:
    """The entries whose English has changed since they were translated."""
    return [entry for entry in catalogue if not entry.obsolete and entry.fuzzy]


def is_complete(catalogue: polib.POFile) -> bool:
    """True if every text is translated, for the English that there is now."""
    return bool(len(catalogue)) and not missing(catalogue) and not fuzzy(catalogue)


def _take_over(entry: polib.POEntry, before: polib.POEntry, unused: list[polib.POEntry]) -> None:
    """Give a changed text the translation of the text that it was."""
    alikeness = _alikeness(before.msgid, entry.msgid)
    if alikeness < ALIKE:
        return
    unused.remove(before)
    entry.msgstr, entry.tcomment = before.msgstr, before.tcomment
    if alikeness < 1 or before.fuzzy:
        entry.flags = ["fuzzy"]
        entry.previous_msgid = before.previous_msgid or before.msgid


def _alikeness(a: str, b: str) -> float:
    return SequenceMatcher(None, a, b, autojunk=False).ratio()


def _key(entry: polib.POEntry) -> tuple[str | None, str]:
    return entry.msgctxt, entry.msgid
