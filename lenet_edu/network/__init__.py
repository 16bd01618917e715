"""LeNet-5 and its family: what the paper states, one description of each network, and what is computed from
it (layers, models, losses, the ledger).
"""
