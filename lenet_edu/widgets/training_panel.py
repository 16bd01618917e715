"""TrainingPanel: train the whole network under your hands, and look inside while it learns."""

import time
from pathlib import Path
from weakref import WeakSet

import torch
from traitlets import Bool, Dict, Float, Int, List, Unicode, observe, validate

from lenet_edu import plots
from lenet_edu.data.digits import find_mnist, load_digits
from lenet_edu.data.picture_sets import load_again
from lenet_edu.data.splits import NAMES, Data, Source
from lenet_edu.network import architecture
from lenet_edu.network.layer_outputs import activations
from lenet_edu.network.layers import Convolution
from lenet_edu.network.models import Network
from lenet_edu.system.devices import choose_device
from lenet_edu.system.errors import LenetError, check_choice
from lenet_edu.system.language import Text, translate
from lenet_edu.training.evaluation import confusion, mistakes
from lenet_edu.training.recipes import RECIPES, Recipe, default_recipe, named_recipe
from lenet_edu.training.runs import Run, load_run
from lenet_edu.training.sessions import (
    FINISHED,
    INTERRUPTED,
    PAUSED,
    READY,
    RUNNING,
    Session,
    delete_run,
    describe_runs,
)
from lenet_edu.widgets.base import Widget, binary, module, styles, to_bytes, to_device_of

# Seconds between two pictures of a training under way, and the most points of a curve that are sent.
_EVERY = 0.25
_POINTS = 300
_SUREST_MISTAKES = 10
# So many other runs can be told apart beside the one of the panel.
_MOST_COMPARED = 4

# In place of a recipe's name: the one that fits network and data; one that has no name.
DEFAULT, OWN = "default", "own"

LIVE = ("peak_rate", "momentum", "batch_size", "epochs")
ACTIONS = ("train", "step", "epoch", "pause", "reset", "save", "load", "delete")
SWITCHES = {
    "lenet5": {
        "c3": ("table", "full"),
        "subsampling": architecture.POOLINGS,
        "activation": architecture.ACTIVATIONS,
        "output": architecture.OUTPUTS,
    },
    "rgb": {"f7": ("yes", "no")},
}

# All panels, so that one that is made again finds the training of the one before.
_PANELS: WeakSet["TrainingPanel"] = WeakSet()


