"""Stochastic diagonal Levenberg-Marquardt: a step for every parameter, from the curvature along it.

    optimizer = SDLM(model.named_parameters(), rate=paper.GLOBAL_RATES[0][0])
    optimizer.estimate(curvature(model, images))    # anew before every pass, on 500 images
    map_loss(model(image), label).backward()
    optimizer.step()                                # once an image

Section III-B and appendix C of the paper. A step is rate / (mu + h), where h estimates the second
derivative of the loss along one parameter. It is propagated back as gradients are, only with squares: a unit
x = f(a) takes h to f'(a)^2 h, a connection to (its input)^2 h for its weight and to (its weight)^2 h for
the unit below. Two things are left out: f'', so that h is never negative (Gauss-Newton), and all mixed
derivatives between units. A parameter that many connections share has the sum of their h.

Ambiguities of the paper, decided here: h at F6 is 2 a unit, the curvature of y_D alone (`CURVATURES`); the
subsampling coefficient is one connection a unit, whose input is the sum of the square.
"""

from collections.abc import Callable
from math import inf

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.grad import conv2d_input, conv2d_weight

from lenet_edu.network import layers, paper
from lenet_edu.network.models import Network
from lenet_edu.system.errors import LenetError, check_choice

# The kind of output layer that each loss needs, and the curvature of the loss at x, (N, units): what the
# output layer computes, or for RBF what it reads.
CURVATURES = {
    # y_D = sum (x - w)^2. The other term of equation 9, log(e^-j + sum e^-y), would make h depend on the
    # distances and could make it negative: only the part that pulls towards the code counts.
    "map": (layers.RBF, lambda x: torch.full_like(x, 2)),
    # Equation 8 is y_D alone.
    "distance": (layers.RBF, lambda x: torch.full_like(x, 2)),
    # 1/2 sum (x - target)^2.
    "squared": (layers.Linear, torch.ones_like),
    # The second derivative of log sum e^x along each x.
    "cross_entropy": (layers.Linear, lambda x: x.softmax(1) * (1 - x.softmax(1))),
}


@torch.no_grad()
def curvature(
    model: Network, images: Tensor, labels: Tensor | None = None, loss: str = "map"
) -> dict[str, Tensor]:
    """The diagonal Gauss-Newton term h of every parameter, a mean over the images (appendix C).

    model: a `models.Network`; images: (N, maps, size, size), 500 in the paper; labels: (N,) or None: they
    change nothing, since in none of the losses does the curvature at the output depend on them.
    loss: "map" or "distance" (RBF output), "squared" or "cross_entropy" (linear output), see `CURVATURES`.
    Returns by name, as in `model.named_parameters()`, tensors of the parameters' shapes, zero or more.

    Raises LenetError if the loss does not fit the output layer, or the images do not fit the network.
    """
    _check(model, images, labels, loss)
    passed, x = [], images
    for name, layer in model.named_children():
        if isinstance(layer, layers.RBF):
            break
        passed.append((name, layer, x))
        x = layer(x)
    h = CURVATURES[loss][1](x) / len(images)
    by_name = {}
    for name, layer, x in reversed(passed):
        own, h = _below(name, layer, x, h)
        by_name |= {f"{name}.{parameter}": value for parameter, value in own.items()}
    return {name: by_name[name] for name, _ in model.named_parameters()}


def effective_rates(
    h: dict[str, Tensor], rate: float = paper.GLOBAL_RATES[0][0], mu: float = paper.SDLM_MU
) -> dict[str, Tensor]:
    """The step of every parameter, rate / (mu + h), by name, in the parameter's shape (section III-B)."""
    return {name: rate / (mu + value) for name, value in h.items()}


class SDLM(torch.optim.Optimizer):
    """Stochastic diagonal Levenberg-Marquardt: p -= rate / (mu + h) * gradient (section III-B, appendix C).

    named_parameters: `model.named_parameters()`; the names tell which curvature is whose. rate: the
    global rate, kept as `lr` in `param_groups` where torch's schedulers look for it; a number, or a tensor on
    the parameters' device that can change while a recorded step replays. mu: keeps steps finite where h is 0.

    Raises LenetError for parameters without names, a negative rate, or a mu that is not positive.
    """

    def __init__(self, named_parameters, rate: float | Tensor = paper.GLOBAL_RATES[0][0], mu=paper.SDLM_MU):
        if not isinstance(rate, Tensor) and not 0 <= rate < inf:
            raise LenetError("SDLM's rate must be a finite number, zero or more; got {rate!r}.", rate=rate)
        if not 0 < mu < inf:
            raise LenetError("SDLM's mu must be a finite number above zero; got {mu!r}.", mu=mu)
        super().__init__(named_parameters, {"lr": rate, "mu": mu})
        if not all("param_names" in group for group in self.param_groups):
            raise LenetError("SDLM takes parameters with their names. Pass model.named_parameters().")

    def estimate(self, h: dict[str, Tensor]) -> None:
        """From now on step by the curvatures h, by name, as `curvature` gives them.

        Raises LenetError unless h has every parameter in its shape, and no value is negative or NaN.
        """
        named = self._parameters()
        for name, parameter, _ in named:
            if name not in h or h[name].shape != parameter.shape:
                came = f"shape {tuple(h[name].shape)}" if name in h else "none"
                raise LenetError(
                    "The curvature of {name} must have shape {shape}; got {came}. Take it from "
                    "curvature(model, images).",
                    name=name,
                    shape=tuple(parameter.shape),
                    came=came,
                )
            if not (h[name] >= 0).all():
                raise LenetError(
                    "The curvature of {name} must be zero or more everywhere; got negative values or NaN. "
                    "NaN comes from a network whose weights have diverged: lower the rate, or raise mu.",
                    name=name,
                )
        with torch.no_grad():
            for name, parameter, mu in named:
                # In place once it is there: a recorded step reads it where it was first.
                damped = self.state[parameter].setdefault("damped_curvature", torch.empty_like(parameter))
                damped.copy_(h[name]).add_(mu)

    @torch.no_grad()
    def step(self, closure: Callable | None = None):
        """One update by the gradients. closure: computes the loss and its gradients, as torch has it.

        Raises LenetError before the first `estimate`.
        """
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            rate = group["lr"]
            for parameter in group["params"]:
                if parameter.grad is None:
                    continue
                if "damped_curvature" not in self.state[parameter]:
                    raise LenetError("SDLM has no curvature yet. Call estimate(curvature(model, images)).")
                damped = self.state[parameter]["damped_curvature"]
                if isinstance(rate, Tensor):
                    parameter.sub_(rate * parameter.grad / damped)
                else:
                    parameter.addcdiv_(parameter.grad, damped, value=-rate)
        return loss

    def _parameters(self) -> list[tuple[str, Tensor, float]]:
        """Name, parameter and mu of each parameter."""
        return [
            (name, parameter, group["mu"])
            for group in self.param_groups
            for name, parameter in zip(group["param_names"], group["params"], strict=True)
        ]


