"""fit(): that it learns, repeats itself, survives interruption, and stops when it diverges."""

from dataclasses import replace
from itertools import product
from threading import Thread

import pytest
import torch

from lenet_edu.data.splits import Source
from lenet_edu.network import architecture
from lenet_edu.network.architecture import MODERN
from lenet_edu.network.models import LeNet5
from lenet_edu.system.errors import LenetError
from lenet_edu.system.files import LOCK
from lenet_edu.system.tensors import load_tensors
from lenet_edu.system.threads import ThreadChoice
from lenet_edu.training.checkpoints import load_network
from lenet_edu.training.evaluation import accuracy
from lenet_edu.training.loop import DivergedError, fit
from lenet_edu.training.recipes import RECIPES, Recipe
from lenet_edu.training.runs import BEST, HISTORY, LAST, STATE

RECIPE = Recipe("test", epochs=4, batch_size=16, peak_rate=0.05, rotation=5.0, shift=1.0)


def fresh(**switches) -> LeNet5:
    model = LeNet5(**(switches or MODERN))
    model.reset_parameters(torch.Generator().manual_seed(1))
    return model


def train(model, digits, recipe=RECIPE, **options):
    return fit(model, digits, recipe, device="cpu", progress=False, **options)


def same(a: dict, b: dict) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


@pytest.mark.slow
def test_it_learns_and_records_every_epoch(few):
    model = fresh()
    run = train(model, few, RECIPE.changed(epochs=6))
    assert [record["epoch"] for record in run.history] == [1, 2, 3, 4, 5, 6]
    assert run.history[-1]["train_loss"] < 0.7 * run.history[0]["train_loss"]
    assert run.history[-1]["learning_rate"] < RECIPE.peak_rate / 10
    assert all(record["images_per_second"] > 0 for record in run.history)
    assert accuracy(model, few.train) > 0.5


@pytest.mark.slow
def test_model_and_file_are_left_with_the_best_weights_not_the_last(few, tmp_path):
    model = fresh()

    def spoil(run):
        """Weights of zero, from which ReLU does not recover: later epochs are worse."""
        if len(run.history) == 4:
            with torch.no_grad():
                torch._foreach_zero_(list(model.parameters()))

    run = train(model, few, RECIPE.changed(epochs=6), out=tmp_path, after_epoch=spoil)
    assert run.best_epoch <= 4
    assert same(model.state_dict(), run.best_weights)
    assert not same(run.best_weights, run.last_weights)
    assert same(load_network(tmp_path / BEST).state_dict(), run.best_weights)
    best = max(record["validation_accuracy"] for record in run.history)
    assert accuracy(model, few.validation) == pytest.approx(best)
    assert not model.training


@pytest.mark.slow
def test_the_same_seed_gives_the_same_weights(few):
    runs = [train(fresh(), few, seed=seed) for seed in (5, 5, 6)]
    assert same(runs[0].last_weights, runs[1].last_weights)
    assert not same(runs[0].last_weights, runs[2].last_weights)


# The network of 1998 takes more than twice as long.
EITHER = pytest.mark.parametrize(
    "switches",
    [pytest.param(MODERN, id="modern"), pytest.param({"c3": "table"}, id="1998", marks=pytest.mark.slow)],
)


@pytest.mark.slow
@EITHER
def test_how_busy_the_machine_is_does_not_change_the_weights(few, switches, monkeypatch):
    """With one thread all the time, with all threads all the time, and in turns: the same bits."""
    threads = torch.get_num_threads()
    torch.set_num_threads(2)

    def weights(judge):
        monkeypatch.setattr(ThreadChoice, "WINDOW", 0.0)
        monkeypatch.setattr(ThreadChoice, "_judge", judge)
        model = fresh(**switches)
        used.clear()
        run = train(model, few, before_batch=lambda run: used.add(torch.get_num_threads()))
        return model.state_dict(), [record["validation_loss"] for record in run.history], set(used)

    def all_threads(choice, speed):
        if choice.modest.on:
            choice.modest.turn_off()

    used: set[int] = set()
    try:
        one, losses, of_one = weights(lambda choice, speed: None)
        turns, losses_of_turns, of_turns = weights(lambda choice, speed: choice._switch())
        every, losses_of_all, of_all = weights(all_threads)
    finally:
        torch.set_num_threads(threads)
    assert (of_one, of_turns, of_all) == ({1}, {1, 2}, {1, 2})  # each begins with one
    assert same(one, turns)
    assert same(one, every)
    assert losses == losses_of_turns == losses_of_all


