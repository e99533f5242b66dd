"""The quick look at a few texts of one place says what the look at all reports says."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from gateway.language.duplicates import Report, find_pairs, likeness

WORDS = st.lists(
    st.sampled_from(["яма", "Яма", "школа", "дом 5", "дом 7", "тротуар", "lamp", "street", "13"]),
    min_size=1,
    max_size=6,
).map(" ".join)
NOW = datetime(2026, 3, 1, tzinfo=UTC)


@given(st.lists(WORDS, min_size=2, max_size=5))
def test_both_looks_judge_alike(texts: list[str]) -> None:
    reports = [Report(str(at), text, (0.0, 0.0), NOW, "roads") for at, text in enumerate(texts)]
    pairs = [pair for pair in find_pairs(reports) if pair.a == "0"]
    scores = [min(max(score, 0.0), 1.0) for score in likeness(texts[0], texts[1:])]
    assert [round(pair.score, 3) for pair in pairs] == [round(score, 3) for score in scores]
