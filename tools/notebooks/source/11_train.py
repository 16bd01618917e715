# %% [markdown]
# # 10 · Train
#
# **What you will find out.** How a network that knows nothing comes to read digits in less than a
# minute, under your hands; how to tell from two curves whether it went well; what one wrong number can do; and
# what the network still gets wrong.

# %%
import torch

from lenet_edu import MODERN, LeNet5, paper, plots

generator = torch.Generator().manual_seed(0)
model = LeNet5(**MODERN)
model.reset_parameters(generator)
plots.network(model)

# %% [markdown]
# This is the modern LeNet-5: ReLU, max pooling, a linear output. All of this works with `LeNet5()`, the
# network of 1998, too.
#
# ## The data, in three parts
#
# The network learns from the **training** digits. The **validation** digits tell which weights to keep. The
# **test** digits are looked at once, when all is decided: whoever chooses by the test digits has, in a way,
# trained on them.

# %% tags=["nbval-ignore-output"]
from lenet_edu import load_digits

digits = load_digits()
print(digits.name, digits.note)
for name in ("train", "validation", "test"):
    print(f"{name:<10} {tuple(getattr(digits, name).images.shape)}")

# %% [markdown]
# Each part is a single tensor, and a batch is an index into it. No digit is read from disk while training.

# %%
plots.digits(digits.train.images[:20], titles=digits.train.labels[:20].tolist())

# %%
import torch.nn.functional as F

from lenet_edu import ask, check

few = digits.train.images[:1000], digits.train.labels[:1000]
first_loss = F.cross_entropy(model(few[0]), few[1]).item()
expected = torch.tensor(10.0).log().item()
near = abs(first_loss - expected) < 0.5
ask("training.first_loss", f"log 10 is {expected:.3f}; the loss lies within 0.5 of it: {near}")

# %% [markdown]
# Whenever you train a classifier, look at the first loss. If it is far from this, something is wrong.
#
# ## By hand
#
# All of training is five lines, again and again: choose a batch, compute the loss, ask how the loss changes
# with every parameter (the **gradient**), and move each parameter a little the other way.

# %%
learner = LeNet5(**MODERN)
learner.reset_parameters(torch.Generator().manual_seed(0))
images, labels = digits.train.images, digits.train.labels
rate = 0.05
for _ in range(300):
    batch = torch.randint(len(labels), (64,), generator=generator)
    loss = F.cross_entropy(learner(images[batch]), labels[batch])
    learner.zero_grad()
    loss.backward()
    with torch.no_grad():
        for parameter in learner.parameters():
            parameter -= rate * parameter.grad

# %% [markdown]
# On digits that it has never seen, the network is already right this often:

# %% tags=["nbval-ignore-output"]
from lenet_edu import accuracy

print(f"{accuracy(learner, digits.validation):.1%}")

# %%
assert accuracy(learner, digits.validation) > 0.75

# %% [markdown]
# `fit` does the same, and adds what makes it quick and safe: **momentum**, which keeps a running mean of
# gradients; a **learning rate** that rises and then falls to zero; small random **distortions**, so that no digit
# is seen twice alike; and a look at the validation digits after each epoch. A **recipe** holds all these choices.

# %% tags=["nbval-ignore-output"]
from lenet_edu import default_recipe

recipe = default_recipe(model.architecture, len(digits.train))
recipe

# %% [markdown]
# What the distortions do to one digit, drawn anew twenty times:

# %%
from lenet_edu import distort, draw_distortions

copies = digits.train.images[:1].repeat(20, 1, 1, 1)
distortions = draw_distortions(recipe, len(copies), generator)
plots.digits(distort(copies, distortions, digits.scaling.background))

# %% [markdown]
# ## Train
#
# The panel below trains the network under your hands. **Train** starts, **Pause** stops after the batch under way,
# **Step** takes a single batch, **Epoch** goes to the end of the epoch, **Reset** goes back to the same initial
# weights. Learning rate, momentum and batch size can be changed at any time; network, recipe, data, device
# and seed before it begins. A GPU is used if there is one.

