"""What the site's scripts fetch: files of widgets and engine, embedded digits, shipped networks."""

import json
import shutil
from pathlib import Path

from safetensors import safe_open

from lenet_edu.engine.plan import plan
from lenet_edu.network.architecture import architecture
from lenet_edu.system.language import LANGUAGES, script_translations

FOLDER = "assets"
_PACKAGE = Path(__file__).resolve().parents[1]
# What of each wing a browser reads.
_COPIED = {
    "widgets": (".js", ".css"),
    "engine": (".js", ".wasm", ".gz"),
    "system": (".js",),
    "weights": (".safetensors",),
}


def write_assets(site: Path) -> None:
    """Write them into `site`/assets, with the same folders as in the package, so that their imports hold.

    Besides translations/LANGUAGE.json with what their scripts say, plans/NAME.json for
    weights/NAME.safetensors, and training.json for a training in the page.
    """
    folder = site / FOLDER
    for wing, endings in _COPIED.items():
        for path in sorted((_PACKAGE / wing).rglob("*")):
            if path.suffix in endings:
                target = folder / wing / path.relative_to(_PACKAGE / wing)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, target)
    scripts = [path.relative_to(folder).as_posix() for path in sorted(folder.rglob("*.js"))]
    (folder / "translations").mkdir()
    for language in LANGUAGES:
        if language != "en":
            texts = {
                english: text
                for script in scripts
                for english, text in script_translations(language, script).items()
            }
            listed = json.dumps(texts, ensure_ascii=False, separators=(",", ":"))
            (folder / "translations" / f"{language}.json").write_text(listed, encoding="utf-8")
    plans = folder / "plans"
    plans.mkdir(parents=True)
    for path in sorted((folder / "weights").glob("*.safetensors")):
        with safe_open(path, "np") as file:
            described = architecture(json.loads(file.metadata()["lenet_edu"])["network"])
        (plans / f"{path.stem}.json").write_text(json.dumps(plan(described)), encoding="utf-8")
    (folder / "training.json").write_text(_training(), encoding="utf-8")


def _training() -> str:
    """What a training in the page knows from Python."""
    from lenet_edu.site.playground.content import (
        content,  # it loads torch, which a mere look at a site does not
    )

    return json.dumps(content(), separators=(",", ":"))
