# %% [markdown]
# # 12 · Cats and dogs
#
# [Course map](00_start_here.ipynb) · [Glossary](glossary.ipynb)
#
# **After this notebook you can:** build a LeNet for colour pictures, train it on folders of your own with a script of less than
# sixty lines, say which distortions help and which do harm, and see which pixels an answer depends on.
# Before it you need [11 Train](11_train.ipynb).

# %%
import torch
from torch import nn

from lenet_edu import LeNet5, RGBLeNet, ask, check, ledger, plots

# %% [markdown]
# ## Where we are
#
# A grey image is one map of numbers. A colour picture is three: one for red, one for green and one for blue. Nothing else has to
# change. The network below is the one of the tutorial that this course grew from: more maps than LeNet-5, ReLU, and max
# pooling, which keeps the largest of four numbers.

# %%
model = RGBLeNet()
plots.network(model)

# %%
book = ledger(model)
share = book["F5"].parameters.value / book.totals["parameters"]
ask("cats_and_dogs.largest", f"{book['F5'].parameters} = {share:.1%} of {book.totals['parameters']:,}")

# %%
book

# %% [markdown]
# Beside LeNet-5 of 1998, layer by layer:

# %%
old, new = ledger(LeNet5()).rows, book.rows
for ours, theirs in zip(new, [*old, None], strict=True):
    paper = f"{theirs.name:<7} {theirs.parameters.value:>7,}" if theirs else ""
    print(f"{ours.name:<7} {ours.parameters.value:>8,} parameters   1998: {paper}")
print(
    f"total   {book.totals['parameters']:>8,} parameters   1998: total   {ledger(LeNet5()).totals['parameters']:>7,}"
)

# %% [markdown]
# ## Build it from torch's own parts
#
# The network below takes the weights of `model`, so it must come to the same scores:

# %%
by_hand = nn.Sequential(
    nn.Conv2d(3, 16, 5), nn.ReLU(), nn.MaxPool2d(2),  # 16 maps of 14x14
    nn.Conv2d(16, 32, 5), nn.ReLU(), nn.MaxPool2d(2),  # 32 maps of 5x5
    nn.Flatten(), nn.Linear(32 * 5 * 5, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(),
    nn.Linear(84, 10), nn.Linear(10, 2),
)  # fmt: skip
for mine, theirs in zip(by_hand.parameters(), model.parameters(), strict=True):
    mine.data.copy_(theirs)
picture = torch.rand(4, 3, 32, 32) * 2 - 1
print("the same scores:", torch.allclose(by_hand(picture), model(picture), atol=1e-5))

# %% [markdown]
# Look at the end of it: a layer of ten units and then one of two, with nothing between them. Two linear layers in a row compute what a
# single one can: multiply their weights.

# %%
short = RGBLeNet(f7=False)
weights = {name: value for name, value in model.state_dict().items() if not name.startswith("F7")}
weights["OUTPUT.weight"] = model.OUTPUT.weight @ model.F7.weight
weights["OUTPUT.bias"] = model.OUTPUT.weight @ model.F7.bias + model.OUTPUT.bias
short.load_state_dict(weights)
print("the same scores:", torch.allclose(short(picture), model(picture), atol=1e-5))
print(f"{book.totals['parameters'] - ledger(short).totals['parameters']} parameters fewer")

# %% [markdown]
# ## Look at the pictures
#
# `load_images("some/folder")` reads `some/folder/train/CLASS/` and `some/folder/val/CLASS/`, pictures of any format and size. Each
# becomes 32x32 pixels, with numbers from -1 to 1. Without a folder there are CIFAR-10's cats and dogs, if this machine
# has them. Otherwise the course draws shapes: then read *ring* and *cross* for cat and dog. What is recorded below was measured on
# animals.

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
# One training picture in ten is held out for validation. The folder `val` is the test.
#
# ## Choose distortions that are true
#
# A network sees more if its training pictures change a little each time. But which changes leave a cat a cat? Here is one picture in
# six forms:

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
# The tutorial turns pictures upside down. What does that do? It was measured: a network without
# distortions, and the same with one kind at a time, on pictures that were held out. All of these have three seeds.

# %%
from lenet_edu import read_results

record = read_results("cats_and_dogs")
results = record["experiments"]
for name in ("ladder 02", "ladder 03", "ladder 04"):
    print(f"{name}: {len(results[name]['runs'])} seeds")


# %%
def measured(name: str, key: str = "accuracy") -> tuple[float, float]:
    """Mean and deviation over the seeds, in percent."""
    values = 100 * torch.tensor([run[key] for run in results[name]["runs"]], dtype=torch.double)
    return values.mean().item(), values.std().item()


# %%
kinds = {"none": "ladder 03", "upside down": "ladder 02", "mirrored": "ladder 04"}
kinds |= {"shifted": "augmented, shifted", "other colours": "augmented, other colours"}
shown = plots.bars({kind: measured(name)[0] for kind, name in kinds.items()}, "Right, % of held-out pictures")
ask("cats_and_dogs.upside", shown)

# %%
for kind, name in kinds.items():
    mean, deviation = measured(name)
    print(f"{kind:<14} {mean:.1f}% ± {deviation:.1f}")

# %% [markdown]
# A mirrored cat looks like a cat. Test cats are never upside down. So a flip upside down makes the network learn pictures that nobody
# will show it. A distortion tells the network that a difference does *not* matter. Choose only distortions for which this is true.
#
# ## Train
#
# Train it for eight epochs, with the panel of notebook 11.

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
# The curves may have titles in any script. Chinese ones need a font that has Chinese letters, such as Noto Sans CJK. If this
# machine has none, English titles stand in their place.

# %%
from lenet_edu.plots.style import can_show

titles = ("损失", "错误率 %")
plots.history({"this run": run.history}, titles=titles)

# %% tags=["nbval-ignore-output"]
print("this machine has a font for these titles:", all(map(can_show, titles)))

# %% [markdown]
# ## Look at ten pictures
#
# The network has never seen these. Above each picture you read the network's answer, how sure it is, and what the picture shows.

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
# ## Ask which pixels matter
#
# First follow one picture on its way through the layers. In C1 some maps respond to edges and some to colours. S4 has 32 maps of
# 5x5.

# %%
from lenet_edu import FeatureMaps, saliency

trained, both = trained.cpu(), data.test.one_of_each()
stages = {"untrained": RGBLeNet(classes=len(data.classes)), "trained": trained}
FeatureMaps(stages, both, classes=data.classes)

# %% [markdown]
# Take the slope of a score, but not in the weights as in training: in the *pixels*. It says how much the score would change if
# this pixel changed a little. This is called **saliency**.

# %%
chosen = data.test.images[ten[:8]]
plots.saliency(chosen, saliency(trained, chosen), [data.classes[label] for label in actual[:8]])

# %% [markdown]
# Bright pixels matter most. Some lie on the animal, others on the background. Look for yourself in which of these pictures the background is brighter:
# a network uses whatever tells the classes apart, and this may be a sofa.
#
# ## Improve it one step at a time
#
# The network stays the same, and only its recipe changes, one thing at a time, each on top of the last. Each line was trained
# with three seeds on four fifths of the training pictures, and measured on the other fifth.

# %%
rungs = {name: result for name, result in results.items() if name.startswith("ladder")}
before = None
for name, result in rungs.items():
    mean, deviation = measured(name)
    gain = "" if before is None else f"{mean - before:+.1f}"
    print(f"{name[-2:]}  {result['what']:<36} {mean:.1f}% ± {deviation:.1f}  {gain:>5}")
    before = mean

# %%
plots.bars(
    {f"{name[-2:]} {result['what']}": measured(name)[0] for name, result in rungs.items()},
    "Right, % of held-out pictures",
)

# %% [markdown]
# Some steps bring nothing in twenty epochs. (Where two lines differ by less than their deviations, nothing is shown.) Why were
# turning, scaling and other colours kept? Here is the last line once more, and the same without them:

# %%
for name in ("fewer distortions", "ladder 11"):
    mean, deviation = measured(name)
    learned = measured(name, "train_accuracy")[0]
    print(
        f"{results[name]['what']:<37} {mean:.1f}% ± {deviation:.1f}, training pictures as distorted {learned:.1f}%"
    )

# %% [markdown]
# If you train for long, the network learns its training pictures by heart, unless they change. With distortions it learns
# more slowly, and in the end it reads new pictures better. What is best for twenty epochs need not be best for a hundred.
#
# Then the decision was made. The first and the last recipe were trained on all training pictures with five seeds each, and the folder `val` was looked
# at once:

# %%
for name in ("tutorial", "ours"):
    mean, deviation = measured(name)
    seconds = sum(run["seconds"] for run in results[name]["runs"]) / len(results[name]["runs"])
    print(f"{results[name]['what']:<22} {mean:.1f}% ± {deviation:.1f}, {seconds:.0f} s a run on one core")
print(
    f"{record['pictures']['train']:,} pictures to train, {record['pictures']['val']:,} to test, {record['command']}"
)

# %%
plots.history({name: results[name]["runs"][0]["history"] for name in ("tutorial", "ours")})

# %% [markdown]
# These are the curves of the first seed of each. Solid lines are the folder `val`. Where the solid loss rises while the dashed one falls, the network overfits.
#
# There are two more ways to count. One is honest: ask for the picture and for its mirror image, and add both answers. The other is not: take
# the best epoch by the pictures that are the test, as the tutorial does.

# %%
for key in ("with_mirror_image", "best_epochs_accuracy"):
    print(f"{key:<22}", *(f"{name} {measured(name, key)[0]:.1f}%" for name in ("tutorial", "ours")))

# %% [markdown]
# ## Write the script yourself
#
# As in notebook 11, here is the whole script in plain torch and torchvision, this time for folders. First you need a folder. This cell writes some of
# the pictures above as files, a folder for each class:

# %%
import os
import shutil
from pathlib import Path

from torchvision.utils import save_image


def write_folder(split, folder, count):
    """Save pictures from all over the split as files."""
    for place in range(0, len(split), max(1, len(split) // count)):
        own = Path(folder, data.classes[split.labels[place]])
        own.mkdir(parents=True, exist_ok=True)
        save_image((split.images[place] + 1) / 2, own / f"{place:05}.png")


# %% tags=["nbval-ignore-output"]
folder = "../runs/pictures"
shutil.rmtree(folder, ignore_errors=True)
write_folder(data.train, f"{folder}/train", 600)
write_folder(data.test, f"{folder}/val", 200)
print(sorted(os.listdir(f"{folder}/train")))

# %% [markdown]
# Now the script. Training pictures are mirrored at random, validation pictures are not, and both are scaled in the same way.

# %% tags=["script"]
import os

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader
from torchvision import datasets, transforms

# %% tags=["script", "nbval-ignore-output"]
folder = "../runs/pictures"
scale = [transforms.Resize((32, 32)), transforms.ToTensor(), transforms.Normalize(3 * [0.5], 3 * [0.5])]
mirror = [transforms.RandomHorizontalFlip()]
train = datasets.ImageFolder(f"{folder}/train", transforms.Compose(mirror + scale))
validation = datasets.ImageFolder(f"{folder}/val", transforms.Compose(scale))
train_loader = DataLoader(train, batch_size=32, shuffle=True)
validation_loader = DataLoader(validation, batch_size=100)
print(f"{len(train)} pictures to train, {len(validation)} to validate: {', '.join(train.classes)}")

# %% tags=["script"]
torch.manual_seed(0)
os.makedirs("../runs/script", exist_ok=True)
device = "cuda" if torch.cuda.is_available() else "cpu"
network = nn.Sequential(
    nn.Conv2d(3, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
    nn.Conv2d(16, 32, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
    nn.Linear(800, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, len(train.classes)),
).to(device)  # fmt: skip
print(f"kernels of the first layer: {tuple(network[0].weight.shape)}")


# %% tags=["script"]
def measure(network, loader):
    network.eval()
    loss, right = 0.0, 0
    with torch.inference_mode():
        for images, labels in loader:
            scores, labels = network(images.to(device)), labels.to(device)
            loss += F.cross_entropy(scores, labels, reduction="sum").item()
            right += (scores.argmax(1) == labels).sum().item()
    return loss / len(loader.dataset), right / len(loader.dataset)


# %% tags=["script", "nbval-ignore-output"]
optimizer = torch.optim.SGD(network.parameters(), lr=0.01, momentum=0.9)
schedule = torch.optim.lr_scheduler.StepLR(optimizer, step_size=10, gamma=0.5)
best = 0.0
for epoch in range(4):
    network.train()
    for images, labels in train_loader:
        optimizer.zero_grad()
        F.cross_entropy(network(images.to(device)), labels.to(device)).backward()
        optimizer.step()
    schedule.step()
    loss, right = measure(network, validation_loader)
    print(f"epoch {epoch + 1}: validation loss {loss:.3f}, {right:.1%} right")
    if right > best:
        best = right
        torch.save(network.state_dict(), "../runs/script/best_pictures.pt")

# %% tags=["script"]
torch.save(network.state_dict(), "../runs/script/last_pictures.pt")
network.load_state_dict(torch.load("../runs/script/best_pictures.pt", weights_only=True))
print("the loaded best is as good as it was:", measure(network, validation_loader)[1] == best)

# %% tags=["script", "nbval-ignore-output"]
for place in range(0, len(validation), max(1, len(validation) // 10)):
    image, label = validation[place]
    guess = network(image[None].to(device)).argmax(1).item()
    print(f"predicted {validation.classes[guess]:<5} actual {validation.classes[label]}")

# %% [markdown]
# With so few pictures and only four epochs this network is not much better than chance. The tutorial's recipe above is nearly the same script, with all pictures and
# twenty epochs. ImageFolder gives each class a number, in the order of the alphabet; show people the name.
#
# From a terminal, with the recipes of this course:
#
#     lenet-edu train rgb --images CatAndDog --recipe tutorial --train-on-all
#     lenet-edu predict my_cat.jpg holiday/ --weights runs/.../last.safetensors
#
# ## Change it
#
# - In the panel, press *Reset*, choose the recipe `tutorial`, and compare its curves with those of your first run.
# - Take pictures of your own: two folders with a hundred files each are enough to begin with.
# - In the script, replace the mirror by `RandomVerticalFlip`. How many seeds do you need before you trust the difference?
#
# ## Exercises
#
# Each solution is folded away in the cell below yours.
#
# **1. Compute.** How many parameters does C1 have?

# %%
parameters = None
check("cats_and_dogs.c1", parameters)

# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution
parameters = 16 * (3 * 5 * 5 + 1)
assert check("cats_and_dogs.c1", parameters).right


# %% [markdown]
# **2. Code.** Bring pixels to the range from -1 to 1: bytes from `0` to `255` in, floats out.


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
# **3. Transfer.** With pictures twice as wide and twice as high, how many parameters would F5 have?

# %%
parameters = None
check("cats_and_dogs.larger", parameters)

# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution
side = ((64 - 4) // 2 - 4) // 2
parameters = 120 * (32 * side * side + 1)
assert check("cats_and_dogs.larger", parameters).right

# %% [markdown]
# **4. Predict.** You keep the best of twenty epochs by its accuracy on the validation pictures. Which accuracy do you expect of these weights on *new*
# pictures? (a) The same. (b) A little less. (c) More.

# %%
letter = None
check("cats_and_dogs.choose", letter)

# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution
letter = "b"
assert check("cats_and_dogs.choose", letter).right

# %% [markdown]
# **5. Explain in your own words.** When does a distortion of the training pictures help, and when does it do harm?

# %%
from lenet_edu import explain

words = ""
explain("cats_and_dogs.true", words)

# %% [markdown]
# ## What you know now
#
# - Colour is three maps instead of one. Everything else is the same arithmetic.
# - A distortion must be true: a mirrored cat is still a cat, but nobody will ask about a cat that is upside down.
# - Nearly all of the gain came from distortions and from longer training. The network stayed the same.
# - Show classes by name, and measure the weights that you have saved.
#
# **Next:** [13 Find the bug](13_find_the_bug.ipynb) takes such a script and hides faults in it.
