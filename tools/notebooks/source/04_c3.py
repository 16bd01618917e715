# %% [markdown]
# # 04 · C3, combinations
#
# [Course map](00_start_here.ipynb) · [Glossary](glossary.ipynb)
#
# **After this notebook you can:** compute a unit that reads several maps, read the paper's Table I, count what it saves, and
# explain how units that begin alike can become different.
#
# ## Where we are
#
# The third layer, C3: a convolution again. Follow the lines: this unit reads the same place in *three* maps of S2.

# %%
from lenet_edu import activations, load_digits, load_network, plots

network = load_network("lenet5-1998")
digits = load_digits().test.one_of_each()
outputs = activations(network, digits.images)
plots.network(network, outputs, lit="C3", sample=3)

# %% [markdown]
# Six maps of 14 by 14 arrive from S2, for each of the ten digits:

# %%
arrives = outputs["S2"]
tuple(arrives.shape)

# %% [markdown]
# The maps of S2 show edges, each map one kind. A digit is more than edges: the end of a stroke, a corner or a crossing is
# made of *several* edges next to each other. So a map of C3 looks at several maps of S2 at once. For each map that it reads it
# has a kernel of its own.
#
# ## Predict

# %%
from lenet_edu import ask, paper

s2, c3 = arrives[3], network.C3(arrives).detach()[3]
ask("c3.kernels", plots.table(paper.C3_TABLE, "Table I, for the 3", below=s2, above=c3))

# %% [markdown]
# ## One unit, on paper
#
# Map 0 of C3 reads the maps 0, 1 and 2 of S2. For a unit, take the patch of 5 by 5 in each of the three maps, multiply it with
# the kernel for that map, and add the products. Then add the three sums and the bias of the map, and squash:
#
# $$y^k_{r,c} = f\Big(b_k + \sum_{m \in T_k} \sum_{i=0}^{4}\sum_{j=0}^{4} w^{k,m}_{i,j}\; x^m_{r+i,\,c+j}\Big)$$
#
# Here $k$ is the map of C3, and $T_k$ is the set of the maps of S2 that it reads.

# %% tags=["nbval-ignore-output"]
kernels, bias = network.C3.kernels().detach(), network.C3.bias.detach()
three_sums = [(s2[m, 4:9, 4:9] * kernels[0, m]).sum() for m in (0, 1, 2)]
total = sum(three_sums) + bias[0]
for m, one_sum in enumerate(three_sums):
    print(f"map {m} of S2, sum of 25 products: {one_sum:6.2f}")
print(f"the bias:                         {bias[0]:6.2f}")
print(f"all added:                        {total:6.2f}")
print(f"squashed:                         {network.C3.squash(total):6.2f}")
print(f"the layer itself says:            {c3[0, 4, 4]:6.2f}")

# %% [markdown]
# ## One map, from its three
#
# Do this at every place. Each row below shows a map of S2, its kernel, and what the kernel makes of it. On the right is the sum
# of the three, with bias and squash: map 0 of C3.

# %%
import torch
import torch.nn.functional as F

parts = [F.conv2d(s2[m][None, None], kernels[0, m][None, None])[0, 0] for m in (0, 1, 2)]
first = network.C3.squash(sum(parts) + bias[0])
plots.combination(s2[:3], kernels[0, :3], parts, first, ["S2 map 0", "S2 map 1", "S2 map 2"], "C3 map 0")

# %%
print(f"{first.numel()} units, largest difference to the layer: {(first - c3[0]).abs().max():.4f}")

# %% [markdown]
# ## Read the table
#
# Which map reads which? The paper says so in Table I. Its rows are the maps of S2, its columns those of C3.

# %%
print("map of C3   ", *(f"{k:>2}" for k in range(16)))
for m, line in enumerate(paper.C3_TABLE):
    print(f"S2 map {m}    ", *(" X" if linked else " ." for linked in line))
