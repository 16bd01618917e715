# %% [markdown]
# # 11 · Train
#
# [Course map](00_start_here.ipynb) · [Glossary](glossary.ipynb)
#
# **After this notebook you can:** train LeNet-5 from random weights, read its curves, say what a wrong learning rate does,
# draw a digit for the network that you have just trained, and write the whole training script yourself in plain torch.
# Before it you need [09 The whole network](09_whole_network.ipynb) and [10 How a network learns](10_how_a_network_learns.ipynb).

# %%
import torch
import torch.nn.functional as F

from lenet_edu import MODERN, LeNet5, accuracy, load_digits, paper, plots

# %% [markdown]
# ## Where we are
#
# In notebook 10 you computed every slope by hand and took a few steps. Now you take thousands, and watch what happens. The network is the
# modern LeNet-5 of notebook 09: ReLU, max pooling, a linear output. Its weights are random.

# %%
model = LeNet5(**MODERN)
generator = torch.Generator().manual_seed(0)
model.reset_parameters(generator)
plots.network(model)

# %% [markdown]
# ## Look at the data first
#
# There are three parts. The network learns from the *training* digits. The *validation* digits tell you which weights to
# keep. The *test* digits are looked at once, when everything is decided. If you choose anything by the test digits, they no
# longer show how the network reads what it has never seen.

# %% tags=["nbval-ignore-output"]
digits = load_digits()
print(digits.name, digits.note)
for name in ("train", "validation", "test"):
    print(f"{name:<10} {tuple(getattr(digits, name).images.shape)}")

# %%
plots.digits(digits.train.images[:20], titles=digits.train.labels[:20].tolist())

# %% [markdown]
# ## Check the first loss
#
# The loss here is cross-entropy: minus the logarithm of the probability that the network gives to the right digit. Before you
# train, you can say how large it must be.

# %%
from lenet_edu import ask, check

images, labels = digits.train.images, digits.train.labels
first_loss = F.cross_entropy(model(images[:1000]), labels[:1000]).item()
expected = torch.tensor(10.0).log().item()
near = abs(first_loss - expected) < 0.5
ask("training.first_loss", f"log 10 is {expected:.3f}; the loss lies within 0.5 of it: {near}")

# %% [markdown]
# Whenever you train a classifier, look at its first loss. If it is far from this number, something is wrong.
#
# ## Train by hand, in a few lines
#
# Training repeats four lines: take some digits, a **batch**; compute their loss; compute the slope of the loss in every
# parameter; and move each parameter a little against its slope.

# %% tags=["nbval-ignore-output"]
learner = LeNet5(**MODERN)
learner.reset_parameters(torch.Generator().manual_seed(0))
rate = 0.05
for _ in range(300):
    batch = torch.randint(len(labels), (64,), generator=generator)
    learner.zero_grad()
    F.cross_entropy(learner(images[batch]), labels[batch]).backward()
    with torch.no_grad():
        for parameter in learner.parameters():
            parameter -= rate * parameter.grad
print(f"{accuracy(learner, digits.validation):.1%} of the validation digits right")

# %%
print("more than 75% right:", accuracy(learner, digits.validation) > 0.75)

# %% [markdown]
# With pure guessing it would be one in ten. And these are digits that the network has never seen.
#
# ## Choose a recipe
#
# The package's `fit` does the same, with some additions that make it faster and safer. All choices together are called a
# **recipe**:
#
# - *momentum*, as in notebook 10. Here it is Nesterov's form, which takes the slope a little ahead;
# - a *learning rate* that rises at first and then falls to zero;
# - **distortions**: small random changes of each digit, such as a shift or a turn, so that no digit is seen twice alike;
# - a look at the validation digits after each **epoch**, which is one pass through all training digits.

# %% tags=["nbval-ignore-output"]
from lenet_edu import default_recipe

recipe = default_recipe(model.architecture, len(digits.train))
recipe

# %% [markdown]
# Momentum is not an average. It is a sum in which older slopes count less and less. If the slope stays the same, the sum grows until
# it is ten times the slope:

# %%
velocity = 0.0
for step in range(1, 51):
    velocity = 0.9 * velocity + 1.0
    if step in (1, 2, 10, 50):
        print(f"step {step:>2}: {velocity:.2f} times the slope")

# %% [markdown]
# So a rate of 0.01 with momentum 0.9 goes about as far as a rate of 0.1 without it. Here is one digit, distorted twenty times:

# %%
from lenet_edu import distort, draw_distortions

print(f"0.01 x {velocity:.1f} is about {0.01 * velocity:.1f}")
copies = digits.train.images[:1].repeat(20, 1, 1, 1)
distortions = draw_distortions(recipe, len(copies), generator)
plots.digits(distort(copies, distortions, digits.scaling.background))

