"""Draws docs/emblem.png, LeNet-5 while it reads a 3: `python -m tools.emblem`. Needs MNIST."""

from lenet_edu import activations, load_digits, load_network, plots
from tools.architecture import DOCS


def main() -> None:
    network, test = load_network("lenet5-1998"), load_digits("mnist").test
    threes = test.images[test.labels == 3]
    nearest = network(threes)[:, 3].argmin()  # to the code of 3
    figure = plots.network(network, activations(network, threes[nearest][None]))
    figure.savefig(DOCS / "emblem.png", dpi=150)


if __name__ == "__main__":
    main()
