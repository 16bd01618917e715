# %% [markdown]
# # 14 · The original recipe
#
# [Glossary](glossary.ipynb)
#
# **After this notebook you can:** train LeNet-5 as in 1998, show what goes wrong when its start, its squash or its input is changed, say
# what curvature does to a step, and judge whether two training results really differ. Before it you need
# [08 OUTPUT](08_output.ipynb) and [11 Train](11_train.ipynb).

# %%
from lenet_edu import LeNet5, ask, check, load_network, paper, plots

plots.network(LeNet5())

# %% [markdown]
# ## Where we are
#
# In notebook 11 you trained a modern LeNet-5 with batches and momentum. In 1998 it was done in another way. One digit goes through, and all
# parameters move at once. All digits go through twenty times, always in the same random order. One rate for all falls in five
# stairs:

# %%
from lenet_edu.reproduction.passes import OriginalRecipe, start, train_original

# %%
recipe = OriginalRecipe()
for rate, passes in recipe.schedule:
    print(f"{passes} passes at {rate:.5f}")
print(f"{len(recipe.rates)} passes, a step of rate / ({recipe.mu} + h)")
print(f"h: the curvature along this parameter, from {recipe.patterns} digits before each pass")

# %% [markdown]
# Each parameter divides this rate by a number of its own: mu plus $h$, the curvature of the loss along this parameter.
#
# $$w \leftarrow w - \frac{\eta}{\mu + h} \, \frac{\partial E}{\partial w}$$
#
# Where the loss bends strongly, a long step would jump across the valley, so the step is made short. This is **stochastic diagonal
# Levenberg-Marquardt**, or SDLM (section III-B and appendix C of the paper).
#
# ## Break it, and see why it was made so
#
# Three choices of the paper belong together. The *input* has a mean near zero and a variance near one (section II-B). The *start* draws each weight
# between plus and minus 2.4/F, where F is the number of inputs of the unit (appendix A). The *squash* is 1.7159 tanh(2a/3), so that the targets, plus and minus one, lie
# where the curve bends, and not at its flat ends (appendix A). Their common aim is that no unit is saturated at the start.

# %%
from lenet_edu import Split, load_digits

digits = load_digits("embedded")
small = digits.train
print(f"pixels: mean {small.images.mean():.2f}, deviation {small.images.std():.2f}")
print(f"start: {paper.INITIAL_WEIGHT_RANGE}/F; squash: {paper.SQUASH_AMPLITUDE} tanh(2a/3)")

# %% [markdown]
# Here are five ways to change this: an ordinary tanh; a start ten times too small, ten times too large and a hundred times too large; and pixels as they come
# from the file, from 0 to 255.

# %%
import torch


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


# %%
torch.set_num_threads(1)  # one digit at a time leaves nothing to do for a second core
raw = Split(255 * digits.scaling.undo(small.images), small.labels)
print(f"raw pixels from {raw.images.min():.0f} to {raw.images.max():.0f}")

# %%
variants = {"as in 1998": (broken(), small), "plain tanh": (broken(plain=True), small)}
for times in (0.1, 10, 100):
    variants[f"start x {times}"] = (broken(times), small)
variants["pixels 0 to 255"] = (broken(), raw)
print(*variants, sep="; ")

# %% [markdown]
# Before any training, look at two things in each layer. On the way up: how much do its outputs differ from digit to digit? If they do not differ, no later layer
# can know which digit it is. On the way down: how large are the slopes of the loss there?

# %%
from lenet_edu import map_loss


# %%
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
measured = {name: signals(model, split) for name, (model, split) in variants.items()}
panels = {
    "Outputs: deviation from digit to digit": {name: up for name, (up, _) in measured.items()},
    "Slopes of the loss": {name: down for name, (_, down) in measured.items()},
}
plots.by_layer(panels)

# %%
for name, (up, down) in measured.items():
    print(f"{name:<16} F6 differs by {up['F6']:.1g}, slopes at C1 {down['C1']:.1g}")

