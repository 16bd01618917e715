"""Subsampling: coefficient and bias under sliders, from averaging to deciding."""

import torch
import torch.nn.functional as F
from traitlets import Float, List, validate

from lenet_edu import plots
from lenet_edu.network import paper
from lenet_edu.system.errors import LenetError
from lenet_edu.system.language import translate
from lenet_edu.system.pages import to_base64
from lenet_edu.widgets.base import Widget, binary, module, styles, to_bytes

LIMIT = 10


class Subsampling(Widget):
    """What a coefficient and a bias make of maps: blurred, or an OR or an AND of four neighbours.

        Subsampling(outputs["C1"][3])

    maps: (maps, H, W), sides even. Traits to read and to set: `coefficient`, `bias`. `output()` is the
    result, computed by torch.
    """

    _esm, _css = module("subsampling"), styles("subsampling")

    maps = binary()
    shape = List().tag(sync=True)
    coefficient = Float(0.25).tag(sync=True)
    bias = Float(0.0).tag(sync=True)
    squash = List([paper.SQUASH_AMPLITUDE, paper.SQUASH_SLOPE]).tag(sync=True)

    def __init__(self, maps, *, coefficient: float = 0.25, bias: float = 0.0):
        tensor = torch.as_tensor(maps).detach().float().cpu()
        if tensor.ndim != 3 or not tensor.numel() or tensor.shape[1] % 2 or tensor.shape[2] % 2:
            raise LenetError(
                "maps must be (maps, H, W) with even sides; got {shape}.", shape=tuple(tensor.shape)
            )
        if not tensor.isfinite().all():
            raise LenetError("maps must hold finite numbers only.")
        self.below = tensor
        super().__init__(maps=to_bytes(tensor), shape=list(tensor.shape), coefficient=coefficient, bias=bias)

    def output(self) -> torch.Tensor:
        """(maps, H / 2, W / 2): sum of four, times the coefficient, plus the bias, squashed."""
        sums = 4 * F.avg_pool2d(self.below, 2)
        amplitude, slope = self.squash
        return amplitude * torch.tanh(slope * (sums * self.coefficient + self.bias))

    def text(self) -> str:
        """As `coefficient 0.25, bias 0.00`."""
        return translate(
            "coefficient {coefficient:.2f}, bias {bias:.2f}", coefficient=self.coefficient, bias=self.bias
        )

    def figure(self):
        """The maps as they come out."""
        return plots.maps(self.output(), title=translate("Subsampled: {what}", what=self.text()), layer="S2")

    def state(self) -> dict:
        """The traits, and the maps as floats."""
        return {"traits": self.plain_traits(), "maps": to_base64(self.maps)}

    @validate("coefficient", "bias")
    def _check_number(self, proposal):
        return self.within(proposal, -LIMIT, LIMIT)
