# %% [markdown]
# # 02 · C1, the first convolution
#
# **What you will find out.** What a convolution computes, in three ways that agree to the last digit. Why C1
# needs so few parameters. And what its six maps do when the digit moves.

# %%
from lenet_edu import load_network, plots

network = load_network("lenet5-1998")
plots.network(network, lit="C1")

# %% [markdown]
# ## You are here
#
# Notebook 01 ended with ten images, one of each digit. They arrive here as one tensor: ten images, one map
# each, 32 by 32 pixels.

# %%
from lenet_edu import activations, load_digits

digits = load_digits().test.one_of_each()
arrives = digits.images
tuple(arrives.shape)

# %% [markdown]
# C1 turns each image into six **feature maps** of 28 by 28 units. A unit looks at a patch of 5 by 5 pixels
# and answers with one number: how well the patch fits what its map is looking for.
#
# ## Predict

# %%
from lenet_edu import ask, check, ledger

row = ledger(network)["C1"]
ask("c1.parameters", row.parameters)

# %% [markdown]
# ## By hand
#
# One unit first. Take a patch of the 3, take the **kernel** of C1's first map, and multiply them pixel by
# pixel. Red numbers in the kernel ask for ink, blue ones ask for paper.

# %%
patch = arrives[3, 0, 6:11, 12:17]
kernel, bias = network.C1.weight[0, 0].detach(), network.C1.bias[0].detach()
products = patch * kernel
plots.numbers([patch, kernel, products], ["patch", "kernel", "products"], ["×", "="])

# %% [markdown]
# Add the 25 products and the bias. That is the **weighted sum**. The squash keeps it between -1.7159 and
# 1.7159; notebook 03 tells why those numbers.

# %%
import torch

from lenet_edu import paper

print(products.numel(), "products, squash up to", paper.SQUASH_AMPLITUDE)
weighted_sum = products.sum() + bias
unit = paper.SQUASH_AMPLITUDE * torch.tanh(paper.SQUASH_SLOPE * weighted_sum)

# %% [markdown]
# The layer itself comes to the same number for that unit:

# %%
c1 = network.C1(arrives).detach()
torch.testing.assert_close(unit, c1[3, 0, 6, 12])

# %% [markdown]
# Now a whole map. The same kernel looks at every patch, row after row:

# %%
side = arrives.shape[-1] - kernel.shape[-1] + 1
sums = torch.zeros(side, side)
for y in range(side):
    for x in range(side):
        sums[y, x] = (arrives[3, 0, y : y + 5, x : x + 5] * kernel).sum() + bias
print(f"{arrives.shape[-1]} - {kernel.shape[-1]} + 1 = {side}")

# %% [markdown]
# Why 28? The kernel begins at the left and moves on, pixel by pixel, until it touches the right edge. That takes
# 32 - 5 steps, and with the place where it began there are 32 - 5 + 1 = 28 places in each direction.
#
# Loops are slow. The third way takes all patches at once: `unfold` lists them as columns, and one matrix
# product does the rest, for all six maps and all ten images.

# %%
import torch.nn.functional as F

patches = F.unfold(arrives, 5)  # (10, 25, 784)
kernels = network.C1.weight.flatten(1)  # (6, 25)
all_sums = kernels @ patches + network.C1.bias[:, None]
c1_by_hand = network.C1.squash(all_sums).view(10, 6, 28, 28)
tuple(patches.shape), tuple(kernels.shape)

# %% [markdown]
# 784 patches of 25 pixels an image, six kernels of 25 weights. All three ways agree:

# %%
torch.testing.assert_close(sums, network.C1.weighted_sum(arrives)[3, 0])
torch.testing.assert_close(c1_by_hand, network.C1(arrives))

# %% [markdown]
# ## See
#
# The six kernels after training, and below them what they find in the 3. Look for edges: a kernel that is red
# above and blue below answers where ink ends.

# %%
kernel_titles = [f"map {k}" for k in range(6)]
plots.maps(network.C1.weight[:, 0], kernel_titles, "C1's six kernels", layer="C1")

# %%
plots.maps(c1[3], kernel_titles, "One digit, six maps: each kernel answers to something else", layer="C1")

# %% [markdown]
# The same map for all ten digits. It answers to the same thing in each.

# %%
titles = [f"a {label}" for label in digits.labels.tolist()]
plots.maps(c1[:, 0], titles, "One map, ten digits: one detector, used everywhere", layer="C1", columns=10)

# %% [markdown]
# Now with your own hands. Play, or drag the kernel over the image; take one of C1's own kernels; type other numbers
# into it. What do padding and stride do to the size of the output?

# %%
from lenet_edu import Convolution, FeatureMaps

Convolution(arrives[3], network.C1)

# %% [markdown]
# ## What one unit sees
#
# A unit of C1 sees a square of 5 by 5 pixels, its **receptive field**. Its neighbour sees the same square, one
# pixel on.

# %%
outputs = activations(network, arrives)
plots.receptive_field(network, outputs, "C1", unit=(6, 12), sample=3)

# %% [markdown]
# Point at any unit of any layer: its field lights up in the image, what feeds it in the layer below, and its
# arithmetic stands beside it. For now stay with C1.

