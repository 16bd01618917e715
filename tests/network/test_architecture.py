"""The one description of each network: its shapes, its switches, and what it refuses."""

import json

import numpy as np
import pytest

from lenet_edu.network import paper
from lenet_edu.network.architecture import (
    MODERN,
    NETWORKS,
    ConvolutionSpec,
    SubsamplingSpec,
    architecture,
    lenet1,
    lenet4,
    lenet5,
    lenet1989,
    rgb_lenet,
    table_groups,
)
from lenet_edu.system.errors import LenetError

OTHER_TABLE = np.eye(6, 16, dtype=bool) | np.eye(6, 16, k=10, dtype=bool) | np.eye(6, 16, k=4, dtype=bool)


def test_shapes_are_the_papers():
    assert lenet5().shapes == {
        "INPUT": (1, 32, 32),
        "C1": (6, 28, 28),
        "S2": (6, 14, 14),
        "C3": (16, 10, 10),
        "S4": (16, 5, 5),
        "C5": (120, 1, 1),
        "F6": (84,),
        "OUTPUT": (10,),
    }


@pytest.mark.parametrize(
    "plan",
    [
        lenet5(),
        lenet5(**MODERN),
        lenet5(c3=OTHER_TABLE),
        rgb_lenet(),
        rgb_lenet(classes=5),
        lenet1989(),
        lenet1(),
        lenet4(),
    ],
    ids=lambda plan: plan.name,
)
def test_config_survives_json_and_gives_the_same_network(plan):
    assert architecture(json.loads(json.dumps(plan.config))) == plan


@pytest.mark.parametrize(
    "same", [OTHER_TABLE, OTHER_TABLE.astype(int), OTHER_TABLE.tolist()], ids=["bool", "int", "list"]
)
def test_a_table_may_be_given_in_several_forms(same):
    rows = ["".join("X" if mark else "." for mark in row) for row in OTHER_TABLE]
    assert lenet5(c3=same) == lenet5(c3=rows)


def test_a_table_that_is_the_papers_or_full_is_named_so():
    assert lenet5(c3=paper.C3_TABLE.copy()) == lenet5()
    assert lenet5(c3=np.ones((6, 16), dtype=bool)) == lenet5(c3="full")


@pytest.mark.parametrize(
    ("pooling", "squash"), [("trainable", "scaled_tanh"), ("average", None), ("max", None)]
)
def test_only_the_papers_subsampling_is_squashed(pooling, squash):
    assert lenet5(subsampling=pooling)["S2"].activation == squash


@pytest.mark.parametrize("switch", ["c3", "subsampling", "activation", "output"])
def test_unknown_choice_is_named_with_what_there_is(switch):
    with pytest.raises(LenetError, match=rf"{switch} must be .*'nonsense'"):
        lenet5(**{switch: "nonsense"})


@pytest.mark.parametrize(
    "table", [np.ones((16, 6), dtype=bool), np.full((6, 16), 2), [[1, 0], [1]], 7, None], ids=repr
)
def test_a_table_of_another_kind_is_refused(table):
    with pytest.raises(LenetError, match="6x16"):
        lenet5(c3=table)


@pytest.mark.parametrize(
    "config",
    [
        "lenet5",
        {},
        {"network": "alexnet"},
        {"network": "rgb", "colour": 1},
        {"network": "lenet4", "c3": "full"},
    ],
    ids=repr,
)
def test_unknown_network_or_switch_in_a_config_is_refused(config):
    with pytest.raises(LenetError):
        architecture(config)


@pytest.mark.parametrize("classes", [1, 0, 2.5, "two"])
def test_classes_must_be_a_number_of_at_least_two(classes):
    with pytest.raises(LenetError, match="classes"):
        rgb_lenet(classes)


def test_groups_see_the_gap_across_the_edge():
    table = np.array([[1, 1, 1], [1, 0, 0], [0, 1, 0], [0, 0, 1]], dtype=bool)
    # Rows 0-1 and 3-0 are contiguous, the last map being followed by the first; 0 and 2 are not.
    assert table_groups(table) == [[0], [1], [2]]


