"""TrainingPanel: train the whole network under your hands, and look inside while it learns."""

import time
from pathlib import Path

import torch
from traitlets import Bool, Dict, Float, Int, List, Unicode, observe, validate

from lenet_edu import plots
from lenet_edu.data.digits import EMBEDDED_NAME, MNIST_NAME, Data, find_mnist, load_digits
from lenet_edu.data.folders import load_again
from lenet_edu.network import architecture
from lenet_edu.network.activations import activations
from lenet_edu.network.layers import Convolution
from lenet_edu.system.devices import choose_device
from lenet_edu.system.errors import LenetError, check_choice
from lenet_edu.training.evaluation import confusion, mistakes
from lenet_edu.training.recipes import RECIPES, Recipe, default_recipe, named_recipe
from lenet_edu.training.runs import Run, list_runs, load_run
from lenet_edu.training.sessions import FINISHED, READY, RUNNING, Session
from lenet_edu.widgets.base import Widget, beside, binary, module, styles, to_bytes

# Seconds between two pictures of a training under way, and the most points of a curve that are sent.
_EVERY = 0.25
_POINTS = 300
_WORST = 10

# In place of a recipe's name: the one that fits network and data; one that has no name.
DEFAULT, OWN = "default", "own"

LIVE = ("peak_rate", "momentum", "batch_size")
SWITCHES = {
    "lenet5": {
        "c3": ("table", "full"),
        "subsampling": architecture.POOLINGS,
        "activation": architecture.ACTIVATIONS,
        "output": architecture.OUTPUTS,
    },
    "rgb": {"f7": ("yes", "no")},
}


