"""The engine computes what torch does: every layer's output, every gradient, every step."""

import numpy as np
import pytest

from lenet_edu.engine.plan import plan
from lenet_edu.network.architecture import RBFSpec
from lenet_edu.network.layer_outputs import activations
from lenet_edu.network.losses import criterion

from .networks import EVERY_SWITCH, NETWORKS, joined, material, stirred
from .node import needs_node, run

pytestmark = needs_node


def near(ours, theirs, what: str, tolerance: float = 1e-5) -> None:
    """Nowhere further apart than `tolerance` of the largest of theirs."""
    theirs = np.asarray(theirs)
    assert np.abs(ours - theirs.ravel()).max(initial=0) <= tolerance * np.abs(theirs).max(initial=1e-30), what


def parts(numbers: np.ndarray, model) -> dict[str, np.ndarray]:
    """One array of all parameters, by parameter."""
    sizes = [parameter.numel() for parameter in model.parameters()]
    assert len(numbers) == sum(sizes)
    names = [name for name, _ in model.named_parameters()]
    return dict(zip(names, np.split(numbers, np.cumsum(sizes)[:-1]), strict=True))


@pytest.mark.slow
@pytest.mark.parametrize("name", NETWORKS | EVERY_SWITCH)
def test_outputs_and_gradients(name):
    model = stirred((NETWORKS | EVERY_SWITCH)[name])
    images, labels = material(model, 37)  # four blocks of eight, and one that is not full
    outputs = activations(model, images)
    loss = criterion(model)(model(images), labels)
    loss.backward()
    answers = run(
        """
        return [false, true].map((plain) => {
          const network = engine.network(given.plan, { plain });
          network.weights = given.weights;
          const outputs = network.forward(given.images);
          return { outputs, ...network.learn(given.images, given.labels), gradient: network.gradient };
        });
        """,
        plan=plan(model.architecture),
        weights=joined(model.parameters()),
        images=images,
        labels=labels,
    )
    for ours, kernels in zip(answers, ("fast", "plain"), strict=True):
        assert list(ours["outputs"]) == list(outputs)
        for layer, output in outputs.items():
            if isinstance(model.architecture[layer], RBFSpec):
                assert np.abs(ours["outputs"][layer] - output.numpy().ravel()).max() <= 1e-4
            else:
                near(ours["outputs"][layer], output, f"{kernels}: {layer}")
        assert ours["loss"] / len(images) == pytest.approx(loss.item(), rel=1e-6)
        assert ours["right"] == (model.classes_of(images) == labels).sum().item()
        gradients = parts(ours["gradient"], model)
        for parameter_name, parameter in model.named_parameters():
            near(gradients[parameter_name], parameter.grad, f"{kernels}: {parameter_name}")
