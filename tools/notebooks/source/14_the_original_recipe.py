# %% [markdown]
# # 13 · The original recipe
#
# **What you will find out.** Why the squash, the start and the input belong together, by breaking each. How far each
# parameter moves in one update, and what the paper's printed steps betray. What the training of 1998 comes to, ten times over, beside
# the paper's own curves, which digits it never learns, and whether those are the ones of figure 8. What the paper leaves open, what that is worth, and what each of its choices is worth today.

# %%
from lenet_edu import LeNet5, paper, plots

plots.network(LeNet5())

# %% [markdown]
# ## The recipe
#
# One digit, one update, and all digits twenty times over, always in the same random order. The rate for all falls in five
# stairs, and every parameter divides it by a number of its own:

# %%
from lenet_edu.reproduction.passes import OriginalRecipe, start, train_original

recipe = OriginalRecipe()
for rate, passes in recipe.schedule:
    print(f"{passes} passes at {rate:.5f}")
print(f"{len(recipe.rates)} passes, a step of rate / ({recipe.mu} + h)")
print(f"h: the curvature along this parameter, from {recipe.patterns} digits before each pass")

# %% [markdown]
# This is **stochastic diagonal Levenberg-Marquardt**, or SDLM: long steps where the loss is flat, short ones where it
# bends. Before we come to the steps, look at what they start from.
#
# ## Break it
#
# The paper's appendix A chooses three things with one aim. **Input**: pixels with a mean near zero and a variance near one.
# **Start**: weights drawn between plus and minus 2.4/F, where F is the number of a unit's inputs. **Squash**: 1.7159 times the tanh of
# two thirds of the sum, so that the targets, plus and minus one, lie where the curve bends, and not at its ends. Together they
# shall keep every sum where the squash is alive. We use the small digits that come with scikit-learn: all of this is a matter of seconds.

# %%
from lenet_edu import Split, load_digits

digits = load_digits("embedded")
small = digits.train
print(f"pixels: mean {small.images.mean():.2f}, deviation {small.images.std():.2f}")
print(f"start: {paper.INITIAL_WEIGHT_RANGE}/F; squash: {paper.SQUASH_AMPLITUDE} tanh(2a/3)")

# %% [markdown]
# Now five ways to break it: an ordinary tanh; a start ten times too small, ten times too large, and a hundred times; pixels as they
# come from the file. (One digit at a time leaves nothing to do for a second core: torch gets one, and is faster.)

# %%
import torch

torch.set_num_threads(1)


class Broken(LeNet5):
    """The network of 1998 with a start so many times as large."""

    times = 1.0

    def reset_parameters(self, generator=None, start="scaled"):
        super().reset_parameters(generator, start)
        for name, parameter in self.named_parameters():
            if name.endswith("weight"):
                parameter.data *= self.times


# %%
def broken(times=1.0, plain=False):
    model = Broken()
    model.times = times
    model.reset_parameters(torch.Generator().manual_seed(0))
    if plain:
        for layer in list(model)[:-1]:
            layer.squash = torch.nn.Tanh()
    return model


raw = Split(255 * digits.scaling.undo(small.images), small.labels)

# %%
variants = {"as in 1998": (broken(), small), "plain tanh": (broken(plain=True), small)}
for times in (0.1, 10, 100):
    variants[f"start x {times}"] = (broken(times), small)
variants["pixels 0 to 255"] = (broken(), raw)

# %% [markdown]
# Two things to watch in each layer before any training. Upwards: how much do its outputs differ from digit to digit? If they do not,
# nothing above can know which digit it is. Downwards: how large are the derivatives of the loss there?

# %%
from lenet_edu import map_loss


def signals(model, split, count=200):
    """By layer: deviation of the outputs from digit to digit, and size of the loss's derivatives there."""
    x, outputs = split.images[:count], {}
    for name, layer in list(model.named_children())[:-1]:
        outputs[name] = x = layer(x)
    loss = map_loss(model.OUTPUT(x), split.labels[:count]) * count
    slopes = torch.autograd.grad(loss, list(outputs.values()))
    upwards = {name: x.std(0).square().mean().sqrt().item() for name, x in outputs.items()}
    downwards = {name: d.square().mean().sqrt().item() for name, d in zip(outputs, slopes, strict=True)}
    return upwards, downwards