class TrainingPanel(Widget):
    """Train, pause, take single steps, change the rate, reset; curves, maps, gradients and mistakes, live.

        panel = TrainingPanel(digits)
        panel.train(); panel.wait()            # the same as pressing Train
        panel.session.model                    # the network

    data: digits, by default those of `load_digits`, or pictures in colour. switches, recipe, seed, device,
    folder: as a `Session` takes them; all but `folder` can be chosen in the panel, too, before a run begins.

    Traits to set: `peak_rate`, `momentum`, `batch_size` at any time; `digit`, the class whose maps are shown;
    `compared`, the name of a kept run whose curves are drawn beside; `settings` before a run begins.
    """

    _esm, _css = module("training_panel"), styles("training_panel")

    status = Unicode(READY).tag(sync=True)
    settings = Dict().tag(sync=True)
    options = Dict().tag(sync=True)
    peak_rate = Float(0.1).tag(sync=True)
    momentum = Float(0.9).tag(sync=True)
    batch_size = Int(128).tag(sync=True)
    digit = Int(0).tag(sync=True)
    classes = List(Unicode()).tag(sync=True)
    compared = Unicode("").tag(sync=True)
    runs = List(Dict()).tag(sync=True)
    begun = Bool(False).tag(sync=True)
    told = Dict().tag(sync=True)
    layers = List().tag(sync=True)
    curve = binary()
    validation = binary()
    compared_curve = binary()
    compared_validation = binary()
    outputs = binary()
    kernels = binary()
    gradients = List().tag(sync=True)
    confusion = List().tag(sync=True)
    mistakes = List(Dict()).tag(sync=True)
    mistake_images = binary()

    def __init__(
        self,
        data: Data | None = None,
        switches: dict | None = None,
        recipe: Recipe | None = None,
        *,
        seed: int = 0,
        device: str = "auto",
        folder: Path | str = "runs",
    ):
        data = data or load_digits()
        self._data = {data.source: data}
        self._told_at, self._epochs_shown, self._mistakes_of = 0.0, 0, None
        self.session = Session(
            data, switches, recipe, seed=seed, device=device, folder=folder, watch=self._watch
        )
        self._options_of = None
        super().__init__(digit=min(3, len(data.classes) - 1))
        self._show()
        self.on_msg(self._asked)

    # What can be asked for -------------------------------------------------------------------------------

    def train(self) -> None:
        """Train to the end, as the button does; returns at once."""
        self.session.train()

    def step(self) -> None:
        """Train for one batch."""
        self.session.step()

    def epoch(self) -> None:
        """Train to the end of the epoch under way."""
        self.session.epoch()

    def pause(self) -> None:
        """Stop after the batch under way."""
        self.session.pause()

    def wait(self) -> None:
        """Return when nothing runs any more."""
        self.session.wait()

    def reset(self) -> None:
        """Begin again from the same initial weights."""
        self.session.reset()

    def save(self, name: str) -> None:
        """Keep the run as it stands under a name."""
        self.session.save(name)
        self.runs = list_runs(self.session.folder)

    def load(self, name: str) -> None:
        """Take up a kept run where it was left."""
        self.session.load(self.session.folder / name)

    def text(self) -> str:
        """As `ready` or `finished, 5 epochs`."""
        epochs = len(self.session.run.history)
        return self.status if not epochs else f"{self.status}, {epochs} epoch{'s' * (epochs > 1)}"

    def figure(self):
        """The curves; before there are any, the network."""
        history = self.session.run.history
        return plots.history({"this run": history}) if history else plots.network(self.session.model)

    def _asked(self, _, content: dict, __) -> None:
        """A button of the panel: {"do": "train"} and the like."""
        actions = {"train", "step", "epoch", "pause", "reset", "save", "load"}
        do = content.get("do")
        if do not in actions:
            return
        try:
            getattr(self, do)(*([content["name"]] if do in ("save", "load") else []))
        except LenetError as error:
            self.send({"error": str(error)})

    # Settings --------------------------------------------------------------------------------------------

    @validate("settings")
    def _check_settings(self, proposal):
        settings = proposal["value"]
        if settings and settings != self._settings():
            if self.session.status != READY:
                self.refuse("A run has begun: reset it before you choose another network, recipe or data.")
            try:
                self.session = self._chosen(settings)
            except (LenetError, KeyError, TypeError) as error:
                self.refuse(f"settings do not fit: {error}")
        return settings

    def _chosen(self, settings: dict) -> Session:
        """A new session with these settings; LenetError if they cannot be had."""
        name, source, seed = settings["recipe"], settings["data"], settings["seed"]
        old = self.session.plan.config
        if not isinstance(seed, int) or not 0 <= seed < 2**31:
            raise LenetError(f"seed must be a whole number from 0 to {2**31 - 1}; got {seed}.")
        check_choice("data", source, self.options["data"])
        choose_device(settings["device"])
        if source not in self._data:
            self._data[source] = load_again(source)
        return Session(
            self._data[source],
            {name: _switch(settings[name], old[name]) for name in self._switches()},
            None if name == DEFAULT else self.session.recipe if name == OWN else named_recipe(name),
            seed=seed,
            device=settings["device"],
            folder=self.session.folder,
            watch=self._watch,
        )

    @observe("settings")
    def _show_chosen(self, _) -> None:
        if self.session.status == READY:
            self._show()

    @validate(*LIVE)
    def _check_live(self, proposal):
        name, value = proposal["trait"].name, proposal["value"]
        if value != getattr(self.session.recipe_now, name):
            try:
                self.session.change(**{name: value})
            except LenetError as error:
                self.refuse(str(error))
        return value

    @validate("digit")
    def _check_digit(self, proposal):
        return self.within(proposal, 0, self.session.plan.classes - 1)

    @observe("digit")
    def _look_at_another(self, _) -> None:
        if self.session.status != RUNNING:
            self._show_inside()

    @observe("compared")
    def _compare(self, _) -> None:
        curve, history = [], []
        if self.compared:
            try:
                run, _, _ = load_run(self.session.folder / self.compared)
            except LenetError as error:
                self.refuse(str(error))
            curve, history = run.curve, run.history
        with self.hold_sync():
            self.compared_curve, self.compared_validation = _curve(curve), _validation(history)

    def _switches(self) -> dict[str, tuple]:
        """What can be chosen of the network that fits the data."""
        return SWITCHES[self.session.plan.config["network"]]

    def _offer(self) -> dict[str, list[str]]:
        """All choices by the names of the settings; the panel is for one kind of data."""
        options = {name: list(values) for name, values in self._switches().items()}
        names = list(self._data)
        if self.session.plan.input.maps == 1:
            names += [MNIST_NAME, EMBEDDED_NAME] if find_mnist() else [EMBEDDED_NAME]
        names.append(self.session.data.source)
        options |= {"recipe": [DEFAULT, *RECIPES], "data": list(dict.fromkeys(names))}
        return {**options, "device": ["auto", *_devices()]}

    # What is shown ---------------------------------------------------------------------------------------

    def _watch(self, session: Session) -> None:
        """In the training's thread: show how it stands a few times a second, and all at an epoch's end."""
        epochs = len(session.run.history)
        if session.status != RUNNING or epochs != self._epochs_shown:
            self._epochs_shown = epochs
            self._show()
        elif self.status != RUNNING or time.monotonic() - self._told_at > _EVERY:
            self._show_progress()

    def _show(self) -> None:
        """All there is to see of the session."""
        session = self.session
        with self.hold_sync():
            for name in LIVE:
                setattr(self, name, getattr(session.recipe_now, name))
            self.classes = list(session.data.classes)
            self.digit = min(self.digit, len(self.classes) - 1)
            if self._options_of != session.data.source:
                self._options_of, self.options = session.data.source, self._offer()
            self.settings = self._settings()
            shapes = session.plan.shapes
            self.layers = [{"name": name, "shape": list(shape)} for name, shape in shapes.items()]
        self._show_progress()
        # Reading the whole validation split takes a while: not after every single step.
        weights_of = (session.model, len(session.run.history), session.status == FINISHED)
        if weights_of != self._mistakes_of:
            self._mistakes_of = weights_of
            self._show_mistakes()
        if session.status != RUNNING:
            self.runs = list_runs(session.folder)

    def _settings(self) -> dict:
        """How the session was made, as the panel's choices have it."""
        session = self.session
        usual = default_recipe(session.plan, len(session.data.train))
        named = next((name for name, recipe in RECIPES.items() if recipe == session.recipe), OWN)
        return {
            **{name: _plain(session.plan.config[name]) for name in self._switches()},
            "recipe": DEFAULT if session.recipe == usual else named,
            "data": session.data.source,
            "device": session.device,
            "seed": session.seed,
        }

    def _show_progress(self) -> None:
        session, run = self.session, self.session.run
        with self.hold_sync():
            self.begun = session.status != READY
            self.told = _tell(session, run)
            self.curve, self.validation = _curve(run.curve), _validation(run.history)
            self._show_inside()
            self.status = session.status
        self._told_at = time.monotonic()

    def _show_inside(self) -> None:
        """The maps of one image, C1's kernels, and how large each layer's gradient is."""
        model, shown = self.session.model, self.session.data.test.one_of_each()
        maps = activations(model, beside(model, shown.images[self.digit : self.digit + 1]))
        kernels = next(layer.kernels() for layer in model if isinstance(layer, Convolution))
        with self.hold_sync():
            self.outputs = to_bytes(torch.cat([output.flatten() for output in maps.values()]))
            self.kernels = to_bytes(kernels)
            self.gradients = _gradients(model)

    def _show_mistakes(self) -> None:
        """The confusion table of the validation split, and the mistakes that the network is surest of."""
        model, split = self.session.model, self.session.data.validation
        worst = mistakes(model, split)[:_WORST] if self.session.run.history else []
        table = confusion(model, split).tolist() if self.session.run.history else []
        with self.hold_sync():
            self.confusion = table
            self.mistake_images = to_bytes(split.images[[mistake.index for mistake in worst]])
            self.mistakes = [
                {"label": m.label, "predicted": m.predicted, "probability": m.probability} for m in worst
            ]


