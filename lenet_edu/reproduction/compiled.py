"""One update a pattern, as compiled loops: what `optim.SDLM` does with torch, some ten times as fast.

    engine = Fused(model, loss="map")
    engine.set_steps(effective_rates(curvature(model, images), rate, mu))
    loss, right = engine.train(images, labels, order)     # one update for each pattern of the order
    engine.write_back()                                   # into the model

For a single pattern torch spends its time on starting some sixty small kernels. Here numba compiles the whole
update into one function. It is told nothing that would let it reorder a sum or join a product with one,
and the squash is made of the four operations: so the same weights come out on every CPU.

How the loops stay fast without reordering: the innermost one always runs over numbers that do not depend on
each other. A row of five taps is applied to a whole plane at once, whose rows keep the length of the input's
(`add_taps`); its surplus columns are dropped. The gradient for the plane below is the same function with
the kernel turned round, on deltas with zeros around. The gradient of a kernel adds up patches (`add_rows`).
Fully connected layers keep their weights twice, by unit and by input, for the two directions.
"""

import numpy as np
import torch
from numba import njit
from torch import Tensor

from lenet_edu.network import architecture, layers, paper
from lenet_edu.network.losses import RUBBISH_DISTANCE
from lenet_edu.network.models import Network
from lenet_edu.system.errors import LenetError, check_choice

KERNEL = 5  # `add_taps` is written for rows of five taps, the only ones in the family

CONVOLUTION, SUBSAMPLING, MAXIMUM, DENSE = range(4)
NOT_SQUASHED, SCALED_TANH, RELU = range(3)
MAP, DISTANCE, SQUARED, CROSS_ENTROPY = range(4)

ACTIVATION_NUMBERS = {None: NOT_SQUASHED, "scaled_tanh": SCALED_TANH, "relu": RELU}
LOSS_NUMBERS = {"map": MAP, "distance": DISTANCE, "squared": SQUARED, "cross_entropy": CROSS_ENTROPY}

# What a row of the plan says of a layer; the last three are places in the flat arrays.
PLAN = ("kind", "squash", "maps_in", "side_in", "maps", "side", "copies", "below", "here", "weights")
KIND, SQUASH, MAPS_IN, SIDE_IN, MAPS, SIDE, COPIES, BELOW, HERE, WEIGHTS = range(len(PLAN))

A = np.float32(paper.SQUASH_AMPLITUDE)
HALF_SLOPE = np.float32(paper.SQUASH_SLOPE / 2)
SLOPE_OVER_A = np.float32(paper.SQUASH_SLOPE / paper.SQUASH_AMPLITUDE)
A_SQUARED = np.float32(paper.SQUASH_AMPLITUDE**2)
ZERO, ONE, TWO = np.float32(0), np.float32(1), np.float32(2)

# Lambert's continued fraction of tanh, cut off after seven terms: u (u^6 + 378 u^4 + ...) / (28 u^6 + ...).
# Up to the limit, where tanh 2u is 1 in single precision, it is off by no more than 1.1e-8.
LAMBERT_ABOVE = tuple(map(np.float32, (1, 378, 17_325, 135_135)))
LAMBERT_BELOW = tuple(map(np.float32, (28, 3_150, 62_370, 135_135)))
LAMBERT_LIMIT = np.float32(4.5)

compiled = njit(cache=True, error_model="numpy", nogil=True)


@compiled
def squash(a, x):
    """x = 1.7159 tanh(2a/3), from tanh of half the argument: tanh 2u = 2t / (1 + t^2)."""
    n0, n1, n2, n3 = LAMBERT_ABOVE
    d0, d1, d2, d3 = LAMBERT_BELOW
    for i in range(a.size):
        u = a[i] * HALF_SLOPE
        u = u if u < LAMBERT_LIMIT else LAMBERT_LIMIT
        u = u if u > -LAMBERT_LIMIT else -LAMBERT_LIMIT
        z = u * u
        n = u * (((n0 * z + n1) * z + n2) * z + n3)
        d = ((d0 * z + d1) * z + d2) * z + d3
        x[i] = A * (TWO * n * d) / (d * d + n * n)