# %% [markdown]
# ## Train while you watch
#
# *Train* starts, *Pause* stops after the batch under way, *Step* takes a single batch, *Epoch* goes to the end of the
# epoch, and *Reset* goes back to the first weights. You can change the rate, the momentum and the batch size at any time, and
# everything else before training begins. A GPU is used if there is one.

# %% tags=["nbval-ignore-output"]
from lenet_edu import TrainingPanel

panel = TrainingPanel(digits, folder="../runs")
panel

# %% [markdown]
# Try this before you run the next cell:
#
# 1. Press *Step* a few times. One batch moves the kernels of C1 so little that you cannot see it. The bars show how large
#    each layer's gradient is.
# 2. Press *Epoch* once and look at the error. With MNIST an epoch is more than four hundred batches, and in it the
#    network learns most of what it will ever know. With the small digits an epoch is only a few batches, and the network needs
#    many epochs to learn as much.
# 3. Move *digit* to follow another digit through the layers while they change.
#
# The next cell presses *Train* for you and waits. It goes on from where you are.

# %% tags=["nbval-ignore-output"]
panel.train()
panel.wait()
model, run = panel.session.model, panel.session.run
print(f"{run.seconds:.1f} s of training, best epoch {run.best_epoch} of {len(run.history)}")

# %% [markdown]
# ## Read the curves
#
# Dashed lines are measured on the training digits while they were learned, solid ones on the validation digits after each epoch.
# Beside your run stands the recorded run on MNIST that gave this course its modern network.

# %%
from lenet_edu import SHIPPED, read_json

record = read_json(SHIPPED / "lenet5-modern.json")
plots.history({"this run": run.history, "modern, recorded": record["history"]})

# %% [markdown]
# Look for two things. Does the solid error still fall at the end? Then more epochs would help. Does the solid loss rise while the
# dashed one falls? Then the network learns its training digits by heart and gets worse on others. This is called
# **overfitting**.
#
# The dashed line can also lie above the solid one. That is no fault: distorted digits are harder to read than the
# real ones.
#
# ## Draw for your own network
#
# You drew for a shipped network in notebook 00. This pad belongs to the network that *you* have just trained. Write your age, one digit
# at a time. Then try to find a 7 that it takes for a 1.

# %% tags=["nbval-ignore-output"]
from lenet_edu import DrawDigit

DrawDigit(model, digits.scaling)

# %% [markdown]
# ## See what a wrong rate does
#
# Make the learning rate ten times larger and train a second network for a few epochs. Say first what you expect.

# %%
from lenet_edu import Session

