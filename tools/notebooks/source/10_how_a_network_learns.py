# %% [markdown]
# # 10 · How a network learns
#
# [Course map](00_start_here.ipynb) · [Glossary](glossary.ipynb)
#
# **After this notebook you can:** measure the slope of the loss at one weight and say which way the weight has to go,
# carry slopes backwards by hand through a whole LeNet-5 and get the numbers that torch gets, say what learning rate and
# momentum do, and find a fault in a backward pass. Before it you need [02 C1](02_c1.ipynb), [03 S2](03_s2.ipynb),
# [07 F6](07_f6.ipynb) and [08 OUTPUT](08_output.ipynb).

# %%
import torch
import torch.nn.functional as F

from lenet_edu import Split, load_digits, load_network, map_loss, plots

# %% [markdown]
# ## Where we are
#
# In the notebooks before this one every weight was given, and you computed what the network makes of them. But nobody
# typed in 60,000 weights. They were found, by a method that is simple enough to do by hand. You will do it here.
#
# You need a network that still has something to learn. Take the LeNet-5 that you know. It learned from the digits of
# MNIST, and here it meets others: small ones, which come with this course and are the same on every machine. Other
# people wrote them, and another scanner read them in. Here are the first thirty, with what the network reads:

# %%
network = load_network("lenet5-1998").double()  # double precision: small differences will matter
small = load_digits("embedded")
images, labels = small.train.images[:30].double(), small.train.labels[:30]
reads = network.classes_of(images)
colours = ["black" if right else "red" for right in reads == labels]
plots.digits(images, [f"reads {k}" for k in reads.tolist()], 15, colours)

# %%
loss = map_loss(network(images), labels).item()
print(f"loss {loss:.3f}; {(reads != labels).sum()} of {len(labels)} digits are misread")
print(f"weights: {sum(weight.numel() for weight in network.parameters()):,}")

# %% [markdown]
# The loss is the one number that says how wrong the network is: equation 9 of notebook 08, the mean over these
# thirty digits. To learn means to change the weights so that the loss becomes smaller.
#
# ## Measure a slope
#
# Pick one weight: in C1, kernel number 2, top row, middle column. You will give it other values and leave all other weights
# alone.

# %%
from lenet_edu import find_weight

weight = find_weight(network, "C1.weight[2, 0, 0, 2]")
here = weight.item()
print(f"it is {here:.4f} now")


# %%
def loss_with(value):
    """The loss if the weight had this value."""
    weight.fill_(value)
    with torch.no_grad():
        loss = map_loss(network(images), labels).item()
    weight.fill_(here)
    return loss


# %% [markdown]
# How steeply does the loss rise or fall where the weight is now? Move the weight a little to both sides, and divide the
# change of the loss by the change of the weight:
#
# $$\frac{\partial E}{\partial w} \approx \frac{E(w + h) - E(w - h)}{2h}$$
#
# This is the **slope** of the loss at this weight, also called its derivative. $E$ is the loss, and $h$ is small.

# %%
h = 0.0001
measured = (loss_with(here + h) - loss_with(here - h)) / (2 * h)
print(f"({loss_with(here + h):.6f} - {loss_with(here - h):.6f}) / {2 * h:.4f} = {measured:.3f}")

# %%
from lenet_edu import ask, check

values = torch.linspace(here - 3, here + 3, 61)
losses = [loss_with(value) for value in values.tolist()]
curve = plots.slope(values, losses, (here, loss), measured, xlabel="C1.weight[2, 0, 0, 2]")
ask("learning.direction", curve)

# %% [markdown]
# In the picture that comes with the answer, the orange line touches the curve and has the slope that you measured. The list of the
# slopes of all weights is called the gradient. To measure it one weight at a time takes two runs through the network for each weight.

# %%
weights = sum(weight.numel() for weight in network.parameters())
print(f"2 x {weights:,} = {2 * weights:,} runs")

# %% [markdown]
# For a single step of learning that is far too slow. There is a better way, and it is the heart of this notebook.

# %%
from lenet_edu import ledger

book = ledger(network)
products = {row.name: f"{row.multiply_adds.value:,} multiply-adds" for row in book.rows}
ask("learning.cost", "\n".join(f"{name:<7} {text}" for name, text in products.items()))

# %% [markdown]
# ## Multiply slopes along a chain
#
# Start with the smallest network there is: one input, one weight, one squash, and a target. The loss is the squared
# distance from the target.
#
# $$a = w\,x, \qquad y = f(a), \qquad E = (y - t)^2$$

