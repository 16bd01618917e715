"""Networks and images in few words, for pages without a kernel: `twins/material.js` makes them again.

What the package ships is named; the rest is sent along if it is small.
"""

from functools import lru_cache

import torch
from torch import Tensor

from lenet_edu.data.digits import load_digits
from lenet_edu.data.splits import HALF_SCALING, PAPER_SCALING, Scaling
from lenet_edu.engine.plan import plan
from lenet_edu.network.models import Network
from lenet_edu.system.pages import to_base64
from lenet_edu.system.tensors import tensors_to_bytes
from lenet_edu.training.checkpoints import load_network, shipped_names

LARGEST = 700_000  # bytes of weights that are sent along with one widget
FEW = 10  # images that are sent along with one widget


def describe_network(network: Network) -> dict:
    """A network by the name of its shipped weights, else by its plan and its weights in base64."""
    name = next((name for name in shipped_names() if _are_alike(network, _shipped(name))), None)
    described = {"temperature": network.temperature}
    if name:
        return {"weights": name, **described}
    tensors = {key: value.float() for key, value in network.state_dict().items()}
    content = tensors_to_bytes(tensors, {"network": network.architecture.config})
    return {"plan": plan(network.architecture), "tensors": to_base64(content), **described}


def describe_networks(networks: dict[str, Network], shown: str) -> dict[str, dict]:
    """Of several networks by name those that are shipped or small enough together, `shown` first."""
    described, room = {}, LARGEST
    for name in sorted(networks, key=lambda name: name != shown):
        one = describe_network(networks[name])
        size = len(one.get("tensors", "")) * 3 // 4
        if size <= room:
            described[name], room = one, room - size
    return {name: described[name] for name in networks if name in described}


def few(count: int, shown: int) -> slice:
    """Of so many images those that are sent along, the one shown among them."""
    first = max(shown - FEW + 1, 0)
    return slice(first, min(first + FEW, count))


def describe_images(images: Tensor, shown: int) -> tuple[dict, slice]:
    """Images (N, maps, size, size), and which of them they are: all if they are embedded digits, else a few.

    Embedded digits are named; others are bytes if bytes are exact, else floats, in base64.
    """
    for scaling in ("paper", "standard"):
        levels, places = _embedded_places(scaling)
        named = [places.get(_key(image)) for image in images]
        if all(named):
            return {"embedded": named, "scaling": [levels.background, levels.ink]}, slice(0, len(images))
        if any(named):
            break
    part = few(len(images), shown)
    chosen = images[part]
    described = {"shape": list(chosen.shape)}
    for levels in (PAPER_SCALING, HALF_SCALING):
        grey = (255 * levels.undo(chosen)).round()
        is_exact = (levels.apply(grey / 255) - chosen).abs().max() < 1e-6
        if is_exact and grey.min() >= 0 and grey.max() <= 255:
            content = grey.to(torch.uint8).numpy().tobytes()
            return described | {"bytes": to_base64(content), "scaling": [levels.background, levels.ink]}, part
    return described | {"floats": to_base64(chosen.numpy().astype("<f4").tobytes())}, part


def _are_alike(network: Network, other: Network) -> bool:
    if network.architecture.config != other.architecture.config:
        return False
    mine, others = network.state_dict(), other.state_dict()
    return all(torch.equal(mine[name].cpu(), others[name]) for name in others)


@lru_cache
def _shipped(name: str) -> Network:
    return load_network(name)


@lru_cache
def _embedded_places(scaling: str) -> tuple[Scaling, dict[int, tuple[str, int]]]:
    """The scaling's levels, and where each embedded digit is: split and index, by its values."""
    data = load_digits("embedded", scaling)
    places = {
        _key(image): (split, index)
        for split in ("train", "validation", "test")
        for index, image in enumerate(getattr(data, split).images)
    }
    return data.scaling, places


def _key(image: Tensor) -> int:
    return hash(image.numpy().tobytes())
