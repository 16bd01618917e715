"""TrainingPanel in a real JupyterLab: pressed, restarted, compared with runs that nobody touched."""

import re

import torch

from tests.browser import (
    PATIENCE,
    needs_chromium,
    pixels,
    run_cell,
    said,
    shows,
)

pytestmark = needs_chromium
WIDTH = 1280


SAME = """
import torch
from lenet_edu.network.architecture import MODERN

def headless(*changes):
    model = LeNet5(**MODERN)
    model.reset_parameters(torch.Generator().manual_seed(0))
    waiting = list(changes)
    def change(run):
        if waiting and run.steps == waiting[0][0]:
            run.recipe = run.recipe.changed(**waiting.pop(0)[1])
    options = {"device": "cpu", "progress": False, "before_batch": change}
    return model, fit(model, w.session.data, w.session.recipe, **options)

def same(model, run):
    mine = w.session.run
    pairs = zip(model.parameters(), w.session.model.parameters(), strict=True)
    assert all(torch.equal(one, two) for one, two in pairs)
    assert (run.curve, run.steps) == (mine.curve, mine.steps)
    return f"the same, {len(run.curve)} points"
"""


def test_training_panel_train_pause_step_change_reset_and_resume_end_where_a_run_without_a_browser_does(
    opened,
):
    from playwright.sync_api import expect

    source = (
        'TrainingPanel(load_digits("embedded"), recipe=RECIPES["small"].changed(epochs=30),'
        ' device="cpu", folder="runs-of-test")'
    )
    cells = (
        SAME + 'print("defined")',
        "steps = w.session.run.steps; print(steps)",
        "print(same(*headless((steps, {'peak_rate': w.peak_rate}))))",
        "print(w.session.status, w.session.run.steps)",
        "print(same(*headless()))",
    )
    with opened(source, *cells) as page:
        assert said(page, 1) == "defined"
        panel, state = page.locator(".lenet-widget"), page.locator(".lenet-state")
        status = page.locator(".lenet-said")

        def press(name):
            panel.get_by_role("button", name=name, exact=True).click()

        def becomes(text):
            expect(state).to_have_text(text, timeout=PATIENCE)

        # Train, and pause while it runs.
        becomes("ready")
        press("Train")
        expect(status).to_contain_text("validation", timeout=PATIENCE)
        assert panel.get_by_label("recipe").is_disabled()
        press("Pause")
        becomes("paused")
        steps = int(said(page, 2))
        shows(status, f"step {steps} ")

        # A single step, with another rate.
        slider = panel.get_by_label("learning rate (peak)")
        slider.focus()
        for _ in range(4):
            page.keyboard.press("ArrowLeft")
        becomes("paused")
        press("Step")
        shows(status, f"step {steps + 1} ")
        becomes("paused")

        # On to the end.
        press("Epoch")
        expect(status).to_contain_text(re.compile(r"epoch \d+\.00 of 30"), timeout=PATIENCE)
        becomes("paused")
        press("Go on")
        becomes("finished")
        assert said(page, 3) == "the same, 600 points"
        paths = page.locator("path.lenet-train:not(.lenet-compared)")
        assert [paths.nth(i).get_attribute("d").count("L") for i in (0, 1)] == [299, 299]
        for chart in page.locator("svg.lenet-curves").all():
            assert chart.locator("path.lenet-grid").count() >= 3
        assert page.locator("circle.lenet-validation").count() == 60
        assert page.locator(".lenet-confusion td").count() == 100
        counts = [int(text or 0) for text in page.locator(".lenet-confusion td").all_inner_texts()]
        assert sum(counts) == 183

        # Again from the same initial weights, undisturbed, beside the first run.
        press("Reset")
        becomes("ready")
        assert panel.get_by_label("recipe").is_enabled()
        assert said(page, 4) == "ready 0"
        panel.get_by_role("checkbox").first.check()
        expect(page.locator("path.lenet-train.lenet-compared")).to_have_count(2)
        slider.focus()
        for _ in range(4):
            page.keyboard.press("ArrowRight")
        # A slider sends its next value when the last one is answered: by now they all are.
        assert said(page, 4) == "ready 0"
        press("Train")
        becomes("finished")
        assert said(page, 5) == "the same, 600 points"


def contrast(page, selector: str, of: str, behind: torch.Tensor) -> float:
    """How far the colour of an element stands out from what is behind it (WCAG 2.1: text should have 4.5)."""
    colour = page.locator(selector).first.evaluate(f"e => getComputedStyle(e).{of}")
    *channels, share = [*map(float, re.findall(r"[\d.]+", colour)), 1.0][:4]
    mixed = share * torch.tensor(channels) / 255 + (1 - share) * behind

    def light(channels):
        linear = torch.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
        return (linear @ torch.tensor([0.2126, 0.7152, 0.0722])).item() + 0.05

    low, high = sorted((light(mixed), light(behind)))
    return high / low


