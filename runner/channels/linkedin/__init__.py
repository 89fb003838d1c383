"""LinkedIn: invitations and messages through a person, the voyager client or the official API."""
