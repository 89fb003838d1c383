"""The sample leads: enough people of different fates, and not one row that the import would not take."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from runner.leads.importer import read_leads
from runner.model.lead_draft import LeadDraft

SAMPLE = Path(__file__).parents[2] / "leads" / "sample.csv"


def test_every_sample_lead_imports_without_a_note() -> None:
    rows = list(read_leads(SAMPLE))
    assert len(rows) >= 36
    assert [row for row in rows if not isinstance(row, LeadDraft) or row.notes] == []


def test_the_sample_leads_meet_many_fates_on_every_channel() -> None:
    drafts = [row for row in read_leads(SAMPLE) if isinstance(row, LeadDraft)]
    emails = {
        str(draft.values.get("email", "")).split("@")[0].split(".")[0] for draft in drafts if "email" in draft.values
    }
    sites = {
        urlsplit(str(draft.values["contact_form_url"])).hostname
        for draft in drafts
        if "contact_form_url" in draft.values
    }
    profiles = {str(draft.linkedin_key).rpartition("-")[0] for draft in drafts if draft.linkedin_key}
    assert len(emails & {"bounce550", "tempfail", "latebounce", "reply", "optout", "rejectdot", "closeafterdot"}) == 7
    assert len(sites) >= 12
    assert len(profiles) >= 7


def test_nobody_of_the_sample_could_be_a_real_person() -> None:
    for row in read_leads(SAMPLE):
        assert isinstance(row, LeadDraft)
        hosts = [str(row.values.get("email", "x@x.example")).rpartition("@")[2]]
        hosts += [
            urlsplit(str(row.values[name])).hostname or ""
            for name in ("website", "contact_form_url")
            if name in row.values
        ]
        assert all(host.endswith(".example") for host in hosts)
