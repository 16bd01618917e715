# %% [markdown]
# # A · The riddle of the steps
#
# An appendix to [14 The original recipe](../14_the_original_recipe.ipynb) · [Glossary](../glossary.ipynb)
#
# **After this notebook you can:** say what the paper's printed step lengths imply, and show two readings of its recipe that both come
# to its test error.

# %%
import torch

from lenet_edu import LeNet5, load_digits, load_network, paper, plots
from lenet_edu.reproduction.passes import OriginalRecipe, start, train_original
from lenet_edu.reproduction.sdlm import curvature, effective_rates

torch.set_num_threads(1)  # one digit at a time leaves nothing to do for a second core
small = load_digits("embedded").train


# %% [markdown]
# ## Two ways to scale the loss
#
# The paper prints how long its steps were in the first pass, from the shortest to the longest. To compare, you must first decide something that the paper leaves
# open. Its loss is a *sum* of squares over F6's 84 units. So the loss is large, and so are its slopes and its curvature. Do the printed rates and mu belong
# to this sum, or to a mean over the units?
#
# Here are the steps of the shipped network, once with the loss as it stands in equation 9, and once with the loss divided by 84.


# %%
def by_layer(values):
    """{parameter: numbers} -> {layer: all its numbers}"""
    layers = {}
    for name, numbers in values.items():
        layers.setdefault(name.split(".")[0], []).append(numbers.flatten())
    return {layer: torch.cat(parts) for layer, parts in layers.items()}


# %%
h = curvature(load_network("lenet5-1998"), small.images[:500])
steps = {}
for divisor in (1, 84):
    scaled = effective_rates({name: value / divisor for name, value in h.items()})
    steps[f"loss / {divisor}"] = by_layer(scaled)
    every = torch.cat([value.flatten() for value in scaled.values()])
    print(f"loss / {divisor:<3}  from {every.min():.5f} to {every.max():.5f}")
print("printed    from {:.5f} to {:.5f}".format(*paper.EFFECTIVE_RATES))

# %%
plots.ranges(
    steps, "Steps of the shipped network", "rate / (mu + h)", paper.EFFECTIVE_RATES, "printed in the paper"
)

# %% [markdown]
# The printed range is closer to the loss as it stands. With the divided loss all steps are near its upper end or beyond it.
#
# ## Train with the loss as it stands
#
# The weights start within 2.4/F, as appendix A of the paper says, and the digits are our few.

# %%
from dataclasses import replace


def learns(recipe, passes=6):
    """Whether less than 5% are wrong in the last of these passes."""
    recipe = replace(recipe, schedule=((5e-4, passes),))
    return train_original(LeNet5(), small, recipe)[-1]["error"] < 0.05


undivided = OriginalRecipe(divisor=1.0)
print("learns:", learns(undivided))

# %% [markdown]
# It does not learn, and on MNIST it diverges in its first pass. The steps before the first update explain it. At this start hardly any signal arrives at F6, so the loss
# hardly bends along any weight. All gradients and curvatures are tiny, and nearly every step is as long as it can be, rate/mu. Then the gradients grow, the steps are far too
# long, and training diverges.
#
# The longest step that the paper prints is shorter than rate/mu. So in its network the curvature was not tiny. Suppose that the weights were drawn within 1/√F instead. That is wider, and
# the more so the larger F is:

# %%
from lenet_edu.reproduction.passes import STEPS_AS_PRINTED

reading = OriginalRecipe(**STEPS_AS_PRINTED)
first = {}
for name, one in {"within 2.4/F": undivided, "within 1/√F": reading}.items():
    model = LeNet5()
    start(model, one, seed=0)
    first[name] = by_layer(effective_rates(curvature(model, small.images[:500])))
    steps, c5 = torch.cat(list(first[name].values())), model.C5.weight.abs().max()
    print(f"{name:<12}  C5 ±{c5:.3f}   from {steps.min():.5f} to {steps.max():.4f}")
print("steps as printed          from {:.5f} to {:.4f}".format(*paper.EFFECTIVE_RATES))

# %%
plots.ranges(first, "Steps before the first update", "rate / (mu + h)", paper.EFFECTIVE_RATES, "printed")

# %% [markdown]
# This start gives nearly the printed range. The shortest step is about twice as long as the printed one, the longest fits. And does the loss as it stands train with it, at the printed
# rates and mu?

# %%
print("learns:", learns(reading))

# %% [markdown]
# It does. With the wider start the curvature is known from the first update on, and steps are short where they must be.
#
# So the printed rates, mu, loss, and nearly the printed steps go together if the weights began wider than appendix A says. That is one reading. In it S2 and S4 take half the sum
# of four at first, and half of $h$ stays from pass to pass. Some of the paper's authors recommend something like it in another text of 1998, “Efficient BackProp” by LeCun, Bottou, Orr and
# Müller: weights with a standard deviation of 1/√F, and $h$ as a running estimate.
#
# ## Compare the two readings on MNIST
#
# The other reading takes appendix A at its word and divides the loss by 84. Recorded, the first seed of each:

# %%
from lenet_edu import read_results

record = read_results("family")
results = record["experiments"]
readings = {"2.4/F, loss / 84": results["LeNet-5"], "1/√F": results["reading: steps as printed"]}
for name, told in readings.items():
    low, high = told["runs"][0]["passes"][0]["effective_rates"]
    print(f"{name:<17} first pass: steps from {low:.5f} to {high:.4f}")

# %% [markdown]
# Both readings with ten seeds:

# %%
for name, told in readings.items():
    error, training = told["error"], told["training_error"]
    print(
        f"{name:<17} {len(told['runs'])} seeds: test {error['mean']:.2f}% ± {error['deviation']:.2f}, "
        f"training {training['mean']:.2f}%"
    )
print(f"{'printed':<17} test {paper.TEST_ERROR}%, training {paper.TRAINING_ERROR}%")

# %% [markdown]
# Both come to the paper's test error, as far as ten seeds can tell. Their training errors lie on either side of the printed one. The paper says that its own error rates are uncertain by about
# a tenth of a percent, and that several versions of LeNet-5 were trained. How many of these runs are as good as the printed one, or better?

# %%
every = [run["error"] for told in readings.values() for run in told["runs"]]
good = sum(error <= paper.TEST_ERROR for error in every)
print(f"{good} of {len(every)} runs at {paper.TEST_ERROR}% or below, the best at {min(every)}%")

# %% [markdown]
# This course follows appendix A in notebook 14 and in the weights that it ships. The paper's authors may have done otherwise.
#
# Back to [14 The original recipe](../14_the_original_recipe.ipynb), or on to [B · Figure 8](B_figure_8.ipynb).
