"""What paper.py states, held against the paper's other statements about the same things."""

from itertools import combinations

import numpy as np

from lenet_edu.network import paper
from lenet_edu.network.architecture import table_groups


def test_printed_figures_sum_to_the_printed_totals():
    assert sum(paper.PARAMETERS.values()) == paper.TOTAL_PARAMETERS == 60_000
    assert sum(paper.CONNECTIONS.values()) == paper.TOTAL_CONNECTIONS == 340_908


def test_table_has_sixty_links_in_four_groups():
    assert paper.C3_TABLE.sum() == 60
    groups = table_groups(paper.C3_TABLE)
    assert groups == [[*range(6)], [*range(6, 12)], [12, 13, 14], [15]]
    assert [paper.C3_TABLE[:, group[0]].sum() for group in groups] == [3, 4, 4, 6]


def test_no_two_maps_of_c3_read_the_same_maps():
    assert len({column.tobytes() for column in paper.C3_TABLE.T.copy()}) == 16


def test_codes_are_plus_and_minus_one():
    assert paper.DIGIT_CODES.shape == (10, 12, 7)
    assert set(np.unique(paper.DIGIT_CODES)) == {-1, 1}


def test_codes_have_the_known_hamming_distances():
    codes = paper.DIGIT_CODES.reshape(10, -1)
    distances = {(a, b): int((codes[a] != codes[b]).sum()) for a, b in combinations(range(10), 2)}
    nearest, farthest = min(distances.values()), max(distances.values())
    assert [pair for pair, d in distances.items() if d == nearest] == [(6, 8)]
    assert (nearest, farthest, distances[1, 8]) == (12, 50, 50)


def test_the_one_stands_on_a_foot():
    """Figure 3's 1, row by row: one code read by eye, so that no shared mistake can hide."""
    rows = ["".join("#" if pixel == 1 else "." for pixel in row) for row in paper.DIGIT_CODES[1]]
    assert rows == ["...##..", "..###..", ".####..", *["...##.."] * 6, ".######", ".......", "......."]


def test_the_schedule_has_twenty_passes_and_ever_smaller_rates():
    rates, passes = zip(*paper.GLOBAL_RATES, strict=True)
    assert sum(passes) == 20
    assert list(rates) == sorted(rates, reverse=True)


def test_effective_rates_lie_below_what_no_curvature_would_give():
    lowest, highest = paper.EFFECTIVE_RATES
    assert 0 < lowest < highest < paper.GLOBAL_RATES[0][0] / paper.SDLM_MU


def test_lenet1_reads_through_a_table_whose_second_half_repeats_the_first():
    table = paper.LENET1_TABLE
    assert table.shape == (4, 12)
    assert (table[:2, :6] == table[2:, 6:]).all()
    assert not table[:2, 6:].any()
    assert not table[2:, :6].any()
    assert [list(column.nonzero()[0] + 1) for column in table[:2, :6].T] == [
        [1],
        [1, 2],
        [1, 2],
        [2],
        [1, 2],
        [1, 2],
    ]


def test_figure_8_shows_82_mistakes_that_are_mistakes():
    assert len(paper.MISTAKES) == 82
    assert all(label != answer and {label, answer} <= set(range(10)) for label, answer in paper.MISTAKES)


def test_figure_9_agrees_with_the_sections_and_with_itself():
    errors = paper.PUBLISHED_ERRORS
    assert len(errors) == 27
    assert errors["LeNet-5"] == paper.TEST_ERROR
    assert errors["LeNet-5, distorted"] == paper.TEST_ERROR_DISTORTED
    assert min(errors, key=errors.get) == "Boosted LeNet-4, distorted"
    assert max(errors, key=errors.get) == "linear"
    for name, error in errors.items():
        plain, _, changed = name.partition(", ")
        if changed and plain in errors:
            assert error < errors[plain], name


def test_error_of_1989_is_a_whole_number_of_its_digits():
    error, digits = paper.LENET1989_TEST_ERROR, paper.LENET1989_DIGITS["test"]
    assert round(100 * round(error / 100 * digits) / digits, 1) == error
