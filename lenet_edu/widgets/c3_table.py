"""C3Table: which maps of S2 feed which maps of C3, one click a link."""

import numpy as np
from traitlets import Bool, Int, List, Unicode, validate

from lenet_edu import plots
from lenet_edu.network import paper
from lenet_edu.network.architecture import connection_table, lenet5
from lenet_edu.network.ledger import ledger
from lenet_edu.system.errors import LenetError
from lenet_edu.system.language import translate
from lenet_edu.widgets.base import Widget, module, styles

PRESETS = ("paper", "full", "diagonal", "random")


class C3Table(Widget):
    """The 6x16 table of connections to click in; parameters and connections are counted again at once.

        table = C3Table()
        LeNet5(c3=table.table)

    table: a boolean array (6, 16), or one of "paper", "full", "diagonal", "random" (as many links as the
    paper's, by chance). The attribute `table` is the array as it stands, and can be set.
    """

    _esm, _css = module("c3_table"), styles("c3_table")

    links = List(List(Bool())).tag(sync=True)
    presets = List().tag(sync=True)
    kernel = Int(5).tag(sync=True)
    places = Int(100).tag(sync=True)
    note = Unicode().tag(sync=True)

    def __init__(self, table="paper"):
        row = ledger(lenet5())["C3"]
        presets = [{"name": name, "links": preset(name).tolist()} for name in PRESETS]
        start = preset(table) if isinstance(table, str) else connection_table(table)
        super().__init__(
            note=translate("After a change, run the cells that use this table again."),
            links=start.tolist(),
            presets=presets,
            kernel=lenet5().convolutions["C3"].kernel,
            places=row.output_shape[1] ** 2,
        )

    @property
    def table(self) -> np.ndarray:
        """The connections: boolean, (6, 16)."""
        return np.array(self.links)

    @table.setter
    def table(self, table):
        try:
            self.links = connection_table(table).tolist()
        except LenetError as error:
            self.refuse(str(error))

    @property
    def parameters(self) -> int:
        """C3's parameters with this table."""
        return ledger(lenet5(c3=self.table))["C3"].parameters.value

    def text(self) -> str:
        """As `60 links, 1,516 parameters`."""
        return translate(
            "{links} links, {parameters:,} parameters",
            links=int(self.table.sum()),
            parameters=self.parameters,
        )

    def figure(self):
        """The table as the paper prints it."""
        return plots.table(self.table, self.text())

    def state(self) -> dict:
        """The table and the presets: all else follows from them."""
        return {"traits": self.plain_traits()}

    @validate("links")
    def _check_links(self, proposal):
        try:
            return connection_table(proposal["value"]).tolist()
        except LenetError as error:
            return self.refuse(str(error))


def preset(name: str) -> np.ndarray:
    """A table by name: one of `PRESETS`."""
    rows, columns = paper.C3_TABLE.shape
    if name == "paper":
        return paper.C3_TABLE.copy()
    if name == "full":
        return np.ones((rows, columns), dtype=bool)
    if name == "diagonal":
        return np.arange(rows)[:, None] == np.arange(columns)[None, :] % rows
    if name == "random":
        chosen = np.zeros(rows * columns, dtype=bool)
        chosen[np.random.default_rng(0).permutation(rows * columns)[: paper.C3_TABLE.sum()]] = True
        return chosen.reshape(rows, columns)
    raise LenetError("A table must be one of {presets}; got {name!r}.", presets=", ".join(PRESETS), name=name)