def test_training_panel_is_readable_in_dark(opened):
    from playwright.sync_api import expect

    source = (
        'TrainingPanel(load_digits("embedded"), recipe=RECIPES["small"].changed(epochs=2),'
        ' device="cpu", folder="dark-runs-of-test")'
    )
    with opened(source) as page:
        page.get_by_role("button", name="Train", exact=True).click()
        expect(page.locator(".lenet-state")).to_have_text("finished", timeout=PATIENCE)
        back = page.locator(".lenet-widget").evaluate("e => getComputedStyle(e).backgroundColor")
        behind = torch.tensor([float(channel) for channel in re.findall(r"\d+", back)[:3]]) / 255
        assert behind.max() < 0.3
        for selector, of in {
            ".lenet-said": "color",
            ".lenet-caption": "color",
            ".lenet-tick": "fill",
            "path.lenet-train": "stroke",
            "path.lenet-validation": "stroke",
            "circle.lenet-validation": "fill",
            ".lenet-confusion th": "color",
            ".lenet-mistake .lenet-caption": "color",
            ".lenet-keep input": "color",
        }.items():
            assert contrast(page, selector, of, behind) >= 4.5, selector


def test_training_panel_saves_loads_and_tells_what_is_wrong(opened):
    from playwright.sync_api import expect

    source = 'TrainingPanel(load_digits("embedded"), device="cpu", folder="more-runs-of-test")'
    with opened(source, "print(w.session.run.steps, w.session.plan.name)") as page:
        panel, state = page.locator(".lenet-widget"), page.locator(".lenet-state")
        panel.get_by_label("output", exact=True).select_option("rbf")
        expect(panel.get_by_label("learning rate (peak)")).to_be_visible()
        panel.get_by_role("button", name="Step", exact=True).click()
        expect(state).to_have_text("paused", timeout=PATIENCE)
        for name, message in (("a/b", "usable as the name of a folder"), ("mine", "")):
            panel.get_by_label("name", exact=True).fill(name)
            panel.get_by_role("button", name="Save a copy").click()
            if message:
                shows(page.locator(".lenet-error").filter(has_text=message), message)
        seed = panel.get_by_label("seed")
        assert seed.is_disabled()
        load = panel.get_by_role("button", name="load mine")
        expect(load).to_be_enabled()
        panel.get_by_role("button", name="Step", exact=True).click()
        shows(page.locator(".lenet-said"), "step 2")
        expect(state).to_have_text("paused", timeout=PATIENCE)
        load.click()
        shows(page.locator(".lenet-said"), "step 1")
        assert said(page, 1).startswith("1 LeNet-5")
        # What the two runs have in common is said once; the copy is the panel's own run now.
        shows(panel, "All have: network LeNet-5")
        assert panel.get_by_role("button", name="delete mine").is_disabled()
        other = panel.get_by_role("button", name=re.compile("^delete 20"))
        other.click()
        shows(panel.locator(".lenet-runs"), "Really delete?")
        other.click()
        expect(other).to_have_count(0)


def test_what_is_refused_goes_back_in_the_browser_and_the_reason_stays(opened):
    from playwright.sync_api import expect

    source = 'TrainingPanel(load_digits("embedded"), device="cpu", folder="refused-runs-of-test")'
    with opened(source) as page:
        seed = page.locator(".lenet-widget").get_by_label("seed")
        seed.fill("-5")
        seed.blur()
        shows(page.locator(".lenet-error").last, "seed must be a whole number from 0")
        expect(seed).to_have_value("0")
        seed.fill("7")
        seed.blur()
        expect(page.locator(".lenet-error").last).to_be_hidden()
        expect(seed).to_have_value("7")


def test_training_panel_trains_on_pictures_in_colour(opened):
    from playwright.sync_api import expect

    source = 'TrainingPanel(shapes, recipe=RECIPES["plain"].changed(epochs=2), device="cpu", folder="runs")'
    with opened(source, "print(w.session.model.architecture.name)") as page:
        panel = page.locator(".lenet-widget")
        panel.get_by_label("f7", exact=True).select_option("no")
        panel.get_by_role("button", name="Train", exact=True).click()
        expect(page.locator(".lenet-state")).to_have_text("finished", timeout=PATIENCE)
        assert panel.locator(".lenet-confusion th").all_inner_texts() == [
            "",
            "cross",
            "ring",
            "cross",
            "ring",
        ]
        assert said(page, 1) == "RGB LeNet without F7"
        mistake = panel.locator(".lenet-mistake").first
        expect(mistake).to_contain_text("→")
        grey = pixels(mistake.locator("canvas")).float().std(2)
        assert grey.max() > 5


LONG = (
    'TrainingPanel(load_digits("embedded"), recipe=RECIPES["small"].changed(epochs=500), device="cpu",'
    ' folder="{}")'
)


