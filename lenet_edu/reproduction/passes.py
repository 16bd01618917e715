"""The training of 1998, section III-B: twenty passes, one update a pattern, a step for every parameter.

    history = train_original(LeNet5(), data.train, seed=0)
    history = train_original(LeNet5(), data.train, OriginalRecipe(distortions=DISTORTED))

Before each pass the curvature along every parameter is estimated on 500 patterns (`sdlm.curvature`); then
every pattern moves every parameter once, always in the same random order. The updates are compiled,
or with engine="torch" taken one by one by autograd and `sdlm.SDLM`: slower, and to be read.
"""

from collections.abc import Callable
from contextlib import nullcontext
from copy import deepcopy
from dataclasses import asdict, dataclass
from functools import partial
from math import isfinite
from pathlib import Path
from time import perf_counter

import torch
from torch import Tensor

from lenet_edu.data.splits import Split
from lenet_edu.network import layers, paper
from lenet_edu.network.losses import LOSSES, RUBBISH_DISTANCE, map_loss
from lenet_edu.network.models import Network
from lenet_edu.reproduction.compiled import CompiledNetwork
from lenet_edu.reproduction.sdlm import SDLM, curvature, effective_rates
from lenet_edu.system.errors import LenetError, check_above_0, check_choice, check_whole
from lenet_edu.system.files import lock_folder
from lenet_edu.system.language import Text
from lenet_edu.system.tensors import load_tensors, save_tensors
from lenet_edu.training.distortions import distort, draw_distortions
from lenet_edu.training.evaluation import count_right
from lenet_edu.training.recipes import DISTORTIONS, STARTS, Recipe

METHODS = ("sdlm", "sgd")
POOLED = ("sum", "mean")
STATE = "original.safetensors"

# Section III-B adds nine distorted digits to every digit: 540,000 to 60,000.
VERSIONS = 10

# Its distortions by their names in `recipes.Recipe`. How large they may be is not printed: these did best on
# digits that were held out, beside half and twice as large ones (results/family.json).
DISTORTED = {"shift": 1.0, "scale": 0.06, "squeeze": 0.04, "shear": 0.1}

# A recipe under which the first pass's steps are nearly those that the paper prints. From weights within
# 1/sqrt(F), and only from there, the loss trains as it stands; the rest did best on held-out digits.
STEPS_AS_PRINTED = {
    "start": "torch",
    "divisor": 1.0,
    "coefficient": 0.5,
    "coefficient_of": "sum",
    "memory": 0.5,
}

# What a seed draws, each with a generator of its own; passes come after the order, versions after passes.
_START, _ORDER, _VERSION = 0, 1, 1 << 19

# The name of a parameter's curvature in the state, before its own.
_CURVATURE = "curvature of "

# Digits are distorted in batches, which saves memory. Their ink is rounded to so many steps, since torch's
# last digits differ a little from CPU to CPU: rounded, they no longer do.
_BATCH = 1000
_STEPS = 4096


