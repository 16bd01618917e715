"""A class on one server: `make bench-classroom` starts a real JupyterHub, lets students in, and measures.

Each student signs up, waits for the teacher, gets a server, opens notebook 00 and runs it, all at once. Then
one clicks while all the others train. The students share the account of whoever runs this.
"""

import argparse
import json
import os
import secrets
import signal
import socket
import statistics
import subprocess
import sys
import time
import uuid
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.memory import ASK, read_status
from lenet_edu.system.errors import LenetError
from lenet_edu.system.files import write_json

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "bench" / "results" / "classroom.json"
TEACHER = "teacher"
PATIENCE = 300  # seconds for anything that a full machine may take long over

# What a move on a widget asks of the kernel: one digit through every layer.
READY = """
from lenet_edu import activations, load_digits, load_network
_network, _digits = load_network("lenet5-1998"), load_digits("embedded")
"""
CLICK = "_ = activations(_network, _digits.test.images[:1])"
CLICKS = 20
WARM_UP = 20  # seconds until all neighbours are certain to train
# What a neighbour's kernel does meanwhile: it trains until it is interrupted.
TRAIN = """
from lenet_edu import LeNet5, default_recipe, fit
_model = LeNet5()
_recipe = default_recipe(_model.architecture, len(_digits.train)).changed(epochs=10_000)
fit(_model, _digits, _recipe, progress=False)
"""


class Student:
    """A browser's part of the conversation with the hub, for one name."""

    def __init__(self, address: str, name: str):
        import requests

        self.address, self.name, self.password = address, name, secrets.token_urlsafe(12)
        self.session = requests.Session()

    def sign_up(self) -> None:
        """Ask for an account."""
        self._post_form(
            "/hub/signup",
            username=self.name,
            signup_password=self.password,
            signup_password_confirmation=self.password,
        )

    def log_in(self) -> bool:
        """Give name and password; whether the hub let the student in, who then has a token."""
        page = self._post_form("/hub/login?next=%2Fhub%2Fhome", username=self.name, password=self.password)
        if not page.url.endswith("/hub/home"):
            return False
        answer = self.session.post(
            f"{self.address}/hub/api/users/{self.name}/tokens",
            headers={"X-XSRFToken": self._xsrf(), "Referer": f"{self.address}/hub/token"},
            json={"note": "a browser", "expires_in": 3600},
            timeout=PATIENCE,
        )
        answer.raise_for_status()
        self.headers = {"Authorization": f"token {answer.json()['token']}"}
        return True

    def let_in(self, name: str) -> None:
        """As the teacher: approve a student."""
        self.session.get(f"{self.address}/hub/authorize/{name}", timeout=PATIENCE).raise_for_status()

    def start_server(self) -> None:
        """Ask for a server unless there is one, and wait until it answers."""
        if not self.servers():
            self.request("POST", f"/hub/api/users/{self.name}/server")
        wait_until(lambda: self.servers()[""]["ready"])

    def servers(self) -> dict:
        """What the hub knows of the student's server, under the name ""; empty if there is none."""
        return self.request("GET", f"/hub/api/users/{self.name}").json()["servers"]

    def stop_server(self) -> None:
        """End the server."""
        self.request("DELETE", f"/hub/api/users/{self.name}/server")

    def open_notebook(self, name: str) -> list[str]:
        """The sources of a notebook's code cells."""
        content = self.request("GET", f"/user/{self.name}/api/contents/{name}").json()["content"]
        return [cell["source"] for cell in content["cells"] if cell["cell_type"] == "code"]

    def start_kernel(self) -> "Kernel":
        """A kernel in the folder of the notebooks."""
        kernel = self.request("POST", f"/user/{self.name}/api/kernels", json={}).json()["id"]
        self.kernel = Kernel(self, kernel)
        return self.kernel

    def request(self, method: str, path: str, **options):
        """An answer of hub or server, with the student's token; raises for a refusal."""
        import requests

        answer = requests.request(
            method, self.address + path, headers=self.headers, timeout=PATIENCE, **options
        )
        answer.raise_for_status()
        return answer

    def _post_form(self, path: str, **fields):
        self.session.get(self.address + path, timeout=PATIENCE)
        return self.session.post(
            self.address + path, data={**fields, "_xsrf": self._xsrf()}, timeout=PATIENCE
        )

    def _xsrf(self) -> str:
        return next(cookie.value for cookie in self.session.cookies if cookie.name == "_xsrf")