def test_layer_by_name_and_its_absence():
    assert lenet5()["C3"].maps == 16
    with pytest.raises(LenetError, match="C4"):
        lenet5()["C4"]


@pytest.mark.parametrize(
    ("plan", "shapes"),
    [
        (lenet1989(), [(1, 16, 16), (12, 8, 8), (12, 4, 4), (30,), (10,)]),
        (lenet1(), [(1, 28, 28), (4, 24, 24), (4, 12, 12), (12, 8, 8), (12, 4, 4), (10,)]),
        (
            lenet4(),
            [(1, 32, 32), (4, 28, 28), (8, 14, 14), (16, 10, 10), (16, 5, 5), (120, 1, 1), (10,)],
        ),
    ],
    ids=["lenet1989", "lenet1", "lenet4"],
)
def test_shapes_of_the_family_are_its_papers(plan, shapes):
    assert list(plan.shapes.values()) == shapes


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_is_found_by_the_name_in_its_config(name):
    assert NETWORKS[name]().config["network"] == name


def test_the_unprinted_table_of_1989_is_balanced():
    table = np.array(lenet1989()["H2"].table)
    assert set(table.sum(0)) == set(table.sum(1)) == {8}
    assert len(np.unique(table, axis=1).T) == table.shape[1]
    # As its docstring has it: weights that were trained fit no other table.
    assert all(set(table[:, k].nonzero()[0]) == {(k + offset) % 12 for offset in range(8)} for k in range(12))


def test_the_unprinted_table_of_lenet4_is_balanced():
    plan = lenet4()
    table = np.array(plan["C3"].table)
    assert set(table.sum(0)) == {3}
    assert set(table.sum(1)) == {6}
    assert len(np.unique(table, axis=1).T) == table.shape[1]
    contiguous, gapped = table_groups(table)
    assert (contiguous, gapped) == ([*range(8)], [*range(8, 16)])
    of_c1 = np.arange(len(table)) // plan["S2"].copies
    assert all(len(set(of_c1[table[:, k]])) == 3 for k in gapped)
    # As its docstring has it: weights that were trained fit no other table.
    for group, offsets in ((contiguous, (0, 1, 2)), (gapped, (0, 2, 5))):
        for k in group:
            assert set(table[:, k].nonzero()[0]) == {(k + offset) % len(table) for offset in offsets}


@pytest.mark.parametrize(
    ("side", "kernel", "stride", "padding"),
    [(16, 5, 2, 2), (8, 5, 2, 2), (9, 5, 2, 2), (7, 3, 3, 0), (6, 3, 2, 0), (5, 5, 1, 0), (4, 3, 1, 1)],
)
def test_an_output_has_a_unit_for_every_place_of_the_kernel(side, kernel, stride, padding):
    layer = ConvolutionSpec("C", 3, kernel, None, stride=stride, padding=padding)
    places = range(-padding, side + padding - kernel + 1, stride)
    assert layer.output_shape((1, side, side)) == (3, len(places), len(places))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"stride": 0}, "stride of H1 must be a whole number of at least 1; got 0"),
        ({"stride": 1.5}, r"stride of H1 .* got 1\.5"),
        ({"padding": -1}, "padding of H1 must be a whole number of at least 0; got -1"),
        ({"bias": "layer"}, "bias of H1 must be one of map, unit; got 'layer'"),
    ],
    ids=str,
)
def test_a_convolution_that_cannot_be_is_refused(wrong, message):
    with pytest.raises(LenetError, match=message):
        ConvolutionSpec("H1", 12, 5, None, **wrong)


@pytest.mark.parametrize(
    ("pooling", "copies", "message"),
    [
        ("trainable", 0, "copies of S2 must be a whole number of at least 1; got 0"),
        ("max", 2, "copies of S2 must be 1 with max pooling.*got 2. Use trainable pooling"),
    ],
)
def test_copies_that_cannot_be_are_refused(pooling, copies, message):
    with pytest.raises(LenetError, match=message):
        SubsamplingSpec("S2", pooling, None, copies=copies)
