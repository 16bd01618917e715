"""What the rest of the package asks of the machine: errors that say what to do, files that are never
half-written, tensors saved so that loading them cannot run code, and the device to compute on. It knows
nothing of networks.
"""
