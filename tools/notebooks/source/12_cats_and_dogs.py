# %% [markdown]
# # 11 · Cats and dogs
#
# **What you will find out.** What LeNet becomes when pictures have colours; what distorted training pictures are
# good for, and which ones do harm; what the network looks at; and how far its 121,204 parameters can be brought.

# %%
from lenet_edu import RGBLeNet, plots

model = RGBLeNet()
plots.network(model)

# %% [markdown]
# A LeNet as it is built today. It has three maps to begin with, one for each of red, green and blue; more maps; ReLU;
# and max pooling, which keeps the largest of four.

# %%
from lenet_edu import ask, check, ledger

book = ledger(model)
share = book["F5"].parameters.value / book.totals["parameters"]
ask("cats_and_dogs.largest", f"{book['F5'].parameters} = {share:.1%} of {book.totals['parameters']:,}")

# %%
book

# %% [markdown]
# Beside LeNet-5 of 1998, layer by layer:

# %%
from lenet_edu import LeNet5

old, new = ledger(LeNet5()).rows, book.rows
for ours, theirs in zip(new, [*old, None], strict=True):
    paper = f"{theirs.name:<7} {theirs.parameters.value:>7,}" if theirs else ""
    print(f"{ours.name:<7} {ours.parameters.value:>8,} parameters   1998: {paper}")
print(
    f"total   {book.totals['parameters']:>8,} parameters   1998: total   {ledger(LeNet5()).totals['parameters']:>7,}"
)

# %% [markdown]
# ## By hand
#
# The same network in torch's own parts. It takes the weights of `model`, and must come to the same scores.

# %%
import torch
from torch import nn

