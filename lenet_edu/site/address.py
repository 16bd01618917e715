"""Where the project is public: the one place that the links "run it yourself" follow from."""

# The repository's page, such as https://github.com/OWNER/NAME. While it is empty there are no such links.
REPOSITORY = ""
BRANCH = "main"


def clone_address() -> str:
    """What `git clone` takes; empty while the project has no public address."""
    return f"{REPOSITORY}.git" if REPOSITORY else ""


def source_address(path: str) -> str:
    """The page of one of the project's files; empty while the project has no public address."""
    return f"{REPOSITORY}/blob/{BRANCH}/{path}" if REPOSITORY else ""


def runners(path: str) -> dict[str, str]:
    """Where others run a notebook, by name: none while the project has no public address on GitHub."""
    owner_and_name = REPOSITORY.partition("github.com/")[2]
    if not owner_and_name:
        return {}
    return {
        "Binder": f"https://mybinder.org/v2/gh/{owner_and_name}/{BRANCH}?urlpath=lab/tree/{path}",
        "Colab": f"https://colab.research.google.com/github/{owner_and_name}/blob/{BRANCH}/{path}",
    }
