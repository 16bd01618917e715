# %% [markdown]
# # 07 · F6, a picture of the answer
#
# **What you will find out.** What a fully connected layer computes. Why F6 has 84 units, of all numbers. And how
# to read F6 with your own eyes.

# %%
from lenet_edu import load_network, plots

network = load_network("lenet5-1998")
plots.network(network, lit="F6")

# %% [markdown]
# ## You are here
#
# 120 units arrive from C5, for each of the ten digits.

# %%
from lenet_edu import activations, load_digits

everything = load_digits()
digits = everything.test.one_of_each()
outputs = activations(network, digits.images)
arrives = outputs["C5"]
tuple(arrives.shape)

# %% [markdown]
# ## Predict

# %%
from lenet_edu import ask, check, paper

codes = plots.digits(paper.DIGIT_CODES[:, None], titles=list(range(10)))
ask("f6.units", codes)

# %% [markdown]
# ## By hand
#
# Each unit takes all 120 numbers, gives each a weight, adds them and a bias, and squashes. One unit, as a loop:

# %%
c5 = arrives.flatten(1)  # (10, 120)
weight, bias = network.F6.weight.detach(), network.F6.bias.detach()
total = bias[0].clone()
for i in range(120):
    total += weight[0, i] * c5[3, i]
unit = network.F6.squash(total)
print(len(weight[0]), "weights for one unit,", len(weight), "units")

# %% [markdown]
# All 84 units and all ten digits at once, as a matrix product:

# %%
import torch

f6 = network.F6(arrives).detach()
torch.testing.assert_close(network.F6.squash(c5 @ weight.T + bias), f6)
torch.testing.assert_close(unit, f6[3, 0])

# %% [markdown]
# ## See
#
# 84 numbers in a row say nothing to the eye. But 84 = 7 x 12, and in the paper F6 is a picture: 7 pixels wide and 12
# high, with 1 for ink and -1 for paper. Here is F6 for the ten digits:

# %%
height, width = paper.CODE_HEIGHT, paper.CODE_WIDTH
limit = paper.SQUASH_AMPLITUDE
print(f"{width} x {height} = {width * height}; the squash ends at {limit} and {-limit}")
pictures = f6.view(10, height, width)
labels = [f"a {label}" for label in digits.labels.tolist()]
plots.maps(pictures, labels, "F6 of the ten digits, as pictures", layer="F6", columns=10, limit=limit)

# %% [markdown]
# And here are the **codes**, the ten pictures that it should give. They were drawn by hand, for all printable
# characters, and they never change.

# %%
codes = torch.tensor(paper.DIGIT_CODES).float()
plots.maps(codes, labels, "The code of each digit", layer="OUTPUT", columns=10, limit=limit)

# %% [markdown]
# How many of the 84 pixels have the right sign? Where F6 misses many of them, the network misreads the digit.

# %% tags=["nbval-ignore-output"]
for digit in range(10):
    agree = (pictures[digit].sign() == codes[digit]).sum().item()
    print(f"{digit}  {agree} of {width * height}")

# %% [markdown]
# Here F6 stands beside the codes, with its distance to each. The codes are yours: click their pixels, and see the
# distances move. How few pixels does it take until the network decides otherwise?

# %%
from lenet_edu import DigitCodes

DigitCodes(network, digits, digit=3)

# %% [markdown]
# ## Ten ways to write a 3

# %%
threes = everything.test.images[everything.test.labels == 3][:10]
plots.digits(threes)

# %%
f6_of_threes = activations(network, threes)["F6"].view(-1, height, width)
figure = plots.maps(f6_of_threes, title="F6 for the ten ways to write a 3", layer="F6", columns=10)
ask("f6.picture", figure)

# %% [markdown]
# What seven layers have done is to turn handwriting into print. The image itself is different each time, and F6 is
# nearly the same. For comparison, F6 of an untrained network:

# %%
from lenet_edu import LeNet5

untrained = LeNet5()
untrained.reset_parameters(torch.Generator().manual_seed(0))
unlearned = activations(untrained, threes)["F6"].view(-1, height, width)
plots.maps(unlearned, title="Before training: no picture, and hardly a difference", layer="F6", columns=10)

# %% [markdown]
# ## What one unit sees
#
# All of C5, and through it the whole image.

# %%
plots.receptive_field(network, outputs, "F6", sample=3)

# %% [markdown]
# ## The row of the ledger

