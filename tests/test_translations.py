"""Translations of the notebooks: kept up to date, in agreement with the English, built with the same code."""

import ast
import re
from copy import deepcopy

import nbformat
import polib
import pytest

from tools.notebooks import build
from tools.translations import __main__ as command
from tools.translations import agreement, catalogue, notebooks, sources, terms, typography

EDITIONS = [
    (name, language)
    for language in sources.languages()
    for name in build.names()
    if notebooks.edition(name, language).exists()
]
TRANSLATIONS = [(name, language) for language in sources.languages() for name in sources.names()]


def translated(*pairs: tuple[str, str, str]) -> polib.POFile:
    """A catalogue of (context, English, translation)."""
    file = polib.POFile()
    file.extend(polib.POEntry(msgctxt=c, msgid=english, msgstr=text) for c, english, text in pairs)
    return file


@pytest.mark.parametrize(("name", "language"), EDITIONS)
def test_an_edition_is_translated_whole_and_built_from_what_there_is(name, language):
    texts = sources.extracted(name, language)
    assert [entry.msgid for entry in catalogue.missing(texts)] == [], (
        "translate it: notebooks/locale/README.md"
    )
    assert [entry.msgid for entry in catalogue.fuzzy(texts)] == [], "the English has changed: read it again"
    made = notebooks.compose(name, language)
    there = nbformat.read(notebooks.edition(name, language), as_version=4)
    assert [(c.id, c.source) for c in there.cells] == [(c.id, c.source) for c in made.cells], (
        "run `make notebooks`"
    )


@pytest.mark.parametrize(("name", "language"), EDITIONS)
def test_an_edition_has_the_code_of_the_english_notebook(name, language):
    there = nbformat.read(notebooks.edition(name, language), as_version=4)
    code = [[c.source for c in book.cells if c.cell_type == "code"] for book in (there, build.read(name))]
    assert code[0] == code[1]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "language"), TRANSLATIONS)
def test_translations_agree_with_the_english(name, language):
    assert command.faults(name, language) == []


@pytest.mark.slow
@pytest.mark.parametrize("language", sources.languages())
def test_the_package_is_translated_whole(language):
    texts = sources.extracted(sources.PACKAGE, language)
    assert str(texts) == str(sources.read(sources.PACKAGE, language)), (
        "run python -m tools.translations extract"
    )
    assert [entry.msgid for entry in catalogue.missing(texts)] == []
    assert [entry.msgid for entry in catalogue.fuzzy(texts)] == []


@pytest.mark.parametrize("path", sorted(sources.ROOT.rglob("*.py")), ids=lambda path: path.stem)
def test_texts_stand_in_the_code_as_a_whole_and_their_values_have_names(path):
    """A text that is put together before it is translated has no entry; a value without a name has no place."""
    for call, text in sources.calls(path):
        where = f"line {call.lineno}: {ast.unparse(call)}"
        if isinstance(text, ast.JoinedStr):
            words = "".join(part.value for part in text.values if isinstance(part, ast.Constant))
            assert not re.search(r"[A-Za-z]{2}", words), where
        if isinstance(text, ast.Constant):
            given = {keyword.arg for keyword in call.keywords}
            assert not given or None in given or agreement.placeholders(text.value) == given, where


@pytest.mark.parametrize("path", sorted(sources.ROOT.rglob("*.js")), ids=lambda path: path.stem)
def test_texts_of_javascript_are_found_as_a_whole(path):
    """A text that is put together, or that stands within a template, would have no entry."""
    script = path.read_text(encoding="utf-8")
    called = re.findall(r"(?<![\w.])translate\((?!text\b|\w+\.textContent)", script)
    assert len(sources.javascript_texts(path)) == len(called)
    assert not re.search(r"(?<![\w.])translate\(\s*`", script)


def test_texts_of_javascript_are_joined_and_found_within_each_other(tmp_path):
    script = tmp_path / "some.js"
    script.write_text("translate('a ' + \"b\", { c: translate('d') }); // translate('e')", encoding="utf-8")
    assert sources.javascript_texts(script) == ["a b", "d"]


def test_changed_english_makes_the_translation_fuzzy_and_keeps_what_it_was_made_for():
    old = translated(("a", "One kernel for all.", "共用一个卷积核。"), ("b", "It stays.", "不变。"))
    new = catalogue.bring_up_to_date(
        old, [catalogue.Text("It stays.", "b"), catalogue.Text("One small kernel for all.", "c")]
    )
    stays, changed = new
    assert (stays.msgstr, stays.fuzzy) == ("不变。", False)
    assert (changed.msgctxt, changed.msgstr, changed.fuzzy) == ("c", "共用一个卷积核。", True)
    assert changed.previous_msgid == "One kernel for all."
    assert not catalogue.is_complete(new)
    again = catalogue.bring_up_to_date(
        polib.pofile(str(new)), [catalogue.Text("One small kernel for all.", "c")]
    )
    assert again[0].previous_msgid == "One kernel for all."


