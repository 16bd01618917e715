# %% [markdown]
# # B · Figure 8
#
# An appendix to [14 The original recipe](../14_the_original_recipe.ipynb) · [Glossary](../glossary.ipynb)
#
# **After this notebook you can:** show that figure 8 of the paper, which prints the misread test digits, is in MNIST's order, and compare the mistakes of 1998
# with those of networks trained today.

# %%
import random
from collections import Counter

from lenet_edu import load_digits, paper, plots, read_results
from lenet_edu.reproduction.figure_8 import decode_mistakes, match_figure_8

# %% [markdown]
# ## Count its digits
#
# Figure 8 shows all test digits that a network of the paper gets wrong. How many percent is that?

# %%
record = read_results("family")
results = record["experiments"]
printed, digits = len(paper.MISTAKES), record["digits"]["test"]
print(f"{printed} of {digits:,} digits: {printed / digits:.2%}")
print(f"the paper: {paper.TEST_ERROR}% without distortions, {paper.TEST_ERROR_DISTORTED}% with them")

# %% [markdown]
# So the figure belongs to the network that was also trained with distorted digits. Under each digit stand what was written and what the network read. The
# first five:

# %%
print("  ".join(f"{label} as {answer}" for label, answer in paper.MISTAKES[:5]))

# %% [markdown]
# ## Test whether the order is MNIST's
#
# The figure does not say which digits of MNIST these are. But suppose that it shows them in the order of the test digits. Then you can lay the mistakes of our runs beside it. Each pair of the
# figure looks for a digit that some run misread in the same way, and that comes after the digit found for the pair before. How many pairs find one? And how many if the pairs are
# shuffled first, so that only chance is left?

# %%
rows = ("LeNet-5", "LeNet-5, distorted", "reading: steps as printed")
runs = {name: [decode_mistakes(run["mistakes"]) for run in results[name]["runs"]] for name in rows}
made = Counter(mistake for row in runs.values() for run in row for mistake in run)
places = match_figure_8(paper.MISTAKES, made)
print(f"in the figure's order: {printed - places.count(None)} of {printed} find a digit")

# %%
draw = random.Random(0)
orders = [draw.sample(paper.MISTAKES, printed) for _ in range(20)]
by_chance = [printed - match_figure_8(order, made).count(None) for order in orders]
print(f"in {len(orders)} shuffled orders: {min(by_chance)} to {max(by_chance)} find one")

# %% [markdown]
# Many more find a digit in the figure's order than by chance. That shows the order. It does not prove each single digit: in shuffled orders many pairs find some digit, too, and only digits that
# our own runs misread can be found at all. So take the digits below as likely ones. The first five, as numbers of test digits counted from zero:

# %%
print(places[:5])

# %% tags=["nbval-ignore-output"]
here = load_digits()
likely = {place: pair for place, pair in zip(places, paper.MISTAKES, strict=True) if place is not None}
pictures = "No pictures: they are MNIST's, which is not on this machine."
if here.name == record["data"]:
    titles = [f"{label} as {answer}" for label, answer in likely.values()]
    pictures = plots.digits(here.test.images[list(likely)], titles)
pictures


# %% [markdown]
# ## Compare its mistakes with ours
#
# Does a network trained today stumble over the same digits? Take the runs that had distorted digits, as the figure's network had. Compare each with the other runs, and with the
# figure, whose digits are looked for without the help of that run:


# %%
def digits_of(run):
    return {index for index, _, _ in run}


alike, like_1998 = [], []
for run in runs["LeNet-5, distorted"]:
    others = [other for other in runs["LeNet-5, distorted"] if other is not run]
    alike += [len(digits_of(run) & digits_of(other)) for other in others]
    without = match_figure_8(paper.MISTAKES, made - Counter(run))
    like_1998.append(len(digits_of(run) & set(without)))

# %%
mean = {"another of ours": sum(alike) / len(alike), "figure 8": sum(like_1998) / len(like_1998)}
own = sum(len(digits_of(run)) for run in runs["LeNet-5, distorted"]) / len(runs["LeNet-5, distorted"])
print(f"a run makes {own:.0f} mistakes")
for name, count in mean.items():
    print(f"it shares {count:.0f} of them with {name}")

# %% [markdown]
# It shares nearly as many with the figure as with another run of its own kind. (The number for the figure is uncertain in both directions: some of its digits were not found, and some that were found
# may be others.) So some digits are hard for every LeNet-5, whoever trains it.
#
# Back to [14 The original recipe](../14_the_original_recipe.ipynb), or on to [C · Open choices](C_open_choices.ipynb).
