"""Markdown to both parts: blocks, links, and that the short way for plain paragraphs says what the long way says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.channels.email.markdown import from_markdown, whole_markdown
from runner.channels.email.markdown_text import flowed

PIECES = st.sampled_from(
    ["word", " ", "\n", "\n\n", "\n\n\n", "*", "**", "_", "`", "```", "#", "# ", "> ", "- ", "1. ", "1) ", "+ ", "[a](http://x)",
     "[a]", "[a]: http://x", "[a][b]", "![", "](", "<http://x>", "<b>", "&amp;", "&", "\\", "|", "---", "===",
     "~~", "    ",
     "\t", "\r\n", "  \n", "é", "\u2028", "\0", "\x1c", "a|b\n-|-\n", "ſ", ":", "=", "[", "]"]
)  # fmt: skip


@given(st.lists(PIECES, max_size=14).map("".join))
def test_remembered_paragraphs_say_the_same_as_the_whole(source):
    assert from_markdown(source) == whole_markdown(source)


@given(st.text(st.sampled_from("Hi Änna 4,, \n_-.ß١ſ"), max_size=20))
def test_greetings_say_the_same_as_the_whole(source):
    assert from_markdown(source) == whole_markdown(source)


@pytest.mark.parametrize(
    ("source", "text"),
    [("Hi *there* **you** ~~old~~ `code`", "Hi there you old code"), ("# Title\n\ntext", "Title\n\ntext"),
     ("[site](https://x.example)", "site <https://x.example>"), ("<https://x.example>", "https://x.example"),
     ("[https://x.example](https://x.example)", "https://x.example"), ("[a@b.example](mailto:a@b.example)",
     "a@b.example"),
     ("- one\n- two\n  - deep\n\nafter", "- one\n- two\n  - deep\n\nafter"), ("3. a\n4. b", "3. a\n4. b"),
     ("- one\n\n- two", "- one\n\n- two"), ("before\n\n- one\n- two", "before\n\n- one\n- two"),
     ("> quoted\n> more\n\nafter", "> quoted\n> more\n\nafter"), ("> a\n>\n> b", "> a\n>\n> b"),
     ("```\ncode *x*\n```", "    code *x*"), ("a\n\n---\n\nb", "a\n\n------------------------\n\nb"),
     ("one\ntwo", "one\ntwo"), ("one  \ntwo", "one\ntwo"), ("&amp; &copy;", "& ©"), ("![logo](cid:x)", "logo"),
     ("", "")],
)  # fmt: skip
def test_the_text_part_reads_well(source, text):
    assert from_markdown(source).text == text


@given(st.text(alphabet="ab \n>é", max_size=400))
def test_flowed_text_joins_to_what_it_was(text):
    lines = flowed(text).split("\n")
    joined, open_line = [], ""
    for line in lines:
        line = line.removeprefix(" ")
        if line.endswith(" ") and line != "-- ":
            open_line += line
        else:
            joined.append(open_line + line)
            open_line = ""
    assert joined == [each.rstrip(" ") for each in text.split("\n")]
    assert all(len(line) <= 78 or " " not in line.strip() or line.startswith(">") for line in lines)


def test_a_very_long_text_is_handled_in_one_pass():
    assert len(flowed("word " * 200_000)) >= 1_000_000
