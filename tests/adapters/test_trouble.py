"""What is told of things that go wrong."""

from structlog.testing import capture_logs

from adapters.trouble import MOST, Troubles


def test_trouble_is_told_when_it_begins_and_when_it_is_over() -> None:
    troubles = Troubles("line")
    with capture_logs() as logs:
        troubles.begin("a", "not JSON")
        troubles.begin("a", "still not JSON")
        troubles.end("a")
        troubles.end("a")
    assert [(each["event"], each["at"]) for each in logs] == [
        ("trouble begins", "a"),
        ("trouble is over", "a"),
    ]


def test_whoever_makes_up_names_fills_neither_the_log_nor_the_memory() -> None:
    troubles = Troubles("line")
    with capture_logs() as logs:
        for number in range(MOST + 100):
            troubles.begin(f"made/up/{number}", "not JSON")
    assert len(troubles.known) == MOST
    assert len(logs) == MOST + 1
    assert logs[-1]["event"] == "further trouble is not told"
