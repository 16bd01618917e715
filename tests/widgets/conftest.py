"""What the browser tests of a module share: a JupyterLab of its own, and pages with one widget."""

import re
from contextlib import contextmanager

import pytest

from tests.browser import dark_lab, widget_page, write_notebook
from tests.widgets.gallery import SETUP


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The folder of the module's notebooks."""
    return tmp_path_factory.mktemp("widgets")


@pytest.fixture(scope="module")
def lab(folder):
    """The address of a JupyterLab in the dark theme; test_lab looks at widgets in the light one."""
    with dark_lab(folder) as address:
        yield address


@pytest.fixture
def opened(lab, folder, request):
    """opened(source, ...): a page whose first cell shows the widget `w` that the source makes.

    It is as wide as the module's WIDTH, in pixels, or 1200.
    """
    width = getattr(request.module, "WIDTH", 1200)

    @contextmanager
    def page_with(source, *more, **options):
        name = re.sub(r"\W", "_", request.node.name) + ".ipynb"
        write_notebook(folder / name, f"{SETUP}w = {source}\nw", *more)
        with widget_page(lab, name, viewport={"width": width, "height": 1000}, **options) as page:
            yield page

    return page_with