class Kernel:
    """A kernel of a student's, spoken to as JupyterLab does."""

    def __init__(self, student: Student, number: str):
        import websocket

        self.student, self.number = student, number
        address = student.address.replace("http", "ws", 1)
        self.socket = websocket.create_connection(
            f"{address}/user/{student.name}/api/kernels/{number}/channels",
            header=[f"Authorization: {student.headers['Authorization']}"],
            timeout=PATIENCE,
        )

    def run(self, source: str) -> tuple[list[str], float]:
        """The texts that a cell gives, and its seconds; RuntimeError for a cell that fails."""
        message, texts, start = uuid.uuid4().hex, [], time.perf_counter()
        header = {"msg_id": message, "msg_type": "execute_request", "username": "", "session": message}
        content = {"code": source, "silent": False, "store_history": True, "allow_stdin": False}
        self.socket.send(
            json.dumps(
                {
                    "header": {**header, "version": "5.3", "date": ""},
                    "parent_header": {},
                    "metadata": {},
                    "channel": "shell",
                    "content": content,
                }
            )
        )
        while True:
            answer = _message(self.socket.recv())
            if answer["parent_header"].get("msg_id") != message:
                continue
            kind, content = answer["msg_type"], answer["content"]
            if kind == "error":
                raise RuntimeError(f"{content['ename']}: {content['evalue']}")
            if kind == "stream":
                texts.append(content["text"])
            if kind in ("execute_result", "display_data"):
                texts.append(content["data"].get("text/plain", ""))
            if kind == "status" and content["execution_state"] == "idle":
                return texts, time.perf_counter() - start

    def interrupt(self) -> None:
        """End what it runs, as the stop button does."""
        self.student.request("POST", f"/user/{self.student.name}/api/kernels/{self.number}/interrupt")


def _message(received: str | bytes) -> dict:
    """A message of the kernel's; one with bytes beside it, as of widgets, begins with where its parts are."""
    if isinstance(received, bytes):
        count = int.from_bytes(received[:4], "big")
        places = [int.from_bytes(received[4 * i : 4 * i + 4], "big") for i in range(1, count + 1)]
        received = received[places[0] : places[1]]
    return json.loads(received)


def wait_until(holds, seconds: float = PATIENCE) -> None:
    """Ask again and again until `holds()`; TimeoutError after so many seconds."""
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            raise TimeoutError(f"after {seconds:g} s it is still not so")
        time.sleep(0.2)


@contextmanager
def running_hub(folder: Path, data: Path | None = None, **settings: str):
    """The hub as docs/classes.md has it, its files in `folder`; gives its address."""
    ports = _free_ports(3)
    environment = {**os.environ, "LENET_EDU_HUB": str(folder), "LENET_EDU_TEACHERS": TEACHER, **settings}
    if data:
        environment["LENET_EDU_DATA"] = str(data)
    command = [
        sys.executable,
        *("-m", "jupyterhub", "-f", str(ROOT / "deploy" / "jupyterhub_config.py")),
        *("--ip=127.0.0.1", f"--port={ports[0]}", f"--JupyterHub.hub_port={ports[1]}"),
        f"--ConfigurableHTTPProxy.api_url=http://127.0.0.1:{ports[2]}",
    ]
    with (folder / "hub.log").open("w") as log:
        hub = subprocess.Popen(command, env=environment, cwd=folder, stdout=log, stderr=log)
        try:
            address = f"http://127.0.0.1:{ports[0]}"
            wait_until(lambda: hub.poll() is not None or _answers(address))
            if hub.poll() is not None:
                raise LenetError(f"JupyterHub ended: {(folder / 'hub.log').read_text()[-2000:]}")
            yield address
        finally:
            hub.send_signal(signal.SIGTERM)
            hub.wait(60)