@compiled
def activate(kind, a, x):
    """x = f(a)."""
    if kind == SCALED_TANH:
        squash(a, x)
    elif kind == RELU:
        for i in range(a.size):
            x[i] = a[i] if a[i] > ZERO else ZERO
    else:
        x[:] = a


@compiled
def multiply_by_slope(kind, x, d):
    """d becomes d f'(a), where x = f(a)."""
    if kind == SCALED_TANH:
        for i in range(x.size):
            d[i] *= SLOPE_OVER_A * (A_SQUARED - x[i] * x[i])
    elif kind == RELU:
        for i in range(x.size):
            d[i] = d[i] if x[i] > ZERO else ZERO


@compiled
def add_taps(out, source, kernel, row):
    """out[i] += the sum over taps of kernel[ky, kx] source[i + ky row + kx]; `row`: length of a row."""
    for ky in range(KERNEL):
        s = source[ky * row :]
        k = KERNEL * ky
        w0, w1, w2, w3, w4 = kernel[k], kernel[k + 1], kernel[k + 2], kernel[k + 3], kernel[k + 4]
        for i in range(out.size):
            out[i] += (w0 * s[i] + w1 * s[i + 1]) + (w2 * s[i + 2] + w3 * s[i + 3]) + w4 * s[i + 4]


@compiled
def add_rows(out, rows, factors):
    """out += the sum over r of factors[r] rows[r], five rows at a time."""
    count = factors.size
    whole = count - count % 5
    for r in range(0, whole, 5):
        f0, f1, f2, f3, f4 = factors[r], factors[r + 1], factors[r + 2], factors[r + 3], factors[r + 4]
        r0, r1, r2, r3, r4 = rows[r], rows[r + 1], rows[r + 2], rows[r + 3], rows[r + 4]
        for i in range(out.size):
            out[i] += (f0 * r0[i] + f1 * r1[i]) + (f2 * r2[i] + f3 * r3[i]) + f4 * r4[i]
    for r in range(whole, count):
        factor, one_row = factors[r], rows[r]
        for i in range(out.size):
            out[i] += factor * one_row[i]


@compiled
def total(numbers):
    """Their sum, in four strands, since an addition waits for the one before."""
    s0, s1, s2, s3 = ZERO, ZERO, ZERO, ZERO
    whole = numbers.size - numbers.size % 4
    for i in range(0, whole, 4):
        s0 += numbers[i]
        s1 += numbers[i + 1]
        s2 += numbers[i + 2]
        s3 += numbers[i + 3]
    for i in range(whole, numbers.size):
        s0 += numbers[i]
    return (s0 + s1) + (s2 + s3)


@compiled
def convolve(p, weights, links, x, a, wide):
    """a of a convolution: for each map its bias, and the taps on every map below that it reads."""
    row, side, plane = p[SIDE_IN], p[SIDE], p[SIDE_IN] ** 2
    taps = KERNEL * KERNEL
    length = (side - 1) * row + side
    out = wide[:length]
    for k in range(p[MAPS]):
        own = weights[p[WEIGHTS] + k * (p[MAPS_IN] * taps + 1) :]
        out[:] = own[p[MAPS_IN] * taps]
        for i in range(p[MAPS_IN]):
            if links[i, k]:
                add_taps(out, x[p[BELOW] + i * plane :], own[i * taps : (i + 1) * taps], row)
        for y in range(side):
            place = (k * side + y) * side
            a[place : place + side] = out[y * row : y * row + side]


