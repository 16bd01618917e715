# %% [markdown]
# # P · A network of your own
#
# The project at the end of the course · [Glossary](../glossary.ipynb)
#
# **After this notebook you can:** design a network, count what it costs before you build it, train it, and defend your choices with numbers. Plan two
# hours for it, alone or in pairs.
#
# ## The task
#
# Design a LeNet with at most 30,000 parameters, half of LeNet-5's. It must read at least 95% of the validation digits of the small
# digits that come with this course. You may change what you like: the number of maps, the kernels, C3's table, the layers
# above S4, the training.

# %%
from lenet_edu.exercises.project import LEAST_ACCURACY, MOST_PARAMETERS

print(f"at most {MOST_PARAMETERS:,} parameters, at least {LEAST_ACCURACY:.0%} right")

# %% [markdown]
# The rules: choose by the validation digits, look at the test digits once, and report more than one seed.
#
# ## Describe your network
#
# A network of this course is a list of layers. This one is LeNet-5's lower half with a single layer above it. Change it.

# %%
import torch
import torch.nn.functional as F

from lenet_edu import architecture, check, ledger, load_digits, plots
from lenet_edu.network.models import Network

parts = architecture
table = parts.lenet5()["C3"].table


# %%
def design():
    layers = (
        parts.ConvolutionSpec("C1", 6, kernel=5, activation="relu"),
        parts.SubsamplingSpec("S2", "max", None),
        parts.ConvolutionSpec("C3", 16, kernel=5, activation="relu", table=table),
        parts.SubsamplingSpec("S4", "max", None),
        parts.LinearSpec("OUTPUT", 10, None),
    )
    return parts.Architecture("mine", {"network": "mine"}, parts.InputSpec("INPUT", 1, 32), layers)


# %%
book = ledger(design())
print(f"{book.totals['parameters']:,} parameters of {MOST_PARAMETERS:,}")
book

# %%
plots.network(design())

# %% [markdown]
# You can also build your network from torch's own parts, as in notebook 11. The checker below counts the parameters of either kind.
#
# ## Train it

# %%
digits = load_digits("embedded")
images, labels = digits.train.images, digits.train.labels


def train(seed, epochs=2, rate=0.02):
    generator = torch.Generator().manual_seed(seed)
    network = Network(design())
    network.reset_parameters(generator)
    optimizer = torch.optim.SGD(network.parameters(), lr=rate, momentum=0.9)
    for _ in range(epochs):
        for batch in torch.randperm(len(labels), generator=generator).split(32):
            optimizer.zero_grad()
            F.cross_entropy(network(images[batch]), labels[batch]).backward()
            optimizer.step()
    return network


# %% [markdown]
# Two epochs are enough to see that everything runs. They are not enough for the task. Put your trained network in place of None:

# %%
network = None
check("project.network", network)

# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution
network = train(seed=0, epochs=12)
assert check("project.network", network).right

# %% [markdown]
# ## Judge it by the rubric
#
# | | beginning (1) | good (2) | excellent (3) |
# |---|---|---|---|
# | **Cost.** | at most 30,000 parameters | counted by hand for each layer, and equal to the ledger | you can say which layer you would save on next, and what it would cost |
# | **Accuracy.** | 95% of the validation digits with one seed | with each of three seeds | five seeds, with mean and deviation |
# | **Choices.** | one thing changed | one thing changed at a time, with a table of results | each choice has a reason from the course, tested by an experiment |
# | **Honesty.** | chosen by validation digits | test digits looked at once | says what it does not show |
# | **Report.** | network and result | a figure of the network, curves and mistakes | somebody else can repeat it from the page alone |
#
# Ten points or more of fifteen is a pass.

# %%
rows, best = 5, 3
print(f"{rows} rows x {best} points = {rows * best}; a pass from {rows * best * 2 // 3}")

# %% [markdown]
# ## Report it
#
# This cell prints one line for each seed. Write your report below it: one page, which shows the figure of your network.

# %% tags=["nbval-ignore-output"]
from lenet_edu import accuracy

for seed in range(2):
    trained = train(seed)
    print(
        f"seed {seed}: {accuracy(trained, digits.validation):.1%} of {len(digits.validation)} validation digits"
    )

# %% [markdown]
# ## Go further
#
# - How few parameters are enough for the same accuracy? Plot accuracy against parameters.
# - Which C3 table is the best for a given number of links? Compare with a random one, five seeds each.
# - Train on MNIST (`load_digits("mnist")`) with the same network. Which of your choices still hold?
#
# Back to [15 The family](../15_the_family.ipynb) or to [00 Start here](../00_start_here.ipynb).
