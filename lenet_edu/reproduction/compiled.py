"""One update a pattern, as compiled loops: what `sdlm.SDLM` does with torch, some ten times as fast.

    network = CompiledNetwork(model, loss="map")
    network.set_steps(effective_rates(curvature(model, images), rate, mu))
    loss, right = network.train(images, labels, order)     # one update for each pattern of the order
    network.write_back()                                   # into the model

For a single pattern torch spends its time on starting some sixty small kernels. `loops` holds the whole
update as one function that numba compiles; here a network is laid out for it, and taken back.
"""

import numpy as np
import torch
from torch import Tensor

from lenet_edu.network import architecture, layers
from lenet_edu.network.losses import RUBBISH_DISTANCE
from lenet_edu.network.models import Network
from lenet_edu.reproduction import loops
from lenet_edu.reproduction.loops import (
    ACTIVATION_NUMBERS,
    CONVOLUTION,
    DENSE,
    KERNEL,
    LAYER,
    LOSS_NUMBERS,
    MAXIMUM,
    SUBSAMPLING,
    Net,
)
from lenet_edu.system.errors import LenetError, check_choice


class CompiledNetwork:
    """A network and its compiled loops, on the CPU, in single precision.

    model: any `Network` whose convolutions have 5x5 kernels that move by one, one bias a map and no padding:
    all but the one of 1989. loss: "map" or "distance" (equations 9 and 8, RBF output), "squared" (1/2 sum
    (x - target)^2, targets +1 and -1) or "cross_entropy" (both for a linear output). j: of equation 9.
    The loss is divided by nothing: put what it should be divided by into the steps.

    Raises LenetError for a network or a loss that it has no loops for.
    """

    def __init__(self, model: Network, loss: str = "map", j: float = RUBBISH_DISTANCE):
        check_choice("loss", loss, tuple(LOSS_NUMBERS))
        plan = model.architecture
        rbf = model.has_rbf_output
        if (loss in ("map", "distance")) != rbf:
            raise LenetError(
                "Losses 'map' and 'distance' go with an RBF output, others do not; got {loss!r} for {name}.",
                loss=loss,
                name=plan.name,
            )
        self.model = model
        self.specs = plan.layers[:-1] if rbf else plan.layers
        rows, size = _plan(plan, self.specs)
        self.net = Net(
            plan=rows,
            weights=np.zeros(size, np.float32),
            steps=np.zeros(size, np.float32),
            links=_links(plan, self.specs),
            codes=_codes(model),
            loss=LOSS_NUMBERS[loss],
            j=float(j),
        )
        self.workspace = loops.workspace(rows)
        self.read()

    def read(self) -> None:
        """Take the weights from the model."""
        self._spread(
            {name: value.detach() for name, value in self.model.named_parameters()}, self.net.weights
        )

    def write_back(self) -> None:
        """Put the weights into the model."""
        with torch.no_grad():
            for name, layer, p in self._rows():
                for parameter, value in _gather(p, layer, self.net.weights).items():
                    getattr(self.model.get_submodule(name), parameter).copy_(value)

    def set_steps(self, rates: dict[str, Tensor]) -> None:
        """From now on move each parameter by its rate times its gradient.

        rates: by name, in the parameters' shapes, as `sdlm.effective_rates` gives them.
        """
        self._spread(rates, self.net.steps)

    def train(self, images: Tensor, labels: Tensor, order: Tensor) -> tuple[float, int]:
        """One update for each pattern of the order: summed loss and right answers, each before its update.

        images: (N, maps, size, size) floats; labels: (N,); order: any number of indices of them.
        """
        self.model.check_images(images)
        arrays = (tensor.cpu().numpy() for tensor in (images.flatten(1), labels, order))
        summed, right = loops.train(self.net, self.workspace, *arrays)
        return float(summed), int(right)

    def _rows(self):
        """Name, module and row of the plan of each layer that has parameters."""
        for spec, p in zip(self.specs, self.net.plan, strict=True):
            if p.kind != MAXIMUM:
                yield spec.name, self.model.get_submodule(spec.name), p

    def _spread(self, values: dict[str, Tensor], flat: np.ndarray) -> None:
        """Lay numbers by parameter out as the loops read them."""
        for name, layer, p in self._rows():
            own = {
                parameter: values[f"{name}.{parameter}"].cpu() for parameter, _ in layer.named_parameters()
            }
            laid = _lay_out(p, layer, own)
            flat[p.weights : p.weights + laid.numel()] = laid.numpy()


