"""The bench: contenders learn and time themselves, figures are computed rightly, the page says what was
measured.
"""

import time
from importlib.util import find_spec
from pathlib import Path

import pytest
import torch

from bench import colour, contenders, page, profiling, speed, summaries, updates
from lenet_edu.network.architecture import MODERN
from lenet_edu.network.models import LeNet5, RGBLeNet
from lenet_edu.system.files import read_json
from lenet_edu.training import loop
from lenet_edu.training.recipes import Recipe

BENCH = Path(__file__).parents[1] / "bench"

NEEDS_RESOURCE = pytest.mark.skipif(
    find_spec("resource") is None,
    reason="Windows cannot tell a process its peak memory: run this elsewhere",
)

RESULTS = sorted(BENCH.glob("results/training-*.json"))


@pytest.mark.slow
@NEEDS_RESOURCE
def test_ours_learns_and_counts_no_looks(few, monkeypatch):
    looking = []

    def slow(model, split):
        looking.append(1)
        return real(model, split)

    # Each look puts the clock forward by an hour.
    real, clock = contenders.accuracy, time.perf_counter
    for module in (time, loop):
        monkeypatch.setattr(module, "perf_counter", lambda: clock() + 3600 * len(looking))
    monkeypatch.setattr(contenders, "accuracy", slow)
    monkeypatch.setattr(contenders, "load_digits", lambda source: few)
    monkeypatch.setattr(contenders, "WARM_UP", 2)
    run = contenders.ours(0, "cpu", Recipe("test", epochs=10, batch_size=16, peak_rate=0.05))
    assert run["accuracy"] > 0.3
    assert [images for _, images, _ in run["marks"]] == sorted({images for _, images, _ in run["marks"]})
    assert len(run["marks"]) == 10 * contenders.LOOKS
    assert run["marks"][-1][1] == 1600
    assert 0 < run["training_seconds"] < 3600
    assert run["images_per_second"] > 0 < run["cold"]["first_step"]
    assert run["peak_mib"] > 100


@pytest.mark.slow
@NEEDS_RESOURCE
def test_a_peer_learns_and_looks_four_times_an_epoch(few, monkeypatch):
    torch.manual_seed(0)
    monkeypatch.setattr(contenders, "WARM_UP", 2)
    data = torch.utils.data.TensorDataset(few.train.images, few.train.labels)
    loader = torch.utils.data.DataLoader(data, 16, shuffle=True)
    model = LeNet5(**MODERN)
    clock = contenders.peer(loader, model, *contenders._tutorials(model), few.test, 12, torch.device("cpu"))
    assert clock.marks[-1][2] > 0.3
    assert [images for _, images, _ in clock.marks[:5]] == [48, 80, 128, 160, 208]
    seconds = [mark[0] for mark in clock.marks]
    assert seconds == sorted(seconds)
    assert len(clock.speeds) == 12
    assert clock.first_step < seconds[0]


def test_every_contender_can_be_called():
    by_name = contenders.contenders()
    assert {
        "ours, sprint",
        "ours, batches of 32",
        "the tutorial's way, 2 workers",
        "an example script",
    } <= set(by_name)
    assert set(speed.SEEDS) < set(by_name)
    assert contenders.THREADS in by_name


def test_operations_are_the_ledgers():
    """Forward, and back to weights and to inputs: two operations for each multiply-add; no gradient of the
    image.
    """
    adds = {"C1": 117_600, "C3": 240_000, "C5": 48_000, "F6": 10_080, "OUTPUT": 840}
    wanted = 2 * (3 * sum(adds.values()) - adds["C1"])
    assert profiling.flops(LeNet5(**MODERN)) == pytest.approx(wanted, rel=0.001)


def test_shares_are_parts_of_the_whole():
    shares = profiling.shares({"aten::mkldnn_convolution": 6.0, "aten::addmm": 3.0, "something": 1.0})
    assert shares["convolutions"] == 0.6
    assert shares["matrix products (C5, F6, OUTPUT)"] == 0.3
    assert shares["the rest"] == 0.1
    assert sum(shares.values()) == pytest.approx(1)


def test_seconds_to_a_mark_are_those_of_the_first_time():
    run = {"marks": [[1.0, 10, 0.97], [2.0, 20, 0.991], [3.0, 30, 0.989], [4.0, 40, 0.992]]}
    assert [summaries.seconds_to(run, mark) for mark in (0.9, 0.99, 0.995)] == [1.0, 2.0, None]


