# %% [markdown]
# # 03 · S2, subsampling
#
# [Course map](00_start_here.ipynb) · [Glossary](glossary.ipynb)
#
# **After this notebook you can:** compute a unit of S2 on paper, explain the squash and its odd numbers, make a unit average
# or decide by choosing two numbers, compare with the pooling of today, and build a small widget of your own.
#
# ## Where we are
#
# The second layer, S2 (S stands for subsampling). Each of its units reads four units of the map below.

# %%
from lenet_edu import activations, load_digits, load_network, plots

network = load_network("lenet5-1998")
digits = load_digits().test.one_of_each()
outputs = activations(network, digits.images)
plots.network(network, outputs, lit="S2", sample=3)

# %% [markdown]
# Six maps of 28 by 28 arrive from C1, for each of the ten digits:

# %%
arrives = outputs["C1"]
tuple(arrives.shape)

# %% [markdown]
# C1's maps say exactly where each edge is. To read a digit, that is too exact: your 7 and mine have their edges in
# different places. S2 keeps the edges, but only roughly their position: 14 by 14 places instead of 28 by 28. Each side is
# halved, so a map of S2 has a quarter of the units. Making maps smaller in this way is called **subsampling**.
#
# ## Predict

# %%
from lenet_edu import ask, ledger

row = ledger(network)["S2"]
ask("s2.parameters", row.parameters)

# %% [markdown]
# ## One unit, on paper
#
# Four steps: add the four values of a square of 2 by 2. Multiply the sum by a number that belongs to the map, its
# **coefficient**. Add the map's bias. Squash. With $a$ for the coefficient, $b$ for the bias and $f$ for the squash:
#
# $$y_{r,c} = f\big(a\,(x_{2r,\,2c} + x_{2r,\,2c+1} + x_{2r+1,\,2c} + x_{2r+1,\,2c+1}) + b\big)$$

# %% tags=["nbval-ignore-output"]
square = arrives[3, 0, 12:14, 12:14]
a, b = network.S2.coefficient[0].item(), network.S2.bias[0].item()
weighted_sum = square.sum() * a + b
print(*(f"{value:.2f}" for value in square.flatten()), sep=" + ", end=f" = {square.sum():.2f}\n")
print(f"{square.sum():.2f} x {a:.2f} + {b:.2f} = {weighted_sum:.2f}")
print(f"squashed: {network.S2.squash(weighted_sum):.2f}")
print(f"the layer itself says: {network.S2(arrives)[3, 0, 6, 6]:.2f}")

# %% [markdown]
# The last two lines agree. Now all units of all maps at once. `x[..., 0::2, 1::2]` takes every second row from row 0 and
# every second column from column 1: the upper right value of each square.

# %%
x = arrives
sums = x[..., 0::2, 0::2] + x[..., 0::2, 1::2] + x[..., 1::2, 0::2] + x[..., 1::2, 1::2]
weighted = sums * network.S2.coefficient[:, None, None] + network.S2.bias[:, None, None]
s2 = network.S2(arrives).detach()
print(f"largest difference to the layer: {(network.S2.squash(weighted) - s2).abs().max():.4f}")

# %% [markdown]
# ## What becomes of the maps

# %%
titles = [f"map {k}" for k in range(6)]
plots.maps(arrives[3], titles, "What arrives from C1", layer="C1")

# %%
plots.maps(s2[3], titles, "What S2 makes of it: half the resolution, the same shapes", layer="S2")

# %% [markdown]
# ## The squash
#
# Every unit from C1 to F6 ends in the same function. The paper calls it the squashing function:
#
# $$f(a) = 1.7159\,\tanh\!\big(\tfrac{2}{3}\,a\big)$$
#
# Many tutorials say that LeNet-5 uses the sigmoid, $1/(1 + e^{-a})$. It does not: the sigmoid lies between 0 and 1, while
# the paper's function lies between -1.7159 and 1.7159. Here are both:

# %%
import torch

f = network.S2.squash
a_values = torch.linspace(-4, 4, 2001, dtype=torch.double)
both = {"the paper's squash": f(a_values), "sigmoid": torch.sigmoid(a_values)}
plots.curves(a_values, both, "The squash of LeNet-5 and the sigmoid", "a", marks=[-1, 1])