# %% tags=["nbval-ignore-output"]
from lenet_edu import TrainingPanel

panel = TrainingPanel(digits, folder="../runs")
panel

# %% [markdown]
# Try this before you run the next cell:
#
# 1. Press **Step** a few times. One batch moves the kernels of C1 so little that you cannot see it. The bars show
#    how large each layer's gradient is.
# 2. Press **Epoch**. On MNIST the edges in C1's kernels form within the first epoch, and so does most of the
#    accuracy. Where fewer digits stand in for it, an epoch is short, and it takes several of them.
# 3. Move *digit* to follow another digit through the layers while they change.
#
# The next cell presses **Train** for you and waits. It goes on from wherever you are, and takes some twenty seconds
# on two processor cores with MNIST.

# %% tags=["nbval-ignore-output"]
panel.train()
panel.wait()
model, run = panel.session.model, panel.session.run
print(f"{run.seconds:.1f} s of training, best epoch {run.best_epoch} of {len(run.history)}")

# %% [markdown]
# ## The curves
#
# Dashed: on the training digits, while they were being learned. Solid: on the validation digits, after each
# epoch. For comparison, the recorded run that gave the shipped modern network. (The one of 1998 was trained in another
# way, one digit an update: notebook 14 shows its curves.)

# %%
from lenet_edu import SHIPPED, read_json

record = read_json(SHIPPED / "lenet5-modern.json")
plots.history({"this run": run.history, "modern, recorded": record["history"]})

# %% [markdown]
# Two things to look for. Does the solid error still fall at the end? Then more epochs would help. Does the
# solid *loss* rise while the dashed one falls? Then the network learns its training digits by heart:
# **overfitting**. With distortions the dashed curve can even lie above the solid one, since distorted digits
# are harder to read than the real ones.
#
# ## One wrong number
#
# The learning rate, ten times too large. Say first what you expect; then a second network is trained for some epochs.

# %%
from lenet_edu import Session

