# %% [markdown]
# # 02 · C1, the first convolution
#
# [Course map](00_start_here.ipynb) · [Glossary](glossary.ipynb)
#
# **After this notebook you can:** compute one unit of C1 on paper, compute a whole feature map with a few lines of code,
# work out the size of a map and the number of parameters, and say what sharing weights saves.
#
# ## Where we are
#
# The first layer, C1 (C stands for convolution). The lines lead from the pixels that one unit reads to that unit.

# %%
from lenet_edu import activations, load_digits, load_network, plots

network = load_network("lenet5-1998")
digits = load_digits().test.one_of_each()
outputs = activations(network, digits.images)
plots.network(network, outputs, lit="C1", sample=3)

# %% [markdown]
# Ten images arrive from notebook 01: one number a pixel, 32 rows, 32 columns.

# %%
arrives = digits.images
tuple(arrives.shape)

# %% [markdown]
# C1 makes six feature maps of each image. The smallest part of a network is the **unit**: it reads some numbers and
# computes one number from them. A unit of C1 reads a patch of 5 by 5 pixels, and a feature map has one unit for each
# place where such a patch can lie.
#
# ## Predict
#
# You know from notebook 00 what a kernel and a parameter are. That is enough for a guess.

# %%
from lenet_edu import ask, ledger

row = ledger(network)["C1"]
ask("c1.parameters", row.parameters)

# %% [markdown]
# ## One unit, on paper
#
# Here are a patch of the 3, the kernel of C1's first map, and their products, pixel by pixel. Positive weights (red) raise
# the sum where there is ink; negative ones (blue) lower it.

# %%
patch = arrives[3, 0, 6:11, 12:17]
kernel, bias = network.C1.weight[0, 0].detach(), network.C1.bias[0].detach()
plots.numbers([patch, kernel, patch * kernel], ["patch", "kernel", "products"], ["×", "="], decimals=2)

# %% [markdown]
# Add all products. Then add one more number, the **bias**: it belongs to the map and moves the point from which its units
# respond. The result is the **weighted sum**. Last comes the **squash**, a function that keeps the unit's answer between
# two limits; notebook 03 looks at it closely. Here is every term, rounded to two places:

# %% tags=["nbval-ignore-output"]
from lenet_edu import worked_sum

print(worked_sum(patch, kernel, bias, network.C1.squash))
print(f"the layer itself says: {network.C1(arrives)[3, 0, 6, 12]:.2f}")

# %% [markdown]
# The last two lines agree: this is all that a unit of C1 does. As a formula, with $x$ for the pixels, $w$ for the weights,
# $b$ for the bias and $f$ for the squash, the unit in row $r$ and column $c$ gives
#
# $$y_{r,c} = f\Big(b + \sum_{i=0}^{4}\sum_{j=0}^{4} w_{i,j}\; x_{r+i,\,c+j}\Big)$$
#
# ## A whole map, in a few lines
#
# The same kernel and the same bias serve at every place. Four of the places, and the map so far:

# %%
plots.sliding(arrives[3, 0], kernel, [(6, 0), (10, 14), (18, 20), (27, 27)], bias.item())

# %% [markdown]
# Doing this at every place is called **convolution**. (Strictly speaking it is a **cross-correlation**: in mathematics a
# convolution turns the kernel by half a turn first. Networks leave that out, since they learn the kernel anyway, and call
# it convolution all the same.)

# %%
import torch


def convolve(image, kernel, bias):
    side = image.shape[0] - kernel.shape[0] + 1
    sums = torch.zeros(side, side)
    for r in range(side):
        for c in range(side):
            sums[r, c] = (image[r : r + 5, c : c + 5] * kernel).sum() + bias
    return sums


# %% [markdown]
# Compare our map with the one that the layer computes, all units of it:

# %%
by_hand = network.C1.squash(convolve(arrives[3, 0], kernel, bias))
c1 = network.C1(arrives).detach()
print(f"{by_hand.numel()} units, largest difference {(by_hand - c1[3, 0]).abs().max():.4f}")

