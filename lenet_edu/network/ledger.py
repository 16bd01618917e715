"""The ledger of a network: every shape, parameter, connection and receptive field, computed and written out.

A row is derived from the layer's description alone (see `architecture`), never from a built model, so
that the tests can hold the two against each other.
"""

from dataclasses import dataclass
from functools import singledispatch
from html import escape
from math import prod

from lenet_edu.network.architecture import (
    ConvolutionSpec,
    InputSpec,
    LayerSpec,
    LinearSpec,
    RBFSpec,
    Shape,
    SubsamplingSpec,
    table_groups,
)
from lenet_edu.system.errors import check_choice
from lenet_edu.system.language import Text, columns, padded, shown, translate


@dataclass(frozen=True)
class Quantity:
    """A number and how it comes about: `156` and `6 x (5 x 5 + 1)`. No working where nothing is computed."""

    value: int
    working: str = ""

    def __str__(self) -> str:
        value = f"{self.value:,}"
        return value if self.working in ("", value) else f"{self.working} = {value}"

    __repr__ = __str__


@dataclass(frozen=True)
class Row:
    """What one layer is made of.

    name: of the layer, as "C1".
    kind: in words, as "convolution 5x5 by table".
    input_shape: of what it reads of one image, (maps, height, width) or (units,).
    output_shape: of what it gives for one image, likewise.
    side: how the output's side follows from the input's, and from the virtual rows that units read beyond
        either edge; None where units have no places.
    units: numbers that it gives for one image.
    parameters: trainable numbers.
    connections: one for every input of every unit, virtual ones and its bias included.
    multiply_adds: multiplications for one image, each with the addition that follows it; the comparisons of
        max pooling and the additions inside a subsampling sum are none.
    receptive_field: side of the square of input pixels that one unit sees (the image's edge cuts it off).
    stride: distance in input pixels between the fields of neighbouring units.
    """

    name: str
    kind: str
    input_shape: Shape
    output_shape: Shape
    side: Quantity | None
    units: Quantity
    parameters: Quantity
    connections: Quantity
    multiply_adds: Quantity
    receptive_field: Quantity
    stride: Quantity

    def __str__(self) -> str:
        lines = [f"  {padded(label, 16)} {text}" for label, text in self.lines()]
        return "\n".join([f"{self.name}  {shown(self.kind)}", *lines])

    __repr__ = __str__

    def lines(self) -> list[tuple[str, str]]:
        """What the row says, as (label, text) pairs."""
        shapes = [
            (translate("input"), show_shape(self.input_shape)),
            (translate("output"), show_shape(self.output_shape)),
        ]
        quantities = [
            (shown(label), str(getattr(self, key))) for key, label in QUANTITIES if getattr(self, key)
        ]
        return shapes + quantities

    def to_dict(self) -> dict:
        """The row for JSON: numbers by name, and under `formulas` each as text."""
        quantities = {key: getattr(self, key) for key, _ in QUANTITIES if getattr(self, key)}
        return {
            "name": self.name,
            "kind": self.kind,
            "input_shape": list(self.input_shape),
            "output_shape": list(self.output_shape),
            **{key: quantity.value for key, quantity in quantities.items()},
            "formulas": {key: str(quantity) for key, quantity in quantities.items()},
        }

    def _repr_html_(self) -> str:
        lines = "".join(f"<tr>{_cell('th', k)}{_cell('td', v)}</tr>" for k, v in self.lines())
        return (
            f"<table><caption><b>{escape(self.name)}</b> {escape(shown(self.kind))}</caption>{lines}</table>"
        )


# The figures of a row in the order in which they are read, and their labels.
QUANTITIES = (
    ("side", Text("output side")),
    ("units", Text("units")),
    ("parameters", Text("parameters")),
    ("connections", Text("connections")),
    ("multiply_adds", Text("multiply-adds")),
    ("receptive_field", Text("receptive field")),
    ("stride", Text("stride")),
)
TOTALS = ("units", "parameters", "connections", "multiply_adds")


