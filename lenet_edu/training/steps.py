"""One training step: distort a batch, predict, ask for the gradient of the loss, move the weights."""

import warnings
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import Parameter
from torch.optim.sgd import sgd

from lenet_edu.data.splits import Data
from lenet_edu.network.losses import criterion
from lenet_edu.network.models import Network
from lenet_edu.system.language import translate
from lenet_edu.system.threads import OneThread, Throttle
from lenet_edu.training.distortions import distort, draw_distortions
from lenet_edu.training.evaluation import count_right
from lenet_edu.training.recipes import Recipe

# Steps that torch wants done before it records one: they choose algorithms and reserve memory.
_WARM_UP = 3

# How far a replayed step may be from a plain one: the loss as a share of itself, each tensor as a share of
# how far the plain step moves it. The two could use algorithms that multiply with 10 bits of each factor
# (TF32, torch's default for convolutions) and with all 24. Emulated on the CPU, with fresh and with trained
# networks and batches of 1 to 226, that changes a loss by 0.2% at most, and a tensor's move by 1.4% with the
# squash of 1998 but by 18% with ReLU and max pooling, where single units switch. A step with other images is
# at least 23% away in some tensor, and one that leaves a tensor out 100%.
_LOSS_ROUNDING, _ROUNDING = 0.01, 0.2


