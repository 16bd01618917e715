"""An account of the system's for each student, with a home that no other student can read."""

import pwd
import re
import subprocess
from pathlib import Path

# What useradd takes on every Linux; a name that begins with "-" would be read as an option.
NAME = re.compile(r"[a-z][a-z0-9_-]{0,30}")


def create_account(name: str) -> None:
    """Make the account `name` unless it exists, and close its home to others.

    Raises ValueError for a name that no account can have, and for one of the system's own.
    """
    if not NAME.fullmatch(name):
        raise ValueError(f"{name!r} cannot be a student's name: use small letters, digits, - and _.")
    try:
        account = pwd.getpwnam(name)
    except KeyError:
        subprocess.run(["useradd", "--create-home", "--shell", "/bin/bash", name], check=True)
        account = pwd.getpwnam(name)
    if account.pw_uid < 1000:
        raise ValueError(f"{name} is an account of the system's own: choose another name.")
    Path(account.pw_dir).chmod(0o700)
