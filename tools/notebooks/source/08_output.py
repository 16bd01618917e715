# %% [markdown]
# # 08 · OUTPUT, the nearest code
#
# **What you will find out.** How ten distances name a digit. What happens when the codes may learn as well, and
# which loss prevents it. At the end, all layers in one picture.

# %%
from lenet_edu import load_network, plots

network = load_network("lenet5-1998")
plots.network(network, lit="OUTPUT")

# %% [markdown]
# ## You are here
#
# 84 units arrive from F6, for each of the ten digits: ten pictures of 7 by 12.

# %%
from lenet_edu import activations, load_digits

digits = load_digits().test.one_of_each()
outputs = activations(network, digits.images)
arrives = outputs["F6"]
tuple(arrives.shape)

# %% [markdown]
# ## Predict

# %%
from lenet_edu import ask, check

distances_of_3 = dict(enumerate(outputs["OUTPUT"][3].tolist()))
ask("output.kind", plots.bars(distances_of_3, "The ten numbers for the 3", lit=3))

# %% [markdown]
# ## By hand
#
# Each unit of OUTPUT holds a code and computes how far F6 is from it: subtract pixel by pixel, square, add up. This is a
# **Euclidean radial basis function** (RBF, equation 7). First for one digit and one code:

# %%
import torch

from lenet_edu import paper

codes = torch.tensor(paper.DIGIT_CODES).flatten(1).float()  # (10, 84)
distance = torch.tensor(0.0)
for pixel in range(84):
    distance += (arrives[3, pixel] - codes[3, pixel]) ** 2

# %% [markdown]
# Then for all digits and all codes:

# %%
output = network.OUTPUT(arrives)
by_hand = (arrives[:, None, :] - codes).square().sum(2)  # (10, 1, 84) - (10, 84)
torch.testing.assert_close(by_hand, output)
torch.testing.assert_close(distance, output[3, 3])
print(tuple(by_hand.shape))

# %% [markdown]
# ## See
#
# Ten digits down, ten codes across. The small numbers on the diagonal are the digits that are read rightly.

# %%
plots.matrix(output, "Distance of F6 (rows: a 0, a 1, ...) to each code", xlabel="code", ylabel="digit")

# %%
answers = output.argmin(1)
plots.digits(digits.images, titles=[f"reads {answer}" for answer in answers.tolist()])

# %% [markdown]
# Choose a digit and look at its ten distances. Then redraw the code of another digit until it wins.

# %%
from lenet_edu import DigitCodes

DigitCodes(network, digits, digit=8)

# %% [markdown]
# ## The ten codes

# %%
plots.digits(paper.DIGIT_CODES[:, None], titles=list(range(10)))

# %%
different = (codes[:, None] != codes).sum(2)  # (10, 10) Hamming distances
ask("output.nearest", plots.matrix(different, "Pixels that differ between two codes"))

# %% [markdown]
# The number of pixels in which two pictures differ is their **Hamming distance**.

# %%
apart = different[different > 0]
for name, value in (("smallest", apart.min()), ("largest", apart.max())):
    a, b = (different == value).nonzero()[0].tolist()
    print(f"{name} Hamming distance: {value.item()}, between {a} and {b}")
print(f"squared distance of the nearest two: 4 x {apart.min()} = {4 * apart.min()}")

# %% [markdown]
# Codes drawn by chance would lie about 42 pixels apart, each from each. Why not take those? Because then every slip
# would be as bad as any other. These codes look like what they stand for, so characters that look alike in print have
# codes near each other. Look for the 8: it is near 6, 9, 4 and 3, and far from 1. A reader of whole words can then see
# that an answer lies between two codes, and choose the one that makes sense. The paper wants this for letters
# such as O, o and 0.

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
# ## What one unit sees

# %%
plots.receptive_field(network, outputs, "OUTPUT", sample=3)

# %% [markdown]
# ## The row of the ledger
#
# 840 connections, ten codes of 84 pixels, and not one parameter: the codes are fixed.

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
# ## Two losses
#
# What should training make small? The paper tries two answers. **Equation 8** is the mean distance to the right
# code. It pulls F6 to where it should be, and that is all it does.
#
# With fixed codes this works. But suppose the codes are parameters too, and learn along with all else. Here are
# such a network, which starts with random codes, and its training on the small digits that come with
# scikit-learn:

# %%
from lenet_edu import LeNet5

small = load_digits("embedded").train


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
# The loss says that all is well. But the codes have run together into one point, and F6 gives that point whatever
# the image. Every distance is nearly zero, the right one and the wrong ones. This is the **collapse**.
#
# **Equation 9** adds a second term, the logarithm of a sum over all codes. It becomes large when F6 is near
# *wrong* codes. So it pushes, and most of all away from the nearest. In its sum there is also a constant for all
# that is no digit, as if there were an eleventh code at the distance j. The paper does not give j; here it is 1.

