# %% [markdown]
# # 13 · Find the bug
#
# [Course map](00_start_here.ipynb) · [Glossary](glossary.ipynb)
#
# **After this notebook you can:** find faults in a training script that runs and prints a fine accuracy, say what each of
# them costs, and check your own scripts for them. Before it you need the scripts at the end of [11 Train](11_train.ipynb) and
# [12 Cats and dogs](12_cats_and_dogs.ipynb).

# %%
import torch
import torch.nn.functional as F
from torch import nn

from lenet_edu import RGBLeNet, ask, check, load_cats_and_dogs, plots

# %% [markdown]
# ## Where we are
#
# At the end of notebook 11 and of notebook 12 you read a script that is right. The fourteen fragments below are taken from scripts of the same kind, and
# each has one fault. The first twelve kinds were found in a tutorial on the web. The last two are ours.
#
# For each fragment: read it, run it, look at what comes out, and name the faulty line by its letter. Answer before you read on, since
# the text below your answer says how to mend it.

# %%
ask("bugs.loudest")

# %% [markdown]
# ## The script that is right
#
# These are the parts of your script once more, as two functions, with few pictures so that everything is fast. One function trains, the other
# counts.

# %% tags=["nbval-ignore-output"]
data = load_cats_and_dogs(progress=False)
step = max(1, len(data.train) // 3000)
images, labels = data.train.images[::step], data.train.labels[::step]
few, few_labels = images[::5], labels[::5]
others, their_labels = data.test.images, data.test.labels
print(f"{len(labels)} pictures to train, of them {len(few)} for short runs; {len(others)} others")


# %%
def train(model, images, labels, epochs=10, rate=0.02):
    """Plain gradient descent with momentum in batches of 32."""
    optimizer = torch.optim.SGD(model.parameters(), lr=rate, momentum=0.9)
    order = torch.Generator().manual_seed(0)
    model.train()
    for _ in range(epochs):
        for batch in torch.randperm(len(labels), generator=order).split(32):
            loss = F.cross_entropy(model(images[batch]), labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return model.eval()


# %%
@torch.inference_mode()
def accuracy(model, images, labels):
    """The share of right answers."""
    return (model(images).argmax(1) == labels).double().mean().item()


def fresh(seed=0):
    """A network that knows nothing yet."""
    model = RGBLeNet()
    model.reset_parameters(torch.Generator().manual_seed(seed))
    return model


# %% tags=["nbval-ignore-output"]
model = train(fresh(), images, labels, epochs=15)
print(
    f"{len(labels)} pictures to train; {accuracy(model, others, their_labels):.1%} of {len(their_labels)} others right"
)


# %% [markdown]
# ## Fragment 1
#
# The rate is 0.01, and it is to be halved after every ten epochs.


# %%
def rates(epochs=20):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.01)
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, step_size=10, gamma=0.5)  # (a)
    used = []
    for _ in range(epochs):
        schedule.step()  # (b)
        used.append(optimizer.param_groups[0]["lr"])
        optimizer.step()  # (c): stands for an epoch of training
    return used


# %%
import warnings

with warnings.catch_warnings(record=True) as said:
    warnings.simplefilter("always")
    wrong = rates()
for rate in sorted(set(wrong), reverse=True):
    print(f"{wrong.count(rate):>2} epochs at {rate}")
print("torch says:", str(said[0].message).split(". ")[0])

# %%
letter = None
check("bugs.schedule", letter)

# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution
letter = "b"
assert check("bugs.schedule", letter).right

# %% [markdown]
# There are nine epochs at the full rate instead of ten, and the last epoch has a third rate that nobody asked for. Mended: first the epoch, then the
# schedule.

# %%
optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.01)
schedule = torch.optim.lr_scheduler.StepLR(optimizer, step_size=10, gamma=0.5)
used = []
for _ in range(20):
    used.append(optimizer.param_groups[0]["lr"])
    optimizer.step()
    schedule.step()
for rate in sorted(set(used), reverse=True):
    print(f"{used.count(rate):>2} epochs at {rate}")

# %% [markdown]
# ## Fragment 2
#
# The script saves its weights in two files.

# %%
from pathlib import Path
from tempfile import TemporaryDirectory

from lenet_edu import save_network

folder, best = TemporaryDirectory(), 0
for epoch in range(3):  # (a)
    right = 0.6 + 0.1 * epoch  # stands for an epoch of training and its accuracy
    if right > best:  # (b)
        best = right
        save_network(Path(folder.name) / "best.safetensors", model)
    if epoch == epoch - 1:  # (c)
        save_network(Path(folder.name) / "last.safetensors", model)
