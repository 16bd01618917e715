"""The command line: what it prints, what it leaves behind, and how it refuses."""

import json
import subprocess
import sys

import pytest
import torch
from PIL import Image, ImageDraw

from lenet_edu.cli.main import main
from lenet_edu.network import paper
from lenet_edu.network.architecture import MODERN
from lenet_edu.network.models import LeNet5
from lenet_edu.training.checkpoints import load_network, save_network
from lenet_edu.training.evaluation import accuracy

QUICK = ["train", "--data", "embedded", "--epochs", "1", "--device", "cpu", "--quiet"]


@pytest.fixture
def run(capsys):
    """Run a command that must succeed: what it printed."""

    def run(*arguments) -> str:
        assert main(list(map(str, arguments))) == 0, capsys.readouterr().err
        return capsys.readouterr().out

    return run


@pytest.fixture
def refused(capsys):
    """Run a command that must be refused: the one or two lines that say why."""

    def refused(*arguments) -> str:
        try:
            status = main(list(map(str, arguments)))
        except SystemExit as exit_:  # argparse's own way
            status = exit_.code
        said = capsys.readouterr()
        assert status == 2
        assert said.out == ""
        assert "Traceback" not in said.err
        assert 1 <= len(said.err.splitlines()) <= 2
        return said.err

    return refused


def last_object(text: str) -> dict:
    return json.loads(text.splitlines()[-1])


@pytest.fixture
def seven(tmp_path):
    """A picture file of a 7."""
    picture = Image.new("L", (80, 80), "white")
    ImageDraw.Draw(picture).line([(20, 15), (58, 15), (35, 68)], fill="black", width=6, joint="curve")
    picture.save(tmp_path / "seven.png")
    return tmp_path / "seven.png"


def test_ledger(run):
    text = run("ledger")
    assert "60,000" in text
    assert "340,908" in text
    assert "121,204" in run("ledger", "rgb")
    assert "2,416" in run("ledger", "--c3", "full")


def test_ledger_as_json(run):
    book = last_object(run("ledger", "modern", "--json"))
    assert book["totals"]["parameters"] == 61_706
    assert [row["name"] for row in book["rows"]] == ["C1", "S2", "C3", "S4", "C5", "F6", "OUTPUT"]
    rows = ",".join(["X" + "." * 15] * 6)
    assert last_object(run("ledger", "--c3", rows, "--json"))["rows"][2]["parameters"] == 6 * 25 + 16


def test_data(run, tmp_path):
    sources = last_object(run("data", "--no-fetch", "--folder", tmp_path, "--json"))["found"]
    assert [(item["state"], item["images"]) for item in sources] == [("missing", 0), ("found", 1797)]
    assert "LENET_EDU_OFFLINE" in run("data", "--folder", tmp_path)


@pytest.mark.slow
def test_train_evaluate_and_resume(run, refused, tmp_path):
    out = tmp_path / "run"
    result = last_object(run(*QUICK, "1998", "--seed", 3, "--scaling", "standard", "--out", out, "--json"))
    assert (result["parameters"], result["epochs"], result["seed"]) == (60_000, 1, 3)
    assert result["images_per_second"] > 0
    assert result["seconds"] > 0
    assert "CPU" in result["device"]
    assert result["data"].startswith("embedded")
    assert result["out"] == str(out)
    assert {path.name for path in out.iterdir()} == {
        ".lock",
        "best.safetensors",
        "last.safetensors",
        "state.safetensors",
        "history.jsonl",
        "run.json",
    }
    evaluated = last_object(run("evaluate", out / "best.safetensors", "--data", "embedded", "--json"))
    assert evaluated["accuracy"] == result["test_accuracy"]
    assert sum(map(sum, evaluated["confusion"])) == evaluated["images"]

    assert "already holds a run" in refused(*QUICK, "--out", out)
    assert "--epochs" in refused("train", "--resume", out, "--epochs", 4)
    resumed = last_object(run("train", "--resume", out, "--quiet", "--json"))
    assert resumed["test_accuracy"] == result["test_accuracy"]


