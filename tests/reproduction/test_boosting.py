"""Boosting: whose patterns are whose, added outputs, and the same team however often it was stopped."""

import pytest
import torch
from torch import nn

from lenet_edu.data.splits import Split
from lenet_edu.network.architecture import lenet4, lenet5
from lenet_edu.network.models import LeNet4, LeNet5
from lenet_edu.reproduction import boosting
from lenet_edu.reproduction.boosting import (
    POOL,
    TEAM,
    Team,
    boost,
    disagreements,
    draw_patterns,
    gather,
    load_team,
    right_and_wrong,
    save_team,
)
from lenet_edu.reproduction.passes import DISTORTED, STATE, VERSIONS, OriginalRecipe, draw_version
from lenet_edu.system.errors import LenetError
from lenet_edu.system.tensors import load_tensors
from lenet_edu.training.checkpoints import save_network
from lenet_edu.training.evaluation import accuracy, confusion, probabilities

RECIPE = OriginalRecipe("squared", schedule=((5e-4, 3),), patterns=50, divisor=1.0, distortions=DISTORTED)
SIZE = 150
SEED = 1


@pytest.fixture(scope="module")
def digits(embedded) -> Split:
    return embedded.train.select(slice(400))


def make(digits, out=None, seed=SEED, size=SIZE, **more) -> tuple[Team, list[dict]]:
    return boost(lenet4().config, digits, RECIPE, seed=seed, size=size, out=out, **more)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("boosted")


@pytest.fixture(scope="module")
def records() -> list:
    return []


@pytest.fixture(scope="module")
def team(digits, folder, records) -> Team:
    team, history = make(digits, folder, after_pass=lambda network, record: records.append(record))
    assert history == records
    return team


def places(folder, number):
    return load_tensors(folder / str(number) / POOL)[0]["places"]


def patterns(digits, folder, number) -> Split:
    return draw_patterns(digits, DISTORTED, 3 * SEED, places(folder, number))


@torch.no_grad()
def answers(network, images):
    return network(images).argmax(1)


def same(one: nn.Module, other: nn.Module) -> bool:
    theirs = other.state_dict()
    return all(torch.equal(value, theirs[name]) for name, value in one.state_dict().items())


def test_the_seconds_patterns_are_wrong_and_right_by_turns_to_the_first(team, digits, folder):
    chosen = patterns(digits, folder, 2)
    wrong = answers(team.networks[0], chosen.images) != chosen.labels
    assert len(chosen) == SIZE
    assert torch.equal(wrong, torch.arange(SIZE) % 2 == 0)