print(sorted(path.name for path in Path(folder.name).iterdir()))

# %%
letter = None
check("bugs.last", letter)

# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution
letter = "c"
assert check("bugs.last", letter).right

# %% [markdown]
# An epoch never equals itself minus one, so the second file is never written, and no message says so. Mended: compare with the number of epochs, or
# save after the loop.

# %%
for epoch in range(3):
    if epoch == 3 - 1:
        save_network(Path(folder.name) / "last.safetensors", model)
print(sorted(path.name for path in Path(folder.name).iterdir()))
folder.cleanup()


# %% [markdown]
# ## Fragment 3
#
# One hundred pictures go through in batches of 32: three full ones, and one of four. Suppose that the network is wrong on the last
# four only.


# %%
def epochs_accuracy(is_right, batch_size=32):
    total, count = 0.0, 0
    for batch in is_right.split(batch_size):
        share = batch.double().mean().item()  # (a)
        total += share  # (b)
        count += 1
    return total / count  # (c)


is_right = torch.arange(100) < 96
print(f"{epochs_accuracy(is_right):.0%} it says, and {is_right.sum()} of {len(is_right)} are right")

# %%
letter = None
check("bugs.batches", letter)

# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution
letter = "b"
assert check("bugs.batches", letter).right

# %% [markdown]
# A mean of means is not the mean of all: a picture of the last batch counted eight times as much as another. Mended: add up the right answers,
# and divide once.

# %%
print(f"{sum(batch.sum().item() for batch in is_right.split(32)) / len(is_right):.0%}")
print(
    f"each of the last four counted for {1 / 4 / 4:.1%}, each other one for {1 / 4 / 32:.2%}: {32 // 4} times as much"
)

# %% [markdown]
# ## Fragment 4
#
# These are the steps that prepare a training picture.

# %%
from torchvision import transforms

steps = [
    transforms.Resize((32, 32)),  # (a) one size for all
    transforms.RandomVerticalFlip(p=1.0),  # (b) a random crop
    transforms.Normalize((0.5,) * 3, (0.5,) * 3),  # (c) from -1 to 1
]
pixels = (data.test.one_of_each().images[:1] + 1) / 2
changed = transforms.Compose(steps)(pixels)
plots.pictures(torch.cat([pixels * 2 - 1, changed]), titles=["before", "after"])

# %%
letter = None
check("bugs.crop", letter)

# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution
letter = "b"
assert check("bugs.crop", letter).right

# %% [markdown]
# The comment promises a crop, and the line turns pictures upside down. What that costs was measured in notebook 12, three seeds of each:

# %%
from lenet_edu import read_results

results = read_results("cats_and_dogs")["experiments"]
kinds = {"no flip": "ladder 03", "upside down": "ladder 02", "mirrored": "ladder 04"}
for kind, name in kinds.items():
    right = [100 * run["accuracy"] for run in results[name]["runs"]]
    print(f"{kind:<12} {sum(right) / len(right):.1f}%")

# %% [markdown]
# Mended: `transforms.RandomHorizontalFlip()`, or a true `transforms.RandomCrop(32, padding=4)`. A comment that only repeats the name beside it
# says nothing new, and it becomes wrong when the line changes.
#
# ## Fragment 5
#
# The convolutional part of the network, with a note on each line.

# %%
layers = nn.Sequential(
    nn.Conv2d(3, 16, 5), nn.ReLU(), nn.MaxPool2d(2),  # (a) 3 maps in, 16 out
    nn.Conv2d(16, 32, 5), nn.ReLU(), nn.MaxPool2d(2),  # (b) 6 maps in, 16 out
    nn.Flatten(),  # (c) 800 numbers
)  # fmt: skip
x = pixels
for layer in layers:
    x = layer(x)
    if not isinstance(layer, nn.ReLU):
        print(f"{type(layer).__name__:<10} {tuple(x.shape)}")

# %%
letter = None
check("bugs.comments", letter)

# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution
letter = "b"
assert check("bugs.comments", letter).right

# %% [markdown]
# The network does not read comments, and it works. But somebody who believes the comment and builds on it gets this:

# %%
believed = nn.Sequential(nn.Conv2d(3, 16, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5))
try:
    believed(pixels)
except RuntimeError as error:
    print(str(error).split(", ", 1)[1])