# %% [markdown]
# With the start of 1998 the signal becomes weaker from layer to layer, and little of it arrives at F6. The reason is the F in 2.4/F. Appendix A divides by F,
# which suits inputs that are strongly correlated: their sum grows as F does. The inputs here are less alike, and their sum grows more
# slowly. A start ten times smaller loses another factor of ten in every layer that has weights. One that is a hundred times larger saturates the units from C1 on.
#
# Now train each of them: five passes over three hundred digits, at four times the first rate of 1998, so that it takes seconds.

# %%
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
for name in ("plain tanh", "start x 0.1", "start x 100"):
    print(f"{name:<12} worse than as in 1998: {last[name] > last['as in 1998']}")
halved = errors["start x 10"][1] < errors["as in 1998"][1] / 2
print(f"{'start x 10':<12} half the errors after two passes, or fewer: {halved}")

# %% [markdown]
# Three of the five changes do harm. With the plain tanh and with the smaller start the network says nearly the same of every digit for a long time, until its
# weights have grown. With the start a hundred times larger the units are saturated. Two changes do no harm
# here: the start ten times larger, and raw pixels, whose size makes up for the small weights. These are few digits, one seed, and the first updates
# only. They show how things hang together, and not what is best in the end.
#
# Compare the start of 1998 with two that are usual today. The one of He and others was made for ReLU. The other is torch's default, plus or minus 1/√F.

# %%
for name, layer in LeNet5().named_children():
    if hasattr(layer, "fan_in"):
        inputs = layer.fan_in.max().item()
        ours, he, default = paper.INITIAL_WEIGHT_RANGE / inputs, (6 / inputs) ** 0.5, inputs**-0.5
        print(f"{name}: F = {inputs:.0f}   1998: ±{ours:.3f}   He: ±{he:.3f}   torch: ±{default:.3f}")

# %% [markdown]
# ## Train a small stretch of it
#
# The recipe of 1998, on these few digits: five passes at the first rate and three at the second.

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
print("more than 90% right:", accuracy(live, digits.test) > 0.9)

# %% [markdown]
# ## Measure the curvature
#
# How strongly does the loss bend along each parameter? `curvature` computes it as back-propagation computes slopes, from the output down to C1, only with
# squares.

# %%
ask("recipe.bend")

# %%
from lenet_edu.reproduction.sdlm import curvature


def by_layer(values):
    """{parameter: numbers} -> {layer: all its numbers}"""
    layers = {}
    for name, numbers in values.items():
        layers.setdefault(name.split(".")[0], []).append(numbers.flatten())
    return {layer: torch.cat(parts) for layer, parts in layers.items()}


# %%
fresh = LeNet5()
start(fresh, recipe, seed=0)
shipped = load_network("lenet5-1998")
networks = {"untrained": fresh, "live stretch": live, "shipped": shipped}
bends = {name: by_layer(curvature(model, small.images[:500])) for name, model in networks.items()}
plots.ranges(bends, "How much the loss bends along each parameter", "curvature h")

# %% [markdown]
# Each line goes from the flattest parameter of a layer to the most bent one, with a dot at the median. F6 bends most: it stands right before the output. In one
# and the same layer the parameters of the shipped network differ by these factors, even if you leave out the extreme ones:

# %%
for layer, h in bends["shipped"].items():
    low, high = h.quantile(0.05), h.quantile(0.95)
    print(
        f"{layer}: of the middle 90% the largest is about {float(f'{high / low:.1g}'):,.0f} times the smallest"
    )

# %% [markdown]
# One rate for all of them is a compromise. That is what SDLM was made for. What the paper prints about its steps contains a riddle, which
# [appendix A](appendices/A_the_riddle_of_the_steps.ipynb) follows up.
#
# ## Judge ten runs
#
# The whole recipe was run on all training digits of MNIST ten times, with ten seeds. These results are recorded.

# %%
from lenet_edu import read_results

record = read_results("family")
results = record["experiments"]
print(f"{len(results['LeNet-5']['runs'])} runs of LeNet-5, trained on {record['data']}")

# %%
ten = results["LeNet-5"]["runs"]
errors = torch.tensor([run["error"] for run in ten], dtype=torch.double)
ask("recipe.seeds", "  ".join(f"{error:.2f}%" for error in errors))

