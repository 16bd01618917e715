# %% [markdown]
# # 01 · INPUT, the image
#
# **What you will find out.** How a picture of a digit becomes the numbers that LeNet-5 sees. Why the image is
# larger than the digit. And that one thing the paper says about these numbers cannot be.

# %%
from lenet_edu import load_network, plots

network = load_network("lenet5-1998")
plots.network(network, lit="INPUT")

# %% [markdown]
# ## You are here
#
# At the very beginning. These ten digits will go through the whole network with you, one layer a notebook.

# %%
from lenet_edu import load_digits

digits = load_digits().test.one_of_each()
plots.digits(digits.images, titles=digits.labels.tolist())

# %% [markdown]
# To you they are pictures. To the network each is a table of numbers:

# %%
images, count = digits.images, digits.images[0].numel()
print(tuple(images.shape))
print(f"{images.shape[2]} x {images.shape[3]} = {count:,} numbers an image")

# %% [markdown]
# A part of the 3, as it really is. Paper is -0.1, full ink 1.175, and the edge of a stroke lies between.

# %%
plots.numbers([images[3, 0, 5:17, 10:24]], ["Rows 5 to 16, columns 10 to 23 of the 3"])

# %% [markdown]
# ## By hand: from a picture to an input
#
# Suppose somebody has drawn a 7 somewhere on a grey sheet. Here is such a sheet, 60 by 50 pixels:

# %%
import torch

from lenet_edu import paper

seven = torch.tensor(paper.DIGIT_CODES[7] > 0).repeat_interleave(3, 0).repeat_interleave(3, 1)
sheet = torch.full((60, 50), 0.8)
sheet[4:40, 22:43][seven] = 0.1
tuple(sheet.shape)

# %% [markdown]
# **Ink.** Dark is much ink. Turn it round, so that paper is 0 and full ink is 1.

# %%
ink = (sheet.max() - sheet) / (sheet.max() - sheet.min())
ink.min().item(), ink.max().item()

# %% [markdown]
# **Crop** to the rows and columns that have ink.