# %%
found = {name: signals(model, split) for name, (model, split) in variants.items()}
panels = {
    "Outputs: deviation from digit to digit": {name: up for name, (up, _) in found.items()},
    "Derivatives of the loss": {name: down for name, (_, down) in found.items()},
}
plots.by_layer(panels)

# %%
for name, (up, down) in found.items():
    print(f"{name:<16} F6 differs by {up['F6']:.1g}, derivatives at C1 {down['C1']:.1g}")

# %% [markdown]
# That is not quite what appendix A wants. As in 1998, each stage tells less of the digit than the one below, and at F6 next to nothing is
# left. The reason is F: dividing by it is right if all inputs of a unit are alike, and then their sum grows as F does. They are not
# alike, and it grows more slowly. A start ten times smaller loses another factor of ten in every layer that has weights. One
# that is a hundred times larger is at the ends of the squash from C1 on.
#
# ## And watch
#
# Five passes over three hundred digits, at four times the first rate of 1998, so that it takes seconds. Updates are compiled, except
# those with the plain tanh, for which there are no compiled loops: autograd takes them one by one.

# %%
from lenet_edu import ask, check

quick = OriginalRecipe(schedule=((4 * paper.GLOBAL_RATES[0][0], 5),), patterns=100)
errors = {}
for name, (model, split) in variants.items():
    engine = "torch" if name == "plain tanh" else "compiled"
    history = train_original(model, split, quick, updates=300, engine=engine)
    errors[name] = [100 * record["error"] for record in history]
shown = plots.curves(range(1, 6), errors, "Wrong before the update, %", "pass")
ask("recipe.start", shown)

# %%
last = {name: error[-1] for name, error in errors.items()}
assert all(last["as in 1998"] < last[name] for name in ("plain tanh", "start x 0.1", "start x 100"))
assert errors["start x 10"][1] < errors["as in 1998"][1] / 2

# %% [markdown]
# Three of the five break it. A network that says the same of every digit sits on a plateau until its weights have grown, and the plain tanh
# and the smaller start sit there longest. The start that is a hundred times larger has nowhere to go: its units are saturated.
# But two changes do no harm here. The start of 1998 is a cautious one; the one of He and others, usual today, is larger:

# %%
for name, layer in LeNet5().named_children():
    if hasattr(layer, "fan_in"):
        inputs = layer.fan_in.max().item()
        ours, today = paper.INITIAL_WEIGHT_RANGE / inputs, (6 / inputs) ** 0.5
        print(f"{name}: F = {inputs:.0f}   1998: ±{ours:.3f}   today: ±{today:.3f}, {today / ours:.0f} times")

# %% [markdown]
# And raw pixels are two hundred times as large. With so small a start this brings C1 to the ends of its squash, and what is above it gets
# a stronger signal: one break mends another. (These are few digits, one seed, the first updates: they show how
# things hang together, and not what is best in the end.)
#
# ## A live stretch
#
# The recipe as it stands, on these few digits: five passes at the first rate and three at the second.

# %%
print(f"{len(small):,} digits, {5 * len(small):,} updates, then {3 * len(small):,}")

# %% tags=["nbval-ignore-output"]
from lenet_edu import accuracy

live = LeNet5()
stretch = OriginalRecipe(schedule=((5e-4, 5), (2e-4, 3)))
for record in train_original(live, small, stretch):
    print(
        f"pass {record['pass']}: loss {record['loss']:>5.2f}, {record['error']:.1%} wrong before the update"
    )
print(f"{1 - accuracy(live, digits.test):.1%} of {len(digits.test)} other digits wrong")

# %%
assert accuracy(live, digits.test) > 0.9

# %% [markdown]
# ## Curvature
#
# How much does the loss bend along each parameter? `curvature` carries that from the output down to C1, as derivatives are carried,
# only with squares (appendix C). First for a network that knows nothing:

# %%
from lenet_edu.reproduction.sdlm import curvature, effective_rates


def by_layer(values):
    """{parameter: numbers} -> {layer: all its numbers}"""
    layers = {}
    for name, numbers in values.items():
        layers.setdefault(name.split(".")[0], []).append(numbers.flatten())
    return {layer: torch.cat(parts) for layer, parts in layers.items()}


