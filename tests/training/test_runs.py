"""The folder of a run: killed, refused, full, foreign or old, nothing in it is lost or mixed up."""

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from lenet_edu.data.splits import Data, Split, crop
from lenet_edu.network.architecture import MODERN
from lenet_edu.network.models import LeNet1, LeNet5
from lenet_edu.system import files
from lenet_edu.system.errors import LenetError
from lenet_edu.system.files import lock_folder
from lenet_edu.system.tensors import load_tensors, save_tensors
from lenet_edu.training import loop as training
from lenet_edu.training.checkpoints import load_network
from lenet_edu.training.loop import fit
from lenet_edu.training.recipes import Recipe
from lenet_edu.training.runs import BEST, HISTORY, LAST, STATE, load_run, new_run_folder

RECIPE = Recipe("test", epochs=4, batch_size=16, peak_rate=0.05, rotation=5.0, shift=1.0, elastic=0.5)


def train(digits, out, recipe=RECIPE, **options):
    model = LeNet5(**MODERN)
    model.reset_parameters(torch.Generator().manual_seed(1))
    return fit(model, digits, recipe, device="cpu", progress=False, out=out, **options)


def same_state(a, b) -> bool:
    """Whether two folders hold the same run, but for the times."""
    (tensors, notes), (others, other_notes) = load_tensors(a / STATE), load_tensors(b / STATE)
    return (
        tensors.keys() == others.keys()
        and all(torch.equal(tensors[name], others[name]) for name in tensors)
        and (notes["curve"], notes["steps"]) == (other_notes["curve"], other_notes["steps"])
    )


# One process trains with the whole suite loaded, forks for each life, and kills the child wherever it is.
KILLER = """
import json, os, random, signal, sys, time
import torch
from lenet_edu.training import loop as training
from lenet_edu.network.architecture import MODERN
from lenet_edu.data.digits import load_digits
from lenet_edu.network.models import LeNet5
from lenet_edu.training.recipes import Recipe
from lenet_edu.training.runs import STATE
from pathlib import Path

torch.set_num_threads(1)
digits, recipe = load_digits("embedded"), Recipe(**json.loads(sys.argv[3]))
unbroken, broken, draw = Path(sys.argv[1]), Path(sys.argv[2]), random.Random(0)
training._SAVE_EVERY = 0.02

def train(out):
    model = LeNet5(**MODERN)
    model.reset_parameters(torch.Generator().manual_seed(1))
    resume = (out / STATE).exists()
    training.fit(model, digits, recipe, device="cpu", progress=False, out=out, resume=resume)

def live(out, seconds=None):
    child = os.fork()
    if not child:
        try:
            train(out)
        except BaseException as error:
            print(error, file=sys.stderr)
            os._exit(1)
        os._exit(0)
    if seconds is not None:
        time.sleep(seconds)
        os.kill(child, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

assert live(unbroken) == 0
ends = [live(broken, draw.uniform(0.01, 0.25)) for _ in range(20)]
assert live(broken) == 0
print(json.dumps(ends))
"""