# %%
squash = network.F6.squash
x, w, target = torch.tensor([0.5, 2.0, -1.0]).double()
a = w * x
y = squash(a)
E = (y - target) ** 2
print(f"a = {w:.1f} x {x:.1f} = {a:.4f}\ny = f({a:.1f}) = {y:.4f}\nE = ({y:.4f} - {target:.1f})^2 = {E:.4f}")


# %% [markdown]
# Change $w$ a little. That moves $a$, which moves $y$, which moves $E$. Each link of this chain has a slope of its own,
# and the slope of the whole chain is their product. That is the **chain rule**:
#
# $$\frac{\partial E}{\partial w} = \frac{\partial E}{\partial y} \cdot \frac{\partial y}{\partial a} \cdot \frac{\partial a}{\partial w} = 2(y - t) \cdot f'(a) \cdot x$$
#
# For the squash $f(a) = A \tanh(S a)$ the slope can be computed from its output, without $a$:
#
# $$f'(a) = S \left(A - \frac{y^2}{A}\right)$$


# %%
def squash_slope(output):
    """The slope of the squash, from its output."""
    A, S = 1.7159, 2 / 3
    return S * (A - output**2 / A)


by_hand = 2 * (y - target) * squash_slope(y) * x
print(f"2 x ({y:.4f} - {target:.1f}) x {squash_slope(y):.4f} x {x:.1f} = {by_hand:.4f}")

# %% [markdown]
# Torch has the chain rule built in. It notes each step while it computes, and goes back over its notes. Ask it for the same slope:

# %%
w.requires_grad_(True)
((squash(w * x) - target) ** 2).backward()
print(f"torch: {w.grad:.4f}")

# %% [markdown]
# ## Run back through a whole network
#
# A layer's output feeds every layer after it. So it is best to begin at the end: first the slopes of the loss in the
# last layer's outputs, then in those of the layer before, and so on down to C1. This is **back-propagation**. At each
# layer you need two things:
#
# 1. the slopes in the layer's own weights, which say how to change them;
# 2. the slopes in the layer's inputs. These are the outputs of the layer before, where you go on.
#
# Take a digit that the network misreads. Torch does its run first, so that you can compare.

# %%
image, label = images[11:12].clone().requires_grad_(True), labels[11:12]
outputs = {"INPUT": image}
for name, layer in network.named_children():
    outputs[name] = layer(list(outputs.values())[-1])
    outputs[name].retain_grad()
map_loss(outputs["OUTPUT"], label).backward()
print(f"a {label.item()}, read as a {outputs['OUTPUT'].argmin().item()}")

# %%
torch.set_grad_enabled(False)  # torch has done its part; what follows is by hand
torch_slopes = {name: output.grad for name, output in outputs.items()}
values = {name: output.detach() for name, output in outputs.items()}
plots.backward_pass(values, torch_slopes, title="One map of each layer: up to the loss, and back")


# %% [markdown]
# Above, the digit goes through the network from left to right. Below, the slopes of the loss come back from right to
# left. There is one slope for each number above it: red where a larger number would make the loss larger, blue where it
# would make it smaller.
#
# ### OUTPUT: from the distances to F6
#
# Write equation 9 with $p_i$ for the probability of class $i$, as in notebook 08. $D$ is the right class, $j$ the
# distance of *no digit*, and $w_{ik}$ pixel $k$ of code $i$.
#
# $$\frac{\partial E}{\partial y_i} = [i = D] - p_i, \qquad \frac{\partial E}{\partial x_k} = \sum_i \frac{\partial E}{\partial y_i} \cdot 2\,(x_k - w_{ik})$$
#
# $[i = D]$ is one for the right class and zero for the others.


# %%
def show(name, numbers):
    """A line of numbers."""
    print(f"{name:8}" + "".join(f"{round(k, 4) + 0.0:9.4f}" for k in numbers.tolist()))


distances, f6, codes = values["OUTPUT"][0], values["F6"], network.OUTPUT.codes
p = torch.cat([-distances, torch.tensor([-1.0])]).softmax(0)[:10]  # j = 1
slope_y = F.one_hot(label[0], 10) - p
show("distance", distances)
show("by hand", slope_y)
show("torch", torch_slopes["OUTPUT"][0])

# %% [markdown]
# The columns are the codes of 0 to 9. The distance to the code of the 9, which is right, has the slope 1: it must
# shrink. The distance to the 3, which the network has chosen, has a negative slope: it must grow. The other codes are too far
# away to matter. And from the distances to F6, its first five units:

