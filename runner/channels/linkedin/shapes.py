"""The JSON of Voyager's answers, read without trust: a part that is missing or odd is left out, never an error."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from runner.channels.linkedin.identity import profile_id_in
from runner.channels.linkedin.provider import Invitation, Line

_MEMBER = "com.linkedin.voyager.messaging.MessagingMember"
_EVENT = "com.linkedin.voyager.messaging.event.MessageEvent"


def conversation_ids(body: object) -> list[tuple[str, datetime | None]]:
    """Each conversation's id and when something last happened in it, in the order given."""
    found = []
    for element in _elements(body):
        conversation_id = str(element.get("entityUrn") or "").removeprefix("urn:li:fs_conversation:")
        if conversation_id:
            found.append((conversation_id, _instant(element.get("lastActivityAt"))))
    return found


def lines_of(body: object, own: str | None) -> tuple[Line, ...]:
    """The messages of one conversation, oldest first."""
    lines = [line for element in _elements(body) if (line := _line(element, own)) is not None]
    return tuple(sorted(lines, key=lambda line: (line.at, line.id)))


def own_profile_id(body: object) -> str | None:
    """The profile id in the answer to `/me`."""
    return profile_id_in(_at(body, "miniProfile", "entityUrn") or _at(body, "data", "*miniProfile"))


def connection_ids(body: object) -> frozenset[str] | None:
    """The profile ids of a people search that are first-degree connections; None when it is no search answer."""
    clusters = _at(body, "data", "searchDashClustersByAll")
    if not isinstance(clusters, dict):
        return None
    found = set()
    for cluster in _elements(clusters):
        for item in _dicts(cluster.get("items")):
            entity = _at(item, "item", "entityResult")
            distance = _at(entity, "entityCustomTrackingInfo", "memberDistance")
            profile_id = profile_id_in(_at(entity, "entityUrn"))
            if profile_id is not None and distance in {"DISTANCE_1", None}:
                found.add(profile_id)
    return frozenset(found)


def invitations(body: object) -> tuple[Invitation, ...]:
    """The open invitations in an answer to the sent-invitations call."""
    found = []
    for element in _elements(body):
        invitation = element.get("invitation")
        member = _at(invitation, "toMember") or _at(invitation, "invitee", "miniProfile")
        profile_id = profile_id_in(_at(member, "entityUrn"))
        public_id = _at(member, "publicIdentifier")
        if profile_id is not None or isinstance(public_id, str):
            name = public_id if isinstance(public_id, str) else None
            found.append(Invitation(profile_id, name, _instant(_at(invitation, "sentTime"))))
    return tuple(found)


def _line(event: dict[str, object], own: str | None) -> Line | None:
    at = _instant(event.get("createdAt"))
    text = _at(event, "eventContent", _EVENT, "attributedBody", "text") or _at(event, "eventContent", _EVENT, "body")
    mini = _at(event, "from", _MEMBER, "miniProfile")
    author, public_id = profile_id_in(_at(mini, "entityUrn")), _at(mini, "publicIdentifier")
    if at is None or not isinstance(text, str):
        return None
    return Line(
        id=str(event.get("entityUrn") or ""), at=at, text=text, author=author,
        public_id=public_id if isinstance(public_id, str) else None, own=author is not None and author == own,
    )  # fmt: skip


def _elements(body: object) -> Iterator[dict[str, object]]:
    return _dicts(_at(body, "elements") or _at(body, "data", "elements"))


def _dicts(value: object) -> Iterator[dict[str, object]]:
    return (item for item in value if isinstance(item, dict)) if isinstance(value, list) else iter(())


def _at(body: object, *names: str) -> object:
    for name in names:
        body = body.get(name) if isinstance(body, dict) else None
    return body


def _instant(value: object) -> datetime | None:
    """Voyager counts milliseconds since 1970."""
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value < 10**14:
        return None
    return datetime.fromtimestamp(value / 1000, UTC)
