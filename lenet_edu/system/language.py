"""The language that a reader sees: which one it is, and what a text says in it.

English stands in the code, `translate("{count} errors", count=3)`; translations in gettext's format are in
locale/LANGUAGE/LC_MESSAGES/lenet_edu.po. The file is read as translators edit it, not compiled to a .mo
beforehand: so nothing can be out of date, and what the script of a widget needs is found by the places that
stand beside each text. A text without a translation is shown in English.
"""

import json
import os
import re
import sys
from functools import lru_cache
from pathlib import Path
from typing import Any
from unicodedata import east_asian_width

# What each language calls itself. Another one is a line here, and a folder of translations.
LANGUAGES = {"en": "English", "zh": "中文"}
LOCALE = Path(__file__).resolve().parents[1] / "locale"

_chosen: str | None = None


class Text(str):
    """A text that is translated when it is shown, by `shown`: as a `str` it is English, in every language.

    So it can be made when a module is imported, and keys and recorded answers do not depend on the language.
    """

    template: str
    values: dict[str, Any]

    def __new__(cls, template: str, **values):
        """template: English, with names in braces for the `values`, as in `str.format`."""
        text = super().__new__(cls, template.format(**values) if values else template)
        text.template, text.values = template, values
        return text


def language() -> str:
    """The reader's language: what `use` set, else LENET_EDU_LANG, else the notebook's, else the system's.

    Raises LenetError if LENET_EDU_LANG names a language that there is not.
    """
    if _chosen:
        return _chosen
    asked = os.environ.get("LENET_EDU_LANG")
    if asked:
        _check(asked)
        return asked
    return _language_of_notebooks() or _language_of_system()


def use(name: str | None) -> None:
    """Show everything in this language from now on; None: in the one that the surroundings ask for.

    Raises LenetError if there is no such language.
    """
    global _chosen
    if name is not None:
        _check(name)
    _chosen = name


def translate(text: str, /, **values) -> str:
    """The text in the reader's language, with the values in place of the names in braces."""
    translation = translations(language()).get(text, text)
    if not values:
        return translation
    return translation.format(**{name: shown(value) for name, value in values.items()})


def translate_filled_in(text: str) -> str:
    """A text that a notebook's code has put together, as "map 3" of "map {k}", in the reader's language."""
    found = translations(language()).get(text)
    if found is not None:
        return found
    for pattern, translation in _patterns(language()):
        filled_in = pattern.fullmatch(text)
        if filled_in:
            return translation.format(**filled_in.groupdict())
    return text


@lru_cache
def _patterns(name: str) -> list[tuple[re.Pattern, str]]:
    """The texts with names in braces that notebooks put together, as patterns, with their translations."""
    patterns = []
    for english, translation, places in _entries(name):
        if "{" in english[1:] and any(place.startswith("notebooks/") for place in places):
            parts = re.split(r"\{(\w+)\}", english)
            parts[::2] = map(re.escape, parts[::2])
            parts[1::2] = (rf"(?P<{value}>\S+)" for value in parts[1::2])
            patterns.append((re.compile("".join(parts), re.S), translation))
    return patterns


def shown(value):
    """What a reader sees of a value: of a `Text` its translation, anything else as it is."""
    return translate(value.template, **value.values) if isinstance(value, Text) else value


def padded(text: str, width: int, right: bool = False) -> str:
    """The text with blanks up to `width` columns of a terminal, in which a Chinese letter takes two."""
    blanks = " " * (width - columns(text))
    return blanks + text if right else text + blanks


def columns(text: str) -> int:
    """How many columns of a terminal a text takes."""
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in text)


@lru_cache
def translations(name: str) -> dict[str, str]:
    """All that there is in a language, by the English; nothing for English itself."""
    return {english: text for english, text, _places in _entries(name)}


@lru_cache
def script_translations(name: str, script: str) -> dict[str, str]:
    """The translations of the texts in one file of JavaScript, as "widgets/predict.js", by the English."""
    return {english: text for english, text, places in _entries(name) if script in places}


def _entries(name: str) -> list[tuple[str, str, frozenset[str]]]:
    """The English, the translation and the files it stands in, for each text that is translated."""
    path = LOCALE / name / "LC_MESSAGES" / "lenet_edu.po"
    if not path.exists():
        return []
    entries = []
    for block in re.split(r"\n\s*\n", path.read_text(encoding="utf-8")):
        if re.search(r"^#, .*fuzzy|^#~", block, flags=re.M):
            continue
        fields = dict(re.findall(r'^(msgid|msgstr) ((?:".*"\n?)+)', block, flags=re.M))
        english, translation = (_unquoted(fields.get(field, "")) for field in ("msgid", "msgstr"))
        if english and translation:
            places = " ".join(re.findall(r"^#: (.*)", block, flags=re.M)).split()
            entries.append((english, translation, frozenset(places)))
    return entries


def _unquoted(lines: str) -> str:
    return "".join(
        json.loads(line) for line in lines.splitlines()
    )  # quotes and backslashes are C's, as JSON's


def _language_of_notebooks() -> str | None:
    """The language of the notebooks in the current folder, in which a kernel runs; None if there are none."""
    try:
        folder = Path.cwd()
        kinds = (folder.glob(f"{number}_*.ipynb") for number in ("[0-9][0-9]", "[A-Z]"))  # A: an appendix
        has_notebooks = any(next(kind, None) is not None for kind in kinds)
    except OSError:  # the folder is gone, or closed
        return None
    if not has_notebooks:
        return None
    return next((name for name in (folder.name, folder.parent.name) if name in LANGUAGES), "en")


def _language_of_system() -> str:
    names = (os.environ.get(name) for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"))
    asked = next(filter(None, names), None) or _language_of_windows()
    return asked[:2].lower() if asked[:2].lower() in LANGUAGES else "en"


def _language_of_windows() -> str:
    if sys.platform != "win32":
        return ""
    import ctypes
    import locale

    return locale.windows_locale.get(ctypes.windll.kernel32.GetUserDefaultUILanguage(), "")


def _check(name: str) -> None:
    from lenet_edu.system.errors import LenetError  # which is translated here

    global _chosen
    if name in LANGUAGES:
        return
    before, _chosen = _chosen, _chosen or "en"  # the language asked for cannot say that it is not there
    try:
        raise LenetError(
            "The language (--lang, LENET_EDU_LANG) must be {names}; got {name!r}.",
            names=" or ".join(LANGUAGES),
            name=name,
        )
    finally:
        _chosen = before