# %%
fresh = LeNet5()
start(fresh, recipe, seed=0)
h = curvature(fresh, small.images[: recipe.patterns])
steps = effective_rates({name: value / recipe.divisor for name, value in h.items()})
longest = max(step.max().item() for step in steps.values())
shorter = {name: int((step < 0.9 * longest).sum()) for name, step in steps.items()}
shown = "; ".join(f"{name}: {count}" for name, count in shorter.items() if count)
ask("recipe.steps", shown)

# %% [markdown]
# So in its first updates SDLM is plain gradient descent, but for F6's biases. Then the network wakes up, and the loss begins to bend. Here
# is each layer from its flattest parameter to its most bent one, with a dot at the median: before training, after the stretch above, and in
# the shipped network, which was trained on MNIST.

# %%
from lenet_edu import load_network

shipped = load_network("lenet5-1998")
networks = {"untrained": fresh, "live stretch": live, "shipped": shipped}
bends = {name: curvature(model, small.images[:500]) for name, model in networks.items()}
shown = {name: by_layer(bend) for name, bend in bends.items()}
plots.ranges(shown, "How much the loss bends along each parameter", "curvature h")

# %% [markdown]
# F6 bends most: it stands right before the output. In one and the same layer parameters differ by factors of a thousand and more, and that is why one
# rate for all is a compromise.
#
# ## The printed steps, and a riddle
#
# The paper prints how long its steps were in the first pass, from the shortest to the longest, and one can compute what that says. But first
# something must be decided that the paper leaves open. Its loss is a *sum* of squares over F6's 84 units. So it is large, so is its
# curvature, and so is each update. Is that what the printed rates and mu belong to? Here the loss stands as it is in equation 9,
# with the shipped network's curvature; and the same divided by 84, as if the distance were a mean over the units:

# %%
for divisor in (1, 84):
    steps = effective_rates({name: value / divisor for name, value in bends["shipped"].items()})
    steps = torch.cat(list(by_layer(steps).values()))
    print(f"loss / {divisor:<3}  from {steps.min():.5f} to {steps.max():.5f}")
print("printed    from {:.5f} to {:.5f}".format(*paper.EFFECTIVE_RATES))

# %%
steps = {
    f"loss / {divisor}": by_layer(
        effective_rates({name: h / divisor for name, h in bends["shipped"].items()})
    )
    for divisor in (1, 84)
}
plots.ranges(steps, "Steps of the shipped network", "rate / (mu + h)", paper.EFFECTIVE_RATES, "printed")

# %% [markdown]
# The printed range fits the loss as it stands, or nearly; with the divided one all steps are near its upper end or beyond. So train with the
# loss as it stands, from weights within 2.4/F, on our few digits:

# %%
from dataclasses import replace


def learns(recipe, passes=6):
    """Whether less than 5% are wrong in the last of these passes."""
    recipe = replace(recipe, schedule=((5e-4, passes),))
    return train_original(LeNet5(), small, recipe)[-1]["error"] < 0.05


undivided = OriginalRecipe(divisor=1.0)
print("learns:", learns(undivided))

# %% [markdown]
# It does not, and on MNIST it diverges in its first pass. Look at its steps before the first update once more. Nearly all are rate/mu, the longest that there can be,
# because the signal is lost on its way up, no weight has a say, and so the loss bends along none. It is asleep, as above. The longest
# step that the paper prints is shorter: its network was awake. Let the weights be drawn within 1/√F instead. That is wider, and the
# more so the larger F is:

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
# There they are, nearly. And with this start, does the loss as it stands train at the printed rates and mu?

# %%
print("learns:", learns(reading))

# %% [markdown]
# It does. Asleep, a network has long steps in all directions; when it wakes up they are far too long, and throw it to where it does not come
# back from. Awake, it knows from the first update where to tread lightly.
#
# So all that the paper prints of its training itself, rates, mu, loss, and nearly the steps, holds at once if its weights began wider than its
# appendix A says. That is one reading. In it S2 and S4 take half the sum of four at first, and half of h stays from pass to pass. Some of the paper's
# authors advise alike in another text of 1998, “Efficient BackProp” by LeCun, Bottou, Orr and Müller: weights with a standard deviation of 1/√F (ours
# has 1/√3 of that), and h as a running estimate.
#
# The other takes appendix A at its word, and divides the loss by 84. Recorded on MNIST, seed 0 of each:

# %%
from lenet_edu import read_results

