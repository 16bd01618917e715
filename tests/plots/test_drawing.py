"""The network drawn with what its layers hold, and a kernel frame by frame."""

import numpy as np
import pytest
import torch

from lenet_edu import plots
from lenet_edu.network import paper
from lenet_edu.network.layer_outputs import activations
from lenet_edu.network.ledger import show_shape
from lenet_edu.network.models import LeNet1, LeNet4, LeNet5, LeNet1989, RGBLeNet


@pytest.fixture(scope="module")
def drawn():
    """A network, what it gives for two images, and the drawing for the second."""
    model = LeNet5()
    outputs = activations(model, torch.rand(2, 1, 32, 32))
    return model, outputs, plots.network(model, outputs, sample=1).axes[0]


def texts(axis) -> list[str]:
    return [text.get_text() for text in axis.texts]


@pytest.mark.parametrize("make", [LeNet1, LeNet4, LeNet1989, RGBLeNet])
def test_every_network_is_drawn_with_all_its_maps(make):
    model = make()
    plan = model.architecture
    outputs = activations(model, torch.rand(1, *plan.input.output_shape))
    axis = plots.network(model, outputs).axes[0]
    stacks = list(plan.shapes.values())[1:-1]
    assert len(axis.images) == 1 + sum(s[0] if len(s) == 3 and s[1] > 1 else 1 for s in stacks)
    assert all(name in texts(axis) for name in plan.shapes)


def test_the_maps_are_those_of_the_image_that_was_chosen(drawn):
    _, outputs, axis = drawn
    np.testing.assert_allclose(axis.images[0].get_array(), outputs["INPUT"][1, 0].numpy())
    np.testing.assert_allclose(axis.images[6].get_array(), outputs["C1"][1, 5].numpy())


def test_the_answer_is_named_as_the_network_gives_it(drawn):
    model, outputs, axis = drawn
    answer = int(outputs["OUTPUT"][1].argmin())
    bold = [text.get_text() for text in axis.texts if text.get_weight() == "bold"]
    assert bold[:2] == [str(answer), "smallest: the answer"]
    shapes = [show_shape(shape) for shape in model.architecture.shapes.values()]
    assert texts(axis)[-1] == f"{shapes[-1]} distances"


def test_classes_are_called_by_name_and_the_largest_score_wins():
    model = RGBLeNet()
    outputs = activations(model, torch.rand(1, 3, 32, 32))
    axis = plots.network(model, outputs, classes=("cat", "dog")).axes[0]
    assert {"cat", "dog", "largest: the answer"} <= set(texts(axis))


def test_a_lit_layer_alone_has_lines_and_full_colour(drawn):
    model, outputs, whole = drawn
    axis = plots.network(model, outputs, lit="C3").axes[0]
    strong = [image for image in axis.images if image.get_alpha() == 1.0]
    assert len(strong) == 16
    assert len(axis.lines) == 2 * int(paper.C3_TABLE[:, 0].sum()) + 1
    assert len(whole.lines) > len(axis.lines)


def test_feature_maps_marks_the_answer_and_names_the_classes():
    model = RGBLeNet()
    outputs = {"OUTPUT": model(torch.rand(1, 3, 32, 32))}
    cells = plots.feature_maps(outputs, model=model, classes=("cat", "dog")).get_axes()[-1]
    answer = ("cat", "dog")[int(outputs["OUTPUT"][0].argmax())]
    assert [label.get_text() for label in cells.get_xticklabels()] == ["cat", "dog"]
    assert cells.get_title(loc="left") == f"The largest score is the answer: {answer}"
    assert not plots.feature_maps(outputs).get_axes()[-1].get_title(loc="left")


@pytest.mark.slow
def test_sliding_shows_what_torch_computes_up_to_each_place():
    image, kernel = torch.arange(36.0).view(6, 6) / 10, torch.tensor([[-1.0, 0, 2], [0, 1, 0], [1, 0, 0]])
    figure = plots.sliding(image, kernel, [(0, 0), (1, 2), (3, 3)], bias=0.5)
    wanted = torch.nn.functional.conv2d(image[None, None], kernel[None, None])[0, 0] + 0.5
    partly, complete = figure.axes[4].images[0].get_array(), figure.axes[5].images[0].get_array()
    np.testing.assert_allclose(complete, wanted.numpy(), rtol=1e-5)
    assert np.isfinite(np.ma.filled(partly, np.nan)).sum() == 1 * 4 + 3
    assert figure.axes[0].get_xlabel().endswith(f"= {wanted[0, 0]:g}")


def test_table_may_have_the_maps_at_its_rows_and_columns():
    axis = plots.table(paper.C3_TABLE, below=torch.rand(6, 14, 14), above=torch.rand(16, 10, 10)).axes[0]
    assert len(axis.images) == 6 + 16


def test_steps_are_framed_with_their_sizes_and_crosses():
    shown = {"sheet": torch.rand(60, 50), "image": torch.rand(32, 32)}
    figure = plots.steps(shown, grey=["sheet"], crosses={"image": (16, torch.tensor(7.5))})
    sheet, image = figure.axes
    assert [axis.get_xlabel() for axis in figure.axes] == ["60 x 50", "32 x 32"]
    assert sheet.images[0].get_cmap().name == "gray"
    assert image.images[0].get_cmap().name == "gray_r"
    assert not sheet.lines
    assert (image.lines[0].get_xdata()[0], image.lines[0].get_ydata()[0]) == (7.5, 16.0)


def test_combination_shows_maps_kernels_parts_and_the_result():
    inputs, kernels, parts = torch.rand(3, 14, 14), torch.rand(3, 5, 5), torch.rand(3, 10, 10)
    result = torch.rand(10, 10)
    figure = plots.combination(inputs, kernels, parts, result, ["a", "b", "c"], "C3 map 0")
    pictures = [axis for axis in figure.axes if axis.images]
    assert len(pictures) == 3 * 3 + 1
    assert [axis.get_ylabel() for axis in pictures[:9:3]] == ["a", "b", "c"]
    np.testing.assert_allclose(pictures[-1].images[0].get_array(), result.numpy())


def test_side_by_side_shows_images_as_ink():
    figure = plots.side_by_side([torch.rand(3, 3), torch.rand(2, 2)], ["image", "kernel"], ink=1)
    assert [axis.images[0].get_cmap().name for axis in figure.axes] == ["gray_r", "RdBu_r"]