# %% [markdown]
# Mended: no such numbers in comments. A program can print its shapes itself, and these are always right:

# %%
for name, shape in fresh().architecture.shapes.items():
    print(f"{name:<7} {shape}")

# %% [markdown]
# ## Fragment 6
#
# The fully connected part of the network. The cell also computes with it.

# %%
head = nn.Sequential(
    nn.Linear(800, 120), nn.ReLU(),  # (a)
    nn.Linear(120, 84), nn.ReLU(),  # (b)
    nn.Linear(84, 10), nn.Linear(10, 2),  # (c)
)  # fmt: skip
first, second = head[4], head[5]
joined = nn.Linear(84, 2)
joined.weight.data = second.weight.data @ first.weight.data
joined.bias.data = second.weight.data @ first.bias.data + second.bias.data
x = torch.randn(5, 84)
print("the same scores:", torch.allclose(joined(x), second(first(x)), atol=1e-5))
sizes = [sum(p.numel() for p in layer.parameters()) for layer in (first, second, joined)]
print(f"{sizes[0]} + {sizes[1]} parameters, where {sizes[2]} do the same")

# %%
letter = None
check("bugs.linear", letter)

# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution
letter = "c"
assert check("bugs.linear", letter).right

# %% [markdown]
# Two linear layers with nothing between them are one linear layer with more parameters. Mended: `RGBLeNet(f7=False)`. Does it learn any worse? Recorded with
# three seeds each, twenty epochs with the same recipe:

# %%
for kind, name in {"with F7": "ladder 10", "without F7": "without F7"}.items():
    right = [100 * run["accuracy"] for run in results[name]["runs"]]
    print(f"{kind:<12} {sum(right) / len(right):.1f}%   ", "  ".join(f"{one:.1f}%" for one in right))

# %% [markdown]
# ## Fragment 7
#
# A trained network is asked about new pictures, which come as bytes.

# %% tags=["nbval-ignore-output"]
its_bytes, their_bytes = (((x + 1) * 127.5).round().byte() for x in (images, others))

seen = its_bytes / 255 * 2 - 1  # (a) and so it was trained
asked = their_bytes / 255  # (b)
pale = accuracy(model, asked, their_labels)  # (c)
print(f"{pale:.1%} right")
for what, x in {"training": seen, "now": asked}.items():
    print(f"{what}: from {x.min():.0f} to {x.max():.0f}, {x.mean():.2f} on average")

# %%
letter = None
check("bugs.scaling", letter)

# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution
letter = "b"
assert check("bugs.scaling", letter).right

# %% [markdown]
# In training the numbers went from -1 to 1, and now they go from 0 to 1. The network has never seen pictures like these. Mended: one function scales
# both. (In this course a network and its scaling are saved in one file.)

# %% tags=["nbval-ignore-output"]
asked = their_bytes / 255 * 2 - 1
print(f"{accuracy(model, asked, their_labels):.1%} instead of {pale:.1%}")

# %%
print("the same numbers as in training:", torch.allclose(asked, others, atol=1 / 127.5))


# %% [markdown]
# ## Fragment 8
#
# The script wants to name the files that the network gets wrong.


# %%
def mistakes_of(model, seed, shuffle):
    order = torch.randperm(len(others), generator=torch.Generator().manual_seed(seed))
    order = order if shuffle else torch.arange(len(others))  # (a)
    with torch.inference_mode():
        wrong = model(others[order]).argmax(1) != their_labels[order]  # (b)
    names = [f"{place:04}.jpg" for place in range(len(others))]
    return {names[place] for place in wrong.nonzero()[:, 0].tolist()}  # (c)


# %% tags=["nbval-ignore-output"]
truth = mistakes_of(model, 0, shuffle=False)
named = mistakes_of(model, 1, shuffle=True)
print(f"{len(named)} files named, {len(truth)} mistakes; {len(named & truth)} of the files are mistakes")

# %%
letter = None
check("bugs.shuffle", letter)

# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution
letter = "a"
assert check("bugs.shuffle", letter).right

# %% [markdown]
# The pictures were shuffled, and so the first answer is not that of the first file. The accuracy is the same in any order, so the fault stays hidden until
# somebody opens the files. Mended: `shuffle=False` wherever nothing is trained.

# %%
print("as many names as mistakes:", len(named) == len(truth))
print("all of them are mistakes:", named == truth)
print("in order, asked again:", mistakes_of(model, 2, shuffle=False) == truth)

