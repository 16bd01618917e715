"""Each widget's twin in JavaScript against the widget in Python: the same messages, the same answers."""

from importlib import import_module

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from lenet_edu.data.digits import load_digits
from lenet_edu.data.splits import HALF_SCALING, Split
from lenet_edu.exercises import NOTEBOOKS, ask, check, prediction
from lenet_edu.exercises.checking import Choice, Conditions, Number
from lenet_edu.exercises.prediction import Estimate
from lenet_edu.network.layer_outputs import activations
from lenet_edu.network.models import LeNet5, RGBLeNet
from lenet_edu.network.surface import loss_surface
from lenet_edu.system.pages import WIDGET
from lenet_edu.training.checkpoints import load_network, shipped_names
from lenet_edu.widgets import (
    C3Table,
    Convolution,
    DigitCodes,
    DrawDigit,
    FeatureMaps,
    Robustness,
    Subsampling,
)
from lenet_edu.widgets.draw_digit import PYTHON_ONLY
from lenet_edu.widgets.loss_surface import LossSurface
from lenet_edu.widgets.predict import Predict
from lenet_edu.widgets.robustness import AMOUNTS, SIDE
from tests.twins.replay import replay, through_twin
from tests.twins.site import write_site
from tests.widgets.helpers import needs_node, untrained

