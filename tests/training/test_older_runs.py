"""Runs and checkpoints from before data named its source: they load and resume."""

import pytest

from lenet_edu.data.splits import Source
from lenet_edu.network.architecture import MODERN
from lenet_edu.network.models import LeNet5
from lenet_edu.system.tensors import load_tensors, save_tensors
from lenet_edu.training.checkpoints import load_network
from lenet_edu.training.loop import fit
from lenet_edu.training.recipes import Recipe
from lenet_edu.training.runs import BEST, LAST, STATE, load_run
from lenet_edu.training.sessions import PAUSED, Session

RECIPE = Recipe("test", 2, 64, peak_rate=0.05)


class _StopError(Exception):
    pass


def stop(run) -> None:
    """After the first epoch."""
    raise _StopError


@pytest.fixture
def older(few, tmp_path):
    """A run that was stopped after an epoch, with the notes that runs had then."""
    with pytest.raises(_StopError):
        fit(LeNet5(**MODERN), few, RECIPE, device="cpu", out=tmp_path, progress=False, after_epoch=stop)
    for name in (STATE, BEST, LAST):
        tensors, notes = load_tensors(tmp_path / name)
        assert notes.pop("source") == Source("embedded").to_dict()
        save_tensors(tmp_path / name, tensors, notes)
    return tmp_path


def test_an_older_run_resumes(older, few):
    run = fit(LeNet5(**MODERN), few, RECIPE, device="cpu", out=older, resume=True, progress=False)
    assert len(run.history) == 2


def test_an_older_run_is_taken_up_by_a_session_with_the_same_data(older, few):
    session = Session(few, recipe=RECIPE, device="cpu", folder=older.parent / "others")
    session.load(older)
    assert (session.status, session.data) == (PAUSED, few)


def test_the_source_of_an_older_run_or_checkpoint_is_known(older):
    assert Source.from_notes(load_run(older)[2]) == Source("embedded")
    assert Source.from_notes(load_network(older / BEST).notes) == Source("embedded")
