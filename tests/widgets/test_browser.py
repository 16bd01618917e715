"""Every widget in a real JupyterLab: act as a reader would, and compare what is shown with torch."""

import re
import time

import pytest
import torch

from lenet_edu import plots
from lenet_edu.data.picture_sets import draw_shapes
from lenet_edu.network import paper
from lenet_edu.network.architecture import lenet1989
from lenet_edu.network.layer_outputs import activations
from lenet_edu.network.models import LeNet5
from lenet_edu.widgets import C3Table, Convolution, DigitCodes, Subsampling
from tests.browser import (
    PATIENCE,
    needs_chromium,
    pixels,
    run_cell,
    said,
    shows,
)
from tests.widgets.helpers import THREE, draw

pytestmark = needs_chromium

STATE = "application/vnd.jupyter.widget-state+json"


# A cell that fails would take the next ones with it.
REFUSED = """
try:
    w.digit = 99
except ValueError as error:
    print(error)
"""


def is_red_where_positive(colours: torch.Tensor, values: torch.Tensor) -> bool:
    clear = values.abs() > 0.05 * values.abs().max()
    return bool(((colours[..., 0] > colours[..., 2]) == (values > 0))[clear].all())


def point_at(locator, row: int, column: int, rows: int, columns: int) -> None:
    box = locator.bounding_box()
    x, y = (column + 0.5) / columns * box["width"], (row + 0.5) / rows * box["height"]
    locator.hover(position={"x": x, "y": y})


def test_feature_maps_tell_each_units_value_and_field(opened, digits, network):
    outputs = activations(network, digits.images[3:4])
    with opened("FeatureMaps(network, digits, digit=3)", "print(w)") as page:
        for name, (map_, row, column) in {
            "C1": (4, 20, 7),
            "S2": (2, 6, 6),
            "C3": (11, 3, 8),
            "S4": (15, 1, 4),
        }.items():
            side = outputs[name].shape[-1]
            point_at(
                page.locator(f"[data-layer={name}] .lenet-small canvas").nth(map_), row, column, side, side
            )
            value = outputs[name][0, map_, row, column].item()
            shows(page.locator(".lenet-widget"), f"{name}, map {map_}, row {row}, column {column}")
            number = float(page.locator(".lenet-value").inner_text().split()[1])
            assert number == pytest.approx(value, abs=1e-5)
            assert page.locator(".lenet-how").inner_text().endswith(f"{value:.3f}")
            top, left, _, field = plots.field_squares(network.architecture, name, (row, column))["INPUT"]
            mark = page.locator("[data-layer=INPUT] .lenet-mark-field").evaluate(
                "mark => ['top', 'left', 'width'].map(name => parseFloat(mark.style[name]))"
            )
            assert mark == pytest.approx([100 * top / 32, 100 * left / 32, 100 * field / 32])
        canvas = page.locator("[data-layer=C1] canvas").nth(2)
        assert is_red_where_positive(pixels(canvas), outputs["C1"][0, 2])
        point_at(page.locator("[data-layer=OUTPUT] canvas"), 0, 8, 1, 10)
        assert float(page.locator(".lenet-value").inner_text().split()[1]) == pytest.approx(
            outputs["OUTPUT"][0, 8].item(), rel=1e-5
        )