# %%
equation_9 = watch(map_loss)
lines = {"equation 8": equation_8[:, 1], "equation 9": equation_9[:, 1]}
plots.curves(range(200), lines, "Mean distance between two codes: equation 9 keeps them apart", "step")

# %%
assert equation_8[-1, 1] < 0.1 < 1 < equation_9[-1, 1]
assert equation_8[-50:, 2].mean() > 2 * equation_9[-50:, 2].mean()

# %% [markdown]
# At the end, over the last fifty steps:

# %% tags=["nbval-ignore-output"]
for name, history in (("equation 8", equation_8), ("equation 9", equation_9)):
    loss, spread, wrong = history[-50:].mean(0).tolist()
    print(f"{name}: loss {loss:.3f}, codes {spread:.3f} apart, {wrong:.0%} wrong")

# %% [markdown]
# At one common point all distances are equal, and equation 9 cannot fall below log 10 there, which is 2.303. To get lower,
# the codes must part. LeNet-5 uses equation 9 *and* fixed codes.

# %%
together = map_loss(torch.zeros(1, 10), torch.tensor([0]))
print(f"all distances 0: equation 9 is {together:.3f}; log 10 = {torch.tensor(10.0).log():.3f}")
assert together > torch.tensor(10.0).log()

# %% [markdown]
# ## Probabilities, if you want them
#
# Equation 9 is minus the logarithm of a probability: e to the minus distance, divided by the sum over all codes and the class
# *no digit*. For the 3:

# %%
y = output[3]
weights = torch.cat([(-y).exp(), torch.tensor([-1.0]).exp()])  # j = 1
probabilities = weights / weights.sum()
torch.testing.assert_close(-probabilities[3].log(), map_loss(y[None], torch.tensor([3])))

# %% [markdown]
# How sure a network says it is should be true: of all digits that it reads with the same probability, this share
# should be right.
# Taken as they are, these probabilities are too sure. The distances are therefore divided by a **temperature** first, one number that
# was chosen on digits which the test does not use, and which is kept with the weights.

# %%
print(f"temperature {network.temperature}")

# %% [markdown]
# A distance tells which code is the nearest, and by how much it is nearer than the others. It cannot tell whether the
# image shows a digit at all. Here the pixels of each digit are shuffled, so that nothing of it is left:

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
# ## All layers at once
#
# LeNet-5 recognises a 3. From above: the image, edges in C1, the same at half the resolution in S2, combinations in C3, lower
# still in S4, what C5 makes of all that, the printed 3 in F6, and ten distances, the smallest of which is the answer.

# %%
plots.feature_maps(outputs, sample=3)

# %% [markdown]
# ## Change it
#
# What is nearest to an image that is no digit? Draw your own: set pixels of `image` to full ink,
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
# **1.** 6 and 8 differ in 12 pixels. If F6 gives exactly the code of 6, which distance does OUTPUT show for 8?

# %%
distance = None
check("output.corners", distance)

# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution
distance = 12 * (1 - -1) ** 2
assert check("output.corners", distance).right

# %% [markdown]
# **2.** Below which distance to a code can you be certain that no other code is nearer, whatever F6 is?

# %%
safe = None
check("output.safe", safe)

# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution
safe = (48**0.5 / 2) ** 2
assert check("output.safe", safe).right


# %% [markdown]
# **3.** Write `distances(x, codes)` for F6 `(N, 84)` and codes `(10, 84)`.


# %%
def distances(x, codes):
    return ...


check("output.distances", distances)


# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution
def distances(x, codes):
    return torch.stack([((x - code) ** 2).sum(1) for code in codes], dim=1)


assert check("output.distances", distances).right


# %% [markdown]
# **4.** Write equation 9 for one image: `loss(y, d, j)` with distances `y` of shape `(10,)`, right class `d`, and the constant
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
# **5. Change and explain.** Run `watch` with more steps and other seeds. Why do the codes not collapse under equation 9? (a) Its
# weights are bounded. (b) It takes smaller steps. (c) If all codes were one point, its second term would be large.

# %%
letter = None
check("output.cure", letter)

# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution
letter = "c"
assert check("output.cure", letter).right

# %% [markdown]
# ## What you know now
#
# - OUTPUT has no parameters: it measures how far F6 is from ten fixed codes, and the nearest wins.
# - Codes differ in 12 to 50 pixels, and those of digits that look alike are near each other.
# - Equation 8 alone lets codes that may move collapse. Equation 9 keeps them apart.
#
# What leaves the network, for each of the ten digits:

# %%
tuple(output.shape)

# %% [markdown]
# **Next:** [09 The whole network](09_whole_network.ipynb) puts the seven layers together and counts.
