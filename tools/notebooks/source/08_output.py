# %% [markdown]
# # 08 · OUTPUT, ten numbers
#
# [Course map](00_start_here.ipynb) · [Glossary](glossary.ipynb)
#
# **After this notebook you can:** compute the ten numbers of OUTPUT by hand and read the answer from them, say which
# number training makes small and why the obvious choice fails when codes may move, and turn distances into
# probabilities. Before it you need [07 F6](07_f6.ipynb).

# %%
from lenet_edu import activations, load_digits, load_network, plots

network = load_network("lenet5-1998")
everything = load_digits()
digits = everything.test.one_of_each()
outputs = activations(network, digits.images)
plots.network(network, lit="OUTPUT")

# %% [markdown]
# ## Where we are
#
# 84 units arrive from F6, for each of the ten digits: ten pictures of 7 by 12.

# %%
arrives = outputs["F6"]
tuple(arrives.shape)

# %% tags=["nbval-ignore-output"]
everything.name

# %% [markdown]
# If this line says *embedded digits*, other people's digits stand in for MNIST, and the network misreads some of them. Look at
# these with care: a wrong answer is as instructive as a right one.
#
# ## Predict

# %%
from lenet_edu import ask, check

ten_numbers = dict(enumerate(outputs["OUTPUT"][3].tolist()))
ask("output.kind", plots.bars(ten_numbers, "The ten numbers for the 3", lit=3))

# %% [markdown]
# ## Compute one unit by hand
#
# Each unit of OUTPUT holds a code and computes how far F6 is from it: subtract pixel by pixel, square, add up. This is
# equation 7 of the paper:
#
# $$y_i = \sum_j (x_j - w_{ij})^2$$
#
# $x_j$ is unit $j$ of F6, and $w_{ij}$ is pixel $j$ of the code of class $i$. Such a unit is called a Euclidean
# **radial basis function** (RBF): its value depends on nothing but the distance. These are seven of the 84 terms for
# the 3 and its code, those of the top row of the picture:

# %% tags=["nbval-ignore-output"]
import torch

from lenet_edu import paper

codes = torch.tensor(paper.DIGIT_CODES).flatten(1).float()  # (10, 84)
for pixel in range(7):
    x, w = arrives[3, pixel], codes[3, pixel]
    print(f"({x:6.3f} - {w:4.1f})^2 = {(x - w) ** 2:.4f}")

# %% [markdown]
# Add all 84 terms, and compare the sum with the layer's own number:

# %% tags=["nbval-ignore-output"]
distance = torch.tensor(0.0)
for pixel in range(84):
    distance += (arrives[3, pixel] - codes[3, pixel]) ** 2
print(f"by hand {distance:.4f}, the layer {network.OUTPUT(arrives)[3, 3]:.4f}")

# %% [markdown]
# As pictures, for all ten codes: F6 of the 3 on top, the codes below it, and the squared differences. Dark pixels are far
# off. The smallest sum is the answer, in orange.

# %%
plots.to_codes(arrives[3], codes)

# %% [markdown]
# Now compute the distances of all ten digits at once:

# %%
output = network.OUTPUT(arrives)
by_hand = (arrives[:, None, :] - codes).square().sum(2)  # (10, 1, 84) - (10, 84)
print(tuple(by_hand.shape), "equal to the layer:", bool(torch.isclose(by_hand, output, rtol=1e-4).all()))

# %% [markdown]
# ## Read the answer
#
# In this table each row is a digit and each column a code. The smallest number of a row is the answer. Where it stands on the
# diagonal, the digit is read rightly.

# %%
plots.matrix(output, "Distance of F6 (rows: a 0, a 1, ...) to each code", xlabel="code", ylabel="digit")

# %%
answers = output.argmin(1)
colours = ["black" if right else "red" for right in answers == digits.labels]
plots.digits(digits.images, [f"reads {answer}" for answer in answers.tolist()], colours=colours)

# %% [markdown]
# A red title marks a wrong answer. On MNIST this network misreads 94 of 10,000 test digits, by the record that comes with
# its weights:

# %%
from lenet_edu import SHIPPED, read_json

recorded = read_json(SHIPPED / "lenet5-1998.json")["error"]
print(f"{recorded}% of 10,000: {recorded * 100:.0f}")

