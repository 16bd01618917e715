"""Training and judging networks: recipes, distortions, one step, the loop, runs on disk, sessions under a
reader's hands, evaluation and checkpoints.
"""
