# %% [markdown]
# # 09 · The whole network
#
# **What you will find out.** How seven layers make LeNet-5, where its 60,000 parameters and its 340,908
# connections sit, and what each modern choice would change.

# %%
from lenet_edu import LeNet5, plots

model = LeNet5()
plots.network(model)

# %%
from lenet_edu import ask, check, ledger

book = ledger(model)
ask("network.largest", book["C5"].parameters)

# %% [markdown]
# ## By hand
#
# A layer is a function with numbers in it, and the network is one layer after the other. Here they are in the
# paper's order, each made of its own figures: maps in, maps out, size of the kernel.

# %%
from lenet_edu import layers, paper

squash = "scaled_tanh"
C1 = layers.Convolution(1, 6, 5, squash)
S2 = layers.Subsampling(6, 2, squash)
C3 = layers.TableConvolution(paper.C3_TABLE, 5, squash)
S4 = layers.Subsampling(16, 2, squash)
C5 = layers.Convolution(16, 120, 5, squash)
F6 = layers.Linear(120, 84, squash)

# %% [markdown]
# The last layer has nothing to learn. It holds ten pictures of 7x12 pixels, one for each digit, and measures
# how far F6 is from each of them: **Euclidean radial basis functions** (RBF, equation 7).

# %%
import torch

OUTPUT = layers.RBF(torch.tensor(paper.DIGIT_CODES))
plots.digits(paper.DIGIT_CODES[:, None], titles=[str(digit) for digit in range(10)])

# %% [markdown]
# One after the other. The new layers take the weights of `model`, so that both must come to the same result.

# %%
by_hand = torch.nn.Sequential(C1, S2, C3, S4, C5, F6, OUTPUT)
for mine, theirs in zip(by_hand, model, strict=True):
    mine.load_state_dict(theirs.state_dict())

image = torch.rand(1, 1, 32, 32)
assert torch.equal(by_hand(image), model(image))

# %% [markdown]
# On its way through, the image gets smaller and the maps get more:

# %%
x = image
for name, layer in model.named_children():
    x = layer(x)
    print(f"{name:<7} {tuple(x.shape)}")

# %% [markdown]
# ## The ledger
#
# All of it on one page: what comes out of each layer, how many units, trainable parameters, connections and
# multiplications it has, and how much of the image one of its units sees. The ledger is computed from the
# description of the network. *How each figure comes about*, below the table, opens every formula.

# %%
book

# %% [markdown]
# 60,000 parameters and 340,908 connections: the paper prints both. It also prints each layer's, and they
# agree one by one.

# %%
assert book.totals["parameters"] == paper.TOTAL_PARAMETERS == 60_000
assert book.totals["connections"] == paper.TOTAL_CONNECTIONS == 340_908
for row in book.rows:
    assert row.parameters.value == paper.PARAMETERS[row.name]
    assert row.connections.value == paper.CONNECTIONS[row.name]

# %% [markdown]
# The layer with the most to explain is C3. Its sixteen maps do not read all six maps below, but those that
# a table names. Its parameters come in four groups:

# %%
book["C3"].parameters

# %% [markdown]
# Do not take the formulas' word for it. The model holds real tensors, and counting what is in them is a
# different computation:

# %%
from lenet_edu import count_parameters

for name, layer in model.named_children():
    print(f"{name:<7} {count_parameters(layer):>7,}")
print(f"total   {count_parameters(model):>7,}")

# %% [markdown]
# ## Where the parameters sit

# %%
ask("network.charts", plots.parameters_and_connections(book))

# %% [markdown]
# They are nearly opposites. C5 and F6 hold almost all parameters:

# %%
held = book["C5"].parameters.value + book["F6"].parameters.value
print(f"C5 and F6: {held:,} of {book.totals['parameters']:,}, {held / book.totals['parameters']:.1%}")

# %% [markdown]
# C1 and C3 hold almost none, and do most of the work. That is **weight sharing**: every unit of a map uses
# the same kernel, so one parameter serves many connections.

# %%
for row in book.rows[:-1]:
    uses = row.connections.value / row.parameters.value
    print(f"{row.name:<3} {uses:>6,.0f} connections to a parameter")

