# %% [markdown]
# # 01 · INPUT, the image
#
# [Course map](00_start_here.ipynb) · [Glossary](glossary.ipynb)
#
# **After this notebook you can:** turn any picture of a digit into the numbers that LeNet-5 sees, say why the image is
# larger than the digit, and check a statement of the paper by measuring and by calculating.
#
# ## Where we are
#
# At the very beginning: the image, before any layer has done anything. The input has nothing to learn, so it is not
# counted as a layer. The other parts of the picture are pale; they follow one by one in the next notebooks.

# %%
from lenet_edu import activations, load_digits, load_network, plots

network = load_network("lenet5-1998")
digits = load_digits().test.one_of_each()
plots.network(network, activations(network, digits.images), lit="INPUT", sample=3)

# %% [markdown]
# These ten digits will go through the whole network with you.

# %%
images = digits.images
plots.digits(images, titles=digits.labels.tolist())

# %% [markdown]
# To the network, all ten together are one table of numbers. Such a table is called a **tensor**, and its shape says how
# long it is in each direction: 10 images, 1 number a **pixel** (a colour image would have three), 32 rows, 32 columns.

# %%
tuple(images.shape)

# %% [markdown]
# Here are the numbers in the middle of the 3. Paper is -0.1, full ink is 1.175, and the blurred edges of the strokes lie
# between.

# %%
plots.numbers([images[3, 0, 5:17, 10:24]], ["Rows 5 to 16, columns 10 to 23 of the 3"])

# %% [markdown]
# Where do these odd numbers come from, and how does a photograph become such a table? Let us do it by hand.
#
# ## From a photograph to the input, step by step
#
# Suppose somebody has drawn a 7 on a grey sheet, anywhere on it. A camera measures brightness: 1 would be pure white. The
# sheet has 0.8, the pen 0.1.

# %%
import torch