print("maps read   ", *(f"{reads:>2}" for reads in paper.C3_TABLE.sum(0)))
print(int(paper.C3_TABLE.sum()), "links of", paper.C3_TABLE.size)

# %% [markdown]
# The columns fall into four groups. Six maps read three neighbouring maps of S2, six read four neighbouring ones, three read
# four with a gap, and the last one reads all six. (Map 0 counts as the neighbour of map 5.)

# %%
from lenet_edu import table_groups

groups = table_groups(paper.C3_TABLE)
for group in groups:
    reads = paper.C3_TABLE[:, group[0]].nonzero()[0].tolist()
    print(
        f"maps {group[0]} to {group[-1]}: {len(group)} maps read {len(reads)} each; the first reads {reads}"
    )

# %% [markdown]
# Such a table is called a **connection table**. With it, all sixteen maps take two loops:

# %%
by_hand = torch.zeros(16, 10, 10)
for k in range(16):
    for m in paper.C3_TABLE[:, k].nonzero()[0]:
        by_hand[k] += F.conv2d(s2[m][None, None], kernels[k, m][None, None])[0, 0]
by_hand = network.C3.squash(by_hand + bias[:, None, None])
print(f"{by_hand.numel():,} units, largest difference to the layer: {(by_hand - c3).abs().max():.4f}")

# %% [markdown]
# Here they are for the 3. It takes practice to see strokes in them, since no map stands for one kind of edge any more.

# %%
plots.maps(c3, [f"map {k}" for k in range(16)], "The 3 in C3: sixteen kinds of combination", layer="C3")

# %% [markdown]
# A unit of C3 reads 5 by 5 units of S2, these read 10 by 10 units of C1, and these 14 by 14 pixels. Its receptive field is
# nearly half as wide as the image.

# %%
plots.receptive_field(network, outputs, "C3", unit=(4, 4), sample=3)

# %% [markdown]
# ## Count parameters and connections
#
# A map that reads $n$ maps has $n$ kernels of 25 weights and one bias, so it has $25\,n + 1$ parameters. Group by group:

# %%
for group in groups:
    reads = int(paper.C3_TABLE[:, group[0]].sum())
    print(f"{len(group)} x ({reads} x 25 + 1) = {len(group) * (reads * 25 + 1):>4}")

# %%
from lenet_edu import ledger

row = ledger(network)["C3"]
row

# %% [markdown]
# Count what the layer itself holds. Each number is used at 10 by 10 places:

# %%
links, held = len(network.C3.weight), sum(p.numel() for p in network.C3.parameters())
print(f"{links} kernels x 25 + {len(bias)} biases = {held:,} parameters")
print(f"{held:,} x 10 x 10 places = {held * 100:,} connections")

# %% [markdown]
# ## The first reason for a table: it costs less
#
# What if every map of C3 read all six maps of S2, as most convolutions do today?

# %%
from lenet_edu import LeNet5

full = ledger(LeNet5(c3="full"))["C3"]
lines = [
    f"{name} {getattr(full, name).value:,} instead of {getattr(row, name).value:,}"
    for name in ("parameters", "connections", "units")
]
ask("c3.full", "\n".join(lines))


# %% [markdown]
# On a computer of 1998 that mattered. Today nobody would mind.
#
# ## The second reason: maps that begin alike
#
# The paper's second reason is deeper. Training computes a **gradient**: for each parameter, how much the error grows when the
# parameter grows a little. Then it moves each parameter a little against its gradient (notebook 10 shows how). Suppose that all
# maps of C3 begin with exactly the same weights, and that the layers above treat them alike. Let us build such a network:


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
# Train it for thirty steps on the ten digits, once with a full table and once with Table I. How many of the sixteen maps are
# different from each other?

# %%
from lenet_edu import map_loss


def train(learner, steps=30):
    optimizer = torch.optim.SGD(learner.parameters(), lr=0.002, momentum=0.9)
    for _ in range(steps):
        optimizer.zero_grad()
        map_loss(learner(digits.images), digits.labels).backward()
        optimizer.step()
    return learner