# %%
print(f"{record['digits']['training']:,} digits, {ten[0]['updates']:,} updates")
print(f"test error {errors.mean():.2f}% ± {errors.std():.2f}, the paper {paper.TEST_ERROR}%")
trained = torch.tensor([run["training_error"] for run in ten], dtype=torch.double)
print(f"training error {trained.mean():.2f}% ± {trained.std():.2f}, the paper {paper.TRAINING_ERROR}%")

# %% [markdown]
# By its test error the paper's run could be one of ours. Its training error is lower than that of any of ours. Pass by pass, beside what the paper says of its
# figure 5:

# %%
print("test error of the paper within ours: ", bool(errors.min() < paper.TEST_ERROR < errors.max()))
print("training error below all of ours:    ", bool(trained.min() > paper.TRAINING_ERROR))
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
# You can see two things that the paper says. After about ten passes the test error hardly falls any more. And it does not rise again, although the training error goes on
# falling: there is no overfitting. Nothing was chosen by the test curve: a run ends where the schedule ends.
#
# ## Compare the mistakes of ten networks
#
# How many test digits are read wrongly by one run alone, and how many by all ten?

# %%
from collections import Counter

from lenet_edu.reproduction.figure_8 import decode_mistakes

# %%
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
# A digit that a single run gets wrong is mostly bad luck. One that all of them get wrong is hard, or its label is. Which digits are taken for which? Rows are what was written, columns what
# was read, all runs together.

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
# ## Read on
#
# The research behind this notebook lies in three appendices. The course does not need them.
#
# - [A · The riddle of the steps](appendices/A_the_riddle_of_the_steps.ipynb): can all that the paper prints of its training be true at once?
# - [B · Figure 8](appendices/B_figure_8.ipynb): which digits did the network of 1998 misread, and does ours misread the same ones?
# - [C · Open choices](appendices/C_open_choices.ipynb): what the paper leaves open, and what each of its choices is worth today.
#
# ## Change it
#
# - Give `broken` other starts. Which one is best for these digits in five passes? And with raw pixels?
# - Train with `OriginalRecipe(method="sgd")`. At which rate does it do as well as SDLM on the few digits?
# - With MNIST and some minutes: `train_original(LeNet5(), load_digits().train)`.
#
# ## Exercises
#
# Each solution is folded away in the cell below yours.
#
# **1. Code.** Write one update of SDLM: `step(parameter, gradient, h, rate, mu)` gives the new parameter.


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
# **2. Compute.** The longest step that the paper prints for its first pass is 0.016. What is the smallest curvature among the parameters of its network?

# %%
smallest = None
check("recipe.curvature", smallest)

# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution
print(f"{0.0005} / {0.016} - {0.02} = {0.0005 / 0.016 - 0.02:.5f}")
smallest = 0.0005 / 0.016 - 0.02
assert check("recipe.curvature", smallest).right

# %% [markdown]
# **3. Predict.** With three seeds each, a new recipe is a little better than the old one for every seed. What do you
# say? (a) It is better. (b) They are alike. (c) Had it been luck, all three would agree once in four times: run more seeds.

# %%
letter = None
check("recipe.chance", letter)

# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution
letter = "c"
assert check("recipe.chance", letter).right

# %% [markdown]
# **4. Explain in your own words.** Somebody multiplies all first weights by a hundred "so that the signal is strong". What happens, and why?

# %%
from lenet_edu import explain

words = ""
explain("recipe.large", words)

# %% [markdown]
# ## What you know now
#
# - Squash, start and input keep units out of saturation together. The start of 1998 is a cautious one.
# - SDLM divides the rate of each parameter by its curvature. Where the loss bends strongly, the step is short.
# - Trained as in 1998, LeNet-5 comes to the paper's test error, with ten seeds.
# - Two runs of the same recipe differ. A difference between two runs is not yet one between two recipes.
#
# **Next:** [15 The family](15_the_family.ipynb) puts LeNet-5 beside its relatives.
