"""Changes of digits against torch's own operations; errors against a loop; the record and its figure."""

import sys
from dataclasses import replace

import matplotlib
import pytest
import torch
import torch.nn.functional as F

from lenet_edu import plots
from lenet_edu.data.splits import PAPER_SCALING, Scaling, Source, Split, crop, pad
from lenet_edu.network import paper
from lenet_edu.network.models import LeNet1, LeNet5, fingerprint
from lenet_edu.reproduction.robustness import AMOUNTS, STILL, change, errors_by_amount, errors_on_record
from lenet_edu.system.errors import LenetError
from lenet_edu.system.files import read_json
from lenet_edu.training.checkpoints import load_network, shipped_names
from results import recording
from results import robustness as script

matplotlib.use("agg")

PAPER, INK = PAPER_SCALING.background, PAPER_SCALING.ink
TOLERANCE = {"atol": 1e-4, "rtol": 0}


@pytest.fixture
def images(seeded) -> torch.Tensor:
    """Random ink that fills the frame to its edges, so that nothing can be lost unnoticed."""
    return PAPER_SCALING.apply(torch.rand(3, 1, 32, 32, generator=seeded))


# Changes


def test_no_change_gives_the_images_back_exactly(images):
    assert torch.equal(change(images), images)
    for kind, still in STILL.items():
        assert torch.equal(change(images, **{kind: still}), images)
    assert torch.equal(change(images, **STILL), images)


@pytest.mark.parametrize("quarters", [-1, 1, 2, 3])
def test_quarters_of_a_turn_are_torchs_anticlockwise(images, quarters):
    turned = change(images, rotation=90.0 * quarters)
    torch.testing.assert_close(turned, images.rot90(quarters, (2, 3)), **TOLERANCE)


@pytest.mark.parametrize("pixels", [-15, -1, 1, 6, 20])
def test_whole_pixels_are_a_roll_that_leaves_paper_behind(images, pixels):
    wanted = images.roll(pixels, 2)
    if pixels > 0:
        wanted[:, :, :pixels] = PAPER
    else:
        wanted[:, :, pixels:] = PAPER
    torch.testing.assert_close(change(images, shift=pixels / paper.GLYPH_SIZE), wanted, **TOLERANCE)


def test_twice_as_large_is_torchs_interpolation_in_the_middle(images):
    wanted = crop(F.interpolate(images, scale_factor=2, mode="bilinear"), 32)
    torch.testing.assert_close(change(images, scale=2), wanted, **TOLERANCE)


def test_half_as_large_is_the_mean_of_four_amid_paper(images):
    wanted = pad(F.avg_pool2d(images, 2), PAPER)
    torch.testing.assert_close(change(images, scale=0.5), wanted, **TOLERANCE)


def test_a_digit_is_scaled_and_turned_where_it_stands_and_then_shifted(images):
    wanted = images
    for one in ({"scale": 0.5}, {"rotation": 90.0}, {"shift": -0.35}):
        wanted = change(wanted, **one)
    torch.testing.assert_close(change(images, scale=0.5, rotation=90.0, shift=-0.35), wanted, **TOLERANCE)


@pytest.mark.parametrize("changes", [{"scale": 0.3}, {"shift": 0.71}, {"rotation": 33.0}])
@pytest.mark.parametrize("size", [28, 32])
def test_what_comes_in_from_outside_is_paper(changes, size):
    levels = Scaling("other", -0.5, 2.0)
    blank = torch.full((2, 1, size, size), -0.5)
    torch.testing.assert_close(change(blank, levels, **changes), blank)


@pytest.mark.parametrize("share", [0.05, 0.3, 0.6])
def test_noise_sets_half_its_share_to_white_and_half_to_black(share):
    grey = torch.full((50, 1, 32, 32), 0.5)
    noisy = change(grey, noise=share)
    for level in (PAPER, INK):
        assert (noisy == level).float().mean().item() == pytest.approx(share / 2, abs=0.01)
    assert (noisy == 0.5).float().mean().item() == pytest.approx(1 - share, abs=0.01)
    assert not torch.equal(noisy[0], noisy[1])


