"""What a text and its translation have in common: numbers, formulas, code, links, placeholders, structure."""

import re
from collections import Counter

_FENCED = re.compile(r"^```.*?^```", flags=re.M | re.S)
_DISPLAY = re.compile(r"\$\$.+?\$\$", flags=re.S)
_INLINE = re.compile(r"(?<![\\$])\$[^$\n]+?\$")
_CODE = re.compile(r"`[^`\n]+`")
_LINK = re.compile(r"\[[^\]]*\]\(([^)]*)\)")
_PLACEHOLDER = re.compile(r"(?<!\{)\{([A-Za-z_]\w*)[^{}]*\}(?!\})")
_WORDS_IN_FORMULA = re.compile(r"\\(?:text|mathrm|textbf)\{[^}]*\}")
_NUMBER_WORDS = {
    0: "zero",
    1: "one once first a an single",
    2: "two twice both second half",
    3: "three third",
    4: "four fourth quarter",
    5: "five fifth",
    6: "six sixth",
    7: "seven seventh",
    8: "eight eighth",
    9: "nine ninth",
    10: "ten tenth",
    11: "eleven",
    12: "twelve dozen",
    13: "thirteen",
    14: "fourteen",
    15: "fifteen",
    16: "sixteen",
    17: "seventeen",
    18: "eighteen",
    19: "nineteen",
    20: "twenty",
    30: "thirty",
    40: "forty",
    50: "fifty",
    60: "sixty",
    80: "eighty",
    90: "ninety",
    100: "hundred",
    1000: "thousand",
}
# A translator's comment that begins so allows other numbers in this text, and says why.
OTHER_NUMBERS = "other numbers:"


def faults(english: str, translation: str, comment: str = "") -> list[str]:
    """What the translation lacks, or has and should not; empty if both agree."""
    parts = {
        "formulas": formulas,
        "code": code,
        "links": links,
        "placeholders": placeholders,
        "headings": headings,
        "rows of tables": lambda text: Counter(re.findall(r"^ *(\|)", text, flags=re.M)),
        "items of lists": lambda text: Counter(re.findall(r"^ *([-*]|\d+\.) ", text, flags=re.M)),
        "bold": lambda text: Counter({"**": text.count("**")}),
    }
    different = ((name, find(english), find(translation)) for name, find in parts.items())
    found = [
        f"{name}: {_listed(there)} in the English, {_listed(here)} in the translation"
        for name, there, here in different
        if there != here
    ]
    if not comment.startswith(OTHER_NUMBERS):
        lacking = numbers(english) - numbers(translation)
        added = numbers(translation) - numbers(english) - numbers_in_words(english)
        found += [f"number {number} is not in the translation" for number in sorted(lacking)]
        found += [f"number {number} is not in the English" for number in sorted(added)]
    return found


def numbers_in_words(text: str) -> set[str]:
    """Numbers that an English text spells out, as "sixteen": in a translation they may be figures."""
    words = set(re.findall(r"[a-z]+", text.lower()))
    return {str(number) for number, spelt in _NUMBER_WORDS.items() if words & set(spelt.split())}


def numbers(text: str) -> set[str]:
    """Numbers in the prose, apart from those in formulas, code and links, without separators."""
    text = _without(text, _FENCED, _DISPLAY, _INLINE, _CODE, _PLACEHOLDER)
    text = re.sub(r"\]\([^)]*\)", "]", text)
    text = re.sub(r"(\d\d)(\d)0s\b", lambda d: f"{int(d[1]) + 1} {d[2]}0", text)  # 1980s: 20 世纪 80 年代
    text = re.sub(r"^ *\d+\. ", "", text, flags=re.M)
    return {number.replace(",", "") for number in re.findall(r"\d+(?:,\d{3})+|\d+(?:\.\d+)?", text)}


def formulas(text: str) -> Counter:
    """Formulas without blanks and words in them: those set apart with their count, others once each."""
    text = _without(text, _FENCED)
    apart = Counter(_bare(formula) for formula in _DISPLAY.findall(text))
    return apart | Counter({_bare(formula): 1 for formula in _INLINE.findall(_without(text, _DISPLAY))})


def code(text: str) -> Counter:
    """Blocks of code with their count, and spans of code, once each."""
    spans = dict.fromkeys(_CODE.findall(_without(text, _FENCED)), 1)
    return Counter(_FENCED.findall(text)) | Counter(spans)


def links(text: str) -> Counter:
    """Where the links lead."""
    return Counter(_LINK.findall(text))


def placeholders(text: str) -> set[str]:
    """Names in braces that are filled in when the text is shown; braces in formulas are none."""
    return set(_PLACEHOLDER.findall(_without(text, _FENCED, _DISPLAY, _INLINE, _CODE)))


def headings(text: str) -> list[str]:
    """The levels of the headings, in order."""
    return re.findall(r"^(#+) ", _without(text, _FENCED), flags=re.M)


def _bare(formula: str) -> str:
    return re.sub(r"\s", "", _WORDS_IN_FORMULA.sub(r"\\text{}", formula))


def _without(text: str, *patterns: re.Pattern) -> str:
    for pattern in patterns:
        text = pattern.sub(" ", text)
    return text


def _listed(parts) -> str:
    if isinstance(parts, Counter):
        parts = parts.elements()
    return ", ".join(sorted(part.strip() for part in parts)) or "none"
