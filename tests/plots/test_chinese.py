"""Figures in Chinese: no letter without a shape, with fonts of the machine and with the own font alone."""

import logging
import warnings

import pytest
from matplotlib import font_manager, ft2font

from lenet_edu import plots
from lenet_edu.network.architecture import lenet5
from lenet_edu.network.ledger import ledger
from lenet_edu.plots import canvas, style
from lenet_edu.system.language import translations, use
from tools import font


@pytest.fixture
def _chinese():
    use("zh")
    yield
    use(None)


@pytest.fixture(params=["the machine's fonts", "the package's own"])
def _fonts(request, monkeypatch):
    style.installed_fonts.cache_clear()
    if request.param == "the package's own":
        manager = font_manager.fontManager
        monkeypatch.setattr(manager, "ttflist", [one for one in manager.ttflist if "CJK" not in one.name])
        monkeypatch.setattr(style, "FONTS", ("DejaVu Sans",))
        assert style.installed_fonts()[:2] == ["DejaVu Sans", font.FAMILY]
    yield
    style.installed_fonts.cache_clear()


@pytest.mark.slow
@pytest.mark.usefixtures("_chinese", "_fonts")
def test_no_letter_of_a_chinese_figure_lacks_a_shape(monkeypatch, network, digits, caplog):
    monkeypatch.setattr(canvas, "quiet", lambda: warnings.catch_warnings())
    caplog.set_level(logging.WARNING, logger="matplotlib")
    figures = [
        plots.parameters_and_connections(ledger(lenet5())),
        plots.network(network),
        plots.history({"LeNet-5": [{"epoch": 1, "train_loss": 1, "validation_loss": 2}
                                   | dict.fromkeys(("train_accuracy", "validation_accuracy"), 0.5)]}),
    ]  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for figure in figures:
            figure.canvas.draw()
    text = "".join(
        each.get_text()
        for figure in figures
        for each in figure.findobj(match=lambda a: hasattr(a, "get_text"))
    )
    assert "个参数" in text or "参数" in text
    assert "findfont" not in caplog.text


def test_the_packages_font_has_every_letter_of_its_texts_and_stays_small():
    missing = {ord(letter) for letter in font.letters()} - set(
        ft2font.FT2Font(style.BUNDLED_FONT).get_charmap()
    )
    assert not {chr(letter) for letter in missing if letter > 127}, "run python -m tools.font"
    assert style.BUNDLED_FONT.stat().st_size < 400_000
    assert "OPEN FONT LICENSE" in (style.BUNDLED_FONT.parent / "LICENSE.txt").read_text("utf-8").upper()


@pytest.mark.usefixtures("_chinese")
def test_titles_that_a_notebook_gives_are_drawn_in_chinese(monkeypatch):
    figure = plots.curves([0, 1], {"training": [1, 2]}, "Loss", "epoch", "loss")
    axis = figure.axes[0]
    assert axis.get_title(loc="left") == "损失"
    assert axis.get_xlabel() == "轮次"
    assert axis.get_legend().get_texts()[0].get_text() == translations("zh")["training"]
