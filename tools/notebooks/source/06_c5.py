# %% [markdown]
# # 06 · C5, a convolution in disguise
#
# **What you will find out.** Why the paper calls C5 a convolution although it looks fully connected. And what
# this buys: a network that reads a whole line of digits without being taught to.

# %%
from lenet_edu import load_network, plots

network = load_network("lenet5-1998")
plots.network(network, lit="C5")

# %% [markdown]
# ## You are here
#
# Sixteen maps of 5 by 5 arrive from S4.

# %%
from lenet_edu import activations, load_digits

digits = load_digits().test.one_of_each()
outputs = activations(network, digits.images)
arrives = outputs["S4"]
tuple(arrives.shape)

# %% [markdown]
# C5 is a convolution with kernels of 5 by 5 that reads all sixteen maps. The maps are 5 by 5 as well, so a
# kernel has exactly one place to stand, and each of C5's 120 maps is a single unit: 5 - 5 + 1 = 1.
#
# ## Predict

# %%
from lenet_edu import ask, check, ledger

book = ledger(network)
ask("c5.share", plots.parameters_and_connections(book))

# %% [markdown]
# ## By hand
#
# One unit: 400 products and a bias. Then all 120, as a convolution and as one product with a matrix of 120 by 400.

# %%
import torch
import torch.nn.functional as F

weight, bias = network.C5.weight.detach(), network.C5.bias.detach()
products = arrives[3] * weight[0]
unit = network.C5.squash(products.sum() + bias[0])
c5 = network.C5(arrives).detach()
torch.testing.assert_close(unit, c5[3, 0, 0, 0])
print(products.numel(), "products")

# %%
as_convolution = F.conv2d(arrives, weight, bias)[:, :, 0, 0]
as_matrix = arrives.flatten(1) @ weight.flatten(1).T + bias
torch.testing.assert_close(as_convolution, as_matrix)
torch.testing.assert_close(network.C5.squash(as_matrix), c5[:, :, 0, 0])
print("matrix of", *weight.flatten(1).shape)

# %% [markdown]
# So at this size, a convolution and a fully connected layer are the same.
#
# ## See
#
# 120 numbers for each digit, in five rows. There is no *where* left; each unit says how much it finds of
# something in the whole image.

# %%
titles = [f"a {label}" for label in digits.labels.tolist()]
plots.maps(c5.view(10, 5, 24), titles, "C5 for ten digits: 120 answers each", layer="C5", columns=5)

# %% [markdown]
# ## What one unit sees
#
# Everything: all 32 by 32 pixels. C5 is the first layer of which this is true.

# %%
plots.receptive_field(network, outputs, "C5", sample=3)

# %%
from lenet_edu import FeatureMaps

FeatureMaps(network, digits, digit=3, layer="C5")

# %% [markdown]
# ## The row of the ledger

# %%
book["C5"]

# %% [markdown]
# There is one place only, so every parameter serves one connection, and both numbers are the same: 48,120. It is
# the only convolution of the network in which nothing is shared.

# %%
from lenet_edu import paper

held = weight.numel() + bias.numel()
print(f"{weight.numel():,} weights + {len(bias)} biases = {held:,}")
print(f"{held / book.totals['parameters']:.0%} of all {book.totals['parameters']:,}")
assert held == book["C5"].parameters.value == paper.PARAMETERS["C5"]
assert held == book["C5"].connections.value == paper.CONNECTIONS["C5"]

# %% [markdown]
# ## A larger image
#
# Take the layers up to C5 and give them larger images. No weight is changed.

# %%
up_to_c5 = torch.nn.Sequential(*list(network)[:5])
shapes = []
for side in (32, 36, 40, 64):
    maps = up_to_c5(torch.zeros(1, 1, side, side))
    shapes.append(f"image {side} x {side}: C5 is {maps.shape[1]} maps of {maps.shape[2]} x {maps.shape[3]}")
ask("c5.larger", "\n".join(shapes))

# %% [markdown]
# This is why C5 is called a convolution. If LeNet-5's input were made larger and all else kept, the paper says, C5's
# maps would be larger than 1 by 1. Each place of the result is what the network would say about one window of
# 32 by 32, and the windows lie four pixels apart. Check it: the second place of a row is the window four pixels
# to the right.

# %%
large = torch.rand(1, 1, 36, 36)
window = large[:, :, :32, 4:36]
torch.testing.assert_close(up_to_c5(large)[:, :, 0, 1], up_to_c5(window)[:, :, 0, 0])
print("windows lie", book["C5"].stride.value, "pixels apart")

# %% [markdown]
# ## A line of digits
#
# Five digits side by side as one wide picture:

