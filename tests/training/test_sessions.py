"""A training under someone's hands: whatever is pressed, it comes out as one that was never touched."""

import subprocess
import sys
import threading

import pytest
import torch

from lenet_edu.data.digits import load_digits
from lenet_edu.data.picture_sets import draw_shapes
from lenet_edu.network.architecture import MODERN, rgb_lenet
from lenet_edu.network.models import LeNet5
from lenet_edu.system.errors import LenetError
from lenet_edu.training import sessions
from lenet_edu.training.evaluation import accuracy
from lenet_edu.training.loop import fit
from lenet_edu.training.recipes import Recipe
from lenet_edu.training.runs import BEST, STATE, list_runs, load_run
from lenet_edu.training.sessions import (
    FINISHED,
    PAUSED,
    READY,
    RUNNING,
    STOPPED,
    Session,
    delete_run,
    describe_runs,
)

RECIPE = Recipe("test", epochs=3, batch_size=16, peak_rate=0.05, rotation=5.0, shift=1.0)


@pytest.fixture
def session(few, tmp_path) -> Session:
    return Session(few, recipe=RECIPE, seed=4, device="cpu", folder=tmp_path / "runs")


def untouched(digits, recipe=RECIPE, switches=MODERN, **options):
    model = LeNet5(**switches)
    model.reset_parameters(torch.Generator().manual_seed(4))
    run = fit(model, digits, recipe, seed=4, device="cpu", progress=False, **options)
    return model, run


def same(model, other) -> bool:
    pairs = zip(model.state_dict().values(), other.state_dict().values(), strict=True)
    return all(torch.equal(one, two) for one, two in pairs)


@pytest.mark.slow
def test_pictures_in_colour_train_the_rgb_network(tmp_path):
    shapes, recipe = draw_shapes(), RECIPE.changed(epochs=1, batch_size=64)
    session = Session(shapes, recipe=recipe, seed=4, device="cpu", folder=tmp_path / "runs")
    assert session.plan == rgb_lenet()
    do(session, "step", 5)
    second = Session(shapes, {"f7": False}, device="cpu", folder=tmp_path / "runs")
    assert second.plan == rgb_lenet(f7=False)
    second.load(session.home)
    for one in (session, second):
        do(one, "train")
    assert second.plan == rgb_lenet()
    assert same(session.model, second.model)
    digits = Session(load_digits("embedded"), device="cpu", folder=tmp_path / "runs")
    digits.load(session.home)
    assert digits.data.name == "drawn shapes"


def test_a_recipe_decides_how_the_first_weights_are_drawn(few, tmp_path):
    session = Session(few, recipe=RECIPE, seed=4, device="cpu", folder=tmp_path / "runs")
    before = session.model.C1.bias.abs().max()
    session.change(start="torch")
    assert before == 0 < session.model.C1.bias.abs().max()


def do(session, action, *arguments) -> None:
    getattr(session, action)(*arguments)
    session.wait()


@pytest.mark.slow
def test_it_trains_in_a_thread_to_what_fit_alone_gives(few, session):
    assert session.status == READY
    session.train()
    assert session.status == RUNNING or session.status == FINISHED
    session.wait()
    assert session.status == FINISHED
    model, run = untouched(few)
    assert same(session.model, model)
    assert [record["train_loss"] for record in session.run.history] == [
        record["train_loss"] for record in run.history
    ]


@pytest.mark.slow
def test_steps_epochs_and_pauses_do_not_show_in_the_result(few, session):
    do(session, "step")
    assert (session.status, session.run.steps) == (PAUSED, 1)
    do(session, "step", 3)
    assert session.run.steps == 4
    do(session, "epoch")
    assert (len(session.run.history), session.run.seen, session.run.steps) == (1, 0, 10)
    do(session, "epoch")
    assert len(session.run.history) == 2

    paused = threading.Event()

    def pause(it):
        if it.run.steps == 25 and not paused.is_set():
            paused.set()
            it.pause()

    session.watch = pause
    do(session, "train")
    assert (session.status, session.run.steps) == (PAUSED, 25)
    do(session, "train")
    assert same(session.model, untouched(few)[0])


