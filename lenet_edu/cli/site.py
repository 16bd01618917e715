"""`lenet-edu site`: the edition without a kernel, a folder of pages for any host or none."""

from pathlib import Path

from lenet_edu.cli.options import add_folder_option, say

OUT = Path("build") / "site"


def add_options(parser) -> None:
    """The options of this command."""
    parser.add_argument("out", nargs="?", type=Path, default=OUT, help=f"the site's folder (default {OUT})")
    parser.add_argument(
        "--serve", action="store_true", help="then serve it on this machine, with MNIST if it is here"
    )
    parser.add_argument(
        "--port", type=int, default=8000, help="of --serve (default 8000; 0: any that is free)"
    )
    add_folder_option(parser)


def run(options) -> dict:
    """Run the command; what --json prints."""
    from lenet_edu.site.builder import build_site
    from lenet_edu.site.serve import serve

    built = build_site(options.out)
    say(
        options,
        f"{built['pages']} pages, {built['files']} files, {built['bytes'] / 1e6:.1f} MB in {options.out}\n"
        "Put the folder on any host, or open index.html in it; instruments need a server (--serve).",
    )
    if options.serve:
        serve(options.out, options.port, options.folder)
    return built
