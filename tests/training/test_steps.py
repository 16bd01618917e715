"""One training step, against torch's own optimiser and plain code; on CUDA, recorded against not recorded."""

import pytest
import torch
import torch.nn.functional as F

from lenet_edu.network import partwise
from lenet_edu.network.architecture import MODERN
from lenet_edu.network.losses import map_loss
from lenet_edu.network.models import LeNet5
from lenet_edu.system.threads import OneThread, Throttle
from lenet_edu.training import steps as steps_module
from lenet_edu.training.distortions import distort, draw_distortions
from lenet_edu.training.loop import fit
from lenet_edu.training.recipes import Recipe
from lenet_edu.training.steps import Stepper

RECIPE = Recipe(
    "test", epochs=1, batch_size=16, peak_rate=0.05, momentum=0.8, weight_decay=0.01, smoothing=0.1
)


def fresh(**switches) -> LeNet5:
    model = LeNet5(**switches)
    model.reset_parameters(torch.Generator().manual_seed(1))
    return model


def plain_steps(model, digits, recipe, loss_function, rates, distortions=None):
    optimizer = torch.optim.SGD(
        model.parameters(),
        lr=1.0,
        momentum=recipe.momentum,
        nesterov=recipe.nesterov,
        weight_decay=recipe.weight_decay,
    )
    losses = 0.0
    for number, rate in enumerate(rates):
        batch = torch.arange(16 * number, 16 * number + 16)
        images, labels = digits.train.images[batch], digits.train.labels[batch]
        if distortions is not None:
            images = distort(images, distortions[batch], digits.scaling.background)
        loss = loss_function(model(images), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.param_groups[0]["lr"] = rate
        optimizer.step()
        losses += 16 * loss.item()
    return losses


def steps(model, digits, recipe, rates, distortions=None) -> Stepper:
    stepper = Stepper(model, digits, recipe)
    for number, rate in enumerate(rates):
        batch = torch.arange(16 * number, 16 * number + 16, device=stepper.totals.device)
        stepper.step(batch, None if distortions is None else distortions[batch], rate)
    return stepper


def assert_same(model, other):
    for (name, tensor), wanted in zip(model.state_dict().items(), other.state_dict().values(), strict=True):
        torch.testing.assert_close(tensor.cpu(), wanted.cpu(), atol=1e-5, rtol=1e-4, msg=name)


def test_steps_without_nesterov_are_those_of_plain_momentum(few):
    recipe = RECIPE.changed(nesterov=False, smoothing=0.0)
    model, other, rates = fresh(**MODERN), fresh(**MODERN), (0.02, 0.01, 0.03)
    plain_steps(other, few, recipe, F.cross_entropy, rates)
    steps(model, few, recipe, rates)
    assert_same(model, other)


@pytest.mark.parametrize("switches", [MODERN, {}], ids=["modern", "1998"])
def test_steps_are_those_of_nesterovs_gradient_descent(few, switches):
    model, other, rates = fresh(**switches), fresh(**switches), (0.002, 0.001, 0.003)
    smooth = lambda output, labels: F.cross_entropy(output, labels, label_smoothing=0.1)  # noqa: E731
    losses = plain_steps(other, few, RECIPE, smooth if switches else map_loss, rates)
    stepper = steps(model, few, RECIPE, rates)
    assert_same(model, other)
    assert stepper.totals[0].item() == pytest.approx(losses, rel=1e-5)
    assert 0 <= stepper.totals[1] <= 48


def test_totals_count_right_answers(few):
    model = fresh(**MODERN)
    right = (model.classes_of(few.train.images[:16]) == few.train.labels[:16]).sum()
    assert steps(model, few, RECIPE, (0.0,)).totals[1] == right


def test_distortions_are_those_of_their_images(few, seeded):
    recipe = RECIPE.changed(rotation=10.0, elastic=1.0, smoothing=0.0)
    distortions = draw_distortions(recipe, len(few.train), seeded)
    model, other = fresh(**MODERN), fresh(**MODERN)
    plain_steps(other, few, recipe, F.cross_entropy, (0.05, 0.05), distortions)
    steps(model, few, recipe, (0.05, 0.05), distortions)
    assert_same(model, other)


def test_all_threads_are_used_where_one_would_give_other_bits(few, monkeypatch):
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        model = fresh(**MODERN).to(memory_format=torch.channels_last)  # as fit() trains it
        assert isinstance(Stepper(model, few, RECIPE).modest_threads(), OneThread)
        monkeypatch.setattr(partwise, "convolution_parts", lambda: 1)  # the gradient is summed as a whole
        assert isinstance(Stepper(model, few, RECIPE).modest_threads(), Throttle)
    finally:
        torch.set_num_threads(threads)


def test_layers_that_are_frozen_stay_and_the_others_learn(few):
    model = fresh(**MODERN)
    model.C1.requires_grad_(False)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    fit(model, few, RECIPE, progress=False, device="cpu")
    moved = {name for name, tensor in model.state_dict().items() if not torch.equal(tensor, before[name])}
    assert moved == {name for name in before if not name.startswith("C1.")}


def test_momentum_starts_at_zero_and_is_named(few):
    model = fresh(**MODERN)
    stepper = Stepper(model, few, RECIPE)
    momentum = stepper.momentum()
    assert momentum.keys() == dict(model.named_parameters()).keys()
    assert not any(tensor.any() for tensor in momentum.values())
    stepper.step(torch.arange(16), None, 0.01)
    assert all(tensor.any() for tensor in stepper.momentum().values())


@pytest.mark.skipif(not torch.cuda.is_available(), reason="run on a machine with a CUDA GPU")
@pytest.mark.parametrize("switches", [MODERN, {}], ids=["modern", "1998"])
def test_recorded_steps_are_the_same_as_on_the_cpu(few, seeded, switches):
    """Two sizes of batch, a change of recipe, distortions: all that makes a record stale."""
    recipe = RECIPE.changed(rotation=10.0, elastic=1.0)
    distortions = draw_distortions(recipe, len(few.train), seeded)

    def run(device):
        model = fresh(**switches).to(device)
        stepper = Stepper(model, few.to(device), recipe)
        drawn = distortions.to(device)
        for number, (start, stop, rate) in enumerate([(0, 16, 0.002), (16, 32, 0.001), (32, 40, 0.002)] * 2):
            if number == 3:
                stepper.set_recipe(recipe.changed(momentum=0.5))
            batch = torch.arange(start, stop, device=device)
            stepper.step(batch, drawn[batch], rate)
        return model, stepper.totals.cpu()

    (model, totals), (other, wanted) = run("cuda"), run("cpu")
    for name, tensor in model.state_dict().items():
        torch.testing.assert_close(tensor.cpu(), other.state_dict()[name], atol=1e-4, rtol=1e-3)
    torch.testing.assert_close(totals, wanted, rtol=1e-3, atol=0.5)


class StandIn:
    """A CUDA graph on the CPU: what was recorded is done again, in Python."""

    def __init__(self, work):
        self.work = work
        for _ in range(3):  # as a real recording warms up
            work()

    def replay(self):
        self.work()


class Idle(StandIn):
    """Replays nothing."""

    def replay(self):
        pass


class BakedRate(StandIn):
    """Goes on with the rate that it was recorded with."""

    def __init__(self, work):
        super().__init__(work)
        step = next(cell.cell_contents for cell in work.__closure__ if callable(cell.cell_contents))
        self.rate = step.__self__.rate
        self.recorded = self.rate.clone()

    def replay(self):
        self.rate.copy_(self.recorded)
        self.work()


class Stale(StandIn):
    """Does what was recorded, but with the images that it was recorded with."""

    def __init__(self, work):
        super().__init__(work)
        step = next(cell.cell_contents for cell in work.__closure__ if hasattr(cell.cell_contents, "batch"))
        self.step, self.batch = step, step.batch.clone()

    def replay(self):
        self.step.batch.copy_(self.batch)
        self.work()


def broken(_work):
    raise RuntimeError("CUDA error: operation not permitted\nmore lines")


def poisoned(work):
    work()
    raise RuntimeError("CUDA error: out of memory")


@pytest.fixture
def stand_in(monkeypatch):
    """Record with a stand-in for CUDA's graph."""

    def stand_in(capture):
        monkeypatch.setattr(steps_module, "can_record", lambda device: True)
        monkeypatch.setattr(steps_module, "capture", capture)

    return stand_in


@pytest.mark.parametrize("switches", [MODERN, {}], ids=["modern", "1998"])
def test_a_recorded_step_that_agrees_is_replayed(few, stand_in, recwarn, switches):
    recipe, rates = RECIPE.changed(peak_rate=0.002), (0.0, 0.002, 0.003)
    model, other = fresh(**switches), fresh(**switches)
    plain = steps(other, few, recipe, rates)
    stand_in(StandIn)
    stepper = steps(model, few, recipe, rates)
    assert stepper.uses_cuda_graph
    assert list(stepper.recorded) == [16]
    assert not recwarn
    assert_same(model, other)
    torch.testing.assert_close(stepper.totals, plain.totals)


@pytest.mark.parametrize(
    ("capture", "reason"),
    [
        (Idle, "its loss is 0, that of a plain step"),
        (Stale, "its loss is"),
        (BakedRate, "C1.weight differs"),
        (broken, r"it failed: CUDA error: operation not permitted\)"),
        (poisoned, "it failed: CUDA error: out of memory"),
    ],
)
def test_a_recorded_step_that_differs_or_fails_is_given_up_once_and_changes_nothing(
    few, stand_in, recwarn, capture, reason
):
    model, other, rates = fresh(**MODERN), fresh(**MODERN), (0.0, 0.02, 0.01)
    plain = steps(other, few, RECIPE, rates)
    stand_in(capture)
    with pytest.warns(UserWarning, match=reason) as warnings:
        stepper = steps(model, few, RECIPE, rates)
    assert len(warnings) == 1
    assert not stepper.uses_cuda_graph
    assert_same(model, other)
    torch.testing.assert_close(stepper.totals, plain.totals)


def test_a_recorded_step_keeps_the_memory_of_the_gradients_that_it_writes(few, stand_in):
    stand_in(StandIn)
    model = fresh(**MODERN)
    stepper = steps(model, few, RECIPE, (0.01,))
    wanted = [parameter.grad for parameter in model.parameters()]
    model.zero_grad()  # sets them to None
    assert all(one is other for one, other in zip(stepper.recorded[16].gradients, wanted, strict=True))


def test_a_recorded_step_that_moves_weights_otherwise_is_given_up(few, stand_in):
    model = fresh(**MODERN)

    class Drifting(StandIn):
        def replay(self):
            self.work()
            with torch.no_grad():
                model.OUTPUT.weight.add_(1e-2)

    stand_in(Drifting)
    with pytest.warns(UserWarning, match=r"OUTPUT\.weight differs"):
        steps(model, few, RECIPE, (0.01,))
