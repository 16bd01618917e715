"""How Chinese is set: full-width punctuation, blanks beside Latin letters and digits, bold that is seen."""

import re

_HAN = "\u3400-\u9fff"
_FULL = "\uff0c\u3002\uff1b\uff1a\uff01\uff1f\u3001\uff08\uff09\u201c\u201d\u300a\u300b"
_LATIN = "A-Za-z0-9$`{}"

_RULES = {
    "a blank between Chinese and Latin letters, digits, code, formulas or placeholders": (
        f"[{_HAN}][{_LATIN}]|[{_LATIN}][{_HAN}]"
    ),
    "full-width punctuation in Chinese": (
        f'[{_HAN}](?:[,;:!?("]|\\.(?!\\w))|[,;:!?"] ?[{_HAN}]|\\)[{_HAN}]|\\((?=[{_HAN}])'
    ),
    "no blank beside full-width punctuation": f"[{_FULL}] +[{_HAN}A-Za-z0-9]|[{_HAN}A-Za-z0-9] +[{_FULL}]",
}
_BROKEN_PARAGRAPH = {
    "no line break within a paragraph": f"[{_HAN}{_FULL}]\n(?!\\d+\\. )[{_HAN}{_FULL}A-Za-z0-9$`]"
}
# Behind punctuation, Markdown takes ** for the end of bold only if a blank or punctuation follows.
_BOLD = re.compile(r"\*\*[^\n]+?\*\*(?!\*)")
_LOST_BOLD = re.compile(f".*[{_FULL}.!?:]\\*\\*[{_HAN}A-Za-z0-9]")


def faults(text: str, markdown: bool = True) -> list[str]:
    """Places where the text is not set as it should be; plain text, as of figures, may break lines."""
    rules = _RULES | (_BROKEN_PARAGRAPH if markdown else {})
    text = re.sub(r"^```.*?^```", "", text, flags=re.M | re.S)
    text = re.sub(r"\$\$.+?\$\$", "", text, flags=re.S)
    lost = [
        f"{bold[0]!r} is not shown in bold: put a blank behind it"
        for bold in _BOLD.finditer(text)
        if _LOST_BOLD.fullmatch(text[bold.start() : bold.end() + 1])
    ]
    text = re.sub(r"`[^`\n]+`", "`", re.sub(r"\$[^$\n]+\$", "$", text))
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)
    return lost + [
        f"{rule}: {text[max(0, place.start() - 6) : place.end() + 6]!r}"
        for rule, pattern in rules.items()
        for place in re.finditer(pattern, text if rule.startswith("no blank") else text.replace("*", ""))
    ]
