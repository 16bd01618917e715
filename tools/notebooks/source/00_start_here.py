# %% [markdown]
# # 00 · Start here
#
# [Glossary](glossary.ipynb)
#
# **After this notebook you can:** say what LeNet-5 is and where it comes from, show with numbers why comparing pixels is
# not enough to read a digit, and explain what a small window does while it slides over an image. You need no knowledge
# of neural networks.
#
# ## Draw a digit
#
# Draw any digit on the empty sheet, with mouse, pen or finger. In JupyterLab, first click the cell below and
# press **Shift + Enter** to run it. (On a web page the sheet is ready.)

# %%
from lenet_edu import DrawDigit, load_network

network = load_network("lenet5-1998")
DrawDigit(network, steps=False)

# %% [markdown]
# The design of this network is older than the smartphone, and yet it reads your handwriting while you write. It has never
# seen your hand before. The small pictures light up one after another: each **layer** looks at the pictures of the layer
# before it and makes new ones. The last layer says which digit it is. Red means a positive number, blue a negative one.
#
# Clear the sheet and try a sloppy digit, a tiny one, a letter. When is the network wrong? (If you see a 3 and cannot
# draw, the cell has not been run.)
#
# ## The story behind it
#
# In the 1980s, letters and cheques were sorted by people who read the numbers on them. At Bell Labs in New Jersey, a small
# group wanted a machine to do it. In 1989 Yann LeCun and his colleagues trained a **network** on digits from ZIP codes on
# real envelopes. **Training** means that nobody tells the network how a 3 looks: it sees thousands of examples with their
# right answers, and changes its own numbers a little each time.
#
# In 1998, Yann LeCun, Léon Bottou, Yoshua Bengio and Patrick Haffner described LeNet-5 in the paper that this course
# follows, "Gradient-Based Learning Applied to Document Recognition". By then such networks read several million cheques a
# day. The idea of layers of small detectors is older still: Kunihiko Fukushima's Neocognitron had them in 1980. But LeNet-5
# has all the parts that later networks for images share, and it is small enough to be understood
# completely.

# %% [markdown]
# ## Why not just compare the pixels?
#
# An image is a grid of numbers: high where there is ink, low where there is paper. Why not keep one example of each digit, and
# look which one has the most similar numbers? Here are a 3, the same 3 two pixels further
# to the right, and a 5.

# %%
from lenet_edu import load_digits, plots

embedded = load_digits("embedded")
three, five = embedded.test.one_of_each().images[[3, 5]]
moved = three.roll(2, dims=2)
plots.digits([three, moved, five], ["a 3", "the same 3, moved", "a 5"])

# %% [markdown]
# Subtract two images pixel by pixel. Where the result is 0 (white), they agree. Square each difference and add them all:
# the larger the sum, the less alike the two images are.

# %%
differences = [three - moved, three - five]
sums = [difference.square().sum().item() for difference in differences]
print(f"the 3 and the same 3, moved: {sums[0]:.0f}")
print(f"the 3 and the 5:             {sums[1]:.0f}")

# %%
plots.maps([d[0] for d in differences], ["3 minus the moved 3", "3 minus the 5"], limit=1.3)

# %% [markdown]
# By this measure the 3 looks more like the 5 than like itself two pixels further on.
#
# Is one example too few? Compare each test digit with *all* 1,250 training digits, and take the most similar one:

# %%
import torch

train, test = embedded.train, embedded.test


def share_right(images):
    nearest = torch.cdist(images.flatten(1), train.images.flatten(1)).argmin(1)
    return (train.labels[nearest] == test.labels).float().mean().item()


print(f"{len(train):,} examples; right: {share_right(test.images):.0%}")

# %% [markdown]
# Now move every test digit two pixels to the right and two down.

# %%
from lenet_edu import ask

shifted = share_right(test.images.roll((2, 2), dims=(2, 3)))
ask("start.shift", f"Moved two pixels right and down: {shifted:.0%} right")

# %% [markdown]
# Nobody writes every stroke at exactly the same place. We need something that finds a stroke *wherever* it is.
#
# ## A small window that slides
#
# Do not compare the whole image. Take a small window of 3 by 3 numbers, called a **kernel**, and let it slide over the image.
# At each place, multiply each number of the window, its **weight**, with the pixel under it, and add up the nine products.
#
# This kernel has -1 on its left and 1 on its right. The sum is large where there is paper on the left and ink on the
# right: it finds the left edge of a stroke.

# %%
tee = torch.zeros(6, 6)
tee[:, 2] = 1
tee[1, 2:5] = 1
left_edge = torch.tensor([[-1.0, 0.0, 1.0]] * 3)
plots.sliding(tee, left_edge, [(0, 0), (0, 1), (1, 0), (3, 3)], title="One kernel at four places")

# %% [markdown]
# The window stands at 4 by 4 places, so there are sixteen sums. Together they are a new picture, a **feature map**: it shows
# where in the image the pattern was found. Press *Play* and watch it grow:

# %%
from lenet_edu import Convolution

window = Convolution(tee)
window.kernel = left_edge.tolist()
window

