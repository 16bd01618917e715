# %% [markdown]
# # 04 · C3, combinations by a table
#
# **What you will find out.** How sixteen maps are made from six. Why the paper connects them by a table, and
# what becomes of a network in which all maps begin alike.

# %%
from lenet_edu import load_network, plots

network = load_network("lenet5-1998")
plots.network(network, lit="C3")

# %% [markdown]
# ## You are here
#
# Six maps of 14 by 14 arrive from S2, for each of the ten digits.

# %%
from lenet_edu import activations, load_digits

digits = load_digits().test.one_of_each()
outputs = activations(network, digits.images)
arrives = outputs["S2"]
tuple(arrives.shape)

# %% [markdown]
# C1 and S2 know edges, each map one kind. A digit is more than edges: an end of a stroke, a corner, a crossing
# are several edges in certain places next to each other. C3 is a convolution of 5 by 5 again, and each of its
# maps reads *several* maps of S2 at once.
#
# ## Predict

# %%
from lenet_edu import ask, check, paper

ask("c3.reads", plots.table(paper.C3_TABLE, "Table I: an X where a map of C3 reads a map of S2"))

# %% [markdown]
# ## The table
#
# Here it is as text, and below it the number of maps that each column reads.

# %%
for i, line in enumerate(paper.C3_TABLE):
    print(i, *("X" if linked else "." for linked in line), sep="  ")
print(" ", *paper.C3_TABLE.sum(0), sep="  ")
print(int(paper.C3_TABLE.sum()), "links of", paper.C3_TABLE.size)

# %% [markdown]
# The columns fall into four groups. Six maps read three neighbouring maps of S2, six read four neighbouring
# ones, three read four with a gap, and the last one reads all six. Map 0 counts as the neighbour of map 5.

# %%
from lenet_edu import table_groups

groups = table_groups(paper.C3_TABLE)
for group in groups:
    reads = [paper.C3_TABLE[:, k].nonzero()[0].tolist() for k in group]
    print(f"{len(group)} maps ({group[0]} to {group[-1]}) read {len(reads[0])} each: {reads}")

# %% [markdown]
# ## By hand
#
# One map first. Map 0 of C3 reads the maps 0, 1 and 2 of S2, and has a kernel for each. Convolve each map with
# its kernel, add the three results, add the bias, squash.

# %%
import torch
import torch.nn.functional as F

kernels, bias = network.C3.kernels().detach(), network.C3.bias.detach()
parts = [F.conv2d(arrives[:, i : i + 1], kernels[0, i][None, None])[:, 0] for i in (0, 1, 2)]
first = network.C3.squash(sum(parts) + bias[0])
c3 = network.C3(arrives).detach()
torch.testing.assert_close(first, c3[:, 0])

# %%
pieces = [part[3] for part in parts]
names = ["from S2's map 0", "from map 1", "from map 2", "all, squashed"]
plots.maps(torch.stack([*pieces, first[3]]), names, "Map 0 of C3 is made of three", layer="C3")

# %% [markdown]
# And all sixteen. The table says which maps are added:

# %%
by_hand = torch.zeros(10, 16, 10, 10)
for k in range(16):
    for i in paper.C3_TABLE[:, k].nonzero()[0]:
        by_hand[:, k] += F.conv2d(arrives[:, i : i + 1], kernels[k, i][None, None])[:, 0]
by_hand = network.C3.squash(by_hand + bias[:, None, None])
torch.testing.assert_close(by_hand, c3)

# %% [markdown]
# ## See

# %%
map_titles = [f"map {k}" for k in range(16)]
plots.maps(c3[3], map_titles, "The 3 in C3: sixteen kinds of combination", layer="C3")

# %% [markdown]
# It takes practice to see strokes in them, for no map stands alone any more. It helps to follow one map through
# several digits:

# %%
labels = [f"a {label}" for label in digits.labels.tolist()]
plots.maps(c3[:, 3], labels, "Map 3 of C3, ten digits", layer="C3", columns=10)

