"""What requests carry.

Made by generate/generate.py from the API's document. Do not edit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TypedDict

from . import enums
from ._values import CreditsInput

DeadFilter = TypedDict(
    "DeadFilter",
    {
        "class": "enums.FailureClass",
        "code": "str",
        "incident": "str",
        "kind": "enums.GenerationKind",
        "min_attempts": "int",
        "min_credits": "CreditsInput",
        "model": "str",
        "older_than": "str",
        "provider": "str",
        "q": "str",
        "since": "datetime | str",
        "until": "datetime | str",
        "user": "str",
        "user_contains": "str",
    },
    total=False,
)
"""Which dead letters; everything that is set must hold."""


class _BulkActionRequired(TypedDict):
    """What must be there."""

    action: enums.Deed
    """What to do."""


class BulkAction(_BulkActionRequired, total=False):
    """An action on many dead letters: those with these ids, or all that match."""

    at_most: int
    """Do nothing if more than so many match `filter`: what a dry run counted, so that nothing happens to one
    that nobody saw.
    """
    canary: int
    """So many are done first and their ends waited for; 10 if left out, 0 for none."""
    dry_run: bool
    """Only say what would be done."""
    filter: DeadFilter
    """All that match; either this or `ids`. An empty filter matches every dead letter."""
    ids: Sequence[str]
    """These; either this or `filter`."""
    pause_above_percent: int
    """It pauses by itself once more of a hundred ended badly; 50 if left out, 100 for never."""
    rate: int
    """Most a second; 10 if left out."""
    reason: str
    """Why; written beside every event. Needed with `Prefer: respond-async`, as what follows goes with it alone."""
    runs: Sequence[int]
    """The `run` of each of `ids` that was looked at, in the same order: those that have been run again since are
    left alone as `run_stale`.
    """


class _BulkGrantLineRequired(TypedDict):
    """What must be there."""

    amount: CreditsInput
    """How many; more than zero."""
    reason: str
    """Why; the user reads it in the history."""
    user: str
    """Whose account."""


class BulkGrantLine(_BulkGrantLineRequired, total=False):
    """A line of an upload: a grant, and to whom."""

    effective_at: datetime | str
    """From when they can be spent; at once if left out."""
    expires_at: datetime | str
    """From when they are gone; never if left out."""
    key: str
    """Names the line among those of this upload, so that it is granted once however often it is sent: up to 100
    visible ASCII characters. If left out, what stands in the line names it.
    """
    metadata: Mapping[str, str]
    """Whatever you want to find again: at most 16 strings, names up to 40 and values up to 500 bytes."""
    priority: int
    """When they are spent among the others: 0 first, 100 last; 50 if left out. Among equals, what expires
    soonest goes first, then what was given first.
    """
    source: enums.CreditSource
    """Where they come from; `other` if left out."""


class _CleanupRequired(TypedDict):
    """What must be there."""

    older_than: str
    """Those that died at least so long ago, such as `7d`."""


class Cleanup(_CleanupRequired, total=False):
    """Dead letters to give up by their age."""

    dry_run: bool
    """Only say what would be done."""


class _NewAdjustmentRequired(TypedDict):
    """What must be there."""

    amount: CreditsInput
    """By how much, with a sign; not zero."""
    reason: str
    """Why; the user reads it in the history."""


class NewAdjustment(_NewAdjustmentRequired, total=False):
    """A correction of the balance."""

    clamp: bool
    """Take what is there if that is less than `amount`, instead of refusing."""


class NewCapture(TypedDict):
    """A hold to spend."""

    amount: CreditsInput
    """How many; more than zero, at most what is held. The rest comes back."""
    hold: int
    """Which hold."""


class _NewGrantRequired(TypedDict):
    """What must be there."""

    amount: CreditsInput
    """How many; more than zero."""
    reason: str
    """Why; the user reads it in the history."""


class NewGrant(_NewGrantRequired, total=False):
    """Credits to give."""

    effective_at: datetime | str
    """From when they can be spent; at once if left out."""
    expires_at: datetime | str
    """From when they are gone; never if left out."""
    metadata: Mapping[str, str]
    """Whatever you want to find again: at most 16 strings, names up to 40 and values up to 500 bytes."""
    priority: int
    """When they are spent among the others: 0 first, 100 last; 50 if left out. Among equals, what expires
    soonest goes first, then what was given first.
    """
    source: enums.CreditSource
    """Where they come from; `other` if left out."""


class _NewHoldRequired(TypedDict):
    """What must be there."""

    amount: CreditsInput
    """How many; more than zero. The most that can be captured."""
    reason: str
    """What for."""


class NewHold(_NewHoldRequired, total=False):
    """Credits to set aside."""

    expires_at: datetime | str
    """From when they come back by themselves; never if left out."""


class _NewRefundRequired(TypedDict):
    """What must be there."""

    job_id: str
    """The generation."""
    reason: str
    """Why."""


class NewRefund(_NewRefundRequired, total=False):
    """A price to give back."""

    amount: CreditsInput
    """How many credits, at most what is charged for it; all of that if left out."""


class NewRelease(TypedDict):
    """A hold to give back."""

    hold: int
    """Which hold."""


class NewVoid(TypedDict):
    """A grant to take back."""

    lot: int
    """The lot that it made."""
    reason: str
    """Why; the user reads it in the history."""


class _CreditCommandRequired(TypedDict):
    """What must be there."""

    user: str
    """The account's owner, as in the `sub` of its token."""