@dataclass(frozen=True)
class Ledger:
    """The rows of a network's layers, bottom to top, and apart from them the row of its input.

    `ledger["C3"]` is one row, `ledger.totals` the sums over all layers.
    """

    name: str
    input: Row
    rows: tuple[Row, ...]

    @property
    def totals(self) -> dict[str, int]:
        """Units, parameters, connections and multiply-adds of all layers; the input has none."""
        return {key: sum(getattr(row, key).value for row in self.rows) for key in TOTALS}

    def __getitem__(self, name: str) -> Row:
        """The row of that name. Raises LenetError if there is none."""
        rows = {row.name: row for row in (self.input, *self.rows)}
        check_choice(Text("A row of {network}", network=self.name), name, tuple(rows))
        return rows[name]

    def to_dict(self) -> dict:
        """The ledger for JSON: `name`, `rows`, `totals`."""
        return {"name": self.name, "rows": [row.to_dict() for row in self.rows], "totals": self.totals}

    def __str__(self) -> str:
        workings = (f"{name:<7} {padded(label, 16)} {text}" for name, label, text in self._workings())
        return "\n".join([self.name, *_text_table(self._cells()), "", *workings])

    __repr__ = __str__

    def _cells(self) -> list[list[str]]:
        labels = [shown(label) for key, label in QUANTITIES if key != "side"]
        total = [
            f"{self.totals[key]:,}" if key in self.totals else "" for key, _ in QUANTITIES if key != "side"
        ]
        return [
            [translate("layer"), translate("kind"), translate("output"), *labels],
            *([row.name, shown(row.kind), show_shape(row.output_shape), *_values(row)] for row in self.rows),
            [translate("total"), "", "", *total],
        ]

    def _workings(self) -> list[tuple[str, str, str]]:
        """Layer, label and formula of every figure that has one."""
        return [
            (row.name, shown(label), str(getattr(row, key)))
            for row in self.rows
            for key, label in QUANTITIES
            if getattr(row, key) and " = " in str(getattr(row, key))
        ]

    def _repr_html_(self) -> str:
        head, *body, total = (_html_row(cells) for cells in self._cells())
        lines = "".join(
            f"<tr>{''.join(_cell('td', text) for text in line)}</tr>" for line in self._workings()
        )
        return (
            f"<table><caption><b>{escape(self.name)}</b></caption><thead>{head}</thead>"
            f"<tbody>{''.join(body)}</tbody><tfoot style='font-weight:bold'>{total}</tfoot></table>"
            f"<details><summary>{translate('How each figure comes about')}</summary>"
            f"<table>{lines}</table></details>"
        )


def ledger(network) -> Ledger:
    """The ledger of an `Architecture`, or of anything that has one as `.architecture` (every model here)."""
    plan = getattr(network, "architecture", network)
    shape, field, stride = plan.input.output_shape, 1, 1
    rows = []
    for layer in plan.layers:
        row = _row(layer, shape, field, stride)
        shape, field, stride = row.output_shape, row.receptive_field.value, row.stride.value
        rows.append(row)
    return Ledger(plan.name, _input_row(plan.input), tuple(rows))


def show_shape(shape: Shape) -> str:
    """(6, 28, 28) as the paper writes it, 6@28x28; (84,) as 84."""
    maps, *sides = shape
    return f"{maps}@{'x'.join(map(str, sides))}" if sides else str(maps)


def window(layer: LayerSpec, shape: Shape) -> tuple[int, int]:
    """Side of the square of input units that one unit of a layer reads, and the step between such squares.

    shape: of the layer's input. The first square begins at the edge, or `padding` units beyond it.
    """
    if isinstance(layer, ConvolutionSpec):
        return layer.kernel, layer.stride
    if isinstance(layer, SubsamplingSpec):
        return layer.size, layer.size
    return (shape[1] if len(shape) == 3 else 1), 1


def _input_row(layer: InputSpec) -> Row:
    shape, one = layer.output_shape, Quantity(1)
    nothing = Quantity(0)
    units = Quantity(prod(shape), _times(*shape))
    return Row(layer.name, Text("image"), shape, shape, None, units, nothing, nothing, nothing, one, one)


def _row(layer: LayerSpec, shape: Shape, field: int, stride: int) -> Row:
    out = layer.output_shape(shape)
    reads, steps = window(layer, shape)
    side, parameters, connections, multiply_adds = _quantities(layer, shape, out)
    return Row(
        name=layer.name,
        kind=_kind(layer),
        input_shape=shape,
        output_shape=out,
        side=side,
        units=Quantity(prod(out), _times(*out)),
        parameters=parameters,
        connections=connections,
        multiply_adds=multiply_adds,
        receptive_field=Quantity(field + (reads - 1) * stride, f"{field} + ({reads} - 1) x {stride}"),
        stride=Quantity(stride * steps, f"{stride} x {steps}"),
    )


@singledispatch
def _quantities(layer, shape: Shape, out: Shape) -> tuple[Quantity | None, Quantity, Quantity, Quantity]:
    """Output side, parameters, connections and multiply-adds of a layer."""
    raise TypeError(f"No ledger for {type(layer).__name__}.")


@_quantities.register
def _(layer: ConvolutionSpec, shape, out):
    k, places = layer.kernel, out[1:]
    table = layer.connected(shape[0])
    groups = [(len(maps), int(table[:, maps[0]].sum())) for maps in table_groups(table)]
    weights = [_times(maps, reads if shape[0] > 1 else 1, k, k) for maps, reads in groups]
    biased = [f"{maps} x ({_times(reads if shape[0] > 1 else 1, k, k)} + 1)" for maps, reads in groups]
    weight_count = int(table.sum()) * k * k
    connections = (weight_count + layer.maps) * prod(places)
    if layer.bias == "unit":
        parameters = Quantity(weight_count + prod(out), " + ".join([*weights, _times(*out)]))
        inputs = _times(_sum(biased), *places)
    else:
        parameters = Quantity(weight_count + layer.maps, " + ".join(biased))
        inputs = _times(parameters.value, *places)
    return (
        Quantity(out[1], _side_working(layer, shape[1], out[1])),
        parameters,
        Quantity(connections, inputs),
        Quantity(weight_count * prod(places), _times(_sum(weights), *places)),
    )