# %% [markdown]
# Why these odd numbers? Ask the function itself:

# %%
from lenet_edu import paper

values = torch.tensor([-5.0, -1, 0, 1, 5], dtype=torch.double)
print(f"limits: -{paper.SQUASH_AMPLITUDE} and {paper.SQUASH_AMPLITUDE}")
print("a   ", *(f"{value:6.0f}" for value in values))
print("f(a)", *(f"{value:6.2f}" for value in f(values)))

# %% [markdown]
# 1 goes to 1, and -1 to -1. Later layers are trained to give 1 and -1. The limits of the squash lie farther out, so no unit
# is ever asked for its limit: that would take infinitely large weights.
#
# Now look at how steep the curve is and where it bends most. The slope says how much the output changes when the input
# changes a little; the bend says how fast the slope changes.

# %%
slope = torch.gradient(f(a_values), spacing=(a_values,))[0]
bend = torch.gradient(slope, spacing=(a_values,))[0]
print(f"slope at 0: {slope[1000]:.2f}, at 4: {slope[-1]:.2f}")
print(f"it bends most at {a_values[bend.argmax()]:.2f} and {a_values[bend.argmin()]:.2f}")
plots.curves(a_values, {"f": f(a_values), "slope": slope, "bend": bend}, xlabel="a", marks=[-1, 1])

# %% [markdown]
# The paper says that the curve bends most at 1 and -1, and so it does, nearly: at 0.99. A unit whose output is near 1 stands
# at this bend. Further out the curve is so flat that a change of the input hardly changes the output any more. A unit
# there is in **saturation**, and it learns slowly.
#
# ## Average, or decide
#
# Let the four inputs of a unit be 1 or -1. Then only one thing matters: how many of them are 1. Choose a coefficient and a bias: what does the
# unit do?

# %%
settings = {"small": (0.1, 0), "medium": (0.4, 0), "large, bias up": (2, 6), "large, bias down": (2, -6)}
sums_of_four = torch.tensor([-4.0, -2.0, 0.0, 2.0, 4.0])
lines = [f"{'inputs at 1':<18}" + "".join(f"{n:>6}" for n in range(5))]
for name, (c, b) in settings.items():
    lines.append(f"{name:<18}" + "".join(f"{answer:6.1f}" for answer in f(c * sums_of_four + b)))
ask("s2.and_or", "\n".join(lines))

# %% [markdown]
# The paper describes both ways of working: with a small coefficient a unit blurs, with a large one it decides. Here are the
# four settings on one map of the 3:

# %%
versions = [f(sums[3, 0] * c + b) for c, b in settings.values()]
plots.maps(torch.stack(versions).detach(), list(settings), "One map, four ways to subsample it", layer="S2")

# %% [markdown]
# Move both numbers yourself. Watch where the weighted sums fall on the squash: near the middle the map is only blurred, at
# the ends every unit has decided.

# %%
from lenet_edu import Subsampling

Subsampling(arrives[3])

# %% [markdown]
# And what did training choose? All six coefficients began at 0.25, which makes the sum of four a mean:

# %%
print("began at", 1 / network.S2.size**2)
print("now     ", *(f"{value:.2f}" for value in network.S2.coefficient))

# %% [markdown]
# Each has grown, so each map decides a little more than it did at the start.
#
# ## Build a widget of your own
#
# Any function that returns a figure becomes a widget with `interact`: it makes a slider for each argument, and calls the
# function when you move one. One rule: the function must *return* its figure.

# %%
from ipywidgets import interactive


def look(coefficient=0.5, bias=0.0):
    title = f"Coefficient {coefficient:.1f}, bias {bias:.1f}"
    return plots.maps(f(sums[3] * coefficient + bias).detach(), titles, title, layer="S2")


look()

# %% tags=["nbval-ignore-output"]
interactive(look, coefficient=(-2.0, 2.0), bias=(-4.0, 4.0))

# %% [markdown]
# (`interactive` is `interact` for the end of a cell.) Can you turn the maps into their negatives? Can you make them show
# only what is certain? Try other functions of `plots`, with a slider for the digit.
#
# ## Pooling, then and now
#
# Most networks of today have nothing to learn at this place. **Average pooling** takes the mean of the four values, and **max
# pooling** the largest of them. No squash follows.