# %%
FeatureMaps(network, digits, digit=3, layer="C1")

# %% [markdown]
# ## The row of the ledger
#
# All of C1's figures, each with the way it comes about. They follow from three numbers: six maps, kernels
# of 5 by 5, an image of 32 by 32.

# %%
row

# %% [markdown]
# The formula is one thing, the layer in front of you another. Count what is in it: six kernels of 25 weights,
# six biases, 156 numbers. Each of them is used once at every place of its map, hence 122,304 connections.

# %%
held = network.C1.weight.numel() + network.C1.bias.numel()
places = c1.shape[2] * c1.shape[3]
print(network.C1.weight.numel(), "weights +", network.C1.bias.numel(), "biases =", held)
print(f"{held} x {places} places = {held * places:,} connections")
assert held == row.parameters.value == paper.PARAMETERS["C1"]
assert held * places == row.connections.value == paper.CONNECTIONS["C1"]

# %% [markdown]
# ## Weight sharing, and what it saves

# %%
dense = row.units.value * (32 * 32 + 1)
ask("c1.dense", f"{row.units.value:,} x (1,024 + 1) = {dense:,}")

# %% [markdown]
# That is the price of a fully connected layer with as many units. C1 does with a tiny part of it, for two
# reasons: a unit reads 25 pixels and not 1,024, and all units of a map **share** their weights.

# %%
local = row.units.value * (5 * 5 + 1)
print(f"whole image, own weights    {dense:>9,}")
print(f"5x5 patches, own weights    {local:>9,}")
print(f"5x5 patches, shared weights {held:>9,}")
print(f"{dense // held:,} times fewer")

# %% [markdown]
# Fewer parameters is not only cheaper. A kernel is trained by every place of every image, so C1 learns an
# edge once, and knows it everywhere.
#
# ## Move the digit

# %%
right = torch.roll(arrives, shifts=2, dims=3)
moved = network.C1(right).detach()
figure = plots.maps(
    torch.stack([c1[3, 0], moved[3, 0]]), ["before", "after"], "Two pixels to the right", layer="C1"
)
ask("c1.shift", figure)

# %% [markdown]
# Not nearly the same: exactly the same, wherever the edge of the image does not get in the way. This is called
# **equivariance**.

# %%
torch.testing.assert_close(moved[..., 2:], c1[..., :-2])

# %% [markdown]
# ## Change it
#
# Kernels need not be learned. Write one, and C1's arithmetic does the rest. Try your own numbers.

# %%
edge = torch.tensor([[1.0], [1.0], [0.0], [-1.0], [-1.0]]).expand(5, 5) / 10
blur = torch.ones(5, 5) / 25
found = F.conv2d(arrives[3:4], torch.stack([edge, edge.T, blur])[:, None])[0]
plots.maps(found, ["ink above", "ink on the left", "blur"], "Kernels written by hand, on the 3", layer="C1")

# %% [markdown]
# ## Exercises
#
# Each solution is folded away in the cell below yours.
#
# **1.** The image is 32 by 32 and the kernels are 7 by 7. What is the side of a map?

# %%
side_of_the_map = None
check("c1.side", side_of_the_map)

# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution
side_of_the_map = 32 - 7 + 1
assert check("c1.side", side_of_the_map).right

# %% [markdown]
# **2.** A colour image has three planes: red, green, blue. How many parameters has a convolution of eight maps
# with kernels of 3 by 3 on it?

# %%
parameters = None
check("c1.parameters", parameters)

# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution
parameters = 8 * (3 * 3 * 3 + 1)
assert check("c1.parameters", parameters).right


# %% [markdown]
# **3.** Write `convolve(image, kernel)` for an image `(H, W)` and a square kernel `(k, k)`, without bias and
# squash. Loops are welcome.


# %%
def convolve(image, kernel):
    return ...


check("c1.convolve", convolve)


# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution
def convolve(image, kernel):
    k = len(kernel)
    height, width = image.shape[0] - k + 1, image.shape[1] - k + 1
    places = [[(image[y : y + k, x : x + k] * kernel).sum() for x in range(width)] for y in range(height)]
    return torch.tensor(places)


assert check("c1.convolve", convolve).right

# %% [markdown]
# **4. Change and explain.** In *Change it*, the edge kernel's weights sum to zero. What does its map show where
# the image is plain, be it all paper or all ink? (a) the grey level of the image, (b) zero, (c) the largest
# value that the squash can give. Change the kernel's numbers and look, then answer.

# %%
letter = None
check("c1.flat", letter)

# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution
letter = "b"
assert check("c1.flat", letter).right

# %% [markdown]
# ## What you know now
#
# - A convolution is one small weighted sum, repeated at every place: 32 - 5 + 1 = 28 places a side.
# - Six kernels and six biases make 156 parameters, which serve 122,304 connections.
# - When the image moves, the maps move with it.
#
# Six maps of 28 by 28 units leave C1, for each of the ten digits:

# %%
tuple(c1.shape)

# %% [markdown]
# **Next:** [03 S2](03_s2.ipynb) halves their resolution.