@pytest.mark.slow
@pytest.mark.parametrize("where", ["callback", "thread"])
def test_a_training_beside_another_changes_neither(few, where):
    """The one uses a single thread of torch, which the other must not take for all there are."""
    threads = torch.get_num_threads()
    torch.set_num_threads(2)

    def inner():
        model = fresh()
        train(model, few)
        inside.append(model.state_dict())

    def begin_another(run):
        if run.steps == 1 and where == "callback":
            inner()
        elif run.steps == 1:
            thread = Thread(target=inner)
            thread.start()
            thread.join()

    inside: list[dict] = []
    try:
        alone, outside = fresh(), fresh()
        train(alone, few)
        train(outside, few, before_batch=begin_another)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(threads)
    assert same(outside.state_dict(), alone.state_dict())
    assert same(inside[0], alone.state_dict())


@pytest.mark.slow
def test_distortions_reach_the_training(few):
    plain = RECIPE.changed(rotation=0.0, shift=0.0)
    runs = [train(fresh(), few, recipe.changed(epochs=1)) for recipe in (RECIPE, plain)]
    assert not same(runs[0].last_weights, runs[1].last_weights)


@pytest.mark.slow
def test_every_epoch_has_an_order_of_its_own(few):
    """At rate 0 the model stands still, so that the first batch's loss tells which images are in it."""
    first, still = [], Recipe("still", epochs=4, batch_size=16, peak_rate=0.0)
    train(fresh(), few, still, after_epoch=lambda run: first.append(run.curve[-10]["loss"]))
    assert len(set(first)) == 4


def but_for_time(run) -> tuple[list[dict], list[dict]]:
    return [{**record, "seconds": 0, "images_per_second": 0} for record in run.history], run.curve


def stop_after_an_epoch(run):
    if len(run.history) == 2:
        raise KeyboardInterrupt


def stop_within_an_epoch(run):
    if run.steps == 23:
        raise KeyboardInterrupt


@pytest.mark.slow
@pytest.mark.parametrize(
    "stop", [{"after_epoch": stop_after_an_epoch}, {"before_batch": stop_within_an_epoch}], ids="".join
)
@EITHER
def test_an_interrupted_run_goes_on_to_the_very_same_weights(few, tmp_path, switches, stop):
    recipe = RECIPE if switches == MODERN else RECIPE.changed(peak_rate=0.001)
    unbroken = train(fresh(**switches), few, recipe, out=tmp_path / "unbroken")

    with pytest.raises(KeyboardInterrupt):
        train(fresh(**switches), few, recipe, out=tmp_path / "broken", **stop)
    resumed = train(LeNet5(**switches), few, recipe, out=tmp_path / "broken", resume=True)
    assert same(resumed.last_weights, unbroken.last_weights)
    assert same(resumed.best_weights, unbroken.best_weights)
    assert but_for_time(resumed) == but_for_time(unbroken)
    states = [load_tensors(tmp_path / name / STATE)[0] for name in ("broken", "unbroken")]
    assert same(*states)


