"""The training of 1998 in the engine: one update a pattern as Python's compiled loops do, and curvature."""

from copy import deepcopy

import numpy as np
import pytest
import torch

from lenet_edu.engine.plan import plan
from lenet_edu.network.architecture import MODERN
from lenet_edu.network.losses import LOSSES
from lenet_edu.network.models import LeNet1, LeNet4, LeNet5, LeNet1989
from lenet_edu.reproduction.compiled import CompiledNetwork
from lenet_edu.reproduction.sdlm import CURVATURES, curvature, effective_rates

from .networks import GAPS, NETWORKS, joined, material, stirred
from .node import needs_node, run

pytestmark = needs_node
PATTERNS = 40
COMPILED = {
    "1998": (LeNet5, "map"),
    "1998 by equation 8": (LeNet5, "distance"),
    "1998 with another table": (lambda: LeNet5(c3=GAPS), "map"),
    "1998 with scores": (lambda: LeNet5(output="linear"), "cross_entropy"),
    "1998 with maxima": (lambda: LeNet5(subsampling="max"), "map"),
    "modern": (lambda: LeNet5(**MODERN), "cross_entropy"),
    "RGB": (NETWORKS["RGB"], "cross_entropy"),
    "LeNet-1": (LeNet1, "squared"),
    "LeNet-4": (LeNet4, "squared"),
}
NOT_COMPILED = {
    "1989": (LeNet1989, "squared"),
    "sigmoid": (lambda: LeNet5(activation="sigmoid"), "map"),
    "average": (lambda: LeNet5(subsampling="average"), "map"),
}


def rates_of(model, images, loss: str) -> dict[str, torch.Tensor]:
    """A rate for each parameter, as the recipe of 1998 has them; small, so that no network diverges."""
    return effective_rates(curvature(model, images, loss=loss), rate=1e-4)


def by_autograd(model, images, labels, rates, order, loss: str) -> tuple[float, int]:
    """The plain reference: moves `model`; summed loss and right answers."""
    summed, right = 0.0, 0
    for i in order.tolist():
        model.zero_grad()
        value = LOSSES[loss](model(images[i : i + 1]), labels[i : i + 1])
        value.backward()
        summed += value.item()
        right += int(model.classes_of(images[i : i + 1]) == labels[i])
        with torch.no_grad():
            for name, parameter in model.named_parameters():
                parameter -= rates[name] * parameter.grad
    return summed, right


def by_engine(model, images, labels, rates, order, loss: str) -> list[dict]:
    """The same in node, by fast and by plain kernels."""
    return run(
        """
        return [false, true].map((plain) => {
          const network = engine.network(given.plan, { plain });
          network.weights = given.weights;
          network.rates = given.rates;
          const total = network.trainPatterns(given.images, given.labels, given.order, { loss: given.loss });
          return { ...total, weights: network.weights };
        });
        """,
        plan=plan(model.architecture),
        weights=joined(model.parameters()),
        rates=joined(rates[name] for name, _ in model.named_parameters()),
        images=images,
        labels=labels,
        order=order,
        loss=loss,
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", COMPILED | NOT_COMPILED)
def test_updates(name):
    make, loss = (COMPILED | NOT_COMPILED)[name]
    model = stirred(make)
    images, labels = material(model, PATTERNS)
    rates = rates_of(model, images, loss)
    order = torch.randperm(PATTERNS, generator=torch.Generator().manual_seed(2))
    before = joined(model.parameters())
    answers = by_engine(model, images, labels, rates, order, loss)
    if name in COMPILED:
        loops = CompiledNetwork(model, loss)
        loops.set_steps(rates)
        summed, right = loops.train(images, labels, order)
        loops.write_back()
    else:
        summed, right = by_autograd(model, images, labels, rates, order, loss)
    after = joined(model.parameters())
    moved = np.abs(after - before).max()
    assert moved > 0
    for ours in answers:
        assert ours["loss"] == pytest.approx(summed, rel=1e-5)
        assert ours["right"] == right
        assert np.abs(ours["weights"] - after).max() <= 1e-3 * moved


@pytest.mark.slow
@pytest.mark.parametrize("name", NETWORKS)
def test_curvature(name):
    model = stirred(NETWORKS[name])
    images, _ = material(model, 19)
    losses = [loss for loss in CURVATURES if (loss in ("map", "distance")) == model.has_rbf_output]
    answers = run(
        """
        const network = engine.network(given.plan);
        network.weights = given.weights;
        return given.losses.map((loss) => network.curvature(given.images, { loss }));
        """,
        plan=plan(model.architecture),
        weights=joined(model.parameters()),
        images=images,
        losses=losses,
    )
    for ours, loss in zip(answers, losses, strict=True):
        wanted = curvature(deepcopy(model).double(), images.double(), loss=loss)
        theirs = torch.cat([wanted[name].flatten() for name, _ in model.named_parameters()]).numpy()
        assert (ours >= 0).all()
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-12 * theirs.max(), err_msg=loss)