# %%
slope_f6 = (slope_y[:, None] * 2 * (f6 - codes)).sum(0, keepdim=True)  # (1, 84)
show("by hand", slope_f6[0, :5])
show("torch", torch_slopes["F6"][0, :5])

# %% [markdown]
# ### F6: a fully connected layer
#
# First pass the squash. The slope in a unit's weighted sum has a name of its own, **delta**:
#
# $$\delta_k = \frac{\partial E}{\partial x_k} \cdot f'(a_k)$$
#
# A weight multiplies one input, so its slope is delta times that input. The bias is multiplied by nothing, so its slope is delta itself.
# An input goes to all units, so its slope collects something from each of them:
#
# $$\frac{\partial E}{\partial w_{ki}} = \delta_k\, c_i, \qquad \frac{\partial E}{\partial b_k} = \delta_k, \qquad \frac{\partial E}{\partial c_i} = \sum_k \delta_k\, w_{ki}$$
#
# One weight, with its numbers:

# %%
c5 = values["C5"].flatten(1)  # (1, 120)
delta = slope_f6 * squash_slope(f6)
print(f"delta = {slope_f6[0, 0]:.4f} x {squash_slope(f6)[0, 0]:.4f} = {delta[0, 0]:.4f}")
print(f"slope of weight (0, 0) = {delta[0, 0]:.4f} x {c5[0, 0]:.4f} = {delta[0, 0] * c5[0, 0]:.5f}")
print(f"torch: {network.F6.weight.grad[0, 0]:.5f}")


# %% [markdown]
# All of them at once, for F6 and also for C5, which is a fully connected layer, too, as notebook 06 showed:


# %%
def back_linear(layer, below, output, slope):
    """Slopes in the weights, the biases and the inputs of a fully connected layer."""
    delta = (slope * squash_slope(output)).flatten(1)
    weight = layer.weight.flatten(1)
    in_weights = delta.T @ below.flatten(1)
    return in_weights.view_as(layer.weight), delta.sum(0), (delta @ weight).view_as(below)


hand = {}
hand["F6.weight"], hand["F6.bias"], slope_c5 = back_linear(network.F6, values["C5"], f6, slope_f6)
hand["C5.weight"], hand["C5.bias"], slope_s4 = back_linear(network.C5, values["S4"], values["C5"], slope_c5)
show("by hand", slope_s4[0, 0, 0])  # the first five of S4
show("torch", torch_slopes["S4"][0, 0, 0])

# %% [markdown]
# ### S4 and S2: trainable subsampling
#
# A unit adds four numbers, multiplies by the coefficient $c$ of its map and adds the bias. All units of a map share $c$, so its slope
# collects from all of them. Each of the four inputs gets the same: delta times $c$.
#
# $$\frac{\partial E}{\partial c} = \sum_{\text{units}} \delta \cdot (\text{sum of four}), \qquad \frac{\partial E}{\partial b} = \sum_{\text{units}} \delta, \qquad \frac{\partial E}{\partial(\text{input})} = \delta\, c$$
#
# Here is a small map with slopes that are easy to add: four units, the sums of their four inputs, and their deltas.

# %%
sums, deltas = torch.tensor([[4.0, 0.0], [2.0, -2.0]]), torch.tensor([[1.0, 3.0], [-1.0, 0.5]])
plots.numbers([deltas, sums, deltas * sums], ["delta", "sums of four", "products"], signs=["x", "="])

# %%
pairs = zip(deltas.flatten().tolist(), sums.flatten().tolist(), strict=True)
terms = [f"({d:g}) x ({s:g})" for d, s in pairs]
print("slope of the coefficient:", " + ".join(terms), "=", (deltas * sums).sum().item())


# %%
def back_subsampling(layer, below, output, slope):
    """Slopes in the coefficients, the biases and the inputs of a subsampling layer."""
    delta = slope * squash_slope(output)
    sums = 4 * F.avg_pool2d(below, 2)
    spread = (delta * layer.coefficient[:, None, None]).repeat_interleave(2, 2).repeat_interleave(2, 3)
    return (delta * sums).sum((0, 2, 3)), delta.sum((0, 2, 3)), spread


back = back_subsampling(network.S4, values["C3"], values["S4"], slope_s4)
hand["S4.coefficient"], hand["S4.bias"], slope_c3 = back
show("by hand", hand["S4.coefficient"][:5])
show("torch", network.S4.coefficient.grad[:5])

