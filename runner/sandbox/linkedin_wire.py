"""The JSON in which the LinkedIn stand-in speaks: the shapes that `linkedin-api` reads."""

from __future__ import annotations

from datetime import datetime

from runner.sandbox.linkedin_fates import profile_id
from runner.sandbox.linkedin_world import OWN, Event, conversation_id

Json = dict[str, object]

LOGIN_PAGE = (
    b"<!DOCTYPE html><html><head><title>LinkedIn Login</title></head><body>"
    b'<form action="/uas/login-submit"><input name="session_password"></form></body></html>'
)
CAPTCHA_PAGE = b"<!DOCTYPE html><html><body><h1>Security verification</h1><div class='captcha'></div></body></html>"
_RESTLI = "com.linkedin.restli.common.CollectionResponse"
_SEARCH = "com.linkedin.voyager.dash.search"


def member(person: str) -> Json:
    """A short profile."""
    return {
        "entityUrn": f"urn:li:fs_miniProfile:{profile_id(person)}",
        "publicIdentifier": person,
        "firstName": person.title(),
        "lastName": "",
        "objectUrn": f"urn:li:member:{len(person)}",
    }


def me(account: str) -> Json:
    """The answer to `/me`."""
    return {"plainId": 1, "miniProfile": member(f"me-{account}")}


def network_info(person: str, *, connected: bool) -> Json:
    """How far a person is."""
    return {
        "data": {
            "distance": {"value": "DISTANCE_1" if connected else "DISTANCE_2"},
            "entityUrn": f"urn:li:fs_profileNetworkInfo:{profile_id(person)}",
            "connectionsCount": 500, "followable": True, "following": False, "followersCount": 948,
        }
    }  # fmt: skip


def profile_view(person: str) -> Json:
    """A whole profile, as it was before LinkedIn removed the call."""
    empty: Json = {"elements": []}
    views = ("position", "education", "language", "publication", "certification", "volunteerExperience", "honor",
             "project", "skill")  # fmt: skip
    profile: Json = {
        "entityUrn": f"urn:li:fs_profile:{profile_id(person)}", "miniProfile": member(person),
        "defaultLocale": {}, "supportedLocales": [], "versionTag": "1", "showEducationOnProfileTopCard": True,
    }  # fmt: skip
    whole: Json = {"profile": profile}
    return whole | {f"{view}View": empty for view in views}


def conversation(person: str, events: list[Event], account: str) -> Json:
    """One conversation in a list, with its last message."""
    return {
        "entityUrn": f"urn:li:fs_conversation:{conversation_id(person)}",
        "lastActivityAt": millis(events[-1].visible_at),
        "read": False,
        "participants": [{"com.linkedin.voyager.messaging.MessagingMember": {"miniProfile": member(person)}}],
        "events": [event(person, events[-1], account)],
    }


def event(person: str, said: Event, account: str) -> Json:
    """One message of the conversation with `person`."""
    author = f"me-{account}" if said.author == OWN else said.author
    return {
        "entityUrn": event_urn(person, said),
        "createdAt": millis(said.visible_at),
        "from": {"com.linkedin.voyager.messaging.MessagingMember": {"miniProfile": member(author)}},
        "subtype": "MEMBER_TO_MEMBER",
        "eventContent": {
            "com.linkedin.voyager.messaging.event.MessageEvent": {
                "attributedBody": {"text": said.text, "attributes": []}, "body": "",
            }
        },
    }  # fmt: skip


def event_urn(person: str, said: Event) -> str:
    """The URN of one message."""
    return f"urn:li:fs_event:({conversation_id(person)},{said.id})"


def message_created(person: str, said: Event) -> Json:
    """The answer to a message that was taken."""
    return {
        "value": {
            "createdAt": millis(said.visible_at), "eventUrn": event_urn(person, said),
            "conversationUrn": f"urn:li:fs_conversation:{conversation_id(person)}",
        }
    }  # fmt: skip


def invitation_created(urn: str) -> Json:
    """The answer to an invitation that was taken."""
    return {"data": {"value": {"invitationUrn": urn}}, "included": []}


def sent_invitation(person: str, at: datetime) -> Json:
    """One invitation in the list of those that were sent."""
    return {
        "entityUrn": f"urn:li:fs_sentInvitationViewV2:{profile_id(person)}",
        "invitation": {
            "toMember": member(person), "sentTime": millis(at), "invitationType": "SENT",
            "entityUrn": f"urn:li:fs_relInvitation:{profile_id(person)}",
        },
    }  # fmt: skip


def search_answer(people: list[str]) -> Json:
    """A people search with these results, all connections."""
    items: list[Json] = [
        {
            "_type": f"{_SEARCH}.SearchItem",
            "item": {
                "entityResult": {
                    "_type": f"{_SEARCH}.EntityResultViewModel",
                    "entityUrn": f"urn:li:fsd_entityResultViewModel:(urn:li:fsd_profile:{profile_id(person)},"
                    "SEARCH_SRP,DEFAULT)",
                    "entityCustomTrackingInfo": {"memberDistance": "DISTANCE_1"},
                    "title": {"text": person},
                }
            },
        }
        for person in people
    ]
    cluster = {"_type": f"{_SEARCH}.SearchClusterViewModel", "items": items}
    return {"data": {"searchDashClustersByAll": {"_type": _RESTLI, "elements": [cluster]}}}


def error(status: int, code: str = "", message: str = "") -> Json:
    """An error as Voyager words it."""
    data: Json = {"status": status}
    if code:
        data["code"] = code
    return {"data": data, "status": status, "message": message or f"Request failed with status {status}"}


def millis(at: datetime) -> int:
    """Milliseconds since 1970."""
    return round(at.timestamp() * 1000)