def test_all_noise_leaves_nothing_of_the_digits(images):
    assert set(change(images, noise=1).unique().tolist()) == set(torch.tensor([PAPER, INK]).tolist())


def test_more_noise_adds_to_less(images):
    less, more = change(images, noise=0.2), change(images, noise=0.4)
    hit = less != images
    assert torch.equal(more[hit], less[hit])
    assert (more != images).sum() > 1.7 * hit.sum()


def test_a_seed_means_the_same_noise_and_torchs_own_numbers_are_left_alone(images):
    def drawn(seed):
        return change(images, noise=0.2, generator=torch.Generator().manual_seed(seed))

    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)
    assert torch.equal(drawn(0), change(images, noise=0.2))
    assert not torch.equal(drawn(0), drawn(1))
    assert torch.equal(torch.rand(3), expected)


def test_noise_comes_last_and_is_not_blurred(images):
    moved = change(images, rotation=20.0)
    noisy = change(images, rotation=20.0, noise=0.3)
    hit = noisy != moved
    assert set(noisy[hit].unique().tolist()) == set(torch.tensor([PAPER, INK]).tolist())


def test_the_images_given_are_left_as_they_are(images):
    before = images.clone()
    change(images, scale=1.3, shift=0.1, rotation=9, noise=0.5)
    assert torch.equal(images, before)


@pytest.mark.parametrize(
    ("given", "changes", "message"),
    [
        (torch.rand(2, 3, 32, 32), {}, r"\(N, 1, size, size\); got \(2, 3, 32, 32\)"),
        (torch.rand(1, 32, 32), {}, r"got \(1, 32, 32\)"),
        (torch.rand(2, 1, 32, 28), {"noise": 0.1}, r"got \(2, 1, 32, 28\)"),
        (torch.zeros(2, 1, 32, 32, dtype=torch.uint8), {}, "of floats, .* got torch.uint8"),
        (torch.rand(2, 1, 32, 32), {"scale": 0}, "scale must be a number above 0; got 0"),
        (torch.rand(2, 1, 32, 32), {"scale": float("inf")}, "scale must be"),
        (torch.rand(2, 1, 32, 32), {"shift": float("nan")}, "shift must be a finite number; got nan"),
        (torch.rand(2, 1, 32, 32), {"rotation": "30"}, "rotation must be a finite number; got '30'"),
        (torch.rand(2, 1, 32, 32), {"noise": -0.1}, "noise must be a share .* from 0 to 1; got -0.1"),
        (torch.rand(2, 1, 32, 32), {"noise": 1.5}, "noise must be a share"),
    ],
)
def test_what_cannot_be_changed_is_refused(given, changes, message):
    with pytest.raises(LenetError, match=message):
        change(given, **changes)


# Errors


@pytest.mark.slow
def test_errors_are_those_of_a_loop_over_the_digits(network, few):
    amounts = (0.0, 25.0, 70.0)
    wanted = []
    for amount in amounts:
        wrong = [
            network.classes_of(change(image[None], rotation=amount)).item() != label
            for image, label in zip(few.test.images, few.test.labels.tolist(), strict=True)
        ]
        wanted.append(100 * sum(wrong) / len(wrong))
    assert errors_by_amount(network, few.test, "rotation", amounts) == pytest.approx(wanted)
    assert wanted[0] < wanted[1] < wanted[2]


@pytest.mark.slow
def test_without_amounts_all_are_measured_and_again_with_the_same_noise(network, few):
    first = errors_by_amount(network, few.test, "noise")
    assert len(first) == len(AMOUNTS["noise"])
    assert first == errors_by_amount(network, few.test, "noise")
    assert first[0] < first[-1]