# %% [markdown]
# If the stroke moves two places to the right, the same numbers appear in the map, two places to the right. This is what
# comparing pixels cannot do.
#
# LeNet-5 does this over and over. Its first layer has six kernels. The next layers look for patterns in these six maps, and
# for patterns in the patterns. In between, the maps are made smaller, so that it matters less and less where exactly
# something was. Nobody chose the weights of the kernels: training found them.

# %%
from lenet_edu import activations

plots.network(network, activations(network, three[None]))

# %% [markdown]
# ## How well does it read?
#
# All its adjustable numbers, the weights and some more, are called its **parameters**. LeNet-5 has 60,000 of them.

# %%
from lenet_edu import SHIPPED, count_parameters, paper, read_json

recorded = read_json(SHIPPED / "lenet5-1998.json")["test_accuracy"]
print(f"{count_parameters(network):,} parameters")
ask("start.errors", f"The paper: {paper.TEST_ERROR}%. Our network, recorded on MNIST: {1 - recorded:.2%}")

# %% [markdown]
# **Test digits** are kept away during training, so that they show how a network reads what it has never seen. The network
# that you drew for was trained by this course's own code, on the 70,000 digits that the paper used, called MNIST.
#
# ## Your way through the course
#
# Exercises take about as long again.
#
# | notebook | afterwards you can | reading |
# |---|---|---|
# | **00 Start here** | say what LeNet-5 is for | 12 min |
# | [**01 INPUT**](01_input.ipynb) | turn a picture into the network's input | 15 min |
# | [**02 C1**](02_c1.ipynb) | compute a convolution | 15 min |
# | [**03 S2**](03_s2.ipynb) | make maps smaller | 15 min |
# | [**04 C3**](04_c3.ipynb) | combine maps | 15 min |
# | [**05 S4**](05_s4.ipynb) | measure what a moved digit changes | 15 min |
# | [**06 C5**](06_c5.ipynb) | read a line of digits | 15 min |
# | [**07 F6**](07_f6.ipynb) | read a layer with your own eyes | 15 min |
# | [**08 OUTPUT**](08_output.ipynb) | turn distances into an answer | 15 min |
# | [**09 The whole network**](09_whole_network.ipynb) | build LeNet-5 and count everything | 15 min |
# | [**10 How a network learns**](10_how_a_network_learns.ipynb) | compute a gradient and take a step | 25 min |
# | [**11 Train**](11_train.ipynb) | train LeNet-5 and study its mistakes | 20 min |
# | [**12 Cats and dogs**](12_cats_and_dogs.ipynb) | train a LeNet on colour pictures | 20 min |
# | [**13 Find the bug**](13_find_the_bug.ipynb) | find faults in a training script | 20 min |
# | [**14 The original recipe**](14_the_original_recipe.ipynb) | train as in 1998 | 15 min |
# | [**15 The family**](15_the_family.ipynb) | place LeNet-5 among its relatives | 15 min |
#
# The first eleven are the main path. Words in bold are explained where they first appear, and again in the
# [glossary](glossary.ipynb).
#
# ## How a notebook works
#
# - On a web page, widgets, predictions and most exercises work. To run cells, open JupyterLab: `lenet-edu lab`.
# - There, **Shift + Enter** runs a cell. Change any number and run the cell again. *Kernel, Restart* forgets all results but
#   keeps your changes. `lenet-edu copy FOLDER --reset 00_start_here` in a terminal restores a notebook in your folder, and
#   keeps yours beside it.
# - A box with a question asks for a prediction. Only your first answer counts.
# - Exercises have a checker with hints, and a folded solution.
#
# **1. Explain in your own words.** A friend says: "To read digits, just store some examples and compare pixels." What do you
# answer? (In JupyterLab, write between the quotes.)

# %%
from lenet_edu import explain

words = ""
explain("start.pixels", words)

# %% [markdown]
# ## What your machine has
#
# This course needs neither a graphics card nor a connection, but uses both if they are there.

# %% tags=["nbval-ignore-output"]
from lenet_edu import choose_device, describe_data, describe_device

print("computes on", describe_device(choose_device()))
for found in describe_data():
    print(f"{found['data']}: {found['images']:,} images, {found['state']}")

# %% [markdown]
# The network that you drew for now reads all test digits that your machine has:

# %% tags=["nbval-ignore-output"]
from lenet_edu import accuracy

digits = load_digits()
print(f"{digits.name}: {1 - accuracy(network, digits.test):.2%} of {len(digits.test):,} misread")

# %% [markdown]
# If this line says *embedded digits*, MNIST is not on your machine, and small digits that come with scikit-learn stand in. Other
# people wrote them, another scanner read them in, and the network misreads far more of them. That is a lesson: **a network knows only the kind of data that it was trained on.** The text always quotes MNIST. With a connection, the
# command `lenet-edu data` fetches it.

# %% [markdown]
# ## What you know now
#
# - LeNet-5 reads a handwritten digit: an image goes in, and seven layers later the answer comes out.
# - Comparing images pixel by pixel fails when a digit moves by a few pixels.
# - A sliding kernel makes a feature map, which shows where a pattern is.
#
# **Next:** [01 INPUT](01_input.ipynb) turns a picture into the numbers that the network sees.