class TrainingPanel(Widget):
    """Train, pause, take single steps, change the rate, reset; curves, maps, gradients and mistakes, live.

        panel = TrainingPanel(digits)
        panel.train(); panel.wait()            # the same as pressing Train
        DrawDigit(panel.network)               # draw on the network that has been trained

    data: digits, by default those of `load_digits`, or pictures in colour. switches, recipe, seed, device,
    folder: as a `Session` takes them; all but `folder` can be chosen in the panel, too, before a run begins.

    A panel that is made again with the same arguments while the training of the one before is running or
    paused takes that training up, and the one before gives it away. Reset, or another seed, begins anew.

    Traits to set: `peak_rate`, `momentum`, `batch_size`, `epochs` at any time; `digit`, the class whose maps
    are shown; `compared`, the names of up to four runs whose curves are drawn beside; `settings` before a run
    begins.
    """

    _esm, _css = module("training_panel"), styles("training_panel")

    status = Unicode(READY).tag(sync=True)
    begun = Bool(False).tag(sync=True)
    given_away = Bool(False).tag(sync=True)
    settings = Dict().tag(sync=True)
    options = Dict().tag(sync=True)
    recipe_text = Unicode("").tag(sync=True)
    peak_rate = Float(0.1).tag(sync=True)
    momentum = Float(0.9).tag(sync=True)
    batch_size = Int(128).tag(sync=True)
    epochs = Int(1).tag(sync=True)
    digit = Int(0).tag(sync=True)
    classes = List(Unicode()).tag(sync=True)
    runs = List(Dict()).tag(sync=True)
    interrupted = Unicode("").tag(sync=True)
    compared = List(Unicode()).tag(sync=True)
    progress = Dict().tag(sync=True)
    layers = List().tag(sync=True)
    rbf = Bool(False).tag(sync=True)
    curve = binary()
    validation = binary()
    abandoned_curve = binary()
    compared_curves = List(Dict()).tag(sync=True)
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
        self.session = Session(data, switches, recipe, seed=seed, device=device, folder=folder)
        self._data = {data.name: data}
        self._made_with = data, *self._description(), Path(folder).resolve()
        self._shown_at, self._epochs_shown, self._mistakes_of, self._options_of = 0.0, 0, None, None
        earlier = self._earlier_panel()
        if earlier:
            self.session, self._data = earlier.session, earlier._data
        super().__init__(digit=min(3, len(self.session.data.classes) - 1))
        if earlier:
            earlier.given_away = True
        if self.session.status == RUNNING:
            self._show_choices()
            self._epochs_shown = -1  # what needs the network is shown by the training's own thread
        else:
            self._show()
        self.session.watch = self._watch
        if self.status == RUNNING != self.session.status:
            self._show()  # the training ended before this panel watched it
        self.on_msg(self._press)
        _PANELS.add(self)

    def _description(self) -> tuple:
        session = self.session
        return session.plan.config, session.recipe, session.seed, session.device

    def _earlier_panel(self) -> "TrainingPanel | None":
        """A panel that was made with the same arguments and whose training is under way."""
        data, *rest = self._made_with
        for panel in list(_PANELS):
            its_data, *its_rest = panel._made_with
            under_way = panel.session.status in (RUNNING, PAUSED) and not panel.given_away
            if under_way and its_rest == rest and _are_same(its_data, data):
                return panel
        return None

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
        """Save a copy of the run as it stands under a name."""
        self.session.save(name)
        self._list_runs()

    def load(self, name: str) -> None:
        """Take up another run of the folder where it was left."""
        self.session.load(self.session.folder / name)

    def delete(self, name: str) -> None:
        """Delete a run of the folder for good; the one of the panel has to be reset before."""
        if self.session.home and self.session.home.name == name:
            raise LenetError("{name} is the run of this panel. Reset before you delete it.", name=name)
        delete_run(self.session.folder, name)
        self.compared = [other for other in self.compared if other != name]
        self._list_runs()

    @property
    def network(self) -> Network:
        """The network as it stands; after training, the weights that did best on the validation split."""
        return self.session.model

    def text(self) -> str:
        """As `ready` or `finished, 5 epochs`."""
        epochs = len(self.session.run.history)
        status = translate(self.status)  # JavaScript's names.js has all of them
        return f"{status}, {_epochs_in_words(epochs)}" if epochs else status

    def figure(self):
        """The curves; before there are any, the network."""
        history = self.session.run.history
        figure = (
            plots.history({translate("this run"): history}) if history else plots.network(self.session.model)
        )
        # Where only this picture is left of a panel, a reader must know how to get it back.
        note = translate(
            "A picture of the training panel: run its cell to use it. A training under way goes on there."
        )
        figure.text(0.5, -0.02, note, ha="center", va="top", size=8, color="#5d6d7e")
        return figure

    def state(self) -> dict:
        """How the training was made; a page trains anew, on digits that it has."""
        session = self.session
        usual = default_recipe(session.plan, len(session.data.train))
        return {
            "network": session.plan.config,
            "recipe": None if session.recipe == usual else session.recipe.to_dict(),
            "seed": session.seed,
            "source": session.data.name,
        }

    def _press(self, _, content: dict, __) -> None:
        """A button of the panel: {"do": "train"} and the like."""
        action = content.get("do")
        if action not in ACTIONS:
            return
        try:
            getattr(self, action)(*([content["name"]] if action in ("save", "load", "delete") else []))
        except LenetError as error:
            self.send({"error": str(error)})

    # Settings --------------------------------------------------------------------------------------------

    @validate("settings")
    def _check_settings(self, proposal):
        settings = proposal["value"]
        if settings and settings != self._settings():
            if self.session.status != READY:
                self.refuse(
                    translate("A run has begun: reset it before you choose another network, recipe or data.")
                )
            try:
                self.session = self._choose_session(settings)
            except (LenetError, KeyError, TypeError) as error:
                self.refuse(translate("settings do not fit: {error}", error=error))
        return settings

    def _choose_session(self, settings: dict) -> Session:
        """A new session with these settings; LenetError if they cannot be had."""
        name, source, seed = settings["recipe"], settings["data"], settings["seed"]
        old = self.session.plan.config
        if not isinstance(seed, int) or not 0 <= seed < 2**31:
            raise LenetError(
                "seed must be a whole number from 0 to {highest}; got {seed}.", highest=2**31 - 1, seed=seed
            )
        check_choice("data", source, self.options["data"])
        choose_device(settings["device"])
        if source not in self._data:
            self._data[source] = load_again(Source.from_notes({"data": source}))
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

    @observe(*LIVE)
    def _show_recipe(self, _) -> None:
        self.recipe_text = in_words(self.session.recipe_now)
        if self.session.status == READY:
            self.settings = self._settings()

    @validate("digit")
    def _check_digit(self, proposal):
        return self.within(proposal, 0, self.session.plan.classes - 1)

    @observe("digit")
    def _look_at_another(self, _) -> None:
        if self.session.status != RUNNING:
            self._show_inside()

    @validate("compared")
    def _check_compared(self, proposal):
        names = list(dict.fromkeys(proposal["value"]))
        if len(names) > _MOST_COMPARED:
            self.refuse(
                translate(
                    "At most {most_compared} runs can be compared at once; got {names_count}.",
                    most_compared=_MOST_COMPARED,
                    names_count=len(names),
                )
            )
        try:
            curves = [self._load_curves(name) for name in names]
        except LenetError as error:
            self.refuse(str(error))
        self.compared_curves = curves
        return names

    def _load_curves(self, name: str) -> dict:
        run, _, _ = load_run(self.session.folder / name)
        return {"name": name, "curve": _curve(run.curve), "validation": _validation(run.history)}

    def _switches(self) -> dict[str, tuple]:
        """What can be chosen of the network that fits the data."""
        return SWITCHES[self.session.plan.config["network"]]

    def _offer(self) -> dict[str, list[str]]:
        """All choices by the names of the settings; the panel is for one kind of data."""
        plan = self.session.plan
        options = {name: list(values) for name, values in self._switches().items()}
        names = list(self._data)
        if plan.input.maps == 1:
            names += [NAMES["mnist"], NAMES["embedded"]] if find_mnist() else [NAMES["embedded"]]
        names.append(self.session.data.name)
        recipes = [name for name, recipe in RECIPES.items() if _suits(recipe, plan)]
        options |= {"recipe": [DEFAULT, *recipes], "data": list(dict.fromkeys(names))}
        return {**options, "device": ["auto", *_devices()]}

    # What is shown ---------------------------------------------------------------------------------------

    def _watch(self, session: Session) -> None:
        """In the training's thread: show how it stands a few times a second, and all at an epoch's end."""
        epochs = len(session.run.history)
        if session.status != RUNNING or epochs != self._epochs_shown:
            self._epochs_shown = epochs
            self._show()
        elif self.status != RUNNING or time.monotonic() - self._shown_at > _EVERY:
            self._show_progress()

    def _show(self) -> None:
        """All there is to see of the session."""
        session = self.session
        self._show_choices()
        self._show_progress()
        # Reading the whole validation split takes a while: not after every single step.
        weights_of = (session.model, len(session.run.history), session.status == FINISHED)
        if weights_of != self._mistakes_of:
            self._mistakes_of = weights_of
            self._show_mistakes()
        if session.status != RUNNING:
            self._list_runs()

    def _show_choices(self) -> None:
        """What can be chosen and what is, without a look at the network's weights."""
        session = self.session
        with self.hold_sync():
            for name in LIVE:
                setattr(self, name, getattr(session.recipe_now, name))
            self.classes = list(session.data.classes)
            self.digit = min(self.digit, len(self.classes) - 1)
            options_of = session.data.source, session.plan.config
            if self._options_of != options_of:
                self._options_of, self.options = options_of, self._offer()
            self.settings = self._settings()
            self.recipe_text = in_words(session.recipe_now)
            shapes = session.plan.shapes
            self.layers = [{"name": name, "shape": list(shape)} for name, shape in shapes.items()]
            self.rbf = session.model.has_rbf_output
            self.begun = session.status != READY
            self.status = session.status

    def _list_runs(self) -> None:
        runs = describe_runs(self.session.folder)
        kind = self.session.plan.config["network"]
        left = [run["name"] for run in runs if run["state"] == INTERRUPTED and run["kind"] == kind]
        with self.hold_sync():
            self.runs, self.interrupted = runs, left[0] if left else ""

    def _settings(self) -> dict:
        """How the session was made, as the panel's choices have it."""
        session = self.session
        usual = default_recipe(session.plan, len(session.data.train))
        named = next((name for name, recipe in RECIPES.items() if recipe == session.recipe), OWN)
        return {
            **{name: _plain(session.plan.config[name]) for name in self._switches()},
            "recipe": DEFAULT if session.recipe == usual else named,
            "data": session.data.name,
            "device": session.device,
            "seed": session.seed,
        }

    def _show_progress(self) -> None:
        session, run = self.session, self.session.run
        with self.hold_sync():
            self.begun = session.status != READY
            self.progress = _progress(session, run)
            self.curve, self.validation = _curve(run.curve), _validation(run.history)
            self.abandoned_curve = _curve(session.abandoned)
            self._show_inside()
            self.status = session.status
        self._shown_at = time.monotonic()

    def _show_inside(self) -> None:
        """The maps of one image, C1's kernels, and how large each layer's gradient is."""
        model, shown = self.session.model, self.session.data.test.one_of_each()
        maps = activations(model, to_device_of(model, shown.images[self.digit : self.digit + 1]))
        kernels = next(layer.kernels() for layer in model if isinstance(layer, Convolution))
        with self.hold_sync():
            self.outputs = to_bytes(torch.cat([output.flatten() for output in maps.values()]))
            self.kernels = to_bytes(kernels)
            self.gradients = _gradients(model)

    def _show_mistakes(self) -> None:
        """The confusion table of the validation split, and the mistakes that the network is surest of."""
        model, split = self.session.model, self.session.data.validation
        worst = mistakes(model, split)[:_SUREST_MISTAKES] if self.session.run.history else []
        table = confusion(model, split).tolist() if self.session.run.history else []
        with self.hold_sync():
            self.confusion = table
            self.mistake_images = to_bytes(split.images[[mistake.index for mistake in worst]])
            self.mistakes = [
                {"label": m.label, "predicted": m.predicted, "probability": m.probability} for m in worst
            ]


