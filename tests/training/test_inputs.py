"""What fit() is given: it works, or one line says what is wrong and what to do."""

from dataclasses import replace

import pytest
import torch
from torch.utils.data import DataLoader, TensorDataset

from lenet_edu.data.splits import Split
from lenet_edu.network.architecture import MODERN
from lenet_edu.network.models import LeNet5
from lenet_edu.system.errors import LenetError
from lenet_edu.training.loop import fit
from lenet_edu.training.recipes import RECIPES, Recipe

RECIPE = Recipe("test", epochs=1, batch_size=16, peak_rate=0.05)


def train(data, recipe=RECIPE):
    model = LeNet5(**MODERN)
    model.reset_parameters(torch.Generator().manual_seed(1))
    return fit(model, data, recipe, device="cpu", progress=False)


def with_labels(data, change):
    splits = {
        name: Split(getattr(data, name).images, change(getattr(data, name).labels))
        for name in ("train", "validation")
    }
    return replace(data, **splits)


@pytest.mark.parametrize("kind", [torch.int32, torch.int16, torch.uint8])
def test_labels_of_any_whole_numbers_train_as_int64_does(few, kind):
    wanted, run = train(few), train(with_labels(few, lambda labels: labels.to(kind)))
    assert all(torch.equal(run.last_weights[name], value) for name, value in wanted.last_weights.items())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda labels: labels.float(), r"must be whole numbers.*got torch.float32.*Use labels.long\(\)"),
        (lambda labels: labels[:, None], r"in one row.*of shape \(160, 1\)"),
        (lambda labels: labels + 1, r"must be from 0 to 9.*they go from 1 to 10\. Subtract 1"),
        (lambda labels: labels - 1, r"they go from -1 to 8\.$"),
        (lambda labels: labels[:5], r"a label for each image.*got 160 images and 5 labels"),
    ],
)
def test_labels_that_cannot_be_meant_are_named(few, change, message):
    with pytest.raises(LenetError, match=message):
        train(with_labels(few, change))


@pytest.mark.parametrize("split", ["train", "validation"])
@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_pixels_that_are_no_numbers_are_named_and_nothing_begins(few, tmp_path, split, value):
    images = getattr(few, split).images.clone()
    images[7, 0, 3, 3] = images[9, 0, 0, 0] = value
    data = replace(few, **{split: Split(images, getattr(few, split).labels)})
    with pytest.raises(LenetError, match=f"images of the {split} split must be finite.*2 of 160"):
        fit(LeNet5(**MODERN), data, RECIPE, device="cpu", progress=False, out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_images_of_another_shape_or_precision_are_named(few):
    with pytest.raises(LenetError, match=r"Pad with lenet_edu.pad"):
        train(replace(few, train=Split(few.train.images[..., 2:30, 2:30], few.train.labels)))
    with pytest.raises(LenetError, match=r"got images of torch\.float64"):
        train(replace(few, train=Split(few.train.images.double(), few.train.labels)))


def test_a_data_loader_is_refused_with_what_is_taken(few):
    loader = DataLoader(TensorDataset(few.train.images, few.train.labels), batch_size=16)
    with pytest.raises(LenetError, match=r"trains on Data.*got DataLoader"):
        train(loader)


def test_a_recipe_can_be_given_by_name(few):
    recipe = train(few, "sprint").recipe
    assert recipe == RECIPES["sprint"]
    with pytest.raises(LenetError, match=r"recipe must be one of fast, .*; got 'sprnt'"):
        train(few, "sprnt")


@pytest.mark.slow
def test_a_network_that_ends_at_chance_says_so(few):
    """Batches of 1 at a rate for batches of 128: the loss stays finite, and nothing is learned."""
    recipe = RECIPE.changed(batch_size=1, peak_rate=0.15, epochs=2)
    with pytest.warns(UserWarning, match=r"learned nothing in 2 epochs.*batch_size \(1 now\)"):
        train(few, recipe)


def test_a_network_that_learns_does_not(few, recwarn):
    train(few, RECIPE.changed(epochs=6))
    assert not recwarn
