"""The numbers of series as they are kept in memory: in few bytes, and all of them."""

from gateway.ingest.series_book import SeriesBook

FIRST = [("lamp-1", "power", 1), ("lamp-1", "state", 2), ("lamp-2", "power", 3)]


def book() -> SeriesBook:
    found = SeriesBook(str)
    found.learn(FIRST)
    return found


def test_numbers_are_found_by_device_and_key() -> None:
    assert book().of("lamp-1") == {"power": 1, "state": 2}
    assert book().of("lamp-2") == {"power": 3}
    assert book().of("lamp-3") == {}
    assert book().highest == 3


def test_a_device_whose_numbers_do_not_follow_one_another_has_all_of_them() -> None:
    known = book()
    known.learn([("lamp-1", "energy", 9)])
    assert known.of("lamp-1") == {"power": 1, "state": 2, "energy": 9}
    assert known.highest == 9
    known.learn([("lamp-1", "current", 10)])
    assert known.of("lamp-1") == {"power": 1, "state": 2, "energy": 9, "current": 10}


def test_a_device_that_is_told_in_two_parts_has_both() -> None:
    known = book()
    known.learn([("lamp-2", "state", 4), ("lamp-3", "power", 5)])
    assert known.of("lamp-2") == {"power": 3, "state": 4}
    assert known.of("lamp-3") == {"power": 5}


def test_what_is_learnt_again_changes_nothing() -> None:
    known = book()
    known.learn(FIRST)
    assert known.of("lamp-1") == {"power": 1, "state": 2}
