"""Weights as files: safetensors, which hold numbers and text and cannot run code when loaded."""

import json
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load as parse_safetensors
from safetensors.torch import save as to_safetensors
from torch import Tensor

from lenet_edu.errors import LenetError
from lenet_edu.files import write_atomically
from lenet_edu.models import Network, build

SHIPPED = Path(__file__).parent / "weights"
_KEY = "lenet_edu"


def shipped_names() -> list[str]:
    """The names of the weights that come with the package, for `load_network`."""
    return sorted(path.stem for path in SHIPPED.glob("*.safetensors"))


def save_network(path: Path, model: Network, notes: dict | None = None) -> None:
    """Write the model's weights, its description and `notes` (anything that JSON can hold), atomically."""
    save_tensors(path, model.state_dict(), {**(notes or {}), "network": model.architecture.config})


def load_network(source: str | Path, device: str | torch.device = "cpu") -> Network:
    """The trained network of a file, or of one of `shipped_names()`; its `notes` say how it came about.

    Raises LenetError for a missing, truncated or foreign file, and for one whose weights do not fit the
    network that it names. Never opens a pickle, since a pickle can run code.
    """
    tensors, notes = load_tensors(_find(source))
    if "network" not in notes:
        raise LenetError(f"{source} holds tensors but no network. Give best.safetensors or last.safetensors.")
    model = build(notes["network"])
    _fill(model, tensors, source)
    model.notes = notes
    return model.to(device).eval()


def load_weights(model: Network, source: str | Path) -> None:
    """Put the weights of a file, or of a shipped name, into a model of the same network.

    Raises LenetError if the file is of another network.
    """
    tensors, notes = load_tensors(_find(source))
    found, wanted = notes.get("network"), model.architecture.config
    if found != wanted:
        raise LenetError(f"{source} is a checkpoint of another network: wanted {wanted}, found {found}.")
    _fill(model, tensors, source)


def save_tensors(path: Path, tensors: dict[str, Tensor], notes: dict) -> None:
    """Write named tensors and notes as one safetensors file, atomically."""
    # Clones, since the format refuses tensors that share memory.
    on_cpu = {
        name: tensor.detach().cpu().clone(memory_format=torch.contiguous_format)
        for name, tensor in tensors.items()
    }
    write_atomically(path, to_safetensors(on_cpu, metadata={_KEY: json.dumps(notes)}))


def load_tensors(path: Path) -> tuple[dict[str, Tensor], dict]:
    """The tensors and the notes of a file that `save_tensors` wrote."""
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise LenetError(f"{path} could not be read: {error.strerror}.") from error
    try:
        tensors = parse_safetensors(content)
    except SafetensorError as error:
        _name_pickles(path, content)
        raise LenetError(
            f"{path} is not a whole safetensors file ({error}). It is truncated, damaged or of another kind."
        ) from error
    length = int.from_bytes(content[:8], "little")
    metadata = json.loads(content[8 : 8 + length]).get("__metadata__", {})
    if _KEY not in metadata:
        raise LenetError(f"{path} was not written by lenet_edu: it does not say which network it belongs to.")
    try:
        notes = json.loads(metadata[_KEY])
    except ValueError:
        notes = None
    if not isinstance(notes, dict):
        raise LenetError(f"{path} has damaged notes: they do not say which network it belongs to.")
    return tensors, notes


def _find(source: str | Path) -> Path:
    path = Path(source)
    if path.exists() or path.suffix or len(path.parts) > 1:
        return path
    if str(source) not in shipped_names():
        raise LenetError(
            f"There are no weights {str(source)!r}: neither a file nor one of {', '.join(shipped_names())}."
        )
    return SHIPPED / f"{source}.safetensors"


def _name_pickles(path: Path, content: bytes) -> None:
    # Asked only of what is no safetensors file: one of those may begin with the same byte.
    if content[:2] == b"PK" or content[:1] == b"\x80":
        raise LenetError(
            f"{path} is a pickle, which can run code when it is loaded, so it was not opened. "
            "Only safetensors files are loaded."
        )


def _fill(model: Network, tensors: dict[str, Tensor], source) -> None:
    wanted = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
    found = {name: tuple(tensor.shape) for name, tensor in tensors.items()}
    if wanted != found:
        names = [name for name in wanted | found if wanted.get(name) != found.get(name)]
        first = names[0]
        raise LenetError(
            f"{source} does not fit {model.architecture.name}: {first} should be "
            f"{wanted.get(first, 'absent')}, is {found.get(first, 'absent')} ({len(names)} such in all)."
        )
    model.load_state_dict(tensors)
