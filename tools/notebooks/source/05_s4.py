# %% [markdown]
# # 05 · S4, lower still
#
# **What you will find out.** How the image shrinks while the number of maps grows. And how much of "it does not
# matter where" each layer achieves, measured.

# %%
from lenet_edu import load_network, plots

network = load_network("lenet5-1998")
plots.network(network, lit="S4")

# %% [markdown]
# ## You are here
#
# Sixteen maps of 10 by 10 arrive from C3.

# %%
from lenet_edu import activations, load_digits

everything = load_digits()
digits = everything.test.one_of_each()
outputs = activations(network, digits.images)
arrives = outputs["C3"]
tuple(arrives.shape)

# %% [markdown]
# ## By hand
#
# S4 works as S2 does, on sixteen maps instead of six: sum of four, coefficient, bias, squash.

# %%
import torch

pairs = arrives.view(10, 16, 5, 2, 5, 2)
sums = pairs.sum((3, 5))  # (10, 16, 5, 5)
coefficients, biases = network.S4.coefficient[:, None, None], network.S4.bias[:, None, None]
s4 = network.S4(arrives).detach()
torch.testing.assert_close(network.S4.squash(sums * coefficients + biases).detach(), s4)

# %% [markdown]
# ## See

# %%
titles = [f"map {k}" for k in range(16)]
plots.maps(s4[3], titles, "The 3 in S4: sixteen answers, each at 5 by 5 places", layer="S4")

# %% [markdown]
# ## Fewer places, more maps

# %%
from lenet_edu import ask, check, ledger

book = ledger(network)
rows = [book.input, *book.rows][:5]
units = {row.name: row.units.value for row in rows}
title = "Units from INPUT to S4"
ask("s4.units", plots.bars(units, title, text="{:,.0f}", layers=True))

# %%
for row in rows:
    maps, side, _ = row.output_shape
    print(f"{row.name:<5} {maps:>2} maps of {side} x {side}: {maps * side * side:>5,} units")

# %% [markdown]
# C1 first makes more of the image, 4,704 units from 1,024 pixels. From there on it goes down: 400 units are left in
# S4. *Where* is given up step by step, *what* is told in more and more words. The paper calls this a
# bi-pyramid: the image gets narrow while the stack of maps gets thick.
#
# ## What one unit sees
#
# Half the width of the image. A neighbour sees the same, four pixels on.

# %%
plots.receptive_field(network, outputs, "S4", unit=(2, 2), sample=3)

# %% [markdown]
# Point at a unit of S4 and follow it down: two units a side in C3, six in S2, and so on to the image.

# %%
from lenet_edu import FeatureMaps

FeatureMaps(network, digits, digit=3, layer="S4")

# %% [markdown]
# ## The row of the ledger

# %%
book["S4"]

# %% [markdown]
# Counted in the layer itself, 16 coefficients and 16 biases:

# %%
from lenet_edu import paper

held = network.S4.coefficient.numel() + network.S4.bias.numel()
connections = s4[0].numel() * (2 * 2 + 1)
print(f"{network.S4.coefficient.numel()} + {network.S4.bias.numel()} = {held} parameters")
print(f"{s4[0].numel()} units x (2 x 2 + 1) = {connections:,} connections")
assert held == book["S4"].parameters.value == paper.PARAMETERS["S4"]
assert connections == book["S4"].connections.value == paper.CONNECTIONS["S4"]

# %% [markdown]
# ## When the image moves
#
# Move the image by four pixels, and S4 moves by exactly one place: two subsamplings, each of which takes every
# second place. Only the places at the rim differ, where something new comes in.

