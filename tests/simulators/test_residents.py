"""Residents fill the public form as the gateway wants it, about what they can see."""

import json
import threading
from collections.abc import Iterator
from email.parser import BytesParser
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue

import pytest

from core.category import CATEGORIES
from core.registry import Registry
from simulators.people.api import Api, ApiError
from simulators.people.complaints import COMPLAINTS
from simulators.people.residents import NOTICED, Residents

CABINET = "cabinet-sadovaya-d1"


@pytest.fixture
def residents(registry: Registry) -> Residents:
    return Residents(registry, Api("http://127.0.0.1:1"), 7)


@pytest.mark.parametrize("category", sorted({*COMPLAINTS, *NOTICED.values()}))
def test_they_know_only_categories_that_are_offered_to_residents(category: str) -> None:
    assert CATEGORIES[category].offered
    assert COMPLAINTS[category]


def test_a_dead_cabinet_is_a_complaint_about_one_of_its_lamps(residents: Residents) -> None:
    form = residents.form(CABINET, "lighting.dark")
    assert form["category"] == "lighting.dark"
    assert form["place"] == "sadovaya"
    assert form["address"] in {"ул. Садовая", "Sadovaya St"}
    assert form["address"] in form["description"]


def test_they_stand_near_what_is_broken(residents: Residents, registry: Registry) -> None:
    lamps = [each for each in registry.assets if each.id.startswith("lamp-sadovaya-")]
    form = residents.form(CABINET, "lighting.dark")
    nearest = min(
        abs((each.latitude or 0) - float(form["latitude"]))
        + abs((each.longitude or 0) - float(form["longitude"]))
        for each in lamps
    )
    assert nearest < 60 / 111_320 * 2


def test_the_same_seed_makes_the_same_people(registry: Registry) -> None:
    forms = [
        Residents(registry, Api("http://127.0.0.1:1"), 3).form(CABINET, "lighting.dark")
        for _ in range(2)
    ]
    assert forms[0] == forms[1]


class Gateway(BaseHTTPRequestHandler):
    """Notes what is posted; gives a cookie, and refuses what is below /no."""

    seen: Queue[tuple[str, dict[str, str], bytes]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.seen.put((self.path, dict(self.headers), body))
        refused = self.path.startswith("/no")
        content = json.dumps({"detail": "say where"} if refused else {"number": "1"}).encode()
        self.send_response(422 if refused else 200)
        self.send_header("Set-Cookie", "kvartal=abc; HttpOnly; Path=/")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def gateway() -> Iterator[tuple[Api, Queue[tuple[str, dict[str, str], bytes]]]]:
    Gateway.seen = Queue()
    with ThreadingHTTPServer(("127.0.0.1", 0), Gateway) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield Api(f"http://127.0.0.1:{server.server_port}"), Gateway.seen
        server.shutdown()


def test_a_form_is_multipart_with_the_origin_of_the_gateway(
    gateway: tuple[Api, Queue[tuple[str, dict[str, str], bytes]]],
) -> None:
    api, seen = gateway
    assert api.post_form("/appeals", {"category": "a", "description": "Темно"}) == {"number": "1"}
    _, headers, body = seen.get(timeout=5)
    kind = f"Content-Type: {headers['Content-Type']}\r\n\r\n".encode()
    parts = list(BytesParser(policy=HTTP).parsebytes(kind + body).iter_parts())  # type: ignore[attr-defined]
    assert headers["Origin"] == api.address
    assert [
        (part.get_param("name", header="content-disposition"), part.get_payload(decode=True))
        for part in parts
    ] == [("category", b"a"), ("description", "Темно".encode())]


def test_a_session_is_kept_and_a_refusal_says_why(
    gateway: tuple[Api, Queue[tuple[str, dict[str, str], bytes]]],
) -> None:
    api, seen = gateway
    api.sign_in("token")
    with pytest.raises(ApiError, match="422 say where"):
        api.post("/no/thing", {"a": 1})
    seen.get(timeout=5)
    assert seen.get(timeout=5)[1]["Cookie"] == "kvartal=abc"


def test_a_gateway_that_is_not_there_is_an_api_error() -> None:
    with pytest.raises(ApiError, match="GET /x"):
        Api("http://127.0.0.1:1").get("/x")