# %% [markdown]
# Loops are slow in Python. Torch does the same for all six maps and all ten images at once:

# %%
import torch.nn.functional as F

all_sums = F.conv2d(arrives, network.C1.weight, network.C1.bias)
print(
    f"largest difference {(network.C1.squash(all_sums) - c1).abs().max():.4f}, shape {tuple(all_sums.shape)}"
)

# %% [markdown]
# ## How large is a map?
#
# Why 28? The kernel starts at the left edge and moves one pixel at a time until it touches the right edge. It can take
# 32 - 5 steps, and it also stands at the place where it started. For an image of side $n$ and a kernel of side $k$:
#
# $$\text{side of the map} = n - k + 1$$

# %%
print(f"{arrives.shape[-1]} - {kernel.shape[-1]} + 1 = {c1.shape[-1]}")

# %% [markdown]
# Two variations are common today. With a **stride** of $s$ the kernel moves $s$ pixels at a time. With a **padding** of $p$
# there is a frame of $p$ extra pixels on each side. Then the side is
#
# $$\left\lfloor \frac{n + 2p - k}{s} \right\rfloor + 1$$
#
# where the brackets mean: round down. Try it in the widget. Play, or drag the kernel; choose one of C1's own kernels; type
# other weights; change padding and stride, and watch the size of the output.

# %%
from lenet_edu import Convolution

Convolution(arrives[3], network.C1)

# %% [markdown]
# ## What the six kernels find
#
# The kernels as training left them, and below them their maps of the 3. Look for edges: a kernel that is red above and blue
# below responds where ink lies above paper.

# %%
names = [f"map {k}" for k in range(6)]
plots.maps(network.C1.weight[:, 0], names, "C1's six kernels", layer="C1")

# %%
plots.maps(c1[3], names, "One digit, six maps: each kernel responds to something else", layer="C1")

# %% [markdown]
# And one map for all ten digits. It responds to the same pattern in each of them.

# %%
titles = [f"a {label}" for label in digits.labels.tolist()]
plots.maps(c1[:, 0], titles, "One map, ten digits", layer="C1", columns=10)

# %% [markdown]
# The part of the image that can influence a unit is its **receptive field**. For a unit of C1 it is the patch of 5 by 5
# pixels. Point at any unit below: its field lights up in the image, and its arithmetic stands beside it.

# %%
from lenet_edu import FeatureMaps

FeatureMaps(network, digits, digit=3, layer="C1")

# %% [markdown]
# ## Count parameters and connections
#
# A **connection** is one number on its way into a unit: a pixel times a weight, or the bias. The **ledger** is this
# course's table of all such counts, with the way in which each comes about. It has a row for every layer. This is C1's:

# %%
row

# %% [markdown]
# Each of the six maps has one kernel of 25 weights and one bias. Each of these 156 numbers is used at 28 by 28 places:
#
# $$\text{parameters} = 6\,(5 \cdot 5 + 1) \qquad\qquad \text{connections} = 156 \cdot 28 \cdot 28$$
#
# The formulas are one thing, the layer in front of you another. Count what is in it:

# %%
held = network.C1.weight.numel() + network.C1.bias.numel()
places = c1.shape[2] * c1.shape[3]
print(f"{network.C1.weight.numel()} weights + {network.C1.bias.numel()} biases = {held} parameters")
print(f"{held} x {places} places = {held * places:,} connections")

# %% [markdown]
# ## What sharing saves
#
# All units of a map use the same weights. This is called **weight sharing**. What would C1 cost without it, and without its
# small patches?

# %%
ask("c1.dense")

# %% [markdown]
# Fewer parameters are not only cheaper. All places of all images train the same kernel, so an edge that was learned in one
# place is known everywhere.
#
# ## Move the digit

# %%
moved = network.C1(torch.roll(arrives, shifts=2, dims=3)).detach()
both = torch.stack([c1[3, 0], moved[3, 0]])
ask("c1.shift", plots.maps(both, ["before", "after"], layer="C1", grid=4))