bold = Session(digits, folder="../runs/demonstrations")
bold.change(peak_rate=10 * recipe.peak_rate, epochs=max(2, recipe.epochs // 6))
bold.train()
bold.wait()
ask("training.rate", f"loss {bold.run.curve[-1]['loss']:.1f}")

# %% [markdown]
# In this run the network gives the same answer whatever the digit:

# %%
answers = bold.model.classes_of(digits.validation.images[:200])
print("different answers to 200 digits:", len(answers.unique()))

# %% [markdown]
# The first large steps pushed its ReLUs so far down that no digit reaches them. Where the output of a ReLU is zero, so is its
# slope, and nothing brings the unit back: it is a **dead unit**. This is one run with one seed. Another
# network, or a rate a little smaller, may survive.
#
# Try it in the panel: press *Reset*, choose your finished run under *compare with*, and train with other rates, without
# momentum, or with larger batches. Which changes cost accuracy, and which only time?
#
# ## Stop and go on
#
# A run is a folder. It is written when training begins, after every epoch and at every pause, each file whole or not at all. You can
# shut down the computer or restart the kernel: *Load* in the panel continues the run from there.

# %%
for path in sorted(panel.session.home.glob("[!.]*")):
    print(path.name)


# %% [markdown]
# On a CPU a run that was stopped and continued even ends with exactly the same weights as one that was not. Here one run takes
# thirty steps. Another stops after twelve, and a new session goes on with it, as after a restart.


# %%
def new_session():
    return Session(digits, device="cpu", folder="../runs/demonstrations")


def take(session, steps):
    session.step(steps)
    session.wait()


# %%
whole, first, second = new_session(), new_session(), new_session()
take(whole, 30)
take(first, 12)
second.load(first.home)
take(second, 30 - 12)
pairs = zip(whole.model.parameters(), second.model.parameters(), strict=True)
print("all weights equal:", all(torch.equal(*pair) for pair in pairs))

# %% [markdown]
# ## Look at the test digits, once

# %% tags=["nbval-ignore-output"]
from lenet_edu import confusion, mistakes

right = accuracy(model, digits.test)
print(f"{right:.2%} right, {1 - right:.2%} wrong of {len(digits.test):,}")
print(f"the paper, on MNIST: {paper.TEST_ERROR}% wrong")

# %% [markdown]
# If MNIST is not on this machine, you see the error on the small digits that come with this course. There are fewer
# to learn from, so it is larger, and you cannot compare it with the paper. This is what the recorded run on MNIST reached:

# %%
print(f"recorded on MNIST: {1 - record['test_accuracy']:.2%} wrong")

# %% [markdown]
# One number says little. Which digits are taken for which? Rows are what was written, columns what was read.

# %%
plots.confusion(confusion(model, digits.test))

# %% [markdown]
# And here are the mistakes, those first of which the network is surest: *written → read*. Some of these digits are hard to read
# for people, too.

# %% tags=["nbval-ignore-output"]
wrong = mistakes(model, digits.test)[:30]
shown = digits.test.images[[mistake.index for mistake in wrong]]
plots.digits(shown, titles=[f"{m.label} → {m.predicted}\n{m.probability:.0%}" for m in wrong])

# %% [markdown]
# ## See what it has learned
#
# Here are the six kernels of C1, first as they were drawn at random, then after training. A red weight raises the sum where there
# is ink, a blue one lowers it. A kernel that is red on one side and blue on the other responds to an edge.

# %%
untrained = LeNet5(**MODERN)
untrained.reset_parameters(torch.Generator().manual_seed(0))
plots.kernels(untrained.C1.weight[:, 0])

# %%
plots.kernels(model.C1.weight[:, 0])

# %% [markdown]
# Now compare all layers. The slider *weights* changes between the two networks. Point at a unit to see how it is computed.

# %% tags=["nbval-ignore-output"]
from lenet_edu import FeatureMaps

FeatureMaps({"untrained": untrained, "trained": model}, digits.test.one_of_each(), digit=3)

# %% [markdown]
# ## Write the script yourself
#
# You know every part now. So here is the whole training script in plain torch and torchvision, without this package. It has five
# parts. Together they are one file of less than sixty lines: copy them into `train.py` and run it with `python train.py`.
#
# **Part one: the data.** A `Dataset` says how many examples there are and returns one of them. These are the small digits that come
# with scikit-learn, so that the script runs anywhere.

# %% tags=["script"]
import os

import torch
import torch.nn.functional as F
from PIL import Image
from sklearn.datasets import load_digits as small_digits
from torch import nn
from torch.utils.data import DataLoader, Dataset, random_split
from torchvision import transforms


# %% tags=["script"]
class SmallDigits(Dataset):
    def __init__(self, transform):
        self.pixels, self.labels = small_digits(return_X_y=True)
        self.transform = transform

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, place):
        grey = (self.pixels[place].reshape(8, 8) * 255 / 16).astype("uint8")
        return self.transform(Image.fromarray(grey)), int(self.labels[place])


# %% [markdown]
# **Part two: from picture to input.** The digit gets 20 by 20 pixels and a margin of 6, so that the image has 32 by 32. Then
# the numbers are scaled. A `DataLoader` puts examples together into batches.

# %% tags=["script"]
steps = [transforms.Resize(20), transforms.Pad(6), transforms.ToTensor(), transforms.Normalize(0.1, 0.25)]
data = SmallDigits(transforms.Compose(steps))
train, validation = random_split(data, [1500, len(data) - 1500], torch.Generator().manual_seed(0))
train_loader = DataLoader(train, batch_size=32, shuffle=True)
validation_loader = DataLoader(validation, batch_size=100)
print(f"{len(train)} digits to train, {len(validation)} to validate, one is {tuple(train[0][0].shape)}")

# %% [markdown]
# With MNIST, `data` is `datasets.MNIST("data", download=True, transform=...)` from torchvision, and nothing else changes.
#
# **Part three: the network.** It has 61,706 parameters, a few more than LeNet-5, since each map of C3 reads all six maps.

# %% tags=["script"]
torch.manual_seed(0)
network = nn.Sequential(
    nn.Conv2d(1, 6, 5), nn.ReLU(), nn.MaxPool2d(2),
    nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
    nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10),
)  # fmt: skip
print(f"{sum(parameter.numel() for parameter in network.parameters()):,} parameters")


# %% [markdown]
# **Part four: count what is right.** Count over all digits, and divide once at the end.


# %% tags=["script"]
def accuracy_of(network, loader):
    network.eval()
    right = 0
    with torch.inference_mode():
        for images, labels in loader:
            right += (network(images).argmax(1) == labels).sum().item()
    return right / len(loader.dataset)


