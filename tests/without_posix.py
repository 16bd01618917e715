"""Takes away what Windows does not have, so that Linux and macOS show what the package takes for granted.

As a plugin of pytest, `pytest -p tests.without_posix tests/data`, or imported before lenet_edu.
"""

import os
import signal
import sys
import warnings

# Other libraries know both worlds; they choose theirs when they are imported.
import jupyter_client  # noqa: F401
import numba  # noqa: F401
import sklearn.datasets  # noqa: F401
import torch  # noqa: F401
import torchvision.datasets  # noqa: F401

ABSENT = {
    os: "fork geteuid getuid getgid killpg getpgid setsid sched_getaffinity fchmod",
    signal: "SIGKILL SIGHUP SIGALRM SIGUSR1 SIGUSR2 alarm setitimer pthread_kill",
}

for module in ("fcntl", "pwd", "grp", "resource", "termios"):
    sys.modules[module] = None  # importing it is an ImportError from now on
for name in [name for name in sys.modules if name.split(".")[0] in ("lenet_edu", "filelock")]:
    del sys.modules[name]
# pytest asks who runs it, for its temporary folders, unless it sees that it is on Windows.
needed = {"getuid", "geteuid"} if "_pytest" in sys.modules else set()
for module, names in ABSENT.items():
    for name in set(names.split()) - needed:
        if hasattr(module, name):
            delattr(module, name)
# A text file that is opened without saying utf-8 is read as cp1252 there.
warnings.filterwarnings("error", category=EncodingWarning, module="lenet_edu")
# Without fcntl, and not on Windows, filelock locks by a file that is there or not, and says so.
warnings.filterwarnings("ignore", message=".*fcntl.*")
warnings.filterwarnings("ignore", message=".*soft.*")
