"""Terms and their translations: notebooks/locale/LANGUAGE/terms.tsv, and whether a text keeps to them."""

import re
from pathlib import Path

LOCALE = Path(__file__).resolve().parents[2] / "notebooks" / "locale"


def read(language: str) -> dict[str, list[str]]:
    """The translations that each English term may have; several are separated by a bar."""
    lines = (LOCALE / language / "terms.tsv").read_text(encoding="utf-8").splitlines()
    pairs = (line.split("\t") for line in lines if line and not line.startswith("#"))
    return {term: translations.split("|") for term, translations in pairs}


def warnings(english: str, translation: str, terms: dict[str, list[str]]) -> list[str]:
    """Terms that the English has and whose translation is missing."""
    english = re.sub(r"`[^`]*`|\$[^$]*\$|\]\([^)]*\)|\{\w+[^}]*\}", " ", english).lower()
    absent = []
    for term in sorted(terms, key=len, reverse=True):  # "max pooling" before "pooling"
        pattern = rf"\b{re.escape(term.lower())}(?:s|es)?\b"
        if re.search(pattern, english):
            english = re.sub(pattern, " ", english)
            if not any(wanted in translation for wanted in terms[term]):
                absent.append(f"{term}: expected {' or '.join(terms[term])}")
    return absent
