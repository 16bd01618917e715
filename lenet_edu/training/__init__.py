"""Training and judging a network: recipes with all that has to be chosen, distortions, a single step, the
loop, runs that are kept on disk and go on after an interruption, sessions under a reader's hands,
evaluation, and the trained weights that are shipped.
"""