# %% [markdown]
# ## What one unit sees
#
# 5 by 5 units of S2, hence 10 by 10 of C1, hence 14 by 14 pixels. Nearly half the width of the image.

# %%
plots.receptive_field(network, outputs, "C3", unit=(4, 4), sample=3)

# %% [markdown]
# ## The row of the ledger

# %%
from lenet_edu import ledger

row = ledger(network)["C3"]
row

# %% [markdown]
# Group by group: each map has 25 weights for every map that it reads, and one bias.

# %%
for group in groups:
    reads = int(paper.C3_TABLE[:, group[0]].sum())
    print(f"{len(group)} x ({reads} x 25 + 1) = {len(group) * (reads * 25 + 1):>4}")

# %% [markdown]
# And counted in the layer itself: 60 kernels of 25 weights, one for each link, and 16 biases. Each of the 1,516
# numbers is used at 100 places, which makes 151,600 connections.

# %%
links, held = len(network.C3.weight), sum(p.numel() for p in network.C3.parameters())
places = c3.shape[2] * c3.shape[3]
print(f"{links} x 25 + {len(bias)} = {held:,} parameters")
print(f"{held:,} x {places} = {held * places:,} connections")
assert held == row.parameters.value == paper.PARAMETERS["C3"]
assert held * places == row.connections.value == paper.CONNECTIONS["C3"]

# %% [markdown]
# ## Why a table?
#
# The paper gives two reasons. The first is to keep the number of connections in bounds.

# %%
from lenet_edu import LeNet5

full = ledger(LeNet5(c3="full"))["C3"]
comparison = [
    f"{name} {full_value:,} instead of {value:,}: {full_value - value:,} more"
    for name, full_value, value in (
        ("parameters", full.parameters.value, row.parameters.value),
        ("connections", full.connections.value, row.connections.value),
        ("units", full.units.value, row.units.value),
    )
]
ask("c3.full", "\n".join(comparison))


# %% [markdown]
# A full table would have 2,416 parameters: 900 more. On today's machines nobody would mind. The second reason is
# the deeper one: the table **breaks the symmetry**.
#
# Suppose that all maps of C3 begin with the same weights, and that C5 treats them all alike. Let us build that:


# %%
def all_alike(c3):
    """A network whose maps of C3 have equal weights, and whose C5 treats them equally."""
    learner = LeNet5(c3=c3)
    learner.reset_parameters(torch.Generator().manual_seed(0))
    with torch.no_grad():
        one_kernel = learner.C3.kernels()[0, 0].clone()
        learner.C3.weight.copy_(one_kernel.expand_as(learner.C3.weight))
        learner.C3.bias.fill_(0.1)
        learner.C5.weight.copy_(learner.C5.weight[:, :1].expand_as(learner.C5.weight).clone())
    return learner


# %% [markdown]
# Train it for a few steps, and count how many of the sixteen maps differ from each other.

# %%
from lenet_edu import map_loss


def different_maps(learner):
    with torch.no_grad():
        maps = activations(learner, digits.images)["C3"].transpose(0, 1).flatten(1)
    return len(torch.unique((maps * 1000).round(), dim=0))


def train(learner, steps=30):
    optimizer = torch.optim.SGD(learner.parameters(), lr=0.002, momentum=0.9)
    for _ in range(steps):
        optimizer.zero_grad()
        map_loss(learner(digits.images), digits.labels).backward()
        optimizer.step()


# %%
lines = []
for name, table in (("full table", "full"), ("Table I", "table")):
    learner = all_alike(table)
    before = different_maps(learner)
    train(learner)
    lines.append(
        f"{name:<11} different maps: {before:>2} before training, {different_maps(learner):>2} after"
    )
ask("c3.symmetry", "\n".join(lines))

# %% [markdown]
# With the full table, sixteen maps do the work of one, and no amount of training will change that: equal
# weights get equal gradients. With Table I the maps differ from the first moment, since they read different
# things.
#
# To be fair: nobody starts with equal weights. Random initial weights break the tie as well, and today they do
# it alone. The table makes sure of it, by design.
#
# ## Change it
#
# Click in the table: parameters and connections are counted again at once. What you build goes straight into a network.

