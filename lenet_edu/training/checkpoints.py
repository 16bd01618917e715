"""Networks as files: weights and the description of the network that they belong to."""

from pathlib import Path

import torch
from torch import Tensor

from lenet_edu.network.models import Network, build
from lenet_edu.system.errors import LenetError
from lenet_edu.system.files import read_json
from lenet_edu.system.places import is_file, user_path
from lenet_edu.system.tensors import load_tensors, save_tensors

SHIPPED = Path(__file__).parents[1] / "weights"


def shipped_names() -> list[str]:
    """The names of the weights that come with the package, for `load_network`."""
    return sorted(path.stem for path in SHIPPED.glob("*.safetensors"))


def save_network(path: Path, model: Network, notes: dict | None = None) -> None:
    """Write the model's weights, its description and `notes` (anything that JSON can hold), atomically."""
    save_tensors(user_path(path), model.state_dict(), {**(notes or {}), "network": model.architecture.config})


def load_network(source: str | Path, device: str | torch.device = "cpu") -> Network:
    """The trained network of a file, or of one of `shipped_names()`; its `notes` say how it came about.

    Raises LenetError for a missing, truncated or foreign file, and for one whose weights do not fit the
    network that it names. Never opens a pickle, since a pickle can run code.
    """
    tensors, notes = load_tensors(_find(source))
    if "network" not in notes:
        raise LenetError(
            "{source} holds tensors but no network. Give best.safetensors or last.safetensors.", source=source
        )
    model = build(notes["network"])
    _fill(model, tensors, source)
    model.notes = notes
    _set_temperatures(model, _find(source))
    return model.to(device).eval()


def _find(source: str | Path) -> Path:
    path = user_path(source)
    if is_file(path) or path.suffix or len(path.parts) > 1:
        return path
    if str(source) not in shipped_names():
        raise LenetError(
            "There are no weights {source!r}: neither a file nor one of {shipped_names}.",
            source=str(source),
            shipped_names=", ".join(shipped_names()),
        )
    return SHIPPED / f"{source}.safetensors"


def _set_temperatures(model: Network, path: Path) -> None:
    """What makes the network's probabilities true: from its notes, or from beside the shipped weights."""
    record = path.with_suffix(".json")
    beside = read_json(record) if path.parent == SHIPPED and record.exists() else {}
    known = beside | model.notes
    model.temperature = float(known.get("temperature", 1.0))
    if "photo_temperature" in known:
        model.photo_temperature = float(known["photo_temperature"])


def _fill(model: Network, tensors: dict[str, Tensor], source) -> None:
    wanted = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
    shapes = {name: tuple(tensor.shape) for name, tensor in tensors.items()}
    if wanted != shapes:
        names = [name for name in wanted | shapes if wanted.get(name) != shapes.get(name)]
        first = names[0]
        raise LenetError(
            "{source} does not fit {name}: {first} should be {wanted}, is {shapes} ({names_count} "
            "such in all).",
            source=source,
            name=model.architecture.name,
            first=first,
            wanted=wanted.get(first, "absent"),
            shapes=shapes.get(first, "absent"),
            names_count=len(names),
        )
    model.load_state_dict(tensors)
