"""TrainingPanel without a browser: the same object, buttons and figures that a reader has."""

import threading
from dataclasses import replace

import numpy as np
import pytest
import torch

from lenet_edu import plots
from lenet_edu.data.picture_sets import draw_shapes
from lenet_edu.data.splits import NAMES, Data, Source, Split
from lenet_edu.network import architecture
from lenet_edu.network.architecture import MODERN
from lenet_edu.network.layer_outputs import activations
from lenet_edu.network.models import LeNet5
from lenet_edu.system.errors import LenetError
from lenet_edu.training.checkpoints import load_network
from lenet_edu.training.evaluation import confusion, mistakes
from lenet_edu.training.loop import fit
from lenet_edu.training.recipes import RECIPES, Recipe
from lenet_edu.training.runs import BEST
from lenet_edu.widgets import DrawDigit, TrainingPanel
from lenet_edu.widgets.training_panel import in_words

RECIPE = Recipe("test", epochs=2, batch_size=16, peak_rate=0.05)


@pytest.fixture
def panel(few, tmp_path) -> TrainingPanel:
    return TrainingPanel(few, recipe=RECIPE, device="cpu", folder=tmp_path)


def press(panel, button, **more) -> None:
    """A button of the panel, as its message comes from the browser."""
    panel._handle_custom_msg({"do": button, **more}, [])
    panel.wait()


def numbers(data: bytes, *shape: int) -> torch.Tensor:
    return torch.from_numpy(np.frombuffer(data, "<f4").copy()).view(*shape)


@pytest.mark.slow
def test_the_buttons_do_what_the_methods_do(panel):
    press(panel, "step")
    assert (panel.status, panel.progress["steps"], panel.begun) == ("paused", 1, True)
    press(panel, "epoch")
    assert (panel.progress["epochs_done"], panel.text()) == (1.0, "paused, 1 epoch")
    press(panel, "save", name="mine")
    assert {run["name"] for run in panel.runs} == {panel.session.home.name, "mine"}
    press(panel, "train")
    assert (panel.status, panel.text(), panel.progress["finished"]) == (
        "finished",
        "finished, 2 epochs",
        True,
    )
    press(panel, "load", name="mine")
    assert (panel.status, panel.progress["steps"]) == ("paused", 10)
    press(panel, "reset")
    assert (panel.status, panel.progress["steps"], panel.curve, panel.begun) == ("ready", 0, b"", False)
    press(panel, "unheard of")
    assert panel.status == "ready"


@pytest.mark.slow
def test_it_trains_to_what_fit_alone_gives_and_shows_it(panel, few):
    panel.train()
    panel.wait()
    model = LeNet5(**MODERN)
    model.reset_parameters(torch.Generator().manual_seed(0))
    run = fit(model, few, RECIPE, device="cpu", progress=False)

    maps = activations(model, few.test.one_of_each().images[3:4])
    flat = torch.cat([output.flatten() for output in maps.values()])
    assert torch.equal(numbers(panel.outputs, -1), flat)
    assert torch.equal(numbers(panel.kernels, 6, 1, 5, 5), model.C1.weight)
    wanted = torch.tensor([[p["epoch"], p["loss"], p["accuracy"]] for p in run.curve])
    assert torch.equal(numbers(panel.curve, -1, 3), wanted)
    wanted = [[r["epoch"], r["validation_loss"], r["validation_accuracy"]] for r in run.history]
    assert torch.equal(numbers(panel.validation, -1, 3), torch.tensor(wanted))
    assert panel.confusion == confusion(model, few.validation).tolist()
    worst = mistakes(model, few.validation)[:10]
    assert [(m["label"], m["predicted"]) for m in panel.mistakes] == [(m.label, m.predicted) for m in worst]
    shown = few.validation.images[[mistake.index for mistake in worst]]
    assert torch.equal(numbers(panel.mistake_images, len(worst), 1, 32, 32), shown)
    assert panel.progress["validation"] == run.history[-1]["validation_accuracy"]
    assert panel.progress["images_per_second"] > 0


