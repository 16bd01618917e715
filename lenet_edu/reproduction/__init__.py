"""The paper's experiments, done again: its curvature and its passes, one update a pattern, boosting,
classifiers without a network, robustness, and figures 8 and 9. Notebooks 14 and 15 are about it.
"""