@dataclass(frozen=True)
class OriginalRecipe:
    """What the paper fixes, by default as it stands there, and what it leaves open.

    loss: "map" (equation 9), "distance" (equation 8), "squared" (1/2 sum (x - target)^2 with targets +1 and
        -1) or "cross_entropy".
    schedule: global rates and for how many passes each.
    mu: what is added to the curvature, so that no step is too large.
    patterns: on how many the curvature is estimated.
    method: "sdlm", or "sgd", which takes the global rate over mu for every parameter.
    distortions: the largest ones by name, as in `recipes.Recipe`, such as `DISTORTED`. Every digit then has
        ten versions, itself and nine distorted ones, and each pass shows the next: there are no more updates.

    Open in the paper, and together another reading in `STEPS_AS_PRINTED`:

    start: of the weights, see `Network.reset_parameters`: "scaled" is +-2.4/F, as appendix A has it, "torch"
        +-1/sqrt(F).
    divisor: the loss is divided by it. From +-2.4/F and with the printed rates and mu, the sum over F6's
        units in equation 7 makes the first pass diverge; a mean over its 84 units does not, and that is what
        dividing by 84 comes to.
    j: of equation 9.
    coefficient: where subsampling coefficients start.
    coefficient_of: what they multiply: "sum", as section II-B has it, or "mean". Both compute the same from a
        quarter of the coefficient, but learn it at another speed: the curvature differs and mu does not.
    memory: the curvature is a running estimate, which before each pass keeps this share of what it was; 0:
        each pass has its own.

    Raises LenetError for a value out of range.
    """

    loss: str = "map"
    schedule: tuple[tuple[float, int], ...] = paper.GLOBAL_RATES
    mu: float = paper.SDLM_MU
    patterns: int = paper.SDLM_PATTERNS
    start: str = "scaled"
    divisor: float = float(paper.DIGIT_CODES[0].size)
    j: float = RUBBISH_DISTANCE
    coefficient: float = 1.0
    coefficient_of: str = "mean"
    memory: float = 0.0
    method: str = "sdlm"
    distortions: dict | None = None

    def __post_init__(self):
        check_choice("loss", self.loss, tuple(LOSSES))
        check_choice("method", self.method, METHODS)
        check_choice("start", self.start, STARTS)
        check_choice("coefficient_of", self.coefficient_of, POOLED)
        for name in ("mu", "divisor", "j", "coefficient"):
            check_above_0(name, getattr(self, name))
        check_whole("patterns", self.patterns, 1)
        if not isinstance(self.memory, (int, float)) or not 0 <= self.memory <= 1:
            raise LenetError("memory must be a number from 0 to 1; got {memory!r}.", memory=self.memory)
        if self.distortions:
            _limits(self.distortions)
        if not self.schedule or any(rate < 0 or passes < 1 for rate, passes in self.schedule):
            raise LenetError(
                "schedule must be pairs of a rate and its passes; got {schedule!r}.", schedule=self.schedule
            )

    @property
    def rates(self) -> list[float]:
        """The global rate of every pass."""
        return [rate for rate, passes in self.schedule for _ in range(passes)]

    def to_dict(self) -> dict:
        """The recipe for JSON."""
        return {**asdict(self), "schedule": [list(pair) for pair in self.schedule]}


def start(model: Network, recipe: OriginalRecipe, seed: int) -> None:
    """Draw the initial weights by seed, as the recipe says."""
    model.reset_parameters(_generator(seed, _START), recipe.start)
    for _, layer in _subsampling_layers(model):
        pooled = layer.size**2 if recipe.coefficient_of == "mean" else 1
        torch.nn.init.constant_(layer.coefficient, recipe.coefficient / pooled)


def draw_version(
    split: Split, distortions: dict | None, seed: int, version: int, which: Tensor | slice = slice(None)
) -> Split:
    """Version `version` of every digit, drawn by seed and version alone; version 0 is not distorted.

    distortions: the largest ones by name, see `DISTORTED`; None: no version is distorted. which: indices of
    those digits that are wanted. White paper is taken to be the lowest value of the split.
    """
    chosen = split.select(which)
    if not distortions or version == 0:
        return chosen
    drawn = draw_distortions(_limits(distortions), len(split), _generator(seed, _VERSION + version))[which]
    images, background = torch.empty_like(chosen.images), split.images.min().item()
    for ours, digits, own in zip(
        images.split(_BATCH), chosen.images.split(_BATCH), drawn.split(_BATCH), strict=True
    ):
        ink = distort(digits.double() - background, own.double(), 0.0)
        ours.copy_((ink * _STEPS).round() / _STEPS + background)
    return Split(images, chosen.labels)


