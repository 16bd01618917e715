"""The widgets without a kernel: `page.js` mounts them, and NAME.js here does what NAME.py does above.

    mount(element, description, { bytes: (name) => ... })

description: what a notebook's output says of a widget, by the kind `lenet_edu.system.pages.WIDGET`.
`bytes(name)` gives a file of `site_resources()`.
"""

import json
from collections.abc import Iterator

from lenet_edu.engine.plan import plan
from lenet_edu.training.checkpoints import SHIPPED, load_network, shipped_names
from lenet_edu.widgets.base import HERE
from lenet_edu.widgets.material import embedded_bytes

_SCRIPTS = {"widgets": (HERE, (".js", ".css")), "engine": (HERE.parent / "engine", (".js", ".wasm"))}


def site_resources() -> Iterator[tuple[str, bytes]]:
    """All that a page's widgets ask for, as (name, content), with the same folders as in the package.

    widgets/ and engine/: the scripts, which import each other from there, and the styles.
    weights/NAME.safetensors and plans/NAME.json: the shipped networks. digits.bin: the embedded digits.
    """
    for wing, (folder, endings) in _SCRIPTS.items():
        for path in sorted(folder.rglob("*")):
            if path.suffix in endings:
                yield f"{wing}/{path.relative_to(folder).as_posix()}", path.read_bytes()
    for name in shipped_names():
        yield f"weights/{name}.safetensors", (SHIPPED / f"{name}.safetensors").read_bytes()
        yield f"plans/{name}.json", json.dumps(plan(load_network(name).architecture)).encode()
    yield "digits.bin", embedded_bytes()
