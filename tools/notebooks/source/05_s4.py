# %% [markdown]
# # 05 · S4, lower still
#
# [Course map](00_start_here.ipynb) · [Glossary](glossary.ipynb)
#
# **After this notebook you can:** follow how the maps get smaller and more numerous, work out what a unit sees, measure how much
# a moved digit changes each layer, and find out how far a digit can be bent before it is misread. Before it you need
# [03 S2](03_s2.ipynb) and [04 C3](04_c3.ipynb).
#
# ## Where we are
#
# The fourth layer, S4. It does to C3's maps what S2 did to C1's.

# %%
from lenet_edu import activations, load_digits, load_network, plots

network = load_network("lenet5-1998")
digits = load_digits().test.one_of_each()
outputs = activations(network, digits.images)
plots.network(network, outputs, lit="S4", sample=3)

# %% [markdown]
# Sixteen maps of 10 by 10 arrive from C3, for each of the ten digits:

# %%
arrives = outputs["C3"]
tuple(arrives.shape)

# %% [markdown]
# ## One unit, on paper
#
# A unit is computed as in S2: add four values, multiply the sum by the map's coefficient $a$, add the map's bias $b$, and squash
# the result.
#
# $$y_{r,c} = f\big(a\,(x_{2r,\,2c} + x_{2r,\,2c+1} + x_{2r+1,\,2c} + x_{2r+1,\,2c+1}) + b\big)$$

# %% tags=["nbval-ignore-output"]
square = arrives[3, 0, 4:6, 4:6]
a, b = network.S4.coefficient[0].item(), network.S4.bias[0].item()
weighted_sum = square.sum() * a + b
print(*(f"{value:.4f}" for value in square.flatten()), sep=" + ", end=f" = {square.sum():.4f}\n")
print(f"{square.sum():.4f} x {a:.4f} + ({b:.4f}) = {weighted_sum:.2f}")
print(f"squashed: {network.S4.squash(weighted_sum):.2f}")
print(f"the layer itself says: {network.S4(arrives)[3, 0, 2, 2]:.2f}")

# %% [markdown]
# All units of all maps at once:

# %%
x = arrives
sums = x[..., 0::2, 0::2] + x[..., 0::2, 1::2] + x[..., 1::2, 0::2] + x[..., 1::2, 1::2]
weighted = sums * network.S4.coefficient[:, None, None] + network.S4.bias[:, None, None]
s4 = network.S4(arrives).detach()
print(f"largest difference to the layer: {(network.S4.squash(weighted) - s4).abs().max():.4f}")

# %%
titles = [f"map {k}" for k in range(16)]
plots.maps(s4[3], titles, "The 3 in S4: sixteen maps of 5 by 5 units", layer="S4")

# %% [markdown]
# ## Follow the size of the maps from layer to layer

# %%
from lenet_edu import ask, ledger

book = ledger(network)
rows = [book.input, *book.rows][:5]
lines = []
for name, maps, side, units in ((r.name, *r.output_shape[:2], r.units.value) for r in rows):
    lines.append(
        f"{name:<5} {maps:>2} maps of {side:>2} x {side:<2} = {units:>5,} units  {'#' * (units // 100)}"
    )
ask("s4.units", "\n".join(lines))

# %% [markdown]
# From layer to layer, *where* something is becomes less exact, while more kinds of feature are recorded. The paper calls this form a **bi-pyramid**: the maps get smaller from layer to layer,
# and there are more of them.
#
# ## Work out what one unit sees
#
# How large is the receptive field of a unit of S4? Go down layer by layer. Suppose that our unit depends on a square of $r$ by $r$
# units in some layer, and that this layer's kernels have the side $k$ and move in steps of $s$. Then our unit depends on a square
# of $r'$ by $r'$ units in the layer below, with
#
# $$r' = (r - 1)\, s + k$$
#
# Begin in S4 with the unit itself, $r = 1$. (S4 and S2 read squares with $k = 2$ and $s = 2$.)

