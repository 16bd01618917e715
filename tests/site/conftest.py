"""Sites for the tests: the real one, and a small one of notebooks that are made up."""

import base64
import threading
from contextlib import contextmanager
from io import BytesIO

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from PIL import Image

from lenet_edu.site.builder import build_site
from lenet_edu.site.serve import make_server
from lenet_edu.system.pages import WIDGET
from tests.browser import chromium


@contextmanager
def served(folder, mnist=None):
    """The address of a folder while it is served, with MNIST's files by their names if they are given."""
    server = make_server(folder, 0, mnist)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def png(colour, size=(40, 30)) -> str:
    """A picture as a notebook has it."""
    stream = BytesIO()
    Image.new("RGBA", size, colour).save(stream, "png")
    return base64.b64encode(stream.getvalue()).decode()


def code_cell(source, *outputs, **metadata):
    """A code cell that was run. outputs: bundles of a displayed result, or texts of the standard output."""
    made = [
        new_output("stream", name="stdout", text=output)
        if isinstance(output, str)
        else new_output("execute_result", data=output, execution_count=1)
        for output in outputs
    ]
    return new_code_cell(source, outputs=made, execution_count=1, metadata=metadata)


def write_notebook(path, *cells) -> None:
    """A notebook of cells; texts are Markdown."""
    made = [new_markdown_cell(cell) if isinstance(cell, str) else cell for cell in cells]
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(new_notebook(cells=made), path)


@pytest.fixture(scope="session")
def project(tmp_path_factory):
    """A small project: notebooks in two languages, an appendix, and a document that one links to."""
    root = tmp_path_factory.mktemp("project")
    drawn = {"image/png": png("navy", (900, 200)), "text/plain": "DrawDigit(empty)"}
    write_notebook(
        root / "notebooks" / "00_start_here.ipynb",
        "# 00 · Start here\n\n**What you will find out.** What a *seam* is.\n\nAnd more.",
        "## Zebras\n\nA café, and [the next](01_input.ipynb#Old-Anchor), [how fast](../docs/speed.md).",
        code_cell(
            "DrawDigit(network)", {**drawn, WIDGET: {"widget": "DrawDigit", "state": {"x": "</script>"}}}
        ),
    )
    write_notebook(
        root / "notebooks" / "01_input.ipynb",
        "# 01 · INPUT, the image\n\n**What you will find out.** Maths: $\\frac{a}{b}$.",
        "## Old Anchor\n\n$$y = \\sum_i w_i x_i + b$$\n\n| a | b |\n|---|---|\n| 1 | 2 |",
        code_cell("letter = 'zebra'\nprint(letter)", "zebra\n"),
        code_cell("answer = 42", tags=["solution"]),
    )
    write_notebook(
        root / "notebooks" / "appendices" / "more.ipynb", "# More\n\nBack to [INPUT](../01_input.ipynb)."
    )
    write_notebook(
        root / "notebooks" / "zh" / "00_start_here.ipynb",
        "# 00 · 从这里开始\n\n**你会发现。** 斑马。见[指南](../../docs/guide.zh.md)。",
        "## 斑马\n\n一家咖啡馆。",
        code_cell("plots.digit()", {"image/png": png("maroon")}),
    )
    (root / "docs").mkdir()
    (root / "docs" / "guide.md").write_text("# Guide\n\n[中文](guide.zh.md)\n")
    (root / "docs" / "guide.zh.md").write_text("# 指南\n\n[English](guide.md)\n", encoding="utf-8")
    (root / "docs" / "speed.md").write_text("# How fast\n\nSee [a script](../bench/speed.py).\n")
    return root


@pytest.fixture(scope="session")
def small_site(project, tmp_path_factory):
    """The small project's site."""
    folder = tmp_path_factory.mktemp("small") / "any" / "path"
    build_site(folder, project / "notebooks")
    return folder


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """The site of the project's own notebooks."""
    folder = tmp_path_factory.mktemp("whole") / "site"
    build_site(folder)
    return folder


@pytest.fixture(scope="module")
def browser():
    """A headless Chromium."""
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="module")
def address(site):
    """Where the real site is served."""
    with served(site.parent) as root:
        yield f"{root}{site.name}/"
