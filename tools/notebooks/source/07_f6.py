# %% [markdown]
# # 07 · F6, eighty-four units
#
# [Course map](00_start_here.ipynb) · [Glossary](glossary.ipynb)
#
# **After this notebook you can:** compute a fully connected unit by hand, say why F6 has 84 units, and read F6 with
# your own eyes. Before it you need [06 C5](06_c5.ipynb).

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
# $c_i$ is unit $i$ of C5, $w_{ki}$ the weight that unit $k$ has for it, and $b_k$ the bias of this unit. Take the unit of F6
# with the orange frame in the picture above, and the image of the 3. These are the first ten of its 120 products:

# %% tags=["nbval-ignore-output"]
c5 = arrives.flatten(1)  # (10, 120)
weight, bias = network.F6.weight.detach(), network.F6.bias.detach()
for i in range(10):
    print(f"{c5[3, i]:7.3f} x {weight[unit, i]:7.3f} = {c5[3, i] * weight[unit, i]:7.3f}")

# %% [markdown]
# This loop adds all 120 of them, and then the layer's own number is printed beside the result:

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
# drew such a picture by hand. It is called the **code** of the character. These are the codes of the ten digits:

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
# are not parameters: the paper says that they were kept fixed, at least in the beginning. For comparison, the same digits in
# F6 of an untrained network, where the numbers are so small that they need a scale of their own:

# %%
import torch

from lenet_edu import LeNet5

untrained = LeNet5()
untrained.reset_parameters(torch.Generator().manual_seed(0))
unlearned = activations(untrained, threes)["F6"].view(-1, height, width)
plots.maps(unlearned, title="Before training", layer="F6", columns=10)

# %% [markdown]
# No digit can be seen in these, and they hardly differ from one image to the next. Now look at F6 of the trained network for each
# of the ten digits, and compare it with the codes below:

# %%
pictures = f6.view(10, height, width)
titles = [f"a {label}" for label in digits.labels.tolist()]
plots.maps(pictures, titles, "F6 of the ten digits", layer="F6", columns=10, limit=limit)

# %%
codes = torch.tensor(paper.DIGIT_CODES).float()
plots.maps(
    codes,
    [f"code of {digit}" for digit in range(10)],
    "The ten codes",
    layer="OUTPUT",
    columns=10,
    limit=limit,
)

# %% [markdown]
# How many of the 84 pixels have the wrong sign, that is, ink where the code has paper or the other way round? Count them for a
# thousand test digits, or for as many as there are:

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
# Here F6 stands beside the codes, with its distance to each. The smallest distance is the answer. You can change the codes: click
# their pixels, and see the distances change. How few pixels must you change until the network gives another answer?

# %%
from lenet_edu import DigitCodes

DigitCodes(network, digits, digit=3)

# %% [markdown]
# ## Count parameters and connections
#
# A unit of F6 sees all of C5, and through it the whole image. No weight is shared, so each parameter serves one connection:
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
# Most networks today end with one unit for each class, so ten for the digits. The unit of the right class should be high, and all
# others low. This is called **one-hot**. The paper gives reasons against it. They come from its larger aim, which is to read text
# and not only single digits:
#
# - With many classes, here all printable characters, nearly all units would have to be off nearly all the time. That is
#   hard for squashed units.
# - Characters that look alike, such as O, o and 0, have codes that look alike. When the network confuses
#   them, F6 is near each of their codes, and a later stage, which knows the neighbouring characters, can choose.
# - What is no character at all should be near no code.
#
# Test the last reason. How far is F6 from its nearest code, for real digits and for the same pixels in random order? The images
# of each kind are sorted by this distance, so in the middle of the curve you read the distance of the
# middle one:

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
# Digits are near a code far more often than noise is. But the line of the noise begins low: some noise comes as near as a
# digit. The distance helps to reject what is no digit, but it is not enough.
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
# Where the two lines cross, F6 is as far from one code as from the other. There the network changes its answer, unless a third
# code is nearer than both.
#
# ## Exercises
#
# Each solution is folded away in the cell below yours.
#
# **1. Compute.** Suppose that the codes are pictures of seven by nine pixels. How many parameters does F6 have then?

# %%
parameters = None
check("f6.larger", parameters)

# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution
parameters = 7 * 9 * (120 + 1)
assert check("f6.larger", parameters).right

# %% [markdown]
# **2. Draw.** Invent a code for an eleventh class, such as a plus sign: 12 rows of 7 numbers, 1 for ink and -1 for
# paper. It must differ from the code of each digit in more than 12 pixels, so that it is no nearer to any of them
# than they are to each other.

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
# - Its 84 units are a picture of 7 by 12, and training makes it look like the printed digit, whoever has written it.
# - A digit is usually near its code. Noise usually is not, but sometimes it is.
#
# What leaves F6, for each of the ten digits:

# %%
tuple(f6.shape)

# %% [markdown]
# **Next:** [08 OUTPUT](08_output.ipynb) measures which code is nearest.