@pytest.mark.slow
def test_runs_begun_at_once_get_folders_of_their_own(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("time.strftime", lambda *_: "2026-01-01-120000")
    outs = [last_object(run(*QUICK, "--json"))["out"] for _ in range(2)]
    assert len(set(outs)) == 2
    assert sorted(path.name for path in (tmp_path / "runs").iterdir()) == sorted(
        out.replace("\\", "/").split("/")[1] for out in outs
    )


@pytest.mark.slow
def test_a_warning_is_one_line(tmp_path):
    command = [sys.executable, "-m", "lenet_edu.cli", *QUICK, "--batch-size", "1", "--peak-rate", "0.15"]
    done = subprocess.run([*command, "--out", tmp_path / "run"], capture_output=True, text=True, check=True)
    said = done.stderr
    assert said.startswith("lenet-edu train: The network has learned nothing in 1 epochs")
    assert len(said.splitlines()) == 1


@pytest.mark.slow
def test_a_seed_decides_everything(run, tmp_path):
    for name in ("a", "b"):
        run(*QUICK, "--out", tmp_path / name)
    a, b = (load_network(tmp_path / name / "last.safetensors").state_dict() for name in ("a", "b"))
    assert all(torch.equal(a[name], b[name]) for name in a)


@pytest.mark.slow
def test_reproduce_trains_a_row_once_for_each_seed_and_goes_on(run, monkeypatch, tmp_path):
    out = tmp_path / "lenet-1"
    arguments = ("reproduce", "lenet-1-16x16", "--data", "embedded", "--seeds", "2", "--out", out)
    text = run(*arguments)
    result = last_object(run(*arguments, "--json"))  # done: only judged again
    assert [one["seed"] for one in result["runs"]] == [0, 1]
    errors = [one["error"] for one in result["runs"]]
    assert result["error"]["mean"] == pytest.approx(sum(errors) / 2, abs=1e-3)
    assert result["published"] == paper.PUBLISHED_ERRORS["LeNet-1, 16x16"]
    assert f"test error {result['error']['mean']} % +- {result['error']['deviation']} over 2 seeds" in text
    for seed, one in enumerate(result["runs"]):
        weights = out / f"seed-{seed}" / "network.safetensors"
        evaluated = last_object(run("evaluate", weights, "--data", "embedded", "--json"))
        assert 100 * evaluated["mistakes"] / evaluated["images"] == pytest.approx(one["error"], abs=1e-3)


@pytest.mark.slow
def test_reproduce_chooses_a_classical_rows_setting(run):
    result = last_object(run("reproduce", "k-nn-euclidean", "--data", "embedded", "--json"))
    assert result["published"] == paper.PUBLISHED_ERRORS["K-NN Euclidean"]
    assert 0 < result["runs"][0]["error"] < 10


@pytest.mark.slow
def test_predict(run, seven):
    text = run("predict", seven)
    assert f"{seven}: 7 at" in text
    predictions = last_object(run("predict", seven, seven, "--weights", "lenet5-1998", "--json"))[
        "predictions"
    ]
    assert [prediction["class"] for prediction in predictions] == [7, 7]
    assert sum(predictions[0]["probabilities"]) == pytest.approx(1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["ledger", "--subsampling", "median"], "subsampling must be one of trainable, average, max"),
        (["ledger", "--c3", "X,."], "6x16"),
        (["ledger", "vgg"], "invalid choice"),
        (["ledger", "rgb", "--c3", "full"], "c3"),
        ([*QUICK, "--recipe", "magic"], "recipe must be one of"),
        ([*QUICK, "--recipe", "tutorial"], "'tutorial' is for pictures in colour"),
        ([*QUICK, "--device", "tpu"], "cannot use the device 'tpu'"),
        ([*QUICK, "--batch-size", "0"], "batch_size must be"),
        ([*QUICK, "--epochs", "many"], "--epochs"),
        ([*QUICK, "--peak-rate", "nan"], "peak_rate must be"),
        ([*QUICK, "--seed", "-1"], "--seed must be"),
        ([*QUICK, "--scaling", "log"], "scaling must be one of"),
        (["train", "--data", "mnist"], "MNIST is not in"),
        (["train", "--resume", "nowhere"], "no run to resume"),
        (["evaluate", "lenet6"], "lenet5-1998"),
        (["evaluate", "gone.safetensors"], "No such file"),
        (["predict", "gone.png"], "could not be read"),
        (["reproduce", "lenet-6"], "There are: lenet-1989, lenet-1-16x16, lenet-4, lenet-5,"),
        (["reproduce", "lenet-5", "--seeds", "0"], "--seeds must be"),
        (["reproduce", "lenet-5", "--data", "mnist"], "MNIST is not in"),
        (["dance"], "dance"),
    ],
    ids=lambda value: " ".join(value[-2:]) if isinstance(value, list) else "",
)
def test_bad_arguments_are_refused_in_a_line(refused, arguments, message, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert message in refused(*arguments)
    assert not (tmp_path / "runs").exists()


def test_bad_files_are_refused_in_a_line(refused, tmp_path, seven):
    whole, cut, pickle = (tmp_path / f"{name}.safetensors" for name in ("whole", "cut", "pickle"))
    save_network(whole, LeNet5(**MODERN))
    cut.write_bytes(whole.read_bytes()[:-1])
    torch.save({}, pickle)
    (tmp_path / "blank.png").write_bytes(b"")
    (tmp_path / "file").write_text("in the way")
    assert "how its input was scaled" in refused("evaluate", whole)
    (tmp_path / "state.safetensors").write_bytes(whole.read_bytes())
    assert "is not a run's state: it lacks curve, data" in refused("train", "--resume", tmp_path)
    assert "not a whole safetensors file" in refused("evaluate", cut)
    assert "can run code" in refused("predict", seven, "--weights", pickle)
    assert "blank.png" in refused("predict", tmp_path / "blank.png")
    assert "could not be written" in refused(*QUICK, "--out", tmp_path / "file" / "run")


def test_divergence_is_refused_in_a_line(tmp_path, capsys):
    status = main([*QUICK, "--peak-rate", "1e9", "--out", str(tmp_path / "run")])
    said = capsys.readouterr().err
    assert status == 2
    assert "training has diverged" in said
    assert not (tmp_path / "run" / "best.safetensors").exists()


def test_an_interruption_says_so_and_has_its_own_status(monkeypatch, tmp_path, capsys):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("lenet_edu.training.loop.fit", interrupted)
    assert main([*QUICK, "--out", str(tmp_path / "run")]) == 130
    said = capsys.readouterr().err
    assert f"Stopped, and saved. To go on: lenet-edu train --resume {tmp_path}" in said
    assert said.endswith("\nlenet-edu train: interrupted.\n")


@pytest.mark.slow
def test_it_is_a_program_that_stops_quietly_when_nobody_reads_on():
    command = f"{sys.executable} -m lenet_edu.cli ledger | head -1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=True)
    assert done.stdout == "LeNet-5 1998\n"
    assert done.stderr == ""


@pytest.mark.slow
def test_defaults_reach_97_percent_on_the_embedded_digits(run, tmp_path):
    result = last_object(run("train", "--data", "embedded", "--quiet", "--out", tmp_path / "run", "--json"))
    assert result["test_accuracy"] >= 0.97


def test_defaults_reach_99_percent_on_mnist(mnist, tmp_path):
    from lenet_edu.training.loop import fit

    model = LeNet5(**MODERN)
    model.reset_parameters(torch.Generator().manual_seed(0))
    fit(model, mnist, progress=False)
    assert accuracy(model, mnist.test) >= 0.99
