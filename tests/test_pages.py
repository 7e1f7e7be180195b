"""Pages as rules name them: what of a site is the page, and what only looks like it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dinnerbell.names import BadName
from dinnerbell.pages import is_page, read_page

NURSERY, VIDEO = read_page("https://www.facebook.com/AcornLane"), read_page("youtube.com/watch?v=dQw4w9WgXcQ")

HELD = [
    pytest.param(NURSERY, "www.facebook.com", "/AcornLane", True, id="the_page"),
    pytest.param(NURSERY, "www.facebook.com", "/acornlane/", True, id="in_other_case"),
    pytest.param(NURSERY, "www.facebook.com", "/AcornLane/posts/7?ref=share", True, id="a_post_of_it"),
    pytest.param(NURSERY, "www.facebook.com", "/%41cornLane", True, id="a_letter_in_disguise"),
    pytest.param(NURSERY, "www.facebook.com", "//AcornLane", True, id="two_slashes"),
    pytest.param(NURSERY, "m.facebook.com", "/AcornLane", False, id="another_host"),
    pytest.param(read_page("facebook.com/AcornLane"), "m.facebook.com", "/AcornLane", True, id="a_host_under_it"),
    pytest.param(read_page("=facebook.com/AcornLane"), "m.facebook.com", "/AcornLane", False, id="exactly_that_host"),
    pytest.param(NURSERY, "www.facebook.com", "/AcornLaneFans", False, id="its_neighbour"),
    pytest.param(NURSERY, "www.facebook.com", "/", False, id="the_front_page"),
    pytest.param(NURSERY, "www.facebook.com", "", False, id="nothing"),
    pytest.param(NURSERY, "www.facebook.com", "/AcornLane/../somebody", False, id="out_of_it_by_dots"),
    pytest.param(NURSERY, "www.facebook.com", "/AcornLane/%2e%2e/somebody", False, id="out_of_it_by_hidden_dots"),
    pytest.param(NURSERY, "www.facebook.com", "/AcornLane%2F..%2Fsomebody", False, id="a_hidden_slash"),
    pytest.param(NURSERY, "www.facebook.com", "/AcornLane/..%5Csomebody", False, id="a_hidden_backslash"),
    pytest.param(NURSERY, "www.facebook.com", "/somebody?next=/AcornLane", False, id="only_in_the_query"),
    pytest.param(VIDEO, "www.youtube.com", "/watch?t=4&v=dQw4w9WgXcQ", True, id="the_video"),
    pytest.param(VIDEO, "www.youtube.com", "/watch?v=DQW4W9WGXCQ", False, id="a_video_with_an_id_in_other_case"),
    pytest.param(VIDEO, "www.youtube.com", "/watch?v=dQw4w9WgXcQ&v=another", False, id="two_videos"),
    pytest.param(VIDEO, "www.youtube.com", "/watch", False, id="no_video"),
    pytest.param(VIDEO, "youtube.com.example.org", "/watch?v=dQw4w9WgXcQ", False, id="a_host_that_looks_like_it"),
]


@pytest.mark.parametrize("page, name, path, held", HELD)
def test_what_is_of_a_page(page, name, path, held):
    assert page.holds(name, path) is held


@pytest.mark.parametrize(
    "text", ["facebook.com/", "/AcornLane", "facebook/AcornLane", "a b.com/x", "facebook.com/../x", "facebook.com/a\\b"]
)
def test_what_is_no_page(text):
    with pytest.raises(BadName):
        read_page(text)


@pytest.mark.parametrize(
    "text, said", [("facebook.com/AcornLane", True), ("https://facebook.com/a", True), ("facebook.com", False), ("list:a/b", False)]
)
def test_a_page_is_told_from_a_domain(text, said):
    assert is_page(text) is said


@given(st.text(max_size=60))
def test_any_text_is_a_page_or_one_error(text):
    try:
        page = read_page(text)
    except BadName:
        return
    assert read_page(page.text).text == page.text


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_path_is_of_it_or_not(name, path):
    assert VIDEO.holds(name, path) in (True, False)