class CreditCommand(_CreditCommandRequired, total=False):
    """One order: a user, and exactly one of the others."""

    adjust: NewAdjustment
    """Correct the balance."""
    capture: NewCapture
    """Spend a hold."""
    grant: NewGrant
    """Give credits."""
    hold: NewHold
    """Set credits aside."""
    refund: NewRefund
    """Give back the price of a generation."""
    release: NewRelease
    """Give back a hold."""
    void: NewVoid
    """Take back a grant."""


class _DecidingRequired(TypedDict):
    """What must be there."""

    expected_revision: int
    """The `revision` that was looked at, 0 if nothing was decided before: if something was since, nothing is
    done and the answer is `incident_stale`.
    """


class Deciding(_DecidingRequired, total=False):
    """What goes with a decision."""

    reason: str
    """Why."""


class GenerationParamsInput(TypedDict, total=False):
    """Optional wishes; what is absent is the model's own default."""

    height: int | None
    """Height of an output, in pixels."""
    seconds: int | None
    """Length of a clip, in seconds; video models only."""
    seed: int | None
    """The same seed and prompt give the same output."""
    width: int | None
    """Width of an output, in pixels."""


class _IgnoringRequired(TypedDict):
    """What must be there."""

    expected_revision: int
    """The `revision` that was looked at, 0 if nothing was decided before: if something was since, nothing is
    done and the answer is `incident_stale`.
    """


class Ignoring(_IgnoringRequired, total=False):
    """Leaving an incident alone for a while."""

    more: int
    """Until so many more generations that died of it wait; either this or `until`."""
    reason: str
    """Why."""
    until: datetime | str
    """Until this instant; either this or `more`."""


class _NewApiKeyRequired(TypedDict):
    """What must be there."""

    name: str
    """What it is called."""
    scope: enums.ApiKeyScope
    """What it may do. `auditor` is refused, and so is `admin` for another than oneself."""


class NewApiKey(_NewApiKeyRequired, total=False):
    """An API key for somebody."""

    expires_at: datetime | str
    """From when on it is refused; it does not expire if this is left out."""
    owner: str
    """As whom it acts. Needed for a `user`; a `backend` has none, and acts for whom each request names."""


class _NewGenerationRequired(TypedDict):
    """What must be there."""

    model: str
    """The model, from `GET /v1/models`."""
    prompt: str
    """What to make. Taken as it is, blanks and all."""


class NewGeneration(_NewGenerationRequired, total=False):
    """A generation to buy."""

    count: int
    """How many outputs; 1 if left out."""
    kind: enums.GenerationKind
    """What the model makes; only to be sure."""
    params: GenerationParamsInput
    """Optional wishes."""


class _NewOwnKeyRequired(TypedDict):
    """What must be there."""

    name: str
    """What it is called."""


class NewOwnKey(_NewOwnKeyRequired, total=False):
    """An API key of one's own."""

    expires_at: datetime | str
    """From when on it is refused; it does not expire if this is left out."""


class _NewTokenRequired(TypedDict):
    """What must be there."""

    role: enums.RoleName
    """What it may do."""


class NewToken(_NewTokenRequired, total=False):
    """The token that is wanted."""

    sub: str
    """Whom it speaks for; `demo`, `admin` or `auditor` if left out."""


class _NewWebhookRequired(TypedDict):
    """What must be there."""

    events: Sequence[enums.WebhookEvent]
    """What it is told."""
    url: str
    """Where messages go: `https://`, and out in public."""


class NewWebhook(_NewWebhookRequired, total=False):
    """An endpoint to be made."""

    description: str
    """A note for people."""
    user: str
    """Only about this user; about all if left out."""


class _OrderCaptureAmountRequired(TypedDict):
    """What must be there."""

    amount: CreditsInput
    """How many; more than zero, at most what is held. The rest comes back."""


class OrderCaptureAmount(_OrderCaptureAmountRequired, total=False):
    """A body, and whether it is only tried."""

    dry_run: bool
    """Only say what this would do: the answer is 200, and nothing is written."""


class _OrderCreditBatchRequired(TypedDict):
    """What must be there."""

    commands: Sequence[CreditCommand]
    """In the order in which they are carried out."""