# %% [markdown]
# ### C3 and C1: a convolution
#
# A weight of a kernel is used at every place where the kernel stands. At each place it multiplies another input, and each
# place has its own delta. So its slope is a sum over all places:
#
# $$\frac{\partial E}{\partial w_{uv}} = \sum_{y}\sum_{x} \delta_{yx}\; \text{input}_{y+u,\,x+v}$$
#
# Look at this sum: it slides the map of deltas over the input. The way back through a convolution is a convolution, too.
# A small one: an input of 4 by 4 and a kernel of 3 by 3 make 2 by 2 outputs, so there are 2 by 2 deltas.

# %%
little = torch.tensor([[0.0, 1, 2, 0], [1, 3, 1, 0], [0, 2, 1, 1], [1, 0, 0, 2]])
deltas = torch.tensor([[1.0, -1.0], [2.0, 0.5]])
slopes = F.conv2d(little[None, None], deltas[None, None])[0, 0]
titles = ["input, 4 x 4", "deltas, 2 x 2", "slopes of the kernel, 3 x 3"]
plots.numbers([little, deltas, slopes], titles, signs=["*", "="])

# %% [markdown]
# Compute the first one yourself: the deltas lie on the top left corner of the input.

# %%
pairs = zip(deltas.flatten().tolist(), little[:2, :2].flatten().tolist(), strict=True)
print(" + ".join(f"({d:g}) x {i:g}" for d, i in pairs), "=", slopes[0, 0].item())


# %% [markdown]
# An input lies under several places of the kernel, so its slope collects delta times weight from each of them. Torch calls this
# sum `conv_transpose2d`. The rest is bookkeeping: several maps below, several maps above.


# %%
def back_convolution(layer, below, output, slope):
    """Slopes in the kernels, the biases and the inputs of a convolution."""
    delta = slope * squash_slope(output)
    in_kernels = F.conv2d(below.transpose(0, 1), delta.transpose(0, 1)).transpose(0, 1)
    return in_kernels, delta.sum((0, 2, 3)), F.conv_transpose2d(delta, layer.kernels())


in_kernels, hand["C3.bias"], slope_s2 = back_convolution(network.C3, values["S2"], values["C3"], slope_c3)
hand["C3.weight"] = in_kernels.flatten(0, 1)[network.C3.links]  # only the kernels that the table names
show("by hand", hand["C3.bias"][:5])
show("torch", network.C3.bias.grad[:5])

# %% [markdown]
# S2 and C1 are done in the same way:

# %%
back = back_subsampling(network.S2, values["C1"], values["S2"], slope_s2)
hand["S2.coefficient"], hand["S2.bias"], slope_c1 = back
back = back_convolution(network.C1, values["INPUT"], values["C1"], slope_c1)
hand["C1.weight"], hand["C1.bias"], slope_image = back
show("by hand", hand["C1.bias"][:5])
show("torch", network.C1.bias.grad[:5])

# %% [markdown]
# You have arrived at the image. Compare what you have found on the way with torch, the first number of each kind:

# %%
print(f"{'':16} {'how many':>8} {'by hand':>12} {'torch':>12}")
for name, parameter in network.named_parameters():
    mine, its = hand[name].flatten(), parameter.grad.flatten()
    print(f"{name:16} {len(its):8,} {mine[0]:12.6f} {its[0]:12.6f}")

# %% [markdown]
# Are *all* of them equal, not only the first of each?

# %%
agree = sum(torch.isclose(hand[n], p.grad, atol=1e-9).sum().item() for n, p in network.named_parameters())
print(f"{agree:,} of {weights:,} slopes agree")
torch.testing.assert_close(slope_image, torch_slopes["INPUT"])

# %% [markdown]
# This is all that `loss.backward()` does. You could have written it.
#
# ## Step downhill
#
# Now use the slopes. Move each weight a little against its slope:
#
# $$w \leftarrow w - \eta\, \frac{\partial E}{\partial w}$$
#
# $\eta$ (eta) is the **learning rate**: how far to go. Doing this again and again is **gradient descent**. With 60,000
# weights nobody can see it, but with two weights you can. Take the weight from above and one more of the same
# kernel, in its bottom row. Torch computes the loss for a whole grid of values of these two weights; all others stay as they are.

# %%
from lenet_edu import loss_surface

first, second = "C1.weight[2, 0, 0, 2]", "C1.weight[2, 0, 4, 2]"
surface = loss_surface(network, Split(images, labels), first, second)
plots.loss_surface(surface, title="Real loss of LeNet-5 over two of its weights")