# %%
moved = activations(network, torch.roll(digits.images, 4, dims=3))
torch.testing.assert_close(moved["S4"][..., 1:], s4[..., :-1])
print("4 pixels: S4 moves by", 4 // book["S4"].stride.value)

# %% [markdown]
# Move it by *one* pixel, and there is no quarter of a place to move to. The numbers change a little instead.
#
# How much is a little? Compare two changes: from a digit to the same digit moved, and from a digit to another one.
# Their ratio is small if the layer hardly notices the move, and 1 if moving is as much to it as another digit.

# %%
images = everything.test.images[:300]


def length(difference):
    return difference.flatten(1).norm(dim=1).mean().item()


def ratios(model, pixels):
    before, after = activations(model, images), activations(model, torch.roll(images, pixels, dims=3))
    distance = {name: length(before[name].roll(1, dims=0) - before[name]) for name in before}
    return {name: length(after[name] - before[name]) / distance[name] for name in before}


# %%
names = list(outputs)
trained = {f"moved by {pixels}": list(ratios(network, pixels).values()) for pixels in (1, 2, 3, 4)}
title = "How much a move matters, from layer to layer (1: as much as another digit)"
ask("s4.invariance", plots.curves(names, trained, title))

# %% [markdown]
# Through C1 and S2 hardly anything is gained. C3 and S4 gain a little. In C5 and F6, which see the whole digit, the
# change becomes small: they have learned that a digit is the same digit one pixel on.

# %% tags=["nbval-ignore-output"]
for name, ratio in ratios(network, 1).items():
    print(f"{name:<7} {ratio:.2f}")

# %% [markdown]
# It is often said that pooling makes a network invariant to shifts. Measured, subsampling does a small part of it.
# An untrained network has the same subsampling:

# %%
from lenet_edu import LeNet5

untrained = LeNet5()
untrained.reset_parameters(torch.Generator().manual_seed(0))
both = {"trained": ratios(network, 1), "untrained": ratios(untrained, 1)}
lines = {name: list(values.values()) for name, values in both.items()}
plots.curves(names, lines, "One pixel to the right: invariance is mostly learned")

# %%
assert both["trained"]["F6"] < both["trained"]["S4"] < both["trained"]["INPUT"]
assert both["trained"]["F6"] < both["untrained"]["F6"] / 2

# %% [markdown]
# ## Change it
#
# Move the images down instead of to the right (`dims=2` in `ratios`), or by more pixels. When does a moved digit
# become a stranger? Here is F6 alone, for moves of up to eight pixels:

# %%
pixels = list(range(9))
answers = [ratios(network, n)["F6"] for n in pixels]
plots.curves(pixels, {"F6": answers}, "How far may a digit move?", "pixels to the right")

# %% [markdown]
# ## Exercises
#
# Each solution is folded away in the cell below yours.
#
# **1.** How many trainable parameters has S4?

# %%
parameters = None
check("s4.parameters", parameters)

# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution
parameters = 16 * 2
assert check("s4.parameters", parameters).right

# %% [markdown]
# **2.** By how many pixels must the image move, so that S4's maps move by exactly one place?

# %%
pixels_for_one_place = None
check("s4.step", pixels_for_one_place)

# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution
pixels_for_one_place = 2 * 2
assert check("s4.step", pixels_for_one_place).right


# %% [markdown]
# **3.** Write `change(before, after)` for two outputs `(N, ...)` of a layer: the length of the difference, one number for
# each image.


# %%
def change(before, after):
    return ...


check("s4.change", change)


# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution
def change(before, after):
    return (after - before).flatten(1).square().sum(1).sqrt()


assert check("s4.change", change).right

# %% [markdown]
# **4. Change and explain.** Compare `ratios(untrained, 2)` with `ratios(network, 2)`. Where does invariance to small
# shifts come from? (a) From the architecture alone. (b) From training alone. (c) A little from subsampling, and most
# of it from training.

# %%
letter = None
check("s4.untrained", letter)

# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution
letter = "c"
assert check("s4.untrained", letter).right

# %% [markdown]
# ## What you know now
#
# - S4 has 32 parameters and 2,000 connections, and gives 400 units.
# - Resolution falls while the number of maps rises: 32, 28, 14, 10, 5 places a side; 1, 6, 6, 16, 16 maps.
# - Invariance to small shifts is for the most part learned, in the layers that see everything.
#
# Sixteen maps of 5 by 5 units leave S4, for each of the ten digits:

# %%
tuple(s4.shape)

# %% [markdown]
# **Next:** [06 C5](06_c5.ipynb) looks at all of it at once.
