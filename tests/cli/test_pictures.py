"""The command line on colour pictures: train, resume, evaluate and predict, by the names of their classes."""

import json
import shutil

import pytest
import torch
from PIL import Image

from lenet_edu.cli.main import main
from lenet_edu.data.picture_sets import draw_shapes
from lenet_edu.training.checkpoints import load_network
from lenet_edu.training.runs import load_run

TRAIN = ["train", "rgb", "--epochs", "2", "--device", "cpu", "--quiet", "--json"]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Crosses, discs and rings as files, 20 and 4 of each, and one that is no picture."""
    monkeypatch.setenv("LENET_EDU_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    shapes, root = draw_shapes(60), tmp_path / "shapes"
    pixels = ((shapes.train.images + 1) * 127.5).round().byte().permute(0, 2, 3, 1).numpy()
    for split, first, last in (("train", 0, 40), ("val", 40, 48)):
        for label, name in enumerate(("cross", "disc", "ring")):
            (root / split / name).mkdir(parents=True)
            for i in range(first, last):
                if shapes.train.labels[i] == label % 2:
                    Image.fromarray(pixels[i]).save(root / split / name / f"{i}.png")
    (root / "train" / "disc" / "notes.txt").write_text("no picture")
    return root


@pytest.fixture
def run(capsys):
    """Run a command that must succeed: the last line as JSON, or all that was printed."""

    def run(*arguments):
        assert main(list(map(str, arguments))) == 0, capsys.readouterr().err
        said = capsys.readouterr()
        return json.loads(said.out.splitlines()[-1]) if "--json" in arguments else said.out

    return run


@pytest.fixture
def trained(folder, run, tmp_path):
    """The folder of a finished run on the three classes."""
    with pytest.warns(UserWarning, match=r"notes\.txt"):
        run(*TRAIN, "--images", folder, "--out", tmp_path / "run")
    return tmp_path / "run"


def refused(capsys, *arguments) -> str:
    assert main(list(map(str, arguments))) == 2
    return capsys.readouterr().err


def test_training_takes_its_classes_from_the_folder(folder, run, tmp_path):
    with pytest.warns(UserWarning, match=r"notes\.txt"):
        result = run(*TRAIN, "--images", folder, "--recipe", "tutorial", "--out", tmp_path / "run")
    model = load_network(tmp_path / "run" / "best.safetensors")
    assert model.architecture.config == {"network": "rgb", "classes": 3, "f7": True}
    assert model.notes["classes"] == ["cross", "disc", "ring"]
    assert str(tmp_path) not in json.dumps(model.notes)
    assert result["recipe"]["vertical_flip"] == 0.5
    assert result["tested"] == "best"
    assert len((tmp_path / "run" / "history.jsonl").read_text().splitlines()) == 2


@pytest.mark.slow
def test_without_f7_and_with_all_training_pictures(folder, run, tmp_path):
    (folder / "train" / "disc" / "notes.txt").unlink()
    arguments = ("--without-f7", "--train-on-all", "--images", folder, "--out", tmp_path / "run")
    result = run(*TRAIN, *arguments)
    assert result["parameters"] < 121_204
    # The best epoch was chosen by the test pictures: the last one is what is reported.
    assert result["tested"] == "last"
    last = run("evaluate", tmp_path / "run" / "last.safetensors", "--images", folder, "--json")
    assert last["accuracy"] == result["test_accuracy"]
    held = ("--images", folder, "--split", "validation", "--json")
    assert run("evaluate", tmp_path / "run" / "last.safetensors", *held)["images"] == last["images"]
    resumed, _, notes = load_run(tmp_path / "run")
    assert resumed.images == 60
    assert notes["state_of"]["f7"] is False


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*notes.txt")
def test_a_run_goes_on_with_the_same_pictures_wherever_they_are(folder, run, trained, capsys):
    evaluated = run("evaluate", trained / "best.safetensors", "--images", folder, "--json")
    moved = folder.rename(folder.with_name("moved"))
    assert "is no folder" in refused(capsys, "train", "--resume", trained)
    resumed = run("train", "--resume", trained, "--images", moved, "--quiet", "--json")
    assert resumed["test_accuracy"] == evaluated["accuracy"]
    shutil.rmtree(moved / "train" / "ring")
    (moved / "train" / "ring").mkdir()
    shutil.copy(next((moved / "train" / "disc").glob("*.png")), moved / "train" / "ring" / "a.png")
    assert "no longer holds the same pictures" in refused(
        capsys, "train", "--resume", trained, "--images", moved
    )
    message = refused(capsys, "train", "--resume", trained, "--train-on-all", "--without-f7")
    assert "leave out --without-f7, --train-on-all" in message


@pytest.mark.filterwarnings("ignore:.*notes.txt")
def test_a_run_with_a_relative_folder_goes_on_from_any_folder(folder, run, tmp_path, monkeypatch):
    result = run(*TRAIN, "--images", folder.relative_to(tmp_path), "--out", tmp_path / "run")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    resumed = run("train", "--resume", tmp_path / "run", "--quiet", "--json")
    assert resumed["test_accuracy"] == result["test_accuracy"]


@pytest.mark.filterwarnings("ignore:.*notes.txt")
def test_evaluating_names_the_classes(folder, run, trained, capsys):
    text = run("evaluate", trained / "best.safetensors", "--images", folder)
    assert "cross  disc  ring" in text.replace("   ", "  ")
    message = refused(capsys, "evaluate", trained / "best.safetensors")
    assert "knows cross, disc, ring; the data has cross, ring" in message


@pytest.mark.slow
def test_predicting_takes_files_and_folders(folder, run, trained, tmp_path, capsys):
    weights = trained / "best.safetensors"
    one = next((folder / "val" / "disc").iterdir())
    (prediction,) = run("predict", one, "--weights", weights, "--json")["predictions"]
    assert prediction["actual"] == "disc"
    assert prediction["class"] in ("cross", "disc", "ring")
    assert prediction["probability"] == max(prediction["probabilities"])

    plot = tmp_path / "plot.png"
    result = run("predict", folder, "--weights", weights, "--plot", plot, "--json")
    assert len(result["predictions"]) == 72
    assert [name.endswith("notes.txt") for name, _ in result["left_out"]] == [True]
    assert result["accuracy"] == sum(
        prediction["class"] == prediction["actual"] for prediction in result["predictions"]
    ) / len(result["predictions"])
    with Image.open(plot) as drawn:
        assert min(drawn.size) > 300

    elsewhere = tmp_path / "elsewhere.png"
    shutil.copy(one, elsewhere)
    assert run("predict", elsewhere, "--weights", weights, "--json")["predictions"][0]["actual"] is None
    bad = folder / "train" / "disc" / "notes.txt"
    assert "damaged, or no picture" in refused(capsys, "predict", bad, "--weights", weights)
    assert "no pictures" in refused(capsys, "predict", trained, "--weights", weights)
    assert "ends in .png" in refused(capsys, "predict", one, "--weights", weights, "--plot", "a.docx")


@pytest.mark.slow
def test_evaluated_and_predicted_agree(folder, run, trained):
    with pytest.warns(UserWarning, match=r"notes\.txt"):
        evaluated = run("evaluate", trained / "best.safetensors", "--images", folder, "--json")
    predicted = run("predict", folder / "val", "--weights", trained / "best.safetensors", "--json")
    assert predicted["accuracy"] == evaluated["accuracy"]


@pytest.mark.slow
def test_without_pictures_it_trains_on_drawn_shapes_and_says_so(run, tmp_path, capsys):
    assert main([*TRAIN, "--out", str(tmp_path / "run")]) == 0
    said = capsys.readouterr()
    assert "They are no animals." in said.err
    again = run("train", "--resume", tmp_path / "run", "--quiet", "--json")
    assert again["data"] == "drawn shapes"
    assert again["test_accuracy"] == json.loads(said.out.splitlines()[-1])["test_accuracy"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train", "modern", "--images", "x"], "for colour pictures"),
        (["train", "modern", "--train-on-all"], "for colour pictures"),
        (["train", "modern", "--without-f7"], "no such switch"),
        (["train", "rgb", "--data", "mnist"], "takes --images DIR"),
        (["train", "rgb", "--scaling", "standard"], "takes --images DIR"),
        (["train", "rgb", "--images", "nowhere"], "nowhere is no folder"),
        (["train", "rgb", "--c3", "full"], "no such switch"),
    ],
)
def test_options_of_the_other_kind_are_refused(capsys, arguments, message, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert message in refused(capsys, *arguments)
    assert not list(tmp_path.iterdir())


def test_weights_of_pictures_do_not_read_digits(trained, run, tmp_path):
    Image.new("L", (28, 28), 255).save(tmp_path / "digit.png")
    (prediction,) = run(
        "predict", tmp_path / "digit.png", "--weights", trained / "best.safetensors", "--json"
    )["predictions"]
    assert prediction["class"] in ("cross", "disc", "ring")
    assert torch.tensor(prediction["probabilities"]).sum().item() == pytest.approx(1)
