"""Which language a reader sees, and what a text says in it."""

import polib
import pytest

from lenet_edu.cli.main import main
from lenet_edu.system import language as languages
from lenet_edu.system.errors import LenetError
from lenet_edu.system.language import LANGUAGES, LOCALE, Text, language, shown, translate, use


@pytest.fixture(autouse=True)
def _surroundings(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    yield
    use(None)


@pytest.fixture
def _catalogue(monkeypatch, tmp_path):
    """A catalogue of our own in place of the package's."""
    folder = tmp_path / "locale" / "zh" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "lenet_edu.po").write_text(
        'msgid ""\nmsgstr "Language: zh\\n"\n\n#: cli/data.py widgets/predict.js\n'
        'msgid "{count} errors\\n"\n"of {all}"\nmsgstr "{all} 个中有 {count} 个\\n"\n"错误 \\\\ \\""\n\n'
        '#, fuzzy\nmsgid "Fuzzy"\nmsgstr "旧"\n\nmsgid "Empty"\nmsgstr ""\n\n'
        '#~ msgid "Gone"\n#~ msgstr "无"\n',
        encoding="utf-8",
    )
    monkeypatch.setattr(languages, "LOCALE", tmp_path / "locale")
    for cached in (languages.translations, languages.script_translations):
        cached.cache_clear()
    yield
    for cached in (languages.translations, languages.script_translations):
        cached.cache_clear()


def test_the_language_is_the_one_asked_for_then_the_notebooks_then_the_systems(monkeypatch, tmp_path):
    monkeypatch.setenv("LANGUAGE", "zh_CN:en")
    assert language() == "zh"
    (tmp_path / "00_start_here.ipynb").touch()
    assert language() == "en"  # notebooks that lie in no folder of a language are English
    (tmp_path / "zh").mkdir()
    (tmp_path / "zh" / "00_start_here.ipynb").touch()
    monkeypatch.chdir(tmp_path / "zh")
    monkeypatch.setenv("LANGUAGE", "fr_FR")
    assert language() == "zh"
    monkeypatch.setenv("LENET_EDU_LANG", "en")
    assert language() == "en"
    use("zh")
    assert language() == "zh"


def test_a_language_that_there_is_not_is_an_error(monkeypatch, capsys):
    monkeypatch.setenv("LENET_EDU_LANG", "fr")
    with pytest.raises(LenetError, match="en or zh; got 'fr'"):
        language()
    assert main(["ledger"]) == 2
    assert "got 'fr'" in capsys.readouterr().err
    with pytest.raises(LenetError):
        use("klingon")


@pytest.mark.usefixtures("_catalogue")
def test_texts_are_translated_when_they_are_shown():
    text = Text("{count} errors\nof {all}", count=3, all=7)
    assert text == "3 errors\nof 7"  # as a str, in any language
    assert shown(text) == "3 errors\nof 7"
    use("zh")
    assert text == "3 errors\nof 7"
    assert shown(text) == '7 个中有 3 个\n错误 \\ "'
    assert shown("a plain str") == "a plain str"
    assert translate("Fuzzy") == "Fuzzy"
    assert translate("Empty") == "Empty"
    assert translate("Gone") == "Gone"
    assert list(languages.script_translations("zh", "widgets/predict.js")) == ["{count} errors\nof {all}"]
    assert languages.script_translations("zh", "widgets/c3_table.js") == {}


@pytest.mark.usefixtures("_catalogue")
def test_a_text_within_a_text_is_translated_with_it():
    use("zh")
    outer = Text("It has {what}.", what=Text("{count} errors\nof {all}", count=1, all=2))
    assert shown(outer) == 'It has 2 个中有 1 个\n错误 \\ ".'


@pytest.mark.parametrize("name", [name for name in LANGUAGES if name != "en"])
def test_catalogues_are_read_as_polib_reads_them(name):
    file = polib.pofile(str(LOCALE / name / "LC_MESSAGES" / "lenet_edu.po"))
    assert languages.translations(name) == {entry.msgid: entry.msgstr for entry in file.translated_entries()}
    assert len(file) > 0


def test_the_command_line_speaks_the_language_that_it_is_asked_for(capsys):
    for arguments in (["--lang", "zh", "ledger", "--help"], ["ledger", "--lang=zh", "--help"]):
        with pytest.raises(SystemExit):
            main(arguments)
        assert "每个形状" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        main(["ledger", "--help"])
    assert "Every shape" in capsys.readouterr().out
