"""Reading offline: the list of all files of a site, and the service worker that keeps them."""

import hashlib
import json
from pathlib import Path

LIST, WORKER = "site.json", "sw.js"
# These first: with them a reader can open and search every page; pictures and weights follow.
_EARLY = (".html", ".css", ".js", ".svg")


def write_worker(site: Path) -> None:
    """Write the list of the site's files with the SHA-256 of each, and the worker with that list in it."""
    paths = sorted(
        (path for path in site.rglob("*") if path.is_file()),
        key=lambda path: (path.suffix not in _EARLY, path.relative_to(site).as_posix()),
    )
    files = {
        path.relative_to(site).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths
    }
    version = hashlib.sha256(json.dumps(files).encode()).hexdigest()[:16]
    listed = json.dumps({"version": version, "files": files}, indent=0)
    (site / LIST).write_text(listed, encoding="utf-8")
    script = (Path(__file__).parent / "worker.js").read_text(encoding="utf-8")
    (site / WORKER).write_text(f"const SITE = {listed};\n\n{script}", encoding="utf-8")