def test_the_thirds_patterns_are_all_that_the_first_two_disagree_about(team, digits, folder):
    one, two, _ = team.networks
    chosen, pool = patterns(digits, folder, 3), places(folder, 3)
    assert len(chosen) == SIZE
    assert (answers(one, chosen.images) != answers(two, chosen.images)).all()
    first, last = (pool[[0, -1]] // len(digits)).tolist()
    disputed = []
    for version in range(first, last + 1):
        images = draw_version(digits, DISTORTED, 3 * SEED, version).images
        for digit in (answers(one, images) != answers(two, images)).nonzero()[:, 0].tolist():
            disputed.append(version * len(digits) + digit)
    assert pool.tolist() == disputed[:SIZE]


def test_no_network_is_given_versions_that_one_before_has_seen(team, digits, folder):
    second, third = (places(folder, number) // len(digits) for number in (2, 3))
    assert second.min() == VERSIONS
    assert third.min() == second.max() + 1


def test_it_tells_how_many_digits_it_looked_at(team, digits, folder):
    for number, looked_at in zip((2, 3), team.notes["looked_at"], strict=True):
        pool = places(folder, number)
        before = pool[0] // len(digits) * len(digits)
        assert looked_at == pool[-1] - before + 1
        assert looked_at >= SIZE


def test_patterns_drawn_again_are_digits_of_their_versions(digits):
    n = len(digits)
    pool = torch.tensor([11 * n + 3, 11 * n + 5, 13 * n, 14 * n + n - 1])
    again = draw_patterns(digits, DISTORTED, 9, pool)
    versions = {version: draw_version(digits, DISTORTED, 9, version).images for version in (11, 13, 14)}
    for image, version, digit in zip(again.images, (11, 11, 13, 14), (3, 5, 0, n - 1), strict=True):
        assert torch.equal(image, versions[version][digit])
    assert torch.equal(again.labels, digits.labels[[3, 5, 0, n - 1]])


def test_each_network_is_recorded_pass_by_pass(team, records, digits):
    assert [(record["network"], record["pass"]) for record in records] == [
        (number, one) for number in (1, 2, 3) for one in (1, 2, 3)
    ]
    updates = [record["updates"] for record in records if record["pass"] == 1]
    assert updates == [len(digits), SIZE, SIZE]


def test_starts_differ_and_follow_from_the_seed(team, digits, folder, tmp_path):
    make(digits, tmp_path, seed=SEED + 1)
    seeds = [load_tensors(out / str(n) / STATE)[1]["seed"] for out in (folder, tmp_path) for n in (1, 2, 3)]
    assert len(set(seeds)) == 6
    assert not same(team, load_team(tmp_path / TEAM))


def test_only_the_first_is_distorted_while_it_trains(team, folder):
    distortions = [load_tensors(folder / str(n) / STATE)[1]["recipe"]["distortions"] for n in (1, 2, 3)]
    assert distortions == [DISTORTED, None, None]


def test_the_same_seed_means_the_same_team_with_a_folder_or_without(team, digits):
    assert same(team, make(digits)[0])


@pytest.mark.parametrize("stop", [(1, 2), (2, 1), (3, 3)], ids=str)
def test_goes_on_to_the_same_weights(team, records, digits, tmp_path, stop):
    def interrupt(network, record):
        if (record["network"], record["pass"]) == stop:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make(digits, tmp_path, after_pass=interrupt)
    assert not (tmp_path / TEAM).exists()
    rest = []
    again, history = make(digits, tmp_path, after_pass=lambda network, record: rest.append(record))
    assert same(again, team)
    assert again.notes == team.notes
    assert [record["loss"] for record in history] == [record["loss"] for record in records]
    assert (rest[0]["network"], rest[0]["pass"]) == stop


def test_a_finished_team_is_there_at_once(team, records, digits, folder, monkeypatch):
    def searches(*_):
        raise AssertionError("the patterns are there")

    monkeypatch.setattr(boosting, "gather", searches)
    trained = []
    again, history = make(digits, folder, after_pass=lambda network, record: trained.append(record))
    assert same(again, team)
    assert history == records
    assert not trained


def test_a_folder_of_other_settings_is_refused(team, digits, folder):
    with pytest.raises(LenetError, match="another seed"):
        make(digits, folder, seed=SEED + 1)
    with pytest.raises(LenetError, match=f"holds {SIZE} patterns, not {SIZE + 2}"):
        make(digits, folder, size=SIZE + 2)


def test_outputs_are_added(team, embedded):
    images = embedded.test.images[:50]
    with torch.no_grad():
        outputs = [network(images) for network in team.networks]
        assert torch.equal(team(images), outputs[0] + outputs[1] + outputs[2])
        wanted = torch.stack(outputs).sum(0).argmax(1)
        assert torch.equal(team.classes_of(images), wanted)
    assert torch.equal(probabilities(team, images).argmax(1), wanted)
    right = (wanted == embedded.test.labels[:50]).double().mean().item()
    assert accuracy(team, embedded.test.select(slice(50))) == pytest.approx(right)
    assert confusion(team, embedded.test).sum() == len(embedded.test)


def test_distances_are_added_and_the_smallest_wins(embedded):
    images = embedded.test.images[:50]
    team = Team([LeNet5(), LeNet5(), LeNet5()])
    assert team.has_rbf_output
    with torch.no_grad():
        distances = sum(network(images) for network in team.networks)
    assert torch.equal(team.classes_of(images), distances.argmin(1))
    torch.testing.assert_close(team.probabilities(images), (-distances).softmax(1))


def test_a_team_is_of_one_architecture():
    with pytest.raises(LenetError, match="one architecture"):
        Team([LeNet4(), LeNet5()])
    with pytest.raises(LenetError, match="one architecture"):
        Team([])


def test_what_is_saved_is_loaded(team, embedded, folder, tmp_path):
    save_team(tmp_path / "mine.safetensors", team, {"by": "hand"})
    loaded = load_team(tmp_path / "mine.safetensors")
    assert same(loaded, team)
    assert loaded.notes == {"by": "hand"}
    assert torch.equal(loaded.classes_of(embedded.test.images), team.classes_of(embedded.test.images))
    assert load_team(folder / TEAM).notes == team.notes
    assert load_team(folder / TEAM).notes["seed"] == SEED


def test_a_file_without_a_team_is_named(team, tmp_path):
    save_network(tmp_path / "one.safetensors", LeNet4())
    with pytest.raises(LenetError, match=r"one\.safetensors holds no team"):
        load_team(tmp_path / "one.safetensors")
    boosting.save_tensors(tmp_path / "torn.safetensors", {}, {"team": [lenet4().config]})
    with pytest.raises(LenetError, match=r"torn\.safetensors does not fit"):
        load_team(tmp_path / "torn.safetensors")


class Says(nn.Module):
    """Answers what an image has in one of its pixels."""

    def __init__(self, pixel: int = 0):
        super().__init__()
        self.pixel = pixel

    def classes_of(self, images):
        return images[:, 0, 0, self.pixel].long()


def said(*given) -> Split:
    """A split of labels 0, whose images tell what one network and another will say of them."""
    images = torch.tensor(given, dtype=torch.float32).T[:, None, None, :]
    return Split(images, torch.zeros(len(images), dtype=torch.long))


def by_turns(given) -> list[int]:
    """One after the other: look for a wrong one, then for a right one."""
    turns, wanted = [], True
    for place, answer in enumerate(given):
        if (answer != 0) == wanted:
            turns.append(place)
            wanted = not wanted
    return turns if wanted else turns[:-1]


def test_wrong_and_right_are_found_by_turns(seeded):
    for share in (0.02, 0.5, 0.98):
        given = (torch.rand(700, generator=seeded) < share).long().tolist()
        turns = right_and_wrong(Says(), said(given)).tolist()
        assert turns == by_turns(given)
        assert turns
    assert right_and_wrong(Says(), said([0] * 9)).tolist() == []
    assert right_and_wrong(Says(), said([1] * 9)).tolist() == []


def test_disagreements_are_other_answers_whether_right_or_wrong():
    assert disagreements(Says(0), Says(1), said([0, 1, 2, 0, 3], [0, 1, 0, 4, 5])).tolist() == [2, 3, 4]


def test_gathers_version_by_version_in_order(digits):
    counts = iter([3, 0, 0, 5, 4])
    pool = gather(digits, DISTORTED, 0, lambda split: torch.arange(next(counts)), 10, 20)
    n = len(digits)
    assert pool.tolist() == [
        *range(20 * n, 20 * n + 3),
        *range(23 * n, 23 * n + 5),
        *range(24 * n, 24 * n + 2),
    ]


def test_gathers_from_distorted_digits(digits):
    versions = []

    def choose(split):
        versions.append(split.images)
        return torch.arange(1)

    gather(digits, DISTORTED, 5, choose, 2, 30)
    for images, version in zip(versions, (30, 31), strict=True):
        assert torch.equal(images, draw_version(digits, DISTORTED, 5, version).images)


def test_gives_up_when_as_many_versions_as_a_digit_has_hold_nothing(digits):
    few, nothing, calls = digits.select(slice(20)), torch.arange(0), []

    def choose(split):
        calls.append(split)
        return torch.arange(1) if len(calls) == VERSIONS else nothing

    with pytest.raises(LenetError, match=f"no pattern .* among {VERSIONS * len(few)} distorted digits"):
        gather(few, DISTORTED, 0, choose, 5, 0)
    assert len(calls) == 2 * VERSIONS


def test_says_what_is_wrong(digits):
    with pytest.raises(LenetError, match="Give a recipe with distortions"):
        boost(lenet4().config, digits, OriginalRecipe("squared"))
    with pytest.raises(LenetError, match="size must be a whole number of at least 2; got 1"):
        make(digits, size=1)
    with pytest.raises(LenetError, match="RBF output"):
        boost(lenet5().config, digits, RECIPE)