def _progress(session: Session, run: Run) -> dict:
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


def _are_same(data: Data, other: Data) -> bool:
    """True if both hold the same images and labels."""
    if data is other:
        return True
    if (data.source, data.scaling, data.classes) != (other.source, other.scaling, other.classes):
        return False
    return all(
        torch.equal(one, two)
        for name in ("train", "validation", "test")
        for one, two in zip(_tensors(data, name), _tensors(other, name), strict=True)
    )


def _tensors(data: Data, split: str) -> tuple[torch.Tensor, torch.Tensor]:
    return getattr(data, split).images, getattr(data, split).labels


def _suits(recipe: Recipe, plan: architecture.Architecture) -> bool:
    """True if a recipe is one for this network and its kind of images."""
    if plan.input.maps > 1:
        return recipe.is_for_pictures or recipe.name == "plain"
    # How digits are read decides the size of the gradients, and so the rate.
    for_rbf = recipe.name.endswith("_rbf")
    return not recipe.is_for_pictures and for_rbf == isinstance(plan.layers[-1], architecture.RBFSpec)


# How the distortions of training images are called; shares are given in percent.
_DISTORTIONS = {
    "rotation": Text("turned by up to {value:g}°"),
    "shift": Text("moved by up to {value:g} pixels"),
    "scale": Text("resized by up to {value:.0%}"),
    "shear": Text("slanted by up to {value:.0%}"),
    "squeeze": Text("squeezed by up to {value:.0%}"),
    "elastic": Text("bent by about {value:g} pixels"),
    "horizontal_flip": Text("mirrored with probability {value:.0%}"),
    "vertical_flip": Text("turned upside down with probability {value:.0%}"),
    "colour": Text("changed in colour by up to {value:.0%}"),
}