# %% [markdown]
# **Part five: the loop.** The weights are saved whenever the validation accuracy is the best so far, and once more at the end.

# %% tags=["script", "nbval-ignore-output"]
os.makedirs("../runs/script", exist_ok=True)
optimizer = torch.optim.SGD(network.parameters(), lr=0.02, momentum=0.9)
best, epochs = 0.0, 5
for epoch in range(epochs):
    network.train()
    for images, labels in train_loader:
        optimizer.zero_grad()
        F.cross_entropy(network(images), labels).backward()
        optimizer.step()
    right = accuracy_of(network, validation_loader)
    print(f"epoch {epoch + 1}: {right:.1%} of the validation digits right")
    if right > best:
        best = right
        torch.save(network.state_dict(), "../runs/script/best.pt")

# %% tags=["script"]
torch.save(network.state_dict(), "../runs/script/last.pt")
network.load_state_dict(torch.load("../runs/script/best.pt", weights_only=True))
again = accuracy_of(network, validation_loader)
print("the loaded best is as good as it was:", again == best, "and better than 90%:", again > 0.9)

# %% [markdown]
# Do not skip the last part. Loading the file and measuring again is the only proof that it holds what you believe. [13 Find the
# bug](13_find_the_bug.ipynb) begins with such a script and shows how it can go wrong.
#
# ## Change it
#
# - In the panel, train the network of 1998: press *Reset* and choose `table`, `trainable`, `scaled_tanh` and `rbf`. It
#   finds a recipe that suits its loss.
# - Choose the recipe `plain`, which has no distortions. Which curve gets better, and which one worse?
# - In the script, add `transforms.RandomRotation(10)` before `ToTensor`. Where does it do harm? (Think of the validation digits.)
# - The same from a terminal: `lenet-edu train modern --epochs 5`. [How fast it is, and how good](../docs/speed.md)
#   compares ways to train.
#
# ## Exercises
#
# Each solution is folded away in the cell below yours.
#
# **1. Compute.** One epoch on MNIST has 54,996 training digits, and a batch has 128. How many steps does the epoch take?

# %%
steps = None
check("training.steps", steps)

# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution
full, left = divmod(54_996, 128)
print(f"{full} full batches of {128}, and {left} of {54_996:,} digits are left")
steps = full + (left > 0)
assert check("training.steps", steps).right

# %% [markdown]
# **2. Transfer.** The slope stays the same, and the momentum is 0.99 instead of 0.9. In the end, how many times as long as the first step
# is a step?

# %%
times = None
check("training.momentum", times)

# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution
times = 1 / (1 - 0.99)
assert check("training.momentum", times).right


# %% [markdown]
# **3. Code.** Write one step with momentum: `step(parameter, velocity, gradient, rate, momentum)` gives the new parameter. The new
# velocity is the old one times the momentum, plus the gradient.


# %%
def step(parameter, velocity, gradient, rate, momentum):
    return ...


check("training.step", step)


# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution
def step(parameter, velocity, gradient, rate, momentum):
    velocity = momentum * velocity + gradient
    return parameter - rate * velocity


assert check("training.step", step).right

# %% [markdown]
# **4. Find the fault.** A script adds up the accuracies of all batches and divides by the number of batches. Is that the accuracy
# over all digits? (a) No: the last batch is smaller, so each of its digits counts for more. (b) No: batches are drawn at random.
# (c) Yes, it is the same.

# %%
letter = None
check("training.batches", letter)

# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution
letter = "a"
assert check("training.batches", letter).right

# %% [markdown]
# **5. Transfer.** Change the script for images of 28 by 28 with `transforms.Pad(4)`. Then one number in the network must change: the
# number of inputs of the first `nn.Linear`. What must it be?

# %%
inputs = None
check("training.smaller", inputs)

# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution
side = ((28 - 4) // 2 - 4) // 2
inputs = 16 * side * side
assert check("training.smaller", inputs).right

# %% [markdown]
# **6. Explain in your own words.** A classmate says: "My network gets every training digit right, so it is finished." What do
# you answer?

# %%
from lenet_edu import explain

words = ""
explain("training.by_heart", words)

# %% [markdown]
# ## Recap
#
# Six questions on this notebook and those before it.

# %%
from lenet_edu import quiz

quiz("training")

# %% [markdown]
# ## What you know now
#
# - Training repeats: batch, loss, gradient, small step.
# - The first loss of a classifier with ten classes should be near 2.303.
# - Choose by the validation digits, and look at the test digits once.
# - A rate that is far too large can switch units off for good.
# - The whole script fits on a page, and it ends by measuring the weights that it has saved.
#
# **Next:** [12 Cats and dogs](12_cats_and_dogs.ipynb) gives the network colours, and asks more of it.