record = read_results("family")
results = record["experiments"]
readings = {"2.4/F, loss / 84": results["LeNet-5"], "1/√F": results["reading: steps as printed"]}
for name, told in readings.items():
    low, high = told["runs"][0]["passes"][0]["effective_rates"]
    print(f"{name:<17} first pass: steps from {low:.5f} to {high:.4f}")

# %% [markdown]
# And what both come to, over ten seeds, on the test digits and on the training digits:

# %%
for name, told in readings.items():
    error, training = told["error"], told["training_error"]
    print(
        f"{name:<17} {len(told['runs'])} seeds: test {error['mean']:.2f}% ± {error['deviation']:.2f}, "
        f"training {training['mean']:.2f}%"
    )
print(f"{'printed':<17} test {paper.TEST_ERROR}%, training {paper.TRAINING_ERROR}%")

# %% [markdown]
# Both come to the paper's test error, as nearly as seeds allow to tell. By the training digits they stand on either side of it. The paper calls its own error rates
# uncertain by about a tenth of a percent, and says that several versions of LeNet-5 were trained. So how many of these runs are as good as the printed one, or better?

# %%
every = [run["error"] for told in readings.values() for run in told["runs"]]
good = sum(error <= paper.TEST_ERROR for error in every)
print(f"{good} of {len(every)} runs at {paper.TEST_ERROR}% or below, the best at {min(every)}%")

# %% [markdown]
# This suite goes by appendix A in all that follows, and in the weights that it ships. The paper's authors may have done otherwise.
#
# ## Ten times over
#
# The whole recipe on all training digits of MNIST, ten times, with ten seeds.

# %%
ten = results["LeNet-5"]["runs"]
errors = torch.tensor([run["error"] for run in ten], dtype=torch.double)
shown = "  ".join(f"{error:.2f}%" for error in errors)
ask("recipe.seeds", shown)

# %%
print(f"{record['digits']['training']:,} digits, {ten[0]['updates']:,} updates")
print(f"test error {errors.mean():.2f}% ± {errors.std():.2f}, the paper {paper.TEST_ERROR}%")
trained = torch.tensor([run["training_error"] for run in ten], dtype=torch.double)
print(f"training error {trained.mean():.2f}% ± {trained.std():.2f}, the paper {paper.TRAINING_ERROR}%")

# %% [markdown]
# The paper's run would not stand out among ours by its test error. Its training error is lower than that of any of them. Pass by pass,
# beside what the paper says of its figure 5: the test error after around ten passes, the training error after nineteen.

# %%
assert errors.min() < paper.TEST_ERROR < errors.max()
assert trained.min() > paper.TRAINING_ERROR
curves = {
    name: torch.tensor([[one[key] for one in run["passes"]] for run in ten], dtype=torch.double)
    for name, key in {"test": "judged_error", "training": "met_error"}.items()
}
printed = {
    "test": (paper.TEST_ERROR_PASSES, paper.TEST_ERROR),
    "training": (paper.TRAINING_ERROR_PASSES, paper.TRAINING_ERROR),
}
plots.passes(curves, printed, "Mean of ten runs, shaded from the best to the worst")

# %%
mean = curves["test"].mean(0)
for number in (1, 2, 5, 10, 20):
    print(f"pass {number:>2}: test error {mean[number - 1]:.2f}%")

# %% [markdown]
# Two things that the paper says are to be seen. After around ten passes the test error has nearly come to rest. And it does not rise again:
# there is no over-training, although the training error goes on to fall. (The training curve counts each digit before its update, so
# it begins high. Nothing was chosen by the test curve: a run ends where the schedule ends.)
#
# ## The mistakes
#
# Figure 8 of the paper shows all test digits that its network gets wrong. How many would that be in percent?

# %%
shown, digits = len(paper.MISTAKES), record["digits"]["test"]
print(f"the paper's figure 8: {shown}, that is {shown / digits:.2%}")
print(f"ours: {errors.mean() * digits / 100:.0f} on average")

# %% [markdown]
# By that number they are not those of the network above, but of the one that was trained with distorted digits besides, at 0.8%:

# %%
print(round(100 * shown / digits, 1), paper.TEST_ERROR_DISTORTED)

# %% [markdown]
# Ours are recorded for each of the ten runs. How many digits are read wrongly by one run alone, and how many by all?

