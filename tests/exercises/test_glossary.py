"""The glossary: one source for the page and for the bold words of the notebooks."""

import re
from collections import Counter

import nbformat
import pytest

from lenet_edu.exercises.glossary import TERMS
from tools.notebooks import build, glossary


@pytest.mark.slow
def test_the_page_is_what_the_source_makes():
    assert nbformat.read(glossary.PAGE, as_version=4) == glossary.notebook(), "run `make pages`"


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
