"""results/family.py at work on a few digits."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from lenet_edu.data import Split, load_digits
from lenet_edu.files import read_json
from lenet_edu.models import build
from lenet_edu.original import OriginalRecipe, train_original

sys.path.insert(0, str(Path(__file__).parents[1] / "results"))
import family


@pytest.fixture
def few(monkeypatch):
    """A hundred embedded digits for training and for either kind of judging, as if they were MNIST."""
    data = load_digits("embedded")
    some = [Split(part.images[:100], part.labels[:100]) for part in (data.train, data.validation, data.test)]
    data = replace(data, source="MNIST", train=some[0], validation=some[1], test=some[2])
    monkeypatch.setattr(family, "load_digits", lambda: data)
    return data


@pytest.fixture
def short(monkeypatch):
    recipe = OriginalRecipe(schedule=((5e-4, 2),), patterns=20)
    found = {
        "LeNet-5": family.Experiment("as in 1998", "LeNet-5", recipe=recipe, seeds=2),
        "open: as chosen": family.Experiment("as chosen", recipe=recipe, seeds=1),
    }
    monkeypatch.setattr(family, "experiments", lambda: found)
    return found


def test_a_run_is_what_training_and_counting_come_to(few, short):
    found = family.measure("LeNet-5", 1)
    both = [
        torch.cat(pair)
        for pair in zip(*[(p.images, p.labels) for p in (few.train, few.validation)], strict=True)
    ]
    model = build(short["LeNet-5"].network)
    history = train_original(model, Split(*both), short["LeNet-5"].recipe, seed=1)
    wrong = (model.classes_of(few.test.images) != few.test.labels).float().mean().item()
    assert found["error"] == pytest.approx(100 * wrong, abs=1e-3)
    assert found["weights"] == family.fingerprint(model)
    assert found["updates"] == history[-1]["updates"] == 2 * (len(few.train) + len(few.validation))
    assert len(found["passes"]) == 2


def test_comparisons_never_see_the_test_split(few, short):
    train, judge = family.splits(short["open: as chosen"])
    assert train is few.train
    assert judge is few.validation


def test_what_is_kept_is_whole_and_in_order(few, short, monkeypatch, tmp_path):
    monkeypatch.setattr(family, "FILE", tmp_path / "family.json")
    kept = {"experiments": {}}
    for name, seed in (("open: as chosen", 0), ("LeNet-5", 1), ("LeNet-5", 0)):
        family.keep(kept, name, family.measure(name, seed))
    written = read_json(tmp_path / "family.json")["experiments"]
    assert list(written) == list(short)
    runs = written["LeNet-5"]["runs"]
    assert [run["seed"] for run in runs] == [0, 1]
    errors = [run["error"] for run in runs]
    assert written["LeNet-5"]["error"]["mean"] == pytest.approx(sum(errors) / 2, abs=1e-3)
    assert written["LeNet-5"]["error"]["best"] == min(errors)
    assert written["open: as chosen"]["error"]["deviation"] is None


KEPT = read_json(family.FILE)


@pytest.mark.parametrize("name", KEPT["experiments"])
def test_the_record_is_of_the_experiments_as_they_stand(name):
    entry, what = KEPT["experiments"][name], family.experiments()[name]
    assert entry["recipe"] == what.recipe.to_dict()
    assert entry["network"] == what.network
    assert [run["seed"] for run in entry["runs"]] == list(range(what.seeds))
    assert entry["error"] == family.summary([run["error"] for run in entry["runs"]])
    digits = KEPT["digits"]["training"] - (KEPT["held_out"] if what.row is None else 0)
    assert {run["updates"] for run in entry["runs"]} == {len(what.recipe.rates) * digits}
    assert all(run["passes"][-1]["judged_error"] == run["error"] for run in entry["runs"])
    assert len({run["weights"] for run in entry["runs"]}) == what.seeds
