"""A DoH request's head: any headers are a token and a question, or a status that says why not."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dinnerbell_dns.doh_request import MAX_QUERY, MEDIA_TYPE, Head, Refused, answer_headers, read_head


def status(headers: dict[bytes, bytes]) -> int:
    try:
        read_head(headers)
    except Refused as refused:
        return refused.status
    return 200


def get(path: str) -> Head:
    return read_head({b":method": b"GET", b":path": path.encode()})


@given(st.binary(min_size=1, max_size=MAX_QUERY))
def test_a_get_carries_any_message(message):
    text = base64.urlsafe_b64encode(message).decode()
    for form in (text.rstrip("="), text, text.replace("=", "%3D")):
        assert get(f"/dns-query?dns={form}") == Head("", message)


@pytest.mark.parametrize(
    "path, token",
    [
        pytest.param("/dns-query", "", id="none"),
        pytest.param("/dns-query/", "", id="a_slash"),
        pytest.param("/dns-query/hazel-4f7d", "hazel-4f7d", id="one"),
        pytest.param("/dns-query/HAZEL-4f7d", "hazel-4f7d", id="capitals"),
    ],
)
def test_the_token_is_in_the_path(path, token):
    assert read_head({b":method": b"POST", b":path": path.encode(), b"content-type": MEDIA_TYPE.encode()}).token == token


@given(st.dictionaries(st.sampled_from([b":method", b":path", b"content-type", b"content-length"]), st.binary(max_size=40)))
def test_any_headers(headers):
    assert 400 <= status(headers) < 500 or read_head(headers).token.islower() or not read_head(headers).token


@given(st.text(max_size=60))
def test_any_path(text):
    headers = {b":method": b"GET", b":path": f"/dns-query{text}".encode()}
    assert status(headers) in (400, 404, 414) or read_head(headers).message


def test_an_answer_is_for_nobody_in_between():
    assert ("cache-control", "private, max-age=7") in answer_headers(200, 100, 7)
    assert all(name != "cache-control" for name, _ in answer_headers(404, 0))