@pytest.mark.slow
def test_mistakes_are_looked_for_after_an_epoch_and_not_after_every_step(panel, monkeypatch):
    steps, real = [], panel._show_mistakes
    monkeypatch.setattr(panel, "_show_mistakes", lambda: (steps.append(panel.session.run.steps), real()))
    for action in ("step", "step", "epoch", "step", "train", "reset"):
        press(panel, action)
    # After each of the two epochs, when the best weights are back in place, and when there are new ones.
    assert steps == [10, 20, 20, 0]


def test_gradients_are_the_last_steps(panel, few):
    panel.step()
    panel.wait()
    model = LeNet5(**MODERN)
    model.reset_parameters(torch.Generator().manual_seed(0))
    order = torch.randperm(160, generator=torch.Generator().manual_seed(0))[:16]
    loss = torch.nn.functional.cross_entropy(model(few.train.images[order]), few.train.labels[order])
    loss.backward()
    for entry in panel.gradients:
        layer = getattr(model, entry["layer"])
        gradient = torch.cat([parameter.grad.flatten() for parameter in layer.parameters()])
        assert entry["size"] == pytest.approx(gradient.square().mean().sqrt().item(), rel=1e-4)
    assert [entry["layer"] for entry in panel.gradients] == ["C1", "C3", "C5", "F6", "OUTPUT"]


def test_another_digit_shows_its_maps(panel, few):
    panel.digit = 7
    first = numbers(panel.outputs, -1)[:1024].view(32, 32)
    assert torch.equal(first, few.test.one_of_each().images[7, 0])
    with pytest.raises(LenetError, match="digit must be from 0 to 9; got 10"):
        panel.digit = 10


def test_settings_make_another_network_and_recipe_until_it_begins(panel):
    assert panel.settings["recipe"] == "own"
    panel.settings = {**panel.settings, "c3": "table", "subsampling": "trainable", "output": "rbf"}
    assert panel.session.plan == architecture.lenet5("table", "trainable", "relu", "rbf")
    assert panel.session.recipe == RECIPE
    panel.settings = {**panel.settings, "recipe": "default"}
    assert panel.session.recipe == RECIPES["small_rbf"]
    assert panel.batch_size == RECIPES["small_rbf"].batch_size
    panel.settings = {**panel.settings, "recipe": "plain", "output": "linear", "seed": 7}
    assert (panel.session.seed, panel.session.recipe) == (7, RECIPES["plain"])
    assert numbers(panel.kernels, 6, 1, 5, 5).shape == panel.session.model.C1.weight.shape
    panel.step()
    panel.wait()
    with pytest.raises(LenetError, match="A run has begun: reset it"):
        panel.settings = {**panel.settings, "seed": 8}
    assert panel.settings["seed"] == panel.session.seed == 7


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("seed", -1, "seed must be a whole number from 0"),
        ("recipe", "magic", "recipe must be one of"),
        ("output", "magic", "output must be one of"),
        ("device", "abacus", "cannot use the device"),
        ("data", "letters", "data must be one of"),
    ],
)
def test_settings_that_do_not_fit_are_refused_and_told(panel, monkeypatch, name, value, message):
    sent, before = [], panel.settings
    monkeypatch.setattr(panel, "send", sent.append)
    with pytest.raises(LenetError, match=message):
        panel.settings = {**before, name: value}
    assert panel.settings == before
    assert len(sent) == 1
    assert panel.session.plan.name == "LeNet-5 modern"


def test_the_data_of_the_machine_are_offered_and_taken(panel, few, tmp_path):
    assert panel.options["data"] == [NAMES["embedded"]]
    other = TrainingPanel(replace(few, source=Source("others")), recipe=RECIPE, device="cpu", folder=tmp_path)
    assert other.options["data"] == ["others", NAMES["embedded"]]
    other.settings = {**other.settings, "data": NAMES["embedded"]}
    assert len(other.session.data.train) > 1000


