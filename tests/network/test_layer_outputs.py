"""Saliency is the slope of the answer: held against finite differences."""

import torch

from lenet_edu.network.layer_outputs import saliency
from lenet_edu.network.models import LeNet5, RGBLeNet


def test_saliency_is_the_slope_of_the_likeliest_class():
    torch.manual_seed(0)
    model = RGBLeNet(classes=3).double()
    images = torch.rand(2, 3, 32, 32, dtype=torch.double)
    slopes_by_pixel = saliency(model, images)
    best = model.classes_of(images)
    step = 1e-6
    for place, (row, column) in ((0, (16, 16)), (1, (5, 20))):
        slopes = []
        for colour in range(3):
            moved = images[place : place + 1].clone()
            moved[0, colour, row, column] += step
            before, after = (model.class_scores(x)[0, best[place]] for x in (images[place][None], moved))
            slopes.append(((after - before) / step).abs())
        torch.testing.assert_close(
            slopes_by_pixel[place, row, column], torch.stack(slopes).max(), rtol=1e-4, atol=1e-8
        )


def test_saliency_leaves_the_models_gradients_alone():
    model = LeNet5()
    slopes = saliency(model, torch.rand(4, 1, 32, 32))
    assert slopes.shape == (4, 32, 32)
    assert all(parameter.grad is None for parameter in model.parameters())
