"""`lenet-edu site`: the edition without a kernel, a folder of pages for any host or none."""

from pathlib import Path

from lenet_edu.cli.options import add_folder_option, say
from lenet_edu.system.language import translate

OUT = Path("build") / "site"


def add_options(parser) -> None:
    """The options of this command."""
    parser.add_argument(
        "out", nargs="?", type=Path, default=OUT, help=translate("the site's folder (default {out})", out=OUT)
    )
    parser.add_argument(
        "--serve",
        action="store_true",
        help=translate("then serve it on this machine, with MNIST if it is here"),
    )
    parser.add_argument(
        "--port", type=int, default=8000, help=translate("of --serve (default 8000; 0: any that is free)")
    )
    add_folder_option(parser)


def run(options) -> dict:
    """Run the command; what --json prints."""
    from lenet_edu.site.builder import build_site
    from lenet_edu.site.serve import serve

    built = build_site(options.out)
    say(
        options,
        "{pages} pages, {files} files, {bytes:.1f} MB in {out}\nPut the folder on any host, or "
        "open index.html in it; instruments need a server (--serve).",
        pages=built["pages"],
        files=built["files"],
        bytes=built["bytes"] / 1000000.0,
        out=options.out,
    )
    if options.serve:
        serve(options.out, options.port, options.folder)
    return built