def test_a_goal_can_be_changed_while_it_runs(few, session):
    def then_only_this_epoch(it):
        if it.run.steps == 3:
            it.epoch()

    session.watch = then_only_this_epoch
    do(session, "train")
    assert (session.status, len(session.run.history), session.run.seen) == (PAUSED, 1, 0)


@pytest.mark.slow
def test_changes_count_from_the_next_batch_and_before_it_begins(few, session):
    session.change(momentum=0.5)
    do(session, "step", 5)
    session.change(peak_rate=0.01)
    session.change(batch_size=40)
    assert session.recipe_now.batch_size == 40
    do(session, "train")
    assert session.run.started_with == RECIPE.changed(momentum=0.5)

    def change(run):
        if run.steps == 5:
            run.recipe = run.recipe.changed(peak_rate=0.01, batch_size=40)

    assert same(session.model, untouched(few, RECIPE.changed(momentum=0.5), before_batch=change)[0])


def test_a_bad_change_changes_nothing(session):
    do(session, "step")
    with pytest.raises(LenetError, match="momentum must be a number from 0 to"):
        session.change(momentum=2.0)
    assert session.recipe_now == RECIPE


@pytest.mark.slow
def test_reset_gives_the_same_initial_weights_and_another_folder(few, session):
    weights = [parameter.clone() for parameter in session.model.parameters()]
    do(session, "epoch")
    first = session.home
    session.reset()
    assert (session.status, session.run.steps) == (READY, 0)
    assert all(torch.equal(a, b) for a, b in zip(weights, session.model.parameters(), strict=True))
    assert session.home is None
    assert [run["name"] for run in list_runs(session.folder)] == [first.name]
    do(session, "step")
    second = session.home
    session.reset()
    assert not second.exists()
    do(session, "train")
    assert same(session.model, untouched(few)[0])


def test_two_that_begin_in_the_same_second_have_each_their_folder(few, tmp_path):
    both = [Session(few, recipe=RECIPE, device="cpu", folder=tmp_path) for _ in range(2)]
    for session in both:
        do(session, "step", 2)
    assert both[0].home != both[1].home
    assert [session.run.steps for session in both] == [2, 2]


