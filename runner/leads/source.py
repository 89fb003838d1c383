"""Opening a CSV file: bytes to lines of text, with the encoding proven and every refusal naming its line."""

from __future__ import annotations

import io
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from runner.errors import UsageError

LONGEST_LINE = 1 << 20
"""Bytes: far more than any lead, and little enough that a broken file cannot fill the memory."""

_SPOOL = 32 << 20
_UTF8_MARK = b"\xef\xbb\xbf"
_SIGNATURES = (
    (b"\x1f\x8b", "a gzip archive; unpack it first"),
    (b"PK\x03\x04", "a zip archive or an Excel workbook; save the sheet as `CSV UTF-8`"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook; save the sheet as `CSV UTF-8`"),
    (b"%PDF", "a PDF; export the table as CSV"),
)
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


class Source:
    """A CSV file that can be read twice: once to prove that it is whole, once to take it in."""

    def __init__(self, name: str, stream: BinaryIO, encoding: str | None) -> None:
        self.name = name
        self._stream = stream
        self._encoding = encoding

    def lines(self) -> Iterator[str]:
        """The lines from the start, with their ends. Raises UsageError, with the line, for bytes that are no text."""
        self._stream.seek(0)
        self._refuse_other_formats(self._stream.read(4))
        self._stream.seek(0)
        return self._utf8_lines() if self._encoding is None else self._decoded_lines(self._encoding)

    def _refuse_other_formats(self, start: bytes) -> None:
        for signature, what in _SIGNATURES:
            if start.startswith(signature):
                raise UsageError(f"{self.name} is {what}")
        if self._encoding is None and start.startswith(_UTF16_MARKS):
            help_ = "save it as `CSV UTF-8`, or pass --encoding utf-16"
            raise UsageError(f"{self.name} is UTF-16, not UTF-8", help=help_)

    def _utf8_lines(self) -> Iterator[str]:
        number = 0
        readline = self._stream.readline
        while raw := readline(LONGEST_LINE + 1):
            number += 1
            if len(raw) > LONGEST_LINE:
                raise UsageError(f"{self.name}, line {number}: longer than {LONGEST_LINE >> 20} MiB")
            if number == 1 and raw.startswith(_UTF8_MARK):
                raw = raw[len(_UTF8_MARK) :]
            try:
                yield raw.decode("utf-8")
            except UnicodeDecodeError as error:
                column = len(raw[: error.start].decode("utf-8")) + 1
                raise UsageError(
                    f"{self.name}, line {number}, column {column}: byte 0x{raw[error.start]:02X} is not UTF-8",
                    help="save it as `CSV UTF-8`, or say what it is, such as --encoding windows-1252",
                ) from None

    def _decoded_lines(self, encoding: str) -> Iterator[str]:
        text = io.TextIOWrapper(self._stream, encoding=encoding, errors="strict", newline="")
        number = 0
        try:
            while line := text.readline(LONGEST_LINE + 1):
                number += 1
                if len(line) > LONGEST_LINE:
                    raise UsageError(f"{self.name}, line {number}: longer than {LONGEST_LINE >> 20} Mi characters")
                yield line.removeprefix("\ufeff") if number == 1 else line
        except UnicodeError:
            raise UsageError(f"{self.name}, line {number + 1}: not {encoding}", help="check --encoding") from None
        finally:
            text.detach()


@contextmanager
def open_source(source: str | Path | BinaryIO, encoding: str | None = None) -> Iterator[Source]:
    """Open a path, `-` for standard input, or a binary stream; what cannot be read twice is kept aside meanwhile.

    `encoding` is for files that are not UTF-8. Raises UsageError where there is no readable file or no such encoding.
    """
    if encoding is not None:
        _check_encoding(encoding)
    if not isinstance(source, str | Path):
        with _seekable(source) as stream:
            yield Source(getattr(source, "name", None) or "the input", stream, encoding)
        return
    if str(source) == "-":
        with _seekable(sys.stdin.buffer) as stream:
            yield Source("standard input", stream, encoding)
        return
    path = Path(source)
    if not path.is_file():
        what = "a folder" if path.is_dir() else "not a file" if path.exists() else "not there"
        raise UsageError(f"{path} is {what}", help="name a CSV file, or `-` for standard input")
    try:
        stream = path.open("rb")
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from None
    with stream:
        yield Source(str(path), stream, encoding)


def _check_encoding(encoding: str) -> None:
    try:
        "".encode(encoding)
    except LookupError:
        raise UsageError(f"there is no encoding `{encoding}`", help="such as windows-1252, latin-1 or utf-16") from None


@contextmanager
def _seekable(stream: BinaryIO) -> Iterator[BinaryIO]:
    if stream.seekable():
        yield stream
        return
    with tempfile.SpooledTemporaryFile(max_size=_SPOOL) as copy:
        while part := stream.read(1 << 20):
            copy.write(part)
        yield cast(BinaryIO, copy)
