"""The loops of `compiled`: one update of a whole network for each pattern, as numba compiles it.

numba is told nothing that would let it reorder a sum or join a product with one, and the squash is made of
the four operations: so the same weights come out on every CPU.

How the loops stay fast without reordering: the innermost one always runs over numbers that do not depend on
each other. A row of five taps is applied to a whole plane at once, whose rows keep the length of the input's
(`add_taps`); its surplus columns are dropped. The gradient for the plane below is the same function with
the kernel turned round, on deltas with zeros around. The gradient of a kernel adds up patches (`add_rows`).
Fully connected layers keep their weights twice, by unit and by input, for the two directions.

In what follows `p` is a layer's row of the plan (`LAYER`), `net` a `Net` and `work` a `Workspace`.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from lenet_edu.network import paper

KERNEL = 5  # `add_taps` is written for rows of five taps, the only ones in the family

CONVOLUTION, SUBSAMPLING, MAXIMUM, DENSE = range(4)
NOT_SQUASHED, SCALED_TANH, RELU = range(3)
MAP, DISTANCE, SQUARED, CROSS_ENTROPY = range(4)

ACTIVATION_NUMBERS = {None: NOT_SQUASHED, "scaled_tanh": SCALED_TANH, "relu": RELU}
LOSS_NUMBERS = {"map": MAP, "distance": DISTANCE, "squared": SQUARED, "cross_entropy": CROSS_ENTROPY}

# What the plan says of a layer, in whole numbers:
# - kind, squash: by the numbers above.
# - maps_in, side_in, maps, side: of what the layer reads and of what it gives; units are maps of side 1.
# - copies: how many maps subsample each map below (LeNet-4).
# - below, here, weights: where in the flat arrays its inputs, its outputs and its weights begin.
_COLUMNS = ("kind", "squash", "maps_in", "side_in", "maps", "side", "copies", "below", "here", "weights")
LAYER = np.dtype([(name, np.int64) for name in _COLUMNS])


class Net(NamedTuple):
    """A network as the loops read it.

    plan: a `LAYER` for each layer, bottom to top, without an RBF output.
    weights: of all layers, one after the other, as `compiled` lays them out.
    steps: by how much a gradient of 1 moves each of them.
    links: (layers, maps below, maps), which maps below a convolution's maps read.
    codes: (classes, units), what each class pulls the last layer's output to; cross-entropy reads none.
    loss: one of the four losses by its number.
    j: for MAP, the distance of the class of rubbish (equation 9).
    """

    plan: np.recarray
    weights: np.ndarray
    steps: np.ndarray
    links: np.ndarray
    codes: np.ndarray
    loss: int
    j: float


class Workspace(NamedTuple):
    """What the loops write on their way up and down through a network, for one pattern.

    x: the pixels and every layer's outputs, one after the other; behind each stands a 1, the bias's input.
    a: the weighted sums, where x has what the squash makes of them.
    d: the deltas, gradients of the loss along x and then along a, in the same places.
    sums: where x has a subsampling's outputs, the sums of its squares.
    winners: where x has a maximum, the place in x that it is from.
    wide: one map of a convolution, in rows as long as its input's.
    padded: (maps, places) a convolution's deltas in such rows, with zeros around.
    patches: (places, weights of a map) what the kernels of a convolution's map read at each place, and a 1.
    gradient: of the weights of one map.
    """

    x: np.ndarray
    a: np.ndarray
    d: np.ndarray
    sums: np.ndarray
    winners: np.ndarray
    wide: np.ndarray
    padded: np.ndarray
    patches: np.ndarray
    gradient: np.ndarray


def workspace(plan: np.recarray) -> Workspace:
    """Room for one pattern: exactly as much as the layers of the plan read and write."""
    last, convolutions = plan[-1], plan[plan.kind == CONVOLUTION]
    size = last.here + last.maps * last.side**2 + 1
    x, a, d, sums = (np.zeros(size, np.float32) for _ in range(4))
    x[plan[0].here - 1] = 1
    x[plan.here + plan.maps * plan.side**2] = 1
    side_in, side, maps, maps_in = (
        max(convolutions[name], default=0) for name in ("side_in", "side", "maps", "maps_in")
    )
    weights = maps_in * KERNEL**2 + 1
    return Workspace(
        x,
        a,
        d,
        sums,
        winners=np.zeros(size, np.int64),
        wide=np.zeros(side_in**2, np.float32),
        padded=np.zeros((maps, side_in**2 + margin(side_in)), np.float32),
        patches=np.zeros((side**2, weights), np.float32),
        gradient=np.zeros(weights, np.float32),
    )


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


def compiled(function):
    """The function, compiled when it is first called, and from then on read from numba's cache.

    The cache lies beside this file or in the user's home. Where neither can be written, as with an
    installation that many share, every process compiles anew, which takes some seconds.
    """
    options = {"error_model": "numpy", "nogil": True}
    try:
        return njit(cache=True, **options)(function)
    except RuntimeError:  # numba has found no folder for its cache
        return njit(**options)(function)


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
def margin(row):
    """How far the last tap of a kernel reads beyond its first, in rows of that length."""
    return (KERNEL - 1) * (row + 1)


@compiled
def add_taps(out, source, kernel, row):
    """out[i] += the sum over taps of kernel[ky, kx] source[i + ky row + kx]; `row`: length of a row.

    source: as long as `out`, and `margin(row)` beyond.
    """
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
    row, side, plane = p.side_in, p.side, p.side_in**2
    taps = KERNEL * KERNEL
    length = (side - 1) * row + side
    out = wide[:length]
    for k in range(p.maps):
        own = weights[p.weights + k * (p.maps_in * taps + 1) :]
        out[:] = own[p.maps_in * taps]
        for i in range(p.maps_in):
            if links[i, k]:
                add_taps(
                    out,
                    x[p.below + i * plane : p.below + (i + 1) * plane],
                    own[i * taps : (i + 1) * taps],
                    row,
                )
        for y in range(side):
            place = (k * side + y) * side
            a[place : place + side] = out[y * row : y * row + side]


@compiled
def pull_back_convolution(p, weights, links, d, padded):
    """Deltas of the maps below, from those of a convolution."""
    row, side, plane = p.side_in, p.side, p.side_in**2
    taps = KERNEL * KERNEL
    first = margin(row)
    turned = np.empty(taps, np.float32)
    for k in range(p.maps):
        padded[k, : plane + first] = ZERO
        for y in range(side):
            place = first + y * row
            here = p.here + (k * side + y) * side
            padded[k, place : place + side] = d[here : here + side]
    for i in range(p.maps_in):
        out = d[p.below + i * plane : p.below + (i + 1) * plane]
        out[:] = ZERO
        for k in range(p.maps):
            if links[i, k]:
                own = weights[p.weights + k * (p.maps_in * taps + 1) + i * taps :]
                for t in range(taps):
                    turned[t] = own[taps - 1 - t]
                add_taps(out, padded[k, : plane + first], turned, row)


@compiled
def move_kernels(p, weights, steps, x, d, patches, gradient):
    """One step of a convolution's kernels and biases."""
    row, side = p.side_in, p.side
    taps = p.maps_in * KERNEL * KERNEL
    for y in range(side):
        for c in range(side):
            patch = patches[y * side + c]
            patch[taps] = ONE  # the bias is a weight whose input is always 1
            for i in range(p.maps_in):
                for ky in range(KERNEL):
                    place = p.below + (i * row + y + ky) * row + c
                    t = (i * KERNEL + ky) * KERNEL
                    for kx in range(KERNEL):
                        patch[t + kx] = x[place + kx]
    for k in range(p.maps):
        here = p.here + k * side * side
        gradient[: taps + 1] = ZERO
        add_rows(gradient[: taps + 1], patches, d[here : here + side * side])
        first = p.weights + k * (taps + 1)
        for t in range(taps + 1):
            weights[first + t] -= steps[first + t] * gradient[t]


