"""One connection to the sandbox's IMAP server: its state and the commands it understands (RFC 3501, 6)."""

from __future__ import annotations

import base64
import binascii
import hmac
import select
import socket
from collections.abc import Callable

from imap_tools.imap_utf7 import utf7_decode, utf7_encode

from runner.sandbox.imap_fetch import fetch_items, fetch_response, marks_seen, matches
from runner.sandbox.imap_syntax import Disconnected, Token, in_set, read_command, tokens, word
from runner.sandbox.mailbox import Mailbox, Mailboxes, StoredMessage

CAPABILITIES = "IMAP4rev1 IDLE UIDPLUS LITERAL+ NAMESPACE SPECIAL-USE UNSELECT AUTH=PLAIN AUTH=XOAUTH2"
IDLE_POLL_SECONDS = 0.05
SPECIAL_USE = {"Sent": "\\Sent", "Junk": "\\Junk"}
NO, BAD = "NO", "BAD"

Record = Callable[[str, str, str], None]


class Session:
    """Reads commands and answers them until the client leaves."""

    def __init__(self, connection: socket.socket, mailboxes: Mailboxes, password: str | None, record: Record) -> None:
        self._socket = connection
        self._in = connection.makefile("rb")
        self._out = connection.makefile("wb")
        self._mailboxes = mailboxes
        self._password = password
        self._record = record
        self._box: Mailbox | None = None
        self._folder: str | None = None
        self._shown: tuple[int, ...] = ()
        self._read_only = False
        self._literals: list[bytes] = []

    def run(self) -> None:
        """Greet, then answer until LOGOUT or the connection closes."""
        self._say(f"* OK [CAPABILITY {CAPABILITIES}] sandbox ready")
        try:
            while self._one():
                pass
        except (Disconnected, ConnectionError):
            return

    def _one(self) -> bool:
        text, self._literals = read_command(self._in, self._out)
        tag, _, rest = text.partition(" ")
        name, _, rest = rest.partition(" ")
        name = name.upper()
        args = tokens(rest, self._literals)
        if name == "UID":
            name = f"UID {word(args, 0).upper()}"
            args = args[1:]
        shown = "***" if name in ("LOGIN", "AUTHENTICATE") else rest
        self._record(self._box.account if self._box else "", name, shown)
        if name == "LOGOUT":
            self._say("* BYE leaving")
            self._say(f"{tag} OK done")
            return False
        problem = self._answer(name, args, tag)
        self._announce()
        self._say(f"{tag} {problem}" if problem else f"{tag} OK {name} done")
        return True

    def _answer(self, name: str, args: list[Token], tag: str) -> str:
        match name:
            case "CAPABILITY":
                self._say(f"* CAPABILITY {CAPABILITIES}")
                return ""
            case "NOOP" | "ID" | "ENABLE":
                return ""
            case "LOGIN":
                return self._log_in(word(args, 0), word(args, 1))
            case "AUTHENTICATE":
                return self._authenticate(word(args, 0).upper(), word(args, 1))
        if self._box is None:
            return f"{NO} log in first"
        return self._with_account(self._box, name, args)

    def _with_account(self, box: Mailbox, name: str, args: list[Token]) -> str:
        match name:
            case "LIST" | "LSUB":
                for folder in box.folders() if word(args, 1) else ():
                    flags = SPECIAL_USE.get(folder, "\\HasNoChildren")
                    self._say(f'* {name} ({flags}) "/" "{utf7_encode(folder).decode()}"')
                return ""
            case "NAMESPACE":
                self._say('* NAMESPACE (("" "/")) NIL NIL')
                return ""
            case "SELECT" | "EXAMINE":
                return self._select(box, word(args, 0), name == "EXAMINE")
            case "STATUS":
                return self._status(box, word(args, 0), args[1] if len(args) > 1 else [])
            case "APPEND":
                return self._append(box, args)
            case "IDLE":
                return self._idle()
        if self._folder is None:
            return f"{BAD} select a folder first"
        return self._with_folder(box, self._folder, name, args)

    def _with_folder(self, box: Mailbox, folder: str, name: str, args: list[Token]) -> str:
        match name:
            case "SEARCH" | "UID SEARCH":
                return self._search(box, folder, args, by_uid=name.startswith("UID"))
            case "FETCH" | "UID FETCH":
                return self._fetch(box, folder, args, by_uid=name.startswith("UID"))
            case "STORE" | "UID STORE":
                return self._store(box, folder, args, by_uid=name.startswith("UID"))
            case "EXPUNGE":
                for message in box.messages(folder):
                    if "\\Deleted" in message.flags:
                        box.remove(folder, message.uid)
                return ""
            case "CLOSE" | "UNSELECT":
                self._folder = None
                return ""
            case "CHECK":
                return ""
        return f"{BAD} unknown command"

    def _log_in(self, user: str, password: str) -> str:
        if not user or (self._password is not None and not hmac.compare_digest(password, self._password)):
            return f"{NO} [AUTHENTICATIONFAILED] wrong user name or password"
        self._box = self._mailboxes.of(user)
        return ""

    def _authenticate(self, mechanism: str, initial: str) -> str:
        if mechanism not in ("PLAIN", "XOAUTH2"):
            return f"{NO} unknown mechanism"
        if not initial:
            self._say("+ ")
            initial, _ = read_command(self._in, self._out)
        try:
            decoded = base64.b64decode(initial).decode("utf-8", "replace")
        except binascii.Error:
            return f"{BAD} not base64"
        if mechanism == "PLAIN":
            _, user, password = [*decoded.split("\0"), "", "", ""][:3]
        else:
            fields = dict(piece.partition("=")[::2] for piece in decoded.split("\1"))
            user, password = fields.get("user", ""), fields.get("auth", "").removeprefix("Bearer ")
        return self._log_in(user, password)

    def _select(self, box: Mailbox, folder: str, read_only: bool) -> str:
        name = _folder_name(box, folder)
        self._folder = name
        if name is None:
            return f"{NO} [NONEXISTENT] no such folder"
        self._read_only = read_only
        self._shown = tuple(message.uid for message in box.messages(name))
        self._say("* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)")
        self._say(f"* {len(self._shown)} EXISTS")
        self._say("* 0 RECENT")
        self._say(f"* OK [UIDVALIDITY {box.uid_validity(name)}] valid")
        self._say(f"* OK [UIDNEXT {box.uid_next(name)}] next")
        return f"OK [{'READ-ONLY' if read_only else 'READ-WRITE'}] selected"

    def _status(self, box: Mailbox, folder: str, items: Token) -> str:
        if (name := _folder_name(box, folder)) is None:
            return f"{NO} [NONEXISTENT] no such folder"
        messages = box.messages(name)
        unseen = sum("\\Seen" not in message.flags for message in messages)
        values = {"MESSAGES": len(messages), "UIDNEXT": box.uid_next(name), "UIDVALIDITY": box.uid_validity(name),
                  "UNSEEN": unseen, "RECENT": 0}  # fmt: skip
        asked = [item.upper() for item in (items if isinstance(items, list) else [items]) if isinstance(item, str)]
        answer = " ".join(f"{item} {values[item]}" for item in asked if item in values)
        self._say(f'* STATUS "{utf7_encode(name).decode()}" ({answer})')
        return ""

    def _append(self, box: Mailbox, args: list[Token]) -> str:
        if not self._literals or not args:
            return f"{BAD} nothing to append"
        flags = next((item for item in args[1:] if isinstance(item, list)), [])
        folder = _folder_name(box, word(args, 0)) or utf7_decode(word(args, 0).encode())
        box.add(folder, self._literals[-1], flags=[flag for flag in flags if isinstance(flag, str)])
        return f"OK [APPENDUID {box.uid_validity(folder)} {box.uid_next(folder) - 1}] done"

    def _idle(self) -> str:
        self._say("+ idling")
        while not select.select([self._socket], [], [], IDLE_POLL_SECONDS)[0]:
            self._announce()
        if self._in.readline(64).strip().upper() != b"DONE":
            raise Disconnected
        return ""

    def _search(self, box: Mailbox, folder: str, keys: list[Token], *, by_uid: bool) -> str:
        messages = box.messages(folder)
        largest = (len(messages), messages[-1].uid if messages else 0)
        found = [
            str(message.uid if by_uid else number)
            for number, message in enumerate(messages, 1)
            if matches(message, number, largest, keys)
        ]
        self._say(" ".join(["* SEARCH", *found]))
        return ""

    def _fetch(self, box: Mailbox, folder: str, args: list[Token], *, by_uid: bool) -> str:
        items = fetch_items(args[1] if len(args) > 1 else [])
        for number, message in self._chosen(box, folder, word(args, 0), by_uid):
            self._out.write(fetch_response(number, message, items))
            if marks_seen(items) and not self._read_only:
                box.set_flags(folder, message.uid, message.flags | {"\\Seen"})
        self._out.flush()
        return ""

    def _store(self, box: Mailbox, folder: str, args: list[Token], *, by_uid: bool) -> str:
        operation = word(args, 1).upper()
        given = args[2] if len(args) > 2 else []
        flags = {flag for flag in (given if isinstance(given, list) else [given]) if isinstance(flag, str)}
        for number, message in self._chosen(box, folder, word(args, 0), by_uid):
            kept = message.flags | flags if operation[0] == "+" else message.flags - flags
            box.set_flags(folder, message.uid, flags if operation[0] not in "+-" else kept)
            self._say(f"* {number} FETCH (UID {message.uid} FLAGS ({' '.join(sorted(kept))}))")
        return ""

    def _chosen(self, box: Mailbox, folder: str, wanted: str, by_uid: bool) -> list[tuple[int, StoredMessage]]:
        messages = box.messages(folder)
        largest = (messages[-1].uid if messages else 0) if by_uid else len(messages)
        return [
            (number, message)
            for number, message in enumerate(messages, 1)
            if in_set(wanted, message.uid if by_uid else number, largest)
        ]

    def _announce(self) -> None:
        if self._box is None or self._folder is None:
            return
        now = tuple(message.uid for message in self._box.messages(self._folder))
        kept = list(self._shown)
        for number in range(len(kept), 0, -1):
            if kept[number - 1] not in now:
                del kept[number - 1]
                self._say(f"* {number} EXPUNGE")
        if len(now) != len(kept):
            self._say(f"* {len(now)} EXISTS")
        self._shown = now

    def _say(self, line: str) -> None:
        self._out.write(line.encode("utf-8", "replace") + b"\r\n")
        self._out.flush()


def _folder_name(box: Mailbox, name: str) -> str | None:
    """The stored spelling of a folder: INBOX compares without case, names are in modified UTF-7 (RFC 3501, 5.1)."""
    wanted = "INBOX" if name.upper() == "INBOX" else utf7_decode(name.encode())
    return wanted if wanted in box.folders() else None
