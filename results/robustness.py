"""Measures how far digits can be changed until the shipped networks misread them; writes robustness.json.

    python -m results.robustness              every shipped network that reads 32x32; some minutes
    python -m results.robustness 1998         only those whose name has this in it

Every change, by every amount of `robustness.AMOUNTS`, of MNIST's test digits; errors are in percent. What is
there is not measured again unless the network's weights, or the amounts, are others now. Nothing is chosen by
these errors: the networks are as they are shipped. Those that read images of another size are left out.
"""

from pathlib import Path

import torch

from lenet_edu.data.splits import Data
from lenet_edu.network.models import Network, fingerprint
from lenet_edu.reproduction.robustness import AMOUNTS, errors_by_amount
from lenet_edu.system.devices import describe_device
from lenet_edu.system.files import write_json
from lenet_edu.training.checkpoints import load_network, shipped_names
from results.recording import load_mnist, open_record, parse_filter

FILE = Path(__file__).with_suffix(".json")


def write_record(record: dict, name: str, entry: dict) -> None:
    """Write down at once what there is of a network, and forget those that are no longer shipped."""
    experiments = {**record["experiments"], name: entry}
    record["experiments"] = {one: experiments[one] for one in shipped_names() if one in experiments}
    write_json(FILE, record)


def run(record: dict, name: str, model: Network, data: Data) -> None:
    """What is not there yet of one network."""
    entry = record["experiments"].get(name)
    weights = fingerprint(model)
    if entry is None or entry["weights"] != weights:
        entry = {"network": model.architecture.name, "weights": weights, "changes": {}}
    for kind, amounts in AMOUNTS.items():
        if entry["changes"].get(kind, {}).get("amounts") == list(amounts):
            continue
        errors = errors_by_amount(model, data.test, kind, scaling=data.scaling)
        curve = {"amounts": list(amounts), "errors": [round(error, 3) for error in errors]}
        entry["changes"] = {
            one: {**entry["changes"], kind: curve}[one]
            for one in AMOUNTS
            if one == kind or one in entry["changes"]
        }
        write_record(record, name, entry)
        print(f"{name}, {kind}: {min(errors):.2f} to {max(errors):.2f} %", flush=True)


def main() -> None:
    only, data = parse_filter(__doc__), load_mnist()
    record = open_record(FILE) | {
        "command": "python -m results.robustness",
        "data": data.name,
        "digits": {"test": len(data.test)},
        "device": describe_device(torch.device("cpu")),
    }
    for name in shipped_names():
        if only not in name:
            continue
        model = load_network(name)
        reads, shape = model.architecture.input.output_shape, tuple(data.test.images.shape[1:])
        if reads == shape:
            run(record, name, model, data)
        else:
            print(f"{name} reads images of {reads}, and these are {shape}: left out.", flush=True)


if __name__ == "__main__":
    main()
