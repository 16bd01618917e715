"""`lenet-edu evaluate`: accuracy and confusion table of trained weights."""

from lenet_edu.cli.options import (
    add_data_options,
    add_device_option,
    class_names,
    load_checkpoint,
    load_data,
    say,
)
from lenet_edu.system.errors import LenetError
from lenet_edu.system.language import translate


def add_options(parser) -> None:
    """The options of this command."""
    parser.add_argument("checkpoint", help=translate("a .safetensors file, or the name of shipped weights"))
    parser.add_argument("--split", choices=("train", "validation", "test"), default="test")
    add_data_options(parser)
    add_device_option(parser)


def run(options) -> dict:
    """Run the command; what --json prints."""
    from lenet_edu.data.splits import Source
    from lenet_edu.training.evaluation import confusion

    model = load_checkpoint(options)
    held_out = Source.from_notes(model.notes).held_out  # split as it was for training
    data = load_data(options, model.architecture, model.notes["scaling"]["name"], held_out)
    names = class_names(model)
    if tuple(data.classes) != names:
        raise LenetError(
            "{checkpoint} knows {names}; the data has {classes}. Give pictures of the classes that it "
            "was trained on.",
            checkpoint=options.checkpoint,
            names=", ".join(names),
            classes=", ".join(data.classes),
        )
    if data.note:
        say(options, data.note)
    split = _as_read(model, getattr(data, options.split), data.scaling)
    table = confusion(model, split)
    right, count = int(table.trace()), len(split)
    say(
        options,
        "{network} on the {split} split of {data}:",
        network=model.architecture.name,
        split=options.split,
        data=data.name,
    )
    say(
        options,
        "{right:.2%} right, {mistakes} mistakes in {count:,}",
        right=right / count,
        mistakes=count - right,
        count=count,
    )
    say(options, translate("\nactual \\ predicted\n") + _counts(table.tolist(), names))
    return {
        "checkpoint": options.checkpoint,
        "network": model.architecture.name,
        "data": data.name,
        "classes": list(names),
        "split": options.split,
        "accuracy": right / count,
        "mistakes": count - right,
        "images": count,
        "confusion": table.tolist(),
    }


def _as_read(model, split, scaling):
    """The split as the network reads it: digits at its size, pictures in colour as they are."""
    from lenet_edu.data.splits import Split, resize_for

    takes = model.architecture.input
    return split if takes.maps > 1 else Split(resize_for(takes.size, split.images, scaling), split.labels)


def _counts(table: list[list[int]], names: tuple[str, ...]) -> str:
    """The confusion table with the names of its classes."""
    wide = max(5, *map(len, names)) + 1
    head = " " * wide + "".join(f"{name:>{wide}}" for name in names)
    lines = [
        f"{name:>{wide}}" + "".join(f"{n:{wide}d}" for n in row)
        for name, row in zip(names, table, strict=True)
    ]
    return "\n".join([head, *lines])