def test_a_folder_that_cannot_be_made_is_named(few, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(LenetError, match="could not be made"):
        Session(few, recipe=RECIPE, device="cpu", folder=tmp_path / "file").step()


@pytest.mark.slow
def test_a_finished_run_says_so(session):
    do(session, "train")
    with pytest.raises(LenetError, match="This run is finished"):
        session.step()


@pytest.mark.slow
def test_save_and_load_take_a_run_up_where_it_was(few, session, tmp_path):
    do(session, "step", 14)
    copy = session.save("mine")
    do(session, "train")

    other = Session(few, {"c3": "table"}, device="cpu", folder=tmp_path / "runs")
    other.load(copy)
    assert (other.status, other.run.steps, other.seed, other.plan) == (PAUSED, 14, 4, session.plan)
    assert other.recipe == RECIPE
    do(other, "train")
    assert same(other.model, session.model)

    other.load(session.home)
    assert other.status == FINISHED
    assert same(other.model, session.model)
    best = max(record["validation_accuracy"] for record in session.run.history)
    assert accuracy(other.model, few.validation) == pytest.approx(best)


@pytest.mark.slow
def test_save_while_it_runs_lets_it_go_on(few, session, tmp_path):
    reached, saved = threading.Event(), threading.Event()

    def wait_once(it):
        if it.run.steps == 7 and not reached.is_set():
            reached.set()
            saved.wait(0.2)

    session.watch = wait_once
    session.train()
    assert reached.wait(10)
    session.save("copy")
    session.wait()
    assert session.status == FINISHED
    assert load_run(tmp_path / "runs" / "copy")[0].steps >= 7
    assert same(session.model, untouched(few)[0])


@pytest.mark.parametrize(
    ("name", "message"),
    [("", "usable as the name"), ("a/b", "usable as the name"), (".hidden", "usable"), ("taken", "already")],
)
def test_a_bad_name_is_refused(session, name, message):
    do(session, "step")
    session.save("taken")
    with pytest.raises(LenetError, match=message):
        session.save(name)


@pytest.mark.slow
def test_what_cannot_be_loaded_leaves_the_session_as_it_is(few, session, tmp_path):
    with pytest.raises(LenetError, match="nothing to save"):
        session.save("early")
    do(session, "step")
    with pytest.raises(LenetError, match="holds no run"):
        session.load(tmp_path / "nowhere")
    damaged = session.save("damaged")
    (damaged / STATE).write_bytes(b"PK")
    with pytest.raises(LenetError, match="pickle"):
        session.load(damaged)
    assert (session.status, session.run.steps) == (PAUSED, 1)
    do(session, "train")
    assert session.status == FINISHED


def poison_at(step):
    """Makes a weight of the session's network nan at that step."""

    def poison(session):
        if session.run.steps == step:
            with torch.no_grad():
                session.model.F6.bias.fill_(float("nan"))

    return poison


@pytest.mark.slow
def test_an_error_stops_it_and_is_told_and_it_can_go_on_with_another_rate(few, session):
    do(session, "epoch")

    session.watch = poison_at(12)
    do(session, "train")
    assert session.status == STOPPED
    assert "training has diverged. Lower the learning rate" in session.error
    assert all(parameter.isfinite().all() for parameter in session.model.parameters())
    session.watch = lambda it: None
    session.change(peak_rate=0.01)
    do(session, "train")
    assert (session.status, session.error, len(session.run.history)) == (FINISHED, "", 3)


def test_an_unforeseen_error_is_told_by_its_kind(session, monkeypatch):
    def fail(*_, **__):
        raise ZeroDivisionError("of all things")

    monkeypatch.setattr(sessions, "fit", fail)
    do(session, "train")
    assert (session.status, session.error) == (STOPPED, "ZeroDivisionError: of all things")


@pytest.mark.slow
def test_runs_are_listed_with_what_came_of_them(session):
    do(session, "train")
    session.save("b")
    listed = list_runs(session.folder)
    assert [run["name"] for run in listed] == sorted([session.home.name, "b"])
    best = max(record["validation_accuracy"] for record in session.run.history)
    assert [(run["epochs"], run["accuracy"]) for run in listed] == [(3, best)] * 2
    assert (session.home / BEST).exists()
    assert list_runs(session.folder / "nowhere") == []


@pytest.mark.slow
def test_after_an_error_all_that_is_shown_is_the_saved_state_it_goes_on_from(few, session):
    do(session, "step", 13)
    saved = [parameter.clone() for parameter in session.model.parameters()]

    session.watch = poison_at(17)
    do(session, "train")
    assert session.status == STOPPED
    assert "back at its last saved state: epoch 1.30, step 13, peak learning rate 0.05" in session.error
    assert (session.run.steps, session.run.epochs_done) == (13, 1.3)
    assert all(torch.equal(a, b) for a, b in zip(saved, session.model.parameters(), strict=True))
    assert max(point["epoch"] for point in session.run.curve) <= 1.3
    assert [point["epoch"] for point in session.abandoned] == pytest.approx([1.4, 1.5, 1.6, 1.7])
    session.watch = lambda it: None
    do(session, "train")
    assert (session.status, session.abandoned) == (FINISHED, [])
    assert same(session.model, untouched(few)[0])


@pytest.mark.slow
def test_epochs_can_be_added_while_it_runs_but_not_taken_back(few, session):
    do(session, "step", 13)
    with pytest.raises(LenetError, match="epochs must be at least 2, the epoch of this run now; got 1"):
        session.change(epochs=1)
    session.change(epochs=4)
    do(session, "train")
    assert (session.status, len(session.run.history)) == (FINISHED, 4)
    with pytest.raises(LenetError, match="Reset it, and then choose"):
        session.change(epochs=9)


@pytest.mark.slow
def test_runs_are_described_by_their_settings_and_what_came_of_them(few, session):
    do(session, "step", 14)
    session.save("a copy")
    session.change(peak_rate=0.02)
    do(session, "train")
    (session.folder / "damaged").mkdir()
    (session.folder / "damaged" / STATE).write_bytes(b"PK")
    described = {run["name"]: run for run in describe_runs(session.folder)}
    assert set(described) == {session.home.name, "a copy", "damaged"}
    assert described["damaged"] == {"name": "damaged", "state": "damaged"}
    settings = {
        "network": "LeNet-5 modern",
        "kind": "lenet5",
        "data": few.name,
        "seed": 4,
        "recipe": "test",
        "momentum": 0.9,
        "batch_size": 16,
        "epochs": 3,
    }
    best = max(record["validation_accuracy"] for record in session.run.history)
    first = session.run.history[0]["validation_accuracy"]
    for name, state, rate, done, accuracy_ in (
        (session.home.name, "finished", 0.02, 3.0, best),
        ("a copy", "paused", 0.05, 1.4, first),
    ):
        wanted = {"name": name, "state": state, "peak_rate": rate, "epochs_done": done, "accuracy": accuracy_}
        assert described[name] == {**settings, **wanted}
    assert describe_runs(session.folder / "nowhere") == []


def test_a_run_that_is_being_trained_is_neither_loaded_nor_deleted_by_others(few, session):
    reached, go_on = threading.Event(), threading.Event()

    def hold(it):
        if it.run.steps == 2:
            reached.set()
            go_on.wait(30)

    session.watch = hold
    session.train()
    assert reached.wait(30)
    try:
        (run,) = describe_runs(session.folder)
        assert run["state"] == "running"
        with pytest.raises(LenetError, match="Pause it before you delete it"):
            delete_run(session.folder, session.home.name)
        with pytest.raises(LenetError, match="is being trained now, elsewhere"):
            Session(few, device="cpu", folder=session.folder).load(session.home)
    finally:
        go_on.set()
        session.pause()
        session.wait()
    assert [run["state"] for run in describe_runs(session.folder)] == ["paused"]
    delete_run(session.folder, session.home.name)
    assert list(session.folder.iterdir()) == []


def test_only_runs_are_deleted(session):
    (session.folder / "letters").mkdir(parents=True)
    for name, message in (("letters", "no run"), ("..", "usable as the name"), ("a/b", "usable as the name")):
        with pytest.raises(LenetError, match=message):
            delete_run(session.folder, name)
    assert (session.folder / "letters").exists()


KILLED = """
import os, sys
from lenet_edu.data.digits import load_digits
from lenet_edu.training.recipes import Recipe
from lenet_edu.training.sessions import Session

session = Session(load_digits("embedded"), recipe=Recipe("test", epochs=3, batch_size=32, peak_rate=0.05),
                  seed=4, device="cpu", folder=sys.argv[1])
session.watch = lambda it: len(it.run.history) == 1 and it.run.seen >= 96 and os._exit(9)
session.train()
session.wait()
"""


@pytest.mark.slow
def test_a_run_whose_process_was_killed_is_interrupted_and_ends_as_if_it_had_not_been(embedded, tmp_path):
    code = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)]).returncode
    assert code == 9
    (run,) = describe_runs(tmp_path)
    assert (run["state"], run["epochs_done"]) == ("interrupted", 1.0)
    session = Session(embedded, device="cpu", folder=tmp_path)
    session.load(tmp_path / run["name"])
    do(session, "train")
    assert session.status == FINISHED
    assert [run["state"] for run in describe_runs(tmp_path)] == ["finished"]
    assert same(session.model, untouched(embedded, session.recipe)[0])
