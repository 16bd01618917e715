"""Steps: the same weights as the package's own training after many of them, from the same start."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from lenet_edu.data.splits import Data, Split
from lenet_edu.engine.plan import plan
from lenet_edu.training.recipes import RECIPES
from lenet_edu.training.steps import Stepper

from .networks import NETWORKS, joined, stirred
from .node import needs_node, run

pytestmark = needs_node
BATCH = 64
TRAIN = """
const network = engine.network(given.plan);
network.weights = given.weights;
const pixels = given.images.length / given.labels.length;
let loss = 0;
let right = 0;
for (const [n, rate] of given.rates.entries()) {
  const batch = given.batches.subarray(n * given.size, (n + 1) * given.size);
  const images = new Float32Array(batch.length * pixels);
  const image = (index) => given.images.subarray(index * pixels, (index + 1) * pixels);
  batch.forEach((index, e) => images.set(image(index), e * pixels));
  const answer = network.learn(images, Array.from(batch, (index) => given.labels[index]), given.loss);
  loss += answer.loss;
  right += answer.right;
  network.step({ rate, ...given.step });
}
return { weights: network.weights, momentum: network.momentum, loss, right };
"""


def fitting(images: torch.Tensor, shape: tuple[int, ...]) -> torch.Tensor:
    """Digits in a 32x32 frame as a network of another input takes them: their middle, or three shades."""
    maps, side, _ = shape
    margin = (images.shape[-1] - side) // 2
    middle = images[..., margin : margin + side, margin : margin + side]
    return torch.cat([middle * shade for shade in (1.0, 0.7, 0.4)[:maps]], 1)


class Training:
    """Some steps of a network, from one start: by the engine, and by the package in either precision."""

    def __init__(self, make, data: Data, steps: int):
        self.make, self.data = make, data
        model = stirred(make)
        self.start = joined(model.parameters())
        self.plan = plan(model.architecture)
        name = "small_rbf" if model.has_rbf_output else "small"
        self.recipe = RECIPES[name].changed(smoothing=0.1, weight_decay=5e-4)
        self.loss = {} if model.has_rbf_output else {"smoothing": self.recipe.smoothing}
        images = fitting(data.train.images, model.architecture.input.output_shape).contiguous()
        self.split = Split(images, data.train.labels % model.architecture.classes)
        generator = torch.Generator().manual_seed(3)
        self.batches = torch.randint(len(images), (steps, BATCH), generator=generator)
        self.rates = [self.recipe.rate((n + 0.5) / steps) for n in range(steps)]

    def by_torch(self, dtype: torch.dtype = torch.float32) -> tuple[np.ndarray, Stepper]:
        """All parameters afterwards, and who took the steps."""
        model = stirred(self.make).to(dtype).train()
        split = Split(self.split.images.to(dtype), self.split.labels)
        stepper = Stepper(model, replace(self.data, train=split), self.recipe)
        for batch, rate in zip(self.batches, self.rates, strict=True):
            stepper.step(batch, None, rate)
        return joined(model.parameters()), stepper

    def by_engine(self) -> dict:
        """Weights, momentum, summed loss and right answers."""
        return run(
            TRAIN,
            plan=self.plan,
            weights=self.start,
            images=self.split.images,
            labels=self.split.labels,
            batches=self.batches.flatten(),
            size=BATCH,
            rates=self.rates,
            loss=self.loss,
            step={
                "momentum": self.recipe.momentum,
                "nesterov": self.recipe.nesterov,
                "weightDecay": self.recipe.weight_decay,
            },
        )

    def check(self, weights: np.ndarray, tolerance: float) -> None:
        """The engine's weights are as near to torch's.

        Where a unit stands at ReLU's kink, or two tie for a maximum, the last bit decides whether a gradient
        passes, and torch in single precision can be 1e-3 away from torch in double precision: then the
        engine must be near the latter.
        """
        apart = [np.abs(weights - self.by_torch()[0]).max()]
        if apart[0] > tolerance:
            apart.append(np.abs(weights - self.by_torch(torch.float64)[0]).max())
        assert min(apart) <= tolerance, f"from single and double precision: {apart}"


@pytest.mark.slow
@pytest.mark.parametrize("name", NETWORKS)
def test_a_few_steps(name, embedded):
    training = Training(NETWORKS[name], embedded, steps=6)
    after, stepper = training.by_torch()
    ours = training.by_engine()
    moved = np.abs(after - training.start).max()
    training.check(ours["weights"], 1e-4 * moved)
    momentum = joined(stepper.momentum().values())
    assert np.abs(ours["momentum"] - momentum).max() <= 1e-2 * np.abs(momentum).max()
    assert ours["loss"] == pytest.approx(stepper.totals[0].item(), rel=1e-5)
    assert ours["right"] == stepper.totals[1].item()


# Networks of ReLU and maxima: sooner or later a unit stands so near to a kink, or two so near to a tie, that
# the last bit decides whether a gradient passes. From there on torch in single and in double precision go
# ways of their own too: after 200 steps they are 1e-2 to 7e-2 apart, and so is the engine from either.
WITH_KINKS = {name for name in NETWORKS if name.startswith(("modern", "RGB"))}


@pytest.mark.slow
@pytest.mark.parametrize("name", NETWORKS)
def test_two_hundred_steps(name, embedded):
    training = Training(NETWORKS[name], embedded, steps=200)
    single, _ = training.by_torch()
    apart = np.abs(training.by_engine()["weights"] - single).max()
    if name in WITH_KINKS:
        itself = np.abs(single - training.by_torch(torch.float64)[0]).max()
        assert apart <= max(1e-4, 10 * itself)
    else:
        assert apart <= 1e-4


def test_plain_momentum_and_none(embedded):
    """Against torch.optim.SGD by hand: the settings that no recipe above has."""
    generator = torch.Generator().manual_seed(0)
    gradients = torch.rand(3, 60_000, generator=generator) - 0.5
    start = torch.rand(60_000, generator=generator)
    settings = [(0.0, False, 0.0), (0.9, False, 0.01), (0.5, True, 0.0)]
    ours = run(
        """
        return given.settings.map(([momentum, nesterov, weightDecay]) => {
          const network = engine.network(given.plan);
          network.weights = given.start;
          for (let n = 0; n < 3; n++) {
            network.gradient = given.gradients.slice(n * network.size, (n + 1) * network.size);
            network.step({ rate: 0.1, momentum, nesterov, weightDecay });
          }
          return [network.weights, network.gradient];
        });
        """,
        plan=plan(stirred(NETWORKS["1998"]).architecture),
        start=start,
        gradients=gradients.flatten(),
        settings=settings,
    )
    for (momentum, nesterov, decay), (weights, gradient) in zip(settings, ours, strict=True):
        parameter = torch.nn.Parameter(start.clone())
        sgd = torch.optim.SGD([parameter], 0.1, momentum, nesterov=nesterov, weight_decay=decay)
        for one in gradients:
            parameter.grad = one.clone()
            sgd.step()
        np.testing.assert_allclose(weights, parameter.detach().numpy(), rtol=1e-6, atol=1e-6)
        assert not gradient.any()