def test_live_values_reach_the_recipe_and_bad_ones_do_not(panel):
    panel.peak_rate = 0.02
    assert panel.session.recipe.peak_rate == 0.02
    panel.step()
    panel.wait()
    panel.batch_size = 40
    assert panel.session.recipe_now.batch_size == 40
    with pytest.raises(LenetError, match="momentum must be"):
        panel.momentum = 1.5
    assert panel.momentum == panel.session.recipe_now.momentum == 0.9
    panel.step()
    panel.wait()
    assert panel.session.run.seen == 56


@pytest.mark.slow
def test_other_runs_are_drawn_beside(panel):
    panel.train()
    panel.wait()
    panel.save("first")
    curves = {"curve": panel.curve, "validation": panel.validation}
    panel.reset()
    own = panel.runs[-1]["name"]
    panel.compared = ["first", own, "first"]
    assert panel.compared == ["first", own]
    assert panel.compared_curves == [{"name": "first", **curves}, {"name": own, **curves}]
    with pytest.raises(LenetError, match="holds no run"):
        panel.compared = ["nowhere"]
    with pytest.raises(LenetError, match="At most 4 runs can be compared at once; got 5"):
        panel.compared = list("abcde")
    assert panel.compared == ["first", own]
    press(panel, "delete", name=own)
    assert [run["name"] for run in panel.runs] == panel.compared == ["first"]
    panel.compared = []
    assert panel.compared_curves == []


def test_the_run_of_the_panel_is_not_deleted(panel, monkeypatch):
    sent = []
    press(panel, "step")
    monkeypatch.setattr(panel, "send", sent.append)
    press(panel, "delete", name=panel.session.home.name)
    assert "is the run of this panel. Reset before" in sent[0]["error"]
    assert panel.session.home.exists()


def test_an_error_of_the_training_is_told(panel, monkeypatch):
    sent = []
    monkeypatch.setattr(panel, "send", sent.append)
    press(panel, "save", name="a/b")
    assert "usable as the name of a folder" in sent[0]["error"]
    press(panel, "step")
    with torch.no_grad():
        panel.session.model.F6.bias.fill_(float("inf"))
    press(panel, "load", name="nowhere")
    assert "holds no run" in sent[1]["error"]


def test_a_training_that_diverges_says_so_in_the_panel(panel):
    panel.peak_rate = 1e9
    panel.train()
    panel.wait()
    assert panel.status == "stopped"
    assert "training has diverged" in panel.progress["error"]
    assert np.isfinite(np.frombuffer(panel.outputs, "<f4")).all()
    # All figures are of the one state that it would go on from: here, the beginning.
    assert "last saved state: epoch 0.00, step 0, peak learning rate 1e+09" in panel.progress["error"]
    assert (panel.progress["steps"], panel.progress["loss"], panel.curve) == (0, None, b"")
    first = LeNet5(**MODERN)
    first.reset_parameters(torch.Generator().manual_seed(0))
    assert torch.equal(numbers(panel.kernels, 6, 1, 5, 5), first.C1.weight)


def hold_at(panel, steps: int):
    """The panel's training goes on only when the event that this gives is set."""
    reached, go_on, watch = threading.Event(), threading.Event(), panel.session.watch

    def hold(session):
        watch(session)
        if session.run.steps == steps:
            reached.set()
            go_on.wait(30)

    panel.session.watch = hold
    panel.train()
    assert reached.wait(30)
    return go_on


@pytest.mark.slow
def test_a_panel_made_again_takes_up_the_training_under_way(panel, few, tmp_path):
    panel.peak_rate = 0.03
    go_on = hold_at(panel, 3)
    same_digits = Data(few.train, few.validation, few.test, scaling=few.scaling, source=few.source)
    again = TrainingPanel(same_digits, recipe=RECIPE, device="cpu", folder=tmp_path)
    assert again.session is panel.session
    assert (panel.given_away, again.given_away) == (True, False)
    assert (again.status, again.peak_rate, again.begun) == ("running", 0.03, True)
    go_on.set()
    again.wait()
    assert (again.status, again.progress["finished"]) == ("finished", True)
    assert numbers(again.kernels, 6, 1, 5, 5).equal(again.network.C1.weight.detach())
    assert len(again.runs) == 1
    # A third one begins anew, since that training is over.
    third = TrainingPanel(few, recipe=RECIPE, device="cpu", folder=tmp_path)
    assert (third.status, third.session is again.session, again.given_away) == ("ready", False, False)


