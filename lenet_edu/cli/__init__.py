"""The command line, `lenet-edu COMMAND`: what the notebooks do, from a terminal, and what opens them in
JupyterLab.
"""