pytestmark = needs_node
FEWEST = 200  # messages for each widget


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A folder with all that twins ask for."""
    return write_site(tmp_path_factory.mktemp("site"))


@pytest.fixture(scope="module")
def digits():
    """One embedded digit of each class."""
    return load_digits("embedded").test.one_of_each()


@pytest.fixture
def chance():
    """Numbers by chance, the same each time."""
    return np.random.default_rng(0)


def set_(**traits) -> dict:
    return {"set": traits}


# FeatureMaps


def feature_messages(chance, widget, count: int) -> list[dict]:
    """Digits, layers, units and weights as a reader picks them, and some that there are not."""
    shapes = {layer["name"]: layer["shape"] for layer in widget.layers}
    messages = []
    for _ in range(count):
        layer = str(chance.choice(list(shapes)))
        unit = [int(chance.integers(-(side > 9), side + 1)) for side in shapes[layer]]
        messages += [
            set_(digit=int(chance.integers(-1, widget.digits + 1))),
            set_(layer=layer, unit=[0, 0, 0]),
            set_(unit=unit),
            set_(weights=str(chance.choice(widget.weight_names))),
        ]
    return [*messages, set_(layer="C9"), set_(weights="none 'of' them"), set_(unit=[1, 2])]


def images_for(network, digits) -> Split:
    """The digits as a network takes them: smaller, or in three colours that differ."""
    maps, size, _ = network.architecture.input.output_shape
    images = digits.images if size == 32 else F.interpolate(digits.images, (size, size), mode="area")
    return Split(images if maps == 1 else torch.cat([images, -images, 0.5 * images], 1), digits.labels)


@pytest.mark.slow
@pytest.mark.parametrize("name", shipped_names())
def test_feature_maps_of_shipped_networks(name, files, digits, chance):
    network = load_network(name)
    widget = FeatureMaps(network, images_for(network, digits), digit=3)
    assert replay(widget, feature_messages(chance, widget, 50), files) >= FEWEST


@pytest.mark.slow
def test_feature_maps_of_stages_and_of_another_network(files, digits, chance):
    stages = {"untrained": untrained(LeNet5(c3="full"), 1), "later": untrained(LeNet5(c3="full"), 2)}
    widget = FeatureMaps(stages, digits)
    assert replay(widget, feature_messages(chance, widget, 5), files)
    pictures = HALF_SCALING.apply(torch.randint(256, (14, 3, 32, 32)) / 255)
    names, network = [f"class {k % 3}" for k in range(14)], untrained(RGBLeNet(classes=3), 1)
    widget = FeatureMaps(network, pictures, labels=names, classes=names[:3], digit=12)
    state = widget.state()
    assert state["traits"]["digits"] == len(state["traits"]["labels"]) == 10
    assert state["traits"]["labels"][state["traits"]["digit"]] == names[12]
    widget = FeatureMaps(network, pictures[:9], classes=names[:3])
    assert "bytes" in widget.state()["images"]
    assert replay(widget, feature_messages(chance, widget, 5), files)


# Those that compute in the browser anyhow: their twins refuse what Python refuses


@pytest.mark.slow
def test_c3_table(files, chance):
    widget = C3Table()
    tables = [(chance.random((6, 16)) < chance.random()).tolist() for _ in range(FEWEST)]
    odd = [tables[0][:5], [row[:15] for row in tables[1]], [[True], [True, False]], []]
    assert replay(widget, [set_(links=table) for table in (*tables, *odd)], files) >= FEWEST


@pytest.mark.slow
def test_convolution(files, digits, chance):
    widget = Convolution(digits.images[3][:, :20, :9], load_network("lenet5-1998").C1)
    messages = []
    for _ in range(70):
        side = int(chance.integers(0, 11))
        messages += [
            set_(kernel=chance.normal(size=(side, side)).round(3).tolist()),
            set_(place=chance.integers(-1, 20, 2).tolist()),
            set_(padding=int(chance.integers(-1, 6)), stride=int(chance.integers(0, 6))),
        ]
    messages += [set_(kernel=[[1.0], [2.0]]), set_(place=[1]), set_(kernel=[])]
    assert replay(widget, messages, files) >= FEWEST


def test_subsampling(files, digits, chance):
    widget = Subsampling(activations(load_network("lenet5-1998"), digits.images[3:4])["C1"][0])
    numbers = chance.uniform(-11, 11, (FEWEST, 2)).round(2)
    messages = [set_(coefficient=float(c), bias=float(b)) for c, b in numbers]
    assert replay(widget, [*messages, set_(bias=12.0), set_(coefficient=-10.5)], files) >= FEWEST


@pytest.mark.slow
def test_digit_codes(files, digits, chance):
    widget = DigitCodes(load_network("lenet5-1998"), digits, digit=3)
    messages = []
    for _ in range(FEWEST // 2):
        codes = (2 * chance.integers(0, 2, (10, 84)) - 1).tolist()
        messages += [set_(digit=int(chance.integers(-1, 11))), set_(codes=codes)]
    odd = [[[0] * 84] * 10, [[1] * 83] * 10, [[1] * 84] * 9]
    assert replay(widget, [*messages, *(set_(codes=codes) for codes in odd)], files) >= FEWEST


@pytest.mark.slow
def test_loss_surface(files, digits, chance):
    weights = ("C1.weight[2, 0, 0, 2]", "C1.weight[2, 0, 4, 2]")
    widget = LossSurface(loss_surface(load_network("lenet5-1998"), digits, *weights, points=5))
    messages = []
    for _ in range(FEWEST // 2):
        path = np.array(widget.centre) + widget.reach * chance.uniform(
            -1.02, 1.02, (chance.integers(0, 9), 2)
        )
        rate, momentum = (round(float(number), 3) for number in chance.uniform((-0.1, -0.1), (2.2, 1.1)))
        messages += [set_(path=path.tolist()), set_(rate=rate, momentum=momentum)]
    odd = [[[0.1]], [widget.centre] * 502]
    assert replay(widget, [*messages, *(set_(path=path) for path in odd)], files) >= FEWEST


# Robustness


def strokes(chance) -> bytes:
    """A sheet with a few thick strokes, or with none."""
    sheet = np.full((SIDE, SIDE), 255, np.uint8)
    for _ in range(chance.integers(0, 4)):
        (y, x), along = chance.integers(10, SIDE - 40, 2), chance.integers(5, 40)
        rows, columns = (along, 9) if chance.random() < 0.5 else (9, along)
        sheet[y : y + rows, x : x + columns] = chance.integers(0, 90)
    return sheet.tobytes()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["lenet5-1998", "lenet5-modern"])
def test_robustness(name, files, digits, chance):
    widget = Robustness(load_network(name), digits, digit=3)
    messages = []
    for _ in range(40):
        amounts = {
            kind: round(float(chance.uniform(min(amounts), 1.05 * max(amounts))), 2)
            for kind, amounts in AMOUNTS.items()
        }
        kind = str(chance.choice(list(amounts)))
        messages += [
            set_(digit=int(chance.integers(-1, 11)), drawing=b""),
            set_(**{kind: amounts[kind]}),
            set_(**amounts),
            set_(drawing=strokes(chance)),
            set_(scale=1.0, shift=0.0, rotation=0.0, noise=0.0),
        ]
    assert replay(widget, [*messages, set_(drawing=b"abc")], files) >= FEWEST


# DrawDigit


@pytest.mark.slow
@pytest.mark.parametrize("name", ["lenet5-1998", "lenet5-modern"])
def test_draw_digit(name, files, chance):
    widget = DrawDigit(load_network(name))
    widget.switches = {step: step not in PYTHON_ONLY for step in widget.switches}
    steps = [step for step in widget.switches if step not in PYTHON_ONLY]
    messages = []
    for _ in range(70):
        messages += [
            set_(drawing=strokes(chance)),
            set_(switches={step: bool(chance.random() < 0.7) for step in steps}),
            set_(drawing=b"") if chance.random() < 0.2 else set_(drawing=strokes(chance)),
        ]
    messages += [set_(drawing=b"abc"), set_(drawing=b"", upload=b"")]
    assert replay(widget, messages, files, PYTHON_ONLY) >= FEWEST


# Predictions and exercises


def questions(kind: str) -> dict:
    """All PREDICTIONS or EXERCISES, by their full names."""
    modules = {name: import_module(f"lenet_edu.exercises.{name}") for name in NOTEBOOKS}
    return {
        f"{name}.{key}": one for name, module in modules.items() for key, one in getattr(module, kind).items()
    }


def guesses(chance, estimate: Estimate) -> list[str]:
    """Numbers near those that have an answer of their own and far from them, as readers write them."""
    numbers = [estimate.right, *estimate.hints]
    factors = [1, 1.4999, 1.5001, 1 / 1.4999, 1 / 1.5001, *chance.uniform(0.2, 5, 20)]
    written = [f"{number * factor:,.6f}" for number in numbers for factor in factors]
    odd = [
        " 1e3 ",
        "1_000",
        "-5",
        "0",
        "",
        "many",
        "it's",
        "inf",
        "nan",
        "1.2.3",
        ".5",
        "5.",
        "1 000",
        "0x10",
    ]
    odd.append("\N{FULLWIDTH DIGIT ONE}\N{FULLWIDTH DIGIT TWO}")
    return [*written, *odd]


@pytest.mark.slow  # a process of node for each
def test_predict(files, chance, monkeypatch):
    messages = 0
    for name, one in questions("PREDICTIONS").items():
        monkeypatch.setattr(prediction, "_settled", {})
        offered = [*one.choices, "none of these"] if one.choices else guesses(chance, one)
        order = [str(offered[place]) for place in chance.permutation(len(offered))]
        widget = Predict(ask(name, "shown <after>"))
        assert one.answer not in str(widget.description())
        messages += replay(widget, [{"send": {"commit": choice}} for choice in order], files)
    assert messages >= FEWEST


def test_a_quiz_counts_its_own_questions(files, monkeypatch):
    monkeypatch.setattr(prediction, "_settled", {})
    two = {name: questions("PREDICTIONS")[name] for name in ("c1.parameters", "c1.dense")}
    asked = prediction.Quiz(two).asked[0]
    ask("c1.shift").commit("a")  # elsewhere, and wrong
    assert replay(Predict(asked), [{"send": {"commit": two["c1.parameters"].right}}], files)


def answers_to(checker, chance) -> list:
    """Answers with a verdict of their own, and others, as code has them."""
    if isinstance(checker, Choice):
        return sorted([checker.right, *checker.hints])
    if isinstance(checker, Number):
        near = [checker.right, *checker.hints]
        tolerance = max(checker.tolerance, 1e-9)
        moved = [number * (1 + share * tolerance) for number in near for share in (0.99, -0.99, 1.1, -1.1)]
        return [*near, *moved, *(10.0 ** chance.uniform(-8, 12, 20)), 0, -3, 1e6, 999999.5, 0.0001]
    if checker.form == "pair":
        return [*chance.uniform(-4, 9, (200, 2)).round(3).tolist(), [2.0, 6.0], [1.0, 3.0], [0.0, 0.0]]
    paper = np.array(checker.facts["paper"])
    tables = [chance.permuted(chance.permuted(paper, axis=0), axis=1) for _ in range(40)]
    tables += [chance.permuted(paper.flatten()).reshape(paper.shape) for _ in range(60)]
    tables += [paper[chance.permutation(6)] for _ in range(60)]
    tables += [np.roll(paper, int(shift), axis=1) for shift in range(16)]
    tables += [chance.random(paper.shape) < chance.random() for _ in range(40)]
    return [table.tolist() for table in tables]


def typed(answer):
    """The same as a reader types it."""
    if isinstance(answer, list):
        return answer if isinstance(answer[0], list) else [repr(number) for number in answer]
    return answer if isinstance(answer, str) else repr(float(answer))


@pytest.mark.slow  # a process of node for each
def test_exercises(files, chance):
    messages, forms = 0, set()
    for name, checker in questions("EXERCISES").items():
        unanswered = check(name, None)
        description = unanswered._repr_mimebundle_()[WIDGET]
        form = description["state"]["traits"]["form"]
        forms.add(form)
        if form == "code":
            continue
        assert isinstance(checker, (Number, Choice, Conditions))
        answers = answers_to(checker, chance)
        told = through_twin(description, [{"send": {"check": typed(answer)}} for answer in answers], files)
        state = dict(told[0]["traits"])
        for answer, after in zip(answers, told[1:], strict=True):
            state |= after["traits"]
            verdict = checker.check(answer)
            assert (state["right"], state["verdict"]) == (verdict.right, verdict.text), (name, answer)
            assert state["answer"] == typed(answer)
            assert after["told"] == [{"judged": True}]
        messages += len(answers)
        assert checker.because not in str(description)
    assert messages >= FEWEST
    assert forms == {"number", "choice", "table", "pair", "code"}


def test_what_is_no_number_is_no_answer_yet(files):
    description = check("c1.side", None)._repr_mimebundle_()[WIDGET]
    odd = ["", "many", "1/0", "1/2/3", "inf"]
    told = through_twin(description, [{"send": {"check": text}} for text in odd], files)
    for text, after in zip(odd, told[1:], strict=True):
        assert after == {
            "traits": {},
            "told": [{"error": f"A single number is wanted, such as 28 or 2/3; got '{text}'."}],
        }
    right = through_twin(description, [{"send": {"check": text}} for text in ("26", " 52/2", "26.0")], files)
    assert all(after["told"] == [{"judged": True}] for after in right[1:])
