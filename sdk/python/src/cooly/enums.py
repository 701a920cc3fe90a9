"""Values that are one of a few words. A newer server may answer with others: compare, and have an else.

Made by generate/generate.py from the API's document. Do not edit.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

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
"""The roles, in the document."""