bold = Session(digits, folder="../runs/demonstrations")
bold.change(peak_rate=10 * recipe.peak_rate, epochs=max(2, recipe.epochs // 6))
bold.train()
bold.wait()
ask("training.rate", f"loss {bold.run.curve[-1]['loss']:.1f}")

# %% [markdown]
# It gives the same answer whatever the digit. Most ReLUs have been pushed so far down that no digit reaches them:
# their output is zero, so is their gradient, and nothing brings them back.

# %%
answers = bold.model.classes_of(digits.validation.images[:200])
print("different answers to 200 digits:", len(answers.unique()))

# %% [markdown]
# In the panel: press **Reset**, choose your finished run under *compare with*, and train with other rates,
# without momentum, or with larger batches. Which changes cost accuracy, and which only time?
#
# ## Nothing is lost
#
# A run is a folder. It is written when training begins, after every epoch, at every pause, and every twenty
# seconds, each file whole or not at all. Close the lid, restart the kernel, pull the plug: the panel's **Load**
# takes the run up where it was, and on a CPU it ends in the very weights of a run that was never stopped.

# %%
for path in sorted(panel.session.home.iterdir()):
    print(path.name)

# %% [markdown]
# Let us see: one run that nothing disturbs, and another that is left on its way and taken up by a second session,
# as after a restart.

# %%
whole, first = (
    Session(digits, device="cpu", folder="../runs/demonstrations"),
    Session(digits, device="cpu", folder="../runs/demonstrations"),
)
for session, steps in ((whole, 30), (first, 12)):
    session.step(steps)
    session.wait()

second = Session(digits, device="cpu", folder="../runs/demonstrations")
second.load(first.home)
second.step(30 - 12)
second.wait()
assert all(map(torch.equal, whole.model.parameters(), second.model.parameters()))

# %% [markdown]
# ## The test, once

# %% tags=["nbval-ignore-output"]
from lenet_edu import confusion, mistakes

right = accuracy(model, digits.test)
print(f"{right:.2%} right, {1 - right:.2%} wrong of {len(digits.test):,}")
print(f"the paper: {paper.TEST_ERROR}% wrong")

# %% [markdown]
# One number says little. Which digits are taken for which? Rows are what was written, columns what was read.

# %%
plots.confusion(confusion(model, digits.test))

# %% [markdown]
# ## The mistakes
#
# The most certain ones first: *what was written → what was read*. Some of them you would get wrong yourself.

# %% tags=["nbval-ignore-output"]
wrong = mistakes(model, digits.test)[:30]
shown = digits.test.images[[mistake.index for mistake in wrong]]
plots.digits(shown, titles=[f"{m.label} → {m.predicted}\n{m.probability:.0%}" for m in wrong])

# %% [markdown]
# ## What it learned
#
# The six kernels of C1 before and after. Red weights look for ink, blue ones for paper; a kernel that is red
# on one side and blue on the other answers to an edge.

# %%
untrained = LeNet5(**MODERN)
untrained.reset_parameters(torch.Generator().manual_seed(0))
plots.kernels(untrained.C1.weight[:, 0])

# %%
plots.kernels(model.C1.weight[:, 0])

# %% [markdown]
# The same, for every layer. The slider *weights* changes between the two; point at a unit to see how it is
# computed.

# %%
from lenet_edu import FeatureMaps

FeatureMaps({"untrained": untrained, "trained": model}, digits.test.one_of_each(), digit=3)

# %% [markdown]
# ## Keep it
#
# Weights are saved as safetensors, a format that can hold numbers and nothing that runs. A saved network
# knows what it is: loading needs the file alone.

# %%
from lenet_edu import load_network

again = load_network(panel.session.home / "best.safetensors")
assert torch.equal(again.classes_of(images[:100]), model.cpu().classes_of(images[:100]))

# %% [markdown]
# ## Change it
#
# - Train the network of 1998: in the panel, press **Reset** and choose `table`, `trainable`, `scaled_tanh` and
#   `rbf`. It finds the recipe that suits its loss by itself.
# - Choose the recipe `plain`, which has no distortions. Which curve gets better, and which one worse?
# - The recipes `thorough` and `best` take longer and get further. [How fast it is, and how good](../docs/speed.md)
#   has the figures, measured beside two common ways to train such a network.
# - The same from a terminal: `lenet-edu train 1998 --epochs 5`; `--resume` goes on after an interruption.
#
# ## Exercises
#
# Each solution is folded away in the cell below yours.
#
# **1.** An epoch on MNIST has 54,996 digits, and they go through in batches of 128. How many steps is that?

# %%
steps = None
check("training.steps", steps)

# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution
full, left = divmod(54_996, 128)
steps = full + (left > 0)
assert check("training.steps", steps).right


# %% [markdown]
# **2.** Write one step of gradient descent: `step(parameter, gradient, rate)` gives the new parameter.


# %%
def step(parameter, gradient, rate):
    return ...


check("training.step", step)


# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution
def step(parameter, gradient, rate):
    return parameter - rate * gradient


assert check("training.step", step).right

# %% [markdown]
# **3. Change and explain.** Why is the accuracy of an epoch not the mean of its batches' accuracies? (a) The last batch is
# smaller, and its digits would count for more. (b) Batches are drawn at random. (c) It is.

# %%
letter = None
check("training.batches", letter)

# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution
letter = "a"
assert check("training.batches", letter).right

# %% [markdown]
# ## What you know now
#
# - Training is: batch, loss, gradient, small step, many thousand times.
# - The first loss of a classifier with ten classes should be near 2.303.
# - Choose on the validation digits; look at the test digits once.
# - A learning rate ten times too large switches a network off: nothing is learned.
#
# **Next:** [12 Cats and dogs](12_cats_and_dogs.ipynb) gives the network colours, and asks more of it.