@compiled
def subsample(p, weights, x, a, sums):
    """a of a subsampling: coefficient times the sum of a square, plus bias; `sums` for the way back."""
    row, side = p.side_in, p.side
    for k in range(p.maps):
        plane = x[p.below + k // p.copies * row * row :]
        coefficient, bias = weights[p.weights + 2 * k], weights[p.weights + 2 * k + 1]
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
    row, side = p.side_in, p.side
    d[p.below : p.below + p.maps_in * row * row] = ZERO
    for k in range(p.maps):
        plane = d[p.below + k // p.copies * row * row :]
        coefficient = weights[p.weights + 2 * k]
        for y in range(side):
            upper, lower = plane[2 * y * row :], plane[(2 * y + 1) * row :]
            own = d[p.here + (k * side + y) * side :]
            for c in range(side):
                back = coefficient * own[c]
                upper[2 * c] += back
                upper[2 * c + 1] += back
                lower[2 * c] += back
                lower[2 * c + 1] += back


@compiled
def move_coefficients(p, weights, steps, d, sums):
    """One step of a subsampling's coefficients and biases."""
    units = p.side**2
    for k in range(p.maps):
        own = d[p.here + k * units : p.here + (k + 1) * units]
        first = p.weights + 2 * k
        weights[first] -= steps[first] * total(own * sums[k * units : (k + 1) * units])
        weights[first + 1] -= steps[first + 1] * total(own)


@compiled
def max_pool(p, x, a, winners):
    """a of max pooling, and which of the four won, for the way back."""
    row, side = p.side_in, p.side
    for k in range(p.maps):
        for y in range(side):
            for c in range(side):
                corner = p.below + (k * row + 2 * y) * row + 2 * c
                won = corner
                for other in (corner + 1, corner + row, corner + row + 1):
                    if x[other] > x[won]:
                        won = other
                place = (k * side + y) * side + c
                winners[place] = won
                a[place] = x[won]


@compiled
def pull_back_max_pool(p, d, winners):
    """Deltas of the maps below: all to the winner."""
    d[p.below : p.below + p.maps_in * p.side_in**2] = ZERO
    for place in range(p.maps * p.side**2):
        d[winners[place]] += d[p.here + place]


@compiled
def weights_by_unit(p, flat):
    """The weights of a fully connected layer as (units, inputs + 1), the bias last."""
    inputs = p.maps_in * p.side_in**2 + 1
    return flat[p.weights : p.weights + p.maps * inputs].reshape(p.maps, inputs)


@compiled
def weights_by_input(p, flat):
    """The same once more as (inputs + 1, units), behind the other."""
    inputs = p.maps_in * p.side_in**2 + 1
    first = p.weights + p.maps * inputs
    return flat[first : first + p.maps * inputs].reshape(inputs, p.maps)


@compiled
def connect(p, weights, x, a):
    """a of a fully connected layer; behind its inputs stands a 1 for the bias."""
    inputs = p.maps_in * p.side_in**2 + 1
    a[: p.maps] = ZERO
    add_rows(a[: p.maps], weights_by_input(p, weights), x[p.below : p.below + inputs])


@compiled
def pull_back_connections(p, weights, d):
    """Deltas of the units below a fully connected layer."""
    inputs = p.maps_in * p.side_in**2 + 1
    below = d[p.below : p.below + inputs]
    below[:] = ZERO
    add_rows(below, weights_by_unit(p, weights), d[p.here : p.here + p.maps])


@compiled
def move_connections(p, weights, steps, x, d):
    """One step of a fully connected layer, of both copies of its weights."""
    inputs = p.maps_in * p.side_in**2 + 1
    own, below = d[p.here : p.here + p.maps], x[p.below : p.below + inputs]
    rows, row_steps = weights_by_unit(p, weights), weights_by_unit(p, steps)
    for k in range(p.maps):
        for i in range(inputs):
            rows[k, i] -= row_steps[k, i] * (own[k] * below[i])
    columns, column_steps = weights_by_input(p, weights), weights_by_input(p, steps)
    for i in range(inputs):
        for k in range(p.maps):
            columns[i, k] -= column_steps[i, k] * (own[k] * below[i])


@compiled
def forward(net, work):
    """Every layer's output, into `work.x`."""
    for layer in range(len(net.plan)):
        p = net.plan[layer]
        end = p.here + p.maps * p.side**2
        a = work.a[p.here : end]
        if p.kind == CONVOLUTION:
            convolve(p, net.weights, net.links[layer], work.x, a, work.wide)
        elif p.kind == SUBSAMPLING:
            subsample(p, net.weights, work.x, a, work.sums[p.here : end])
        elif p.kind == MAXIMUM:
            max_pool(p, work.x, a, work.winners[p.here : end])
        else:
            connect(p, net.weights, work.x, a)
        activate(p.squash, a, work.x[p.here : end])


@compiled
def backward(net, work):
    """From deltas at the last layer's output down: each layer's deltas, then its step."""
    weights, steps, x, d = net.weights, net.steps, work.x, work.d
    for layer in range(len(net.plan) - 1, -1, -1):
        p = net.plan[layer]
        end = p.here + p.maps * p.side**2
        multiply_by_slope(p.squash, x[p.here : end], d[p.here : end])
        if p.kind == CONVOLUTION:
            if layer:
                pull_back_convolution(p, weights, net.links[layer], d, work.padded)
            move_kernels(p, weights, steps, x, d, work.patches, work.gradient)
        elif p.kind == SUBSAMPLING:
            pull_back_subsampling(p, weights, d)
            move_coefficients(p, weights, steps, d, work.sums[p.here : end])
        elif p.kind == MAXIMUM:
            pull_back_max_pool(p, d, work.winners[p.here : end])
        else:
            pull_back_connections(p, weights, d)
            move_connections(p, weights, steps, x, d)


@compiled
def loss_and_winner(net, x, label, d):
    """The loss at the last layer's output x, and the class that wins; the loss's gradient goes into d."""
    codes = net.codes
    scores = class_scores(net, x)
    winner = np.argmax(scores)
    if net.loss == SQUARED:
        d[:] = x - codes[label]
        return total(d * d) / 2, winner
    if net.loss == DISTANCE:
        d[:] = TWO * (x - codes[label])
        return -scores[label], winner
    highest = scores[winner]
    if net.loss == MAP and highest < -net.j:
        highest = -net.j
    shares = np.exp(scores - highest)
    whole = shares.sum()
    if net.loss == MAP:
        whole += np.exp(-net.j - highest)
    value = np.log(whole) + highest - scores[label]
    shares /= whole
    shares[label] -= 1
    if net.loss == MAP:
        pull_towards(codes, shares, x, d)
    else:
        for c in range(len(codes)):
            d[c] = np.float32(shares[c])
    return value, winner


@compiled
def class_scores(net, x):
    """The larger the likelier: minus the distance to each code for MAP and DISTANCE, else x itself."""
    classes = len(net.codes)
    scores = np.empty(classes, np.float64)
    for c in range(classes):
        if net.loss in (MAP, DISTANCE):
            apart = x - net.codes[c]
            scores[c] = -total(apart * apart)
        else:
            scores[c] = x[c]
    return scores


@compiled
def pull_towards(codes, shares, x, d):
    """d: the gradient along x of the sum over classes of share times minus the distance to the code."""
    d[:] = ZERO
    for c in range(len(codes)):
        pull = np.float32(-2 * shares[c])
        for i in range(x.size):
            d[i] += pull * (x[i] - codes[c, i])


@compiled
def train(net, work, images, labels, order):
    """One update for each pattern of the order: summed loss and right answers, each before its update."""
    pixels, last = images.shape[1], net.plan[-1]
    end = last.here + last.maps * last.side**2
    summed, right = 0.0, 0
    for pattern in order:
        work.x[:pixels] = images[pattern]
        forward(net, work)
        output, deltas = work.x[last.here : end], work.d[last.here : end]
        value, winner = loss_and_winner(net, output, labels[pattern], deltas)
        summed += value
        right += winner == labels[pattern]
        backward(net, work)
    return summed, right
