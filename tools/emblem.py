"""Draws docs/emblem.png, LeNet-5 while it reads a digit: `python -m tools.emblem`. Needs MNIST."""

from lenet_edu import activations, load_digits, load_network, plots
from tools.architecture import DOCS


def main() -> None:
    network, digits = load_network("lenet5-1998"), load_digits().test.one_of_each()
    figure = plots.network(network, activations(network, digits.images), sample=3)
    figure.savefig(DOCS / "emblem.png", dpi=150)


if __name__ == "__main__":
    main()