def test_feature_maps_tell_what_comes_from_a_border(opened):
    """LeNet 1989: a unit of H2 in a corner, which reads eight maps of H1 and what is around them."""
    made = "FeatureMaps(LeNet1989(), digits.images[:, :, ::2, ::2], digit=3)"
    with opened(made, "print(w.outputs()['H2'][0, 11, 0, 3].item())") as page:
        point_at(page.locator("[data-layer=H2] .lenet-small canvas").nth(11), 0, 3, 4, 4)
        shows(page.locator(".lenet-widget"), "H2, map 11, row 0, column 3")
        # Of 25 inputs a map, 3 rows of 4 are there.
        shows(page.locator(".lenet-how"), f"(200 terms, {8 * (25 - 12)} of them the border's -1)")
        frame = "mark => ['top', 'left', 'height', 'width'].map(side => parseFloat(mark.style[side]))"
        field = page.locator("[data-layer=INPUT] .lenet-mark-field").evaluate(frame)
        squares = plots.field_squares(lenet1989(), "H2", (0, 3))
        assert field == [100 * side / 16 for side in squares["INPUT"]]
        feeds = page.locator("[data-layer=H1] .lenet-mark-feeds:not([hidden])")
        assert feeds.count() == 8
        assert feeds.first.evaluate(frame) == [100 * side / 8 for side in squares["H1"]]
        number = float(page.locator(".lenet-value").inner_text().split()[1])
        assert number == pytest.approx(float(said(page, 1)), abs=1e-5)


def test_feature_maps_are_chosen_by_click_key_and_python(opened, digits, network):
    with opened(
        "FeatureMaps(network, digits, digit=3)",
        "print(w)",
        "w.digit = 5",
        REFUSED,
        "w.activations = b'1234'",
    ) as page:
        # A click chooses the unit under it, here the first one.
        page.get_by_role("button", name="S2, map 1", exact=True).click(position={"x": 2, "y": 2})
        large = page.get_by_role("application")
        large.focus()
        page.keyboard.press("End")
        page.keyboard.press("ArrowDown")
        shows(page.locator(".lenet-widget"), "S2, map 1, row 1, column 13")
        assert said(page, 1) == "FeatureMaps(digit 3, LeNet-5 1998, S2)"
        run_cell(page, 2)
        shows(page.locator(".lenet-widget"), "5: a 5")
        value = activations(network, digits.images[5:6])["S2"][0, 1, 1, 13].item()
        shows(page.locator(".lenet-value"), f"{value:.5f}"[:6])
        run_cell(page, 3)
        shows(page.locator(".lenet-error"), "digit must be from 0 to 9; got 99")
        run_cell(page, 4)
        shows(page.locator(".lenet-error"), "activations: 36472 bytes were expected, 4 came")


def test_weights_of_several_networks_run_under_a_slider(opened):
    with opened('FeatureMaps({"before": LeNet5(), "after": network}, digits)', "print(w.weights)") as page:
        shows(page.locator(".lenet-widget"), "after")
        page.get_by_role("slider", name="weights").focus()
        page.keyboard.press("ArrowLeft")
        shows(page.locator(".lenet-widget"), "before")
        assert said(page, 1) == "before"


def test_convolution_steps_plays_and_computes_what_torch_does(opened, digits, network):
    same = Convolution(digits.images[3], network.C1)
    with opened("Convolution(digits.images[3], network.C1)", "print(w.place, len(w.kernel))") as page:
        page.get_by_label("kernel", exact=True).first.select_option("learned, map 2")
        same.kernel = network.C1.weight[2, 0].tolist()
        for _ in range(3):
            page.get_by_role("button", name="Step").click()
        shows(page.locator(".lenet-sum"), "row 0, column 3: ")
        total = float(page.locator(".lenet-sum").inner_text().split("= ")[-1])
        assert total == pytest.approx(same.output()[0, 3].item(), abs=1e-4)
        output = page.locator(".lenet-column").nth(3).locator("canvas")
        assert is_red_where_positive(pixels(output), same.output())
        page.get_by_role("slider", name="stride").focus()
        page.keyboard.press("ArrowRight")
        shows(page.locator(".lenet-widget"), "⌊(32 + 2 × 0 − 5) / 2⌋ + 1 = 14")
        page.get_by_label("row 0, column 0").fill("7.5")
        page.get_by_label("row 0, column 0").press("Enter")
        shows(page.locator(".lenet-sum"), "7.50")
        page.get_by_role("button", name="Play").click()
        page.wait_for_timeout(400)
        page.get_by_role("button", name="Pause").click()
        place, size = said(page, 1).rsplit(" ", 1)
        assert place != "[0, 3]"
        assert size == "5"