def in_words(recipe: Recipe) -> str:
    """What a recipe does, in a sentence for readers."""
    values = {name: getattr(recipe, name) for name in _DISTORTIONS}
    changes = [translate(_DISTORTIONS[name], value=value) for name, value in values.items() if value]
    unchanged = RECIPES.get(recipe.name, recipe) == recipe
    return translate(
        "{name}: {epochs} in batches of {batch}; {rate}; {images}.",
        name=recipe.name if unchanged else translate("{name}, changed", name=recipe.name),
        epochs=_epochs_in_words(recipe.epochs),
        batch=recipe.batch_size,
        rate=_rate_in_words(recipe),
        images=translate("training images {changes}", changes=translate(", ").join(changes))
        if changes
        else translate("training images as they are"),
    )


def _epochs_in_words(count: int) -> str:
    return translate("{count} epochs", count=count) if count > 1 else translate("1 epoch")


def _rate_in_words(recipe: Recipe) -> str:
    rate, halved, share = recipe.peak_rate, recipe.halve_every, recipe.warm_up
    if halved:
        return translate("learning rate {rate:.3g}, halved every {count} epochs", rate=rate, count=halved)
    if not share:
        return translate("learning rate {rate:.3g}", rate=rate)
    return translate(
        "learning rate {rate:.3g} after the first {share:.0%} of the steps, then down to 0 in a straight "
        "line",
        rate=rate,
        share=share,
    )


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
    available = {"cuda": torch.cuda.is_available, "mps": torch.backends.mps.is_available}
    return ["cpu", *(name for name, is_available in available.items() if is_available())]