@pytest.mark.parametrize(
    ("times", "text"),
    [
        ([3.0, 1.0, 2.0], "2.0 s"),
        ([1.0, 2.0], "1.5 s"),
        ([1.0, None, 3.0], "3.0 s (2 of 3)"),
        ([1.0, None], "not reached (1 of 2)"),
        ([None, None], "not reached"),
    ],
)
def test_what_was_not_reached_counts_as_slowest(times, text):
    assert summaries.describe_times(times) == text


def test_a_result_takes_the_place_of_an_earlier_one_of_the_same_run(tmp_path):
    run = {"contender": "a", "seed": 0, "one_thread": False, "images_per_second": 1}
    record = {"runs": []}
    for repeat in (run, {**run, "seed": 1}, {**run, "images_per_second": 2}):
        speed.write_run(record, tmp_path / "record.json", repeat)
    saved = read_json(tmp_path / "record.json")["runs"]
    assert [(one["seed"], one["images_per_second"]) for one in saved] == [(0, 2), (1, 1)]


@pytest.mark.parametrize("path", RESULTS, ids=lambda path: path.stem)
def test_results_are_whole(path):
    record = read_json(path)
    assert {"cpu", "cores", "gpu", "python", "torch", "date", "system"} <= record["machine"].keys()
    assert record["command"] == ("make bench" if path.stem.endswith("cpu") else "make bench-gpu")
    assert {run["contender"] for run in record["runs"]} == set(contenders.contenders())
    for name, seeds in speed.SEEDS.items():
        assert [run["seed"] for run in record["runs"] if run["contender"] == name] == list(range(seeds))
    assert 0 < record["profile"]["gflops_reached"] < record["profile"]["gflops_limit"]


def test_the_page_is_what_the_results_say():
    assert (BENCH.parent / "docs" / "speed.md").read_text(encoding="utf-8") == page.page()
    assert RESULTS


@pytest.mark.slow
def test_both_ways_read_every_picture_and_train_the_same_network(tmp_path):
    from PIL import Image

    for split, count in (("train", 40), ("val", 8)):
        for name in ("cat", "dog"):
            (tmp_path / split / name).mkdir(parents=True)
            for number in range(count):
                Image.new("RGB", (32, 32), (number, 90, 10)).save(tmp_path / split / name / f"{number}.png")
    readers = colour.loaders(tmp_path, 0)
    assert colour.read_all(readers) == 96
    data = colour.load_images(tmp_path, cache=tmp_path / "cache", held_out=False, progress=False)
    assert colour.take_all(data) == 96
    tutorial = colour.Tutorial(tmp_path, 0)
    before = [parameter.clone() for parameter in tutorial.model.parameters()]
    tutorial.epoch()
    assert not any(map(torch.equal, before, tutorial.model.parameters()))
    assert [p.shape for p in tutorial.model.parameters()] == [p.shape for p in RGBLeNet().parameters()]
    images, _ = next(iter(readers["train"]))
    assert (images.shape[1:], images.min() >= -1, images.max() <= 1) == ((3, 32, 32), True, True)
    assert colour.ours(data) > 0


def test_the_section_on_pictures_computes_its_ratios():
    record = {
        "files": 12000,
        "training_pictures": 10000,
        "cores": 2,
        "torch": "2",
        "date": "today",
        "first_start": 6.0,
        "second_start": 1.0,
        "reading": {"tutorial, 0 workers": 8.0, "tutorial, 2 workers": 5.0, "ours": 0.1},
        "training": {"tutorial, 0 workers": 12.0, "tutorial, 2 workers": 6.0, "ours": 2.0},
    }
    text = colour.section(record)
    assert "| ours | 0.10 s | 80.0x | 2.00 s | 6.0x |" in text
    assert "3.0x as fast as the tutorial's script with the better number of workers" in text.replace(
        "\n", " "
    )


@pytest.mark.slow
def test_updates_are_timed_either_way_and_compared(monkeypatch):
    monkeypatch.setattr(updates, "UPDATES", {"compiled": 30, "torch": 10})
    monkeypatch.setattr(updates, "NETWORKS", {"LeNet-1": updates.LeNet1})
    monkeypatch.setattr(updates, "ROUNDS", 1)
    record = updates.measure()
    assert record["milliseconds"]["LeNet-1"].keys() == {"compiled", "torch"}
    record["milliseconds"]["LeNet-1"] = {"compiled": 0.1, "torch": 0.5}
    passes = sum(passes for _, passes in updates.paper.GLOBAL_RATES)
    assert f"| LeNet-1 | 0.100 ms | 0.500 ms | 5.0x | {0.1 * passes:.1f} min |" in updates.section(record)
