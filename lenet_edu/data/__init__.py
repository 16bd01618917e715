"""Digits and pictures: data sets as one tensor each, their splits, and how any picture of a digit becomes
what the network sees.
"""
