# %% [markdown]
# # 03 · S2, subsampling
#
# **What you will find out.** How the paper lowers the resolution, and that it learns how. Why the squash has
# such odd numbers in it. And how average and max pooling, the habits of today, compare on the same maps.

# %%
from lenet_edu import load_network, plots

network = load_network("lenet5-1998")
plots.network(network, lit="S2")

# %% [markdown]
# ## You are here
#
# C1 has turned each of the ten digits into six maps of 28 by 28. They arrive here:

# %%
from lenet_edu import activations, load_digits

digits = load_digits().test.one_of_each()
outputs = activations(network, digits.images)
arrives = outputs["C1"]
tuple(arrives.shape)

# %% [markdown]
# C1's maps tell exactly where each edge is. To read a digit that is too much: your 7 and mine have their edges
# in different places. S2 keeps *that* there is an edge and *about* where: 14 by 14 places instead of 28 by 28.
#
# ## Predict

# %%
from lenet_edu import ask, check, ledger

row = ledger(network)["S2"]
ask("s2.parameters", row.parameters)

# %% [markdown]
# ## By hand
#
# Four steps. Add the numbers of each square of 2 by 2. Multiply the sum by the map's **coefficient**. Add the
# map's **bias**. Squash. First for a single unit:

# %%
import torch

from lenet_edu import paper

square = arrives[3, 0, 12:14, 12:14]
coefficient, bias = network.S2.coefficient[0].detach(), network.S2.bias[0].detach()
weighted_sum = square.sum() * coefficient + bias
unit = paper.SQUASH_AMPLITUDE * torch.tanh(paper.SQUASH_SLOPE * weighted_sum)
print(f"map 0: coefficient {coefficient:.3f}, bias {bias:.3f}, {square.numel()} inputs")

# %% [markdown]
# Then for all units at once. `view` cuts each side into pairs, and the sum runs over both pairs.

# %%
pairs = arrives.view(10, 6, 14, 2, 14, 2)
sums = pairs.sum((3, 5))  # (10, 6, 14, 14)
coefficients = network.S2.coefficient[:, None, None]
s2_by_hand = network.S2.squash(sums * coefficients + network.S2.bias[:, None, None])
s2 = network.S2(arrives).detach()
torch.testing.assert_close(s2_by_hand, s2)
torch.testing.assert_close(unit, s2[3, 0, 6, 6])

# %% [markdown]
# ## See

# %%
titles = [f"map {k}" for k in range(6)]
plots.maps(arrives[3], titles, "What arrives from C1", layer="C1")

# %%
plots.maps(s2[3], titles, "What S2 makes of it: half the resolution, the same shapes", layer="S2")

# %% [markdown]
# ## The squash
#
# f(a) = 1.7159 tanh(2a/3). Where do these numbers come from? Ask f itself:

# %%
f = network.S2.squash
one = torch.tensor(1.0, dtype=torch.double)
print(
    f"{paper.SQUASH_AMPLITUDE} tanh(2a/3): f(1) = {f(one):.4f}, f(-1) = {f(-one):.4f}, f(5) = {f(5 * one):.2f}"
)

# %% [markdown]
# It is made so that 1 goes to 1 and -1 to -1. The digit codes, which F6 is to reach, consist of 1 and -1. The
# squash's own limits are farther out, at 1.7159, and no unit is ever asked to reach them: that would take
# endless weights.
#
# Now its bend. The second derivative tells how sharply a curve bends, and torch computes it:

# %%
a = torch.linspace(-4, 4, 2001, dtype=torch.double, requires_grad=True)
(slope,) = torch.autograd.grad(f(a).sum(), a, create_graph=True)
(bend,) = torch.autograd.grad(slope.sum(), a)
sharpest = a[bend.abs().argmax()].abs().item()
print(f"slope at 0: {slope[1000]:.3f}; sharpest bend at {sharpest:.3f} and {-sharpest:.3f}")

# %%
lines = {"f": f(a), "slope f'": slope, "bend f''": bend}
plots.curves(a.detach(), lines, "f bends most where it passes 1 and -1", "a", marks=[-1, 1])

# %% [markdown]
# The paper says that the bend is sharpest at 1 and -1. It is at 0.988: near enough. So a unit whose
# target is 1 sits at the knee, neither on the straight part, where it could not decide, nor on the flat part,
# where its gradient is lost. And the slope at 0 is near 1, so that a squash hardly changes the scale of what
# passes through many layers.
#
# ## Small, medium, large coefficients
#
# Let the four inputs be 1 or -1. Then the sum depends only on how many of them are 1. What comes out?

# %%
settings = {"small": (0.1, 0), "medium": (0.4, 0), "large, bias up": (2, 6), "large, bias down": (2, -6)}
sums_of_four = torch.tensor([-4.0, -2.0, 0.0, 2.0, 4.0])
lines = [f"{'inputs at 1':<18}" + "".join(f"{n:>6}" for n in range(5))]
for name, (c, b) in settings.items():
    lines.append(f"{name:<18}" + "".join(f"{answer:6.1f}" for answer in f(c * sums_of_four + b)))
ask("s2.and_or", "\n".join(lines))

# %% [markdown]
# With a small coefficient the unit **averages**: every input counts alike. With a large one it **decides**, and
# the bias sets how many votes it takes. One is enough when the bias is high (an OR), and all four are needed
# when it is low (an AND). The paper describes just this.
#
# The same on a map of the 3:

# %%
layer = network.S2
versions = [f(sums[3, 0] * c + b) for c, b in settings.values()]
plots.maps(torch.stack(versions).detach(), list(settings), "One map, four ways to subsample it", layer="S2")

# %% [markdown]
# Now by hand. Watch where the weighted sums fall on the squash: near the middle the map is only blurred, at its ends
# every unit has decided.

# %%
from lenet_edu import Subsampling

Subsampling(arrives[3])

# %% [markdown]
# Which way did training choose? All six coefficients have stayed in the middle. They began at 0.25, which makes
# the sum of four a mean, and each has grown.

# %%
coefficient_values = layer.coefficient.tolist()
print("began at", 1 / layer.size**2)
print("now     ", *(f"{value:.2f}" for value in coefficient_values))

# %% [markdown]
# ## Against average and max pooling
#
# Today's layers have nothing to learn here. **Average pooling** is the mean of four, **max pooling** the largest of four,
# and no squash follows.

# %%
import torch.nn.functional as F

ways = [s2[3, 0], F.avg_pool2d(arrives, 2)[3, 0], F.max_pool2d(arrives, 2)[3, 0]]
plots.maps(
    torch.stack(ways), ["subsampling", "average", "max"], "The same map, pooled three ways", layer="S2"
)

# %% [markdown]
# The average is a paler copy of subsampling. The maximum keeps thin positive lines at full strength, and a
# negative unit survives only among four negative ones. It suits ReLU, whose maps have no negative half.

# %%
largest = F.max_pool2d(arrives, 2)
negative_before, negative_after = (arrives < 0).float().mean(), (largest < 0).float().mean()
assert negative_after < negative_before

# %% [markdown]
# ## What one unit sees
#
# Four units of C1, each of which sees 5 by 5 pixels. They overlap, and together they see 6 by 6.

# %%
plots.receptive_field(network, outputs, "S2", unit=(6, 6), sample=3)

# %% [markdown]
# ## The row of the ledger

# %%
row

# %% [markdown]
# The layer itself holds two numbers a map. Each unit has four inputs and a bias, five connections in all:

# %%
held = layer.coefficient.numel() + layer.bias.numel()
units = s2[0].numel()
print(f"{layer.coefficient.numel()} coefficients + {layer.bias.numel()} biases = {held}")
print(f"{units:,} units x (2 x 2 + 1) = {units * 5:,} connections")
assert held == row.parameters.value == paper.PARAMETERS["S2"]
assert units * 5 == row.connections.value == paper.CONNECTIONS["S2"]

# %% [markdown]
# 12 parameters serve 5,880 connections, and hardly cost anything. Most of what S2 does is fixed: which four units
# are added. Only how strongly, and from where on, is learned.
#
# ## Change it
#
# Give `c` and `b` other numbers. Can you make the map show only what is certain? Can you turn it into its
# negative?

# %%
c, b = -0.4, 0.0
plots.maps(f(sums[3] * c + b), titles, f"Coefficient {c}, bias {b}", layer="S2")

# %% [markdown]
# ## Exercises
#
# Each solution is folded away in the cell below yours.
#
# **1.** Ten maps are subsampled in squares of 3 by 3, as the paper would do it. How many parameters?

# %%
parameters = None
check("s2.parameters", parameters)

# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution
parameters = 10 * 2
assert check("s2.parameters", parameters).right

# %% [markdown]
# **2.** Further up, S4 turns sixteen maps of 10 by 10 into as many of 5 by 5. How many connections has it, biases
# included?

# %%
connections = None
check("s2.connections", connections)

# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution
connections = 16 * 5 * 5 * (2 * 2 + 1)
assert check("s2.connections", connections).right


# %% [markdown]
# **3.** Write `subsample(maps, coefficient, bias)` for maps `(N, maps, H, W)` and one coefficient and one bias a
# map, without the squash.


# %%
def subsample(maps, coefficient, bias):
    return ...


check("s2.subsample", subsample)


# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution
def subsample(maps, coefficient, bias):
    total = maps[..., 0::2, 0::2] + maps[..., 0::2, 1::2] + maps[..., 1::2, 0::2] + maps[..., 1::2, 1::2]
    return total * coefficient[:, None, None] + bias[:, None, None]


assert check("s2.subsample", subsample).right

# %% [markdown]
# **4.** Find a coefficient and a bias that make an OR: with all four inputs at -1 the unit gives -1 or less; with
# one or more of them at 1 it gives 1 or more.

# %%
pair = None
check("s2.or", pair)

# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution
pair = (2.0, 6.0)
assert check("s2.or", pair).right

# %% [markdown]
# **5. Change and explain.** Replace S2 by max pooling, `LeNet5(subsampling="max")`. What does the network lose? (a) The
# choice, for each map, between averaging and deciding. (b) A large share of its parameters. (c) Resolution.

# %%
letter = None
check("s2.why", letter)

# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution
letter = "a"
assert check("s2.why", letter).right

# %% [markdown]
# ## What you know now
#
# - Subsampling: sum of four, times a coefficient, plus a bias, squashed. 12 parameters for six maps.
# - The squash sends 1 to 1, and bends most near there.
# - Small coefficients average, large ones decide.
#
# Six maps of 14 by 14 units leave S2, for each of the ten digits:

# %%
tuple(s2.shape)

# %% [markdown]
# **Next:** [04 C3](04_c3.ipynb) combines them.
