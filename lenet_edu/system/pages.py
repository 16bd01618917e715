"""What an output of a notebook says to a page without a kernel, beside its text and its picture."""

import base64
import json

# The kind of output that describes a widget: {"widget": its name, "state": what rebuilds it}, as JSON.
WIDGET = "application/vnd.lenet-edu.widget+json"


# In a description on a page, {FILE: address} stands for bytes that are a file of the site's.
FILE = "file"


def to_base64(content: bytes) -> str:
    """Bytes as a text for JSON."""
    return base64.b64encode(content).decode()


def veiled(content) -> str:
    """Anything that JSON can hold as a text in which nobody reads an answer by accident.

    It hides nothing from who looks for it: a page has no secrets.
    """
    return to_base64(json.dumps(content).encode())


def unveiled(text: str):
    """What `veiled` made a text of."""
    return json.loads(base64.b64decode(text))