class OrderCreditBatch(_OrderCreditBatchRequired, total=False):
    """A body, and whether it is only tried."""

    dry_run: bool
    """Only say what this would do: the answer is 200, and nothing is written."""


class _OrderNewAdjustmentRequired(TypedDict):
    """What must be there."""

    amount: CreditsInput
    """By how much, with a sign; not zero."""
    reason: str
    """Why; the user reads it in the history."""


class OrderNewAdjustment(_OrderNewAdjustmentRequired, total=False):
    """A body, and whether it is only tried."""

    clamp: bool
    """Take what is there if that is less than `amount`, instead of refusing."""
    dry_run: bool
    """Only say what this would do: the answer is 200, and nothing is written."""


class _OrderNewBatchRequired(TypedDict):
    """What must be there."""

    items: Sequence[NewGeneration]
    """Each as it would be bought alone."""


class OrderNewBatch(_OrderNewBatchRequired, total=False):
    """A body, and whether it is only tried."""

    dry_run: bool
    """Only say what this would do: the answer is 200, and nothing is written."""


class _OrderNewGenerationRequired(TypedDict):
    """What must be there."""

    model: str
    """The model, from `GET /v1/models`."""
    prompt: str
    """What to make. Taken as it is, blanks and all."""


class OrderNewGeneration(_OrderNewGenerationRequired, total=False):
    """A body, and whether it is only tried."""

    count: int
    """How many outputs; 1 if left out."""
    dry_run: bool
    """Only say what this would do: the answer is 200, and nothing is written."""
    kind: enums.GenerationKind
    """What the model makes; only to be sure."""
    params: GenerationParamsInput
    """Optional wishes."""


class _OrderNewGrantRequired(TypedDict):
    """What must be there."""

    amount: CreditsInput
    """How many; more than zero."""
    reason: str
    """Why; the user reads it in the history."""


class OrderNewGrant(_OrderNewGrantRequired, total=False):
    """A body, and whether it is only tried."""

    dry_run: bool
    """Only say what this would do: the answer is 200, and nothing is written."""
    effective_at: datetime | str
    """From when they can be spent; at once if left out."""
    expires_at: datetime | str
    """From when they are gone; never if left out."""
    metadata: Mapping[str, str]
    """Whatever you want to find again: at most 16 strings, names up to 40 and values up to 500 bytes."""
    priority: int
    """When they are spent among the others: 0 first, 100 last; 50 if left out. Among equals, what expires
    soonest goes first, then what was given first.
    """
    source: enums.CreditSource
    """Where they come from; `other` if left out."""


class _OrderNewHoldRequired(TypedDict):
    """What must be there."""

    amount: CreditsInput
    """How many; more than zero. The most that can be captured."""
    reason: str
    """What for."""


class OrderNewHold(_OrderNewHoldRequired, total=False):
    """A body, and whether it is only tried."""

    dry_run: bool
    """Only say what this would do: the answer is 200, and nothing is written."""
    expires_at: datetime | str
    """From when they come back by themselves; never if left out."""


class _OrderNewRefundRequired(TypedDict):
    """What must be there."""

    job_id: str
    """The generation."""
    reason: str
    """Why."""


class OrderNewRefund(_OrderNewRefundRequired, total=False):
    """A body, and whether it is only tried."""

    amount: CreditsInput
    """How many credits, at most what is charged for it; all of that if left out."""
    dry_run: bool
    """Only say what this would do: the answer is 200, and nothing is written."""


class _OrderVoidReasonRequired(TypedDict):
    """What must be there."""

    reason: str
    """Why; the user reads it in the history."""


class OrderVoidReason(_OrderVoidReasonRequired, total=False):
    """A body, and whether it is only tried."""

    dry_run: bool
    """Only say what this would do: the answer is 200, and nothing is written."""


class _ReplayOrderRequired(TypedDict):
    """What must be there."""

    after: int
    """What comes after this position; `disabled.position` is where an endpoint was disabled."""


class ReplayOrder(_ReplayOrderRequired, total=False):
    """A part of the log that an endpoint is told again."""

    until: int
    """Up to this position; up to now if left out."""
    with_delivered: bool
    """Send also what was delivered."""


class Revoking(TypedDict, total=False):
    """What goes with a revocation."""

    reason: str
    """Why."""


class WebhookChange(TypedDict, total=False):
    """What is changed of an endpoint; what is left out stays."""

    description: str
    """A note for people."""
    enabled: bool
    """`false` sends nothing more; what happens meanwhile is not for it, what waits goes on waiting. `true` sends
    again, what waits at once.
    """
    events: Sequence[enums.WebhookEvent]
    """What it is told from now on."""
    url: str
    """Where messages go. What waits goes there too, at once."""

