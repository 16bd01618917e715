"""torch's compiler, which is not used here, stays on disk until somebody uses it.

torch imports its compiler (`torch._dynamo`) when an optimizer is made or takes a step, and then only says
that nothing is to be compiled there. The import takes some seconds and 60 to 130 MB, which matters where
thirty students share a machine.
"""

import sys
from importlib import import_module
from types import ModuleType

_NAME = "torch._dynamo"


def leave_compiler_out() -> None:
    """Put a stand-in where torch's compiler would be imported; whoever asks more of it gets the compiler."""
    sys.modules.setdefault(_NAME, _CompilerStandIn(_NAME))


class _CompilerStandIn(ModuleType):
    """Answers what torch asks of its compiler where nothing is compiled."""

    @staticmethod
    def graph_break(*_, **__) -> None:
        """A compiled function would end here."""

    @staticmethod
    def disable(function, *_, **__):
        """The function, never compiled."""
        return function

    def __getattr__(self, name: str):
        # Whoever looks through all modules asks each for such names. A submodule's import asks for the path.
        if name.startswith("__") and name != "__path__":
            raise AttributeError(name)
        if sys.modules.get(_NAME) is self:
            del sys.modules[_NAME]
        return getattr(import_module(_NAME), name)