def test_a_kernel_takes_numbers_only(opened):
    with opened("Convolution(digits.images[3])", "w.kernel = [[1.0, 2.0]]") as page:
        page.get_by_label("row 0, column 0").fill("")
        page.get_by_label("row 0, column 0").press("Enter")
        shows(page.locator(".lenet-error"), "numbers only")
        run_cell(page, 1)
        shows(page.locator(".lenet-error"), "kernel must be square")


def test_c3_table_counts_what_is_clicked_and_gives_it_to_python(opened):
    with opened("C3Table()", "print(w, w.table[0, :3].tolist())") as page:
        shows(page.locator(".lenet-counts"), "= 1,516 parameters; × 100 places = 151,600 connections")
        page.get_by_label("map 0 of S2 to map 1 of C3").click()
        shows(page.locator(".lenet-counts"), "= 1,541 parameters")
        shows(page.locator(".lenet-reads"), "Map 1 of C3 reads the maps 0, 1, 2, 3 of S2.")
        page.keyboard.press("ArrowRight")
        page.keyboard.press("Enter")
        assert said(page, 1) == "C3Table(62 links, 1,566 parameters) [True, True, True]"
        page.get_by_role("button", name="full").click()
        shows(page.locator(".lenet-counts"), "= 2,416 parameters")
        page.get_by_role("button", name="random").click()
        shows(page.locator(".lenet-counts"), f"{C3Table().table.sum()} links")


def test_digit_codes_follow_equation_7_while_they_are_redrawn(opened, digits, network):
    same = DigitCodes(network, digits, digit=3)
    with opened("DigitCodes(network, digits, digit=3)", "print(w, w.decision)") as page:
        for code, distance in enumerate(same.distances().tolist()):
            shows(page.locator(".lenet-code").nth(code), f"{distance:.1f}")
        shows(page.locator(".lenet-verdict"), f"nearest: {same.decision}")
        code = page.locator(".lenet-code").nth(3).get_by_role("application")
        box = code.bounding_box()
        code.click(position={"x": box["width"] / 14, "y": box["height"] / 24})
        codes = [list(one) for one in same.codes]
        codes[3][0] *= -1
        same.codes = codes
        shows(page.locator(".lenet-code").nth(3), f"{same.distances()[3]:.1f}")
        assert (
            said(page, 1)
            == f"DigitCodes(digit 3, nearest code {same.decision}, 1 pixel changed) {same.decision}"
        )
        page.get_by_role("button", name="Reset the codes").click()
        shows(
            page.locator(".lenet-code").nth(3),
            f"{(same.units[3] - network.OUTPUT.codes[3]).square().sum():.1f}",
        )


def test_subsampling_paints_what_torch_computes(opened, digits, network):
    same = Subsampling(activations(network, digits.images[3:4])["C1"][0], coefficient=2, bias=6)
    with opened('Subsampling(activations(network, digits.images[3:4])["C1"][0])', "print(w)") as page:
        shows(page.locator(".lenet-votes"), "a blur")
        page.get_by_role("button", name="OR", exact=True).click()
        shows(page.locator(".lenet-votes"), "OR: one is enough")
        after = page.locator(".lenet-maps").nth(1).locator("canvas").nth(4)
        assert is_red_where_positive(pixels(after), same.output()[4])
        page.get_by_role("slider", name="bias").focus()
        page.keyboard.press("ArrowRight")
        shows(page.locator(".lenet-widget"), "6.01")
        assert said(page, 1) == "Subsampling(coefficient 2.00, bias 6.01)"


