"""One description of each network: its layers in order, as plain data, without torch.

The model, the ledger, the figures, the widgets and the tests are all made from it, so that no number
is typed twice.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from inspect import signature
from itertools import groupby

import numpy as np

from lenet_edu.network import paper
from lenet_edu.system.errors import LenetError, check_choice, check_whole
from lenet_edu.system.language import Text

POOLINGS = ("trainable", "average", "max")
ACTIVATIONS = ("scaled_tanh", "sigmoid", "relu")
OUTPUTS = ("rbf", "linear")
BIASES = ("map", "unit")

Shape = tuple[int, ...]
Table = tuple[tuple[bool, ...], ...]


@dataclass(frozen=True)
class InputSpec:
    """The image: `maps` planes (1 for grey, 3 for RGB) of `size` x `size` pixels."""

    name: str
    maps: int
    size: int

    @property
    def output_shape(self) -> Shape:
        """(maps, size, size)."""
        return (self.maps, self.size, self.size)


@dataclass(frozen=True)
class ConvolutionSpec:
    """Feature maps that share their kernels between all places.

    name: of the layer, as "C1".
    maps: how many feature maps.
    kernel: side of the square of weights that a map has for every map it reads.
    activation: what squashes the weighted sum, one of `ACTIVATIONS`; None: nothing.
    table: `table[i][k]` tells whether map k reads input map i (Table I of the paper); None: all read all.
    stride: how far the kernel moves from one unit to the next.
    padding: how many virtual rows and columns stand around each input map.
    border: the constant that they hold.
    bias: one for each "map", as in the paper, or one for each "unit", as in 1989.

    Raises LenetError for a stride below 1, a padding below 0 or an unknown bias.
    """

    name: str
    maps: int
    kernel: int
    activation: str | None
    table: Table | None = None
    stride: int = 1
    padding: int = 0
    border: float = 0.0
    bias: str = "map"

    def __post_init__(self):
        check_whole(Text("stride of {layer}", layer=self.name), self.stride, 1)
        check_whole(Text("padding of {layer}", layer=self.name), self.padding, 0)
        check_choice(Text("bias of {layer}", layer=self.name), self.bias, BIASES)

    def output_shape(self, shape: Shape) -> Shape:
        """(maps, height, width), a side being (side + 2 padding - kernel) / stride + 1, rounded down."""
        _, *sides = shape
        return (self.maps, *((side + 2 * self.padding - self.kernel) // self.stride + 1 for side in sides))

    def connected(self, maps_in: int) -> np.ndarray:
        """The table as a boolean array (maps_in, maps), all True where there is none."""
        if self.table is None:
            return np.ones((maps_in, self.maps), dtype=bool)
        return np.array(self.table)


@dataclass(frozen=True)
class SubsamplingSpec:
    """Halves both sides: each unit reads a `size` x `size` square of one map, without overlap.

    pooling: "trainable" (the paper: sum, times one coefficient, plus one bias per map), "average" or "max".
    copies: how many subsampling maps, next to each other, read each input map: map k reads k // copies.

    Raises LenetError for copies below 1, and for several where nothing is trained: all would be the same.
    """

    name: str
    pooling: str
    activation: str | None
    size: int = 2
    copies: int = 1

    def __post_init__(self):
        check_whole(Text("copies of {layer}", layer=self.name), self.copies, 1)
        if self.copies > 1 and self.pooling != "trainable":
            raise LenetError(
                "copies of {name} must be 1 with {pooling} pooling, which trains nothing to tell copies "
                "apart by; got {copies}. Use trainable pooling.",
                name=self.name,
                pooling=self.pooling,
                copies=self.copies,
            )

    def output_shape(self, shape: Shape) -> Shape:
        """(maps x copies, height / size, width / size)."""
        maps, height, width = shape
        return (maps * self.copies, height // self.size, width // self.size)


@dataclass(frozen=True)
class LinearSpec:
    """`units` units, each connected to every unit below, and one bias each."""

    name: str
    units: int
    activation: str | None

    def output_shape(self, shape: Shape) -> Shape:
        """(units,), whatever comes in."""
        return (self.units,)


@dataclass(frozen=True)
class RBFSpec:
    """One unit per class: the squared Euclidean distance to that class's fixed code (equation 7)."""

    name: str
    units: int
    activation = None  # distances are not squashed

    def output_shape(self, shape: Shape) -> Shape:
        """(units,), whatever comes in."""
        return (self.units,)


LayerSpec = ConvolutionSpec | SubsamplingSpec | LinearSpec | RBFSpec