@pytest.mark.slow
def test_a_paused_training_is_taken_up_by_the_last_of_several_panels(panel, few, tmp_path):
    press(panel, "step")
    for _ in range(2):
        last = TrainingPanel(few, recipe=RECIPE, device="cpu", folder=tmp_path)
        assert (last.status, last.progress["steps"]) == ("paused", 1)
    press(last, "train")
    assert last.status == "finished"
    assert panel.status == "paused"


@pytest.mark.slow
def test_a_panel_of_another_making_has_a_training_of_its_own(panel, few, tmp_path):
    press(panel, "step")
    wrong = Split(few.train.images, few.train.labels.flip(0))
    others = [
        TrainingPanel(few, recipe=RECIPE, device="cpu", folder=tmp_path, seed=1),
        TrainingPanel(few, recipe=RECIPE, device="cpu", folder=tmp_path / "elsewhere"),
        TrainingPanel(few, {"c3": "table"}, recipe=RECIPE, device="cpu", folder=tmp_path),
        TrainingPanel(replace(few, train=wrong), recipe=RECIPE, device="cpu", folder=tmp_path),
    ]
    assert {other.status for other in others} == {"ready"}
    assert not panel.given_away


@pytest.mark.slow
def test_a_run_that_its_kernel_left_is_offered(panel, few, tmp_path):
    press(panel, "step")
    home = panel.session.home
    (home / "running").touch()  # as a process that was killed leaves it
    panel.reset()
    later = TrainingPanel(few, recipe=RECIPE, seed=1, device="cpu", folder=tmp_path)
    assert later.interrupted == ""  # reset deleted a run without an epoch
    press(later, "epoch")
    (later.session.home / "running").touch()
    offered = TrainingPanel(few, recipe=RECIPE, seed=2, device="cpu", folder=tmp_path)
    assert offered.interrupted == later.session.home.name
    press(offered, "load", name=offered.interrupted)
    press(offered, "train")
    assert (offered.status, offered.interrupted, offered.session.seed) == ("finished", "", 1)


@pytest.mark.slow
def test_readers_draw_on_the_network_that_they_have_trained(panel):
    press(panel, "train")
    pad = DrawDigit(panel.network)
    sheet = torch.full((pad.side, pad.side), 255, dtype=torch.uint8)
    sheet[20:90, 52:60] = 0
    pad.drawing = sheet.numpy().tobytes()
    assert pad.answer == str(panel.network.classes_of(pad.image).item())
    best = load_network(panel.session.home / BEST)
    assert panel.network(pad.image).equal(best(pad.image))


def test_only_recipes_for_such_images_and_such_a_network_are_offered(panel, shapes, tmp_path):
    assert panel.options["recipe"] == ["default", "fast", "sprint", "thorough", "best", "plain", "small"]
    panel.settings = {**panel.settings, "output": "rbf", "recipe": "default"}
    assert panel.options["recipe"] == ["default", "fast_rbf", "small_rbf"]
    pictures = TrainingPanel(shapes, device="cpu", folder=tmp_path)
    assert pictures.options["recipe"] == ["default", "plain", "tutorial", "pictures", "pictures_best"]


