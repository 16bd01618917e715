"""torch's compiler is imported by those who compile, and by nobody else."""

import subprocess
import sys

USED = """
import lenet_edu, torch, sys
parameter = torch.nn.Parameter(torch.ones(2))
optimizer = torch.optim.SGD([parameter], lr=0.5)
parameter.sum().backward()
optimizer.step()
optimizer.zero_grad()
print("step", parameter.tolist(), "torch._dynamo.eval_frame" in sys.modules)
"""
COMPILED = """
compiled = torch.compile(lambda x: 2 * x + 1, backend="eager")
print("compiled", compiled(torch.ones(2)).tolist(), "torch._dynamo.eval_frame" in sys.modules)
"""
SUBMODULE = """
import lenet_edu
import torch._dynamo.config
print(torch._dynamo.__file__ is not None, hasattr(torch._dynamo, "optimize"))
"""


def printed(script: str) -> str:
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return done.stdout


def test_an_optimizer_works_without_it():
    assert printed(USED) == "step [0.5, 0.5] False\n"


def test_who_compiles_gets_it():
    assert printed(USED + COMPILED).splitlines()[1] == "compiled [3.0, 3.0] True"
    assert printed(SUBMODULE) == "True True\n"