# %%
r = 1
for name, k, s in (("S4", 2, 2), ("C3", 5, 1), ("S2", 2, 2), ("C1", 5, 1)):
    print(f"{name}: ({r} - 1) x {s} + {k} = {(r - 1) * s + k}")
    r = (r - 1) * s + k

# %% [markdown]
# So a unit of S4 sees 16 by 16 pixels, half the width of the image. Its neighbour sees a square of the same size, four pixels
# further on.

# %%
plots.receptive_field(network, outputs, "S4", unit=(2, 2), sample=3)

# %% [markdown]
# Point at a unit of S4 below and follow it down to the image.

# %%
from lenet_edu import FeatureMaps

FeatureMaps(network, digits, digit=3, layer="S4")

# %% [markdown]
# ## Count parameters and connections

# %%
book["S4"]

# %%
held = network.S4.coefficient.numel() + network.S4.bias.numel()
units_of_s4 = s4[0].numel()
print(f"{network.S4.coefficient.numel()} coefficients + {network.S4.bias.numel()} biases = {held} parameters")
print(f"{units_of_s4} units x (2 x 2 + 1) = {units_of_s4 * 5:,} connections")

# %% [markdown]
# ## When the image moves
#
# Move the image by four pixels, and S4 moves by exactly one place: S2 halves the number of places, and S4 halves it again.
# Compare S4 before and after, all places except those at the edge:

# %%
import torch

moved = activations(network, torch.roll(digits.images, 4, dims=3))
difference = (moved["S4"][..., 1:] - s4[..., :-1]).abs().max()
print(f"moved by {4 // book['S4'].stride.value} place, largest difference {difference:.4f}")


# %% [markdown]
# Now move it by *one* pixel. S4 cannot move by a quarter of a place, so its numbers change instead. How much? Compare
# two changes: from a digit to the same digit moved, and from a digit to another digit. With $y$ for the output of a layer:
#
# $$\text{ratio} = \frac{\lVert\, y(\text{moved digit}) - y(\text{digit})\,\rVert}{\lVert\, y(\text{another digit}) - y(\text{digit})\,\rVert}$$
#
# The ratio is near zero if the layer hardly notices the move. It is 1 if the move changes the layer as much as another digit would.
# A layer that does not notice a certain change has **invariance** to it. This is not the equivariance of notebook 02: there the output moves
# along, here it stays as it is.


# %%
def length(difference):
    return difference.flatten(1).norm(dim=1).mean().item()


def ratios(model, pixels):
    before, after = activations(model, images), activations(model, torch.roll(images, pixels, dims=3))
    others = {name: length(before[name].roll(1, dims=0) - before[name]) for name in before}
    return {name: length(after[name] - before[name]) / others[name] for name in before}


# %%
images, names = load_digits().test.images[:300], list(outputs)
moves = {f"moved by {pixels}": list(ratios(network, pixels).values()) for pixels in (1, 2, 3, 4)}
ask("s4.invariance", plots.curves(names, moves, ylabel="ratio"))

# %% [markdown]
# ## How far can a digit be bent?
#
# A network's **robustness** says how far an input can be changed before the answers become wrong. Move the sliders until the 3 is
# misread:

# %%
from lenet_edu import Robustness

Robustness(network, digits, digit=3)

# %% [markdown]
# Now measure it on all test digits of MNIST. (This takes minutes, so the figure shows a recorded run.)

# %%
from lenet_edu import read_results
from lenet_edu.reproduction.robustness import errors_on_record

recorded = errors_on_record(read_results("robustness"))
ask("s4.rotation", plots.robustness({"LeNet-5 of 1998": recorded["lenet5-1998"]}))

# %% [markdown]
# The green areas show how far the paper estimates that LeNet-5 reads accurately: turned by up to 30 degrees, twice or half as large,
# or moved by half its height. Compare that with the measured curves: near the borders of the green areas this network already
# makes many mistakes. Remember notebook 00: **a network knows only the kind of data that it was trained on.** This one was trained
# on digits that stand upright in the middle.
#
# ## Find out where invariance comes from
#
# It is often said that subsampling makes a network invariant to small shifts. Is that true? A network with the same layers but
# random weights has the same subsampling, and has learned nothing. Here are the trained network and five with random weights:

