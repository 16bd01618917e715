# %% [markdown]
# # 09 · The whole network
#
# [Course map](00_start_here.ipynb) · [Glossary](glossary.ipynb)
#
# **After this notebook you can:** build LeNet-5 from its seven layers, say where its 60,000 parameters and its 340,908
# connections sit and why, and say what each modern choice would change. Before it you need
# [01 INPUT](01_input.ipynb) to [08 OUTPUT](08_output.ipynb).

# %%
from lenet_edu import LeNet5, activations, load_digits, load_network, plots

trained = load_network("lenet5-1998")
digits = load_digits()
outputs = activations(trained, digits.test.one_of_each().images)
plots.network(trained, outputs, sample=3)

# %% [markdown]
# ## Where we are
#
# You have taken the network apart, layer by layer. Now put it together again, first with random weights:

# %%
model = LeNet5()
print(", ".join(name for name, _ in model.named_children()))

# %% [markdown]
# ## Predict

# %%
from lenet_edu import ask, check, ledger

book = ledger(model)
ask("network.largest", book["C5"].parameters)

# %% [markdown]
# ## Build the network from its layers
#
# A layer is a function with numbers in it, and the network is one layer after the other. Here they are in the
# paper's order. Each is made from a few numbers, such as the maps that it reads, the maps that it gives, and the side of its
# kernels.

# %%
from lenet_edu import layers, paper

squash = "scaled_tanh"
C1 = layers.Convolution(1, 6, 5, squash)
S2 = layers.Subsampling(6, 2, squash)
C3 = layers.TableConvolution(paper.C3_TABLE, 5, squash)
S4 = layers.Subsampling(16, 2, squash)
C5 = layers.Convolution(16, 120, 5, squash)
F6 = layers.Linear(120, 84, squash)
print(*(type(layer).__name__ for layer in (C1, S2, C3, S4, C5, F6)), sep=", ")

# %% [markdown]
# The last layer has nothing to learn. It holds the ten codes of 7 x 12 pixels and measures how far F6 is from each of
# them, by equation 7:
#
# $$y_i = \sum_j (x_j - w_{ij})^2$$

# %%
import torch

OUTPUT = layers.RBF(torch.tensor(paper.DIGIT_CODES))
plots.digits(paper.DIGIT_CODES[:, None], titles=[str(digit) for digit in range(10)])

# %% [markdown]
# Now put the layers one after the other. They take the weights of `model`, and an image goes through both networks:

# %%
by_hand = torch.nn.Sequential(C1, S2, C3, S4, C5, F6, OUTPUT)
for mine, theirs in zip(by_hand, model, strict=True):
    mine.load_state_dict(theirs.state_dict())
image = digits.test.images[:1]
same = torch.equal(by_hand(image), model(image))
print("your network and the package's give the same ten numbers:", same)

# %% [markdown]
# ## Draw it as text
#
# On the way through the network the maps get smaller, and there are more of them. Here is all of LeNet-5 on one page. Each mark
# stands for one unit along the side of a map, or for ten units of a layer without maps. Between two layers stands what leads from
# one to the next.

# %%
from lenet_edu import show_shape

