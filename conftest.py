"""For every run of pytest: what nbval does not compare."""

import pytest

from lenet_edu.system.pages import WIDGET


@pytest.hookimpl
def pytest_collectstart(collector):
    """A widget's description holds the digits and weights of the day, which are other ones without MNIST."""
    if hasattr(collector, "skip_compare"):
        collector.skip_compare += (WIDGET,)