# %% [markdown]
# This is a **loss surface**, seen from above like a map of hills: dark is low. The star marks where MNIST's training left
# the two weights. For these other digits the lowest point lies elsewhere. The valley is long and slanting: if one weight
# grows and the other one shrinks, the loss hardly changes.
#
# Put a ball at some place, and let it step downhill:

# %%
start = (surface.centre[0] - 1.5, surface.centre[1] + 1.5)
for steps in (0, 1, 5, 20, 50):
    place = surface.descend(start, 0.1, steps=steps)[-1]
    print(f"after {steps:2} steps with rate 0.1: loss {surface.at(place)[0]:.2f}")

# %%
rates = {f"rate {rate}": surface.descend(start, rate, steps=50) for rate in (0.01, 0.1, 0.5, 1.0)}
ask("learning.rate", plots.loss_surface(surface, rates))

# %% [markdown]
# Look at the four pictures in the answer. With a small rate the ball is safe and slow. A rate that is too large throws it from one side of the valley to the
# other. (With the rate 1.0 a step soon leads off the map, so the path ends there.) A good rate lies between, and it depends on the surface: the steeper the valley bends, the smaller the rate must be.
# How strongly a valley bends is called its **curvature**. Notebook 14 comes back to it.
#
# ## Give the ball momentum
#
# Along a long valley the slope is small, so the ball creeps. **Momentum** helps: a step also keeps a share $m$ of the step before it.
#
# $$v \leftarrow m\,v - \eta\, \frac{\partial E}{\partial w}, \qquad w \leftarrow w + v$$
#
# Steps in the same direction add up, and steps to and fro cancel each other.

# %%
small_rate = {
    f"rate 0.02, momentum {m}": surface.descend(start, 0.02, m, steps=40) for m in (0, 0.5, 0.8, 0.9)
}
plots.loss_surface(surface, small_rate)

# %% [markdown]
# All four have the same rate and the same number of steps. With much momentum the ball rolls past the bottom and has to come back.
#
# Now you. Choose the rate and the momentum, then press *Step* or *Run*. Click into the map to put the ball elsewhere. Between the points of the grid
# the loss is interpolated. All of this is computed in your browser.

# %%
from lenet_edu import LossSurface

LossSurface(surface, rate=0.1)


# %% [markdown]
# Try to find:
#
# - the largest rate without momentum with which the ball still comes to rest;
# - a rate and a momentum that bring the loss below thirteen in fewer than ten steps;
# - a place from which the same rate needs many more steps.
#
# ## Let all weights learn
#
# Nothing new is needed for all weights at once. Each step: choose some digits, run forwards, run backwards, move all
# weights. Here is the whole method in plain lines, with one hundred digits a step. At the end it reads the
# validation digits, which it has not learned from.


# %%
def learn(rate, momentum=0.0, steps=60):
    """The loss at each step, and the share of the validation digits that are misread afterwards."""
    learner = load_network("lenet5-1998")
    velocity = [torch.zeros_like(w) for w in learner.parameters()]
    order = torch.randint(len(small.train), (steps, 100), generator=torch.Generator().manual_seed(0))
    losses = []
    for batch in order:
        with torch.enable_grad():
            loss = map_loss(learner(small.train.images[batch]), small.train.labels[batch])
        slopes = torch.autograd.grad(loss, list(learner.parameters()))
        for w, v, slope in zip(learner.parameters(), velocity, slopes, strict=True):
            w.add_(v.mul_(momentum).sub_(rate * slope))
        losses.append(loss.item())
    return losses, (learner.classes_of(held_out.images) != held_out.labels).float().mean().item()


# %%
held_out = small.validation
before = (load_network("lenet5-1998").classes_of(held_out.images) != held_out.labels).float().mean()
print(f"before: {before:.1%} of {len(held_out)} validation digits misread")

# %% tags=["nbval-ignore-output"]
curves = {}
for rate, momentum in ((0.0001, 0), (0.001, 0), (0.001, 0.8)):
    name = f"rate {rate:g}, momentum {momentum}"
    curves[name], misread = learn(rate, momentum)
    print(f"after 60 steps with {name}: {misread:.1%} misread")

# %%
plots.curves(range(60), curves, "Loss while all weights learn", "step", "loss")

