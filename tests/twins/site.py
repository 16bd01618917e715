"""A folder as the site has it, with one page for each widget, and a small server over it."""

import functools
import json
import threading
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from lenet_edu.site.assets import FOLDER, write_assets

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>one widget</title><link rel="icon" href="data:,">
<style>body { margin: 0; padding: 8px; font: 15px sans-serif; background: var(--jp-layout-color1, #fff); }
body[data-jp-theme-light="false"] { --jp-layout-color1: #15191e; --jp-layout-color2: #232a31;
--jp-border-color1: #5d6d7e; --jp-ui-font-color1: #e6e9ec; --jp-ui-font-color2: #a9b4bf; color-scheme: dark; }
</style></head><body data-jp-theme-light="LIGHT">
<main><h1>One widget</h1><div id="place"><p id="still">the picture</p></div></main>
<script type="module">
import { mount } from "./widgets/twins/page.js";
const resources = {
  async bytes(name) {
    const answer = await fetch(name);
    if (!answer.ok) throw new Error(`${name} is not there: ${answer.status}.`);
    return answer.arrayBuffer();
  },
};
const description = DESCRIPTION;
try {
  window.mounted = await mount(document.getElementById("place"), description, resources);
  document.body.dataset.state = "alive";
} catch (error) {
  document.body.dataset.state = "failed";
}
</script></body></html>
"""


def write_site(folder: Path) -> Path:
    """Write all that widgets ask for under the folder; where it is."""
    write_assets(folder)
    return folder / FOLDER


def write_page(folder: Path, name: str, description: dict, light: bool = True) -> None:
    """Write the page of one widget: NAME.html."""
    text = json.dumps(description).replace("</", "<\\/")
    page = PAGE.replace("LIGHT", json.dumps(light).strip('"')).replace("DESCRIPTION", text)
    (folder / f"{name}.html").write_text(page, encoding="utf-8")


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@contextmanager
def serving(folder: Path):
    """The address of a server over the folder."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