# %% [markdown]
# In C1 each parameter is used 784 times, once for each of the 28x28 places in a map. What would C1 cost if
# every unit had weights of its own for the whole image?

# %%
units, pixels = book["C1"].units.value, 32 * 32
print(
    f"{units:,} x ({pixels:,} + 1) = {units * (pixels + 1):,} parameters instead of {book['C1'].parameters}"
)

# %% [markdown]
# ## See it work
#
# The shipped network of 1998 reads one digit. Follow it down: edges and strokes in C1, the same at half the
# resolution in S2, combinations of them in C3, and in F6 a rough picture of the digit's code.

# %%
from lenet_edu import activations, load_digits, load_network

digits = load_digits()
threes = digits.test.images[digits.test.labels == 3]
maps = activations(load_network("lenet5-1998"), threes[:1])
plots.feature_maps(maps)

# %% [markdown]
# And with your own digit. The network was trained on other people's: does it read yours?

# %%
from lenet_edu import DrawDigit, FeatureMaps

DrawDigit(load_network("lenet5-1998"))

# %% [markdown]
# Every unit of every layer, with its arithmetic, for the first twenty digits. The slider *weights* goes from a
# network that knows nothing to the trained one.

# %%
stages = {"untrained": model, "1998, trained": load_network("lenet5-1998")}
FeatureMaps(stages, digits.test.images[:20], labels=digits.test.labels[:20].tolist(), digit=0)

# %% [markdown]
# And the ten distances. The smallest names the digit:

# %% tags=["nbval-ignore-output"]
for digit, distance in enumerate(maps["OUTPUT"][0].tolist()):
    print(f"{digit}  {distance:6.1f}  {'#' * round(distance / 3)}")

# %% [markdown]
# ## 1998 against today
#
# Today one would choose differently in four places, and each is one switch of `LeNet5`. The ledger tells what
# a switch costs; the first line is the network of 1998, the last one has all four turned.

# %%
from lenet_edu import MODERN

variants = [{}, *({name: choice} for name, choice in MODERN.items()), MODERN]
for switches in variants:
    variant = ledger(LeNet5(**switches))
    parameters, connections = variant.totals["parameters"], variant.totals["connections"]
    print(f"{parameters:>7,} parameters {connections:>8,} connections   {variant.name}")

# %% [markdown]
# The modern network has 61,706 parameters, the number that most implementations on the web report for
# LeNet-5. It is not the paper's. The difference, layer by layer:

# %%
modern = ledger(LeNet5(**MODERN))
for old, new in zip(book.rows, modern.rows, strict=True):
    if change := new.parameters.value - old.parameters.value:
        print(f"{old.name:<7} {change:+,}")
print(f"total   {modern.totals['parameters'] - book.totals['parameters']:+,}")

# %% [markdown]
# A full table gives C3 900 more. Pooling without parameters takes S2's 12 and S4's 32 away. And ten linear
# units, each with 84 weights and a bias, learn what the ten codes had fixed.
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
# **1.** The image grows by four pixels in each direction, and nothing else changes. How many units does C5 have then?

# %%
units = None
check("network.larger", units)

# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution
side = ((36 - 4) // 2 - 4) // 2 - 4
units = 120 * side * side
assert check("network.larger", units).right

# %% [markdown]
# **2.** S2 has 12 parameters. How many would it have with squares of 4x4 instead of 2x2?

# %%
parameters = None
check("network.s2", parameters)

# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution
parameters = 6 * 2
assert check("network.s2", parameters).right


# %% [markdown]
# **3.** Write `parameters(table)`: how many parameters C3 has with a boolean table of 6x16, without building it.


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
# **4. Change and explain.** Build `LeNet5(c3=...)` with several tables of as many links as the paper's. Does the network always have 60,000
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
# ## What you know now
#
# - Seven layers, 60,000 parameters, 340,908 connections, every one accounted for.
# - The convolutions do most of the work with few parameters; C5 and F6 hold 97.1% of them.
# - "LeNet-5 has 61,706 parameters" is true of a modern cousin, not of the network of 1998.
#
# **Next:** [11 Train](11_train.ipynb) finds good values for all these numbers.