def seven_on_a_sheet(top, left, rows=60, columns=50):
    sheet = torch.full((rows, columns), 0.8)
    sheet[top : top + 4, left : left + 18] = 0.1
    for y in range(30):
        sheet[top + y, left + 14 - y // 3 : left + 18 - y // 3] = 0.1
    return sheet


sheet = seven_on_a_sheet(top=8, left=22)
plots.steps({"sheet": sheet}, grey=["sheet"])

# %% [markdown]
# **First step: invert.** The network wants to know where **ink** is, not where light is. So turn brightness round, and
# stretch it: paper becomes 0, the darkest ink becomes 1.

# %%
ink = (sheet.max() - sheet) / (sheet.max() - sheet.min())
print(f"before: paper {sheet.max():.1f}, pen {sheet.min():.1f}")
print(f"after:  paper {ink.min():.1f}, pen {ink.max():.1f}")

# %% [markdown]
# **Second step: crop.** Keep only the rows and columns that have ink.

# %%
rows, columns = ink.sum(1).nonzero(), ink.sum(0).nonzero()
cropped = ink[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
tuple(cropped.shape)

# %% [markdown]
# **Third step: scale.** Make the longer side 20 pixels long, without changing the digit's proportions. The result is called
# the **glyph**.

# %%
from lenet_edu import scale_to_glyph

glyph = scale_to_glyph(cropped)
tuple(glyph.shape)

# %% [markdown]
# **Fourth step: find the centre.** Not the middle of the box round the digit, but its **centre of mass**: the point where the
# shape would balance if ink had weight. With $x_{rc}$ for the ink in row $r$ and column $c$, the row of the centre is
#
# $$\bar r = \frac{\sum_{r,c} r\, x_{rc}}{\sum_{r,c} x_{rc}}$$
#
# and the column is computed alike. Each row number counts as much as the row has ink.

# %%
row = (glyph.sum(1) * torch.arange(glyph.shape[0])).sum() / glyph.sum()
column = (glyph.sum(0) * torch.arange(glyph.shape[1])).sum() / glyph.sum()
print(f"middle of the box: row {(glyph.shape[0] - 1) / 2}")
print(f"centre of mass:    row {row:.1f}")

# %% [markdown]
# A 7 has much ink at its top, so its centre of mass lies above the middle of its box.
#
# **Fifth step: place.** Put the centre of mass into the middle of an empty image of 32 by 32. The middle of 32 pixels lies
# between two of them; MNIST takes the lower and right one, number 16.

# %%
top, left = round(16 - row.item()), round(16 - column.item())
centred = torch.zeros(32, 32)
centred[top : top + glyph.shape[0], left : left + glyph.shape[1]] = glyph
print(f"centre of mass in row 16, glyph in rows {top} to {top + glyph.shape[0] - 1}")

# %% [markdown]
# All steps in a row. The orange cross is the centre of mass.

# %%
steps = {"sheet": sheet, "ink": ink, "cropped": cropped, "glyph": glyph, "image": centred}
plots.steps(steps, grey=["sheet"], crosses={"glyph": (row, column), "image": (16, 16)})

# %% [markdown]
# **Sixth step: choose the grey levels.** The paper wants -0.1 for no ink and 1.175 for full ink. A straight line leads from
# one scale to the other. For a pixel with ink $x$:
#
# $$v = -0.1 + (1.175 - (-0.1))\, x = -0.1 + 1.275\, x$$
#
# One pixel on paper, then all of them at once:

# %%
x = glyph[2, 3].item()
print(f"-0.1 + 1.275 x {x:.3f} = {-0.1 + 1.275 * x:.3f}")
by_hand = -0.1 + 1.275 * centred

# %% [markdown]
# The package does all six steps in one line. Is its result the same as ours?

# %%
from lenet_edu import ink_of, normalise

in_one_line = load_digits("embedded").scaling.apply(normalise(ink_of(sheet)))[0]
print(f"largest difference in {by_hand.numel():,} pixels: {(in_one_line - by_hand).abs().max():.4f}")

# %% [markdown]
# ## Predict: what does a long tail do?

# %%
from lenet_edu import ask

tailed = sheet.clone()
tailed[38:56, 28] = 0.1
both = {"without a tail": centred, "with a tail": normalise(ink_of(tailed))[0]}
ask("input.tail", plots.steps(both))

# %% [markdown]
# ## Why is the image so much larger than the digit?
#
# A window of 5 by 5 pixels slides over the image, and at each place it covers 25 pixels. How often is each pixel of the image
# covered, all places together? Here is the count along the middle row:

# %%
covered = torch.zeros(32, 32)
for y in range(28):
    for x in range(28):
        covered[y : y + 5, x : x + 5] += 1
print(*(int(count) for count in covered[16]))

# %% [markdown]
# At the border a pixel is covered only 5 times, from the fifth pixel on 25 times.

# %%
ask("input.frame")

# %% [markdown]
# MNIST's images come as 28 by 28, already centred. Two rows and columns of paper on each side make them 32 by 32.
#
# ## Predict: the odd grey levels
#
# The paper explains -0.1 and 1.175: they make the **mean** of the numbers roughly 0 and their **variance** roughly 1, which
# speeds up learning. For $n$ numbers $v_i$ these are
#
# $$m = \frac{1}{n}\sum_i v_i \qquad\qquad s^2 = \frac{1}{n}\sum_i (v_i - m)^2$$
#
# The mean says where the numbers lie, the variance how far they spread.

# %%
ask("input.variance")

# %% [markdown]
# ## Draw your own
#
# Draw a digit, or upload a photograph of one. You see your drawing go through the steps. Two more steps clean a
# photograph first: *even* takes out shadows, and *pick* leaves out what is no digit. Switch off one step after another:
# which one does the network need most?

# %%
from lenet_edu import DrawDigit

DrawDigit(network)

# %% [markdown]
# ## Check the paper's statement
#
# Back to the grey levels. Measure thousands of digits:

# %% tags=["nbval-ignore-output"]
everything = load_digits()
pixels = everything.train.images
print(f"{everything.name}: mean {pixels.mean():.3f}, variance {pixels.var():.3f}")

# %% [markdown]
# On MNIST the mean is 0.028 and the variance 0.123. (If the line above speaks of embedded digits: these were written by
# others and blurred by another scanner, so the two differ a little.) The mean is near 0 as promised. The variance is far from 1.
#
# It has to be. The numbers spread most when no pixel is grey: let a share $p$ of the pixels be full ink and the rest
# paper. The mean is 0 for $p = 0.1 / 1.275$. The variance is then

# %%
p = 0.1 / 1.275
print(f"p = {p:.3f}")
print(f"variance = {p:.3f} x 1.175² + {1 - p:.3f} x 0.1² = {p * 1.175**2 + (1 - p) * 0.1**2:.4f}")

# %% [markdown]
# So one of the two can hold, but never both. Nothing breaks because of that: a mean near 0 is what matters more, and
# training makes up for the rest. Still, the sentence in the paper is not true of its own numbers. Checking what you read,
# even in a famous paper, is a good habit.

# %% [markdown]
# ## Change it
#
# Draw the 7 elsewhere on a larger sheet: change `top` and `left` and run the cell again. The image stays the same. That
# is the point of the whole procedure.

# %%
elsewhere = seven_on_a_sheet(top=40, left=5, rows=90, columns=90)
difference = (normalise(ink_of(elsewhere))[0] - centred).abs().max()
print(f"largest difference to the first image: {difference:.4f}")

# %% [markdown]
# ## Exercises
#
# Each solution is folded away in the cell below yours.
#
# **1. Compute.** How many pixels does the step from 28 by 28 to 32 by 32 add?

# %%
from lenet_edu import check

added = None
check("input.border", added)

# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution
added = 32 * 32 - 28 * 28
assert check("input.border", added).right


# %% [markdown]
# **2. Code.** You have an image as the network sees it and want the ink back. Write `unscale(values)`: -0.1 becomes 0, and
# 1.175 becomes 1.


# %%
def unscale(values):
    return ...


check("input.unscale", unscale)


# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution
def unscale(values):
    return (values + 0.1) / 1.275


assert check("input.unscale", unscale).right

# %% [markdown]
# **3. Debug.** This function is meant to return the row of the centre of mass, but it returns something else:
#
# ```python
# def row_of_centre(ink):
#     return (ink.sum(0) * torch.arange(ink.shape[1])).sum() / ink.sum()
# ```
#
# What is wrong? (a) The division has to be by the number of pixels. (b) `sum(0)` adds up each column, so this is the
# column of the centre. (c) Rows have to be counted from 1.

# %%
letter = None
check("input.debug", letter)

# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution
letter = "b"
assert check("input.debug", letter).right

# %% [markdown]
# **4. Transfer.** Another data set has glyphs of 40 by 40 pixels in the middle of its images, and its windows are 9 by 9. Every pixel of the glyph is
# to be covered by equally many windows. How large must the side of the image be at least?

# %%
side = None
check("input.side", side)

# %% tags=["solution"] jupyter={"source_hidden": true}
# Solution
side = 40 + 2 * (9 - 1)
assert check("input.side", side).right

# %% [markdown]
# **5. Explain in your own words.** Why does one centre a digit by its mass and not by the box round it? Write two or three
# sentences between the quotes and run the cell.

# %%
from lenet_edu import explain

words = ""
explain("input.mass", words)

# %% [markdown]
# ## What you know now
#
# - A digit is inverted, cropped, scaled to 20 pixels and centred by mass in an image of 32 by 32.
# - The frame of paper lets the sliding windows of the next layer cover nearly all parts of the digit equally often.
# - Paper is -0.1 and ink 1.175: the mean is near 0, and the variance cannot be near 1.
#
# This is what the first layer receives:

# %%
tuple(images.shape)

# %% [markdown]
# **Next:** [02 C1](02_c1.ipynb) lets six small windows slide over these images.