@pytest.mark.slow
@pytest.mark.skipif(
    not hasattr(os, "fork"), reason="processes cannot be forked here: run this on Linux or macOS"
)
def test_a_process_killed_at_twenty_random_moments_ends_where_an_unbroken_one_does(tmp_path):
    unbroken, broken = tmp_path / "unbroken", tmp_path / "broken"
    recipe = json.dumps(RECIPE.changed(epochs=40).to_dict())
    done = subprocess.run(
        [sys.executable, "-c", KILLER, str(unbroken), str(broken), recipe],
        capture_output=True,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [-signal.SIGKILL] * 20
    assert same_state(unbroken, broken)
    for name in (BEST, LAST):
        assert load_tensors(unbroken / name)[0].keys() == load_tensors(broken / name)[0].keys()
        for key, tensor in load_tensors(unbroken / name)[0].items():
            assert torch.equal(tensor, load_tensors(broken / name)[0][key])
    epochs = [json.loads(line)["epoch"] for line in (broken / HISTORY).read_text().splitlines()]
    assert epochs == list(range(1, 41))


@pytest.mark.slow
def test_ctrl_c_saves_between_two_batches_and_the_run_goes_on(few, tmp_path):
    before = signal.getsignal(signal.SIGINT)

    def interrupt(run):
        if run.steps == 17:
            os.kill(os.getpid(), signal.SIGINT)

    train(few, tmp_path / "unbroken")
    with pytest.raises(KeyboardInterrupt):
        train(few, tmp_path / "broken", before_batch=interrupt)
    assert load_tensors(tmp_path / "broken" / STATE)[1]["steps"] == 17
    train(few, tmp_path / "broken", resume=True)
    assert same_state(tmp_path / "unbroken", tmp_path / "broken")
    assert signal.getsignal(signal.SIGINT) is before


def test_ctrl_c_during_an_epochs_end_stops_after_it(few, tmp_path):
    def interrupt(run):
        if len(run.history) == 2:
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        train(few, tmp_path, after_epoch=interrupt)
    assert len(train(few, tmp_path, resume=True).history) == 4


@pytest.mark.slow
@pytest.mark.parametrize("writes", range(1, 12, 2))
def test_a_full_disk_stops_the_run_and_loses_nothing(few, tmp_path, monkeypatch, writes):
    left, really = [writes], os.fsync

    def full(descriptor):
        left[0] -= 1
        if left[0] < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        really(descriptor)

    train(few, tmp_path / "unbroken")
    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(LenetError, match="No space left on device"):
        train(few, tmp_path / "broken")
    monkeypatch.undo()
    assert [path.name for path in (tmp_path / "broken").glob(".*")] == [files.LOCK]
    train(few, tmp_path / "broken", resume=True)
    assert same_state(tmp_path / "unbroken", tmp_path / "broken")


def test_a_folder_that_cannot_be_made_is_named(few, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(LenetError, match="file/run could not be written"):
        train(few, tmp_path / "file" / "run")


def test_a_long_epoch_is_saved_within(few, tmp_path, monkeypatch):
    monkeypatch.setattr(training, "_SAVE_EVERY", 0.0)
    states = []

    def look(run):
        states.append(load_tensors(tmp_path / STATE)[1]["seen"])

    train(few, tmp_path, RECIPE.changed(epochs=1), before_batch=look)
    assert states == list(range(0, 160, 16))


def test_the_second_of_two_writers_is_refused(few, tmp_path):
    code = "import sys, time; from lenet_edu.system.files import lock_folder\n"
    code += "with lock_folder(sys.argv[1]): print('held', flush=True); time.sleep(60)"
    other = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    try:
        assert other.stdout.readline() == "held\n"
        with pytest.raises(LenetError, match="is in use: another training writes to it"):
            train(few, tmp_path)
        assert not (tmp_path / STATE).exists()
    finally:
        other.kill()
        other.wait()
    # The lock went with the process.
    train(few, tmp_path, RECIPE.changed(epochs=1))
    with lock_folder(tmp_path), pytest.raises(LenetError, match="in use"):
        train(few, tmp_path, RECIPE.changed(epochs=1), resume=True)


def test_history_can_be_read_while_it_runs(few, tmp_path):
    lengths = []

    def read(run):
        records = [json.loads(line) for line in (tmp_path / HISTORY).read_text().splitlines()]
        assert records == run.history
        lengths.append(len(records))

    train(few, tmp_path, after_epoch=read)
    assert lengths == [1, 2, 3, 4]


@pytest.mark.parametrize("version", [None, 1, 99])
def test_a_run_of_another_version_says_why_it_cannot_go_on(few, tmp_path, version):
    train(few, tmp_path, RECIPE.changed(epochs=1))
    tensors, notes = load_tensors(tmp_path / STATE)
    del notes["format"]
    save_tensors(tmp_path / STATE, tensors, notes if version is None else {**notes, "format": version})
    kind = "a newer" if version == 99 else "an older"
    with pytest.raises(LenetError, match=f"was begun by {kind} version of lenet_edu"):
        train(few, tmp_path, RECIPE.changed(epochs=1), resume=True)
    assert load_network(tmp_path / BEST).notes["epoch"] == 1


def test_a_damaged_state_is_named(few, tmp_path):
    train(few, tmp_path, RECIPE.changed(epochs=1))
    (tmp_path / STATE).write_bytes((tmp_path / STATE).read_bytes()[:500])
    with pytest.raises(LenetError, match="not a whole safetensors file"):
        train(few, tmp_path, RECIPE.changed(epochs=1), resume=True)


def test_weights_that_are_no_numbers_are_not_saved_as_a_state(few, tmp_path):
    model = LeNet5(**MODERN)

    def poison(run):
        if run.steps == 15:
            with torch.no_grad():
                model.F6.bias.fill_(float("nan"))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit(model, few, RECIPE, device="cpu", progress=False, out=tmp_path, before_batch=poison)
    tensors, notes = load_tensors(tmp_path / STATE)
    assert notes["steps"] == 10
    assert all(tensor.isfinite().all() for tensor in tensors.values())


@pytest.mark.slow
def test_a_change_made_while_it_ran_is_kept_when_it_goes_on(few, tmp_path):
    def change(run):
        if run.steps == 12:
            run.recipe = run.recipe.changed(peak_rate=0.01, batch_size=32)

    def change_and_stop(run):
        change(run)
        if run.steps == 13:
            raise KeyboardInterrupt

    train(few, tmp_path / "unbroken", before_batch=change)
    with pytest.raises(KeyboardInterrupt):
        train(few, tmp_path / "broken", before_batch=change_and_stop)
    run = train(few, tmp_path / "broken", resume=True)
    assert (run.recipe.batch_size, run.started_with) == (32, RECIPE)
    assert same_state(tmp_path / "unbroken", tmp_path / "broken")


# A run of LeNet-1 as it was saved before this package was laid out in folders: stopped at step 15 of 30.
OLD_RUN = Path(__file__).parent / "old_run"


@pytest.mark.slow
def test_a_run_saved_by_an_earlier_version_goes_on_to_where_it_would_have_come(few, tmp_path):
    small = {
        name: Split(crop(getattr(few, name).images, 28), getattr(few, name).labels)
        for name in ("train", "validation", "test")
    }
    data = Data(**small, scaling=few.scaling, source=few.source)
    shutil.copytree(OLD_RUN, tmp_path / "broken")
    run, _, notes = load_run(tmp_path / "broken")
    assert (run.steps, run.seen, len(run.history)) == (15, 80, 1)
    recipe = run.started_with

    def train_small(out, **options):
        model = LeNet1()
        model.reset_parameters(torch.Generator().manual_seed(1))
        return fit(model, data, recipe, seed=3, device="cpu", progress=False, out=out, **options)

    resumed, unbroken = train_small(tmp_path / "broken", resume=True), train_small(tmp_path / "unbroken")
    # The first half was trained on another machine, where sums may be rounded otherwise.
    for name, weights in unbroken.last_weights.items():
        torch.testing.assert_close(resumed.last_weights[name], weights, atol=1e-4, rtol=1e-3)
    assert resumed.steps == unbroken.steps == 30
    # What is saved now can be gone on with by that version, too.
    assert load_tensors(tmp_path / "unbroken" / STATE)[1].keys() == notes.keys() | {"source"}


def test_runs_begun_in_the_same_second_get_folders_of_their_own(tmp_path, monkeypatch):
    monkeypatch.setattr(time, "strftime", lambda *_: "2026-01-01-120000")
    names = [new_run_folder(tmp_path / "runs", "LeNet-5, modern").name for _ in range(3)]
    wanted = "2026-01-01-120000-lenet-5-modern"
    assert names == [wanted, f"{wanted}-2", f"{wanted}-3"]
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(LenetError, match="could not be made"):
        new_run_folder(tmp_path / "file", "LeNet-5")