# %%
from collections import Counter

from lenet_edu.reproduction.figure_8 import decode_mistakes

lists = [decode_mistakes(run["mistakes"]) for run in ten]
made_by = Counter(index for run in lists for index, _, _ in run)
how_often = Counter(made_by.values())
counts = {f"{n} of {len(ten)}": how_often[n] for n in range(1, len(ten) + 1)}
plots.bars(counts, "Digits that so many runs read wrongly", text="{:.0f}")

# %%
shared = sorted(index for index, runs in made_by.items() if runs == len(ten))
print(f"{len(made_by)} digits are read wrongly by some run, {how_often[1]} by a single one")
print(f"{len(shared)} by all {len(ten)}")

# %% [markdown]
# A digit that only one run gets wrong was bad luck; one that all of them get wrong is hard, or its label is. Which digits are taken for which? Rows
# are what was written, columns what was read, all runs together.

# %%
table = torch.zeros(10, 10, dtype=torch.long)
for run in lists:
    for _, label, answer in run:
        table[label, answer] += 1
plots.confusion(table)

# %%
pairs = Counter((label, answer) for run in lists for _, label, answer in run)
for (label, answer), count in pairs.most_common(5):
    print(f"a {label} read as {answer}: {count / len(ten):.1f} a run")

# %% [markdown]
# If MNIST is on this machine, here are those that all runs get wrong, with their labels. How many would you have read?

# %% tags=["nbval-ignore-output"]
here = load_digits()
labels = {index: label for run in lists for index, label, _ in run}
some, titles = shared[:30], [labels[index] for index in shared[:30]]
if shared and here.name == record["data"]:
    pictures = plots.digits(here.test.images[some], titles)
else:
    pictures = "No pictures: they are MNIST's, which is not here."
pictures

# %% [markdown]
# ### Figure 8, found again in MNIST
#
# Under each of its digits figure 8 prints what was written and what the network read. The first five:

# %%
print("  ".join(f"{label} as {answer}" for label, answer in paper.MISTAKES[:5]))

# %% [markdown]
# Which digits of MNIST they are it does not print. But suppose that it shows them in the order of the test split. Then the mistakes of our runs can be laid beside it
# in that order. Each pair of the figure looks for a digit that some run misread in the same way, and each must stand behind the one before.
# Here are all runs of LeNet-5 on the test digits, those with distorted digits too. How many pairs find a digit? And how many if the pairs are shuffled first?

# %%
import random

from lenet_edu.reproduction.figure_8 import match_figure_8

rows = ("LeNet-5", "LeNet-5, distorted", "reading: steps as printed")
runs = {name: [decode_mistakes(run["mistakes"]) for run in results[name]["runs"]] for name in rows}
made = Counter(mistake for row in runs.values() for run in row for mistake in run)
places = match_figure_8(paper.MISTAKES, made)
print(f"in the figure's order: {shown - places.count(None)} of {shown} find a digit")

draw = random.Random(0)
orders = [draw.sample(paper.MISTAKES, shown) for _ in range(20)]
by_chance = [shown - match_figure_8(order, made).count(None) for order in orders]
print(f"in {len(orders)} shuffled orders: {min(by_chance)} to {max(by_chance)}")

# %% [markdown]
# That is no chance: the figure is in MNIST's order, and so most of its digits can be named. The first five are these test digits, counted from 0:

# %%
print(places[:5])

# %% tags=["nbval-ignore-output"]
known = {place: pair for place, pair in zip(places, paper.MISTAKES, strict=True) if place is not None}
if here.name == record["data"]:
    titles = [f"{label} as {answer}" for label, answer in known.values()]
    pictures = plots.digits(here.test.images[list(known)], titles)
pictures


# %% [markdown]
# So we can ask what nobody could ask the figure alone: does a network of ours stumble where that of 1998 did? We take those runs that had distorted digits
# too, as the figure's had. Each is compared with the others, and with the figure, whose digits are looked for without that run's help:


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
for name, count in mean.items():
    print(f"a run shares {count:.0f} mistakes with {name}")