def test_errors_are_refused_for_what_does_not_fit(network, few):
    with pytest.raises(LenetError, match="A change must be one of scale, shift, rotation, noise; got 'blur'"):
        errors_by_amount(network, few.test, "blur")
    with pytest.raises(LenetError, match="reads images of"):
        errors_by_amount(network, Split(crop(few.test.images, 28), few.test.labels), "scale")
    with pytest.raises(LenetError, match="scale must be a number above 0; got -1"):
        errors_by_amount(network, few.test, "scale", [1.0, -1])


def test_what_is_measured_reaches_beyond_the_papers_estimate():
    assert set(AMOUNTS) == set(STILL)
    for kind, amounts in AMOUNTS.items():
        assert list(amounts) == sorted(amounts)
        assert STILL[kind] in amounts
    for kind, most in paper.ROBUST_UP_TO.items():
        least = 1 / most if kind == "scale" else -most
        assert min(AMOUNTS[kind]) < least
        assert max(AMOUNTS[kind]) > most
        assert {least, most} <= set(AMOUNTS[kind])
    assert all((amount * paper.GLYPH_SIZE) % 1 == pytest.approx(0) for amount in AMOUNTS["shift"])


# results/robustness.py


@pytest.fixture
def at_work(few, monkeypatch, tmp_path):
    """The script at work on a few digits, as if they were MNIST: networks, amounts, what it measures."""
    models = {"large": LeNet5(), "other": LeNet5(), "small": LeNet1()}
    amounts = {"scale": (0.5, 1.0), "noise": (0.0, 0.2)}
    monkeypatch.setattr(script, "FILE", tmp_path / "robustness.json")
    monkeypatch.setattr(recording, "load_digits", lambda: replace(few, source=Source("mnist")))
    monkeypatch.setattr(script, "shipped_names", lambda: sorted(models))
    monkeypatch.setattr(script, "load_network", models.__getitem__)
    monkeypatch.setattr(script, "AMOUNTS", amounts)
    monkeypatch.setattr(sys, "argv", ["robustness.py"])
    measured = []

    def spy(model, split, kind, **rest):
        measured.append((next(name for name, one in models.items() if one is model), kind))
        return errors_by_amount(model, split, kind, amounts[kind], **rest)

    monkeypatch.setattr(script, "errors_by_amount", spy)
    return models, amounts, measured


@pytest.mark.slow
def test_networks_are_measured_once_and_those_of_another_size_left_out(at_work, few, capsys):
    models, amounts, measured = at_work
    script.main()
    assert measured == [(name, kind) for name in ("large", "other") for kind in ("scale", "noise")]
    assert (
        "small reads images of (1, 28, 28), and these are (1, 32, 32): left out." in capsys.readouterr().out
    )
    experiments = read_json(script.FILE)["experiments"]
    assert list(experiments) == ["large", "other"]
    for name, entry in experiments.items():
        assert entry["weights"] == fingerprint(models[name])
        for kind, curve in entry["changes"].items():
            assert curve["amounts"] == list(amounts[kind])
            wanted = errors_by_amount(models[name], few.test, kind, amounts[kind])
            assert curve["errors"] == pytest.approx(wanted, abs=1e-3)
    measured.clear()
    script.main()
    assert measured == []


@pytest.mark.slow
def test_other_weights_and_other_amounts_are_measured_anew(at_work):
    models, amounts, measured = at_work
    script.main()
    measured.clear()
    models["other"] = LeNet5()
    amounts["noise"] = (0.0, 0.3)
    script.main()
    assert measured == [("large", "noise"), ("other", "scale"), ("other", "noise")]
    assert read_json(script.FILE)["experiments"]["other"]["weights"] == fingerprint(models["other"])


@pytest.mark.slow
def test_what_is_no_longer_shipped_is_forgotten_and_only_what_is_named_is_measured(at_work, monkeypatch):
    models, _, measured = at_work
    script.main()
    measured.clear()
    del models["other"]
    models["large"] = LeNet5()
    models["more"] = LeNet5()
    monkeypatch.setattr(sys, "argv", ["robustness.py", "more"])
    script.main()
    assert {name for name, _ in measured} == {"more"}
    assert list(read_json(script.FILE)["experiments"]) == ["large", "more"]


