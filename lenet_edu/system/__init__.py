"""What the package asks of the machine: errors that say what to do, files that are never half-written,
tensors as files, and devices.
"""
