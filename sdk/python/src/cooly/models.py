"""What the API answers. Fields that a newer server adds are ignored.

Made by generate/generate.py from the API's document. Do not edit.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from . import enums
from ._values import Credits


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountDetail:
    """An account as it is, or was."""

    account_id: str
    """Its id: UUIDv5 of the user."""
    as_of: datetime
    """The moment that this is about."""
    available: Credits
    """Credits that can be spent."""
    balance: Credits
    """The sum of its lots: what is available and what is pending."""
    events: int
    """How many events its stream has."""
    expiring_soon: Expiring
    """Of the available credits, those that will be gone soon unless they are spent."""
    held: Credits
    """Credits set aside: they come back, or are spent."""
    holds: list[HoldView]
    """What is set aside, oldest first."""
    lots: list[LotView]
    """What the available and pending credits consist of, in the order in which they are spent."""
    next_expiry: datetime | None = None
    """When the next lot expires; null if none ever does."""
    pending: Credits
    """Credits that can only be spent later."""
    user: str
    """Its owner."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountPage:
    """A page of accounts, in order of their users."""

    items: list[AccountRow]
    next_cursor: str | None = None
    """Where the next page begins; null on the last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRow:
    """An account in a list."""

    account_id: str
    """Its id: UUIDv5 of the user."""
    balance: Credits
    """The sum of its lots: credits that can be spent now or later."""
    held: Credits
    """Credits set aside."""
    updated_at: datetime
    """When it last changed."""
    user: str | None = None
    """Its owner; null if no event has told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """What an account holds."""

    as_of: datetime
    """The moment that this is about."""
    available: Credits
    """Credits that can be spent."""
    expiring_soon: Expiring
    """Of the available credits, those that will be gone soon unless they are spent."""
    held: Credits
    """Credits set aside: they come back, or are spent."""
    holds: list[HoldView]
    """What is set aside, oldest first."""
    lots: list[LotView]
    """What the available and pending credits consist of, in the order in which they are spent."""
    next_expiry: datetime | None = None
    """When the next lot expires; null if none ever does."""
    pending: Credits
    """Credits that can only be spent later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BalanceChange:
    """One change of the balance."""

    amount: Credits
    """By how much the balance changed; of a capture that is what came back of its hold."""
    balance_after: Credits
    """The balance after it: the sum of the lots, without what is set aside."""
    generation_id: str | None = None
    """The generation that it was for, if any."""
    hold: int | None = None
    """The hold that it is about, if any."""
    occurred_at: datetime
    """When."""
    position: int
    """Its place in the log."""
    reason: str | None = None
    """Why, if a reason was given."""
    spent: Credits | None = None
    """What was spent for good, negative where it was given back; null where nothing was."""
    type: str
    """What happened, such as `credits.debited`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchQuote:
    """What a batch would cost and leave."""

    balance: Credits
    """Credits that could be spent after it."""
    cost: Credits
    """What all would cost together, or at most cost."""
    items: list[Quote]
    """In the order in which they were asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkCounts:
    """Generations of an action by what became of them."""

    all: int
    """All of them."""
    begun: int
    """Being done now."""
    cancelled: int
    """Retried, and cancelled by the user."""
    changed: int
    """Left as they were, since somebody else was faster."""
    discarded: int
    """Given up and refunded."""
    failed: int
    """Retried, and failed or died again."""
    left_out: int
    """Named and no part of it: they were not dead, or in another run than the one that was seen."""
    queued: int
    """Retried, and not ended since."""
    refused: int
    """Refused; `code` of the item says why."""
    succeeded: int
    """Retried, and succeeded."""
    waiting: int
    """Not begun; of an aborted action, left alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkCredits:
    """What was taken for the generations of an action."""

    all: Credits
    """For all of them."""
    given_back: Credits
    """For those that were given up: given back."""
    retried: Credits
    """For those that were retried, which stays taken."""
    waiting: Credits
    """For those that were not begun."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkItem:
    """A generation of an action."""

    charged: Credits
    """What was taken for it."""
    code: str | None = None
    """Why it was left as it was, or refused; null otherwise."""
    id: str
    """The generation."""
    ordinal: int
    """Its place among them, from 1; what died first comes first."""
    outcome: enums.BulkItemOutcome
    """What became of it."""
    position: int | None = None
    """Where the log tells of it; null if nothing was done."""
    run: int
    """The run that was dead when the action was ordered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkItemPage:
    """A page of the generations of an action, in its order."""

    items: list[BulkItem]
    next_cursor: str | None = None
    """Where the next page begins; null on the last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkOutcome:
    """What was done, or would be."""

    credits: Credits
    """Credits held by those that were done, or would be: given back by a discard, spent again by a retry. With a
    `plan` the same as its `credits`, or 0 if those are more than an amount may be.
    """
    done: int
    """How many were done."""
    dry_run: bool
    """Whether nothing was done because nothing was to be done."""
    matched: int
    """How many match."""
    plan: BulkPlan | None = None
    """What an action in the background would be about: with `Prefer: respond-async` and `dry_run`."""
    refused: list[LeftAlone]
    """Those that were not, at most a thousand of them."""
    remaining: int
    """How many match and were not looked at yet; send the same again to go on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkPlan:
    """What an action in the background would be about."""

    credits: Credits
    """What was taken for all of them: given back by a discard, spent again by a retry."""
    groups: list[DeadGroup]
    """By why they died and where, most first; at most a hundred."""
    samples: list[str]
    """Some of them, newest first."""
    seconds: int
    """How long it would take at its rate, in seconds, the wait for the canary not counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkRun:
    """An action on many dead letters, and how far it is."""

    action: enums.Deed
    """What is done."""
    canary: int
    """So many are done first."""
    cause: str | None = None
    """Why it paused by itself; null otherwise."""
    counts: BulkCounts
    """How many generations are where."""
    created_at: datetime
    """When it was ordered."""
    credits: BulkCredits
    """What was taken for them."""
    done_by: datetime | None = None
    """When the last will be begun at this rate; null unless it goes on."""
    ended_at: datetime | None = None
    """When nothing was left to be begun; null before."""
    filter: Any = None
    """The filter that was asked for; null if they were named."""
    id: str
    """Its name; the `causation_id` of every event that it leads to."""
    ordered_by: str
    """Who ordered it."""
    pause_above_percent: int
    """It pauses by itself once more of a hundred ended badly."""
    rate: int
    """Most a second."""
    reason: str
    """Why it was ordered."""
    state: enums.BulkState
    """Where it is: `canary` waits for the ends of the first, `done` has begun them all, and `aborted` leaves
    alone what it had not begun.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkRunPage:
    """A page of actions, newest first."""

    items: list[BulkRun]
    next_cursor: str | None = None
    """Where the next page begins; null on the last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelledGeneration:
    """A generation after a cancel."""

    attempts: int
    """Attempts of this run."""
    balance: Credits
    """Credits that can be spent now."""
    came_back: Credits | None = None
    """The credits that came back by this cancel; left out if it had been cancelled before."""
    cancel_keeps: Credits | None = None
    """What cancelling it now would keep of its price, because its provider has begun; left out if all would come
    back.
    """
    charged: Credits
    """What was taken or is set aside for it now, and was not given back."""
    cost: Credits
    """What one run costs, in credits."""
    cost_is: enums.CostIs
    """Whether it costs that, or at most that."""
    count: int
    """How many outputs."""
    created_at: datetime
    """When it was first queued."""
    failure: GenerationFailure | None = None
    """Why it failed, if it did."""
    finished_at: datetime | None = None
    """When it finished, if it has."""
    id: str
    """Its id."""
    kept: Credits | None = None
    """The part of `charged` that stayed because it was cancelled after its provider had begun; left out if there
    is none.
    """
    kind: enums.GenerationKind
    """What it makes."""
    model: str
    """The model that makes it."""
    on_hold: bool
    """Whether that is only set aside: the price is known when the generation is done."""
    outputs: list[GenerationOutput]
    """What was made."""
    params: GenerationParams
    """Wishes that were given."""
    prompt: str
    """What was asked for."""
    status: enums.GenerationStatus
    """Where it is in its life."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditBatchMade:
    """What the orders did."""

    items: list[CreditEffect]
    """In the same order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditEffect:
    """What one order did, under the name of the order."""

    adjust: MadeAdjustment | None = None
    """Correct the balance."""
    capture: MadeCapture | None = None
    """Spend a hold."""
    grant: MadeGrant | None = None
    """Give credits."""
    hold: MadeHold | None = None
    """Set credits aside."""
    refund: MadeRefund | None = None
    """Give back the price of a generation."""
    release: MadeRelease | None = None
    """Give back a hold."""
    void: MadeVoid | None = None
    """Take back a grant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DayUsage:
    """What was done with one model on one day."""

    day: date
    """The day, UTC."""
    failed: int
    """Runs that failed and were refunded."""
    generations: int
    """Generations bought."""
    kind: enums.GenerationKind
    """What the model makes."""
    model: str
    """The model."""
    refunded: Credits
    """Credits given back."""
    spent: Credits
    """Credits debited."""
    succeeded: int
    """Runs that succeeded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadGeneration:
    """A generation that used up its attempts."""

    attempts: int
    """Attempts of the run that died."""
    charged: Credits
    """What is taken or set aside for it, and comes back when it is discarded."""
    cost: Credits
    """What one run costs, or at most costs."""
    count: int
    """How many outputs."""
    created_at: datetime
    """When it was first queued."""
    died_at: datetime
    """When its attempts were used up."""
    failure: GenerationFailure
    """Why the last attempt failed."""
    id: str
    """The generation."""
    kind: enums.GenerationKind
    """What it makes."""
    model: str
    """The model."""
    on_hold: bool
    """Whether that is only set aside: nothing is spent unless a retry succeeds."""
    prompt: str
    """What was asked for."""
    run: int
    """Which run died, from 1."""
    user: str | None = None
    """Whose it is; null if no event has told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadGroup:
    """Dead letters that share a cause."""

    code: str
    """The failure code."""
    count: int
    """How many."""
    credits: Credits
    """What was taken for them."""
    latest: datetime
    """When the latest died."""
    model: str
    """The model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadPage:
    """A page of them, newest first."""

    items: list[DeadGeneration]
    next_cursor: str | None = None
    """Where the next page begins; null on the last."""
    total: int
    """How many match on all pages, counted no further than to 10,000."""
    total_is_more: bool
    """Whether more match than `total` says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadStory:
    """One of them with its whole story."""

    attempts: int
    """Attempts of the run that died."""
    charged: Credits
    """What is taken or set aside for it, and comes back when it is discarded."""
    cost: Credits
    """What one run costs, or at most costs."""
    count: int
    """How many outputs."""
    created_at: datetime
    """When it was first queued."""
    died_at: datetime
    """When its attempts were used up."""
    events: list[LifeEvent]
    """Everything that happened to it, every attempt of every run, in order."""
    failure: GenerationFailure
    """Why the last attempt failed."""
    id: str
    """The generation."""
    kind: enums.GenerationKind
    """What it makes."""
    model: str
    """The model."""
    on_hold: bool
    """Whether that is only set aside: nothing is spent unless a retry succeeds."""
    prompt: str
    """What was asked for."""
    run: int
    """Which run died, from 1."""
    user: str | None = None
    """Whose it is; null if no event has told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventPage:
    """A page of events, in the order of the log."""

    items: list[LogEvent]
    next_cursor: str | None = None
    """Where the next page begins; null on the last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expiring:
    """Credits that will be gone."""

    amount: Credits
    """How many."""
    before: datetime
    """By then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldError:
    """What is wrong with one field of the request."""

    field: str
    """The field, with its path: `items[3].prompt`, or the name of a parameter or header."""
    message: str
    """What is wrong with it, and what would be right."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something that does not hold."""

    detail: str
    """What is wrong."""
    invariant: str
    """Which rule is broken."""
    stream_id: str | None = None
    """In which stream, if it is about one."""
    version: int | None = None
    """At which version, if it is about one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Generation:
    """A generation."""

    attempts: int
    """Attempts of this run."""
    cancel_keeps: Credits | None = None
    """What cancelling it now would keep of its price, because its provider has begun; left out if all would come
    back.
    """
    charged: Credits
    """What was taken or is set aside for it now, and was not given back."""
    cost: Credits
    """What one run costs, in credits."""
    cost_is: enums.CostIs
    """Whether it costs that, or at most that."""
    count: int
    """How many outputs."""
    created_at: datetime
    """When it was first queued."""
    failure: GenerationFailure | None = None
    """Why it failed, if it did."""
    finished_at: datetime | None = None
    """When it finished, if it has."""
    id: str
    """Its id."""
    kept: Credits | None = None
    """The part of `charged` that stayed because it was cancelled after its provider had begun; left out if there
    is none.
    """
    kind: enums.GenerationKind
    """What it makes."""
    model: str
    """The model that makes it."""
    on_hold: bool
    """Whether that is only set aside: the price is known when the generation is done."""
    outputs: list[GenerationOutput]
    """What was made."""
    params: GenerationParams
    """Wishes that were given."""
    prompt: str
    """What was asked for."""
    status: enums.GenerationStatus
    """Where it is in its life."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationFailure:
    """Why a generation failed."""

    class_: enums.FailureClass
    """`permanent` was refunded; the others were tried again until the attempts were used up."""
    code: str
    """Stable code, such as `content_refused`."""
    message: str
    """One sentence for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationOutput:
    """One output."""

    content_type: str
    """Its MIME type."""
    height: int
    """Height in pixels; 0 for a clip whose file does not tell."""
    index: int
    """Its place, from 0."""
    sha256: str | None = None
    """SHA-256 of its bytes, in lower-case hexadecimal; older outputs have none."""
    thumbnail_url: str | None = None
    """Where a small copy is, if there is one; the same token is needed."""
    url: str
    """Where its bytes are; the same token is needed."""
    width: int
    """Width in pixels; 0 for a clip whose file does not tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationPage:
    """A page of generations, newest first."""

    items: list[Generation]
    next_cursor: str | None = None
    """Where the next page begins; null on the last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationParams:
    """Optional wishes; what is absent is the model's own default."""

    height: int | None = None
    """Height of an output, in pixels."""
    seconds: int | None = None
    """Length of a clip, in seconds; video models only."""
    seed: int | None = None
    """The same seed and prompt give the same output."""
    width: int | None = None
    """Width of an output, in pixels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenUp:
    """What became of it, and what its user got back."""

    id: str
    """The generation."""
    refunded: Credits
    """Credits given back by this request."""
    status: enums.GenerationStatus
    """Where it is now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """All is well."""

    status: str
    """`live` or `ready`."""
    warnings: list[str]
    """What does not keep it from serving and somebody should know all the same, such as a queue that is away:
    jobs are taken and wait then.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryPage:
    """A page of changes, newest first."""

    items: list[BalanceChange]
    next_cursor: str | None = None
    """Where the next page begins; null on the last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldList:
    """The open holds of an account."""

    items: list[HoldView]
    """Oldest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldView:
    """Credits that are set aside."""

    amount: Credits
    """How many: the most that can be captured."""
    expires_at: datetime | None = None
    """From when they come back by themselves; null for never."""
    from_: list[LotPart]
    """The lots that they were taken from."""
    generation_id: str | None = None
    """The generation that they may pay for; such a hold ends with it."""
    held_at: datetime | None = None
    """Since when."""
    id: int | None = None
    """Names it within its account; absent in a dry run, where there is none yet."""
    reason: str | None = None
    """What for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdings:
    """What an account held at one end of the period."""

    available: Credits
    """What of the balance could be spent then."""
    balance: Credits
    """What it had that was not set aside: what could be spent then, and what only later."""
    held: Credits
    """What was set aside."""
    pending: Credits
    """What of the balance could only be spent later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedToken:
    """A token."""

    expires_at: datetime
    """When it ends."""
    role: enums.RoleName
    """What it may do."""
    sub: str
    """Whom it speaks for."""
    token: str = field(repr=False)
    """Send it as `Authorization: Bearer …`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftAlone:
    """A dead letter that was left as it is."""

    code: str
    """Why, as in a problem document."""
    id: str
    """The generation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LifeEvent:
    """One event in the life of a generation."""

    actor: str
    """Who acted."""
    detail: Any
    """What else the event says."""
    occurred_at: datetime
    """When."""
    type: str
    """What happened, such as `job.attempt_failed`."""
    version: int
    """Its place in the life of the generation, from 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEvent:
    """An event as the log holds it."""

    account_id: str
    """The account."""
    actor: str
    """Who acted."""
    amount: Credits | None = None
    """By how much the balance changed; credit events only."""
    balance_after: Credits | None = None
    """The balance after it; credit events only."""
    causation_id: str | None = None
    """Caused by which event or message."""
    event_id: str
    """Its id."""
    hash: str
    """Its own hash, in hexadecimal."""
    job_id: str | None = None
    """The generation that it is about, if any."""
    occurred_at: datetime
    """The application's clock."""
    payload: Any
    """The fact."""
    position: int
    """Its place in the log."""
    prev_hash: str
    """Hash of the event before it in the stream, in hexadecimal."""
    recorded_at: datetime
    """The database's clock."""
    request_id: str
    """Through which request."""
    stream_id: str
    """The stream: the account itself, or one of its generations."""
    type: str
    """What happened."""
    version: int
    """Its place in the stream, from 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LotPart:
    """Credits of one lot."""

    amount: Credits
    """How many credits."""
    lot: int
    """Which lot."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LotView:
    """Credits that were given together, under the same terms."""

    amount: Credits | None = None
    """How many were given; null for what was given before there were lots."""
    effective_at: datetime | None = None
    """From when they can be spent; null for at once."""
    expires_at: datetime | None = None
    """From when they are gone; null for never."""
    granted_at: datetime | None = None
    """When they were given."""
    id: int | None = None
    """Names it within its account; absent in a dry run, where there is none yet."""
    metadata: dict[str, str] | None = None
    """What the granting system wanted to find again; for admins only."""
    priority: int
    """When they are spent among the others: 0 first, 100 last."""
    reason: str | None = None
    """Why."""
    remaining: Credits
    """How many are left."""
    source: enums.CreditSource
    """Where they come from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeAdjustment:
    """An adjustment that was made."""

    amount: Credits
    """By how much the balance changed."""
    asked: Credits
    """By how much it was to change; more than `amount` where less was there to take."""
    available: Credits
    """Credits that can be spent now."""
    balance: Credits
    """The sum of its lots: credits that can be spent now or later."""
    from_: list[LotPart]
    """The lots that credits were taken from, in that order."""
    held: Credits
    """Credits that are set aside."""
    lot: LotView | None = None
    """The lot that was made; null if credits were taken."""
    user: str
    """The account's owner."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeCapture:
    """A hold that was spent."""

    amount: Credits
    """How many credits were spent."""
    available: Credits
    """Credits that can be spent now."""
    balance: Credits
    """The sum of its lots: credits that can be spent now or later."""
    from_: list[LotPart]
    """The lots that were spent."""
    held: Credits
    """Credits that are set aside."""
    hold: int
    """The hold, which is over."""
    released: Credits
    """How many came back."""
    to: list[LotPart]
    """The lots that the rest came back to."""
    user: str
    """The account's owner."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeGrant:
    """A grant that was made."""

    amount: Credits
    """By how much the balance changed."""
    available: Credits
    """Credits that can be spent now."""
    balance: Credits
    """The sum of its lots: credits that can be spent now or later."""
    held: Credits
    """Credits that are set aside."""
    lot: LotView
    """The lot that was made."""
    user: str
    """The account's owner."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeHold:
    """A hold that was made."""

    available: Credits
    """Credits that can be spent now."""
    balance: Credits
    """The sum of its lots: credits that can be spent now or later."""
    held: Credits
    """Credits that are set aside."""
    hold: HoldView
    """The hold."""
    user: str
    """The account's owner."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeRefund:
    """A refund that was made."""

    amount: Credits
    """How many credits came back."""
    available: Credits
    """Credits that can be spent now."""
    balance: Credits
    """The sum of its lots: credits that can be spent now or later."""
    charged: Credits
    """What is still charged for the generation."""
    held: Credits
    """Credits that are set aside."""
    job_id: str
    """The generation."""
    to: list[LotPart]
    """The lots that they came back to."""
    user: str
    """The account's owner."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeRelease:
    """A hold that was given back."""

    available: Credits
    """Credits that can be spent now."""
    balance: Credits
    """The sum of its lots: credits that can be spent now or later."""
    held: Credits
    """Credits that are set aside."""
    hold: int
    """The hold, which is over."""
    released: Credits
    """How many credits came back."""
    to: list[LotPart]
    """The lots that they came back to."""
    user: str
    """The account's owner."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeVoid:
    """A grant that was taken back."""

    amount: Credits
    """How many credits were taken: what was left of it."""
    available: Credits
    """Credits that can be spent now."""
    balance: Credits
    """The sum of its lots: credits that can be spent now or later."""
    held: Credits
    """Credits that are set aside."""
    lot: int
    """The lot. What comes back to it later is taken back too."""
    user: str
    """The account's owner."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelList:
    """All """

    items: list[ModelOffer]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelOffer:
    """A model on offer."""

    description: str
    """What to expect of it."""
    id: str
    """The name that requests use."""
    kind: enums.GenerationKind
    """What it makes."""
    late_cancel: str | None = None
    """What cancelling keeps of the price once the provider has begun: `keep` for all of it, or a percentage such
    as `50%`. Left out where everything comes back, however late.
    """
    max_count: int
    """Most outputs of one request."""
    max_seconds: int | None = None
    """Longest clip, in seconds; null for pictures."""
    max_side: int
    """Longest side of an output, in pixels."""
    price: Credits
    """Price of one output, or of one second of output, in credits."""
    pricing: enums.Pricing
    """Which of the two."""
    title: str
    """The name that people read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """The state of the whole system."""

    accounts: int
    """Accounts with at least one event."""
    applied: int
    """Up to where every read model has applied the log."""
    credits_adjusted: Credits
    """Credits that adjustments ever gave, less those that they took."""
    credits_captured: Credits
    """Credits ever captured of holds: prices that were known only afterwards."""
    credits_debited: Credits
    """Credits ever debited: prices that were known beforehand."""
    credits_expired: Credits
    """Credits that ever expired unspent."""
    credits_granted: Credits
    """Credits ever granted."""
    credits_held: Credits
    """Credits that open holds set aside now."""
    credits_outstanding: Credits
    """Credits that all accounts together can spend, now or later; held ones are not among them."""
    credits_refunded: Credits
    """Credits ever given back of those debited or captured."""
    credits_spent: Credits
    """Credits debited or captured and not given back."""
    credits_voided: Credits
    """Credits ever taken back by voiding their grants."""
    generations: StatusCounts
    """Generations by status."""
    oldest_due_at: datetime | None = None
    """When the generation that waits longest became due; null if none waits."""
    parked_streams: int
    """Streams that a read model stopped applying; anything but 0 wants a look."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaidBatch:
    """The generations of a batch, and the balance after it."""

    balance: Credits
    """Credits that can be spent now."""
    items: list[Generation]
    """In the order in which they were asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaidGeneration:
    """A generation, and the balance after what was done."""

    attempts: int
    """Attempts of this run."""
    balance: Credits
    """Credits that can be spent now."""
    cancel_keeps: Credits | None = None
    """What cancelling it now would keep of its price, because its provider has begun; left out if all would come
    back.
    """
    charged: Credits
    """What was taken or is set aside for it now, and was not given back."""
    cost: Credits
    """What one run costs, in credits."""
    cost_is: enums.CostIs
    """Whether it costs that, or at most that."""
    count: int
    """How many outputs."""
    created_at: datetime
    """When it was first queued."""
    failure: GenerationFailure | None = None
    """Why it failed, if it did."""
    finished_at: datetime | None = None
    """When it finished, if it has."""
    id: str
    """Its id."""
    kept: Credits | None = None
    """The part of `charged` that stayed because it was cancelled after its provider had begun; left out if there
    is none.
    """
    kind: enums.GenerationKind
    """What it makes."""
    model: str
    """The model that makes it."""
    on_hold: bool
    """Whether that is only set aside: the price is known when the generation is done."""
    outputs: list[GenerationOutput]
    """What was made."""
    params: GenerationParams
    """Wishes that were given."""
    prompt: str
    """What was asked for."""
    status: enums.GenerationStatus
    """Where it is in its life."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """An RFC 9457 problem document. `code` is stable; `title` and `detail` are for people."""

    code: str
    """Stable code to match on, such as `credits_insufficient`."""
    detail: str
    """What happened this time, and what to do about it."""
    errors: list[FieldError] | None = None
    """The fields that are wrong, where fields are what is wrong."""
    request_id: str
    """The id under which the logs speak of this request."""
    status: int
    """The HTTP status, repeated."""
    title: str
    """This kind of problem in a few words."""
    type: str
    """A name for this kind of problem: `urn:cooly:problem:` and the code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What verifying an account found."""

    breaches: list[Finding]
    """What does not hold."""
    events: int
    """Events read."""
    head: str
    """Hash of the account's last event: a copy kept elsewhere pins everything before it."""
    sealed: SealedUpTo
    """How far the account's events are sealed. An event that was removed is not missed here; `cooly verify`
    does.
    """
    streams: int
    """Streams read."""
    valid: bool
    """Whether everything holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseQuote:
    """What a purchase would cost and leave."""

    balance: Credits
    """Credits that could be spent after it."""
    cost: Credits
    """What it would cost, in credits."""
    cost_is: enums.CostIs
    """Whether that is the price, or the most that it can be."""
    count: int
    """How many outputs."""
    kind: enums.GenerationKind
    """What it would make."""
    model: str
    """The model that would make it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """What a generation would cost."""

    cost: Credits
    """What it would cost, in credits."""
    cost_is: enums.CostIs
    """Whether that is the price, or the most that it can be."""
    count: int
    """How many outputs."""
    kind: enums.GenerationKind
    """What it would make."""
    model: str
    """The model that would make it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """The answer to a report."""

    outcome: enums.Outcome
    """What became of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Revived:
    """What became of it."""

    id: str
    """The generation."""
    status: enums.GenerationStatus
    """Where it is now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """A signed block. All bytes are in hexadecimal."""

    events: int
    """How many events are in it."""
    first_position: int
    """Position of the block's first event."""
    hash: str
    """SHA-256 of all of the above."""
    last_position: int
    """Position of its last."""
    number: int
    """1, 2, 3, … without gaps."""
    prev_hash: str
    """Hash of the seal before it; zeros for the first."""
    public_key: str
    """Who signed."""
    root: str
    """Merkle root over them, as in RFC 6962."""
    sealed_at: datetime
    """The database's clock; not signed."""
    signature: str
    """Ed25519 signature of `hash`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SealKeyUse:
    """A key that signed seals."""

    first_seal: int
    """The first seal that it signed."""
    last_seal: int
    """The last."""
    public_key: str
    """The key, in hexadecimal."""
    seals: int
    """How many it signed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SealKeys:
    """The keys that signed seals, oldest first."""

    items: list[SealKeyUse]


