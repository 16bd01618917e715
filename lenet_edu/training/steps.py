"""One training step: distort a batch, predict, ask for the gradient of the loss, move the weights."""

import torch
from torch import Tensor

from lenet_edu.data.splits import Data
from lenet_edu.network.losses import criterion
from lenet_edu.network.models import Network
from lenet_edu.training.distortions import distort
from lenet_edu.training.evaluation import count_right
from lenet_edu.training.recipes import Recipe

# Steps that torch wants done before it records one: they choose algorithms and reserve memory.
_WARM_UP = 3


class Stepper:
    """Takes steps with a model on the training split, both on one device.

    totals: (2,), summed loss and right answers since `totals.zero_()`.

    On CUDA a step is recorded once for each size of batch, and then replayed as a whole (a CUDA graph): its
    some sixty small kernels would otherwise wait for Python to start them one by one.
    """

    def __init__(self, model: Network, data: Data, recipe: Recipe):
        self.model, self.split, self.background = model, data.train, data.background
        device = data.train.images.device
        self.records = device.type == "cuda"
        self.totals = torch.zeros(2, device=device)
        # A recorded step reads its rate from the device, and leaves its gradients where they were first.
        self.rate = torch.zeros((), device=device)
        self.parameters = list(model.parameters())
        self.optimizer = torch.optim.SGD(
            self.parameters, lr=self.rate if self.records else 0.0, momentum=0.9, fused=True
        )
        for parameter in self.parameters:
            self.optimizer.state[parameter]["momentum_buffer"] = torch.zeros_like(parameter)
        self.follow(recipe)

    def follow(self, recipe: Recipe) -> None:
        """From now on take steps as `recipe` has them."""
        self.recipe = recipe
        self.loss_function = criterion(self.model, recipe.smoothing)
        self.optimizer.param_groups[0].update(
            momentum=recipe.momentum,
            nesterov=recipe.nesterov and recipe.momentum > 0,
            weight_decay=recipe.weight_decay,
        )
        self.graphs = {}

    def momentum(self) -> dict[str, Tensor]:
        """The running means of the gradients by the names of their parameters."""
        return {
            name: self.optimizer.state[parameter]["momentum_buffer"]
            for name, parameter in self.model.named_parameters()
        }

    def step(self, batch: Tensor, distortions: Tensor | None, rate: float) -> None:
        """One update. batch: (N,), indices of the training split; distortions: (N, ...) for those images."""
        if not self.records:
            self.optimizer.param_groups[0]["lr"] = rate
            self._update(batch, distortions)
            return
        if len(batch) not in self.graphs:
            self.graphs[len(batch)] = self._record(batch, distortions)
        graph, its_batch, its_distortions = self.graphs[len(batch)]
        self.rate.fill_(rate)
        its_batch.copy_(batch)
        if distortions is not None:
            its_distortions.copy_(distortions)
        graph.replay()

    def _update(self, batch: Tensor, distortions: Tensor | None) -> None:
        images, labels = self.split.images[batch], self.split.labels[batch]
        if distortions is not None:
            images = distort(images, distortions, self.background)
        output = self.model(images)
        loss = self.loss_function(output, labels)
        self.optimizer.zero_grad(set_to_none=not self.records)
        loss.backward()
        self.optimizer.step()
        right = count_right(self.model, output.detach(), labels)
        self.totals += torch.stack([loss.detach() * len(batch), right])

    def _record(self, batch: Tensor, distortions: Tensor | None):
        """The recorded step for batches of this size, and the tensors it reads; no weight has moved."""
        batch = batch.clone()
        distortions = None if distortions is None else distortions.clone()
        changing = [*self.parameters, *self.momentum().values(), self.totals]
        before = [tensor.detach().clone() for tensor in changing]
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for _ in range(_WARM_UP):
                self._update(batch, distortions)
        torch.cuda.current_stream().wait_stream(side)
        graph = torch.cuda.CUDAGraph()
        # Other threads of the process, such as a notebook's cells, may use the device meanwhile.
        with torch.cuda.graph(graph, capture_error_mode="thread_local"):
            self._update(batch, distortions)
        with torch.no_grad():
            for tensor, value in zip(changing, before, strict=True):
                tensor.copy_(value)
        return graph, batch, distortions