# %% [markdown]
# Choose a digit and look at its ten distances. Then redraw the code of another digit until it wins.

# %%
from lenet_edu import DigitCodes

DigitCodes(network, digits, digit=8)

# %% [markdown]
# ## Compare the codes with each other

# %%
plots.digits(paper.DIGIT_CODES[:, None], titles=list(range(10)))

# %%
different = (codes[:, None] != codes).sum(2)  # (10, 10) Hamming distances
ask(
    "output.nearest",
    plots.matrix(different, "Pixels that differ between two codes", xlabel="code", ylabel="code"),
)

# %% [markdown]
# The number of pixels in which two pictures differ is their **Hamming distance**.

# %%
apart = different[different > 0]
for name, value in (("smallest", apart.min()), ("largest", apart.max())):
    pairs = [f"{a} and {b}" for a, b in (different == value).nonzero().tolist() if a < b]
    print(f"{name} Hamming distance: {value.item()}, between {'; '.join(pairs)}")
print(f"squared distance of the nearest two: 4 x {apart.min()} = {4 * apart.min()}")

# %% [markdown]
# Codes drawn by chance would differ in about 42 pixels. Why not take those? Because then confusing 8 with 6 would cost as much as confusing 8 with 1. These codes look like what they stand for, so characters
# that look alike in print have codes near each other. Look for the 8: it is near 6, 9, 4 and 3, and far from 1. A program
# that reads whole words can then see that an answer lies between two codes, and choose the one that makes sense. The paper wants
# this for letters such as O, o and 0.

# %%
chance = torch.Generator().manual_seed(0)
random_codes = torch.randint(0, 2, (1000, 84), generator=chance).float()
pairs_apart = (random_codes[::2] != random_codes[1::2]).sum(1).float()
print(f"random codes: {pairs_apart.mean():.0f} pixels apart on average")
print("from 8:", {d: n for d, n in enumerate(different[8].tolist()) if n})

# %% [markdown]
# Handwriting is not print. Do digits whose mean images are alike have codes that are alike? A little: this is the
# correlation, where 1 would be *always* and 0 *not at all*.

# %% tags=["nbval-ignore-output"]
train = load_digits().train
means = torch.stack([train.images[train.labels == digit].mean(0).flatten() for digit in range(10)])
pairs = torch.stack([torch.pdist(means), torch.pdist(codes)])
print(f"{torch.corrcoef(pairs)[0, 1]:.2f}")

# %% [markdown]
# ## Count parameters and connections

# %%
plots.receptive_field(network, outputs, "OUTPUT", sample=3)

# %% [markdown]
# Ten codes of 84 pixels make 840 connections. There is not one parameter, since the codes are fixed.

# %%
from lenet_edu import ledger

row = ledger(network)["OUTPUT"]
row

# %%
held = sum(parameter.numel() for parameter in network.OUTPUT.parameters())
print(f"{held} parameters, {len(codes)} x {codes.shape[1]} = {network.OUTPUT.codes.numel()} connections")
assert held == row.parameters.value == paper.PARAMETERS["OUTPUT"]
assert network.OUTPUT.codes.numel() == row.connections.value == paper.CONNECTIONS["OUTPUT"]

# %% [markdown]
# ## Choose what training makes small
#
# Training needs one number that says how wrong the network is: the **loss**. It then changes all parameters step by step so that the
# loss becomes smaller. How it knows which way to change them is the subject of
# [notebook 10](10_how_a_network_learns.ipynb). Here you only need to know that it does.
#
# The paper tries two losses. Equation 8 is the mean distance to the code of the right class $D_p$, over all $P$ images:
#
# $$E = \frac{1}{P} \sum_p y_{D_p}$$
#
# It pulls F6 to where it should be, and that is all it does. With fixed codes this works. But suppose that the codes are
# parameters too, and learn along with all the others. Here is such a network, with random codes at the start. It will be
# trained on the small digits that come with scikit-learn:

# %%
from lenet_edu import LeNet5

small = load_digits("embedded").train
print(len(small), "digits")


def new_network():
    generator = torch.Generator().manual_seed(0)
    learner = LeNet5()
    learner.reset_parameters(generator)
    layers = torch.nn.Sequential(*list(learner)[:-1])  # up to F6
    return layers, torch.nn.Parameter(0.3 * torch.randn(10, 84, generator=generator))


