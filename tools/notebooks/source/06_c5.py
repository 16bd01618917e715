# %% [markdown]
# # 06 · C5, where the maps end
#
# [Course map](00_start_here.ipynb) · [Glossary](glossary.ipynb)
#
# **After this notebook you can:** compute a unit of C5 by hand, say why the paper calls C5 a convolution although it looks
# like something else, slide the network along a whole line of digits, and say how far you can trust what it finds there.
# Before it you need [04 C3](04_c3.ipynb) and [05 S4](05_s4.ipynb).

# %%
from lenet_edu import activations, load_digits, load_network, plots

network = load_network("lenet5-1998")
everything = load_digits()
digits = everything.test.one_of_each()
outputs = activations(network, digits.images)
plots.network(network, outputs, lit="C5", sample=3)

# %% [markdown]
# ## Where we are
#
# Sixteen maps of 5 by 5 arrive from S4, for each of the ten digits.

# %%
arrives = outputs["S4"]
tuple(arrives.shape)

# %% [markdown]
# C5 has kernels of 5 by 5 and reads all sixteen maps. The maps are 5 by 5 as well, so a kernel has exactly one place to
# stand: 5 - 5 + 1 = 1. Each of C5's 120 maps is therefore a single unit.
#
# Which digits are these?

# %% tags=["nbval-ignore-output"]
everything.name

# %% [markdown]
# If this line says *embedded digits*, then MNIST is not on your machine, and small digits of other people stand in, taken
# with another scanner. The network has never learned from such digits, and misreads some of them. The text below
# quotes MNIST, and says where your figures will differ.
#
# ## Predict

# %%
from lenet_edu import ask, check, ledger

book = ledger(network)
ask("c5.share", plots.parameters_and_connections(book))

# %% [markdown]
# ## Compute one unit by hand
#
# A unit of C5 multiplies every number of the sixteen maps by a weight of its own, adds all products and its bias, and squashes the
# sum:
#
# $$a_k = b_k + \sum_{m} \sum_{u} \sum_{v} w_{kmuv}\, s_{muv}, \qquad x_k = f(a_k)$$
#
# $s_{muv}$ is the number in map $m$ of S4, row $u$, column $v$. $w_{kmuv}$ is the weight that unit $k$ has for it, and $b_k$ the bias
# of this unit. $a_k$ is the weighted sum, and $x_k$ is the unit's output. Here is the part that comes from the first map, for the 3
# and the first unit of C5, as you would write it on paper:

# %% tags=["nbval-ignore-output"]
from lenet_edu import worked_sum

weight, bias = network.C5.weight.detach(), network.C5.bias.detach()
worked_sum(arrives[3, 0], weight[0, 0])

# %% [markdown]
# Fifteen more maps bring fifteen more sums. Add all sixteen, then the bias:

# %% tags=["nbval-ignore-output"]
sums = (arrives[3] * weight[0]).sum((1, 2))  # one for each map
total = sums.sum() + bias[0]
print(" + ".join(f"({part:.2f})" for part in sums.tolist()))
print(
    f"= {sums.sum():.3f}; with the bias {bias[0]:.3f}: {total:.3f}; squashed: {network.C5.squash(total):.3f}"
)
print(f"the layer's own unit: {network.C5(arrives)[3, 0].item():.3f}")

# %% [markdown]
# The same as a picture: sixteen maps, the sixteen kernels of this unit, and their products.

# %%
c5 = network.C5(arrives).detach()
plots.kernel_sum(arrives[3], weight[0], bias[0].item(), c5[3, 0].item())

# %% [markdown]
# Now all 120 units. As a convolution:

# %%
import torch
import torch.nn.functional as F

as_convolution = F.conv2d(arrives, weight, bias)[:, :, 0, 0]
print("kernels:", *weight.shape, "-> result:", *as_convolution.shape)

# %% [markdown]
# Or write each unit's weights in one long row, and the numbers of S4 in one long column. Then the layer is a product
# with a matrix:

# %%
matrix = weight.flatten(1)
as_product = arrives.flatten(1) @ matrix.T + bias
print("matrix:", *matrix.shape, "-> result:", *as_product.shape)
print("largest difference below a thousandth:", bool((as_convolution - as_product).abs().max() < 0.001))

