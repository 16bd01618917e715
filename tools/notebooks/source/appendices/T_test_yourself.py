# %% [markdown]
# # T · Test yourself
#
# [Glossary](../glossary.ipynb)
#
# **After this notebook you can:** say what you knew before the course and what you have learned. There are twelve questions. Answer them
# before the first notebook, and again after the last one. It takes about ten minutes each time.
#
# Each question has one right answer. If you do not know, guess. Before the course you will see only how many are right. Do not look
# up the answers: they are for the second time.

# %%
from lenet_edu.exercises.yourself import questions

questions()

# %% [markdown]
# ## Before the course
#
# Put your twelve letters between the quotes and run the cell. Spaces do not matter: `"abca bcab cabc"`. Write down the score, with the date.

# %%
from lenet_edu.exercises.yourself import score

before = ""
print(score(before))

# %% [markdown]
# ## After the course
#
# Answer again without looking at your first letters. Now you see why each wrong answer is wrong, and which notebook explains it.

# %%
from lenet_edu.exercises.yourself import reasons

after = ""
print(reasons(after))

# %% [markdown]
# Teachers find in [the guide for teachers](../../docs/teaching.md) how to hand this out on paper.
#
# Back to [00 Start here](../00_start_here.ipynb).