# %%
from lenet_edu import ledger

row = ledger(network)["F6"]
row

# %% [markdown]
# In a fully connected layer nothing is shared: one connection for each parameter, 10,164 of each.

# %%
held = weight.numel() + bias.numel()
print(f"{weight.numel():,} weights + {bias.numel()} biases = {held:,}")
print(f"{len(weight)} x ({weight.shape[1]} + 1) = {len(weight) * (weight.shape[1] + 1):,}")
assert held == row.parameters.value == paper.PARAMETERS["F6"]
assert held == row.connections.value == paper.CONNECTIONS["F6"]

# %% [markdown]
# ## Why not simply ten units?
#
# Today one takes ten units, one for each class: 1 for the right one and 0 for the others (**one-hot**). The paper
# gives reasons against it, and they are about its larger aim, which is reading text and not single digits:
#
# - With many classes, here all printable characters, nearly all units would have to be off nearly all the time. That is
#   hard for squashed units.
# - Characters that look alike, such as O, o and 0, have codes that look alike. When the network confuses
#   them, the answer is near both codes, and what follows can choose by context.
# - What is no character at all should be near no code. Ten units that compete always name a winner.
#
# Try the last one. Here is how far F6 is from its nearest code, for real digits and for the same pixels in random
# order:

# %%
real = everything.test.images[:300]
order = torch.randperm(real.numel(), generator=torch.Generator().manual_seed(0))
noise = real.flatten()[order].view_as(real)  # the same pixels, anywhere
nearest = {
    name: network(images).detach().min(1).values.sort().values
    for name, images in (("digits", real), ("noise", noise))
}
share = torch.linspace(0, 100, len(real))
plots.curves(share, nearest, "Most digits are near a code, and most noise is not", "% of images", "distance")

# %% [markdown]
# ## Change it
#
# What does F6 show while one digit turns into another? Here a 3 fades into an 8. Choose other digits.

# %%
start, end = digits.images[3], digits.images[8]
mix = torch.stack([start + (end - start) * share for share in torch.linspace(0, 1, 10)])
between = activations(network, mix)["F6"].view(-1, height, width)
plots.maps(between, title="From 3 to 8: F6 does not fade, it decides", layer="F6", columns=10)

# %% [markdown]
# ## Exercises
#
# Each solution is folded away in the cell below yours.
#
# **1.** Make the codes pictures of 7 by 9 pixels. How many parameters has F6 then?

# %%
parameters = None
check("f6.larger", parameters)

# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution
parameters = 7 * 9 * (120 + 1)
assert check("f6.larger", parameters).right


# %% [markdown]
# **2.** Write F6: `f6(c5, weight, bias)` for `(N, 120)`, `(84, 120)` and `(84,)`, squash and all.


# %%
def f6_layer(c5, weight, bias):
    return ...


check("f6.f6", f6_layer)


# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution
def f6_layer(c5, weight, bias):
    return 1.7159 * torch.tanh((c5 @ weight.T + bias) * 2 / 3)


assert check("f6.f6", f6_layer).right


# %% [markdown]
# **3.** Write `agreement(x, codes)`: for F6 `(N, 84)` and codes `(10, 84)`, at how many pixels the signs agree, `(N, 10)`.


# %%
def agreement(x, codes):
    return ...


check("f6.agreement", agreement)


# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution
def agreement(x, codes):
    return torch.stack([(x.sign() == code).sum(1) for code in codes], dim=1)


assert check("f6.agreement", agreement).right

# %% [markdown]
# **4. Change and explain.** Look at f once more in notebook 03. Why are the codes made of 1 and -1, and not of 1.7159 and
# -1.7159? (a) The codes would be too similar. (b) F6 could never reach them, and its gradients would vanish. (c) The
# distances could not be compared.

# %%
letter = None
check("f6.targets", letter)

# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution
letter = "b"
assert check("f6.targets", letter).right

# %% [markdown]
# ## What you know now
#
# - F6 is a fully connected layer: 84 x (120 + 1) = 10,164 parameters and as many connections.
# - Its 84 units are a picture of 7 by 12, and training makes it a printed copy of the written digit.
# - What is far from every code is no digit.
#
# What leaves F6, for each of the ten digits:

# %%
tuple(f6.shape)

# %% [markdown]
# **Next:** [08 OUTPUT](08_output.ipynb) measures which code is nearest.
