"""The fields that every lead and every campaign has, with their types, for conditions and templates."""

from __future__ import annotations

CAMPAIGN_FIELDS = {"name": "text", "sequence": "text", "mode": "text", "priority": "number"}
LEAD_FIELDS = {
    "email": "text", "first_name": "text", "last_name": "text", "company": "text", "title": "text", "phone": "text",
    "website": "text", "contact_form_url": "text", "linkedin_url": "text", "timezone": "text", "country": "text",
    "grade": "text", "legal_basis": "text", "source": "text", "score": "number", "tags": "list", "lists": "list",
    "consent": "boolean", "linkedin_status": "text",
}  # fmt: skip