def train_original(
    model: Network,
    split: Split,
    recipe: OriginalRecipe | None = None,
    *,
    seed: int = 0,
    updates: int | None = None,
    engine: str = "compiled",
    out: Path | str | None = None,
    after_pass: Callable[[Network, dict], None] | None = None,
) -> list[dict]:
    """Train `model` on the CPU from a start drawn by `seed`; one record a pass.

    A record holds `pass` (from 1), `rate`, `updates` in all, `loss` and `error` (share of patterns answered
    wrongly, each before its update), `seconds`, and `effective_rates`: lowest and highest, rate / (mu + h).
    updates: in each pass, by default one a pattern; fewer for a first look. out: a folder that keeps the
    state after every pass; a run that is called again there goes on, to the same weights as if never stopped.
    after_pass(model, record): may add to the record.

    Raises LenetError if the loss is no longer a number, or `out` is in use or holds a run of other settings.
    """
    recipe = recipe or OriginalRecipe()
    check_choice("engine", engine, tuple(ENGINES))
    model.to("cpu").train()
    start(model, recipe, seed)
    order = torch.randperm(len(split), generator=_generator(seed, _ORDER))[:updates]
    notes = {"network": model.architecture.config, "recipe": recipe.to_dict(), "seed": seed}
    notes |= {"engine": engine, "updates": len(order), "patterns": len(split)}
    with nullcontext() if out is None else lock_folder(Path(out)):
        history, h = _take_up(model, out, notes)
        take_pass = ENGINES[engine](model, recipe)
        for number in range(len(history) + 1, len(recipe.rates) + 1):
            record, h = _train_pass(model, split, recipe, seed, number, order, h, take_pass)
            if after_pass:
                after_pass(model, record)
            history.append(record)
            if out is not None:
                state = model.state_dict() | {_CURVATURE + name: value for name, value in h.items()}
                save_tensors(Path(out) / STATE, state, {**notes, "history": history})
    model.eval()
    return history


def _train_pass(
    model: Network, split: Split, recipe: OriginalRecipe, seed: int, number: int, order: Tensor, h, take_pass
) -> tuple[dict, dict[str, Tensor]]:
    """Pass `number`, from 1: the curvature anew, an update for each pattern; the record, and h."""
    start, rate = perf_counter(), recipe.rates[number - 1]
    digits = draw_version(split, recipe.distortions, seed, (number - 1) % VERSIONS)
    fresh = _curvature(model, digits, recipe, _generator(seed, _ORDER + number))
    h = _running(h, fresh, recipe.memory)
    record = _record(number, rate, len(order), *take_pass(digits, order, h, rate))
    record["effective_rates"] = _lowest_and_highest(model, recipe, h, rate)
    record["seconds"] = perf_counter() - start
    return record, h


def _record(number: int, rate: float, count: int, loss: float, right: int) -> dict:
    """What there is to say of a pass of `count` updates, or LenetError if it has diverged."""
    if not isfinite(loss):
        raise LenetError(
            "The loss is no longer a number in pass {number}, at global rate {rate:g}: training has "
            "diverged. Raise divisor or mu, or lower the rates.",
            number=number,
            rate=rate,
        )
    return {
        "pass": number,
        "rate": rate,
        "updates": number * count,
        "loss": loss / count,
        "error": 1 - right / count,
    }


def _take_up(model: Network, out: Path | str | None, notes: dict) -> tuple[list[dict], dict]:
    """The records of the passes that the folder already holds, and h after them; weights into the model."""
    if out is None or not (Path(out) / STATE).exists():
        return [], {}
    tensors, recorded = load_tensors(Path(out) / STATE)
    history = recorded.pop("history")
    different = sorted(name for name in notes if recorded.get(name) != notes[name])
    if different:
        raise LenetError(
            "{out} holds a run with another {different}. Give another folder, or the same again.",
            out=out,
            different=", ".join(different),
        )
    h = {name: tensors.pop(_CURVATURE + name) for name, _ in model.named_parameters()}
    model.load_state_dict(tensors)
    return history, h


def _running(h: dict[str, Tensor], fresh: dict[str, Tensor], memory: float) -> dict[str, Tensor]:
    """The running estimate of the curvature, after one more; before the first there is none."""
    return {name: memory * h[name] + (1 - memory) * value for name, value in fresh.items()} if h else fresh