def test_a_drawn_digit_is_read_live_step_by_step(opened, folder):
    from PIL import Image

    with opened(
        "DrawDigit(network)",
        "print(w, w.network.classes_of(w.image).item(), round(w.network(w.image).min().item(), 1))",
        "print(w, w.image.shape)",
    ) as page:
        shows(page.locator(".lenet-widget"), "Draw a digit on the sheet.")
        draw(page, THREE)
        shows(page.locator(".lenet-answer"), "reads")
        page.wait_for_timeout(500)
        steps = page.locator(".lenet-step").evaluate_all("steps => steps.map(step => step.dataset.step)")
        assert steps == ["sheet", "evened", "ink", "digit", "cropped", "glyph", "image"]
        answer_text = page.locator(".lenet-answer").inner_text()
        widget, answer, distance = said(page, 1).rsplit(" ", 2)
        assert widget == f"DrawDigit({answer_text})" == f"DrawDigit(reads {answer})"
        assert distance in page.locator(".lenet-chart").inner_text().split("\n")
        page.get_by_role("checkbox", name="crop").uncheck()
        page.locator("[data-step=cropped]").wait_for(state="detached", timeout=PATIENCE)
        page.get_by_role("button", name="Clear").click()
        shows(page.locator(".lenet-widget"), "Draw a digit on the sheet.")
        Image.new("L", (60, 80), 255).save(folder / "blank.png")
        picture = Image.new("L", (60, 80), 255)
        picture.paste(0, (28, 10, 34, 70))
        picture.save(folder / "one.png")
        page.locator(".lenet-file").set_input_files(folder / "one.png")
        shows(page.locator(".lenet-answer"), "reads")
        assert "torch.Size([1, 1, 32, 32])" in said(page, 2)
        (folder / "no.png").write_text("no picture")
        page.locator(".lenet-file").set_input_files(folder / "no.png")
        shows(page.locator(".lenet-error"), "damaged, or no picture")


def test_a_finger_draws_and_does_not_scroll(opened):
    with opened("DrawDigit(network)", has_touch=True) as page:
        assert page.locator(".lenet-sheet").evaluate("sheet => getComputedStyle(sheet).touchAction") == "none"
        box = page.locator(".lenet-sheet").bounding_box()
        page.touchscreen.tap(box["x"] + 100, box["y"] + 100)
        shows(page.locator(".lenet-steps"), "no digit")


def test_one_widget_shown_twice_stays_one(opened):
    with opened("C3Table()", "w", "print(w.table.sum())") as page:
        run_cell(page, 1)
        second = page.locator(".lenet-widget").nth(1)
        second.wait_for(timeout=PATIENCE)
        second.get_by_label("map 0 of S2 to map 1 of C3").click()
        for view in (0, 1):
            shows(page.locator(".lenet-counts").nth(view), "1,541")
        run_cell(page, 0)
        shows(page.locator(".lenet-counts").nth(0), "1,516")
        shows(page.locator(".lenet-counts").nth(1), "1,541")


def test_nothing_runs_on_when_a_view_has_gone(opened):
    with opened(
        "Convolution(digits.images[3])", "old = w.place\nimport time; time.sleep(0.5)\nprint(w.place == old)"
    ) as page:
        page.get_by_role("button", name="Play").click()
        page.wait_for_timeout(300)
        page.locator(".jp-CodeCell").first.click()
        page.get_by_role("menuitem", name="Edit", exact=True).click()
        page.get_by_text("Clear Cell Output").click()
        page.locator(".lenet-widget").wait_for(state="detached", timeout=PATIENCE)
        page.wait_for_timeout(200)
        assert said(page, 1) == "True"


def test_a_reloaded_page_shows_the_widget_as_it_was(opened):
    with opened("C3Table()") as page:
        page.get_by_role("button", name="diagonal").click()
        shows(page.locator(".lenet-counts"), "= 416 parameters")
        page.keyboard.press("Control+s")
        page.wait_for_timeout(500)
        page.reload()
        shows(page.locator(".lenet-counts"), "= 416 parameters")


