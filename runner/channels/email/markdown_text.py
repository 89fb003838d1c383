"""The plain-text part of a message, written from the same Markdown tokens as the HTML part."""

from __future__ import annotations

from collections.abc import Sequence

from markdown_it.token import Token

WIDTH = 76


def plain_text(tokens: Sequence[Token]) -> str:
    """Readable text: links keep their address in angle brackets, lists their marks, quotes their `>`."""
    writer = _Writer()
    for token in tokens:
        writer.take(token)
    return "\n".join(writer.lines).strip("\n")


def flowed(text: str) -> str:
    """Wrap by format=flowed (RFC 3676): a line that ends in a space goes on in the next one."""
    return "\n".join(line for paragraph in text.split("\n") for line in _flow(paragraph))


class _Writer:
    """Collects lines while it walks the tokens. `_marks` are the prefixes of the quotes and items that are open."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._marks: list[str] = []
        self._written: list[str] = []
        self._lists: list[int | None] = []
        self._bullet = ""
        self._gap = False
        self._tight = False

    def take(self, token: Token) -> None:
        """Go on by one token of the block level."""
        match token.type:
            case "inline":
                self._write(inline_text(token.children or []).split("\n"))
                self._gap = not self._tight
            case "fence" | "code_block":
                self._write(["    " + line for line in token.content.rstrip("\n").split("\n")])
            case "hr":
                self._write(["-" * 24])
            case "blockquote_open":
                self._marks.append("> ")
            case "bullet_list_open":
                self._lists.append(None)
            case "ordered_list_open":
                self._lists.append(int(token.attrs.get("start", 1)))
            case "list_item_open":
                self._open_item()
            case "blockquote_close" | "list_item_close":
                self._marks.pop()
            case "bullet_list_close" | "ordered_list_close":
                self._lists.pop()
                self._gap = self._gap or not self._lists
            case "paragraph_open":
                self._tight = token.hidden
            case "paragraph_close":
                self._tight = False

    def _open_item(self) -> None:
        number = self._lists[-1]
        mark = "- " if number is None else f"{number}. "
        self._lists[-1] = None if number is None else number + 1
        self._bullet = "".join(self._marks) + mark
        self._marks.append(" " * len(mark))

    def _write(self, lines: Sequence[str]) -> None:
        if self._gap:
            shared = [mark for mark, old in zip(self._marks, self._written, strict=False) if mark == old]
            self.lines.append("".join(shared).rstrip())
        for line in lines:
            self.lines.append((self._bullet or "".join(self._marks)) + line)
            self._bullet = ""
        self._written = list(self._marks)
        self._gap = True


def inline_text(children: Sequence[Token]) -> str:
    """The words of one inline run: `[text](url)` becomes `text <url>`, or `<url>` where both are the same."""
    parts: list[str] = []
    links: list[tuple[str, int]] = []
    for child in children:
        match child.type:
            case "link_open":
                links.append((str(child.attrs.get("href", "")), len(parts)))
            case "link_close":
                href, start = links.pop()
                words = "".join(parts[start:])
                del parts[start:]
                parts.append(words if _same(words, href) else f"{words} <{href}>")
            case "softbreak" | "hardbreak":
                parts.append("\n")
            case "image":
                parts.append(child.content)
            case _:
                parts.append(child.content)
    return "".join(parts)


def _same(words: str, href: str) -> bool:
    return words in (href, href.removeprefix("mailto:"))


def _flow(line: str) -> list[str]:
    if line == "-- ":
        return [line]
    rest = line.rstrip(" ")
    if rest.startswith(">"):
        return [rest]
    wrapped: list[str] = []
    start = 0
    while len(rest) - start > WIDTH:
        cut = rest.rfind(" ", start + 1, start + WIDTH)
        cut = cut if cut > 0 else rest.find(" ", start + WIDTH)
        if cut < 0:
            break
        wrapped.append(_stuffed(rest[start : cut + 1]))
        start = cut + 1
    wrapped.append(_stuffed(rest[start:]))
    return wrapped


def _stuffed(line: str) -> str:
    return " " + line if line.startswith((" ", ">", "From ")) else line