# %%
rows, columns = ink.sum(1).nonzero(), ink.sum(0).nonzero()
cropped = ink[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
tuple(cropped.shape)

# %% [markdown]
# **Scale** so that the longer side is 20 pixels, and the shape stays. This is the **glyph**.

# %%
from lenet_edu import scale_to_glyph

glyph = scale_to_glyph(cropped)
tuple(glyph.shape)

# %% [markdown]
# **Centre.** Not the middle of the box, but the **centre of mass** is put into the middle of the image: the
# mean row and the mean column, each weighed by its ink. MNIST takes the pixel just below and to the right of the exact middle.

# %%
row = (glyph.sum(1) * torch.arange(len(glyph))).sum() / glyph.sum()
column = (glyph.sum(0) * torch.arange(glyph.shape[1])).sum() / glyph.sum()
top, left = round(16 - row.item()), round(16 - column.item())
centred = torch.zeros(32, 32)
centred[top : top + 20, left : left + glyph.shape[1]] = glyph

# %% [markdown]
# The 7 is heavier above than below, so its centre of mass lies above the middle of its box. The package does
# the same in one call, and the two agree:

# %%
from lenet_edu import ink_of, normalise

torch.testing.assert_close(centred, normalise(ink_of(sheet))[0])
print(f"centre of mass in row {row:.1f}, middle of the box in row {(len(glyph) - 1) / 2}")

# %%
steps = [sheet.max() - sheet, ink, cropped, glyph, centred]
names = ["sheet", "ink", "cropped", "glyph", "image"]
plots.digits(
    [step[None] for step in steps],
    [f"{n}\n{s.shape[0]}x{s.shape[1]}" for n, s in zip(names, steps, strict=True)],
)

# %% [markdown]
# MNIST's images have gone through the same steps, but in a frame of 28 by 28. Two rows and columns of paper on
# each side make it 32 by 32:

# %%
from lenet_edu import pad

mnist_size = torch.rand(1, 1, 28, 28)
by_hand = torch.nn.functional.pad(mnist_size, (2, 2, 2, 2), value=0.0)
assert torch.equal(by_hand, pad(mnist_size))
print("28 + 2 + 2 =", by_hand.shape[-1])

# %% [markdown]
# ## Why so large a frame?

# %%
from lenet_edu import activations, ask, check, ledger

outputs = activations(network, images)
ask("input.frame", plots.receptive_field(network, outputs, "C3", unit=(0, 0), sample=3))

# %% [markdown]
# The green square is all that the first unit of C3 sees. C3 is the last convolution whose units see only a part
# of the image. Where do the centres of all its squares lie?

# %%
c3 = ledger(network)["C3"]
field, step, side = c3.receptive_field.value, c3.stride.value, c3.output_shape[1]
first = (field - 1) / 2
print(f"field {field}, a square every {step} pixels, {side} squares")
print(f"centres from pixel {first} to pixel {first + (side - 1) * step}, {side * step} pixels wide")

# %% [markdown]
# They cover the middle 20 by 20 pixels: exactly where the glyph lies. Whatever part of the digit you choose,
# some unit of C3 has it near its middle.
#
# In C1 the frame does the same for single pixels. How many units see each pixel? One for a corner of the
# image, 25 for every pixel that is at least four away from the edge. Without the frame, the ends of strokes
# would be seen least of all.

# %%
seen = torch.nn.functional.conv_transpose2d(torch.ones(1, 1, 28, 28), torch.ones(1, 1, 5, 5))[0, 0]
glyph_box = seen[6:26, 6:26]
print("corner of the image", int(seen[0, 0]), "· anywhere in the glyph", int(glyph_box.min()))
print("distance that is enough:", int((seen[16] < 25).sum()) // 2)

# %% [markdown]
# ## What one unit sees
#
# A pixel sees itself. Here is one in the middle:

# %%
plots.receptive_field(network, outputs, "INPUT", unit=(16, 16), sample=3)

# %% [markdown]
# ## The row of the ledger
#
# INPUT computes nothing. It has units, but no parameters and no connections.

# %%
ledger(network)["INPUT"]

# %%
assert count == ledger(network)["INPUT"].units.value
assert not list(network.named_parameters(prefix="INPUT", recurse=False))

# %% [markdown]
# ## Grey levels
#
# The paper says of -0.1 and 1.175 that they make the mean roughly 0 and the variance roughly 1, and that this
# speeds up learning.

# %%
low, high = paper.BACKGROUND, paper.FOREGROUND
ask("input.variance", f"{-low} x {high} = {-low * high:.4f}, far from 1")

# %% [markdown]
# Measure it on thousands of digits:

# %% tags=["nbval-ignore-output"]
everything = load_digits()
pixels = everything.train.images
print(f"{everything.name}: mean {pixels.mean():.3f}, variance {pixels.var():.3f}")

# %% [markdown]
# The mean is near 0, as it should be. The variance is not near 1, and cannot be. Between two values low and high, with
# a mean of m, the variance is at most (high - m)(m - low). The bound is reached when every pixel is either
# all paper or all ink. With m = 0 it is 0.1175. Even with the best of all means it is 0.41:

# %%
means = torch.linspace(low, high, 52)
bound = (high - means) * (means - low)
print(f"at mean 0: {-low * high:.4f}, at most: {((high - low) / 2) ** 2:.2f}")
plots.curves(means, {"bound": bound}, "No image can have more variance", "mean", "variance", marks=[0])

# %% [markdown]
# What does it mean? The mean is what matters most: with all inputs of one sign, all weights of a unit would be
# pushed the same way at once. A variance below 1 makes the weighted sums of C1 smaller than the paper's rule
# for initial weights expects. They start in the middle of the squash, where it is nearly a straight line, and
# training makes up for it. Nothing breaks; but the sentence in the paper is not true of its own numbers.
#
# Today one scales by the mean and the deviation of the training set. Then both hold, and ink lies farther out:

# %% tags=["nbval-ignore-output"]
standard = load_digits(scaling="standard")
pixels = standard.train.images
print(f"mean {pixels.mean():.3f}, variance {pixels.var():.3f}")
print(f"paper {standard.scaling.background:.2f}, ink {standard.scaling.ink:.2f}")

# %% [markdown]
# ## Draw your own
#
# Draw a digit with mouse, pen or finger, or upload a picture. You see each step, and what the network makes of it
# while you draw. Two steps clean a photo before the others: *even* takes out shadows, and *pick* leaves out what is
# no digit. Switch a step off: which one does the network need most?

# %%
from lenet_edu import DrawDigit

DrawDigit(network)

# %% [markdown]
# ## Change it
#
# Move the 7 on the sheet, or make it larger: the image stays the same, and this is the point of the whole
# procedure. Change the numbers and run the cell again.

# %%
elsewhere = torch.full((90, 90), 0.8)
elsewhere[40:76, 5:26][seven] = 0.1
torch.testing.assert_close(normalise(ink_of(elsewhere))[0], centred)

# %% [markdown]
# ## Exercises
#
# Each solution is folded away in the cell below yours.
#
# **1.** How many pixels does the step from 28 by 28 to 32 by 32 add?

# %%
added = None
check("input.border", added)

# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution
added = 32 * 32 - 28 * 28
assert check("input.border", added).right


# %% [markdown]
# **2.** Write `scale(ink)`, which takes ink from 0 to 1 and gives what the network sees.


# %%
def scale(ink):
    return ...


check("input.scale", scale)


# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution
def scale(ink):
    return ink * (1.175 - -0.1) - 0.1


assert check("input.scale", scale).right


# %% [markdown]
# **3.** Write `centre(ink)`: the row and the column of the centre of mass, as a tensor of two numbers. The first
# row and the first column have the number 0.


# %%
def centre(ink):
    return ...


check("input.centre", centre)


# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution
def centre(ink):
    rows, columns = torch.arange(ink.shape[0]), torch.arange(ink.shape[1])
    return torch.stack([(ink.sum(1) * rows).sum(), (ink.sum(0) * columns).sum()]) / ink.sum()


assert check("input.centre", centre).right

# %% [markdown]
# **4.** Let every pixel be either all paper or all ink. Which share of ink makes the mean exactly 0?

# %%
share = None
check("input.balance", share)

# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution
share = 0.1 / (1.175 + 0.1)
assert check("input.balance", share).right

# %% [markdown]
# **5. Change and explain.** Give the 7 on the sheet a long thin tail, `sheet[40:58, 23] = 0.1`, and follow it
# through the steps. Why does the paper centre by mass, and not by the box round the digit? (a) The network sees more of the digit. (b) It
# is quicker to compute. (c) A small stray stroke hardly moves it.

# %%
letter = None
check("input.mass", letter)

# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution
letter = "c"
assert check("input.mass", letter).right

# %% [markdown]
# ## What you know now
#
# - A digit is cropped, scaled to 20 pixels, and centred by mass in 32 by 32.
# - The frame is there so that units can have the digit's edges in the middle of what they see.
# - Paper is -0.1 and ink 1.175: the mean is near 0, and the variance can never be near 1.
#
# What goes on to the next layer, for each of the ten digits:

# %%
tuple(images.shape)

# %% [markdown]
# **Next:** [02 C1](02_c1.ipynb) looks at small patches of it.