def test_nothing_is_measured_without_mnist(at_work, few, monkeypatch, capsys):
    monkeypatch.setattr(recording, "load_digits", lambda: replace(few, note="No MNIST."))
    with pytest.raises(SystemExit) as ended:
        script.main()
    assert ended.value.code == 2
    assert "No MNIST." in capsys.readouterr().err
    assert not script.FILE.exists()


RECORD = read_json(script.FILE)
READ = [name for name in shipped_names() if load_network(name).architecture.input.size == paper.IMAGE_SIZE]


def test_the_record_is_of_the_networks_that_are_shipped():
    assert list(RECORD["experiments"]) == READ
    assert RECORD["digits"] == {"test": 10_000}
    assert (RECORD["data"], RECORD["command"]) == ("MNIST", "python -m results.robustness")
    assert {"python", "torch"} <= RECORD["versions"].keys()


@pytest.mark.parametrize("name", READ)
def test_the_record_is_of_the_weights_and_amounts_as_they_stand(name):
    entry, model = RECORD["experiments"][name], load_network(name)
    assert entry["network"] == model.architecture.name
    assert entry["weights"] == fingerprint(model), "measure it: python -m results.robustness"
    assert list(entry["changes"]) == list(AMOUNTS)
    unchanged = set()
    for kind, curve in entry["changes"].items():
        assert curve["amounts"] == list(AMOUNTS[kind])
        assert len(curve["errors"]) == len(curve["amounts"])
        unchanged.add(curve["errors"][curve["amounts"].index(STILL[kind])])
        assert min(curve["errors"]) > 0
        # An end of each slider is misread more often than what is not changed.
        assert curve["errors"][-1] > 5 * min(curve["errors"])
    assert len(unchanged) == 1


@pytest.mark.parametrize("name", READ)
def test_a_cell_of_the_record_comes_out_again(name, mnist):
    curve = RECORD["experiments"][name]["changes"]["rotation"]
    place = curve["amounts"].index(paper.ROBUST_UP_TO["rotation"])
    (error,) = errors_by_amount(load_network(name), mnist.test, "rotation", [curve["amounts"][place]])
    assert error == pytest.approx(curve["errors"][place], abs=0.05)


# plots.robustness


@pytest.mark.slow
def test_the_figure_has_a_panel_a_change_and_a_line_a_network():
    figure = plots.robustness(errors_on_record(RECORD))
    figure.draw_without_rendering()
    for axis, kind in zip(figure.axes, AMOUNTS, strict=True):
        assert axis.get_title() == kind.capitalize()
        lines = {line.get_label(): line.get_xydata().T.tolist() for line in axis.lines}
        assert lines == {
            name: [entry["changes"][kind]["amounts"], entry["changes"][kind]["errors"]]
            for name, entry in RECORD["experiments"].items()
        }
        low, high = axis.get_ylim()
        assert all(low < error < high for _, errors in lines.values() for error in errors)
    legend = [text.get_text() for text in figure.legends[0].texts]
    assert legend == [*RECORD["experiments"], "the paper's estimate for LeNet-5"]


def test_what_the_paper_estimates_is_shaded_and_of_noise_nothing():
    shaded = {}
    for axis, kind in zip(plots.robustness(errors_on_record(RECORD)).axes, AMOUNTS, strict=True):
        for patch in axis.patches:
            box = patch.get_extents().transformed(axis.transData.inverted())
            shaded[kind] = pytest.approx((box.x0, box.x1))
    most = paper.ROBUST_UP_TO
    assert shaded == {
        "scale": (1 / most["scale"], most["scale"]),
        "shift": (-most["shift"], most["shift"]),
        "rotation": (-most["rotation"], most["rotation"]),
    }


@pytest.mark.slow
def test_no_errors_at_all_are_drawn_too():
    none = {kind: ([STILL[kind]], [0.0]) for kind in AMOUNTS}
    figure = plots.robustness({"perfect": none})
    figure.draw_without_rendering()
    assert all(axis.get_ylim()[0] > 0 for axis in figure.axes)