# %%
from lenet_edu import LeNet5


def untrained(seed):
    model = LeNet5()
    model.reset_parameters(torch.Generator().manual_seed(seed))
    return model


several = [ratios(untrained(seed), 1) for seed in range(5)]
lines = {"trained": list(ratios(network, 1).values())}
lines |= {f"random {seed}": list(one.values()) for seed, one in enumerate(several)}
plots.curves(names, lines, "One pixel to the right", ylabel="ratio")

# %% [markdown]
# Up to S4 all six lines fall, and by about as much: for this part no training is needed. Behind S4 they part. With random weights
# C5 and F6 add nothing. In the trained network the ratio goes on falling in C5 and F6, the layers that see the whole digit. So in
# this network the layers up to S4 give a part of the invariance, and training gives the larger part. (This is one trained
# network. Does it hold for another? Try `load_network("lenet5-modern")`.)
#
# ## Change it
#
# Move the digits down instead of to the right (`dims=2` in `ratios`), or by more pixels. From which move on do they look like other
# digits to F6?

# %%
pixels = list(range(9))
answers = [ratios(network, n)["F6"] for n in pixels]
plots.curves(pixels, {"F6": answers}, "How far may a digit move?", "pixels to the right", "ratio")

# %% [markdown]
# ## Exercises
#
# Each solution is folded away in the cell below yours.
#
# **1. Transfer.** Suppose that a layer S6 subsampled S4's maps once more, in squares of 2 by 2. By how many pixels must the image
# move so that S6's maps move by exactly one place?

# %%
from lenet_edu import check

pixels_for_one_place = None
check("s4.step", pixels_for_one_place)

# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution
pixels_for_one_place = 2 * 2 * 2
assert check("s4.step", pixels_for_one_place).right

# %% [markdown]
# **2. Transfer.** Give LeNet-5 an image of 64 by 64 pixels. What is the side of a map of S4?

# %%
side = None
check("s4.side", side)

# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution
side = ((64 - 5 + 1) // 2 - 5 + 1) // 2
assert check("s4.side", side).right


# %% [markdown]
# **3. Code.** Write `field(layers)`: the side of the receptive field of a unit. `layers` is a list of pairs (side of the kernel,
# stride), from the first layer to the last, such as `[(5, 1), (2, 2)]` for C1 and S2.


# %%
def field(layers):
    return ...


check("s4.field", field)


# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution
def field(layers):
    r = 1
    for kernel, stride in reversed(layers):
        r = (r - 1) * stride + kernel
    return r


assert check("s4.field", field).right

# %% [markdown]
# **4. Explain in your own words.** What is the difference between equivariance and invariance? Name a layer that has the one, and
# one that comes near to the other.

# %%
from lenet_edu import explain

words = ""
explain("s4.invariance", words)

# %% [markdown]
# ## Recap: notebooks 00 to 05
#
# A few questions on all that you have read so far. Only your first answer counts.

# %%
from lenet_edu import quiz

quiz("s4")

# %% [markdown]
# ## What you know now
#
# - S4 has 32 parameters and 2,000 connections, and gives 400 units.
# - From INPUT to S4 the side of a map shrinks from 32 to 28, 14, 10 and 5, and the number of maps grows from 1 to 6 and 16.
# - A unit of S4 sees 16 by 16 pixels, and its neighbour sees the square four pixels further on.
# - In the trained network, invariance to small shifts appears mostly in the layers that see the whole digit.
#
# Sixteen maps of 5 by 5 units leave S4, for each of the ten digits:

# %%
tuple(s4.shape)

# %% [markdown]
# **Next:** in [06 C5](06_c5.ipynb) each unit sees the whole digit.