# %% [markdown]
# With the network of 1998 it shares nearly as many as with its own kind: about half of all that it gets wrong. (Nearly, since some of the figure's digits were not
# found.) So in this too the two are alike, and these are the digits that are hard for a LeNet-5, whoever trains it.
#
# ## What the paper leaves open
#
# Four things had to be decided to train at all:
#
# - **The scale of the loss against mu**: what it is divided by. A loss twice as large is one divided by half as much.
# - **Sum or mean** in S2 and S4. Both can compute the same; they learn at another speed, because mu does not change with them.
# - **The first coefficient** of S2 and S4. A quarter makes the sum of four a mean.
# - **j** in equation 9, the distance of all that is no digit.
#
# We began with the sum, a quarter, 84, and j = 1 (`start` below). One thing was changed at a time, with three seeds, and judged on digits
# that were held out of the *training* digits, another twelfth for each seed. That chose the mean of four, and with it the ten runs above were made.
# All runs of a seed have the same held-out digits, the same order, and the same start where their networks are alike. So they can be
# compared seed by seed:

# %%
CHOSEN = "open: mean of four"
chosen = {run["seed"]: run["error"] for run in results[CHOSEN]["runs"]}


def compared(kind):
    """By experiment, how far each seed's error is from that of what was chosen; prints what that says."""
    found = {}
    for name in [name for name in results if name == CHOSEN or name.startswith(kind)]:
        what = name.split(": ")[1]
        found[what] = apart = [run["error"] - chosen[run["seed"]] for run in results[name]["runs"]]
        verdict = "all worse" if min(apart) > 0 else "all better" if max(apart) < 0 else "mixed"
        numbers = "  ".join(f"{one:+.2f}" for one in apart)
        print(f"{what:<26} {numbers:<22} {verdict if name != CHOSEN else 'chosen'}")
    return found


# %%
left_open = compared("open:")

# %%
title = "Error on held-out digits less that of what was chosen, a dot a seed"
plots.seeds(left_open, title, beside="mean of four", xlabel="percentage points")

# %% [markdown]
# Read such a table with care. Two seeds of the same recipe differ by a tenth of a percent, and so may two recipes that are worth the same. Believe
# a difference when all its seeds have the same sign, and when it is not small compared with what lies between them. Whatever is smaller than that is
# open still: the paper does not say it, and our runs do not either. What was chosen was the best by a hair when it was chosen, and may not be the best. On the test
# digits, which chose nothing, the ten runs with the sum that were made before came out alike:

# %%
for name in ("earlier: sum of four", "LeNet-5"):
    found = results[name]["error"]
    print(f"{name:<22} test error {found['mean']:.2f}% ± {found['deviation']:.2f}")

# %% [markdown]
# The other reading, with its wider start, was searched in the same way, only that each seed learned from one half of the training digits and was judged by
# the other half. Here the errors themselves, and last that of the reading above, on the same halves:

# %%
halves = {name.split(": ")[1]: told["error"] for name, told in results.items() if name.startswith("halves")}
for name, error in halves.items():
    print(f"{name:<18} {error['mean']:.2f}%   from {error['best']:.2f} to {error['worst']:.2f}")
ahead = halves["LeNet-5"]["mean"] - halves["memory 0.5"]["mean"]
print(f"memory 0.5 is {ahead:.2f} below LeNet-5")

# %% [markdown]
# From half of the digits, and judged by the other half, the other reading is clearly ahead. From all of them, and on the test digits, it is not, as you
# saw. And above, one line has the same sign in all seeds: the mean of four with j = 10, tried when the ten runs were long made. Which digits are to be believed?
# In MNIST's file those by one hand stand near each other. So cut it into six parts, each of digits in a row, and hold out one: hardly anyone wrote in both, as it is
# with the test digits. Another part for each seed:

# %%
parts = {name: told["runs"] for name, told in results.items() if name.startswith("parts")}
for name, runs_of in parts.items():
    print(f"{name.split(': ')[1]:<18}", "  ".join(f"{run['error']:.2f}%" for run in runs_of))
besides = zip(parts["parts: j 10"], parts["parts: LeNet-5"], strict=True)
print("j 10 less LeNet-5 ", "  ".join(f"{one['error'] - other['error']:+.2f}" for one, other in besides))

# %% [markdown]
# So j = 10 is better in some parts and worse in others: among so many things tried, one will have three lucky seeds. But the loss twice as large is ahead in all four
# parts, if only by a little, though it was not on the twelfths. Then let the test digits speak, on ten seeds of it too:

# %%
on_test = {}
for name in ("LeNet-5", "reading: divisor 42", "reading: steps as printed"):
    found, training = results[name]["error"], results[name]["training_error"]
    on_test[name] = found["mean"], found["deviation"], len(results[name]["runs"])
    told = "{:.2f}% ± {:.2f}, {} seeds".format(*on_test[name])
    print(f"{name:<26} test {told}, training {training['mean']:.2f}%")
print(f"{'printed':<26} test {paper.TEST_ERROR}%, training {paper.TRAINING_ERROR}%")

# %%
(ours, spread, n), (other, others_spread, others_n) = list(on_test.values())[:2]
uncertain = (spread**2 / n + others_spread**2 / others_n) ** 0.5
print(f"divisor 42 less LeNet-5: {other - ours:+.2f} ± {uncertain:.2f}")

# %% [markdown]
# That is the printed test error, and a training error between those of the other two, as the printed one is. Yet it is ahead by about as much as ten seeds leave uncertain, so this suite
# keeps what it had chosen. And the whole search says one thing: wherever the scale, j, the start and the memory of h were moved within reason, the error moved by less than
# two seeds of one recipe differ by.
#
# ## What each choice is worth today
#
# Much has been changed since: a softmax for the RBF, all maps for the table, the largest of four for their sum, ReLU for the
# tanh, one rate for all for SDLM, or Adam. Again one change at a time, all else as in 1998, and compared in the same way. Equation 8 stands beside them,
# from which the paper went on to equation 9.

# %%
changed = compared("worth:")

# %%
plots.seeds(changed, title, beside="mean of four", xlabel="percentage points")


# %% [markdown]
# Three things stand out, though two or three seeds are few. The scale of the loss decides more than the loss: a softmax with its loss as it stands learns
# the training digits by heart, and with a tenth of it does as well as the RBF. ReLU does badly below an RBF, which asks it for -1, and well below a
# softmax. And one step for all, the longest that SDLM would take, does no worse here than a step for each; nor does Adam do better.
#
# What this does not say: how good the modern network is with a recipe of its own. Choices hang together, as you have seen above, and a recipe
# that was made for the tanh need not suit ReLU. Notebook 11 trains the modern network as it likes it.
#
# ## Change it
#
# - Give `broken` other starts. Which one is best for these digits in five passes? And with raw pixels?
# - Train with `OriginalRecipe(method="sgd")`. At which rate does it do as well as SDLM on the few digits?
# - With MNIST and some minutes: `train_original(LeNet5(), load_digits().train)`. `python -m results.family` makes the record.
#
# ## Exercises
#
# Each solution is folded away in the cell below yours.
#
# **1.** Write one update of SDLM: `step(parameter, gradient, h, rate, mu)` gives the new parameter.


# %%
def step(parameter, gradient, h, rate, mu):
    return ...


check("recipe.step", step)


# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution
def step(parameter, gradient, h, rate, mu):
    return parameter - rate / (mu + h) * gradient


assert check("recipe.step", step).right

# %% [markdown]
# **2.** The longest step that the paper prints for its first pass is 0.016. What is the smallest curvature among the parameters of its network?

# %%
smallest = None
check("recipe.curvature", smallest)

# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution
smallest = 0.0005 / 0.016 - 0.02
assert check("recipe.curvature", smallest).right

# %% [markdown]
# **3. Change and explain.** With three seeds each, a new recipe is a little better than the old one for every seed. What do you
# say? (a) It is better. (b) They are alike. (c) Had it been luck, all three would agree once in four times: run more seeds.

# %%
letter = None
check("recipe.chance", letter)

# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution
letter = "c"
assert check("recipe.chance", letter).right

# %% [markdown]
# ## What you know now
#
# - Squash, start and input keep the signal alive together. The start of 1998 is a cautious one.
# - SDLM gives every parameter its own step. At the start they are all alike; later they differ by large factors.
# - The recipe of 1998 does come to what the paper says, ten times over, in two readings. In one of them, with a wider start, its
#   printed steps fall into place.
# - Figure 8 shows its digits in MNIST's order, so most can be named, and a LeNet-5 trained today makes about half of its mistakes again.
# - A difference between two runs is not yet one between two recipes.
#
# **Next:** [15 The family](15_the_family.ipynb) puts LeNet-5 beside its relatives.
