# %% [markdown]
# # 07 · F6, eighty-four units
#
# [Course map](00_start_here.ipynb) · [Glossary](glossary.ipynb)
#
# **After this notebook you can:** compute a fully connected unit by hand, say why F6 has 84 units, and read F6 with
# your own eyes. Before it you need [06 C5](06_c5.ipynb). It takes about 12 minutes to read, and as long again for the exercises.

# %%
from lenet_edu import activations, load_digits, load_network, plots

network = load_network("lenet5-1998")
everything = load_digits()
digits = everything.test.one_of_each()
outputs = activations(network, digits.images)
plots.network(network, outputs, lit="F6", sample=3)

# %% [markdown]
# ## Where we are
#
# 120 units arrive from C5, for each of the ten digits.

# %%
arrives = outputs["C5"]
tuple(arrives.shape)

# %% tags=["nbval-ignore-output"]
everything.name

# %% [markdown]
# If this line says *embedded digits*, other people's digits stand in for MNIST. The network has never learned from such
# digits, so some pictures below will be blurred, and some answers wrong. That shows what a network is: it knows the
# kind of data that it was trained on.
#
# ## Predict

# %%
from lenet_edu import ask, check, ledger

unit = 24
wires = plots.fully_connected(arrives[3].flatten(), network.F6.weight, outputs["F6"][3], unit)
ask("f6.rows", wires)

# %% [markdown]
# ## Compute one unit by hand
#
# A unit of F6 multiplies each of the 120 numbers by a weight, adds all products and its bias, and squashes:
#
# $$a_k = b_k + \sum_{i} w_{ki}\, c_i, \qquad x_k = f(a_k)$$
#
# The first ten of the 120 products of the unit with the orange frame, for the 3:

# %% tags=["nbval-ignore-output"]
c5 = arrives.flatten(1)  # (10, 120)
weight, bias = network.F6.weight.detach(), network.F6.bias.detach()
for i in range(10):
    print(f"{c5[3, i]:7.3f} x {weight[unit, i]:7.3f} = {c5[3, i] * weight[unit, i]:7.3f}")

# %% [markdown]
# And all of them, as a loop:

# %% tags=["nbval-ignore-output"]
total = bias[unit].clone()
for i in range(120):
    total += weight[unit, i] * c5[3, i]
print(f"weighted sum {total:.3f}, squashed {network.F6.squash(total):.3f}")
print(f"the layer's own unit: {network.F6(arrives)[3, unit].item():.3f}")

# %% [markdown]
# All 84 units and all ten digits at once are one product with a matrix:

# %%
f6 = network.F6(arrives).detach()
by_hand = network.F6.squash(c5 @ weight.T + bias)
print("matrix:", *weight.shape, "-> result:", *by_hand.shape)
print("equal to the layer, to a thousandth:", bool((by_hand - f6).abs().max() < 0.001))

# %% [markdown]
# ## See why there are 84
#
# 84 numbers in a row say nothing to the eye. But 84 is 7 x 12, and the authors of LeNet-5 chose it for that: they
# wanted F6 to be a small picture, 7 pixels wide and 12 high, with 1 for ink and -1 for paper. For each character they
# drew such a picture by hand. It is called the **code** of the character.

# %%
from lenet_edu import paper

height, width = paper.CODE_HEIGHT, paper.CODE_WIDTH
print(f"{width} x {height} = {width * height} units")
plots.digits(paper.DIGIT_CODES[:, None], titles=list(range(10)))

# %% [markdown]
# Now ten people write a 3:

# %%
threes = everything.test.images[everything.test.labels == 3][:10]
plots.digits(threes)

# %%
f6_of_threes = activations(network, threes)["F6"].view(-1, height, width)
limit = paper.SQUASH_AMPLITUDE
figure = plots.maps(f6_of_threes, layer="F6", columns=10, limit=limit)
ask("f6.picture", figure)

# %% [markdown]
# Training asks F6 to come near the code of the right digit, so six layers turn handwriting into print. The codes themselves
# are no parameters: the paper says that they were kept fixed, at least in the beginning. For comparison, the same digits in
# F6 of an untrained network, where the numbers are so small that they need a scale of their own:

# %%
import torch

from lenet_edu import LeNet5

untrained = LeNet5()
untrained.reset_parameters(torch.Generator().manual_seed(0))
unlearned = activations(untrained, threes)["F6"].view(-1, height, width)
plots.maps(unlearned, title="Before training", layer="F6", columns=10)

# %% [markdown]
# There is no picture in it, and hardly a difference between one image and the next. Now F6 for each of the ten digits,
# and below it the codes:

# %%
pictures = f6.view(10, height, width)
labels = [f"a {label}" for label in digits.labels.tolist()]
plots.maps(pictures, labels, "F6 of the ten digits", layer="F6", columns=10, limit=limit)

# %%
codes = torch.tensor(paper.DIGIT_CODES).float()
plots.maps(codes, labels, "The code of each digit", layer="OUTPUT", columns=10, limit=limit)

# %% [markdown]
# How many of the 84 pixels have the wrong sign? Count it for a thousand test digits, or for as many as there are:

