"""A picture is known again after it was saved anew; another picture is another one."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from core.picture_hash import SAME_BITS, picture_hash, same_pictures

Grey = NDArray[np.uint8]


def picture(seed: int) -> Grey:
    """Give patches of light and dark, as a view is from afar."""
    patches = np.random.default_rng(seed).integers(0, 256, (8, 8))
    return np.kron(patches, np.ones((4, 4), np.int64)).astype(np.uint8)


def noisy(grey: Grey) -> Grey:
    noise = np.random.default_rng(0).normal(0, 4, grey.shape)
    return np.clip(grey + noise, 0, 255).astype(np.uint8)


def paler(grey: Grey) -> Grey:
    return (grey * 0.6 + 60).astype(np.uint8)


@pytest.mark.parametrize("change", [noisy, paler])
def test_a_changed_copy_is_the_same_picture(change: Callable[[Grey], Grey]) -> None:
    before, after = picture_hash(picture(1)), picture_hash(change(picture(1)))
    assert before is not None
    assert after is not None
    assert (before ^ after).bit_count() <= SAME_BITS


def test_among_a_hundred_thousand_others_none_is_taken_for_it() -> None:
    others = np.random.default_rng(2).integers(0, 2**64, 100_000, np.uint64)
    wanted = picture_hash(picture(1))
    assert wanted is not None
    others[70_000] = wanted ^ 0b101
    others[70_001] = wanted
    assert same_pictures(others, wanted).tolist() == [70_001, 70_000]


def test_different_views_are_different_pictures() -> None:
    looks = np.array([picture_hash(picture(seed)) for seed in range(200)], np.uint64)
    found = [same_pictures(looks, int(look)).tolist() for look in looks]
    assert found == [[place] for place in range(200)]


def test_an_even_grey_looks_like_nothing() -> None:
    assert picture_hash(np.full((32, 32), 128, np.uint8)) is None
