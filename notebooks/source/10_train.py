# %% [markdown]
# # 10 · Train
#
# **What you will find out.** How a network that knows nothing comes to read digits in less than a minute; how to tell from two curves whether it went well; and what it still gets wrong.

# %%
import torch

from lenet_edu import paper, plots
from lenet_edu.architecture import MODERN
from lenet_edu.models import LeNet5

generator = torch.Generator().manual_seed(0)
model = LeNet5(**MODERN)
model.reset_parameters(generator)
plots.network(model)

# %% [markdown]
# This is the modern LeNet-5: ReLU, max pooling, a linear output. From `fit` on, all works with `LeNet5()`, the
# network of 1998, too.
#
# ## The data, in three parts
#
# The network learns from the **training** digits. The **validation** digits tell which weights to keep. The
# **test** digits are looked at once, when all is decided: whoever chooses by the test digits has, in a way,
# trained on them.

# %% tags=["nbval-ignore-output"]
from lenet_edu.data import load_digits

digits = load_digits()
print(digits.source, digits.note)
for name in ("train", "validation", "test"):
    print(f"{name:<10} {tuple(getattr(digits, name).images.shape)}")

# %% [markdown]
# Each part is a single tensor, and a batch is an index into it. No digit is read from disk while training.

# %%
plots.digits(digits.train.images[:20], titles=digits.train.labels[:20].tolist())

# %%
import torch.nn.functional as F

from lenet_edu.exercises import check, predict

images, labels = digits.train.images[:1000], digits.train.labels[:1000]
first_loss = F.cross_entropy(model(images), labels).item()
predict("training.first_loss", f"loss {first_loss:.1f}, log 10 is {torch.tensor(10.0).log():.3f}")

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
rate = 0.1
for step in range(150):
    batch = torch.arange(step * 8, step * 8 + 64) % len(labels)
    loss = F.cross_entropy(learner(images[batch]), labels[batch])
    learner.zero_grad()
    loss.backward()
    with torch.no_grad():
        for parameter in learner.parameters():
            parameter -= rate * parameter.grad
assert loss.item() < first_loss

# %% [markdown]
# The loss has fallen, on a thousand digits. `fit` does the same, and adds what makes it quick and safe:
# **momentum**, which keeps a running mean of gradients; a **learning rate** that rises and then falls to
# zero; small random **distortions**, so that no digit is seen twice alike; and a look at the validation
# digits after each epoch. A **recipe** holds all these choices.

# %% tags=["nbval-ignore-output"]
from lenet_edu.recipes import default_recipe

recipe = default_recipe(model.architecture, len(digits.train))
recipe

# %% [markdown]
# What the distortions do to one digit, drawn anew twenty times:

# %%
from lenet_edu.augmentation import distort

copies = digits.train.images[:1].repeat(20, 1, 1, 1)
plots.digits(distort(copies, recipe, digits.scaling.background, generator))

# %% [markdown]
# ## Train
#
# Less than a minute on two processor cores with MNIST. A GPU is used if there is one. The bar shows the loss
# and the accuracy so far in this epoch, and how many images a second go through.

# %% tags=["nbval-ignore-output"]
from copy import deepcopy

from lenet_edu.training import fit

epochs = {}


def keep(run):
    """After each epoch: a copy of the network as it is then."""
    epochs[f"epoch {len(run.history)}"] = deepcopy(model).cpu()


run = fit(model, digits, recipe, seed=0, after_epoch=keep)
print(f"{run.seconds:.1f} s of training, best epoch {run.best_epoch} of {len(run.history)}")

# %% [markdown]
# ## The curves
#
# Dashed: on the training digits, while they were being learned. Solid: on the validation digits, after each
# epoch. For comparison, the recorded run that gave the shipped network of 1998; its loss is equation 9 of
# the paper, which has another scale.

# %%
from lenet_edu.checkpoints import SHIPPED
from lenet_edu.files import read_json

record = read_json(SHIPPED / "lenet5-1998.json")
plots.history({"this run": run.history, "1998, recorded": record["history"]})

# %% [markdown]
# Two things to look for. Does the solid error still fall at the end? Then more epochs would help. Does the
# solid *loss* rise while the dashed one falls? Then the network learns its training digits by heart:
# **overfitting**. With distortions the dashed curve can even lie above the solid one, since distorted digits
# are harder to read than the real ones.
#
# ## The test, once

# %% tags=["nbval-ignore-output"]
from lenet_edu.evaluation import accuracy, confusion, mistakes

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
# And how it came to it. The slider *weights* goes through the epochs: watch maps and kernels form.

# %%
from lenet_edu.widgets import FeatureMaps

FeatureMaps({"untrained": untrained, **epochs}, digits.test.one_of_each(), digit=3, weights="untrained")

# %% [markdown]
# ## Keep it
#
# Weights are saved as safetensors, a format that can hold numbers and nothing that runs. A saved network
# knows what it is: loading needs the file alone.

# %%
from pathlib import Path

from lenet_edu.checkpoints import load_network, save_network

path = Path("../runs/notebook-10.safetensors")
save_network(path, model.cpu(), {"scaling": digits.scaling.to_dict()})
again = load_network(path)
assert torch.equal(again.classes_of(images), model.classes_of(images))

# %% [markdown]
# ## Change it
#
# - Train the network of 1998: `fit(LeNet5(), digits)`. It finds the recipe that suits its loss by itself.
# - Take the distortions away: `fit(LeNet5(**MODERN), digits, recipe.changed(rotation=0, shift=0, scale=0,
#   shear=0))`. Which curve gets better, and which one worse?
# - The same from a terminal, where every epoch is saved and `--resume` goes on after an interruption:
#   `lenet-edu train 1998 --epochs 5`.
#
# ## Exercises
#
# Each solution is folded away in the cell below yours.
#
# **1.** An epoch has 54,996 digits, and they go through in batches of 128. How many steps is that?

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
#
# **Back to** [00 Start here](00_start_here.ipynb).