@dataclass(frozen=True)
class Architecture:
    """A network: its name, its input and its layers from bottom to top.

    `config` holds the arguments that `models.build` makes it from; checkpoints carry it.
    """

    name: str
    config: dict
    input: InputSpec
    layers: tuple[LayerSpec, ...]

    @property
    def shapes(self) -> dict[str, Shape]:
        """Output shape by layer name, the input's first, for one image."""
        shapes = {self.input.name: self.input.output_shape}
        shape = self.input.output_shape
        for layer in self.layers:
            shapes[layer.name] = shape = layer.output_shape(shape)
        return shapes

    @property
    def classes(self) -> int:
        """Number of classes that the last layer tells apart."""
        return self.shapes[self.layers[-1].name][0]

    @property
    def convolutions(self) -> dict[str, ConvolutionSpec]:
        """The convolutions by name, from bottom to top."""
        return {layer.name: layer for layer in self.layers if isinstance(layer, ConvolutionSpec)}

    def __getitem__(self, name: str) -> LayerSpec | InputSpec:
        """The layer of that name."""
        layers = {layer.name: layer for layer in (self.input, *self.layers)}
        check_choice(Text("A layer of {network}", network=self.name), name, tuple(layers))
        return layers[name]


def connection_table(table) -> np.ndarray:
    """Which maps of S2 (rows) feed which maps of C3 (columns): a boolean array (6, 16).

    table: anything that makes such an array, of booleans, of zeros and ones, or of rows as "X..XX.".

    Raises LenetError for another shape and for other values.
    """
    wanted = paper.C3_TABLE.shape
    try:
        rows = [[mark == "X" for mark in row] if isinstance(row, str) else row for row in table]
        array = np.asarray(rows)
    except (TypeError, ValueError):  # not rows at all, or rows of unequal length
        array = np.empty(0)
    if array.shape != wanted or not np.isin(array, (0, 1)).all():
        raise LenetError(
            "The table must be {rows}x{columns} booleans (rows: maps of S2, columns: maps of C3); "
            "got {kind} of shape {shape}.",
            rows=wanted[0],
            columns=wanted[1],
            kind=type(table).__name__,
            shape=array.shape,
        )
    return array.astype(bool)


def table_groups(table: np.ndarray) -> list[list[int]]:
    """The maps (columns) of a connection table in neighbouring groups of one kind.

    Two columns are of one kind when they read equally many input maps, and both or neither read a
    contiguous run of them, the last map being followed by the first. The paper's Table I falls into
    its four groups: 6 maps of three, 6 of four, 3 of four with a gap, 1 of all six (section II-B).
    """

    def kind(k: int) -> tuple[int, bool]:
        column = table[:, k]
        starts = np.count_nonzero(column & ~np.roll(column, 1))
        return int(column.sum()), bool(starts <= 1)

    return [list(group) for _, group in groupby(range(table.shape[1]), key=kind)]


MODERN = {"c3": "full", "subsampling": "max", "activation": "relu", "output": "linear"}


def lenet5(
    c3: str | np.ndarray | Sequence = "table",
    subsampling: str = "trainable",
    activation: str = "scaled_tanh",
    output: str = "rbf",
) -> Architecture:
    """LeNet-5 as in section II-B and figure 2; each modern choice is one switch (all: `MODERN`).

    c3: "table" (Table I), "full", or any 6x16 boolean table (rows: maps of S2, columns: maps of C3).
    subsampling: "trainable", "average" or "max". activation: "scaled_tanh", "sigmoid" or "relu".
    output: "rbf" (distances to the digit codes, smallest wins) or "linear" (scores, largest wins).

    Raises LenetError for an unknown switch or a table of another shape.

    Ambiguities of the paper, decided here: C1 and C3 are squashed before they are subsampled, since
    section II-B squashes the units of every layer up to F6. Pooling without parameters, which the
    paper does not have, is not followed by a squash, as is usual today.
    """
    check_choice("subsampling", subsampling, POOLINGS)
    check_choice("activation", activation, ACTIVATIONS)
    check_choice("output", output, OUTPUTS)
    subsampling_squash = activation if subsampling == "trainable" else None
    maps_s2, maps_c3 = paper.C3_TABLE.shape
    codes = paper.DIGIT_CODES
    classes, code_size = len(codes), codes[0].size
    switches = {
        "c3": _c3_switch(c3),
        "subsampling": subsampling,
        "activation": activation,
        "output": output,
    }
    return Architecture(
        name=_lenet5_name(switches),
        config={"network": "lenet5", **switches},
        input=InputSpec("INPUT", maps=1, size=paper.IMAGE_SIZE),
        layers=(
            ConvolutionSpec("C1", maps_s2, kernel=5, activation=activation),
            SubsamplingSpec("S2", subsampling, subsampling_squash),
            ConvolutionSpec("C3", maps_c3, kernel=5, activation=activation, table=_c3_table(switches["c3"])),
            SubsamplingSpec("S4", subsampling, subsampling_squash),
            ConvolutionSpec("C5", 120, kernel=5, activation=activation),
            LinearSpec("F6", code_size, activation),
            RBFSpec("OUTPUT", classes) if output == "rbf" else LinearSpec("OUTPUT", classes, None),
        ),
    )


