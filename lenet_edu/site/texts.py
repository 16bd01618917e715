"""What the site itself says, in the reader's language; what a page says stands in its notebook."""

from functools import lru_cache

from lenet_edu.system.language import Text, translations

_TEXTS = {
    "site": Text("The LeNet-5 laboratory"),
    "lead": Text(
        "LeNet-5 is the network that read handwritten digits in 1998. These pages take it apart layer"
        " by layer, count everything in it, and train it in front of you. Nothing needs to be "
        "installed."
    ),
    "skip": Text("Skip to the text"),
    "contents": Text("Contents"),
    "notebooks": Text("Notebooks"),
    "appendices": Text("Appendices"),
    "documents": Text("Further reading"),
    "minutes": Text("{minutes} min"),
    "exercises": Text("exercises {minutes} min"),
    "playground": Text("Playground"),
    "open_playground": Text("Open the playground"),
    "train_here": Text(
        "Train it in your browser: the playground trains a whole LeNet-5 on your own device, without "
        "an installation."
    ),
    "begin": Text("Begin with the first notebook"),
    "map": Text("The network, and the notebook about each of its layers"),
    "search": Text("Search"),
    "search_hint": Text("Search all pages"),
    "search_none": Text("Nothing found."),
    "search_some": Text("{count} found"),
    "close": Text("Close"),
    "theme": Text("Light or dark"),
    "theme_light": Text("Light"),
    "theme_dark": Text("Dark"),
    "theme_auto": Text("As the system"),
    "previous": Text("Previous"),
    "next": Text("Next"),
    "pages": Text("Before and after this page"),
    "code_of_figure": Text("Code"),
    "solution": Text("Solution"),
    "output": Text("Output"),
    "picture_full": Text("Open the picture by itself"),
    "run": Text("Run it yourself"),
    "run_clone": Text(
        "In a clone of the project, this sets everything up and opens JupyterLab. The notebook is {notebook}:"
    ),
    "run_elsewhere": Text("Or without an installation, on machines of others:"),
    "run_colab": Text("Colab does not have the package yet: before anything else, run there"),
    "your_turn": Text("Your turn: this one is answered in a cell, and checking it needs Python."),
    "your_turn_here": Text("Your turn: this is answered here when the page comes from a web server."),
    "your_turn_link": Text("Run it yourself"),
    "sealed": Text("Shown when JavaScript is on."),
    "instrument_picture": Text(
        "Instruments come alive when the page comes from a web server: lenet-edu site --serve."
    ),
    "instrument_failed": Text("The instrument could not start, so this is its picture:"),
    "progress": Text("Your progress"),
    "progress_about": Text(
        "Predictions and exercises that you have answered are kept in this browser, and nowhere else."
    ),
    "offline_ready": Text("All pages are kept for reading offline."),
    "offline_some": Text("Keeping pages for reading offline: {done} of {all}"),
    "update": Text("There is a newer version of these pages."),
    "reload": Text("Load it"),
    "missing": Text("This page does not exist"),
    "missing_about": Text("The address may be misspelt, or the page may have moved."),
    "home": Text("To the beginning"),
    "licence": Text(
        "Code and text: MIT licence. The embedded digits are the 1,797 of the UCI Optical Recognition"
        " of Handwritten Digits data set (E. Alpaydin and C. Kaynak, CC BY 4.0)."
    ),
    "languages": Text("Languages"),
}


@lru_cache
def texts_in(language: str) -> dict[str, str]:
    """All of them in one of `LANGUAGES`, by their names; with names in braces for values."""
    there = translations(language)
    return {name: there.get(text, str(text)) for name, text in _TEXTS.items()}