class Stepper:
    """Takes steps with a model on the training split, both on one device.

    totals: (2,), summed loss and right answers since `totals.zero_()`.
    uses_cuda_graph: whether a step is recorded once for each size of batch, and then replayed as a whole: its
    some sixty small kernels would otherwise wait for Python to start them one by one. A recorded step is
    compared with a plain one before it is used; if it fails or differs, all further steps are plain.
    """

    def __init__(self, model: Network, data: Data, recipe: Recipe):
        self.model, self.split, self.background = model, data.train, data.background
        device = data.train.images.device
        self.uses_cuda_graph = can_record(device)
        self.totals = torch.zeros(2, device=device)
        # A recorded step reads its rate from the device, and leaves its gradients where they were first.
        self.rate = torch.zeros((), device=device) if self.uses_cuda_graph else 0.0
        self.parameters = list(model.parameters())
        self.one_thread = OneThread()
        self.velocities = [torch.zeros_like(parameter) for parameter in self.parameters]
        self.set_recipe(recipe)

    def set_recipe(self, recipe: Recipe) -> None:
        """From now on take steps as `recipe` has them."""
        self.recipe = recipe
        self.loss_function = criterion(self.model, recipe.smoothing)
        self.recorded, self._same_on_one_thread = {}, {}

    def momentum(self) -> dict[str, Tensor]:
        """The running means of the gradients by the names of their parameters."""
        names = [name for name, _ in self.model.named_parameters()]
        return dict(zip(names, self.velocities, strict=True))

    def step(self, batch: Tensor, distortions: Tensor | None, rate: float) -> None:
        """One update. batch: (N,), indices of the training split; distortions: (N, ...) for those images."""
        if self.uses_cuda_graph and len(batch) not in self.recorded:
            self._record(batch, distortions)
        self._set_rate(rate)
        if self.uses_cuda_graph:
            self.recorded[len(batch)].replay(batch, distortions)
        elif self.one_thread.on and not self._is_same_on_one_thread(len(batch)):
            with self.one_thread.using_all():  # an epoch's last batch may be small
                self._update(batch, distortions)
        else:
            self._update(batch, distortions)

    def _set_rate(self, rate: float) -> None:
        if isinstance(self.rate, Tensor):
            self.rate.fill_(rate)
        else:
            self.rate = rate

    def modest_threads(self) -> OneThread | Throttle | None:
        """How steps can share a CPU with other processes without a change of any bit; None on a GPU."""
        if self.totals.device.type != "cpu":
            return None
        same = self._is_same_on_one_thread(min(self.recipe.batch_size, len(self.split)))
        return self.one_thread if same else Throttle()

    def _is_same_on_one_thread(self, count: int) -> bool:
        """Whether one thread gives what all give, bit for bit; tried once for each size of batch."""
        if count not in self._same_on_one_thread:
            with self.one_thread.using_all():
                gradients = self._loss_and_gradients(count)
            with self.one_thread.using_one():
                again = self._loss_and_gradients(count)
            self._same_on_one_thread[count] = all(map(torch.equal, gradients, again))
        return self._same_on_one_thread[count]

    def _loss_and_gradients(self, count: int) -> tuple[Tensor, ...]:
        """Of the first `count` images of the training split: loss, and its gradient by all that learns."""
        distortions = None
        if self.recipe.distorts:
            distortions = draw_distortions(self.recipe, count, torch.Generator().manual_seed(0))
        _, loss, _ = self._forward(torch.arange(count), distortions)
        learning = [parameter for parameter in self.parameters if parameter.requires_grad]
        return (loss.detach(), *torch.autograd.grad(loss, learning))

    def _forward(self, batch: Tensor, distortions: Tensor | None) -> tuple[Tensor, Tensor, Tensor]:
        """Output, loss and labels of a batch."""
        images, labels = self.split.images[batch], self.split.labels[batch]
        if distortions is not None:
            images = distort(images, distortions, self.background)
        output = self.model(images)
        return output, self.loss_function(output, labels), labels

    def _update(self, batch: Tensor, distortions: Tensor | None) -> None:
        output, loss, labels = self._forward(batch, distortions)
        self.model.zero_grad(set_to_none=not isinstance(self.rate, Tensor))
        loss.backward()
        self._move_weights()
        right = count_right(self.model, output.detach(), labels)
        self.totals += torch.stack([loss.detach() * len(batch), right])

    @torch.no_grad()
    def _move_weights(self) -> None:
        """Stochastic gradient descent with momentum, by torch's function for it.

        torch.optim.SGD does the same, but imports torch's compiler: some seconds, and 60 to 130 MB.
        """
        parameters: list[Tensor] = []
        gradients: list[Tensor] = []
        velocities: list[Tensor | None] = []
        for parameter, velocity in zip(self.parameters, self.velocities, strict=True):
            if parameter.grad is not None:
                parameters.append(parameter)
                gradients.append(parameter.grad)
                velocities.append(velocity)
        momentum = self.recipe.momentum
        sgd(
            parameters,
            gradients,
            velocities if momentum else [],
            fused=True,
            lr=self.rate,
            momentum=momentum,
            nesterov=self.recipe.nesterov and momentum > 0,
            weight_decay=self.recipe.weight_decay,
            dampening=0,
            maximize=False,
        )

    def _record(self, batch: Tensor, distortions: Tensor | None) -> None:
        """Record the step for batches of this size, or give recording up; no weight has moved afterwards."""
        before = self._copy_state()
        self._set_rate(0.0)  # a step that went on with this rate would not move at all
        try:
            step = RecordedStep(self._update, self.parameters, batch, distortions)
            self._restore_state(before)
            reason = self._compare(step, batch, distortions)
        except RuntimeError as error:
            reason = f"it failed: {str(error).splitlines()[0]}"
        self._restore_state(before)
        if reason:
            self.uses_cuda_graph, self.recorded = False, {}
            warnings.warn(
                translate(
                    "This GPU does not replay a recorded training step as it should ({reason}). Training "
                    "goes on with plain steps: the results are right, but it takes longer.",
                    reason=reason,
                ),
                stacklevel=2,
            )
        else:
            self.recorded[len(batch)] = step

    def _compare(self, step: "RecordedStep", batch: Tensor, distortions: Tensor | None) -> str:
        """What differs between a replayed and a plain step from the same state; empty if nothing does.

        With other images than those it was recorded with, since it must read the ones that it is given.
        """
        self._set_rate(self.recipe.peak_rate)
        batch = (batch + len(self.split) // 2) % len(self.split)
        before = self._copy_state()
        self._update(batch, distortions)
        plain = self._copy_state()
        self._restore_state(before)
        step.replay(batch, distortions)
        loss, right = self.totals.tolist()
        plain_loss, plain_right = plain["totals"].tolist()
        if not abs(loss - plain_loss) <= _LOSS_ROUNDING * abs(plain_loss - before["totals"][0].item()):
            return f"its loss is {loss:.6g}, that of a plain step {plain_loss:.6g}"
        if abs(right - plain_right) > 1:  # an answer between two classes may go to either
            return f"it counts {right:g} right answers, a plain step {plain_right:g}"
        for name, value in self._state().items():
            allowed = _ROUNDING * (plain[name] - before[name]).norm() + 1e-6 * plain[name].norm()
            if not (value - plain[name]).norm() <= allowed:
                return f"{name} differs"
        return ""

    def _state(self) -> dict[str, Tensor]:
        """Every tensor that a step changes, by name."""
        momentum = {f"momentum of {name}": tensor for name, tensor in self.momentum().items()}
        weights = {name: parameter.detach() for name, parameter in self.model.named_parameters()}
        return {**weights, **momentum, "totals": self.totals}

    def _copy_state(self) -> dict[str, Tensor]:
        return {name: tensor.clone() for name, tensor in self._state().items()}

    def _restore_state(self, state: dict[str, Tensor]) -> None:
        for name, tensor in self._state().items():
            tensor.copy_(state[name])


class RecordedStep:
    """A step as a CUDA graph, and the tensors that it reads a batch from."""

    def __init__(
        self, update: Callable, parameters: list[Parameter], batch: Tensor, distortions: Tensor | None
    ):
        self.batch = batch.clone()
        self.distortions = None if distortions is None else distortions.clone()
        self.graph = capture(lambda: update(self.batch, self.distortions))
        # It writes there even if a reader sets them to None (`model.zero_grad()`): the memory stays theirs.
        self.gradients = [parameter.grad for parameter in parameters]

    def replay(self, batch: Tensor, distortions: Tensor | None) -> None:
        """Take the recorded step with another batch of the same size."""
        self.batch.copy_(batch)
        if self.distortions is not None and distortions is not None:
            self.distortions.copy_(distortions)
        self.graph.replay()


def can_record(device: torch.device) -> bool:
    """Whether steps on the device can be recorded."""
    return device.type == "cuda"


def capture(work: Callable[[], None]) -> torch.cuda.CUDAGraph:
    """What `work` does on the GPU, as a graph; it has been done `_WARM_UP` times afterwards."""
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(_WARM_UP):
            work()
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    # Other threads of the process, such as a notebook's cells, may use the device meanwhile.
    with torch.cuda.graph(graph, capture_error_mode="thread_local"):
        work()
    return graph