print(f"INPUT   {show_shape((1, 32, 32)):<9} {'#' * 32}")
for row in book.rows:
    maps, *side = row.output_shape
    marks = "#" * (side[0] if side and side[0] > 1 else -(-maps // 10))
    print(f"   |    {row.kind}")
    print(f"{row.name:<7} {show_shape(row.output_shape):<9} {marks}")

# %% [markdown]
# ## Read the whole ledger
#
# The ledger says for each layer what comes out of it, how many units, trainable parameters, connections and
# multiplications it has, and how much of the image one of its units sees. It is computed from the
# description of the network. *How each figure comes about*, below the table, opens every formula.

# %%
book

# %% [markdown]
# The paper prints both totals, 60,000 parameters and 340,908 connections. It also prints those of each layer. Compare:

# %%
for row in book.rows:
    ours, printed = row.parameters.value, paper.PARAMETERS[row.name]
    print(f"{row.name:<7} {ours:>7,} parameters, the paper says {printed:>7,}")
    assert (ours, row.connections.value) == (printed, paper.CONNECTIONS[row.name])
assert book.totals["parameters"] == paper.TOTAL_PARAMETERS

# %% [markdown]
# C3 needs the longest formula. Its sixteen maps do not all read the same maps of S2: a table says which. So its parameters come in
# four groups:

# %%
book["C3"].parameters

# %% [markdown]
# These are formulas. The model holds real tensors, so count what is in them, too:

# %%
from lenet_edu import count_parameters

for name, layer in model.named_children():
    print(f"{name:<7} {count_parameters(layer):>7,}")
print(f"total   {count_parameters(model):>7,}")

# %% [markdown]
# ## Say where the parameters sit

# %%
ask("network.charts", plots.parameters_and_connections(book))

# %% [markdown]
# Look at the layers with many parameters first. C5 and F6 hold almost all of them:

# %%
held = book["C5"].parameters.value + book["F6"].parameters.value
print(f"C5 and F6: {held:,} of {book.totals['parameters']:,}, {held / book.totals['parameters']:.1%}")

# %% [markdown]
# C1 and C3 hold almost none of the parameters, but do most of the work. That is weight sharing: every unit of a map uses
# the same kernel, so one parameter serves many connections.

# %%
for row in book.rows[:-1]:
    uses = row.connections.value / row.parameters.value
    print(f"{row.name:<3} {uses:>6g} connections to a parameter")

# %% [markdown]
# In C1 each parameter is used 784 times, once for each of the 28x28 places in a map. What would C1 cost if
# every unit had weights of its own for the whole image?

# %%
units, pixels = book["C1"].units.value, 32 * 32
print(
    f"{units:,} x ({pixels:,} + 1) = {units * (pixels + 1):,} parameters instead of {book['C1'].parameters}"
)

# %% [markdown]
# ## Compare it with a network without kernels
#
# What does weight sharing buy? The paper compares LeNet-5 with networks of fully connected layers on the same digits. Such a
# network is called a **multilayer perceptron** (MLP). Count its parameters, and put the paper's errors beside them:

# %%
for hidden in (300, 1000):
    parameters, error = (28 * 28 + 1) * hidden + (hidden + 1) * 10, paper.PUBLISHED_ERRORS[f"784-{hidden}-10"]
    print(f"784 - {hidden:<4} - 10  {parameters:>8,} parameters   {error:.2f}% of the test digits misread")
print(f"LeNet-5          {book.totals['parameters']:>8,} parameters   {paper.TEST_ERROR:.2f}%")

# %% [markdown]
# The smaller of the two has four times as many parameters as LeNet-5, and nearly five times as many errors. The network with
# kernels needs less because something is built into it: a stroke is a stroke, wherever it stands.
#
# ## See it work
#
# The trained network reads a 3. Follow the 3 down through the layers: edges and strokes in C1, the same at half the
# resolution in S2, combinations of them in C3, and in F6 a picture of the digit's code. If MNIST is not on your machine,
# this 3 comes from other people than those whose digits the network has learned from.

# %%
plots.feature_maps(outputs, sample=3, model=trained)

# %% [markdown]
# Now draw your own digit. The network was trained on other people's: does it read yours?

# %%
from lenet_edu import DrawDigit, FeatureMaps

DrawDigit(trained)

# %% [markdown]
# Here you can look at every unit of every layer, with its arithmetic, for the first twenty digits. The slider *weights* goes from
# a network that knows nothing to the trained one.

# %%
stages = {"untrained": model, "1998, trained": trained}
FeatureMaps(stages, digits.test.images[:20], labels=digits.test.labels[:20].tolist(), digit=0)

# %% [markdown]
# Here are the ten distances for the 3. The smallest one names the digit:

# %% tags=["nbval-ignore-output"]
for digit, distance in enumerate(outputs["OUTPUT"][3].tolist()):
    print(f"{digit}  {distance:6.1f}  {'#' * round(distance / 3)}")

# %% [markdown]
# ## Compare 1998 with today
#
# Today one would choose differently in four places, and each is one switch of `LeNet5`. The ledger tells what
# a switch costs. The first line is the network of 1998. In the last line all four are switched.

# %%
from lenet_edu import MODERN

variants = [{}, *({name: choice} for name, choice in MODERN.items()), MODERN]
for switches in variants:
    variant = ledger(LeNet5(**switches))
    parameters, connections = variant.totals["parameters"], variant.totals["connections"]
    print(f"{parameters:>7,} parameters {connections:>8,} connections   {variant.name}")

# %% [markdown]
# The modern network has 61,706 parameters, the number that most implementations on the web report for
# LeNet-5. It is not the paper's. This is the difference, layer by layer:

# %%
modern = ledger(LeNet5(**MODERN))
for old, new in zip(book.rows, modern.rows, strict=True):
    if change := new.parameters.value - old.parameters.value:
        print(f"{old.name:<7} {change:+,}")
print(f"total   {modern.totals['parameters'] - book.totals['parameters']:+,}")

# %% [markdown]
# With a full table C3 has 900 parameters more. Pooling has none, so S2 loses its 12 and S4 its 32. And ten linear
# units, each with 84 weights and a bias, take the place of the ten fixed codes.
#
# ## Change it
#
# `c3` takes any table of 6x16: rows are the maps of S2, columns the maps of C3. Here each map of C3 reads
# just one map of S2. How many parameters are left?

# %%
import numpy as np

single = np.zeros((6, 16), dtype=bool)
single[np.arange(16) % 6, np.arange(16)] = True
ledger(LeNet5(c3=single))["C3"]

# %% [markdown]
# ## Exercises
#
# Each solution is folded away in the cell below yours.
#
# **1. Compute.** The image is 36 by 36 instead of 32 by 32, and nothing else changes. How many units does C5 have then?

# %%
units = None
check("network.larger", units)

# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution
side = ((36 - 4) // 2 - 4) // 2 - 4
units = 120 * side * side
assert check("network.larger", units).right

# %% [markdown]
# **2. Compute.** S2 has 12 parameters. How many would it have with squares of 4x4 instead of 2x2?

# %%
parameters = None
check("network.s2", parameters)

# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution
parameters = 6 * 2
assert check("network.s2", parameters).right


# %% [markdown]
# **3. Code.** Write `c3_parameters(table)`: how many parameters C3 has with a boolean table of 6x16, without building it.


# %%
def c3_parameters(table):
    return ...


check("network.c3", c3_parameters)


# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution
def c3_parameters(table):
    return 25 * table.sum() + table.shape[1]


assert check("network.c3", c3_parameters).right

# %% [markdown]
# **4. Predict, then try.** Build `LeNet5(c3=...)` with several tables of as many links as the paper's. Does the network always have 60,000
# parameters? (a) No, it depends on how the links are spread. (b) Yes: every link has equally many weights and every map one
# bias, however they are spread. (c) Only if no two columns are alike.

# %%
letter = None
check("network.sixty", letter)

# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution
letter = "b"
assert check("network.sixty", letter).right

# %% [markdown]
# **5. Compute.** A network of fully connected layers reads 28 by 28 pixels, has 1,000 hidden units and 10 outputs. The table above
# gives its size. How many parameters would it have with a second hidden layer of one hundred and fifty units between the first and the output?

# %%
mlp_parameters = None
check("network.mlp", mlp_parameters)

# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution
mlp_parameters = (784 + 1) * 1000 + (1000 + 1) * 150 + (150 + 1) * 10
assert check("network.mlp", mlp_parameters).right

# %% [markdown]
# **6. Explain in your own words.** C1 has a quarter of one percent of the parameters, and more than a third of all
# connections. How can that be?

# %%
from lenet_edu import explain

words = ""
c1 = book["C1"]
print(f"{c1.parameters.value / book.totals['parameters']:.2%} of the parameters")
print(f"{c1.connections.value / book.totals['connections']:.0%} of the connections")
explain("network.sharing", words)

# %% [markdown]
# ## The network on one page
#
# | layer | what it does | what it is good for |
# |---|---|---|
# | INPUT | centres the digit and leaves room round it | every stroke can stand in the middle of a kernel |
# | C1 | six kernels slide over the image | finds edges and ends of strokes, wherever they are |
# | S2 | adds squares of four, times a coefficient | keeps what was found, gives up exactly where |
# | C3 | kernels read some maps of S2, by a table | combines edges into larger parts |
# | S4 | as S2 | gives up more of the place |
# | C5 | kernels as large as S4's maps | sees the whole digit |
# | F6 | every unit reads all of C5 | draws the code of the digit |
# | OUTPUT | distance to ten fixed codes | the smallest names the digit |
#
# - LeNet-5 has 60,000 parameters and 340,908 connections, and you can account for every one.
# - The convolutions do most of the work with few parameters. C5 and F6 hold 97.1% of them.
# - "LeNet-5 has 61,706 parameters" is true of a modern cousin, not of the network of 1998.
# - It only works with good values for its parameters. So far these were given.
#
# **Next:** [10 How a network learns](10_how_a_network_learns.ipynb) finds such values, by a method that you can do by hand.
