"""Writes the package's Chinese font, of just the letters that its texts need.

`python -m tools.font FONT`, where FONT is Noto Sans SC as OpenType, under the SIL Open Font License:
NotoSansSC-Regular.otf of the package `pylopdf-fonts-zh-cn` on PyPI, which also has the licence. Figures take
ours where a machine has no font with Chinese. Do it again when the texts have new letters: a test says so.
"""

import argparse
from pathlib import Path

from fontTools.subset import Options, Subsetter, load_font, save_font

from lenet_edu.plots.style import BUNDLED_FONT
from tools.translations import sources

FAMILY = "Lenet Edu SC"


def letters() -> set[str]:
    """All letters of the texts that Python says, and may draw; what JavaScript says is shown by a browser."""
    entries = (entry for language in sources.languages() for entry in sources.read(sources.PACKAGE, language))
    drawn = (entry for entry in entries if any(place.endswith(".py") for place, _ in entry.occurrences))
    return {letter for entry in drawn for letter in entry.msgstr if letter.isprintable()}


def write(source: Path, target: Path = BUNDLED_FONT) -> None:
    """Write the subset of the font, under a name of its own so that nothing takes it for the whole."""
    options = Options()
    options.name_IDs, options.name_languages = [0, 1, 2, 3, 4, 5, 6, 13, 14], ["*"]
    options.layout_features, options.hinting, options.desubroutinize = [], False, False
    font = load_font(str(source), options)
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=map(ord, letters()))
    subsetter.subset(font)
    names = {1: FAMILY, 3: f"{FAMILY} Regular", 4: FAMILY, 6: FAMILY.replace(" ", "")}
    for record in font["name"].names:
        if record.nameID in names:
            record.string = names[record.nameID]
    if "CFF " in font:
        font["CFF "].cff.fontNames = [names[6]]
    target.parent.mkdir(exist_ok=True)
    save_font(font, str(target), options)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("font", type=Path, help="the whole font, .otf or .ttf")
    options = parser.parse_args()
    write(options.font)
    print(
        f"written: {BUNDLED_FONT.name}, {BUNDLED_FONT.stat().st_size / 1000:.0f} kB, {len(letters())} letters"
    )


if __name__ == "__main__":
    main()