def test_a_recipe_is_told_in_words_that_follow_what_is_changed(panel):
    panel.settings = {**panel.settings, "recipe": "default"}
    assert panel.recipe_text == (
        "small: 40 epochs in batches of 32; learning rate 0.05 after the first 25% of the steps, "
        "then down to 0 in a straight line; training images turned by up to 10°, "
        "moved by up to 1.5 pixels, resized by up to 10%, slanted by up to 15%."
    )
    panel.epochs = 3
    assert panel.recipe_text.startswith("small, changed: 3 epochs")
    assert (panel.session.recipe.epochs, panel.settings["recipe"]) == (3, "own")
    # Another choice leaves what was changed.
    panel.settings = {**panel.settings, "c3": "table"}
    assert panel.session.recipe == RECIPES["small"].changed(epochs=3)
    assert in_words(RECIPES["tutorial"]) == (
        "tutorial: 20 epochs in batches of 32; learning rate 0.01, halved every 10 epochs; training images "
        "turned upside down with probability 50%."
    )


def test_a_panel_of_which_only_the_picture_is_left_says_how_to_get_it_back(panel):
    (note,) = panel.figure().texts
    assert "run its cell" in note.get_text()


@pytest.mark.slow
def test_long_curves_are_sent_as_means(few, tmp_path):
    panel = TrainingPanel(few, recipe=RECIPE.changed(epochs=7, batch_size=8), device="cpu", folder=tmp_path)
    panel.train()
    panel.wait()
    points = numbers(panel.curve, -1, 3)
    curve = panel.session.run.curve
    assert (len(curve), len(points)) == (140, 140)
    panel.session.run.curve = curve * 5
    panel._show_progress()
    assert len(numbers(panel.curve, -1, 3)) == 234


def test_its_figure_is_the_network_and_then_the_curves(panel):
    assert len(panel.figure().axes) == len(plots.network(panel.session.model).axes)
    panel.epoch()
    panel.wait()
    history = {"this run": panel.session.run.history}
    labels = [[axes.get_ylabel(), axes.get_title()] for axes in plots.history(history).axes]
    assert [[axes.get_ylabel(), axes.get_title()] for axes in panel.figure().axes] == labels


@pytest.fixture
def shapes() -> Data:
    """A few drawn rings and crosses in colour."""
    return draw_shapes(160)


@pytest.mark.slow
def test_pictures_in_colour_have_their_network_settings_and_names(shapes, tmp_path):
    panel = TrainingPanel(shapes, recipe=RECIPE, device="cpu", folder=tmp_path)
    assert panel.session.plan == architecture.rgb_lenet()
    assert (panel.classes, panel.digit) == (["cross", "ring"], 1)
    assert list(panel.options) == ["f7", "recipe", "data", "device"]
    assert panel.options["data"] == ["drawn shapes"]
    panel.train()
    panel.wait()
    assert numbers(panel.kernels, 16, 3, 5, 5).equal(panel.session.model.C1.weight.detach())
    assert numbers(panel.mistake_images, -1, 3, 32, 32).shape[0] == len(panel.mistakes)
    assert sum(map(sum, panel.confusion)) == len(shapes.validation)
    with pytest.raises(LenetError, match="digit must be from 0 to 1"):
        panel.digit = 2


def test_f7_can_be_left_out_in_the_panel(shapes, tmp_path):
    panel = TrainingPanel(shapes, device="cpu", folder=tmp_path)
    assert panel.settings["f7"] == "yes"
    panel.settings = {**panel.settings, "f7": "no", "recipe": "tutorial"}
    assert panel.session.plan == architecture.rgb_lenet(f7=False)
    assert panel.session.recipe == RECIPES["tutorial"]
    assert "F7" not in [layer["name"] for layer in panel.layers]
    with pytest.raises(LenetError, match="settings do not fit"):
        panel.settings = {**panel.settings, "f7": "perhaps"}


def test_a_panel_that_loads_a_run_on_other_data_shows_their_names_and_settings(few, tmp_path):
    shapes = draw_shapes()
    other = TrainingPanel(shapes, recipe=RECIPE, device="cpu", folder=tmp_path)
    other.step()
    other.wait()
    panel = TrainingPanel(few, recipe=RECIPE, device="cpu", folder=tmp_path)
    panel.digit = 7
    press(panel, "load", name=other.session.home.name)
    assert (panel.classes, panel.digit, panel.settings["f7"]) == (["cross", "ring"], 1, "yes")
    assert "c3" not in panel.options
