"""Images as the bytes that files hold, which become floats when they are looked at, and only those that are.

MNIST is 55 megabytes as bytes and 287 as floats. The bytes can be a file's own, mapped into memory: then all
processes of a machine that read MNIST hold it once.
"""

from collections.abc import Callable, Sequence
from numbers import Integral

import torch
from torch import Tensor
from torch.utils._pytree import tree_map_only

from lenet_edu.system.errors import LenetError

# What a tensor tells without its values.
_NEEDS_NO_VALUES = {
    Tensor.__len__,
    Tensor.dim,
    Tensor.is_complex,
    Tensor.is_floating_point,
    Tensor.nelement,
    Tensor.numel,
    Tensor.size,
    torch.is_complex,
    torch.is_floating_point,
    torch.numel,
    *(
        getattr(Tensor, name).__get__
        for name in ("device", "dtype", "layout", "ndim", "requires_grad", "shape")
    ),
}
# So many images are made into floats at a time.
_BATCH = 1000


class ByteImages(Tensor):
    """Float images (N, maps, size, size) that are kept as bytes: a tensor to whoever uses it, but read-only.

    An index gives a plain tensor of the images that it names. Whatever else is done with it is done with a
    plain tensor of them all, made for the moment.
    """

    _pixels: Tensor
    _places: Tensor
    _to_floats: Callable[[Tensor], Tensor]

    @staticmethod
    def __new__(cls, pixels: Tensor, to_floats: Callable[[Tensor], Tensor], places: Tensor | None = None):
        """pixels: bytes, (M, maps, height, width). places: (N,), which of them are meant; by default all.

        to_floats: makes of bytes (n, maps, height, width) floats (n, maps, size, size), each image by itself.
        """
        places = torch.arange(len(pixels)) if places is None else places
        like = to_floats(pixels[:1])
        shape = (len(places), *like.shape[1:])
        images = Tensor._make_wrapper_subclass(cls, shape, dtype=like.dtype, device=like.device)  # pyright: ignore[reportAttributeAccessIssue]
        images._pixels, images._places, images._to_floats = pixels, places, to_floats
        return images

    def __getitem__(self, which) -> Tensor:
        if isinstance(which, tuple) and which and isinstance(which[0], slice):
            return self[which[0]][(slice(None), *which[1:])]
        if not _names_images(which):
            return self.floats()[which]
        places = self._places[which]
        images = self._floats_at(places.reshape(-1))
        return images.unflatten(0, places.shape) if places.ndim else images[0]

    def __iter__(self):
        return (self[place] for place in range(len(self)))

    def subset(self, which: Tensor | slice) -> "ByteImages":
        """Some of them, still as bytes: by indices, by a mask or by a slice."""
        return ByteImages(self._pixels, self._to_floats, self._places[which])

    def floats(self) -> Tensor:
        """All images as a plain tensor (N, maps, size, size)."""
        images = torch.empty(self.shape, dtype=self.dtype)
        for into, places in zip(images.split(_BATCH), self._places.split(_BATCH), strict=True):
            into.copy_(self._floats_at(places))
        return images

    def _floats_at(self, places: Tensor) -> Tensor:
        return self._to_floats(self._pixels.index_select(0, places))

    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        if function in _NEEDS_NO_VALUES:
            return super().__torch_function__(function, types, args, kwargs or {})
        name = function.__name__.split(".")[0]
        if name == "__setitem__" or (name.endswith("_") and not name.startswith("__")):
            raise LenetError("These images are read-only. Change a copy: images.clone().")
        args, kwargs = tree_map_only(ByteImages, ByteImages.floats, (args, kwargs or {}))
        return function(*args, **kwargs)

    # Also for what torch calls past its functions.
    __torch_dispatch__ = __torch_function__


def concatenate(parts: Sequence[Tensor]) -> Tensor:
    """Several tensors (N, maps, size, size) as one; as bytes if all are parts of the same ones."""
    as_bytes = [part for part in parts if isinstance(part, ByteImages)]
    if len(as_bytes) == len(parts) and len({id(part._pixels) for part in as_bytes}) == 1:
        places = torch.cat([part._places for part in as_bytes])
        return ByteImages(as_bytes[0]._pixels, as_bytes[0]._to_floats, places)
    return torch.cat(list(parts))


def _names_images(index) -> bool:
    """Whether an index says which images, and nothing of their pixels."""
    if isinstance(index, Tensor):
        return index.ndim == 1 if index.dtype in (torch.bool, torch.uint8) else True
    return isinstance(index, (Integral, slice, list))