def test_a_restarted_kernel_leaves_the_view_and_a_new_run_makes_a_new_one(opened):
    with opened("C3Table()", "print(w.table.sum())") as page:
        page.locator('[data-command="notebook:restart-kernel"], [title^="Restart the kernel"]').first.click()
        page.locator(".jp-Dialog .jp-mod-accept").click()
        page.get_by_text("Python 3 (ipykernel) | Idle").wait_for(timeout=PATIENCE)
        page.wait_for_timeout(1000)
        run_cell(page, 0)
        shows(page.locator(".lenet-counts"), "= 1,516 parameters")
        page.get_by_label("map 0 of S2 to map 1 of C3").click()
        assert said(page, 1) == "61"


def test_an_estimate_is_typed_committed_and_counted(opened):
    asked = "__import__('lenet_edu.exercises', fromlist=['ask']).ask('c1.dense', 'shown after')"
    with opened(asked) as page:
        widget = page.locator(".lenet-widget")
        page.get_by_role("button", name="Commit").click()
        shows(page.locator(".lenet-error"), "Type a number first")
        page.get_by_role("textbox", name="Predict.").fill("many")
        page.keyboard.press("Enter")
        shows(page.locator(".lenet-error"), "must be a number")
        page.get_by_role("textbox", name="Predict.").fill("5,000,000")
        page.keyboard.press("Enter")
        shows(widget, "Yes: near enough.")
        shows(widget, "It is 4,821,600")
        shows(widget, "shown after")
        shows(widget, "1 of 1 right so far")


def test_it_fits_a_narrow_page_in_dark(opened):
    maps = 'activations(network, digits.images[:1])["C1"][0]'
    made = (
        "FeatureMaps(network, digits), Convolution(digits.images[3]), C3Table(), DigitCodes(network, digits)"
    )
    several = f"__import__('ipywidgets').VBox([{made}, Subsampling({maps}), DrawDigit(network)])"
    with opened(several) as page:
        page.set_viewport_size({"width": 900, "height": 900})
        page.wait_for_timeout(1000)
        widgets = page.locator(".lenet-widget")
        back = widgets.first.evaluate("e => getComputedStyle(e).backgroundColor")
        assert max(map(int, re.findall(r"\d+", back)[:3])) < 80
        sizes = widgets.evaluate_all("all => all.map(e => [e.clientWidth, e.scrollWidth])")
        assert len(sizes) == 6
        assert all(width < 600 and content <= width + 1 for width, content in sizes), sizes


def test_parameters_of_a_clicked_table_are_those_of_the_network():
    assert C3Table("diagonal").parameters == sum(
        p.numel() for p in LeNet5(c3=C3Table("diagonal").table).C3.parameters()
    )


def test_pictures_in_colour_are_shown_in_colour_and_by_name(opened):
    """FeatureMaps: the picture, its three maps each in its colour, C3's 32 maps large enough to be hit."""
    from playwright.sync_api import expect

    image = draw_shapes(160).test.images[:1]
    colours = ((image[0] + 1) * 127.5).permute(1, 2, 0)
    with opened("FeatureMaps(RGBLeNet(), shapes.test.one_of_each(), classes=shapes.classes)") as page:
        whole, *planes = page.locator("[data-layer=INPUT] canvas").all()
        assert (pixels(whole) - colours).abs().max() <= 1
        for channel, plane in enumerate(planes):
            shown = pixels(plane)
            assert (shown[..., channel] - colours[..., channel]).abs().max() <= 1
            assert shown.sum(2).equal(shown[..., channel])
        boxes = [one.bounding_box() for one in page.locator("[data-layer=C3] .lenet-small").all()]
        assert len(boxes) == 32
        assert min(box["width"] for box in boxes) > 15
        assert page.locator(".lenet-verdict").inner_text().split()[1] in ("cross", "ring")
        point_at(page.locator("[data-layer=C3] .lenet-small canvas").nth(31), 4, 5, 10, 10)
        expect(page.locator(".lenet-detail")).to_contain_text("C3, map 31, row 4, column 5")