# %% [markdown]
# ## Fragment 9
#
# A new network is trained and measured.

# %% tags=["nbval-ignore-output"]
eager = fresh()  # (a)
train(eager, few, few_labels, epochs=30)  # (b)
measured = accuracy(eager, few, few_labels)  # (c)
print(f"{measured:.1%} right")

# %%
letter = None
check("bugs.folder", letter)

# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution
letter = "c"
assert check("bugs.folder", letter).right

# %% [markdown]
# The network was tested on the pictures that it had learned. Mended: test on pictures that it has never seen.

# %% tags=["nbval-ignore-output"]
honest = accuracy(eager, others, their_labels)
print(f"{honest:.1%} right instead of {measured:.1%}")

# %%
print("less than measured before:", honest < measured)

# %% [markdown]
# ## Fragment 10
#
# On some machines a script stops with a message about a library that was loaded twice. On the web you find a line that makes the message go away.

# %% tags=["nbval-ignore-output"]
import os

from threadpoolctl import threadpool_info

os.environ["KMP_DUPLICATE_LIB_OK"] = "TRUE"  # (a)
import sklearn.cluster  # noqa: F401  (b)

loaded = sorted({pool["filepath"] for pool in threadpool_info() if pool["user_api"] == "openmp"})  # (c)
for path in loaded:
    print(Path(path).name)

# %%
letter = None
check("bugs.library", letter)

# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution
letter = "a"
assert check("bugs.library", letter).right

# %% [markdown]
# The line switches off the message and nothing else. Two new Python processes, one without the line and one with it, load the same libraries:

# %%
import subprocess
import sys

del os.environ["KMP_DUPLICATE_LIB_OK"]
program = (
    "import sklearn.cluster, threadpoolctl as t; print(sorted(p['filepath'] for p in t.threadpool_info()))"
)
lists = []
for extra in ({}, {"KMP_DUPLICATE_LIB_OK": "TRUE"}):
    environment = {**os.environ, **extra}
    lists.append(subprocess.check_output([sys.executable, "-c", program], env=environment))
print("the same libraries:", lists[0] == lists[1])

# %% [markdown]
# Mended: look at the list, and install the packages anew in an environment of their own, as `make lab` does. Two runtimes of a *different* kind
# in one process can give wrong numbers. Then a message is what you want.
#
# ## Fragment 11
#
# The script looks for its pictures.

# %%
from lenet_edu import load_images

root = Path("/some/folder/of/mine")  # (a)
pictures = root / "CatAndDog"  # (b)
try:
    load_images(pictures)  # (c)
except ValueError as error:
    print(error)

# %%
letter = None
check("bugs.paths", letter)

# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution
letter = "a"
assert check("bugs.paths", letter).right

# %% [markdown]
# Only one machine has this folder. Mended: whoever runs the script says where the pictures are, `lenet-edu train rgb --images DIR`, or one
# environment variable says it for all data:

# %%
from lenet_edu import data_folder

for folder in ("elsewhere", "on/a/server"):
    print((data_folder(folder) / "CatAndDog").as_posix())

# %% [markdown]
# ## Fragment 12
#
# Four pictures are to be classified, with no training.

# %%
from torch.autograd import Variable

wrapped = Variable(others[:4], requires_grad=False)  # (a)
scores = model(wrapped)  # (b)
answers = scores.argmax(1)  # (c)
print("a Variable is a", type(wrapped).__name__)
print("the scores carry what a gradient needs:", scores.requires_grad)

# %%
letter = None
check("bugs.wrapped", letter)

# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution
letter = "a"
assert check("bugs.wrapped", letter).right

# %% [markdown]
# The answers are right, but memory and time are wasted: a `Variable` has been an ordinary tensor for years. How much is kept for a gradient that nobody
# wants?

# %%
held = []
with torch.autograd.graph.saved_tensors_hooks(lambda t: held.append(t.numel()) or t, lambda t: t):
    model(Variable(others[:1], requires_grad=False))
print(f"{sum(held):,} numbers are kept for one picture")

# %% [markdown]
# Mended: no wrapper, and `torch.inference_mode()` around everything that trains nothing.

# %%
held.clear()
hooks = torch.autograd.graph.saved_tensors_hooks(lambda t: held.append(t.numel()) or t, lambda t: t)
with torch.inference_mode(), hooks:
    scores = model(others[:1])
print(sum(held), "numbers are kept;", "requires a gradient:", scores.requires_grad)

