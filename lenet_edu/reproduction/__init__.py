"""The paper's experiments, done again: its curvature and its passes, one update a pattern, boosting,
classifiers without a network, robustness, and figures 8 and 9. Notebooks 13 and 14 are about it.
"""
