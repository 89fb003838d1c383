"""The HTTP of the LinkedIn stand-in: who asks, for what, and which words of the person's fate answer."""

from __future__ import annotations

import json
import re
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import parse_qs, unquote, urlsplit

from runner.model.linkedin_limits import NOTE_PREMIUM, linkedin_length
from runner.sandbox import linkedin_wire as wire
from runner.sandbox.linkedin_answers import Answer, fault_answer
from runner.sandbox.linkedin_fates import TAKEN, Fault, Temper, fate_of, public_id
from runner.sandbox.linkedin_record import LinkedInRecord
from runner.sandbox.linkedin_world import person_of

if TYPE_CHECKING:
    from runner.sandbox.linkedin import LinkedInSandbox

_API = "/voyager/api"
_TOO_LONG = "CUSTOM_MESSAGE_TOO_LONG"


class Handler(BaseHTTPRequestHandler):
    """One connection. `place` is the sandbox it belongs to."""

    place: ClassVar[LinkedInSandbox]
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 65_536

    def do_GET(self) -> None:
        """A reading call."""
        path = urlsplit(self.path).path.removeprefix(_API)
        refused = self._not_signed_in()
        answer = refused or self._read(path)
        self._record("read", self._person_in(path), "", answer, taken=False)
        self._reply(answer)

    def do_POST(self) -> None:
        """An invitation or a message, by the web API or by the official one."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = urlsplit(self.path).path.removeprefix(_API)
        official = path in {"/rest/messages", "/v2/invitations"}
        refused = self._no_token() if official else self._not_signed_in()
        try:
            kind, person, text = _posted(path, json.loads(body))
        except (ValueError, KeyError, TypeError, IndexError):
            kind, person, text = "read", "", ""
            refused = refused or Answer(400, wire.error(400, message="the body cannot be read"))
        if refused is not None:
            self._record(kind, person, text, refused, taken=False)
            self._reply(refused)
            return
        answer = self._meet_fault(kind, person, text) or self._take(kind, person, text)
        if official and answer.status in {200, 201}:
            answer = Answer(201, headers=(("x-restli-id", f"urn:li:{kind}:{len(self.place.ledger.records())}"),))
        self._reply(answer)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the method it replaces
        """The ledger is the log."""

    def _meet_fault(self, kind: str, person: str, text: str) -> Answer | None:
        """What the person's fate does to this POST; None when it goes through."""
        fate = fate_of(person)
        count = self.place.world.count_post(self._account(), person)
        fault = None if fate.once and count > 1 else fate.fault
        if fault is Fault.NOTE_LIMIT and (kind != "invitation" or not text):
            fault = None
        if fault is None and kind == "message" and fate.temper is Temper.REFUSES_MESSAGE:
            fault = Fault.FORBIDDEN
        if fault is None or fault in TAKEN:
            if fault is not None:
                return fault_answer(fault, self._take(kind, person, text, silent=fault is not Fault.HUGE))
            return None
        answer = fault_answer(fault, None, self.path)
        self._record(kind, person, text, answer, taken=False)
        return answer

    def _take(self, kind: str, person: str, text: str, *, silent: bool = False) -> Answer:
        """Let the person get it, if the two stand so that it can arrive."""
        world, account = self.place.world, self._account()
        if kind == "invitation":
            answer = self._take_invitation(person, text)
        elif not world.connected(account, person):
            message = "The recipient is not a first-degree connection"
            answer = Answer(403, wire.error(403, "RECIPIENT_NOT_CONNECTED", message))
        else:
            answer = Answer(201, wire.message_created(person, world.write(account, person, text)))
        taken = answer.status in {200, 201}
        self._record(kind, person, text, None if silent and taken else answer, taken=taken)
        return answer

    def _take_invitation(self, person: str, note: str) -> Answer:
        world, account = self.place.world, self._account()
        if world.connected(account, person):
            return Answer(400, wire.error(400, "ALREADY_CONNECTED"))
        if world.pending(account, person):
            return Answer(400, wire.error(400, "CANT_RESEND_YET"))
        if linkedin_length(note) > NOTE_PREMIUM:
            return Answer(400, wire.error(400, _TOO_LONG))
        return Answer(200, wire.invitation_created(world.invite(account, person, note)))

    def _read(self, path: str) -> Answer:
        """Answer a reading call."""
        name, build = self._reading(path)
        if name in self.place.dead:
            status = self.place.dead[name]
            return Answer(status, wire.error(status, message="This resource is not available"))
        return Answer(200, build) if build is not None else Answer(404, wire.error(404))

    def _reading(self, path: str) -> tuple[str, wire.Json | None]:
        world, account, parts = self.place.world, self._account(), path.strip("/").split("/")
        match parts:
            case ["me"]:
                return "me", wire.me(account)
            case ["identity", "profiles", name, "networkinfo"]:
                person = unquote(name).lower()
                return "networkinfo", wire.network_info(person, connected=world.connected(account, person))
            case ["identity", "profiles", name, "profileView"]:
                return "profile", wire.profile_view(unquote(name).lower())
            case ["graphql"]:
                people = world.connections(account) if _query_start(self.path) == 0 else []
                return "search", wire.search_answer(people)
            case ["messaging", "conversations"]:
                return "conversations", self._conversations()
            case ["messaging", "conversations", conversation, "events"]:
                return "conversations", self._events(unquote(conversation))
            case ["relationships", "sentInvitationViewsV2"]:
                found = [wire.sent_invitation(person, at) for person, at in world.open_invitations(account)]
                return "sent_invitations", {"elements": found[:100], "paging": {"total": len(found)}}
            case ["relationships", "invitationViews"]:
                return "invitations", {"elements": []}
        return "", None

    def _conversations(self) -> wire.Json:
        wanted = re.search(r"recipients=List\(([^)]*)\)", unquote(self.path))
        found = self.place.world.conversations(self._account())
        if wanted is not None:
            found = [(person, events) for person, events in found if person == public_id(wanted[1])]
        before = re.search(r"createdBefore=(\d+)", self.path)
        if before is not None:
            found = [item for item in found if wire.millis(item[1][-1].visible_at) < int(before[1])]
        return {"elements": [wire.conversation(person, events, self._account()) for person, events in found[:20]]}

    def _events(self, conversation: str) -> wire.Json | None:
        try:
            person = person_of(conversation)
        except ValueError:
            return None
        events = self.place.world.events(self._account(), person)
        return {"elements": [wire.event(person, said, self._account()) for said in events]}

    def _not_signed_in(self) -> Answer | None:
        """As LinkedIn checks a session: `li_at`, and a csrf-token that is the JSESSIONID."""
        cookies = SimpleCookie(self.headers.get("Cookie", ""))
        li_at, session = cookies.get("li_at"), cookies.get("JSESSIONID")
        if li_at is None or li_at.value.startswith("expired"):
            return Answer(401, wire.error(401, message="Unauthorized"))
        if session is None or session.value.strip('"') != self.headers.get("csrf-token"):
            return Answer(403, b"CSRF check failed.")
        return self._account_answer()

    def _no_token(self) -> Answer | None:
        kind, _, token = self.headers.get("Authorization", "").partition(" ")
        if kind != "Bearer" or not token or token.startswith("expired"):
            body: wire.Json = {"serviceErrorCode": 65601, "message": "The token used in the request has expired"}
            return Answer(401, body)
        return self._account_answer()

    def _account_answer(self) -> Answer | None:
        status = self.place.account_answers.get(self._account())
        if status == 302:
            return fault_answer(Fault.CHALLENGE, None)
        return Answer(status, wire.error(status)) if status is not None else None

    def _account(self) -> str:
        cookie = SimpleCookie(self.headers.get("Cookie", "")).get("li_at")
        return cookie.value if cookie is not None else self.headers.get("Authorization", "").removeprefix("Bearer ")

    @staticmethod
    def _person_in(path: str) -> str:
        match path.strip("/").split("/"):
            case ["identity", "profiles", name, *_]:
                return unquote(name).lower()
        return ""

    def _record(self, kind: str, person: str, text: str, answer: Answer | None, *, taken: bool) -> None:
        status = answer.status if answer is not None else None
        path = urlsplit(self.path).path
        self.place.ledger.append(
            LinkedInRecord(self.place.clock.now(), self._account(), kind, path, person, text, status, taken)
        )

    def _reply(self, answer: Answer) -> None:
        if answer.status is None:
            self.place.stopping.wait(self.place.hold if answer.taken else 0)
            self.close_connection = True
            return
        if answer.drips:
            self._drip()
            return
        body = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
        body = b"" if answer.body is None else body
        self.send_response(answer.status)
        for name, value in answer.headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _drip(self) -> None:
        self.close_connection = True
        try:
            for byte in b"HTTP/1.1 201 Created\r\nX-Slow: " + b"." * 100_000:
                self.wfile.write(bytes([byte]))
                self.wfile.flush()
                if self.place.stopping.wait(0.02):
                    return
        except OSError:
            return