# %%
def watch(loss_function, steps=200):
    """Loss, mean distance between two codes, and share of errors, at each step."""
    layers, codes = new_network()
    optimizer = torch.optim.SGD([*layers.parameters(), codes], lr=0.01, momentum=0.9)
    order = torch.randint(len(small), (steps, 64), generator=torch.Generator().manual_seed(1))
    history = []
    for batch in order:
        y = (layers(small.images[batch])[:, None] - codes).square().sum(2)
        loss = loss_function(y, small.labels[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        wrong = (y.argmin(1) != small.labels[batch]).float().mean()
        history.append([loss.item(), torch.pdist(codes.detach()).square().mean().item(), wrong.item()])
    return torch.tensor(history)


# %%
from lenet_edu import map_loss, mean_distance_loss

equation_8 = watch(mean_distance_loss)
lines = {"loss": equation_8[:, 0], "distance between codes": equation_8[:, 1]}
ask("output.collapse", plots.curves(range(200), lines, "Equation 8, codes that move", "step"))

# %% [markdown]
# The loss says that all is well. But the codes have run together into nearly one point, and F6 comes near that point whatever
# the image. Every distance is nearly zero, the right one and the wrong ones. This is the **collapse**. The network still
# reads many digits, from the small differences that are left, but far fewer than it could.
#
# Equation 9 adds a second term, the logarithm of a sum over all codes:
#
# $$E = \frac{1}{P} \sum_p \Big( y_{D_p} + \log\big(e^{-j} + \sum_i e^{-y_i}\big) \Big)$$
#
# It becomes large when F6 is near *wrong* codes. So it pushes F6 away from wrong codes, most from the closest. In its sum there is also a
# constant for all that is no digit, as if there were an eleventh code at the distance $j$: the **rubbish class**. The paper does
# not give $j$; here it is 1.

# %%
equation_9 = watch(map_loss)
lines = {"equation 8": equation_8[:, 1], "equation 9": equation_9[:, 1]}
plots.curves(range(200), lines, "Mean distance between two codes: equation 9 keeps them apart", "step")

# %% [markdown]
# These are the means over the last fifty steps of each run, with one seed:

# %% tags=["nbval-ignore-output"]
for name, history in (("equation 8", equation_8), ("equation 9", equation_9)):
    loss, spread, wrong = history[-50:].mean(0).tolist()
    print(f"{name}: loss {loss:.3f}, codes {spread:.3f} apart, {wrong:.0%} wrong")

# %% [markdown]
# If all distances are equal, equation 9 cannot fall below log 10, which is 2.303. To get lower, the codes must move apart. The paper
# uses equation 9 to train the network and keeps the codes fixed, at least in the beginning. This course does both.

# %%
together = map_loss(torch.zeros(1, 10), torch.tensor([0]))
print(f"all distances 0: equation 9 is {together:.3f}; log 10 = {torch.tensor(10.0).log():.3f}")
assert together > torch.tensor(10.0).log()

# %% [markdown]
# ## Turn distances into probabilities
#
# Equation 9 is minus the logarithm of a **probability**:
#
# $$p_i = \frac{e^{-y_i}}{e^{-j} + \sum_k e^{-y_k}}$$
#
# Each class gets a share, the nearer the larger, and the rubbish class gets the rest. Today this formula is called a
# **softmax**, of minus the distances; John Bridle gave it that name about 1990, so it is older than LeNet-5. For the 3:

# %%
y = output[3]
weights = torch.cat([(-y).exp(), torch.tensor([-1.0]).exp()])  # j = 1
probabilities = weights / weights.sum()
same = torch.isclose(-probabilities[3].log(), map_loss(y[None], torch.tensor([3])), rtol=1e-3)
print("minus the logarithm of the 3's probability is equation 9:", bool(same))

# %% [markdown]
# When a network gives its answer a probability of nine tenths, it should be right nine times in ten. With the formula as it stands, this network would
# claim too much. The distances are therefore divided by a **temperature** first. It is one number, which was chosen on digits that the test does not use,
# and it is kept with the weights. The rubbish class is left out.

# %%
print(f"temperature {network.temperature}")

# %% [markdown]
# A distance tells which code is the nearest, and by how much it is nearer than the others. It cannot tell whether the
# image shows a digit at all. Here the rows and the columns of each digit are shuffled, so that no digit is left:

# %% tags=["nbval-ignore-output"]
shuffled = digits.images[:, :, torch.randperm(32, generator=torch.Generator().manual_seed(0))]
shuffled = shuffled[..., torch.randperm(32, generator=torch.Generator().manual_seed(1))]
for name, pixels in (("digits", digits.images), ("shuffled", shuffled)):
    nearest = network(pixels).min(1).values
    sure = network.probabilities(pixels).max(1).values
    print(
        f"{name:<9} nearest code {nearest.min():6.1f} to {nearest.max():6.1f} away, sure {sure.min():.0%} to {sure.max():.0%}"
    )

# %% [markdown]
# The nearest code is usually farther from a shuffled image than from a digit. But the network can still be very sure: a
# probability compares the ten codes with each other, and without the rubbish class none of them can stand for *no digit*.
#
# ## See all layers at once
#
# LeNet-5 reads a 3. From above: the image, edges in C1, the same at half the resolution in S2, combinations in C3, half
# the resolution again in S4, what C5 makes of all that, the printed 3 in F6, and ten distances. The smallest one, in orange, is the answer.

# %%
plots.feature_maps(outputs, sample=3, model=network)

# %% [markdown]
# ## Change it
#
# Which code is nearest to an image that is no digit? Draw your own: set pixels of `image` to full ink,
# `paper.FOREGROUND`.

# %%
image = torch.full((1, 1, 32, 32), paper.BACKGROUND)
image[..., 10:22, 10:22] = paper.FOREGROUND
plots.bars(dict(enumerate(network(image)[0].tolist())), "Distances for a black square")

# %% [markdown]
# ## Exercises
#
# Each solution is folded away in the cell below yours.
#
# **1. Compute.** 6 and 8 differ in 12 pixels. If F6 gives exactly the code of 6, which distance does OUTPUT show for 8?

# %%
distance = None
check("output.corners", distance)

# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution
distance = 12 * (1 - -1) ** 2
assert check("output.corners", distance).right

# %% [markdown]
# **2. Compute.** Below which distance to a code can you be certain that no other code is nearer, whatever F6 is?

# %%
safe = None
check("output.safe", safe)

# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution
safe = (48**0.5 / 2) ** 2
assert check("output.safe", safe).right


# %% [markdown]
# **3. Transfer.** Fast programs compute all distances with one matrix product. Multiply the square out,
# $(x - w)^2 = x^2 - 2xw + w^2$, and write `distances(x, codes)` for F6 `(N, 84)` and codes `(10, 84)` in this way.


# %%
def distances(x, codes):
    return ...


check("output.products", distances)


# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution
def distances(x, codes):
    return x.square().sum(1, keepdim=True) - 2 * x @ codes.T + codes.square().sum(1)


assert check("output.products", distances).right


# %% [markdown]
# **4. Code.** Write equation 9 for one image: `loss(y, d, j)` with distances `y` of shape `(10,)`, right class `d`, and the constant
# `j`.


# %%
def loss(y, d, j):
    return ...


check("output.loss", loss)


# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution
def loss(y, d, j):
    everything_near = torch.exp(torch.tensor(-j)) + torch.exp(-y).sum()
    return y[d] + torch.log(everything_near)


assert check("output.loss", loss).right

# %% [markdown]
# **5. Explain in your own words.** Run `watch` with more steps. Why do the codes collapse under equation 8, and not under
# equation 9?

# %%
from lenet_edu import explain

words = ""
explain("output.cure", words)

# %% [markdown]
# ## What you know now
#
# - OUTPUT has no parameters: it measures how far F6 is from ten fixed codes. The smallest distance is the answer.
# - Codes differ in 12 to 50 pixels, and those of digits that look alike are near each other.
# - Equation 8 alone lets codes that may move collapse. Equation 9 keeps them apart.
#
# ## Recap: C1 to OUTPUT
#
# Six questions on this notebook and those before it. Your first answer counts.

# %%
from lenet_edu import quiz

quiz("output")

# %% [markdown]
# What leaves the network, for each of the ten digits:

# %%
tuple(output.shape)

# %% [markdown]
# **Next:** [09 The whole network](09_whole_network.ipynb) puts the seven layers together and counts.