def _tell(session: Session, run: Run) -> dict:
    """The line of figures: how far, how fast, how long still, how good."""
    left = max(run.recipe.epochs - run.epochs_done, 0) * run.images
    speed = run.epochs_done * run.images / run.seconds if run.seconds else 0.0
    last, record = run.curve[-1] if run.curve else {}, run.history[-1] if run.history else {}
    return {
        "epochs_done": run.epochs_done,
        "epochs": run.recipe.epochs,
        "steps": run.steps,
        "images_per_second": speed,
        "seconds_left": left / speed if speed else 0.0,
        "rate": run.rate,
        "loss": last.get("loss"),
        "accuracy": last.get("accuracy"),
        "validation": record.get("validation_accuracy"),
        "home": session.home.name if session.home else "",
        "error": session.error,
        "finished": session.status == FINISHED,
    }


def _gradients(model) -> list[dict]:
    """For each layer that learns: its name, and the root mean square of the last step's gradient."""
    sizes = []
    for name, layer in model.named_children():
        parameters = list(layer.parameters())
        if not parameters:
            continue
        squares = sum(p.grad.square().sum().item() for p in parameters if p.grad is not None)
        sizes.append({"layer": name, "size": (squares / sum(p.numel() for p in parameters)) ** 0.5})
    return sizes


def _curve(points: list[dict]) -> bytes:
    """(n, 3) floats: epoch, loss, accuracy; long curves as means of neighbours."""
    if not points:
        return b""
    values = torch.tensor([[point["epoch"], point["loss"], point["accuracy"]] for point in points])
    together = -(-len(values) // _POINTS)
    return to_bytes(torch.stack([part.mean(0) for part in values.split(together)]))


def _validation(history: list[dict]) -> bytes:
    """(n, 3) floats: epoch, loss, accuracy on the validation split."""
    return to_bytes(
        torch.tensor(
            [
                [record["epoch"], record["validation_loss"], record["validation_accuracy"]]
                for record in history
            ]
        )
    )


def _plain(switch):
    """A switch as the panel's choices name it; a table of one's own is not among them."""
    if isinstance(switch, bool):
        return "yes" if switch else "no"
    return switch if isinstance(switch, str) else OWN


def _switch(chosen: str, old):
    """The switch that a choice of the panel means."""
    return old if chosen == OWN else {"yes": True, "no": False}.get(chosen, chosen)


def _devices() -> list[str]:
    """The devices that this machine has."""
    found = ["cpu"]
    if torch.cuda.is_available():
        found.append("cuda")
    if torch.backends.mps.is_available():
        found.append("mps")
    return found