# %% [markdown]
# The network has learned to read other people's digits, by nothing but slopes. The curves go up and down, since
# each step sees other digits. This way of taking a few digits at a time, in random order, is called **stochastic gradient
# descent**.
#
# This is one run for each setting. Which settings are good on average, and how to find out honestly, is for notebook 11.
#
# ## Change it
#
# Make the rate thirty times larger, as below, and look at the loss. Then try rates between. Where does it break?

# %% tags=["nbval-ignore-output"]
losses, misread = learn(rate=0.03)
print(f"first loss {losses[0]:.1f}, last loss {losses[-1]:.1f}, {misread:.1%} misread")

# %% [markdown]
# ## Exercises
#
# Each solution is folded away in the cell below yours.
#
# **1. Compute.** A weight is 0.5, the slope of the loss at it is -3, and the rate is 0.1. What is the weight after one
# step without momentum?

# %%
new_weight = None
check("learning.step", new_weight)

# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution
new_weight = 0.5 - 0.1 * -3
assert check("learning.step", new_weight).right

# %% [markdown]
# **2. Compute.** The slope of one weight in a kernel of C1 is a sum of products, one for each use of the weight. How many are
# there for one digit?

# %%
uses = None
check("learning.shared", uses)

# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution
uses = 28 * 28
assert check("learning.shared", uses).right


# %% [markdown]
# **3. Find the fault.** Somebody has written the way back through F6. Torch agrees with the slopes of F6's weights and
# biases, but with nothing below F6.


# %%
def faulty(c5, f6, slope, weight):
    delta = slope * squash_slope(f6)
    in_weights, in_biases = delta.T @ c5, delta.sum(0)
    in_c5 = slope @ weight
    return in_weights, in_biases, in_c5


for mine, its in zip(
    faulty(c5, f6, slope_f6, network.F6.weight), (hand["F6.weight"], hand["F6.bias"], slope_c5), strict=True
):
    print(f"faulty {mine.flatten()[0]:9.5f}   torch {its.flatten()[0]:9.5f}")


# %% [markdown]
# Which line is wrong? Write a function that gives the right slopes in C5, `(N, units below)`, from `c5` and `f6` (the outputs of the
# two layers), `slope` (the slopes in F6's outputs) and `weight`.


# %%
def slopes_in_c5(c5, f6, slope, weight):
    return ...


check("learning.fault", slopes_in_c5)


# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution
def slopes_in_c5(c5, f6, slope, weight):
    return (slope * squash_slope(f6)) @ weight


assert check("learning.fault", slopes_in_c5).right


# %% [markdown]
# **4. Transfer.** LeNet-5 has no max pooling, and most later networks do: of each 2 by 2 square only the largest value goes on. What is
# the way back? Write `back_maximum(x, slope)`: from the inputs `x`, `(N, maps, H, W)`, and the slopes in the outputs,
# `(N, maps, H/2, W/2)`, the slopes in the inputs. Two functions of torch may help: `F.max_pool2d(x, 2, return_indices=True)` and
# `F.max_unpool2d`.


# %%
def back_maximum(x, slope):
    return ...


check("learning.maximum", back_maximum)


# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution
def back_maximum(x, slope):
    best = F.max_pool2d(x, 2, return_indices=True)[1]
    return F.max_unpool2d(slope, best, 2, output_size=x.shape)


assert check("learning.maximum", back_maximum).right

# %% [markdown]
# **5. Predict.** A unit has a very large weighted sum, so its output is close to the end of the squash. Why does it
# learn hardly anything? (a) Its loss is already small. (b) The slope of the squash is nearly zero there, and every slope
# that passes is multiplied by it. (c) Its learning rate is smaller.

# %%
letter = None
check("learning.flat", letter)

# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution
letter = "b"
assert check("learning.flat", letter).right

# %% [markdown]
# **6. Explain in your own words.** A friend asks: "There are 60,000 weights, and one number that says how wrong they
# are. How can the network know which weights to change?" Answer in two or three sentences.

# %%
from lenet_edu import explain

words = ""
explain("learning.blame", words)

# %% [markdown]
# ## What you know now
#
# - A slope says how the loss changes when one weight changes a little. Learning moves each weight against its slope.
# - Back-propagation finds all slopes in one run backwards, for about the work of two runs forwards. At each layer you pass the squash,
#   then compute the slopes in the weights and in the inputs.
# - A shared weight collects its slope from all its uses.
# - The rate says how far to step. Momentum keeps a share of the step before.
#
# **Next:** [11 Train](11_train.ipynb) trains the whole network from its first random weights.