@compiled
def pull_back_convolution(p, weights, links, d, padded):
    """Deltas of the maps below, from those of a convolution."""
    row, side, plane = p[SIDE_IN], p[SIDE], p[SIDE_IN] ** 2
    taps = KERNEL * KERNEL
    margin = (KERNEL - 1) * (row + 1)
    turned = np.empty(taps, np.float32)
    for k in range(p[MAPS]):
        padded[k, : plane + margin] = ZERO
        for y in range(side):
            place = margin + y * row
            here = p[HERE] + (k * side + y) * side
            padded[k, place : place + side] = d[here : here + side]
    for i in range(p[MAPS_IN]):
        out = d[p[BELOW] + i * plane : p[BELOW] + (i + 1) * plane]
        out[:] = ZERO
        for k in range(p[MAPS]):
            if links[i, k]:
                first = p[WEIGHTS] + k * (p[MAPS_IN] * taps + 1) + i * taps
                for t in range(taps):
                    turned[t] = weights[first + taps - 1 - t]
                add_taps(out, padded[k], turned, row)


@compiled
def move_kernels(p, weights, steps, x, d, patches, gradient):
    """One step of a convolution's kernels and biases."""
    row, side = p[SIDE_IN], p[SIDE]
    taps = p[MAPS_IN] * KERNEL * KERNEL
    for y in range(side):
        for c in range(side):
            patch = patches[y * side + c]
            patch[taps] = ONE  # the bias is a weight whose input is always 1
            for i in range(p[MAPS_IN]):
                for ky in range(KERNEL):
                    place = p[BELOW] + (i * row + y + ky) * row + c
                    t = (i * KERNEL + ky) * KERNEL
                    for kx in range(KERNEL):
                        patch[t + kx] = x[place + kx]
    for k in range(p[MAPS]):
        here = p[HERE] + k * side * side
        gradient[: taps + 1] = ZERO
        add_rows(gradient[: taps + 1], patches, d[here : here + side * side])
        first = p[WEIGHTS] + k * (taps + 1)
        for t in range(taps + 1):
            weights[first + t] -= steps[first + t] * gradient[t]