def _below(name: str, layer: nn.Module, x: Tensor, h: Tensor) -> tuple[dict[str, Tensor], Tensor]:
    """From h at a layer's output to h of its parameters, summed over the images, and to h at its input x."""
    if isinstance(layer, layers.Squashed):
        a = layer.weighted_sum(x)
        h = _pull_back(layer.squash, a, torch.ones_like(a)).square() * h
    match layer:
        case layers.Convolution():
            return _convolution(layer, x, h)
        case layers.Subsampling():
            return _subsampling(layer, x, h)
        case layers.Linear():
            weight = h.T @ x.flatten(1).square()
            return {"weight": weight, "bias": h.sum(0)}, (h @ layer.weight.square()).view_as(x)
        case nn.MaxPool2d():
            # Derivatives of 0 and 1 are their own squares: all goes to the winner.
            return {}, _pull_back(layer, x, h)
        case nn.AvgPool2d():
            # Derivatives of 1/size^2: once more the same gives their squares. A network's pools are square.
            return {}, _pull_back(layer, x, h) / layer.kernel_size**2  # pyright: ignore[reportOperatorIssue]
    raise LenetError(
        "curvature knows no rule for layer {name}, a {kind}.", name=name, kind=type(layer).__kind
    )


def _convolution(layer: layers.Convolution, x: Tensor, h: Tensor) -> tuple[dict[str, Tensor], Tensor]:
    """What gradients of a convolution are, with squared inputs and squared kernels."""
    kernels = layer.kernels()
    inputs = F.pad(x, (layer.padding,) * 4, value=layer.border)
    weight = conv2d_weight(inputs.square(), kernels.shape, h, layer.stride)
    if isinstance(layer, layers.TableConvolution):
        weight = weight.flatten(0, 1)[layer.links]
    # One bias a unit, or one that all units of a map share.
    bias = h.sum(0) if layer.bias.ndim > 1 else h.sum((0, 2, 3))
    below = conv2d_input(x.shape, kernels.square(), h, layer.stride, layer.padding)
    return {"weight": weight, "bias": bias}, below


def _subsampling(layer: layers.Subsampling, x: Tensor, h: Tensor) -> tuple[dict[str, Tensor], Tensor]:
    def sums(x: Tensor) -> Tensor:
        totals = F.avg_pool2d(x, layer.size) * layer.size**2
        return totals.repeat_interleave(layer.copies, 1)

    coefficient = (sums(x).square() * h).sum((0, 2, 3))
    squared = layer.coefficient.square()[:, None, None]
    return {"coefficient": coefficient, "bias": h.sum((0, 2, 3))}, _pull_back(sums, x, squared * h)


def _pull_back(function: Callable, x: Tensor, h: Tensor) -> Tensor:
    """The derivatives of `function` at x, transposed, times h: what a gradient h would become below it."""
    with torch.enable_grad():
        x = x.detach().requires_grad_()
        return torch.autograd.grad(function(x), x, h)[0]


def _check(model: Network, images: Tensor, labels: Tensor | None, loss: str) -> None:
    check_choice("loss", loss, tuple(CURVATURES))
    wanted, output = CURVATURES[loss][0], model[-1]
    if not isinstance(output, wanted):
        fitting = [name for name, (kind, _) in CURVATURES.items() if isinstance(output, kind)]
        raise LenetError(
            "Loss {loss!r} needs a {kind} output layer; got {output}. Losses that fit it: {fitting}.",
            loss=loss,
            kind=wanted.__kind,
            output=type(output).__kind,
            fitting=", ".join(fitting) or "none",
        )
    model.check_images(images)
    if not len(images):
        raise LenetError(
            "curvature takes a mean over images, {sdlm_patterns} in the paper; got none.",
            sdlm_patterns=paper.SDLM_PATTERNS,
        )
    if labels is not None and labels.shape != (len(images),):
        raise LenetError(
            "labels must have shape ({images_count},), one an image, or be None; got {shape}.",
            images_count=len(images),
            shape=tuple(labels.shape),
        )