# %% [markdown]
# ## Fragment 13
#
# This network has **dropout**: in training, half of F5's units are silenced at random, so that the network does not rely on any one of them.

# %%
torch.manual_seed(0)
parts = list(fresh())
dropping = nn.Sequential(*parts[:5], nn.Dropout(0.5), *parts[5:])
train(dropping, few, few_labels)  # (a)
dropping.train()  # (b)
first, second = (accuracy(dropping, others, their_labels) for _ in range(2))  # (c)
print("asked twice, the same scores:", torch.equal(dropping(few), dropping(few)))

# %% tags=["nbval-ignore-output"]
print(f"asked twice, the same network on the same pictures: {first:.2%}, {second:.2%}")

# %%
letter = None
check("bugs.mode", letter)

# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution
letter = "b"
assert check("bugs.mode", letter).right

# %% [markdown]
# The network was left in training mode, so each of its answers depends on chance. Mended: `model.eval()` before anything is measured, `model.train()` before training goes
# on.

# %% tags=["nbval-ignore-output"]
dropping.eval()
quiet = accuracy(dropping, others, their_labels)
print(f"{quiet:.2%}, and asked again {accuracy(dropping, others, their_labels):.2%}")

# %%
print("asked twice, the same accuracy:", quiet == accuracy(dropping, others, their_labels))

# %% [markdown]
# ## Fragment 14
#
# To have more pictures, the script adds a copy of each, one pixel further to the right. A fifth of all pictures is held out.

# %%
doubled = torch.cat([few, few.roll(1, dims=3)])  # (a)
both_labels = torch.cat([few_labels, few_labels])
order = torch.randperm(len(doubled), generator=torch.Generator().manual_seed(1))
rest, held = order[len(order) // 5 :], order[: len(order) // 5]  # (b)
leaky = train(fresh(), doubled[rest], both_labels[rest], epochs=30)  # (c)
leaked = accuracy(leaky, doubled[held], both_labels[held])
print("a fifth is held out:", len(held) == len(doubled) // 5)

# %% tags=["nbval-ignore-output"]
twins = torch.isin((held + len(few)) % len(doubled), rest).double().mean().item()
print(f"{leaked:.1%} on held-out pictures, {accuracy(leaky, others, their_labels):.1%} on others")
print(f"{twins:.0%} of the held-out pictures have their copy among the training pictures")

# %%
letter = None
check("bugs.leak", letter)

# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution
letter = "b"
assert check("bugs.leak", letter).right

# %% [markdown]
# This is **data leakage**: copies of training pictures lie in the validation set, so it no longer shows how the network does on what it has never
# seen. Mended: split first, then add copies to the training part alone.

# %% tags=["nbval-ignore-output"]
order = torch.randperm(len(few), generator=torch.Generator().manual_seed(1))
rest, held = order[len(order) // 5 :], order[: len(order) // 5]
mended = train(
    fresh(), torch.cat([few[rest], few[rest].roll(1, dims=3)]), torch.cat([few_labels[rest]] * 2), epochs=30
)
says, is_so = accuracy(mended, few[held], few_labels[held]), accuracy(mended, others, their_labels)
print(f"{says:.1%} on held-out pictures, {is_so:.1%} on others")


# %% [markdown]
# ## Exercises
#
# Each solution is folded away in the cell below yours.
#
# **1. Code.** Write `epochs_accuracy(is_right, batch_size)` that goes through the batches and is right for every size of batch. `is_right` is a
# tensor of True and False.


# %%
def epochs_accuracy(is_right, batch_size):
    return ...


check("bugs.count", epochs_accuracy)


# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution
def epochs_accuracy(is_right, batch_size):
    right = sum(batch.sum() for batch in is_right.split(batch_size))
    return right / len(is_right)


assert check("bugs.count", epochs_accuracy).right

# %% [markdown]
# **2. Explain in your own words.** Your script prints an accuracy of 99% after its first epoch. Which three things do you check before you believe it?

# %%
from lenet_edu import explain

print(f"{0.99:.0%}")
words = ""
explain("bugs.believe", words)

# %% [markdown]
# ## What you know now
#
# - Most faults are silent. An accuracy is no proof that the script does what it says.
# - Ask of every number: which pictures, in what order, scaled how, in which mode, counted how often?
# - Let a script print what it has done: the files that are there, the rates that were used, the shapes that came out.
#
# **Next:** [14 The original recipe](14_the_original_recipe.ipynb) trains as in 1998, and weighs each of its choices.
