"""A class on one server: a real JupyterHub with its proxy, and students who sign up, open 00 and run it."""

import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec

import pytest

from bench.classroom import Student, accounts, admit, run_notebook, running_hub, wait_until
from lenet_edu.cli.copy import RECORD

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        find_spec("jupyterhub") is None or shutil.which("configurable-http-proxy") is None,
        reason="run make test-hub: it installs JupyterHub and its proxy",
    ),
]
COUNT = int(os.environ.get("LENET_EDU_TEST_STUDENTS", "3"))
FIRST = "00_start_here.ipynb"
FOLDER = "lenet-edu"  # in a student's home


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    """Address and folder of a hub whose students share an account."""
    folder = tmp_path_factory.mktemp("hub")
    with running_hub(folder, LENET_EDU_ACCOUNTS="one", LENET_EDU_OFFLINE="1") as address:
        yield address, folder


@pytest.fixture(scope="module")
def students(hub):
    return admit(hub[0], [f"lenet-student-{number}" for number in range(COUNT)])


def test_a_class_runs_the_first_notebook_at_once(students):
    with ThreadPoolExecutor(COUNT) as pool:
        results = list(pool.map(lambda student: run_notebook(student, FIRST), students))
    assert all(result["peak"] >= result["resident"] > 0 for result in results)


def test_whoever_was_not_let_in_stays_outside(hub, students):
    stranger = Student(hub[0], "stranger")
    stranger.sign_up()
    assert not stranger.log_in()
    impostor = Student(hub[0], students[0].name)
    assert not impostor.log_in()


def test_no_student_reaches_the_server_of_another(students):
    import requests

    mine, other = students[0], students[1]
    for path in (f"/user/{other.name}/api/contents/{FIRST}", f"/hub/api/users/{other.name}"):
        answer = requests.get(mine.address + path, headers=mine.headers, timeout=60)
        assert answer.status_code in (403, 404)


def test_work_survives_a_new_server_and_the_originals_are_untouched(hub, students):
    student, (_, folder) = students[0], hub
    student.start_server()
    path = f"/user/{student.name}/api/contents/{FIRST}"
    content = student.request("GET", path).json()["content"]
    content["cells"][0]["source"] = "my own words"
    student.request("PUT", path, json={"type": "notebook", "format": "json", "content": content})
    student.stop_server()
    wait_until(lambda: not student.servers())
    student.start_server()
    assert student.request("GET", path).json()["content"]["cells"][0]["source"] == "my own words"
    assert (folder / "homes" / student.name / FOLDER / RECORD).exists()


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0 or os.environ.get("LENET_EDU_TEST_ACCOUNTS") != "own",
    reason="set LENET_EDU_TEST_ACCOUNTS=own as root, where accounts of the system's may be made and removed",
)
def test_no_student_can_read_the_home_of_another(tmp_path):
    names = ["lenet-student-a", "lenet-student-b"]
    with accounts(names), running_hub(tmp_path, LENET_EDU_OFFLINE="1") as address:
        for student in admit(address, names):
            student.start_server()
            # In the home itself, where a folder called like the package would stand in its way.
            script = "import os, lenet_edu; print(os.getcwd(), lenet_edu.__file__)"
            texts, _ = student.start_kernel().run(script)
            assert texts[0].startswith(f"/home/{student.name} ")
            assert "__init__.py" in texts[0]
        for mine, other in (names, names[::-1]):
            for path in (f"/home/{other}/{FOLDER}/{FIRST}", tmp_path / "jupyterhub.sqlite"):
                reading = f"open({str(path)!r}).read()"
                done = subprocess.run([sys.executable, "-c", reading], user=mine, capture_output=True)
                assert b"PermissionError" in done.stderr
