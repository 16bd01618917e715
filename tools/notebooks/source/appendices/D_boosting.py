# %% [markdown]
# # D · Boosting
#
# An appendix to [15 The family](../15_the_family.ipynb) · [Glossary](../glossary.ipynb)
#
# **After this notebook you can:** train three networks so that each learns from what the ones before find hard, and show why their sum reads better than
# each of them.

# %%
import torch

from lenet_edu import accuracy, architecture, ask, load_digits, paper, plots
from lenet_edu.reproduction.boosting import boost
from lenet_edu.reproduction.passes import DISTORTED, VERSIONS, OriginalRecipe, draw_version

# %% [markdown]
# ## Train three networks
#
# The first network learns as usual, from distorted digits. The second learns from a mixture: half of its digits the first gets wrong, and half right. The third learns
# from those about which the two *disagree*. The three outputs are added. This is called boosting. Here it is with a short schedule, on the small digits:

# %%
torch.set_num_threads(1)  # one digit at a time leaves nothing to do for a second core
digits = load_digits("embedded")
small, rate = digits.train, paper.GLOBAL_RATES[0][0]
recipe = OriginalRecipe(loss="squared", divisor=1.0, schedule=((rate, 4),), distortions=DISTORTED)
team, _ = boost(architecture.lenet4().config, small, recipe)
first, second, third = team.networks
print(f"{len(team.networks)} networks, {len(small):,} patterns for each")

# %% [markdown]
# What did the second and the third learn from? Draw the same patterns once more:

# %%
from functools import partial

from lenet_edu.reproduction.boosting import disagreements, draw_patterns, gather, right_and_wrong

drawing = (small, DISTORTED, 0)
places = gather(*drawing, partial(right_and_wrong, first), len(small), VERSIONS)
next_version = places[-1].item() // len(small) + 1
given = {"new digits": draw_version(*drawing, VERSIONS), "for the second": draw_patterns(*drawing, places)}
places = gather(*drawing, partial(disagreements, first, second), len(small), next_version)
given["for the third"] = draw_patterns(*drawing, places)

# %% tags=["nbval-ignore-output"]
print("looked at to find them:", *(f"{count:,}" for count in team.notes["looked_at"]))
for what, split in given.items():
    wrong = [f"{1 - accuracy(network, split):>4.0%}" for network in (first, second)]
    print(f"{what:<15} the first gets {wrong[0]} wrong, the second {wrong[1]}")

# %%
right = accuracy(first, given["for the second"]), accuracy(first, given["for the third"])
print("half of the second's patterns the first gets wrong:", abs(right[0] - 0.5) < 0.01)
print(
    "of the third's, at least one of the two is wrong:",
    right[1] + accuracy(second, given["for the third"]) <= 1,
)

# %% [markdown]
# Ten of the second's patterns: by turns one that the first gets wrong, in red, and one that it gets right.

# %%
from lenet_edu.plots.style import INK, RED

ten = given["for the second"].select(slice(10))
read = first.classes_of(ten.images)
colours = [INK if right else RED for right in (read == ten.labels).tolist()]
plots.digits(ten.images, [f"reads {answer}" for answer in read.tolist()], colours=colours)

# %% [markdown]
# ## Ask all three

# %%
members = {"first": first, "second": second, "third": third, "all three": team}
plain = {name: 100 * (1 - accuracy(member, digits.test)) for name, member in members.items()}
shown = plots.bars(plain, "Wrong of other digits, as they are, %", lit="all three")
ask("family.third", shown)

# %% [markdown]
# The answer above was measured on the small digits, as they are. Now distorted as in training:

# %% tags=["nbval-ignore-output"]
other = draw_version(digits.test, DISTORTED, 1, 1)
answers = {name: member.classes_of(other.images) for name, member in members.items()}
for name, answer in answers.items():
    print(f"{name:<10} {(answer != other.labels).float().mean():.1%} wrong, as they are {plain[name]:.1f}%")
alike = (answers["first"] == answers["second"]) & (answers["second"] == answers["third"])
print(f"the three agree about {alike.float().mean():.0%}")
print(f"of these the team gets {(answers['all three'] != other.labels)[alike].float().mean():.1%} wrong")

# %%
errors = {name: (answer != other.labels).float().mean().item() for name, answer in answers.items()}
best = min(errors[name] for name in ("first", "second", "third"))
print("distorted, the three together are better than each:", errors["all three"] < best)
print(
    "as they are, the three together are better than each:",
    plain["all three"] < min(list(plain.values())[:3]),
)

# %% [markdown]
# Here is a digit about which the first two differ while the three together are right: ten scores from each network, a row each, and their sum below.

# %%
differ = (answers["first"] != answers["second"]) & (answers["all three"] == other.labels)
chosen = differ.nonzero()[0, 0]
with torch.no_grad():
    scores = torch.cat([member(other.images[chosen][None]) for member in members.values()])
plots.numbers([scores], title=f"Scores for a {other.labels[chosen]}, from 0 to 9")

# %% [markdown]
# ## The same on MNIST
#
# Recorded on MNIST after the full schedule, seed by seed: the error of each network alone after its last pass, and of the three together, in percent.

# %%
from lenet_edu import read_results
from lenet_edu.reproduction.figure_9 import ROWS

runs = read_results("family")["experiments"]["Boosted LeNet-4, distorted"]["runs"]
passes = len(ROWS["LeNet-4"].recipe.rates)
for run in runs:
    alone = [end["judged_error"] for end in run["passes"][passes - 1 :: passes]]
    print("alone:", *(f"{error:.2f}" for error in alone), f"  together: {run['error']:.2f}")

# %% [markdown]
# Which of the three is the worst alone differs between here and there, and so do the digits that they were given. But in every seed the three together are better than each alone. It is not a vote: scores
# are added, so each network counts most where the others are unsure.
#
# Back to [15 The family](../15_the_family.ipynb), or on to [E · Figure 9](E_figure_9.ipynb).