@_quantities.register
def _(layer: SubsamplingSpec, shape, out):
    reads = f"{layer.size} x {layer.size}"
    bias = int(layer.pooling == "trainable")
    inputs = f"({reads} + 1)" if bias else reads
    # One multiplication a unit: by the trained coefficient, or by 1/4; taking the largest needs none.
    multiplies = layer.pooling != "max"
    return (
        Quantity(out[1], f"{shape[1]} / {layer.size}"),
        Quantity(2 * out[0], f"{out[0]} x 2") if bias else Quantity(0),
        Quantity(prod(out) * (layer.size**2 + bias), f"{_times(*out)} x {inputs}"),
        Quantity(prod(out), _times(*out)) if multiplies else Quantity(0),
    )


@_quantities.register
def _(layer: LinearSpec, shape, out):
    with_bias = Quantity(layer.units * (prod(shape) + 1), f"{layer.units} x ({_times(*shape)} + 1)")
    return None, with_bias, with_bias, Quantity(layer.units * prod(shape), _times(layer.units, *shape))


@_quantities.register
def _(layer: RBFSpec, shape, out):
    distances = Quantity(layer.units * prod(shape), _times(layer.units, *shape))
    return None, Quantity(0), distances, distances


def _side_working(layer: ConvolutionSpec, side: int, out: int) -> str:
    """How many rows the kernel covers, less its own, in steps: `28 - 5 + 1`, `(2 + 16 + 1 - 5) / 2 + 1`."""
    if layer.stride == 1 and not layer.padding:
        return f"{side} - {layer.kernel} + 1"
    # A stride may leave the last rows, virtual ones first, uncovered.
    beyond = (out - 1) * layer.stride + layer.kernel - layer.padding - side
    before = f"{layer.padding} + " if layer.padding else ""
    after = f" {'+' if beyond > 0 else '-'} {abs(beyond)}" if beyond else ""
    covered = f"{before}{side}{after} - {layer.kernel}"
    return f"{covered} + 1" if layer.stride == 1 else f"({covered}) / {layer.stride} + 1"


_POOLINGS = {
    "trainable": Text("subsampling"),
    "average": Text("average pooling"),
    "max": Text("max pooling"),
}


def _kind(layer: LayerSpec) -> str:
    if isinstance(layer, ConvolutionSpec):
        k, stride = layer.kernel, layer.stride
        if layer.table:
            kind = Text("convolution {kernel}x{kernel} by table", kernel=k)
        else:
            kind = Text("convolution {kernel}x{kernel}", kernel=k)
        return Text("{kind}, stride {stride}", kind=kind, stride=stride) if stride > 1 else kind
    if isinstance(layer, SubsamplingSpec) and layer.copies > 1:
        return Text("subsampling, {copies} to a map", copies=layer.copies)
    if isinstance(layer, SubsamplingSpec):
        return _POOLINGS[layer.pooling]
    return Text("fully connected") if isinstance(layer, LinearSpec) else Text("RBF, fixed codes")


def _times(*factors: int | str) -> str:
    """The factors as a product, leaving out ones: (6, 1, 5, 5) gives `6 x 5 x 5`."""
    shown = (f"{factor:,}" if isinstance(factor, int) else factor for factor in factors if factor != 1)
    return " x ".join(shown) or "1"


def _sum(terms: list[str]) -> str:
    return terms[0] if len(terms) == 1 else f"({' + '.join(terms)})"


def _values(row: Row) -> list[str]:
    return [f"{getattr(row, key).value:,}" for key, _ in QUANTITIES if key != "side"]


def _text_table(cells: list[list[str]]) -> list[str]:
    """Columns as wide as they need; text to the left, numbers to the right; a rule above the totals."""
    widths = [max(map(columns, column)) for column in zip(*cells, strict=True)]
    lines = [
        "  ".join(
            padded(text, width, right=place >= 3)
            for place, (text, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in cells
    ]
    rule = "-" * max(map(columns, lines))
    return [lines[0], rule, *lines[1:-1], rule, lines[-1]]


def _html_row(cells: list[str]) -> str:
    tags = (_cell("td", text, "left" if place < 3 else "right") for place, text in enumerate(cells))
    return f"<tr>{''.join(tags)}</tr>"


def _cell(tag: str, text: str, align: str = "left") -> str:
    return f'<{tag} style="text-align:{align}">{escape(text)}</{tag}>'
