"""The paper's experiments, done again: its curvature and its passes, boosting, classifiers without a
network, robustness, and figures 8 and 9.
"""