@pytest.mark.slow
def test_weights_on_disk_are_the_runs(few, tmp_path):
    run = train(fresh(), few, out=tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {BEST, LAST, STATE, HISTORY, LOCK}
    assert same(load_network(tmp_path / BEST).state_dict(), run.best_weights)
    last = load_network(tmp_path / LAST)
    assert same(last.state_dict(), run.last_weights)
    assert last.notes["epoch"] == RECIPE.epochs


def test_a_folder_with_a_run_is_not_overwritten(few, tmp_path):
    train(fresh(), few, RECIPE.changed(epochs=1), out=tmp_path)
    with pytest.raises(LenetError, match="already holds a run"):
        train(fresh(), few, out=tmp_path)


@pytest.mark.slow
def test_only_the_same_run_can_be_resumed(few, tmp_path):
    with pytest.raises(LenetError, match="no run to resume"):
        train(fresh(), few, out=tmp_path, resume=True)
    train(fresh(), few, RECIPE.changed(epochs=1), out=tmp_path)
    with pytest.raises(LenetError, match="another recipe"):
        train(fresh(), few, RECIPE, out=tmp_path, resume=True)
    with pytest.raises(LenetError, match="another seed"):
        train(fresh(), few, RECIPE.changed(epochs=1), seed=9, out=tmp_path, resume=True)
    others = replace(few, source=Source("others"))
    with pytest.raises(LenetError, match="another data"):
        train(fresh(), others, RECIPE.changed(epochs=1), out=tmp_path, resume=True)
    with pytest.raises(LenetError, match="another state_of"):
        train(fresh(c3="full"), few, RECIPE.changed(epochs=1), out=tmp_path, resume=True)


def test_divergence_stops_the_run_and_keeps_what_was_saved(few, tmp_path):
    model, saved = fresh(), {}

    def poison(run):
        saved["last"] = (tmp_path / LAST).read_bytes()
        with torch.no_grad():
            model.F6.bias.fill_(float("nan"))

    with pytest.raises(LenetError, match="loss became nan in epoch 2"):
        train(model, few, out=tmp_path, after_epoch=poison)
    assert (tmp_path / LAST).read_bytes() == saved["last"]
    assert all(tensor.isfinite().all() for tensor in load_network(tmp_path / BEST).state_dict().values())


def test_an_exploding_loss_stops_the_run_and_leaves_the_weights_before_it(few):
    model, last_weights = fresh(), {}

    def explode(run):
        last_weights.update(run.last_weights)
        with torch.no_grad():
            model.OUTPUT.weight.mul_(1e6)

    with pytest.raises(DivergedError, match="training has diverged"):
        train(model, few, after_epoch=explode)
    assert same(model.state_dict(), last_weights)


@pytest.mark.slow
def test_callbacks_see_batches_and_epochs(few):
    steps, epochs = [], []
    run = train(
        fresh(),
        few,
        before_batch=lambda run: steps.append((run.steps, run.epochs_done)),
        after_epoch=lambda run: epochs.append((len(run.history), run.seen)),
    )
    assert epochs == [(1, 0), (2, 0), (3, 0), (4, 0)]
    assert steps == [(step, pytest.approx(step / 10)) for step in range(40)]
    assert [point["epoch"] for point in run.curve] == pytest.approx([step / 10 for step in range(1, 41)])


@pytest.mark.slow
def test_what_changes_while_it_runs_counts_from_the_next_batch(few):
    """The same as two plain loops, one after the other, with the second one's rate and batch size."""
    recipe = Recipe("still", epochs=2, batch_size=16, peak_rate=0.05, momentum=0.0, weight_decay=0.0)
    sizes = []

    def change(run):
        sizes.append(run.seen)
        if run.epochs_done == 0.5:
            run.recipe = run.recipe.changed(batch_size=40, peak_rate=0.01)

    model = fresh()
    run = train(model, few, recipe, before_batch=change)
    assert sizes == [*range(0, 80, 16), 80, 120, 0, 40, 80, 120]
    assert (run.started_with, run.recipe.batch_size) == (recipe, 40)

    plain, images, labels = fresh(), few.train.images, few.train.labels
    orders = [torch.randperm(160, generator=torch.Generator().manual_seed(epoch)) for epoch in (0, 1)]
    batches = (*orders[0][:80].split(16), *orders[0][80:].split(40), *orders[1].split(40))
    starts = (0, 16, 32, 48, 64, 80, 120, 160, 200, 240, 280)
    for batch, start in zip(batches, starts, strict=True):
        rate = recipe.changed(peak_rate=0.05 if start < 80 else 0.01).rate(start / 320)
        loss = torch.nn.functional.cross_entropy(plain(images[batch]), labels[batch])
        gradients = torch.autograd.grad(loss, list(plain.parameters()))
        for parameter, gradient in zip(plain.parameters(), gradients, strict=True):
            parameter.data -= rate * gradient
    for name, weights in run.last_weights.items():
        torch.testing.assert_close(weights, plain.state_dict()[name], atol=1e-5, rtol=1e-4)


@pytest.mark.slow
def test_every_combination_of_switches_trains(few):
    switches = (("table", "full"), architecture.POOLINGS, architecture.ACTIVATIONS, architecture.OUTPUTS)
    for combination in product(*switches):
        model = LeNet5(*combination)
        before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
        train(model, few, Recipe("short", epochs=1, batch_size=80, peak_rate=0.001))
        moved = [name for name, tensor in model.state_dict().items() if not torch.equal(tensor, before[name])]
        assert moved == list(before), combination


def test_the_default_recipe_fits_network_and_data(few):
    taken = []

    def stop(run):
        taken.append(run.recipe)
        raise KeyboardInterrupt

    for model in (fresh(), LeNet5()):
        with pytest.raises(KeyboardInterrupt):
            fit(model, few, device="cpu", progress=False, after_epoch=stop)
    assert taken == [RECIPES["small"], RECIPES["small_rbf"]]


@pytest.mark.slow
def test_weights_saved_from_a_training_layout_are_plain(few, tmp_path):
    model = fresh()
    train(model, few, RECIPE.changed(epochs=1), out=tmp_path)
    assert all(parameter.is_contiguous() for parameter in model.parameters())