def test_a_kernel_made_smaller_and_larger_again_has_its_numbers_and_its_middle(opened, digits, network):
    from playwright.sync_api import expect

    with opened(
        "Convolution(digits.images[3], network.C1)", "print(w.kernel == w.presets[5]['kernel'])"
    ) as page:
        menu, size = page.get_by_label("kernel", exact=True).first, page.get_by_role("slider", name="size")
        menu.select_option("learned, map 0")
        size.focus()
        page.keyboard.press("ArrowLeft")
        expect(page.locator(".lenet-kernel input")).to_have_count(9)
        middle = page.get_by_label("row 1, column 1")
        expect(middle).to_have_value(f"{network.C1.weight[0, 0, 2, 2].item():.2f}")
        expect(menu).to_have_value("your own")
        page.keyboard.press("ArrowRight")
        expect(menu).to_have_value("learned, map 0")
        assert said(page, 1) == "True"


def test_what_is_typed_is_the_readers_own_kernel_and_the_menu_brings_the_learned_one_back(opened):
    from playwright.sync_api import expect

    with opened("Convolution(digits.images[3], network.C1)") as page:
        menu, cell = page.get_by_label("kernel", exact=True).first, page.get_by_label("row 0, column 0")
        menu.select_option("learned, map 3")
        learned = cell.input_value()
        cell.fill("7.5")
        cell.press("Enter")
        expect(menu).to_have_value("your own")
        menu.select_option("learned, map 3")
        expect(cell).to_have_value(learned)
        menu.select_option("your own")
        expect(cell).to_have_value("7.50")
        cell.fill("")
        cell.press("Enter")
        shows(page.locator(".lenet-error"), "numbers only")
        expect(cell).to_have_value("7.50")


def test_a_kernel_that_does_not_fit_is_refused_and_the_view_goes_back(opened):
    from playwright.sync_api import expect

    with opened("Convolution(digits.images[3, 0, :6, :9])", "print(len(w.kernel))") as page:
        size = page.get_by_role("slider", name="size")
        size.focus()
        page.keyboard.press("ArrowRight")
        shows(page.locator(".lenet-error"), "kernel must fit into the image")
        expect(size).to_have_value("5")
        expect(page.locator(".lenet-kernel input")).to_have_count(25)
        assert said(page, 1) == "5"


def waiting(canvas) -> int:
    """How many places of an output have not been computed yet."""
    return int((pixels(canvas) == torch.tensor([222, 226, 230])).all(2).sum())


def test_the_output_builds_up_while_the_kernel_plays_and_starts_where_there_is_ink(opened):
    with opened("Convolution(digits.images[3], network.C1)") as page:
        output = page.locator(".lenet-result canvas")
        assert waiting(output) == 0
        page.get_by_role("button", name="Play").click()
        page.wait_for_function(
            "!document.querySelector('.lenet-sum').textContent.startsWith('row 0, column 0')",
            timeout=PATIENCE,
        )
        page.get_by_role("button", name="Pause").click()
        row, column = map(int, re.findall(r"\d+", page.locator(".lenet-sum").inner_text())[:2])
        assert row > 0  # above there is blank paper
        assert waiting(output) == 28 * 28 - (28 * row + column + 1)
        page.get_by_role("button", name="Step").click()
        assert waiting(output) == 28 * 28 - (28 * row + column + 2)
        page.get_by_role("button", name="From the start").click()
        assert waiting(output) == 28 * 28 - 1


