"""Accounts of the system's for students: which names are refused."""

import sys
from pathlib import Path
from runpy import run_path

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="run on Linux: Windows has no useradd")


@pytest.fixture
def create_account():
    path = Path(__file__).resolve().parents[2] / "deploy" / "accounts.py"
    return run_path(str(path))["create_account"]


@pytest.mark.parametrize("name", ["", "-d", "../up", "Anna", "a b", "1st", "a" * 40, "x;reboot"])
def test_names_that_no_account_can_have_are_refused(create_account, name):
    with pytest.raises(ValueError, match="cannot be a student's name"):
        create_account(name)


def test_the_systems_own_accounts_are_refused(create_account):
    with pytest.raises(ValueError, match="root is an account of the system's own"):
        create_account("root")