# %%
from lenet_edu import C3Table

mine = C3Table()
mine

# %% [markdown]
# The next cell trains two networks for a moment, on the small digits of scikit-learn: one with the paper's table, one
# with yours. A single run on so few digits says little. What do you expect with the diagonal table?

# %% tags=["nbval-ignore-output"]
from lenet_edu import default_recipe, fit

small = load_digits("embedded")
for name, table in (("the paper's", "table"), ("yours", mine.table)):
    learner = LeNet5(c3=table)
    learner.reset_parameters(torch.Generator().manual_seed(0))
    recipe = default_recipe(learner.architecture, len(small.train)).changed(epochs=6)
    run = fit(learner, small, recipe, progress=False)
    print(f"{name:<12} {max(r['validation_accuracy'] for r in run.history):.1%} right on validation digits")

# %% [markdown]
# `LeNet5(c3=...)` takes any table of 6 by 16. Here each map of C3 reads a random three of S2's. How many parameters?

# %%
import numpy as np

chance = np.random.default_rng(0)
table = np.stack([chance.permutation([1, 1, 1, 0, 0, 0]) for _ in range(16)], axis=1)
print(ledger(LeNet5(c3=table))["C3"].parameters)
plots.table(table, "Three of six, by chance")

# %% [markdown]
# ## Exercises
#
# Each solution is folded away in the cell below yours.
#
# **1.** Let each of C3's sixteen maps read a single map of S2. How many parameters does C3 have?

# %%
parameters = None
check("c3.single", parameters)

# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution
parameters = 16 * (25 + 1)
assert check("c3.single", parameters).right

# %% [markdown]
# **2.** Which share of all possible links does Table I have?

# %%
share = None
check("c3.share", share)

# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution
share = paper.C3_TABLE.sum() / paper.C3_TABLE.size
assert check("c3.share", share).right


# %% [markdown]
# **3.** Write `one_map(s2, kernels, bias, reads)`: one map of C3 before the squash. `s2` is `(N, 6, 14, 14)`,
# `kernels` is `(6, 5, 5)`, and `reads` has six booleans, True where the map reads.


# %%
def one_map(s2, kernels, bias, reads):
    return ...


check("c3.one_map", one_map)


# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution
def one_map(s2, kernels, bias, reads):
    total = 0
    for i in reads.nonzero()[:, 0]:
        total = total + F.conv2d(s2[:, i : i + 1], kernels[i][None, None])[:, 0]
    return total + bias


assert check("c3.one_map", one_map).right

# %% [markdown]
# **4.** Build a table of your own with as many links as the paper's. No two columns shall be alike, and each map of S2
# shall be read equally often.

# %%
my_table = None
check("c3.table", my_table)

# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution
my_table = np.roll(paper.C3_TABLE, 1, axis=1)
assert check("c3.table", my_table).right

# %% [markdown]
# **5. Change and explain.** Set `learner.C3` to random weights in `all_alike`, by leaving out its line with
# `one_kernel`, and count again. If random weights do it too, what is the table still good for? (a) It saves most of
# the network's parameters. (b) Maps that read different things can never become the same. (c) It makes S2's maps
# smaller.

# %%
letter = None
check("c3.why", letter)

# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution
letter = "b"
assert check("c3.why", letter).right

# %% [markdown]
# ## What you know now
#
# - A map of C3 is a sum of convolutions over the maps that the table names.
# - 60 links, 16 biases: 1,516 parameters and 151,600 connections. A full table would have 2,416 parameters.
# - Equal weights stay equal for ever. The table makes equal maps impossible.
#
# Sixteen maps of 10 by 10 units leave C3, for each of the ten digits:

# %%
tuple(c3.shape)

# %% [markdown]
# **Next:** [05 S4](05_s4.ipynb) lowers the resolution once more.