def _curvature(model, split: Split, recipe: OriginalRecipe, generator) -> dict[str, Tensor]:
    """h of every parameter, of the divided loss; zeros for plain gradient descent."""
    if recipe.method == "sgd":
        h = {name: torch.zeros_like(parameter) for name, parameter in model.named_parameters()}
    else:
        chosen = torch.randperm(len(split), generator=generator)[: recipe.patterns]
        # In double precision, since torch's sums differ a little from CPU to CPU: rounded, they no longer do.
        h = curvature(deepcopy(model).double(), split.images[chosen].double(), loss=recipe.loss)
        h = {name: (value / recipe.divisor).float() for name, value in h.items()}
    if recipe.coefficient_of == "mean":
        # A coefficient of the mean, n times as large as ours of the sum, has h / n^2. Its step of
        # rate / (mu + h / n^2) times a gradient n times smaller moves ours by rate / (n^2 mu + h).
        for name, layer in _subsampling_layers(model):
            h[f"{name}.coefficient"] += (layer.size**4 - 1) * recipe.mu
    return h


def _limits(distortions: dict) -> Recipe:
    """The distortions as `draw_distortions` takes them."""
    if not isinstance(distortions, dict):
        raise LenetError(
            "distortions must be a dict of largest values by name; got {distortions!r}.",
            distortions=distortions,
        )
    for name in distortions:
        check_choice(Text("A distortion"), name, DISTORTIONS)
    return Recipe("distortions", epochs=1, batch_size=1, peak_rate=0.0, **distortions)


def _lowest_and_highest(model, recipe: OriginalRecipe, h: dict[str, Tensor], rate: float) -> list[float]:
    """Of the effective rates of all parameters, those of coefficients as the recipe understands them."""
    steps = effective_rates(h, rate, recipe.mu)
    if recipe.coefficient_of == "mean":
        for name, layer in _subsampling_layers(model):
            steps[f"{name}.coefficient"] *= layer.size**4
    joined = torch.cat([step.flatten() for step in steps.values()])
    return [joined.min().item(), joined.max().item()]


def _subsampling_layers(model: Network):
    """Name and module of each layer with subsampling coefficients."""
    return [(name, layer) for name, layer in model.named_children() if isinstance(layer, layers.Subsampling)]


class _CompiledPass:
    """A pass by compiled loops, whose gradients are of the undivided loss."""

    def __init__(self, model: Network, recipe: OriginalRecipe):
        self.loops, self.recipe = CompiledNetwork(model, recipe.loss, recipe.j), recipe

    def __call__(self, split: Split, order: Tensor, h: dict[str, Tensor], rate: float) -> tuple[float, int]:
        steps = effective_rates(h, rate, self.recipe.mu)
        self.loops.set_steps({name: step / self.recipe.divisor for name, step in steps.items()})
        loss, right = self.loops.train(split.images, split.labels, order)
        self.loops.write_back()
        return loss, right


class _TorchPass:
    """The same pass by autograd, one pattern after the other."""

    def __init__(self, model: Network, recipe: OriginalRecipe):
        self.model, self.recipe = model, recipe
        self.optimizer = SDLM(model.named_parameters(), mu=recipe.mu)

    def __call__(self, split: Split, order: Tensor, h: dict[str, Tensor], rate: float) -> tuple[float, int]:
        self.optimizer.param_groups[0]["lr"] = rate
        self.optimizer.estimate(h)
        loss_of, summed, right = LOSSES[self.recipe.loss], 0.0, 0
        if self.recipe.loss == "map":
            loss_of = partial(map_loss, j=self.recipe.j)
        for i in order.tolist():
            image, label = split.images[i : i + 1], split.labels[i : i + 1]
            output = self.model(image)
            loss = loss_of(output, label)
            self.optimizer.zero_grad()
            (loss / self.recipe.divisor).backward()
            self.optimizer.step()
            summed += loss.item()
            right += int(count_right(self.model, output, label))
        return summed, right


ENGINES = {"compiled": _CompiledPass, "torch": _TorchPass}


def _generator(seed: int, purpose: int) -> torch.Generator:
    """A generator of its own for every purpose: a run that is taken up needs none of the draws before."""
    return torch.Generator().manual_seed((seed << 20) + purpose)
