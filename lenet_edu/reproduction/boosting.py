"""Boosted LeNet-4, section III-C: three networks, each taught what those before it find hard.

    recipe = OriginalRecipe(loss="squared", divisor=2.0, distortions=DISTORTED)
    team, history = boost(lenet4().config, data.train, recipe, out="runs/boosted")
    accuracy(team, data.test)
    team = load_team("runs/boosted/team.safetensors")     # on another day

The first network trains as ever, on distorted digits. The second trains on patterns of which the first gets
one half right and the other wrong, the third on patterns about which those two disagree. The three outputs
are added. The procedure is that of H. Drucker, R. Schapire, P. Simard, "Improving performance in neural
networks using a boosting algorithm", NIPS 5, 1993.

Hard patterns are rare, so version after version of the digits is distorted, for as long as it takes. A
pattern is known by its place among them all, version x digits + digit, and can be drawn again from that.

Decided here: patterns come from versions of the digits that no network before has been trained on. They
are not distorted any further, which could make hard ones easy. Right and wrong ones are taken by turns.
"""

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from functools import partial, reduce
from pathlib import Path
from typing import cast

import torch
from torch import Tensor, nn

from lenet_edu.data.splits import Split
from lenet_edu.network.architecture import Architecture
from lenet_edu.network.models import Classifier, Network, build
from lenet_edu.reproduction.passes import VERSIONS, OriginalRecipe, draw_version, train_original
from lenet_edu.system.errors import LenetError, check_whole
from lenet_edu.system.files import lock_folder
from lenet_edu.system.tensors import load_tensors, save_tensors

TEAM = "team.safetensors"
POOL = "pool.safetensors"

_BATCH = 250


class Team(Classifier):
    """Networks of one architecture whose outputs are added; to be asked as a `Network` is.

    Raises LenetError for none, or for networks that differ.
    """

    def __init__(self, networks: list[Network]):
        super().__init__()
        configs = [network.architecture.config for network in networks]
        if not configs or any(config != configs[0] for config in configs):
            raise LenetError("A team's networks must be of one architecture; got {configs}.", configs=configs)
        self.networks = nn.ModuleList(networks)
        self.notes = {}

    @property
    def architecture(self) -> Architecture:
        """That of each of the networks."""
        return self._first.architecture

    @property
    def has_rbf_output(self) -> bool:
        """True if distances are added, smallest wins; False if scores are, largest wins."""
        return self._first.has_rbf_output

    @property
    def _first(self) -> Network:
        return cast(Network, self.networks[0])

    def forward(self, images: Tensor) -> Tensor:
        """(N, maps, size, size) -> (N, classes): the networks' distances or scores, added."""
        return reduce(torch.add, (network(images) for network in self.networks))


def boost(
    config: dict,
    split: Split,
    recipe: OriginalRecipe,
    *,
    seed: int = 0,
    size: int | None = None,
    out: Path | str | None = None,
    after_pass: Callable[[Network, dict], None] | None = None,
) -> tuple[Team, list[dict]]:
    """Train three networks one after the other, on the CPU: the team, and a record for every pass.

    config: an `Architecture.config`. recipe: one with distortions. size: how many patterns the second and
    the third network train on, by default as many as there are digits. out: a folder for each network's
    state and patterns, and for the team; called again there, it goes on, to the same weights as if never
    stopped. after_pass(network, record): as in `train_original`.

    A record is one of `train_original`, of that network alone, and has besides `network`: 1, 2 or 3. The
    team's `notes` say how it came about, and with `looked_at` how many distorted digits it took to find
    the second's patterns, and the third's.

    Raises LenetError for a recipe without distortions, if there is nothing hard to be found, if `out` holds
    something else, or as `train_original` does.
    """
    size = len(split) if size is None else size
    check_whole("size", size, 2)
    if not recipe.distortions:
        raise LenetError("Boosting takes its patterns from distorted digits. Give a recipe with distortions.")
    networks, history, looked_at, fresh = [], [], [], VERSIONS
    with nullcontext() if out is None else lock_folder(Path(out)):
        for number, choose in enumerate((None, right_and_wrong, disagreements), 1):
            folder = None if out is None else Path(out) / str(number)
            patterns, how = split, recipe
            if choose:
                drawing = (split, recipe.distortions, 3 * seed)
                places = _places_of_hard(drawing, partial(choose, *networks), size, fresh, folder)
                patterns, how = draw_patterns(*drawing, places), replace(recipe, distortions=None)
                looked_at.append(int(places[-1]) + 1 - fresh * len(split))
                fresh = int(places[-1]) // len(split) + 1
            networks.append(build(config))
            given = {"seed": 3 * seed + number - 1, "out": folder}
            given["after_pass"] = partial(_number_record, number, after_pass)
            history += train_original(networks[-1], patterns, how, **given)
        team = Team(networks).eval()
        team.notes = {"recipe": recipe.to_dict(), "seed": seed, "size": size, "looked_at": looked_at}
        if out is not None:
            save_team(Path(out) / TEAM, team, team.notes)
    return team, history


