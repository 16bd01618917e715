"""Digits and pictures. A data set is one tensor for each split; it is found on disk, fetched, or replaced by
one that is always there. Any picture of a digit can be made into what the network sees.
"""
