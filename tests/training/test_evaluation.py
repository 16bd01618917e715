"""Counts and tables against a plain loop over the images."""

import pytest

from lenet_edu.network.losses import criterion
from lenet_edu.training.checkpoints import load_network
from lenet_edu.training.evaluation import accuracy, confusion, evaluate, mistakes


@pytest.fixture(params=["lenet5-1998", "lenet5-modern"])
def model(request):
    return load_network(request.param)


@pytest.mark.slow
def test_everything_agrees_with_a_loop(model, few):
    images, labels = few.test.images, few.test.labels.tolist()
    predicted = [model.classes_of(image[None]).item() for image in images]
    wrong = [i for i, (a, b) in enumerate(zip(predicted, labels, strict=True)) if a != b]

    assert accuracy(model, few.test) == pytest.approx(1 - len(wrong) / len(labels))
    table = confusion(model, few.test)
    for actual in range(10):
        for answer in range(10):
            count = sum(p == answer and a == actual for p, a in zip(predicted, labels, strict=True))
            assert table[actual, answer] == count
    wrong_answers = mistakes(model, few.test)
    assert sorted(mistake.index for mistake in wrong_answers) == wrong
    assert [m.probability for m in wrong_answers] == sorted(
        (m.probability for m in wrong_answers), reverse=True
    )
    assert all((m.label, m.predicted) == (labels[m.index], predicted[m.index]) for m in wrong_answers)


def test_loss_counts_every_image_once_whatever_the_batches(model, embedded):
    split = embedded.train  # more than one batch, the last one smaller
    loss, share = evaluate(model, split)
    whole = criterion(model)(model(split.images), split.labels).item()
    assert loss == pytest.approx(whole, rel=1e-4)
    assert share == pytest.approx(accuracy(model, split))
