"""Writes each alert as a STIX 2.1 bundle: a grouping of user accounts, to a folder (a file each) or to a URL."""

import os
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from pipeline.alerts.findings import NAMESPACE, Finding, percent, shown_accounts
from pipeline.alerts.receiver import Message, Outcome, Receiver
from pipeline.alerts.transports import file_or_url, path_of
from pipeline.settings import Hook, Settings

# STIX 2.1, 2.9: namespace of the ids of cyber-observable objects.
OBSERVABLES = uuid.UUID("00abedb4-aa42-466c-9c01-fed23315a9b7")
# STIX 2.1, 7.2.1.4: TLP:AMBER. Account ids are for the organisation that holds the accounts.
TLP_AMBER = "marking-definition--f88d31f6-486f-44da-b317-01333bde0b82"
# Our identity never changes, so neither does its time.
IDENTITY_MADE = datetime(2026, 1, 1, tzinfo=UTC)

Object = dict[str, Any]


def build(hook: Hook, settings: Settings) -> Receiver:
    """The receiver that `hook` names."""
    return file_or_url(hook, lambda hook: Bundles(path_of(hook)), render)


class Bundles:
    """A folder with a file for each alert, named by its id: sent twice, it is there once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def deliver(self, message: Message) -> Outcome:
        """Write the bundle whole, or not at all."""
        path = self.folder / f"{message.alert_uid}.json"
        partial = path.with_suffix(".partial")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with partial.open("w", encoding="utf-8") as file:
                file.write(render(message))
                file.flush()
                os.fsync(file.fileno())
            partial.replace(path)
        except OSError as error:
            return Outcome("again", f"cannot write the bundle: {error.strerror}")
        return Outcome("delivered", "written")


def render(message: Message) -> str:
    """The alert as a bundle. The grouping keeps its id over revisions: each is a newer version of it."""
    finding = message.envelope.data
    accounts = [_account(account_id) for account_id in shown_accounts(finding)]
    grouping = _grouping(message, [account["id"] for account in accounts])
    bundle = {
        "type": "bundle",
        "id": f"bundle--{_own_id('bundle', message.alert_uid)}",
        "objects": [_identity(), grouping, *accounts],
    }
    return msgspec.json.encode(bundle).decode()


def _grouping(message: Message, refs: list[str]) -> Object:
    finding = message.envelope.data
    return {
        "type": "grouping",
        "spec_version": "2.1",
        "id": f"grouping--{_own_id('grouping', finding.cluster_uid)}",
        "created_by_ref": _identity()["id"],
        "created": _time(finding.first_told_at),
        "modified": _time(message.envelope.timestamp),
        "name": finding.summary,
        "description": _description(finding),
        "context": "suspicious-activity",
        "confidence": percent(finding.confidence),
        "labels": [finding.verdict, finding.change, *finding.atlas, *finding.f3],
        "external_references": [{"source_name": "hydratrace", "external_id": finding.cluster_uid}],
        "object_marking_refs": [TLP_AMBER],
        "object_refs": refs or [_identity()["id"]],
    }


def _account(account_id: str) -> Object:
    contributing = msgspec.json.encode({"user_id": account_id}).decode()
    return {
        "type": "user-account",
        "spec_version": "2.1",
        "id": f"user-account--{uuid.uuid5(OBSERVABLES, contributing)}",
        "user_id": account_id,
        "object_marking_refs": [TLP_AMBER],
    }


def _identity() -> Object:
    return {
        "type": "identity",
        "spec_version": "2.1",
        "id": f"identity--{_own_id('identity', 'hydratrace')}",
        "created": _time(IDENTITY_MADE),
        "modified": _time(IDENTITY_MADE),
        "name": "hydratrace",
        "identity_class": "system",
    }


def _description(finding: Finding) -> str:
    parts = [f"For: {'; '.join(finding.reasons)}.", f"Against: {'; '.join(finding.counter_evidence)}."]
    shown = [part for part, lines in zip(parts, (finding.reasons, finding.counter_evidence), strict=True) if lines]
    return " ".join([*shown, f"Next: {finding.next_query}"])


def _own_id(kind: str, name: str) -> uuid.UUID:
    return uuid.uuid5(NAMESPACE, f"stix\0{kind}\0{name}")


def _time(instant: datetime) -> str:
    """STIX timestamps are UTC with Z; milliseconds, as versions are told apart by `modified`."""
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