@contextmanager
def accounts(names: list[str]):
    """Removes the students' accounts of the system's and their homes afterwards."""
    try:
        yield
    finally:
        for name in names:
            subprocess.run(["pkill", "-KILL", "-u", name], check=False, capture_output=True)
            subprocess.run(["userdel", "--remove", "--force", name], check=False, capture_output=True)


def admit(address: str, names: list[str]) -> list[Student]:
    """Students who have signed up, were let in by the teacher, and have logged in."""
    teacher = Student(address, TEACHER)
    teacher.sign_up()
    teacher.log_in()
    students = [Student(address, name) for name in names]
    for student in students:
        student.sign_up()
        teacher.let_in(student.name)
        if not student.log_in():
            raise LenetError(f"The hub did not let {student.name} in.")
    return students


def run_notebook(student: Student, name: str) -> dict:
    """Start a server, open a notebook and run it; seconds of each, and the kernel's megabytes."""
    start = time.perf_counter()
    student.start_server()
    ready = time.perf_counter()
    cells = student.open_notebook(name)
    kernel = student.start_kernel()
    for cell in cells:
        kernel.run(cell)
    done = time.perf_counter()
    status = "".join(kernel.run(ASK)[0])
    return {"server": ready - start, "notebook": done - ready, **read_status(status)}


def wait_for_clicks(student: Student, neighbours: list[Student]) -> dict:
    """Seconds of a click, alone and while all neighbours train, in the kernels that have run a notebook."""
    kernels = [one.kernel for one in (student, *neighbours)]
    with ThreadPoolExecutor(len(kernels)) as pool:
        list(pool.map(lambda kernel: kernel.run(READY), kernels))
        alone = [kernels[0].run(CLICK)[1] for _ in range(CLICKS)]
        trainings = [pool.submit(kernel.run, TRAIN) for kernel in kernels[1:]]
        time.sleep(WARM_UP)
        among = [kernels[0].run(CLICK)[1] for _ in range(CLICKS)]
        if any(training.done() for training in trainings):
            raise LenetError("A neighbour did not train all the time: the clicks tell nothing.")
        for kernel in kernels[1:]:
            kernel.interrupt()
        wait(trainings)
    return {
        "neighbours that train": len(neighbours),
        "alone": {"median": round(statistics.median(alone), 3), "worst": round(max(alone), 3)},
        "among them": {"median": round(statistics.median(among), 3), "worst": round(max(among), 3)},
    }


def _answers(address: str) -> bool:
    import requests

    try:
        return requests.get(f"{address}/hub/login", timeout=5).ok
    except requests.RequestException:
        return False


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for free in sockets:
        free.bind(("127.0.0.1", 0))
    ports = [free.getsockname()[1] for free in sockets]
    for free in sockets:
        free.close()
    return ports


def measure(count: int, notebook: str, folder: Path) -> dict:
    """What a class of `count` waits for and takes when all run a notebook at once; medians and the worst."""
    names = [f"lenet-student-{number}" for number in range(count)]
    with accounts(names), running_hub(folder, LENET_EDU_ACCOUNTS="one") as address:
        students = admit(address, names)
        with ThreadPoolExecutor(count) as pool:
            each = list(pool.map(lambda student: run_notebook(student, notebook), students))
        clicks = wait_for_clicks(students[0], students[1:])
    return {
        "command": f"make bench-classroom ARGS='--students {count} --notebook {notebook}'",
        "date": time.strftime("%Y-%m-%d"),
        "cores": os.cpu_count(),
        "students": count,
        "notebook": notebook,
        "median": {key: round(statistics.median(one[key] for one in each), 3) for key in each[0]},
        "worst": {key: round(max(one[key] for one in each), 3) for key in each[0]},
        "seconds of a click": clicks,
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--students", type=int, default=13)
    parser.add_argument("--notebook", default="00_start_here.ipynb")
    options = parser.parse_args()
    with TemporaryDirectory() as folder:
        result = measure(options.students, options.notebook, Path(folder))
    print(json.dumps(result, indent=1))
    write_json(RESULTS, result)
    return 0


if __name__ == "__main__":
    sys.exit(main())
