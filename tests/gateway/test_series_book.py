"""The numbers of series as they are kept in memory: in few bytes, and all of them."""

from gateway.ingest.series_book import SeriesBook

FIRST = [("lamp-1", ("power", "state"), 1), ("lamp-2", ("power",), 3)]


def book() -> SeriesBook:
    found = SeriesBook(str)
    found.learn(FIRST)
    return found


def test_numbers_are_found_by_device_and_key() -> None:
    assert book().of("lamp-1") == {"power": 1, "state": 2}
    assert book().of("lamp-2") == {"power": 3}
    assert book().of("lamp-3") == {}
    assert book().highest == 3


def test_the_first_of_a_run_is_found_by_the_keys_of_the_whole_of_it() -> None:
    assert book().first_of("lamp-1", ("power", "state")) == 1
    assert book().first_of("lamp-1", ("power",)) is None
    assert book().first_of("lamp-3", ("power",)) is None


def test_a_device_whose_numbers_do_not_follow_one_another_has_all_of_them() -> None:
    known = book()
    known.learn([("lamp-1", ("energy",), 9)])
    assert known.of("lamp-1") == {"power": 1, "state": 2, "energy": 9}
    assert known.first_of("lamp-1", ("energy",)) == 9
    assert known.highest == 9
    known.learn([("lamp-1", ("current",), 10)])
    assert known.of("lamp-1") == {"power": 1, "state": 2, "energy": 9, "current": 10}


def test_what_is_learnt_again_changes_nothing() -> None:
    known = book()
    known.learn([("lamp-1", ("energy",), 9)])
    before = list(known.runs())
    known.learn(before)
    assert list(known.runs()) == before