def test_padding_is_drawn_round_the_image_and_nine_rows_of_numbers_can_be_read(opened):
    with opened(
        "Convolution(digits.images[3], network.C1)", "w.padding = 4", "w.kernel = [[-0.25] * 9] * 9"
    ) as page:
        run_cell(page, 1)
        shows(page.locator(".lenet-widget"), "2 × 4")
        image = pixels(page.locator(".lenet-input canvas"))
        assert image.shape == (40, 40, 3)
        grey = (image[..., 0] == image[..., 2]).float()
        assert grey[4:36, 4:36].min() == 1
        assert grey.sum() == 32 * 32
        run_cell(page, 2)
        cells = page.locator(".lenet-kernel input")
        cells.nth(80).wait_for(timeout=PATIENCE)
        fits = cells.evaluate_all("all => all.map(e => e.scrollWidth <= e.clientWidth)")
        assert len(fits) == 81
        assert all(fits)
        frame, picture = (
            page.locator(f".lenet-input {one}").bounding_box() for one in (".lenet-mark-window", "canvas")
        )
        assert frame["x"] >= picture["x"] - 2
        assert frame["y"] >= picture["y"] - 2


def test_each_unit_shows_its_own_weights_and_the_page_does_not_jump(opened, network):
    with opened("FeatureMaps(network, digits, digit=3)") as page:
        shows(page.locator(".lenet-widget"), "Click a map to enlarge it")
        assert page.locator(".lenet-units").inner_text().split() == [str(k) for k in range(10)]
        heights = []
        for name, map_, side in (("C3", 15, 10), ("S4", 3, 5), ("C1", 2, 28), ("C3", 0, 10)):
            count = {"C3": paper.C3_TABLE[:, map_].sum(), "S4": 0, "C1": 1}[name]
            point_at(page.locator(f"[data-layer={name}] .lenet-small canvas").nth(map_), 2, 2, side, side)
            shows(page.locator(".lenet-words"), f"{name}, map {map_}")
            assert page.locator(".lenet-kernel-of").count() == count
            heights.append(page.locator(".lenet-widget").bounding_box()["height"])
        point_at(page.locator("[data-layer=OUTPUT] canvas"), 0, 8, 1, 10)
        shows(page.locator(".lenet-words"), "OUTPUT, unit 8")
        code = pixels(page.locator(".lenet-kernel-of canvas"))
        assert is_red_where_positive(code, network.OUTPUT.codes[8].view(12, 7).float())
        heights.append(page.locator(".lenet-widget").bounding_box()["height"])
        assert len(set(heights)) == 1, heights


def test_choices_must_be_chosen_and_are_marked_right_and_wrong(opened):
    asked = "__import__('lenet_edu.exercises', fromlist=['ask']).ask('c1.parameters')"
    with opened(asked) as page:
        widget = page.locator(".lenet-widget")
        shows(widget, "Your first answer counts.")
        page.get_by_role("button", name="Commit").click()
        shows(page.locator(".lenet-error"), "Choose an answer first")
        assert "right" not in widget.locator(".lenet-choices").inner_text()
        page.get_by_role("radio", name="4,704").check()
        page.get_by_role("button", name="Commit").click()
        shows(widget.locator(".lenet-wrong"), "4,704 ✗ not this")
        shows(widget.locator(".lenet-right"), "156 ✓ right")
        assert page.evaluate("document.activeElement.className") == "lenet-answer-text"


def test_shortcuts_with_control_work_while_a_slider_has_the_focus(opened, folder, request):
    import nbformat

    name = re.sub(r"\W", "_", request.node.name) + ".ipynb"
    with opened("Subsampling(activations(network, digits.images[3:4])['C1'][0])", "print(w)") as page:
        page.get_by_role("slider", name="bias").focus()
        page.keyboard.press("ArrowRight")
        page.keyboard.press("a")  # JupyterLab's key for a new cell
        page.keyboard.press("Control+s")
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and not nbformat.read(folder / name, 4).metadata.get("widgets"):
            page.wait_for_timeout(200)
        saved = nbformat.read(folder / name, 4)
        assert len(saved.cells) == 2
        assert any(
            "0.01" in str(state["state"].get("bias"))
            for state in saved.metadata.widgets[STATE].state.values()
        )