def rgb_lenet(classes: int = 2, f7: bool = True) -> Architecture:
    """The tutorial's LeNet for colour pictures: ReLU, max pooling, 3x32x32 in, 121,204 parameters.

    F7's ten units and OUTPUT follow each other with nothing between: two linear layers that one would
    replace. They are the tutorial's, kept so that its figures can be checked; f7=False leaves F7 out.

    Raises LenetError for less than two classes.
    """
    check_whole("classes", classes, 2)
    if not isinstance(f7, bool):
        raise LenetError("f7 must be True or False; got {f7!r}.", f7=f7)
    return Architecture(
        name="RGB LeNet" if f7 else "RGB LeNet without F7",
        config={"network": "rgb", "classes": classes, "f7": f7},
        input=InputSpec("INPUT", maps=3, size=32),
        layers=(
            ConvolutionSpec("C1", 16, kernel=5, activation="relu"),
            SubsamplingSpec("S2", "max", None),
            ConvolutionSpec("C3", 32, kernel=5, activation="relu"),
            SubsamplingSpec("S4", "max", None),
            LinearSpec("F5", 120, "relu"),
            LinearSpec("F6", 84, "relu"),
            *([LinearSpec("F7", 10, None)] if f7 else []),
            LinearSpec("OUTPUT", classes, None),
        ),
    )


def lenet1989() -> Architecture:
    """The network of 1989 for zip codes: 1,256 units with the input's, 64,660 connections, 9,760 parameters.

    Y. LeCun and others, "Backpropagation Applied to Handwritten Zip Code Recognition", Neural Computation
    1(4), 1989. Weights are shared within a map, biases are not. Nothing is subsampled: the convolutions
    move by two. Units at an edge read beyond it, from a plane of the constant -1, and those connections
    count. So images must run from -1, background, to 1, ink: the suite's other digits, whose background
    is -0.1, would stand in a frame of something else.

    Decided here: map k of H2 reads the eight maps k to k + 7 of H1, the last being followed by the first.
    The paper does not say which eight; so each map of H1 is read equally often, and no two maps of H2 read
    the same.
    """
    moves = {"kernel": 5, "activation": "scaled_tanh", "stride": 2, "padding": 2, "bias": "unit"}
    moves["border"] = paper.LENET1989_BORDER
    maps = 12
    return Architecture(
        name="LeNet 1989",
        config={"network": "lenet1989"},
        input=InputSpec("INPUT", maps=1, size=16),
        layers=(
            ConvolutionSpec("H1", maps, **moves),
            ConvolutionSpec("H2", maps, **moves, table=_offsets_table(maps, [range(8)])),
            LinearSpec("H3", 30, "scaled_tanh"),
            LinearSpec("OUTPUT", len(paper.DIGIT_CODES), "scaled_tanh"),
        ),
    )


def lenet1() -> Architecture:
    """LeNet-1, the network of 1990: 98,442 connections and 2,578 parameters, both as printed.

    Y. LeCun and others, "Handwritten Digit Recognition with a Back-Propagation Network", NIPS 2, 1990,
    where the layers are called H1 to H4. Section III-C of the paper of 1998 gives about its figures to
    LeNet-1. C3 reads S2 through a table (`paper.LENET1_TABLE`).

    The 4,635 units printed are one more than the 784 of the input and the 3,850 of the layers. Our reading:
    the one more is a unit that is always on, whose connections are the biases.
    """
    maps_s2, maps_c3 = paper.LENET1_TABLE.shape
    return Architecture(
        name="LeNet-1 1990",
        config={"network": "lenet1"},
        input=InputSpec("INPUT", maps=1, size=paper.MNIST_SIZE),
        layers=(
            ConvolutionSpec("C1", maps_s2, kernel=5, activation="scaled_tanh"),
            SubsamplingSpec("S2", "trainable", "scaled_tanh"),
            ConvolutionSpec("C3", maps_c3, 5, "scaled_tanh", table=_as_tuples(paper.LENET1_TABLE)),
            SubsamplingSpec("S4", "trainable", "scaled_tanh"),
            LinearSpec("OUTPUT", len(paper.DIGIT_CODES), "scaled_tanh"),
        ),
    )