def different_maps(learner):
    maps = activations(learner, digits.images)["C3"].transpose(0, 1).flatten(1)
    return len(torch.unique((maps * 1000).round(), dim=0))


# %%
lines = []
for name, table in (("full table", "full"), ("Table I", "table")):
    learner = all_alike(table)
    before, after = different_maps(learner), different_maps(train(learner))
    lines.append(f"{name:<11} different maps: {before:>2} before training, {after:>2} after")
ask("c3.symmetry", "\n".join(lines))

# %% [markdown]
# Units that begin alike have to become different, or there is no use in having many. How this comes about is called
# **symmetry breaking**. The answer above tells what a full table and what Table I do for it. Random initial weights break the
# symmetry as well. Today they do it alone, and tables like this one have gone out of use.
#
# ## Change it
#
# Click in the table, and parameters and connections are counted again. *After each change, run the cell below the table once
# more*: it trains with the table as it then stands.

# %%
from lenet_edu import C3Table

mine = C3Table()
mine

# %% [markdown]
# The next cell trains two networks for a moment on the small digits of scikit-learn, one with the paper's table and one with
# yours. It compares them on **validation digits**: digits that are kept away from training, to compare networks while you work.
# A single run on so few digits says little; a difference of one percent is chance.

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
# What do you expect of the *diagonal* table, where hardly any map reads more than one? Try it.
#
# ## Exercises
#
# Each solution is folded away in the cell below yours.
#
# **1. Compute.** Let each of C3's sixteen maps read a single map of S2. How many parameters does C3 have?

# %%
from lenet_edu import check

parameters = None
check("c3.single", parameters)

# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution
parameters = 16 * (25 + 1)
assert check("c3.single", parameters).right


# %% [markdown]
# **2. Code.** Write `count(table, kernel)`: the number of parameters of a convolution with kernels of `kernel` by `kernel`.
# `table` is a boolean tensor with a row for each map that is read and a column for each map that reads.


# %%
def count(table, kernel):
    return ...


check("c3.count", count)


# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution
def count(table, kernel):
    return table.sum() * kernel**2 + table.shape[1]


assert check("c3.count", count).right

# %% [markdown]
# **3. Debug.** Somebody builds map 0 of C3 like this and gets a map that is too bright:
#
# ```python
# total = 0
# for m in (0, 1, 2):
#     total = total + F.conv2d(s2[m][None, None], kernels[0, m][None, None]) + bias[0]
# ```
#
# What is wrong? (a) Each map should have the same kernel. (b) The bias is added three times. (c) The three results should be
# averaged.

# %%
letter = None
check("c3.debug", letter)

# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution
letter = "b"
assert check("c3.debug", letter).right

# %% [markdown]
# **4. Design.** Build a table of your own, 6 rows and 16 columns of True and False, with as many links as the paper's. No two
# columns shall be alike, and each map of S2 shall be read equally often.

# %%
my_table = None
check("c3.table", my_table)

# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution
my_table = paper.C3_TABLE[:, [15, *range(15)]]
assert check("c3.table", my_table).right

# %% [markdown]
# **5. Explain in your own words.** Sixteen maps begin with the same weights and all read the same six maps. Why does training not
# make them different, and what can one do about it?

# %%
from lenet_edu import explain

words = ""
explain("c3.symmetry", words)

# %% [markdown]
# ## What you know now
#
# - A map of C3 is a sum of convolutions, one for each map that it reads, plus a bias, squashed.
# - Table I has 60 links: with 16 biases they make 1,516 parameters and 151,600 connections.
# - Maps that begin alike and read the same stay alike. A table or random weights break the symmetry.
#
# Sixteen maps of 10 by 10 units leave C3, for each of the ten digits:

# %%
tuple(outputs["C3"].shape)

# %% [markdown]
# **Next:** [05 S4](05_s4.ipynb) lowers the resolution once more.