# %%
ask("s2.max")

# %%
import torch.nn.functional as F

ways = torch.stack([s2[3, 0], F.avg_pool2d(arrives, 2)[3, 0], F.max_pool2d(arrives, 2)[3, 0]])
names = ["subsampling", "average pooling", "max pooling"]
plots.maps(ways, names, "The same map, made smaller in three ways", layer="S2")

# %% [markdown]
# Average pooling gives a paler copy of subsampling. Max pooling keeps thin positive lines at full strength, and loses
# negative ones. You may read that max pooling "extracts features". It is the kernels that find features; pooling chooses
# among what they found.
#
# ## What one unit sees
#
# A unit of S2 reads four units of C1, and each of these reads 5 by 5 pixels. The four patches overlap: together they cover 6
# by 6 pixels.

# %%
plots.receptive_field(network, outputs, "S2", unit=(6, 6), sample=3)

# %% [markdown]
# ## Count parameters and connections
#
# Each map has a coefficient and a bias. Each unit has four inputs and a bias:
#
# $$\text{parameters} = 6 \cdot 2 \qquad\qquad \text{connections} = 6 \cdot 14 \cdot 14 \cdot (2 \cdot 2 + 1)$$

# %%
row

# %% [markdown]
# Count what the layer itself holds:

# %%
held = network.S2.coefficient.numel() + network.S2.bias.numel()
units = s2[0].numel()
print(f"{network.S2.coefficient.numel()} coefficients + {network.S2.bias.numel()} biases = {held} parameters")
print(f"{units:,} units x (2 x 2 + 1) = {units * 5:,} connections")

# %% [markdown]
# Twelve parameters cost next to nothing. Which four units are added is fixed. Only the strength (the coefficient) and the
# threshold (the bias) are learned.
#
# ## Exercises
#
# Each solution is folded away in the cell below yours.
#
# **1. Compute.** Ten maps are subsampled in squares of 3 by 3, as the paper would do it. How many parameters does that take?

# %%
from lenet_edu import check

parameters = None
check("s2.parameters", parameters)

# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution
parameters = 10 * 2
assert check("s2.parameters", parameters).right

# %% [markdown]
# **2. Compute.** Further on, S4 turns sixteen maps of 10 by 10 into as many of 5 by 5. How many connections does it have,
# biases included?

# %%
connections = None
check("s2.connections", connections)

# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution
connections = 16 * 5 * 5 * (2 * 2 + 1)
assert check("s2.connections", connections).right


# %% [markdown]
# **3. Transfer.** Write `subsample(maps, size)` for maps `(N, maps, H, W)`: the sum of each square of `size` by `size`
# units, without coefficient, bias and squash. H and W are multiples of `size`.


# %%
def subsample(maps, size):
    return ...


check("s2.subsample", subsample)


# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution
def subsample(maps, size):
    total = 0
    for r in range(size):
        for c in range(size):
            total = total + maps[..., r::size, c::size]
    return total


assert check("s2.subsample", subsample).right

# %% [markdown]
# **4. Design.** Find a coefficient and a bias that make an OR: with all four inputs at -1 the unit gives -1 or less; with
# one or more of them at 1 it gives 1 or more.

# %%
pair = None
check("s2.or", pair)

# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution
pair = (2.0, 6.0)
assert check("s2.or", pair).right

# %% [markdown]
# **5. Explain in your own words.** What can the paper's subsampling do that max pooling cannot?

# %%
from lenet_edu import explain

words = ""
explain("s2.pooling", words)

# %% [markdown]
# ## What you know now
#
# - Subsampling: the sum of four, times a coefficient, plus a bias, squashed. 12 parameters for six maps.
# - The squash sends 1 to 1 and -1 to -1, and bends most near there.
# - A small coefficient makes a unit average, a large one makes it decide.
#
# Six maps of 14 by 14 units leave S2, for each of the ten digits:

# %%
tuple(s2.shape)

# %% [markdown]
# **Next:** [04 C3](04_c3.ipynb) combines them.