def test_a_text_that_goes_is_not_lost_and_comes_back_with_its_translation():
    old = translated(("a", "A text that goes.", "会消失的文本。"))
    gone = catalogue.bring_up_to_date(old, [catalogue.Text("Quite other 1234567890", "x")])
    assert [entry.msgid for entry in catalogue.missing(gone)] == ["Quite other 1234567890"]
    back = catalogue.bring_up_to_date(polib.pofile(str(gone)), [catalogue.Text("A text that goes.", "a")])
    assert catalogue.is_complete(back)
    assert back[0].msgstr == "会消失的文本。"


@pytest.mark.parametrize(
    ("english", "translation", "fault"),
    [
        ("It has 156 parameters.", "它有 165 个参数。", "number 156"),
        ("It has two maps.", "它有 3 个特征图。", "number 3"),
        ("Multiply by $a_1$.", "乘以 $a_2$。", "formulas"),
        ("Call `fit`.", "调用 `fits`。", "code"),
        ("See [02](02_c1.ipynb).", "见 [02](03_s2.ipynb)。", "links"),
        ("{count} errors", "{number} 个错误", "placeholders"),
        ("## Head\n\nText", "标题\n\n文本", "headings"),
        ("- a\n- b", "- 甲", "items of lists"),
        ("A **kernel** slides.", "卷积核滑动。", "bold"),
    ],
)
def test_a_translation_that_says_something_else_is_a_fault(english, translation, fault):
    assert any(fault in found for found in agreement.faults(english, translation))
    assert agreement.faults(english, english) == []


def test_numbers_may_be_spelt_out_on_one_side_and_decades_are_known():
    assert agreement.faults("In the 1980s sixteen maps", "20 世纪 80 年代的 16 个特征图") == []
    assert agreement.faults("from zero on", "从 0 起") == []
    assert agreement.faults("November 1998", "1998 年 11 月", "other numbers: a month") == []


@pytest.mark.parametrize(
    "text",
    [
        "C1层",
        "第 5层",
        "卷积,池化",
        "卷积(池化)",
        "卷积， 池化",
        "使用`fit`训练",
        "**1. 计算。**输入",
        "**卷积**先做。**1. 计算。**输入",
        "一段\n文字",
        "{count}个错误",
    ],
)
def test_faults_of_setting_are_seen(text):
    assert typography.faults(text)


def test_well_set_chinese_has_no_fault():
    text = "## 05 · S4\n\n**1. 计算。** 调用 `fit(1)`，得到 $x$ 个**特征图**（feature map），见 [02 C1](02_c1.ipynb)。\n\n- 1.5 倍：C1、S2"
    assert typography.faults(text) == []
    assert typography.faults("1. 先算卷积。\n2. 再算池化。") == []
    assert typography.faults("**卷积**先做，然后是池化。**池化**后做") == []
    assert typography.faults("图的\n标题", markdown=False) == []


def test_terms_are_looked_for_the_longest_first():
    listed = {"pooling": ["池化"], "max pooling": ["最大池化"]}
    assert terms.warnings("Max pooling", "池化", listed) == ["max pooling: expected 最大池化"]
    assert terms.warnings("Max pooling", "最大池化", listed) == []


def test_the_form_for_translators_gives_back_what_it_is_given(monkeypatch, tmp_path):
    monkeypatch.setattr(sources, "LOCALE", tmp_path)
    (tmp_path / "zh").mkdir()
    form = command.export("06_c5", "zh")
    assert command.take_in("06_c5", "zh", form) == 0
    first = sources.texts("06_c5")[0]
    assert command.take_in("06_c5", "zh", form.replace(first.english, "# 06 · C5")) == 1
    assert "# 06 · C5" in command.export("06_c5", "zh")
    assert len(catalogue.missing(sources.read("06_c5", "zh"))) == len(sources.texts("06_c5")) - 1


@pytest.mark.slow
def test_building_leaves_code_alone_and_keeps_links_within_the_edition(monkeypatch, tmp_path):
    monkeypatch.setattr(sources, "LOCALE", tmp_path / "locale")
    monkeypatch.setattr(build, "NOTEBOOKS", tmp_path)
    name = "05_s4"
    file = sources.extract(name, "zh")
    for entry in file:
        entry.msgstr = entry.msgid
    catalogue.write(sources.path_of(name, "zh"), file)
    made = notebooks.compose(name, "zh")
    assert "](../00_start_here.ipynb)" in made.cells[0].source  # which has no edition here
    (tmp_path / "zh").mkdir()
    (tmp_path / "zh" / "00_start_here.ipynb").touch()
    assert "](00_start_here.ipynb)" in notebooks.compose(name, "zh").cells[0].source
    executed = []
    monkeypatch.setattr(build, "execute", lambda notebook, folder: executed.append(folder))
    for cell in made.cells:
        if cell.cell_type == "code":
            cell.execution_count, cell.outputs = 1, []
    before = deepcopy(made)
    nbformat.write(before, notebooks.edition(name, "zh"))
    assert notebooks.bring_up_to_date(name, "zh") == "text renewed"
    assert notebooks.bring_up_to_date(name, "zh") == "up to date"
    assert executed == []
    assert notebooks.bring_up_to_date(name, "zh", anew=True) == "executed"
    assert executed == [tmp_path / "zh"]