def _posted(path: str, body: wire.Json) -> tuple[str, str, str]:
    """What is posted: its kind, the person's public id, the text. Raises KeyError, TypeError, ValueError if odd."""
    found: object = body
    if path.endswith("/voyagerRelationshipsDashMemberRelationships"):
        urn = body["invitee"]["inviteeUnion"]["memberProfile"]  # type: ignore[index]
        return "invitation", public_id(str(urn).rpartition(":")[2]), str(body.get("customMessage") or "")
    if path.endswith("/v2/invitations"):
        note = body.get("message") or {}
        text = note.get("com.linkedin.invitations.InvitationMessage", {}).get("body", "")  # type: ignore[attr-defined]
        return "invitation", public_id(str(body["invitee"]).rpartition(":")[2]), str(text)
    if path.endswith("/rest/messages"):
        recipients = body["recipients"]
        return "message", public_id(str(recipients[0]).rpartition(":")[2]), str(body["body"])  # type: ignore[index]
    if path == "/messaging/conversations":
        found = body["conversationCreate"]
        person = public_id(str(found["recipients"][0]).rpartition(":")[2])  # type: ignore[index]
    else:
        person = person_of(unquote(path.split("/")[3]))
    event = found["eventCreate"]["value"]["com.linkedin.voyager.messaging.create.MessageCreate"]  # type: ignore[index]
    return "message", person, str(event["attributedBody"]["text"])


def _query_start(path: str) -> int:
    match = re.search(r"start:(\d+)", unquote(" ".join(parse_qs(urlsplit(path).query).get("variables", []))))
    return int(match[1]) if match else 0