# %% tags=["nbval-ignore-output"]
test = everything.test.select(torch.arange(min(1000, len(everything.test))))
signs = activations(network, test.images)["F6"].sign()
off = (signs != codes.flatten(1)[test.labels]).sum(1).float()
right = network.classes_of(test.images) == test.labels
print(f"{everything.name}: {off[right].mean():.1f} pixels of 84 are wrong where the digit is read rightly,")
print(f"{off[~right].mean():.1f} pixels where it is misread")

# %% [markdown]
# Where the network reads rightly, F6 is close to the printed code. Where it misreads a digit, many pixels are wrong: often
# F6 shows the print of another digit.
#
# Here F6 stands beside the codes, with its distance to each. The codes are yours: click their pixels, and see the
# distances move. How few pixels does it take until the network decides otherwise?

# %%
from lenet_edu import DigitCodes

DigitCodes(network, digits, digit=3)

# %% [markdown]
# ## Count parameters and connections
#
# A unit of F6 sees all of C5, and through it the whole image. Nothing is shared: each parameter serves one connection.
#
# $$84 \times (120 + 1)$$

# %%
row = ledger(network)["F6"]
row

# %%
held = weight.numel() + bias.numel()
print(f"{weight.numel():,} weights + {bias.numel()} biases = {held:,}")
assert held == row.parameters.value == paper.PARAMETERS["F6"] == paper.CONNECTIONS["F6"]

# %%
plots.receptive_field(network, outputs, "F6", sample=3)

# %% [markdown]
# ## Compare a code with ten units
#
# Most networks today end with ten units, one for each class: high for the right one, low for the others. This is called
# **one-hot**. The paper gives reasons against it, and they are about its larger aim, which is reading text and not
# single digits:
#
# - With many classes, here all printable characters, nearly all units would have to be off nearly all the time. That is
#   hard for squashed units.
# - Characters that look alike, such as O, o and 0, have codes that look alike. When the network confuses
#   them, the answer is near both codes, and what follows can choose by context.
# - What is no character at all should be near no code.
#
# Test the last reason. Here is how far F6 is from its nearest code, for real digits and for the same pixels in random
# order:

# %%
real = everything.test.images[:300]
order = torch.randperm(real.numel(), generator=torch.Generator().manual_seed(0))
noise = real.flatten()[order].view_as(real)  # the same pixels, anywhere
nearest = {}
for name, images in (("digits", real), ("noise", noise)):
    nearest[name] = network(images).detach().min(1).values.sort().values
share = torch.linspace(0, 100, len(real))
plots.curves(
    share, nearest, "From the nearest image to the farthest", "% of images", "distance to the nearest code"
)

# %% [markdown]
# Digits are near a code far more often than noise. But the line of the noise begins low: some noise comes as near as a
# digit. A code helps to reject what is no digit, and it does not do it alone.
#
# ## Change it
#
# What does F6 show while one digit turns into another? Here a 3 fades into an 8. Choose other digits.

# %%
start, end = digits.images[3], digits.images[8]
steps = torch.linspace(0, 1, 10)
mix = torch.stack([start + (end - start) * step for step in steps])
between = activations(network, mix)
plots.maps(between["F6"].view(-1, height, width), title="From 3 to 8", layer="F6", columns=10, limit=limit)

# %%
lines = {"to the code of 3": between["OUTPUT"][:, 3], "to the code of 8": between["OUTPUT"][:, 8]}
plots.curves(steps, lines, "Distance of F6 while the 3 fades into the 8", "share of the 8", "distance")

# %% [markdown]
# Where the two lines cross, F6 is as far from one code as from the other. There the network changes its mind.
#
# ## Exercises
#
# Each solution is folded away in the cell below yours.
#
# **1. Compute.** Make the codes pictures of seven by nine pixels. How many parameters has F6 then?

# %%
parameters = None
check("f6.larger", parameters)

# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution
parameters = 7 * 9 * (120 + 1)
assert check("f6.larger", parameters).right

# %% [markdown]
# **2. Draw.** Invent a code for an eleventh class, such as a plus sign: 12 rows of 7 numbers, 1 for ink and -1 for
# paper. It must differ from the code of each digit in more than 12 pixels, or the network could mistake one for the other.

# %%
drawing = None
check("f6.unit", drawing)

# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution
drawing = -torch.ones(12, 7)
drawing[2:9, 3] = 1
drawing[5, 1:6] = 1
assert check("f6.unit", drawing).right


# %% [markdown]
# **3. Code.** Write `agreement(x, codes)`: for F6 `(N, 84)` and codes `(10, 84)`, at how many pixels the signs agree, `(N, 10)`.


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
# **4. Explain in your own words.** The squash ends at 1.7159 and -1.7159. Why are the codes made of 1 and -1, and not of these
# numbers? Look at the curve of the squash in [03 S2](03_s2.ipynb).

# %%
from lenet_edu import explain

words = ""
print(f"the squash ends at {limit} and {-limit}")
explain("f6.targets", words)

# %% [markdown]
# ## What you know now
#
# - F6 is a fully connected layer: 84 x (120 + 1) = 10,164 parameters and as many connections.
# - Its 84 units are a picture of 7 by 12, and training makes it a printed copy of the written digit.
# - A digit is near its code. Noise mostly is not, but sometimes it is.
#
# What leaves F6, for each of the ten digits:

# %%
tuple(f6.shape)

# %% [markdown]
# **Next:** [08 OUTPUT](08_output.ipynb) measures which code is nearest.