by_hand = nn.Sequential(
    nn.Conv2d(3, 16, 5), nn.ReLU(), nn.MaxPool2d(2),  # 16 maps of 14x14
    nn.Conv2d(16, 32, 5), nn.ReLU(), nn.MaxPool2d(2),  # 32 maps of 5x5
    nn.Flatten(),
    nn.Linear(32 * 5 * 5, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(),
    nn.Linear(84, 10), nn.Linear(10, 2),
)  # fmt: skip
for mine, theirs in zip(by_hand.parameters(), model.parameters(), strict=True):
    mine.data.copy_(theirs)

picture = torch.rand(4, 3, 32, 32) * 2 - 1
torch.testing.assert_close(by_hand(picture), model(picture))

# %% [markdown]
# Look at the last line of the network: a layer of ten units, and then one of two, with nothing between. A linear layer after
# a linear layer is a linear layer. One that is their product does the same:

# %%
short = RGBLeNet(f7=False)
weights = {name: value for name, value in model.state_dict().items() if not name.startswith("F7")}
weights["OUTPUT.weight"] = model.OUTPUT.weight @ model.F7.weight
weights["OUTPUT.bias"] = model.OUTPUT.weight @ model.F7.bias + model.OUTPUT.bias
short.load_state_dict(weights)
torch.testing.assert_close(short(picture), model(picture))
print(f"{book.totals['parameters'] - ledger(short).totals['parameters']} parameters fewer")

# %% [markdown]
# ## The data
#
# `load_images("some/folder")` reads pictures of any format and size from `some/folder/train/CLASS/` and
# `some/folder/val/CLASS/`. Each is decoded once and brought to 32x32; all of them are a single tensor. Without a folder
# there are CIFAR-10's cats and dogs, if they can be had, and else shapes that are drawn on the spot.

# %% tags=["nbval-ignore-output"]
from lenet_edu import load_cats_and_dogs

data = load_cats_and_dogs(progress=False)
print(data.name, data.note)
for name in ("train", "validation", "test"):
    print(f"{name:<10} {tuple(getattr(data, name).images.shape)}")

# %%
places = torch.linspace(0, len(data.train) - 1, 20).long()
first = data.train.images[places], data.train.labels[places].tolist()
plots.pictures(first[0], titles=[data.classes[label] for label in first[1]])

# %% [markdown]
# Numbers go from -1 to 1. Every tenth training picture of each class is held out for validation; a folder's `val` is the
# test. If shapes were drawn, read *ring* and *cross* for cat and dog below; what was measured and recorded is of animals.
#
# ## Upside down?
#
# A network sees more if its training pictures are changed a little each time. But which changes leave a cat a cat? Here is one
# picture, and what six recipes make of it.

# %%
from lenet_edu import RECIPES, distort, draw_distortions

generator = torch.Generator().manual_seed(5)
still = RECIPES["plain"]
changes = {"as it is": {}, "upside down": {"vertical_flip": 1.0}, "mirrored": {"horizontal_flip": 1.0}}
changes |= {"shifted": {"shift": 4.0}, "turned": {"rotation": 20.0}, "colours": {"colour": 0.4}}
one = data.test.one_of_each().images[:1]
drawn = [
    distort(one, draw_distortions(still.changed(**change), 1, generator), None) for change in changes.values()
]
plots.pictures(torch.cat(drawn), titles=list(changes))

# %% [markdown]
# The tutorial that this suite grew from turns pictures upside down. What does that do? The answer was measured: a
# network without distortions, and the same with one kind at a time, three seeds each, on pictures that were held out.

# %%
from lenet_edu import read_results

record = read_results("cats_and_dogs")
results = record["experiments"]


def told(name: str, key: str = "accuracy") -> tuple[float, float]:
    """Mean and deviation over the seeds, in percent."""
    values = 100 * torch.tensor([run[key] for run in results[name]["runs"]], dtype=torch.double)
    return values.mean().item(), values.std().item()


# %%
kinds = {"none": "ladder 03", "upside down": "ladder 02", "mirrored": "ladder 04"}
kinds |= {"shifted": "augmented, shifted", "other colours": "augmented, other colours"}
shown = plots.bars({kind: told(name)[0] for kind, name in kinds.items()}, "Right, % of held-out pictures")
ask("cats_and_dogs.upside", shown)

# %%
for kind, name in kinds.items():
    mean, deviation = told(name)
    print(f"{kind:<14} {mean:.1f}% ± {deviation:.1f}")

# %% [markdown]
# A cat that is mirrored is a cat; a cat that hangs from the ceiling is none that anybody will show to the network.
# Augmentation says what should *not* matter, and it had better be true.
#
# ## Train
#
# Eight epochs under your hands; the same panel as in notebook 11. On two processor cores it takes about half a minute.

# %% tags=["nbval-ignore-output"]
from lenet_edu import TrainingPanel, default_recipe

recipe = default_recipe(model.architecture, len(data.train)).changed(epochs=8)
panel = TrainingPanel(data, recipe=recipe, folder="../runs")
panel

# %% tags=["nbval-ignore-output"]
panel.train()
panel.wait()
trained, run = panel.session.model, panel.session.run
print(f"{run.seconds:.0f} s, validation {run.history[-1]['validation_accuracy']:.1%} in the last epoch")

# %% [markdown]
# The curves of both parts. Their titles can be in any script for which the machine has a font; where it has none, they are
# in English.

# %%
plots.history({"this run": run.history}, titles=("损失", "错误率 %"))

# %% [markdown]
# ## Ten pictures
#
# Which the network has never seen, with what it takes them for, how surely, and what they are:

# %% tags=["nbval-ignore-output"]
from lenet_edu import probabilities

ten = torch.arange(10) * (len(data.test) // 10 + 1) % len(data.test)
sure, named = probabilities(trained, data.test.images[ten]).max(1)
actual = data.test.labels[ten].tolist()
guesses = [
    (data.classes[guess], data.classes[label], share)
    for guess, label, share in zip(named.tolist(), actual, sure.tolist(), strict=True)
]
for guess, label, share in guesses:
    print(f"predicted {guess:<5} ({share:.0%})   actual {label}")
plots.predictions(data.test.images[ten], guesses)

# %%
from lenet_edu import confusion, mistakes

plots.confusion(confusion(trained, data.validation), data.classes)

# %%
worst = mistakes(trained, data.validation)[:20]
shown = data.validation.images[[mistake.index for mistake in worst]]
ask(
    "cats_and_dogs.surest",
    plots.predictions(
        shown, [(data.classes[m.predicted], data.classes[m.label], m.probability) for m in worst]
    ),
)

# %% [markdown]
# ## What it sees
#
# One picture on its way through the layers. C1 answers to edges and to colours; after S4, 32 maps of 5x5 say roughly
# what was where.

# %%
from lenet_edu import activations, saliency

trained = trained.cpu()
both = data.test.one_of_each()
plots.feature_maps(activations(trained, both.images[:1]))

# %%
from lenet_edu import FeatureMaps

stages = {"untrained": RGBLeNet(classes=len(data.classes)), "trained": trained}
FeatureMaps(stages, both, classes=data.classes)

# %% [markdown]
# Which pixels does an answer hang on? Ask for the gradient, not in the weights as in training, but in the *picture*: how
# much would the score of the likeliest class change if this pixel did? This is called **saliency**.

# %%
chosen = data.test.images[ten[:8]]
plots.saliency(chosen, saliency(trained, chosen), [data.classes[label] for label in actual[:8]])

# %% [markdown]
# Bright pixels matter most. They often lie on what is to be named, and often on its outline; but some of them are
# background, and that is a warning. The network uses whatever tells the classes apart.
#
# ## How far can it go?
#
# The network stays as it is, and its pictures stay at 32x32. Only the recipe changes, one thing at a time, each step on top of the
# last. Every rung was trained three times on four fifths of the training pictures, and measured on the fifth that was held out.

# %%
rungs = {name: result for name, result in results.items() if name.startswith("ladder")}
before = None
for name, result in rungs.items():
    mean, deviation = told(name)
    gain = "" if before is None else f"{mean - before:+.1f}"
    print(f"{name[-2:]}  {result['what']:<36} {mean:.1f}% ± {deviation:.1f}  {gain:>5}")
    before = mean

# %%
plots.bars(
    {f"{name[-2:]} {result['what']}": told(name)[0] for name, result in rungs.items()},
    "Right, % of held-out pictures",
)

# %% [markdown]
# Several rungs bring nothing in twenty epochs, or less: turning and scaling, other colours, He's start. (Where two rungs differ by less
# than their deviations, nothing is shown.) Why were the distortions kept? Here is the top of the ladder without them, after just as
# many epochs:

# %%
for name in ("fewer distortions", "ladder 11"):
    mean, deviation = told(name)
    learned = told(name, "train_accuracy")[0]
    print(
        f"{results[name]['what']:<37} {mean:.1f}% ± {deviation:.1f}, training pictures as distorted {learned:.1f}%"
    )

# %% [markdown]
# Whoever trains long learns the training pictures by heart, unless they change. Distortions make learning slower and go
# further: what is right for twenty epochs is not right for a hundred.
#
# Then the decision is made, and the bottom and the top of the ladder are trained on all 10,000 training pictures, with five
# seeds each. The 2,000 pictures of the folder `val` are looked at once, when a run has ended.

# %%
for name in ("tutorial", "ours"):
    mean, deviation = told(name)
    seconds = sum(run["seconds"] for run in results[name]["runs"]) / len(results[name]["runs"])
    print(f"{results[name]['what']:<22} {mean:.1f}% ± {deviation:.1f}, {seconds:.0f} s a run on one core")
print(
    f"{record['pictures']['train']:,} pictures to train, {record['pictures']['val']:,} to test, {record['command']}"
)

# %% [markdown]
# Their curves, of the first seed each. Solid: on the folder `val`. Where the solid loss begins to rise while the dashed one falls, the
# network has begun to learn its training pictures by heart. (The dashed curves are of distorted pictures, and the loss of ours
# includes label smoothing, so it cannot fall as far.)

# %%
plots.history({name: results[name]["runs"][0]["history"] for name in ("tutorial", "ours")})

# %% [markdown]
# Two more ways to count. One is honest: ask twice, for the picture and for its mirror image, and add the answers up. The other is
# not: take the best of all epochs by the very pictures that are the test, as the tutorial does it.

# %%
for key in ("with_mirror_image", "best_epochs_accuracy"):
    print(f"{key:<22}", *(f"{name} {told(name, key)[0]:.1f}%" for name in ("tutorial", "ours")))

# %% [markdown]
# ## From a terminal
#
#     lenet-edu train rgb --images CatAndDog --recipe tutorial --train-on-all
#     lenet-edu evaluate runs/.../last.safetensors --images CatAndDog
#     lenet-edu predict my_cat.jpg holiday/ --weights runs/.../last.safetensors --plot seen.png
#
# Any folder of pictures will do, and any number of classes. A file that cannot be read is named and left out.
#
# ## Change it
#
# - In the panel: press **Reset**, choose the recipe `tutorial`, and compare its curves with those of your first run.
# - Choose *f7* `no`. Is the network without its superfluous layer any worse?
# - Take pictures of your own: two folders with a hundred files each are enough to begin with.
#
# ## Exercises
#
# Each solution is folded away in the cell below yours.
#
# **1.** How many parameters does C1 have?

# %%
parameters = None
check("cats_and_dogs.c1", parameters)

# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution
parameters = 16 * (3 * 5 * 5 + 1)
assert check("cats_and_dogs.c1", parameters).right


# %% [markdown]
# **2.** Write what brings pixels to the range from -1 to 1: bytes from `0` to `255` in, floats out.


# %%
def scaled(pixels):
    return ...


check("cats_and_dogs.scaled", scaled)


# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution
def scaled(pixels):
    return (pixels / 255 - 0.5) / 0.5


assert check("cats_and_dogs.scaled", scaled).right

# %% [markdown]
# **3.** With pictures twice as wide and twice as high, how many parameters would F5 have?

# %%
parameters = None
check("cats_and_dogs.larger", parameters)

# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution
side = ((64 - 4) // 2 - 4) // 2
parameters = 120 * (32 * side * side + 1)
assert check("cats_and_dogs.larger", parameters).right

# %% [markdown]
# **4. Change and explain.** The accuracy of the best epoch is higher than that of the last one. Which would you expect on *new* pictures?
# (a) That of the best epoch. (b) Less than that of the best epoch. (c) More.

# %%
letter = None
check("cats_and_dogs.choose", letter)

# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution
letter = "b"
assert check("cats_and_dogs.choose", letter).right

# %% [markdown]
# ## What you know now
#
# - Colour is three maps instead of one; all else is the same arithmetic.
# - Augmentation must be true: a mirrored cat is a cat, one upside down is not what the network is asked about.
# - Nearly all that the recipe gained came from its distortions and its length; the network stayed the same.
#
# **Next:** [13 Find the bug](13_find_the_bug.ipynb) takes a script that looks right and is wrong fourteen times.