@compiled
def subsample(p, weights, x, a, sums):
    """a of a subsampling: coefficient times the sum of a square, plus bias; `sums` for the way back."""
    row, side = p[SIDE_IN], p[SIDE]
    for k in range(p[MAPS]):
        plane = x[p[BELOW] + k // p[COPIES] * row * row :]
        coefficient, bias = weights[p[WEIGHTS] + 2 * k], weights[p[WEIGHTS] + 2 * k + 1]
        for y in range(side):
            upper, lower = plane[2 * y * row :], plane[(2 * y + 1) * row :]
            place = (k * side + y) * side
            for c in range(side):
                s = (upper[2 * c] + upper[2 * c + 1]) + (lower[2 * c] + lower[2 * c + 1])
                sums[place + c] = s
                a[place + c] = coefficient * s + bias


@compiled
def pull_back_subsampling(p, weights, d):
    """Deltas of the maps below: coefficient times the delta of the unit that reads them."""
    row, side = p[SIDE_IN], p[SIDE]
    d[p[BELOW] : p[BELOW] + p[MAPS_IN] * row * row] = ZERO
    for k in range(p[MAPS]):
        plane = d[p[BELOW] + k // p[COPIES] * row * row :]
        coefficient = weights[p[WEIGHTS] + 2 * k]
        for y in range(side):
            upper, lower = plane[2 * y * row :], plane[(2 * y + 1) * row :]
            own = d[p[HERE] + (k * side + y) * side :]
            for c in range(side):
                back = coefficient * own[c]
                upper[2 * c] += back
                upper[2 * c + 1] += back
                lower[2 * c] += back
                lower[2 * c + 1] += back


@compiled
def move_coefficients(p, weights, steps, d, sums):
    """One step of a subsampling's coefficients and biases."""
    units = p[SIDE] ** 2
    for k in range(p[MAPS]):
        own = d[p[HERE] + k * units : p[HERE] + (k + 1) * units]
        first = p[WEIGHTS] + 2 * k
        weights[first] -= steps[first] * total(own * sums[k * units : (k + 1) * units])
        weights[first + 1] -= steps[first + 1] * total(own)


@compiled
def largest(p, x, a, winners):
    """a of max pooling, and which of the four won, for the way back."""
    row, side = p[SIDE_IN], p[SIDE]
    for k in range(p[MAPS]):
        for y in range(side):
            for c in range(side):
                corner = p[BELOW] + (k * row + 2 * y) * row + 2 * c
                won = corner
                for other in (corner + 1, corner + row, corner + row + 1):
                    if x[other] > x[won]:
                        won = other
                place = (k * side + y) * side + c
                winners[place] = won
                a[place] = x[won]


@compiled
def pull_back_largest(p, d, winners):
    """Deltas of the maps below: all to the winner."""
    d[p[BELOW] : p[BELOW] + p[MAPS_IN] * p[SIDE_IN] ** 2] = ZERO
    for place in range(p[MAPS] * p[SIDE] ** 2):
        d[winners[place]] += d[p[HERE] + place]


@compiled
def by_unit(p, flat):
    """The weights of a fully connected layer as (units, inputs + 1), the bias last."""
    inputs = p[MAPS_IN] * p[SIDE_IN] ** 2 + 1
    return flat[p[WEIGHTS] : p[WEIGHTS] + p[MAPS] * inputs].reshape(p[MAPS], inputs)


@compiled
def by_input(p, flat):
    """The same once more as (inputs + 1, units), behind the other."""
    inputs = p[MAPS_IN] * p[SIDE_IN] ** 2 + 1
    first = p[WEIGHTS] + p[MAPS] * inputs
    return flat[first : first + p[MAPS] * inputs].reshape(inputs, p[MAPS])


@compiled
def connect(p, weights, x, a):
    """a of a fully connected layer; behind its inputs stands a 1 for the bias."""
    inputs = p[MAPS_IN] * p[SIDE_IN] ** 2 + 1
    a[: p[MAPS]] = ZERO
    add_rows(a[: p[MAPS]], by_input(p, weights), x[p[BELOW] : p[BELOW] + inputs])


@compiled
def pull_back_connections(p, weights, d):
    """Deltas of the units below a fully connected layer."""
    inputs = p[MAPS_IN] * p[SIDE_IN] ** 2 + 1
    below = d[p[BELOW] : p[BELOW] + inputs]
    below[:] = ZERO
    add_rows(below, by_unit(p, weights), d[p[HERE] : p[HERE] + p[MAPS]])


@compiled
def move_connections(p, weights, steps, x, d):
    """One step of a fully connected layer, of both copies of its weights."""
    inputs = p[MAPS_IN] * p[SIDE_IN] ** 2 + 1
    own, below = d[p[HERE] : p[HERE] + p[MAPS]], x[p[BELOW] : p[BELOW] + inputs]
    rows, row_steps = by_unit(p, weights), by_unit(p, steps)
    for k in range(p[MAPS]):
        for i in range(inputs):
            rows[k, i] -= row_steps[k, i] * (own[k] * below[i])
    columns, column_steps = by_input(p, weights), by_input(p, steps)
    for i in range(inputs):
        for k in range(p[MAPS]):
            columns[i, k] -= column_steps[i, k] * (own[k] * below[i])


@compiled
def forward(plan, weights, links, x, a, wide, sums, winners):
    """Every layer's output, into x."""
    for layer in range(len(plan)):
        p = plan[layer]
        here = a[p[HERE] : p[HERE] + p[MAPS] * p[SIDE] ** 2]
        if p[KIND] == CONVOLUTION:
            convolve(p, weights, links[layer], x, here, wide)
        elif p[KIND] == SUBSAMPLING:
            subsample(p, weights, x, here, sums[p[HERE] :])
        elif p[KIND] == MAXIMUM:
            largest(p, x, here, winners[p[HERE] :])
        else:
            connect(p, weights, x, here)
        activate(p[SQUASH], here, x[p[HERE] : p[HERE] + here.size])


@compiled
def backward(plan, weights, steps, links, x, d, padded, patches, gradient, sums, winners):
    """From deltas at the last layer's output down: each layer's deltas, then its step."""
    for layer in range(len(plan) - 1, -1, -1):
        p = plan[layer]
        own = d[p[HERE] : p[HERE] + p[MAPS] * p[SIDE] ** 2]
        multiply_by_slope(p[SQUASH], x[p[HERE] : p[HERE] + own.size], own)
        if p[KIND] == CONVOLUTION:
            if layer:
                pull_back_convolution(p, weights, links[layer], d, padded)
            move_kernels(p, weights, steps, x, d, patches, gradient)
        elif p[KIND] == SUBSAMPLING:
            pull_back_subsampling(p, weights, d)
            move_coefficients(p, weights, steps, d, sums[p[HERE] :])
        elif p[KIND] == MAXIMUM:
            pull_back_largest(p, d, winners[p[HERE] :])
        else:
            pull_back_connections(p, weights, d)
            move_connections(p, weights, steps, x, d)


@compiled
def judge(loss, j, x, codes, label, d):
    """The loss at the last layer's output x, and the class that wins; its gradient goes into d.

    j: for "map", the distance of the class of rubbish. codes: for "map" and "distance" the digit codes; for
    "squared" the targets, +1 for the right unit and -1 for others.
    """
    classes = len(codes)
    scores = np.empty(classes, np.float64)
    for c in range(classes):
        if loss in (MAP, DISTANCE):
            apart = x - codes[c]
            scores[c] = -total(apart * apart)
        else:
            scores[c] = x[c]
    winner = np.argmax(scores)
    if loss == SQUARED:
        d[:] = x - codes[label]
        return total(d * d) / 2, winner
    if loss == DISTANCE:
        d[:] = TWO * (x - codes[label])
        return -scores[label], winner
    highest = scores[winner]
    if loss == MAP and highest < -j:
        highest = -j
    shares = np.exp(scores - highest)
    whole = shares.sum()
    if loss == MAP:
        whole += np.exp(-j - highest)
    value = np.log(whole) + highest - scores[label]
    shares /= whole
    shares[label] -= 1
    if loss == MAP:
        d[:] = ZERO
        for c in range(classes):
            pull = np.float32(-2 * shares[c])
            for i in range(x.size):
                d[i] += pull * (x[i] - codes[c, i])
    else:
        for c in range(classes):
            d[c] = np.float32(shares[c])
    return value, winner


@compiled
def train(plan, weights, steps, links, codes, loss, j, images, labels, order):
    """One update for each pattern of the order: summed loss and right answers, each before its update."""
    last = plan[-1]
    size = last[HERE] + last[MAPS] + 1
    room = size + 4 * KERNEL * 32  # `add_taps` reads a little beyond a plane, what it then drops
    x, d, a = np.zeros(room, np.float32), np.zeros(room, np.float32), np.zeros(room, np.float32)
    sums, winners = np.zeros(room, np.float32), np.zeros(room, np.int64)
    pixels, maps, patch, places, plane = images.shape[1], 0, 0, 0, 0
    x[pixels] = ONE
    for p in plan:
        x[p[HERE] + p[MAPS] * p[SIDE] ** 2] = ONE  # for the biases above
        if p[KIND] == CONVOLUTION:
            maps, plane = max(maps, p[MAPS]), max(plane, p[SIDE_IN])
            patch, places = max(patch, p[MAPS_IN] * KERNEL**2 + 1), max(places, p[SIDE] ** 2)
    wide = np.zeros(plane * plane, np.float32)
    padded = np.zeros((maps, (plane + KERNEL) ** 2), np.float32)
    patches, gradient = np.zeros((places, patch), np.float32), np.zeros(patch, np.float32)
    output = slice(last[HERE], last[HERE] + last[MAPS])
    summed, right = 0.0, 0
    for pattern in order:
        x[:pixels] = images[pattern]
        forward(plan, weights, links, x, a, wide, sums, winners)
        value, winner = judge(loss, j, x[output], codes, labels[pattern], d[output])
        summed += value
        right += winner == labels[pattern]
        backward(plan, weights, steps, links, x, d, padded, patches, gradient, sums, winners)
    return summed, right


class Fused:
    """A network and its compiled loops, on the CPU, in single precision.

    model: any `Network` whose convolutions have 5x5 kernels that move by one, one bias a map and no padding:
    all but the one of 1989. loss: "map" or "distance" (equations 9 and 8, RBF output), "squared" (1/2 sum
    (x - target)^2, targets +1 and -1) or "cross_entropy" (both for a linear output). j: of equation 9.
    The loss is divided by nothing: put what it should be divided by into the steps.

    Raises LenetError for a network or a loss that it has no loops for.
    """

    def __init__(self, model: Network, loss: str = "map", j: float = RUBBISH_DISTANCE):
        check_choice("loss", loss, tuple(LOSS_NUMBERS))
        plan = model.architecture
        rbf = model.has_rbf_output
        if (loss in ("map", "distance")) != rbf:
            raise LenetError(
                "Losses 'map' and 'distance' go with an RBF output, others do not; "
                f"got {loss!r} for {plan.name}."
            )
        self.model, self.loss, self.j = model, LOSS_NUMBERS[loss], float(j)
        self.specs = plan.layers[:-1] if rbf else plan.layers
        self.plan, size = _plan(plan, self.specs)
        self.links = _links(plan, self.specs)
        self.weights, self.steps = np.zeros(size, np.float32), np.zeros(size, np.float32)
        self.codes = _codes(model, loss)
        self.read()

    def read(self) -> None:
        """Take the weights from the model."""
        self._spread({name: value.detach() for name, value in self.model.named_parameters()}, self.weights)

    def write_back(self) -> None:
        """Put the weights into the model."""
        with torch.no_grad():
            for name, layer, p in self._rows():
                for parameter, value in _gathered(p, layer, self.weights).items():
                    getattr(self.model.get_submodule(name), parameter).copy_(value)

    def set_steps(self, rates: dict[str, Tensor]) -> None:
        """From now on move each parameter by its rate times its gradient.

        rates: by name, in the parameters' shapes, as `optim.effective_rates` gives them.
        """
        self._spread(rates, self.steps)

    def train(self, images: Tensor, labels: Tensor, order: Tensor) -> tuple[float, int]:
        """One update for each pattern of the order: summed loss and right answers, each before its update.

        images: (N, maps, size, size) floats; labels: (N,); order: any number of indices of them.
        """
        self.model.check_images(images)
        pixels, labels, order = images.flatten(1).cpu().numpy(), labels.cpu().numpy(), order.cpu().numpy()
        summed, right = train(
            self.plan,
            self.weights,
            self.steps,
            self.links,
            self.codes,
            self.loss,
            self.j,
            pixels,
            labels,
            order,
        )
        return float(summed), int(right)

    def _rows(self):
        """Name, module and row of the plan of each layer that has parameters."""
        for spec, p in zip(self.specs, self.plan, strict=True):
            if p[KIND] != MAXIMUM:
                yield spec.name, self.model.get_submodule(spec.name), p

    def _spread(self, values: dict[str, Tensor], flat: np.ndarray) -> None:
        """Lay numbers by parameter out as the loops read them."""
        for name, layer, p in self._rows():
            own = {
                parameter: values[f"{name}.{parameter}"].cpu() for parameter, _ in layer.named_parameters()
            }
            laid = _laid_out(p, layer, own)
            flat[p[WEIGHTS] : p[WEIGHTS] + laid.numel()] = laid.numpy()


def _plan(plan: architecture.Architecture, specs) -> tuple[np.ndarray, int]:
    """A row of numbers for each layer, as `PLAN` names them, and how many weights there are places for."""
    rows, weights, below = [], 0, 0
    shape = plan.input.output_shape
    for spec in specs:
        maps_in, side_in = shape[0], shape[1] if len(shape) > 1 else 1
        shape = spec.output_shape(shape)
        maps, side = shape[0], shape[1] if len(shape) > 1 else 1
        kind, copies = _kind(spec, side, plan), getattr(spec, "copies", 1)
        here = below + maps_in * side_in**2 + 1
        activation = ACTIVATION_NUMBERS.get(spec.activation)
        if activation is None:
            raise LenetError(f"No compiled loop for the activation {spec.activation!r} of {spec.name}.")
        rows.append((kind, activation, maps_in, side_in, maps, side, copies, below, here, weights))
        inputs = maps_in * side_in**2 + 1
        weights += {
            CONVOLUTION: maps * (maps_in * KERNEL**2 + 1),
            SUBSAMPLING: 2 * maps,
            MAXIMUM: 0,
            DENSE: 2 * maps * inputs,
        }[kind]
        below = here
    return np.array(rows, np.int64), weights


def _kind(spec, side: int, plan: architecture.Architecture) -> int:
    match spec:
        case architecture.LinearSpec():
            return DENSE
        case architecture.ConvolutionSpec(stride=1, padding=0, bias="map", kernel=kernel) if kernel == KERNEL:
            return DENSE if side == 1 and spec.table is None else CONVOLUTION
        case architecture.SubsamplingSpec(pooling="trainable", size=2):
            return SUBSAMPLING
        case architecture.SubsamplingSpec(pooling="max", size=2):
            return MAXIMUM
    raise LenetError(f"No compiled loop for {spec.name} of {plan.name}. Train it with optim.SDLM in torch.")


def _links(plan: architecture.Architecture, specs) -> np.ndarray:
    """Which maps each layer's maps read: (layers, maps below, maps), as large as the largest needs."""
    shapes = list(plan.shapes.values())
    most = max(shape[0] for shape in shapes if len(shape) > 1)
    links = np.zeros((len(specs), most, most), np.bool_)
    for place, spec in enumerate(specs):
        if isinstance(spec, architecture.ConvolutionSpec):
            table = spec.connected(shapes[place][0])
            links[place, : table.shape[0], : table.shape[1]] = table
    return links


def _codes(model: Network, loss: str) -> np.ndarray:
    """(classes, units): what each class pulls the last layer's output to; not used by cross-entropy."""
    if model.has_rbf_output:
        return model[-1].codes.cpu().numpy().astype(np.float32)
    classes = model.architecture.classes
    return (2 * np.eye(classes) - 1).astype(np.float32)


def _laid_out(p: np.ndarray, layer, own: dict[str, Tensor]) -> Tensor:
    """A layer's numbers, by parameter, in the order in which the loops read them: (places,)."""
    if p[KIND] == SUBSAMPLING:
        return torch.stack([own["coefficient"], own["bias"]], 1).flatten()
    weight = own["weight"]
    if isinstance(layer, layers.TableConvolution):
        dense = weight.new_zeros(layer.table.numel(), KERNEL, KERNEL)
        weight = dense.index_copy(0, layer.links.cpu(), weight).unflatten(0, layer.table.shape)
    rows = torch.cat([weight.flatten(1), own["bias"][:, None]], 1)
    return torch.cat([rows.flatten(), rows.T.flatten()]) if p[KIND] == DENSE else rows.flatten()


def _gathered(p: np.ndarray, layer, flat: np.ndarray) -> dict[str, Tensor]:
    """The parameters of a layer, back from the order of the loops."""
    if p[KIND] == SUBSAMPLING:
        pairs = torch.from_numpy(flat[p[WEIGHTS] : p[WEIGHTS] + 2 * p[MAPS]].reshape(-1, 2).copy())
        return {"coefficient": pairs[:, 0], "bias": pairs[:, 1]}
    inputs = p[MAPS_IN] * (KERNEL**2 if p[KIND] == CONVOLUTION else p[SIDE_IN] ** 2) + 1
    rows = flat[p[WEIGHTS] : p[WEIGHTS] + p[MAPS] * inputs].reshape(p[MAPS], inputs)
    rows = torch.from_numpy(rows.copy())
    weight = rows[:, :-1]
    if isinstance(layer, layers.TableConvolution):
        weight = weight.reshape(-1, KERNEL, KERNEL)[layer.links.cpu()]
    return {"weight": weight.reshape(layer.weight.shape), "bias": rows[:, -1]}