@dataclass(frozen=True, slots=True, kw_only=True)
class SealPage:
    """A page of seals, oldest first."""

    items: list[Seal]
    next_cursor: str | None = None
    """Where the next page begins; null on the last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedEvent:
    """An event of a block."""

    hash: str
    """Its hash, in hexadecimal."""
    position: int
    """Its place in the log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedUpTo:
    """How far the account's events are sealed."""

    matching: int
    """Events that are sealed and still what was sealed."""
    position: int | None = None
    """Position of the account's newest sealed event."""
    seal: int | None = None
    """The newest seal that covers an event of the account; null if none does."""
    unsealed: int
    """Events that no seal covers yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A statement. Its entries come in pages; everything else is about the whole period."""

    account_id: str
    """The account's id."""
    closing: Holdings
    """At the end, or now if the period has not ended."""
    entries: list[StatementEntry]
    """Oldest first."""
    from_: datetime
    """Where the period begins."""
    next_cursor: str | None = None
    """Where the next page begins; null on the last."""
    opening: Holdings
    """At the start."""
    totals: StatementTotals | None = None
    """What happened between them; on the first page only."""
    until: datetime
    """Where it ends; this instant does not belong to it."""
    user: str
    """Whose."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementEntry:
    """One line."""

    amount: Credits
    """By how much the balance changed."""
    balance_after: Credits
    """The balance after it."""
    description: str
    """What happened, in words."""
    generation_id: str | None = None
    """The generation that it is about, if any."""
    held_after: Credits
    """What is set aside after it."""
    held_change: Credits
    """By how much the credits that are set aside changed."""
    occurred_at: datetime
    """When."""
    spent: Credits | None = None
    """What was spent, where something was: of a capture it is another number than the change of the balance."""
    type: str
    """What happened, such as `credits.captured`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementTotals:
    """Everything that happened in the period, by kind and with its sign. `opening.balance + opening.held` and
    these are exactly `closing.balance + closing.held`; setting credits aside and taking them back changes
    neither sum.
    """

    adjusted: Credits
    """Corrected, up and down."""
    expired: Credits
    """Lapsed."""
    granted: Credits
    """Given."""
    refunded: Credits
    """Given back."""
    spent: Credits
    """Spent on generations, or captured."""
    voided: Credits
    """Taken back with their grants."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusCounts:
    """Generations by where they are in their life."""

    cancelled: int
    dead: int
    discarded: int
    failed: int
    queued: int
    running: int
    succeeded: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageReport:
    """Usage by day and model, oldest first."""

    items: list[DayUsage]


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeSeal:
    """A seal with the events under it."""

    leaves: list[SealedEvent]
    """The leaves of its tree, in order."""
    seal: Seal
    """The seal."""