# %%
line = torch.cat([digits.images[d, :, :, 2:30] for d in (3, 1, 4, 1, 5)], dim=2)
line = F.pad(line, (2, 2), value=paper.BACKGROUND)[None]
tuple(line.shape)

# %% [markdown]
# C5 slides over all of it in one go. F6 and OUTPUT then do their work at each place, and give a distance to the
# code of each digit. Two codes are never nearer to each other than 48. A place that is within 12 of a code is
# nearer to it than to all others, and it is safe to call it read (an exercise in notebook 08 asks
# why 12).

# %%
along = up_to_c5(line)[0, :, 0].T  # (places, 120)
distances = network.OUTPUT(network.F6(along)).detach()
codes = network.OUTPUT.codes
nearest_pair = torch.pdist(codes).square().min().round()
sure = nearest_pair.item() / 4
print(len(along), "places; codes at least", int(nearest_pair), "apart; sure within", int(sure))

# %%
picture = line[0, 0]
plots.scan(picture, distances, step=4, sure=sure, title="What the network says along the line")


# %% [markdown]
# Where one of MNIST's digits is in the middle of the window, the network is sure of it. (It learned from MNIST. If the
# smaller digits stand in, which are thicker and blurred, it misses some, and is sure of a wrong one now and then.)
# Between two digits it sees halves of both, and mostly says nothing, but not always. The paper's section on space
# displacement networks deals with just that.
#
# How much work is saved? Cut out each window and read it by itself, or slide:


# %%
def multiply_adds(width):
    """Of C1 to C5, for an image of 32 by `width`."""
    x, total = torch.zeros(1, 1, 32, width), 0
    for row, layer in zip(book.rows[:5], up_to_c5, strict=True):
        x = layer(x)
        total += row.multiply_adds.value * x.shape[3] // row.output_shape[2]
    return total


# %%
apart, together = len(along) * multiply_adds(32), multiply_adds(line.shape[3])
print(f"{len(along)} windows one by one: {apart:>10,} multiply-adds")
print(f"sliding over the line:   {together:>10,} multiply-adds, {apart / together:.1f} times fewer")

# %% [markdown]
# ## Change it
#
# Write your own number in place of (3, 1, 4, 1, 5). Put the digits closer together, as here (`4:28` instead of
# `2:30`), and watch where the network begins to go wrong.

# %%
mine = torch.cat([digits.images[d, :, :, 4:28] for d in (2, 7, 0)], dim=2)
mine = F.pad(mine, (4, 4), value=paper.BACKGROUND)[None]
distances = network.OUTPUT(network.F6(up_to_c5(mine)[0, :, 0].T)).detach()
plots.scan(mine[0, 0], distances, step=4, sure=sure, title="Closer together")

# %% [markdown]
# ## Exercises
#
# Each solution is folded away in the cell below yours.
#
# **1.** The image is 64 pixels wide and 48 high. How many places has a map of C5?

# %%
places = None
check("c5.places", places)

# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution
places = ((64 - 32) // 4 + 1) * ((48 - 32) // 4 + 1)
assert check("c5.places", places).right

# %% [markdown]
# **2.** And how many parameters has C5 then, with images of 36 by 36?

# %%
parameters = None
check("c5.parameters", parameters)

# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution
parameters = 120 * (16 * 5 * 5 + 1)
assert check("c5.parameters", parameters).right


# %% [markdown]
# **3.** Write C5's weighted sum as a matrix product: `as_matrix(s4, weight, bias)` gives `(N, units)` from `(N, maps, 5,
# 5)`, `(units, maps, 5, 5)` and `(units,)`.


# %%
def as_matrix(s4, weight, bias):
    return ...


check("c5.as_matrix", as_matrix)


# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution
def as_matrix(s4, weight, bias):
    return s4.flatten(1) @ weight.flatten(1).T + bias


assert check("c5.as_matrix", as_matrix).right

# %% [markdown]
# **4. Change and explain.** Call `multiply_adds` with other widths. Why is sliding so much cheaper than cutting out
# windows? (a) What neighbouring windows share is computed once. (b) The sliding network is less exact. (c) Each
# window sees fewer pixels.

# %%
letter = None
check("c5.wide", letter)

# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution
letter = "a"
assert check("c5.wide", letter).right

# %% [markdown]
# ## What you know now
#
# - C5 is a convolution whose maps happen to be 1 by 1. Its 48,120 parameters are 80% of the network.
# - On a larger image the same weights give a map of answers, one for every four pixels.
# - Sliding the network over a line costs a fraction of reading it window by window.
#
# What leaves C5, for each of the ten digits:

# %%
tuple(c5.shape)

# %% [markdown]
# **Next:** [07 F6](07_f6.ipynb) draws a picture of it.
