"""JupyterHub for a class on one server; docs/classes.md leads from nothing to a running class.

    jupyterhub -f deploy/jupyterhub_config.py

Students sign up with a name and a password of their own, and the teacher lets them in. Each has an account
and a home of the system's that no other student can read, and copies of the notebooks in it. The suite and
its data are read-only and the same for all. A hub that does not run as root cannot make accounts:
its students share one, for trying only, since they could read each other's files. What follows can be set in
the environment:

    LENET_EDU_TEACHERS   names of those who may let students in and stop servers, with commas (teacher)
    LENET_EDU_HUB        folder for the hub's database and secrets (the current one)
    LENET_EDU_DATA       folder with MNIST and CatAndDog, read by all (data/ in the clone)
    LENET_EDU_ACCOUNTS   "one": students share the hub's account, for trying only
    LENET_EDU_MEMORY     at most so much for each student, where systemd runs (1G)
    LENET_EDU_CORES      at most so many cores for each student (2)
    LENET_EDU_IDLE       seconds after which a server that nobody uses is stopped (3600)
"""

import os
import sys
from pathlib import Path
from runpy import run_path

c = get_config()  # noqa: F821  JupyterHub gives it

CLONE = Path(__file__).resolve().parents[1]
HUB = Path(os.environ.get("LENET_EDU_HUB", ".")).resolve()
TEACHERS = set(os.environ.get("LENET_EDU_TEACHERS", "teacher").split(","))
MEMORY = os.environ.get("LENET_EDU_MEMORY", "1G")
CORES = int(os.environ.get("LENET_EDU_CORES", "2"))
IDLE = int(os.environ.get("LENET_EDU_IDLE", "3600"))

# Who: names and passwords of their own, kept as salted hashes; whoever has signed up waits for the teacher.
c.JupyterHub.authenticator_class = "native"
c.Authenticator.admin_users = TEACHERS
c.Authenticator.allow_all = True  # of those whom the teacher has let in
c.NativeAuthenticator.minimum_password_length = 8
c.NativeAuthenticator.check_common_password = True
c.NativeAuthenticator.allowed_failed_logins = 5

# Where: the hub's own files are its user's alone.
os.umask(0o077)
HUB.mkdir(parents=True, exist_ok=True)
c.JupyterHub.db_url = f"sqlite:///{HUB / 'jupyterhub.sqlite'}"
c.NativeAuthenticator.firstuse_db_path = str(HUB / "passwords.dbm")
c.JupyterHub.cookie_secret_file = str(HUB / "cookie_secret")
c.ConfigurableHTTPProxy.pid_file = str(HUB / "proxy.pid")

# What: a copy of the notebooks, and JupyterLab on 00. systemd holds each student to memory and cores.
create_account = run_path(str(Path(__file__).with_name("accounts.py")))["create_account"]
has_accounts = os.geteuid() == 0 and os.environ.get("LENET_EDU_ACCOUNTS") != "one"
has_systemd = has_accounts and Path("/run/systemd/system").is_dir()
c.JupyterHub.spawner_class = "systemd" if has_systemd else "localprocess" if has_accounts else "simple"
if has_accounts:
    c.Spawner.pre_spawn_hook = lambda spawner: create_account(spawner.user.name)
else:
    c.SimpleLocalProcessSpawner.home_dir_template = str(HUB / "homes" / "{username}")
if has_systemd:
    c.SystemdSpawner.mem_limit = MEMORY
    c.SystemdSpawner.cpu_limit = float(CORES)
    c.SystemdSpawner.disable_user_sudo = True
    c.SystemdSpawner.isolate_tmp = True
    c.SystemdSpawner.username_template = "{USERNAME}"
    c.SystemdSpawner.readonly_paths = [str(CLONE)]
c.Spawner.cmd = [sys.executable, str(Path(__file__).with_name("student_server.py"))]
c.Spawner.notebook_dir = "~/lenet-edu"  # no name of a package: Python in the home would take it for one
c.Spawner.default_url = "/lab/tree/00_start_here.ipynb"
c.Spawner.start_timeout = 120
c.Spawner.http_timeout = 120
c.Spawner.environment = {
    "LENET_EDU_DATA": os.environ.get("LENET_EDU_DATA", str(CLONE / "data")),
    "OMP_NUM_THREADS": str(CORES),
}

# Until: a server that nobody uses ends; what was saved in it stays.
c.JupyterHub.load_roles = [
    {
        "name": "stop-idle-servers",
        "scopes": ["list:users", "read:users:activity", "read:servers", "delete:servers"],
        "services": ["idle"],
    }
]
c.JupyterHub.services = [
    {"name": "idle", "command": [sys.executable, "-m", "jupyterhub_idle_culler", f"--timeout={IDLE}"]}
]
