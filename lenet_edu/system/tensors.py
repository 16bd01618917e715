"""Tensors as files: safetensors, which hold numbers and text and cannot run code when they are loaded."""

import json
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load as parse_safetensors
from safetensors.torch import save as to_safetensors
from torch import Tensor

from lenet_edu.system.errors import LenetError
from lenet_edu.system.files import write_atomically

_KEY = "lenet_edu"


def save_tensors(path: Path, tensors: dict[str, Tensor], notes: dict) -> None:
    """Write named tensors and notes as one safetensors file, atomically."""
    write_atomically(path, tensors_to_bytes(tensors, notes))


def tensors_to_bytes(tensors: dict[str, Tensor], notes: dict) -> bytes:
    """Named tensors and notes as the content of a safetensors file."""
    # Clones, since the format refuses tensors that share memory.
    on_cpu = {
        name: tensor.detach().cpu().clone(memory_format=torch.contiguous_format)
        for name, tensor in tensors.items()
    }
    return to_safetensors(on_cpu, metadata={_KEY: json.dumps(notes)})


def load_tensors(path: Path) -> tuple[dict[str, Tensor], dict]:
    """The tensors and the notes of a file that `save_tensors` wrote."""
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise LenetError(
            "{path} could not be read: {reason}.", path=path, reason=error.strerror or error
        ) from error
    try:
        tensors = parse_safetensors(content)
    except SafetensorError as error:
        _name_pickles(path, content)
        raise LenetError(
            "{path} is not a whole safetensors file ({error}). It is truncated, damaged or of another kind.",
            path=path,
            error=error,
        ) from error
    length = int.from_bytes(content[:8], "little")
    metadata = json.loads(content[8 : 8 + length]).get("__metadata__", {})
    if _KEY not in metadata:
        raise LenetError(
            "{path} was not written by lenet_edu: it does not say which network it belongs to.", path=path
        )
    try:
        notes = json.loads(metadata[_KEY])
    except ValueError:
        notes = None
    if not isinstance(notes, dict):
        raise LenetError("{path} has damaged notes: they do not say which network it belongs to.", path=path)
    return tensors, notes


def _name_pickles(path: Path, content: bytes) -> None:
    # Asked only of what is no safetensors file: one of those may begin with the same byte.
    if content[:2] == b"PK" or content[:1] == b"\x80":
        raise LenetError(
            "{path} is a pickle, which can run code when it is loaded, so it was not opened. Only "
            "safetensors files are loaded.",
            path=path,
        )