# %% [markdown]
# A layer in which every unit reads every number of the layer below is called a **fully connected layer**. Here, where a kernel is
# as large as the map that it reads, a convolution and a fully connected layer are the same thing.
#
# ## See what C5 makes of ten digits
#
# Each digit becomes 120 numbers, drawn here in five rows to save space: the row and the column of a number mean nothing. There
# is no *where* left: a unit tells how much of something it finds in the whole image.

# %%
titles = [f"a {label}" for label in digits.labels.tolist()]
plots.maps(c5.view(10, 5, 24), titles, "C5 for ten digits: 120 units each", layer="C5", columns=5)

# %% [markdown]
# A unit of C5 sees the whole image, 32 by 32 pixels. It is the first layer of which this is true.

# %%
plots.receptive_field(network, outputs, "C5", sample=3)

# %% [markdown]
# Point at a unit to see its arithmetic:

# %%
from lenet_edu import FeatureMaps

FeatureMaps(network, digits, digit=3, layer="C5")

# %% [markdown]
# ## Count parameters and connections
#
# A kernel stands at one place only. So each parameter serves one connection, and both numbers are the same:
#
# $$120 \times (16 \times 5 \times 5 + 1)$$

# %%
book["C5"]

# %%
from lenet_edu import paper

held = weight.numel() + bias.numel()
print(f"{weight.numel():,} weights + {len(bias)} biases = {held:,}")
print(f"{held / book.totals['parameters']:.0%} of all {book.totals['parameters']:,}")
assert held == book["C5"].parameters.value == paper.PARAMETERS["C5"] == paper.CONNECTIONS["C5"]

# %% [markdown]
# ## Give the network a larger image
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
# This is why the paper calls C5 a convolution: with a larger input, and everything else unchanged, its maps would be larger
# than 1 by 1. Each place of the result is what the network says about one window of 32 by 32, and the windows lie four pixels
# apart. Check it for the second place of a row, with the first three maps of C5:

# %%
large = torch.rand(1, 1, 36, 36, generator=torch.Generator().manual_seed(0))
second_place = up_to_c5(large)[0, :3, 0, 1]
window = up_to_c5(large[:, :, :32, 4:36])[0, :3, 0, 0]
print("second place of the large image:", [round(k, 3) for k in second_place.tolist()])
print("the window four pixels on:      ", [round(k, 3) for k in window.tolist()])

# %% [markdown]
# ## Slide along a line of digits
#
# Put five digits side by side into one wide picture:

# %%
line = torch.cat([digits.images[d, :, :, 2:30] for d in (3, 1, 4, 1, 5)], dim=2)
line = F.pad(line, (2, 2), value=paper.BACKGROUND)[None]
along = up_to_c5(line)[0, :, 0].T  # (places, 120)
print(f"picture {tuple(line.shape)}: {len(along)} places")


# %% [markdown]
# C5 now has one place every four pixels along the line. What does that save, compared with cutting out each window of 32 by 32 and
# reading it by itself? Count the **multiply-adds**. A multiply-add is one multiplication and one addition. It is the usual measure
# of a network's work.


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
counts = [
    f"{len(along)} windows one by one: {apart:>10,} multiply-adds",
    f"sliding over the line:   {together:>10,} multiply-adds, {apart / together:.1f} times fewer",
]
ask("c5.cheaper", "\n".join(counts))

# %% [markdown]
# F6 and OUTPUT then do their work at each place. For each digit there is a code: the picture that F6 should show for it. OUTPUT
# gives the distance from F6 to each of the ten codes, and the smallest distance is the answer. Notebook 07 and notebook 08 are about these.
# Distances are squared, as in OUTPUT, and the two codes that are most alike have the distance 48. So a place within 12 of one code
# is nearer to it than to any other. (An exercise in notebook 08 asks why 12.)

# %%
distances = network.OUTPUT(network.F6(along)).detach()
nearest_pair = torch.pdist(network.OUTPUT.codes).square().min().round()
near = nearest_pair.item() / 4
print(f"codes at least {nearest_pair:.0f} apart; one code is the nearest, without doubt, within {near:.0f}")

# %% [markdown]
# In the lower panel each column is one window and each row one digit. The darker a field, the smaller the distance to the code of
# this digit. Where the distance is less than 12, the digit is written into the field:

# %%
plots.scan(
    line[0, 0], distances, step=4, sure=near, title="The nearest code along the line, where it is within 12"
)

# %% [markdown]
# Look at the places where a digit stands in the middle of the window. With MNIST's digits the right name is written
# there. Between two digits the window holds parts of both. There F6 is often near no code, but not always:
# to the network some of these parts look like another digit.
#
# So is a near code a right answer? No. It only says that F6 looks like that code. Count how often it is right, and
# what the network says to pixels in random order, which are no digit at all:

# %% tags=["nbval-ignore-output"]
test = everything.test
answers = network(test.images).detach().min(1)
is_near, is_right = answers.values < near, answers.indices == test.labels
noise = test.images[:300].flatten()[torch.randperm(300 * 1024, generator=torch.Generator().manual_seed(0))]
noise_near = network(noise.view(300, 1, 32, 32)).detach().min(1).values < near
print(f"{everything.name}: {is_near.float().mean():.1%} of the test digits are within 12 of a code,")
print(f"and {is_right[is_near].float().mean():.1%} of those are read rightly.")
print(f"noise: {noise_near.float().mean():.0%} is within 12 of a code")

# %% [markdown]
# On MNIST 99.7% of the near answers are right, since its digits look like those that the network has learned from. With
# digits of other people the share is smaller. And more than a quarter of the noise images come near some code. You can trust the
# distance for images of the kind that the network knows, and for no others. Reading a line needs more than a threshold: in the
# paper's section on **space displacement networks** a second stage follows the sliding network and looks for the best reading of
# the whole line.
#
# ## Change it
# Write your own number in place of `(2, 7, 0)`. Here the digits stand closer together (`4:28` instead of `2:30`). Watch where the
# network begins to go wrong.

# %%
mine = torch.cat([digits.images[d, :, :, 4:28] for d in (2, 7, 0)], dim=2)
mine = F.pad(mine, (4, 4), value=paper.BACKGROUND)[None]
distances = network.OUTPUT(network.F6(up_to_c5(mine)[0, :, 0].T)).detach()
plots.scan(mine[0, 0], distances, step=4, sure=near, title="Digits closer together")

# %% [markdown]
# ## Exercises
#
# Each solution is folded away in the cell below yours.
#
# **1. Compute.** The image is 64 pixels wide and 48 high. How many places does a map of C5 have?

# %%
places = None
check("c5.places", places)

# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution
places = ((64 - 32) // 4 + 1) * ((48 - 32) // 4 + 1)
assert check("c5.places", places).right

# %% [markdown]
# **2. Compute.** How many parameters does C5 have for images of 36 by 36?

# %%
parameters = None
check("c5.parameters", parameters)

# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution
parameters = 120 * (16 * 5 * 5 + 1)
assert check("c5.parameters", parameters).right


# %% [markdown]
# **3. Transfer.** Many networks end with a fully connected layer: a matrix whose rows hold the weights for maps of 5 by
# 5, written in one line. Make such a layer slide: write `slide(s4, matrix, bias)` for larger maps `(N, maps, H, W)`, a matrix `(units, maps * 25)` and
# a bias `(units,)`. The result is `(N, units, H - 4, W - 4)`, without the squash.


# %%
def slide(s4, matrix, bias):
    return ...


check("c5.slide", slide)


# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution
def slide(s4, matrix, bias):
    kernels = matrix.view(len(matrix), s4.shape[1], 5, 5)
    return F.conv2d(s4, kernels, bias)


assert check("c5.slide", slide).right

# %% [markdown]
# **4. Explain in your own words.** Why is sliding over the line so much cheaper than cutting out its windows? Call
# `multiply_adds` with other widths first.

# %%
from lenet_edu import explain

words = ""
explain("c5.wide", words)

# %% [markdown]
# ## What you know now
#
# - C5 is a convolution whose maps happen to be 1 by 1. Its 48,120 parameters are 80% of the network.
# - On a larger image the same weights give a map of answers, with a place every four pixels.
# - A near code says what an image looks like to the network. It does not say that the answer is right.
#
# What leaves C5, for each of the ten digits:

# %%
tuple(c5.shape)

# %% [markdown]
# **Next:** [07 F6](07_f6.ipynb) reads all 120 units. It has a strange number of units of its own, and there is a reason for it.