def lenet4() -> Architecture:
    """LeNet-4 as section III-C describes it: 262,306 connections, and 50,698 parameters.

    Four maps in C1, each subsampled twice, by two neighbouring maps of S2 with parameters of their own; 16
    maps in C3 and S4, 120 units in C5, 10 in OUTPUT. The two maps of a pair start alike, and learn to differ
    because C3 reads them with other weights.

    The paper prints about 260,000 connections and about 17,000 parameters. Both cannot be: C5 alone, 120
    units that read all 16 maps of 5x5, has 48,120 parameters. The layers are built as they are described,
    and so that the connections are as printed.

    Decided here: which maps of S2 each map of C3 reads, for which the paper prints no table. Three are what
    the printed connections leave room for. Maps 0-7 read three neighbours (k, k+1, k+2), maps 8-15 three
    with gaps (k, k+2, k+5), counted round the eight maps of S2. So each map of S2 is read six times, no two
    maps of C3 read the same three, and those with gaps read from three different maps of C1.
    """
    maps_c1, copies = 4, 2
    table = _offsets_table(maps_c1 * copies, [(0, 1, 2), (0, 2, 5)])
    return Architecture(
        name="LeNet-4",
        config={"network": "lenet4"},
        input=InputSpec("INPUT", maps=1, size=paper.IMAGE_SIZE),
        layers=(
            ConvolutionSpec("C1", maps_c1, kernel=5, activation="scaled_tanh"),
            SubsamplingSpec("S2", "trainable", "scaled_tanh", copies=copies),
            ConvolutionSpec("C3", len(table[0]), kernel=5, activation="scaled_tanh", table=table),
            SubsamplingSpec("S4", "trainable", "scaled_tanh"),
            ConvolutionSpec("C5", 120, kernel=5, activation="scaled_tanh"),
            LinearSpec("OUTPUT", len(paper.DIGIT_CODES), "scaled_tanh"),
        ),
    )


NETWORKS = {
    "lenet5": lenet5,
    "rgb": rgb_lenet,
    "lenet1989": lenet1989,
    "lenet1": lenet1,
    "lenet4": lenet4,
}


def fitting(maps: int, classes: int, switches: dict | None = None) -> Architecture:
    """The network for images of so many maps: a LeNet-5 for one, the RGB LeNet for three.

    switches: those of `lenet5` (by default `MODERN`), or of `rgb_lenet`.
    """
    if maps == rgb_lenet().input.maps:
        return rgb_lenet(**{"classes": classes, **(switches or {})})
    return lenet5(**(MODERN if switches is None else switches))


def architecture(config: dict) -> Architecture:
    """The architecture that `config` (an `Architecture.config`) describes."""
    if not isinstance(config, dict):
        raise LenetError("A network's description must be a dict; got {config!r}.", config=config)
    arguments = dict(config)
    network = arguments.pop("network", None)
    check_choice("network", network, tuple(NETWORKS))
    try:
        return NETWORKS[network](**arguments)
    except TypeError as error:
        raise LenetError("{network} has no such switch: {error}.", network=network, error=error) from error


def _c3_switch(c3) -> str | list[str]:
    """The c3 switch as JSON can hold it: "table", "full", or the rows of another table as text."""
    if isinstance(c3, str):
        check_choice("c3", c3, ("table", "full"))
        return c3
    try:
        table = connection_table(c3)
    except LenetError as error:
        raise LenetError("c3 must be 'table', 'full' or a table. {error}", error=error) from None
    if (table == paper.C3_TABLE).all():
        return "table"
    if table.all():
        return "full"
    return ["".join("X" if mark else "." for mark in row) for row in table]


def _c3_table(switch: str | list[str]) -> Table | None:
    if switch == "full":
        return None
    return _as_tuples(paper.C3_TABLE if switch == "table" else connection_table(switch))


def _offsets_table(maps_in: int, patterns) -> Table:
    """For each pattern one map from every k: it reads the input maps k + offset, counted round `maps_in`."""
    table = np.zeros((maps_in, maps_in * len(patterns)), dtype=bool)
    for place, offsets in enumerate(patterns):
        for k in range(maps_in):
            table[[(k + offset) % maps_in for offset in offsets], place * maps_in + k] = True
    return _as_tuples(table)


def _as_tuples(table: np.ndarray) -> Table:
    return tuple(tuple(map(bool, row)) for row in table)


def _lenet5_name(switches: dict) -> str:
    if switches == MODERN:
        return "LeNet-5 modern"
    original = {name: switch.default for name, switch in signature(lenet5).parameters.items()}
    changed = [
        f"{name} {value if isinstance(value, str) else 'custom'}"
        for name, value in switches.items()
        if value != original[name]
    ]
    return "LeNet-5 1998" + (f" with {', '.join(changed)}" if changed else "")