def right_and_wrong(network: Network, digits: Split) -> Tensor:
    """Indices of one digit that the network gets wrong, the next that it gets right, and so on by turns."""
    wrong = _answers(network, digits.images) != digits.labels
    changes = wrong != torch.cat([wrong.new_zeros(1), wrong[:-1]])
    by_turns = changes.nonzero()[:, 0]
    return by_turns[: len(by_turns) // 2 * 2]


def disagreements(one: Network, other: Network, digits: Split) -> Tensor:
    """Indices of the digits that two networks give different answers to."""
    return (_answers(one, digits.images) != _answers(other, digits.images)).nonzero()[:, 0]


def gather(
    split: Split, distortions: dict, seed: int, choose: Callable[[Split], Tensor], size: int, first: int
) -> Tensor:
    """The first `size` patterns that are chosen, from version `first` of the digits on: (size,) places.

    distortions, seed: as for `passes.draw_version`. choose: from a version of the digits to the indices of
    those that are wanted, in their order.

    Raises LenetError if so many versions in a row as the paper has of a digit have none.
    """
    places, count, version, barren = [], 0, first, 0
    while count < size:
        wanted = choose(draw_version(split, distortions, seed, version))
        places.append(version * len(split) + wanted)
        count, version, barren = count + len(wanted), version + 1, 0 if len(wanted) else barren + 1
        if barren == VERSIONS:
            raise LenetError(
                "Boosting found no pattern for its next network among {versions} distorted digits in a "
                "row: those before are right about all, wrong about all, or agree about all. Give larger "
                "distortions, or a schedule that is shorter, or longer.",
                versions=VERSIONS * len(split),
            )
    return torch.cat(places)[:size]


def draw_patterns(split: Split, distortions: dict, seed: int, places: Tensor) -> Split:
    """The patterns at those places, which ascend."""
    versions, digits = places // len(split), places % len(split)
    parts = [
        draw_version(split, distortions, seed, version, digits[versions == version])
        for version in versions.unique().tolist()
    ]
    return Split(torch.cat([part.images for part in parts]), torch.cat([part.labels for part in parts]))


def save_team(path: Path, team: Team, notes: dict | None = None) -> None:
    """Write the networks' weights, their descriptions and `notes` (anything JSON can hold), atomically."""
    configs = [team.architecture.config] * len(team.networks)
    save_tensors(path, team.state_dict(), {**(notes or {}), "team": configs})


def load_team(path: Path) -> Team:
    """The team of a file that `save_team` wrote, with its `notes`; LenetError if it holds none."""
    tensors, notes = load_tensors(path)
    if "team" not in notes:
        raise LenetError("{path} holds no team. Give the {team} that `boost` wrote.", path=path, team=TEAM)
    team = Team([build(config) for config in notes.pop("team")])
    try:
        team.load_state_dict(tensors)
    except RuntimeError as error:
        raise LenetError(
            "{path} does not fit the networks that it names: {error}", path=path, error=error
        ) from error
    team.notes = notes
    return team.eval()


def _places_of_hard(
    drawing: tuple[Split, dict, int],
    choose: Callable[[Split], Tensor],
    size: int,
    first: int,
    folder: Path | None,
) -> Tensor:
    """What `gather` finds; it is written into the folder, if there is one, and read from there again."""
    if folder is None:
        return gather(*drawing, choose, size, first)
    path = folder / POOL
    if not path.exists():
        save_tensors(path, {"places": gather(*drawing, choose, size, first)}, {})
    places = load_tensors(path)[0]["places"]
    if len(places) != size:
        raise LenetError(
            "{path} holds {places_count} patterns, not {size}. Give that size, or another folder.",
            path=path,
            places_count=len(places),
            size=size,
        )
    return places


def _number_record(number: int, after_pass: Callable | None, network: Network, record: dict) -> None:
    """Write into the record which of the networks it is of."""
    record["network"] = number
    if after_pass:
        after_pass(network, record)


@torch.inference_mode()
def _answers(network: Network, images: Tensor) -> Tensor:
    """(N,) the network's classes, in batches that stay in the processor's cache."""
    return torch.cat([network.classes_of(batch) for batch in images.split(_BATCH)])
