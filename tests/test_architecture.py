"""The one description of each network: its shapes, its switches, and what it refuses."""

import json

import numpy as np
import pytest

from lenet_edu import paper
from lenet_edu.architecture import MODERN, architecture, lenet5, rgb_lenet, table_groups
from lenet_edu.errors import LenetError

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
    [lenet5(), lenet5(**MODERN), lenet5(c3=OTHER_TABLE), rgb_lenet(), rgb_lenet(classes=5)],
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
    "config", ["lenet5", {}, {"network": "alexnet"}, {"network": "rgb", "colour": 1}], ids=repr
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