def test_a_cell_run_again_and_a_page_reloaded_take_up_the_training_under_way(opened):
    from playwright.sync_api import expect

    more = "import threading", "print(sum(t.is_alive() and '_work' in t.name for t in threading.enumerate()))"
    with opened(LONG.format("long-runs-of-test"), *more) as page:
        state, figures = page.locator(".lenet-state"), page.locator(".lenet-said")
        page.get_by_role("button", name="Train", exact=True).click()
        expect(state).to_have_text("running", timeout=PATIENCE)
        expect(figures).to_contain_text("validation", timeout=PATIENCE)
        run_cell(page, 0)
        # The one panel that is left shows the one training: it went on meanwhile.
        expect(page.locator(".lenet-widget")).to_have_count(1)
        expect(state).to_have_text("running", timeout=PATIENCE)
        expect(figures).to_contain_text("validation", timeout=PATIENCE)
        run_cell(page, 1)
        assert said(page, 2) == "1"
        page.get_by_role("button", name="Pause", exact=True).click()
        expect(state).to_have_text("paused", timeout=PATIENCE)
        expect(page.get_by_label("recipe", exact=True)).to_be_disabled()


def test_a_training_whose_kernel_was_restarted_says_so_and_goes_on_when_it_is_loaded(opened):
    from playwright.sync_api import expect

    with opened(LONG.format("lost-runs-of-test"), "print(w.session.run.steps > 0)") as page:
        state, panel = page.locator(".lenet-state"), page.locator(".lenet-widget")
        panel.get_by_role("button", name="Train", exact=True).click()
        expect(page.locator(".lenet-said")).to_contain_text("validation", timeout=PATIENCE)
        page.locator('[data-command="notebook:restart-kernel"], [title^="Restart the kernel"]').first.click()
        page.locator(".jp-Dialog .jp-mod-accept").click()
        expect(panel).to_have_attribute("data-kernel", "lost", timeout=PATIENCE)
        expect(state).to_have_text("interrupted")
        notices = panel.locator(".lenet-notice:visible")
        shows(notices.first, "Run this cell again")
        shows(notices.nth(1), "is not lost")
        name = re.search(r"The run (\S+) is not lost", notices.nth(1).inner_text())[1]
        buttons = panel.get_by_role("button", name="Pause", include_hidden=True)
        assert buttons.evaluate("button => Boolean(button.closest('[inert]'))")

        page.get_by_text("Python 3 (ipykernel) | Idle").wait_for(timeout=PATIENCE)
        run_cell(page, 0)
        shows(panel, f"The run {name} was interrupted when its kernel ended")
        panel.get_by_role("button", name="Load it").click()
        expect(state).to_have_text("paused", timeout=PATIENCE)
        assert said(page, 1) == "True"
        panel.get_by_role("button", name="Step", exact=True).click()
        expect(state).to_have_text("paused", timeout=PATIENCE)


def test_a_divergence_shows_one_state_and_says_from_where_it_would_go_on(opened):
    from playwright.sync_api import expect

    source = (
        'TrainingPanel(load_digits("embedded"), recipe=RECIPES["small"].changed(epochs=2, peak_rate=1e9),'
        ' device="cpu", folder="diverged-runs-of-test")'
    )
    with opened(source) as page:
        page.get_by_role("button", name="Train", exact=True).click()
        expect(page.locator(".lenet-state")).to_have_text("stopped", timeout=PATIENCE)
        error = page.locator(".lenet-error:visible")
        shows(error, "training has diverged")
        shows(error, "last saved state: epoch 0.00, step 0")
        shows(page.locator(".lenet-said"), "epoch 0.00 of 2 · step 0")
        assert "loss" not in page.locator(".lenet-said").inner_text()


def test_what_is_read_and_called_and_offered_fits_digits(opened):
    from playwright.sync_api import expect

    source = 'TrainingPanel(load_digits("embedded"), device="cpu", folder="digits-runs-of-test")'
    more = (
        "print(w.classes[w.session.model.classes_of(w.session.data.test.one_of_each().images[7:8]).item()])",
        "DrawDigit(w.network)",
    )
    with opened(source, *more) as page:
        panel = page.locator("[data-widget=training_panel]")
        shows(panel.locator(".lenet-recipe"), "small: 40 epochs in batches of 32")
        epochs = panel.get_by_label("epochs", exact=True)
        epochs.fill("1")
        epochs.blur()
        shows(panel.locator(".lenet-recipe"), "small, changed: 1 epoch in batches of 32")
        options = panel.get_by_label("recipe", exact=True).locator("option").all_inner_texts()
        assert "tutorial" not in options
        assert "pictures" not in options
        digit = panel.get_by_label("digit", exact=True)
        digit.focus()
        for _ in range(4):
            page.keyboard.press("ArrowRight")
        panel.get_by_role("button", name="Train", exact=True).click()
        expect(panel.locator(".lenet-state")).to_have_text("finished", timeout=PATIENCE)
        read = said(page, 1)
        shows(
            panel.locator(".lenet-reading"), f"7 is {'rightly' if read == '7' else 'wrongly'} read as {read}"
        )
        assert panel.locator(".lenet-answer-bars .lenet-bar-row").count() == 10
        run_cell(page, 2)
        page.locator("[data-widget=draw_digit] .lenet-sheet").wait_for(timeout=PATIENCE)
