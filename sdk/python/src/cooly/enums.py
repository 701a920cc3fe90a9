"""Values that are one of a few words. A newer server may answer with others: compare, and have an else.

Made by generate/generate.py from the API's document. Do not edit.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

ApiKeyScope: TypeAlias = Literal[
    "user",
    "admin",
    "auditor",
    "backend",
]

ApiKeyState: TypeAlias = Literal[
    "active",
    "expired",
    "revoked",
]

AttemptBilled: TypeAlias = Literal[
    "yes",
    "no",
    "unknown",
]
"""Whether a provider is paid for an attempt that failed."""

AttemptOutcome: TypeAlias = Literal[
    "running",
    "succeeded",
    "failed",
    "cancelled",
    "taken_over",
]
"""What became of an attempt."""

BooksForm: TypeAlias = Literal[
    "json",
    "csv",
    "parquet",
]
"""How an answer about the books is written."""

BulkItemOutcome: TypeAlias = Literal[
    "waiting",
    "begun",
    "queued",
    "succeeded",
    "failed",
    "cancelled",
    "discarded",
    "changed",
    "refused",
]

BulkState: TypeAlias = Literal[
    "canary",
    "running",
    "paused",
    "done",
    "aborted",
]

CostIs: TypeAlias = Literal[
    "exact",
    "at_most",
]
"""What a price says."""

CreditSource: TypeAlias = Literal[
    "plan",
    "purchase",
    "promo",
    "goodwill",
    "adjustment",
    "other",
]

Deed: TypeAlias = Literal[
    "retry",
    "discard",
]
"""What to do with them."""

Environment: TypeAlias = Literal[
    "live",
    "test",
]

Event: TypeAlias = Literal[
    "ignored",
    "resolved",
    "reopened",
    "regressed",
    "ignore_over",
]

ExportDataset: TypeAlias = Literal[
    "events",
    "seals",
]

ExportFormat: TypeAlias = Literal[
    "ndjson",
    "csv",
    "parquet",
]

FailureClass: TypeAlias = Literal[
    "permanent",
    "transient",
    "throttled",
]

Form: TypeAlias = Literal[
    "json",
    "csv",
    "html",
]
"""The forms that a statement has."""

GenerationKind: TypeAlias = Literal[
    "image",
    "video",
]

GenerationStatus: TypeAlias = Literal[
    "queued",
    "running",
    "succeeded",
    "failed",
    "dead",
    "cancelled",
    "discarded",
]

IncidentState: TypeAlias = Literal[
    "regressed",
    "open",
    "ignored",
    "resolved",
]

ListForm: TypeAlias = Literal[
    "json",
    "csv",
    "ndjson",
]
"""The forms that a list has."""

Outcome: TypeAlias = Literal[
    "noted",
    "repeated",
]
"""What became of a report."""

Pricing: TypeAlias = Literal[
    "per_output",
    "per_second",
]
"""What a price is the price of."""

RoleName: TypeAlias = Literal[
    "user",
    "admin",
    "auditor",
]
"""What its bearer may do: `user` is for `/v1`, `admin` for `/admin`, `auditor` for `/audit`."""

Sort: TypeAlias = Literal[
    "newest",
    "oldest",
    "credits",
]

WebhookDisabledReason: TypeAlias = Literal[
    "asked",
    "gone",
    "failing",
]

WebhookEvent: TypeAlias = Literal[
    "generation.succeeded",
    "generation.failed",
    "generation.cancelled",
    "generation.dead",
    "generation.discarded",
    "credits.granted",
    "credits.refunded",
    "credits.low",
    "credits.expiring",
]

WebhookOutcome: TypeAlias = Literal[
    "delivered",
    "waiting",
    "given_up",
]

