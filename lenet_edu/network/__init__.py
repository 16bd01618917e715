"""LeNet-5 and its family: the numbers that the paper states, one description of each network, and
everything that follows from a description: layers, models, losses, the ledger of shapes, parameters and
connections, and each layer's output for an image.
"""