# %% [markdown]
# ## Change it
#
# A kernel need not be learned. Change these numbers and run the cell again.

# %%
ink_above = torch.tensor([[1.0], [1.0], [0.0], [-1.0], [-1.0]]).expand(5, 5) / 10
blur = torch.ones(5, 5) / 25
found = F.conv2d(arrives[3:4], torch.stack([ink_above, ink_above.T, blur])[:, None])[0]
plots.maps(found, ["ink above", "ink on the left", "blur"], "Kernels written by hand", layer="C1")

# %% [markdown]
# ## Before and after, in numbers
#
# Back to the digit that moved. Compare the map of the moved image, from column 2 on, with the map from before:

# %%
difference = (moved[..., 2:] - c1[..., :-2]).abs().max()
print(f"largest difference {difference:.4f}")

# %% [markdown]
# When the input moves, the output moves with it and is otherwise the same. This property is called **equivariance**. It is
# what comparing pixels did not have.

# %% [markdown]
# ## Exercises
#
# Each solution is folded away in the cell below yours.
#
# **1. Transfer.** An image of 28 by 28 gets a padding of 2, and a kernel of 5 by 5 moves with a stride of 2. What is the
# side of the map?

# %%
from lenet_edu import check

side_of_the_map = None
check("c1.side", side_of_the_map)

# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution
side_of_the_map = (28 + 2 * 2 - 5) // 2 + 1
assert check("c1.side", side_of_the_map).right

# %% [markdown]
# **2. Compute.** A colour image has three numbers a pixel, as if it were three maps: red, green, blue. Eight maps with
# kernels of 3 by 3 are computed from it. How many parameters do they have?

# %%
parameters = None
check("c1.parameters", parameters)

# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution
parameters = 8 * (3 * 3 * 3 + 1)
assert check("c1.parameters", parameters).right


# %% [markdown]
# **3. Code.** Write `strided(image, kernel, stride)`: the weighted sums without bias and squash, where the kernel moves
# `stride` pixels at a time. Loops are welcome.


# %%
def strided(image, kernel, stride):
    return ...


check("c1.strided", strided)


# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution
def strided(image, kernel, stride):
    k = len(kernel)
    rows = range(0, image.shape[0] - k + 1, stride)
    columns = range(0, image.shape[1] - k + 1, stride)
    return torch.tensor([[(image[r : r + k, c : c + k] * kernel).sum() for c in columns] for r in rows])


assert check("c1.strided", strided).right

# %% [markdown]
# **4. Design.** Write a kernel of 3 by 3 (three rows of three numbers) that finds the *lower* edge of a stroke: positive
# where ink lies above paper, 0 on plain paper and on plain ink, and 0 along an upright edge.

# %%
my_kernel = None
check("c1.kernel", my_kernel)

# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution
my_kernel = [[1, 1, 1], [0, 0, 0], [-1, -1, -1]]
assert check("c1.kernel", my_kernel).right

# %% [markdown]
# **5. Explain in your own words.** Why does C1 need so few parameters, and what else is gained by that?

# %%
from lenet_edu import explain

words = ""
explain("c1.sharing", words)

# %% [markdown]
# ## Recap: notebooks 00 to 02
#
# A few questions on all that you have read so far. Only your first answer counts.

# %%
from lenet_edu import quiz

quiz("c1")

# %% [markdown]
# ## What you know now
#
# - A unit of C1 is a weighted sum of 25 pixels, plus a bias, squashed.
# - A convolution computes that at every place: 32 - 5 + 1 = 28 places a side.
# - Six kernels and six biases are 156 parameters; they serve 122,304 connections.
# - When the digit moves, the maps move with it.
#
# Six maps of 28 by 28 units leave C1, for each of the ten digits:

# %%
tuple(c1.shape)

# %% [markdown]
# **Next:** [03 S2](03_s2.ipynb) halves their resolution.
