"""How JupyterLab reads notebooks: with the kernel named in them that it would write there itself.

JupyterLab writes into a notebook which Python its kernel is of, and takes that for a change by the reader:
on closing a notebook that nobody has touched it asks whether to save. Where all that stands there already,
nothing changes, and nothing is asked. The files on disk are the same on every machine.
"""

from ipykernel.ipkernel import IPythonKernel
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_server.services.contents.largefilemanager import AsyncLargeFileManager

_KERNEL = "python3"


class Contents(AsyncLargeFileManager):
    """JupyterLab's own files; `--ServerApp.contents_manager_class` takes it."""

    async def get(self, path, content=True, *arguments, **named) -> dict:
        """A file or folder as JupyterLab asks for it."""
        model = await super().get(path, content, *arguments, **named)
        if content and model["type"] == "notebook":
            metadata = model["content"]["metadata"]
            if metadata.get("kernelspec", {}).get("name") == _KERNEL:
                metadata.update(kernel_metadata())
        return model


def kernel_metadata() -> dict:
    """What JupyterLab writes into a notebook of its Python kernel."""
    spec = KernelSpecManager().get_kernel_spec(_KERNEL)
    return {
        "kernelspec": {"name": _KERNEL, "display_name": spec.display_name, "language": spec.language},
        "language_info": dict(IPythonKernel.language_info),
    }
