# %% [markdown]
# # 00 · Start here
#
# **What you will find out.** What LeNet-5 is, what this suite does with it, and what your machine has to
# offer. At the end, two trained networks read digits for you.
#
# LeNet-5 is the network with which Yann LeCun, Léon Bottou, Yoshua Bengio and Patrick Haffner read
# handwritten digits in 1998. An image goes in on the left. Seven layers later, ten numbers come out, one for
# each digit. Nearly every network that sees today is built on its three ideas: look at small patches, use
# the same weights everywhere, and lower the resolution step by step.

# %%
from lenet_edu import LeNet5, plots

model = LeNet5()
plots.network(model)

# %% [markdown]
# The stacks are **feature maps**: pictures of where in the image something was found. `6@28x28` means six
# maps of 28 by 28 units. The slanted bars are layers of single units.

# %%
from lenet_edu import show_shape

print(*(f"{name} {show_shape(shape)}" for name, shape in model.architecture.shapes.items()), sep=", ")

# %% [markdown]
# ## The way through
#
# | notebook | you will |
# |---|---|
# | **00 Start here** | look round, and let two trained networks read digits |
# | [**01 INPUT**](01_input.ipynb) | turn a picture into what the network sees |
# | [**02 C1**](02_c1.ipynb) | find edges with a convolution, by hand |
# | [**03 S2**](03_s2.ipynb) | lower the resolution, and learn how |
# | [**04 C3**](04_c3.ipynb) | combine maps by the paper's table |
# | [**05 S4**](05_s4.ipynb) | measure how much a small shift matters |
# | [**06 C5**](06_c5.ipynb) | slide the network over a line of digits |
# | [**07 F6**](07_f6.ipynb) | read a layer with your own eyes |
# | [**08 OUTPUT**](08_output.ipynb) | measure distances, and let a network collapse |
# | [**09 The whole network**](09_whole_network.ipynb) | put it together, count everything, weigh 1998 against today |
# | [**11 Train**](11_train.ipynb) | train it on your machine, and study its mistakes |
# | [**12 Cats and dogs**](12_cats_and_dogs.ipynb) | train a LeNet for pictures in colour, and see how far it goes |
# | [**13 Find the bug**](13_find_the_bug.ipynb) | find fourteen faults in a script that runs |
# | [**14 The original recipe**](14_the_original_recipe.ipynb) | train as in 1998, break it, and weigh every choice |
# | [**15 The family**](15_the_family.ipynb) | meet LeNet-5's relatives, and all that the paper compares it with |
#
# Run a cell with **Shift + Enter**. Change whatever you like: *Kernel → Restart* brings all of it back.
# Every number in the text is computed in a cell nearby, and tested against the paper.
#
# ## What was found on this machine
#
# Nothing here needs a graphics card or the network. Both are used if they are there.
#
# The digits are **MNIST**: 70,000 digits written by census employees and pupils. If they cannot be found or
# fetched, 1,797 smaller real digits step in, which come with scikit-learn.

# %% tags=["nbval-ignore-output"]
import platform

import torch

from lenet_edu import choose_device, describe_data, describe_device, load_digits

digits = load_digits()
print("Python", platform.python_version(), "with torch", torch.__version__)
print("device", describe_device(choose_device()))
for found in describe_data():
    print(f"{found['data']}: {found['images']:,} images, {found['state']}")
print("Here you see", digits.name, digits.note)

# %% [markdown]
# However many there are, each is one image of 32 by 32 pixels with one number a pixel. Where there is no ink
# the number is -0.1, where there is most it is 1.175. The paper chose the two so that the
# mean is roughly 0 and the variance roughly 1; notebook 01 measures whether it is so.

# %%
print(tuple(digits.test.images[0].shape))
print("no ink", digits.scaling.background, " most ink", digits.scaling.ink)

# %% [markdown]
# ## First predictions
#
# Here is how this suite asks: choose, commit, and only then see. A wrong guess teaches most.

# %%
from lenet_edu import ask, paper

ask("start.errors", f"The paper reports {paper.TEST_ERROR}% errors.")

# %% [markdown]
# The suite ships trained networks. The two that you will meet most: `lenet5-1998`, faithful to the paper in its
# layers and in its training, and `lenet5-modern`, with the choices one would make today. Here the first one reads
# twenty digits of the test set.

# %%
from lenet_edu import load_network

network = load_network("lenet5-1998")
network.architecture.name

# %%
images = digits.test.images[:20]
answers = network.classes_of(images)
plots.digits(images, titles=[f"reads {answer}" for answer in answers.tolist()])

# %% [markdown]
# Each network over the whole test set, in percent:

# %% tags=["nbval-ignore-output"]
from lenet_edu import accuracy

for name in ("lenet5-1998", "lenet5-modern"):
    error = 1 - accuracy(load_network(name), digits.test)
    print(f"{name:<14} {error:.2%} wrong of {len(digits.test):,}")

# %% [markdown]
# The paper reports 0.95%, on MNIST. There the shipped networks learned too, and there they read this well. The
# smaller digits that may stand in for it are thicker and blurred; of those they misread far more. All were trained by
# this suite's own code; how, with which seed and with what result, stands beside the weights and can be read here.
# Notebook 11 trains a modern network in front of you, and notebook 14 one of 1998.

# %%
from lenet_edu import SHIPPED, read_json, shipped_names

for name in shipped_names():
    record = read_json(SHIPPED / f"{name}.json")
    print(f"{record['command']}\n  {record['parameters']:,} parameters, test {record['test_accuracy']:.2%}")

# %% [markdown]
# ## Inside, while it reads
#
# One digit on its way through all layers, from the image above to the ten numbers below. Red units are
# positive, blue ones negative. In the last row each number is a **distance**: how far the layer F6 is from
# the picture that stands for each digit. The palest one wins.

# %%
from lenet_edu import activations

plots.feature_maps(activations(network, images[:1]))

# %% [markdown]
# ## What you know now
#
# - LeNet-5 turns an image of 32x32 pixels into ten numbers, in seven layers.
# - 60,000 trainable numbers are enough to read digits with about one mistake in a hundred.
# - All that you see here is computed on your machine; nothing is a recording unless it says so.
#
# **Next:** [01 INPUT](01_input.ipynb) begins at the beginning.