def _plan(plan: architecture.Architecture, specs) -> tuple[np.recarray, int]:
    """A `LAYER` for each layer, and for how many weights there must be places."""
    rows, weights, below = [], 0, 0
    shape = plan.input.output_shape
    for spec in specs:
        maps_in, side_in = shape[0], shape[1] if len(shape) > 1 else 1
        shape = spec.output_shape(shape)
        maps, side = shape[0], shape[1] if len(shape) > 1 else 1
        kind, copies = _kind(spec, side, plan), getattr(spec, "copies", 1)
        here = below + maps_in * side_in**2 + 1
        activation = ACTIVATION_NUMBERS.get(spec.activation)
        if activation is None:
            raise LenetError(
                "No compiled loop for the activation {activation!r} of {name}.",
                activation=spec.activation,
                name=spec.name,
            )
        rows.append((kind, activation, maps_in, side_in, maps, side, copies, below, here, weights))
        inputs = maps_in * side_in**2 + 1
        weights += {
            CONVOLUTION: maps * (maps_in * KERNEL**2 + 1),
            SUBSAMPLING: 2 * maps,
            MAXIMUM: 0,
            DENSE: 2 * maps * inputs,
        }[kind]
        below = here
    return np.array(rows, LAYER).view(np.recarray), weights


def _kind(spec, side: int, plan: architecture.Architecture) -> int:
    match spec:
        case architecture.LinearSpec():
            return DENSE
        case architecture.ConvolutionSpec(stride=1, padding=0, bias="map", kernel=kernel) if kernel == KERNEL:
            return DENSE if side == 1 and spec.table is None else CONVOLUTION
        case architecture.SubsamplingSpec(pooling="trainable", size=2):
            return SUBSAMPLING
        case architecture.SubsamplingSpec(pooling="max", size=2):
            return MAXIMUM
    raise LenetError(
        "No compiled loop for {name} of {network}. Train it with sdlm.SDLM in torch.",
        name=spec.name,
        network=plan.name,
    )


def _links(plan: architecture.Architecture, specs) -> np.ndarray:
    """Which maps each layer's maps read: (layers, maps below, maps), as large as the largest needs."""
    shapes = list(plan.shapes.values())
    most = max(shape[0] for shape in shapes if len(shape) > 1)
    links = np.zeros((len(specs), most, most), np.bool_)
    for place, spec in enumerate(specs):
        if isinstance(spec, architecture.ConvolutionSpec):
            table = spec.connected(shapes[place][0])
            links[place, : table.shape[0], : table.shape[1]] = table
    return links


def _codes(model: Network) -> np.ndarray:
    """(classes, units): what each class pulls the last layer's output to; not used by cross-entropy."""
    output = model[-1]
    if isinstance(output, layers.RBF):
        return output.codes.cpu().numpy().astype(np.float32)
    classes = model.architecture.classes
    return (2 * np.eye(classes) - 1).astype(np.float32)


def _lay_out(p: np.record, layer, own: dict[str, Tensor]) -> Tensor:
    """A layer's numbers, by parameter, in the order in which the loops read them: (places,)."""
    if p.kind == SUBSAMPLING:
        return torch.stack([own["coefficient"], own["bias"]], 1).flatten()
    weight = own["weight"]
    if isinstance(layer, layers.TableConvolution):
        dense = weight.new_zeros(layer.table.numel(), KERNEL, KERNEL)
        weight = dense.index_copy(0, layer.links.cpu(), weight).unflatten(0, layer.table.shape)
    rows = torch.cat([weight.flatten(1), own["bias"][:, None]], 1)
    return torch.cat([rows.flatten(), rows.T.flatten()]) if p.kind == DENSE else rows.flatten()


def _gather(p: np.record, layer, flat: np.ndarray) -> dict[str, Tensor]:
    """The parameters of a layer, back from the order of the loops."""
    if p.kind == SUBSAMPLING:
        pairs = torch.from_numpy(flat[p.weights : p.weights + 2 * p.maps].reshape(-1, 2).copy())
        return {"coefficient": pairs[:, 0], "bias": pairs[:, 1]}
    inputs = p.maps_in * (KERNEL**2 if p.kind == CONVOLUTION else p.side_in**2) + 1
    rows = flat[p.weights : p.weights + p.maps * inputs].reshape(p.maps, inputs)
    rows = torch.from_numpy(rows.copy())
    weight = rows[:, :-1]
    if isinstance(layer, layers.TableConvolution):
        weight = weight.reshape(-1, KERNEL, KERNEL)[layer.links.cpu()]
    return {"weight": weight.reshape(layer.weight.shape), "bias": rows[:, -1]}
