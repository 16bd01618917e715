"""The glossary: one source for the page and for the bold words of the notebooks."""

import re
from collections import Counter

import nbformat
import pytest

from lenet_edu.exercises.glossary import TERMS
from lenet_edu.system.language import translations
from tools.notebooks import build, glossary
from tools.translations import sources


@pytest.mark.slow
@pytest.mark.parametrize("language", ["en", *sources.languages()])
def test_the_page_is_what_the_source_makes(language):
    there = nbformat.read(glossary.page(language), as_version=4)
    assert there == glossary.notebook(language), "run `make pages`"


@pytest.mark.slow
@pytest.mark.parametrize("language", sources.languages())
def test_a_translated_page_has_every_term_in_both_languages(language):
    text = "\n".join(cell.source for cell in glossary.notebook(language).cells)
    rows = re.findall(r"^\| \*\*(.+?)\*\*.+?\| \*\*(.+?)\*\*: .+ \|$", text, flags=re.M)
    terms = {str(term) for terms in TERMS.values() for term in terms}
    assert {english for _, english in rows} == terms
    assert all(own == translations(language)[english] for own, english in rows)


def test_no_term_is_explained_twice():
    counted = Counter(term.lower() for terms in TERMS.values() for term in terms)
    assert set(counted.values()) == {1}


def test_every_explanation_is_whole_sentences():
    for terms in TERMS.values():
        for meaning in terms.values():
            assert meaning[0].isupper()
            assert meaning.endswith(".")


@pytest.mark.slow
def test_the_page_links_to_where_each_term_is_explained():
    text = "\n".join(cell.source for cell in glossary.notebook().cells)
    linked = re.findall(r"First in \[[^\]]+\]\(([\w]+)\.ipynb\)", text)
    assert len(linked) == sum(map(len, TERMS.values()))
    assert set(linked) <= set(build.names())
