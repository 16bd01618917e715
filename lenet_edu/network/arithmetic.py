"""A unit's arithmetic, written out term by term as one would on paper."""

import torch
from torch import Tensor


class Lines(str):
    """A text of several lines that shows itself as it stands at the end of a cell."""

    def __repr__(self) -> str:
        return str(self)


def worked_sum(inputs: Tensor, weights: Tensor, bias=None, squash=None, decimals: int = 2) -> Lines:
    """A unit's weighted sum with every term, then its bias, then its squash.

    inputs, weights: (k, k) or (n,), alike in shape; each row of them is a line. bias: None where the sum is
    only a part of a unit's. squash: a layer's squash, if its value is to be shown too.

        worked_sum(patch, kernel, bias, network.C1.squash)
    """
    inputs, weights = (torch.atleast_2d(torch.as_tensor(values).detach()) for values in (inputs, weights))
    width = decimals + 3

    def shown(value) -> str:
        return f"{round(float(value), decimals) + 0.0:{width}.{decimals}f}"

    lines = []
    for row, factors in zip(inputs, weights, strict=True):
        terms = [f"{shown(value)} x {shown(weight)}" for value, weight in zip(row, factors, strict=True)]
        lines.append((" + ".join(terms), (row * factors).sum()))
    longest = max(len(text) for text, _ in lines)
    total = (inputs * weights).sum()
    after = [("all added", total)]
    if bias is not None:
        bias = torch.as_tensor(bias).detach()
        total = total + bias
        after += [("+ bias", bias), ("weighted sum", total)]
    rows = [f"{text:<{longest}} = {shown(value)}" for text, value in lines]
    if squash is not None:
        after.append(("squashed", squash(total)))
    return Lines("\n".join([*rows, *(f"{text:>{longest}} = {shown(value)}" for text, value in after)]))
