"""The engine computes what torch does: every layer's output, every gradient, every step."""

import numpy as np
import pytest

from lenet_edu.engine.plan import plan
from lenet_edu.network.activations import activations
from lenet_edu.network.architecture import RBF
from lenet_edu.network.losses import criterion

from .networks import EVERY_SWITCH, NETWORKS, joined, material, stirred
from .node import needs_node, run

pytestmark = needs_node
ALL = NETWORKS | EVERY_SWITCH


def near(ours, theirs, what: str, tolerance: float = 1e-5) -> None:
    """Nowhere further apart than `tolerance` of the largest of theirs."""
    theirs = np.asarray(theirs)
    assert np.abs(ours - theirs.ravel()).max(initial=0) <= tolerance * np.abs(theirs).max(initial=1e-30), what


@pytest.mark.parametrize("kernels", ["fast", "plain"])
@pytest.mark.parametrize("name", ALL)
def test_outputs_and_gradients(name, kernels):
    model = stirred(ALL[name])
    images, labels = material(model, 37)  # four blocks of eight and one that is not full
    outputs = activations(model, images)
    loss = criterion(model)(model(images), labels)
    loss.backward()
    ours = run(
        """
        const network = engine.network(given.plan, { plain: given.plain });
        network.weights = given.weights;
        const outputs = network.forward(given.images);
        return { outputs, ...network.learn(given.images, given.labels), gradient: network.gradient };
        """,
        plan=plan(model.architecture),
        plain=kernels == "plain",
        weights=joined(model.parameters()),
        images=images,
        labels=labels,
    )
    assert list(ours["outputs"]) == list(outputs)
    for layer, output in outputs.items():
        if isinstance(model.architecture[layer], RBF):
            assert np.abs(ours["outputs"][layer] - output.numpy().ravel()).max() <= 1e-4
        else:
            near(ours["outputs"][layer], output, layer)
    assert ours["loss"] / len(images) == pytest.approx(loss.item(), rel=1e-6)
    start = 0
    for parameter_name, parameter in model.named_parameters():
        own = ours["gradient"][start : start + parameter.numel()]
        near(own, parameter.grad, parameter_name)
        start += parameter.numel()
    assert start == len(ours["gradient"])
    assert ours["right"] == (model.classes_of(images) == labels).sum().item()
