"""Figure 8: the test digits that a network reads wrongly, and which of MNIST's the figure shows.

text = encode_mistakes(model, data.test)
places = match_figure_8(paper.MISTAKES, Counter(decode_mistakes(text)))
"""

from bisect import bisect
from collections.abc import Mapping, Sequence
from itertools import product
from operator import itemgetter

from lenet_edu.data.splits import Split
from lenet_edu.network.models import Classifier
from lenet_edu.training.evaluation import mistakes


def encode_mistakes(model: Classifier, split: Split) -> str:
    """All wrong answers as a line of text, `index:label>answer`, in the split's order."""
    wrong = sorted(mistakes(model, split), key=lambda mistake: mistake.index)
    return " ".join(f"{one.index}:{one.label}>{one.predicted}" for one in wrong)


def decode_mistakes(text: str) -> list[tuple[int, int, int]]:
    """Index in the split, label and answer of each mistake that `encode_mistakes` wrote down."""
    numbers = (map(int, word.replace(">", ":").split(":")) for word in text.split())
    return [(index, label, answer) for index, label, answer in numbers]


def match_figure_8(
    pairs: Sequence[tuple[int, int]], made_by: Mapping[tuple[int, int, int], int]
) -> list[int | None]:
    """Which digits of the test split a figure shows, if it shows them in the split's order: an index a pair.

    pairs: label and answer, see `paper.MISTAKES`. made_by: mistakes, see `decode_mistakes`, and how many runs
    made each. As many pairs as can be are given a digit for which a run made that mistake, no digit twice and
    all in order: a longest common subsequence. Of several, the one whose mistakes were made by most runs.
    None for a pair that is given none.
    """
    ours = sorted(made_by)
    following = [bisect(ours, index, key=itemgetter(0)) for index, _, _ in ours]
    # How many of pairs[i:] can be given a digit of ours[j:], and how many runs made those mistakes.
    best = [[(0, 0)] * (len(ours) + 1) for _ in range(len(pairs) + 1)]
    for i, j in product(reversed(range(len(pairs))), reversed(range(len(ours)))):
        best[i][j] = max(best[i + 1][j], best[i][j + 1])
        if pairs[i] == ours[j][1:]:
            count, runs = best[i + 1][following[j]]
            best[i][j] = max(best[i][j], (count + 1, runs + made_by[ours[j]]))
    places: list[int | None] = [None] * len(pairs)
    j = 0
    for i in range(len(pairs)):
        if best[i][j] == best[i + 1][j]:
            continue
        while best[i][j] == best[i][j + 1]:
            j += 1
        places[i], j = ours[j][0], following[j]
    return places
