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
class ApiKey:
    """An API key, without its secret."""

    created_at: datetime
    """When."""
    created_by: str | None = None
    """Who made it, as the log writes it; null if the owner asks and it was somebody else."""
    environment: enums.Environment
    """Where it is of use: servers of another environment refuse it."""
    expires_at: datetime | None = None
    """From when on it is refused; null if it does not expire."""
    hint: str
    """By what it is told from others: how it begins and how it ends."""
    id: str
    """Its id; the `causation_id` of every event that a request with it led to."""
    last_used_at: datetime | None = None
    """When it was last used, to about a minute; null if it never was."""
    name: str
    """What it is called."""
    owner: str | None = None
    """As whom it acts; null for a `backend`."""
    revoke_reason: str | None = None
    """Why, if somebody said; null if the owner asks."""
    revoked_at: datetime | None = None
    """When it was revoked; null if it was not."""
    revoked_by: str | None = None
    """Who revoked it, as the log writes it; null if nobody did, and if the owner asks and it was somebody else."""
    scope: enums.ApiKeyScope
    """What it may do: what its owner may as `user`, `admin` or `auditor`; or, for a `backend`, what any user may
    whom a request names with `Cooly-User`.
    """
    state: enums.ApiKeyState
    """How it stands: `active` is taken, `expired` and `revoked` are refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKeyPage:
    """A page of API keys, newest first."""

    items: list[ApiKey]
    next_cursor: str | None = None
    """Where the next page begins; null on the last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptFailure:
    """Why an attempt failed, in the words for whoever mends it, and whether it has to be paid for."""

    billed: enums.AttemptBilled | None = None
    """Whether the provider is paid for it; null where nobody said."""
    class_: enums.FailureClass
    """`permanent` was refunded; the others were tried again until the attempts were used up."""
    code: str
    """Stable code, such as `content_refused`."""
    message: str
    """One sentence for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """What the caller holds, and whether it will do for long."""

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
    is_low: bool
    """Whether this one is."""
    lots: list[LotView]
    """What the available and pending credits consist of, in the order in which they are spent."""
    low_below: Credits
    """Below so many available credits a balance is low."""
    next_expiry: datetime | None = None
    """When the next lot expires; null if none ever does."""
    pending: Credits
    """Credits that can only be spent later."""
    top_up_url: str | None = None
    """Where there are more credits to be had; left out if this service does not know."""


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
    people: int
    """How many users they belong to."""
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
    key_id: str | None = None
    """By which API key; null if by a token."""
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
    """The day, in the time zone that was asked for."""
    failed: int
    """Runs that failed and were refunded."""
    generations: int
    """Generations bought."""
    kept: Credits
    """Charged credits that late cancels kept on this day."""
    kind: enums.GenerationKind
    """What the model makes."""
    model: str
    """The model."""
    refunded: Credits
    """Charged credits that were given back."""
    spent: Credits
    """Credits charged: debited, or captured of what was held."""
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
    incident: str | None = None
    """The incident that it is part of; null for a moment in which that is not worked out."""
    kind: enums.GenerationKind
    """What it makes."""
    model: str
    """The model."""
    on_hold: bool
    """Whether that is only set aside: nothing is spent unless a retry succeeds."""
    prompt: str
    """What was asked for."""
    provider: str | None = None
    """The provider that was asked last; null where the log does not tell, and in the story of one that died just
    now.
    """
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
    """A page of them."""

    is_cut: bool
    """Whether the page is not full because the search stopped: of a long list only a part is looked at for a
    page. It goes on at `next_cursor`.
    """
    items: list[DeadGeneration]
    next_cursor: str | None = None
    """Where the next page begins; null on the last."""
    total: int
    """How many match on all pages, counted no further than to 10,000."""
    total_is_more: bool
    """Whether more match than `total` says, or may: of a long list only a part is counted under most filters."""


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
    incident: str | None = None
    """The incident that it is part of; null for a moment in which that is not worked out."""
    kind: enums.GenerationKind
    """What it makes."""
    model: str
    """The model."""
    on_hold: bool
    """Whether that is only set aside: nothing is spent unless a retry succeeds."""
    prompt: str
    """What was asked for."""
    provider: str | None = None
    """The provider that was asked last; null where the log does not tell, and in the story of one that died just
    now.
    """
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
class GenerationAttempt:
    """One attempt to make it."""

    began_at: datetime
    """When it was claimed."""
    counted: bool | None = None
    """Whether it used up one of the attempts; null unless it failed."""
    ended_at: datetime | None = None
    """When it ended; null while it runs."""
    failure: AttemptFailure | None = None
    """Why it failed, if it did."""
    fencing: int
    """What its worker shows as a proof of its claim: the version of the event that began it."""
    milliseconds: int | None = None
    """How long it took, in milliseconds; null while it runs."""
    number: int
    """Which attempt of that run; one that cost no attempt has the number of the next."""
    outcome: enums.AttemptOutcome
    """What became of it."""
    provider: str | None = None
    """The provider that took it or was asked last; null if none was, or nobody said."""
    provider_request_id: str | None = None
    """The provider's name for the work; null if none was given."""
    providers: list[str]
    """The providers that could be asked, in order; none in what earlier releases wrote."""
    run: int
    """The run that it belongs to, from 1."""
    submitted_at: datetime | None = None
    """When the provider had accepted the work; null if it was never polled for."""
    worker: str
    """Who claimed it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationBulkAction:
    """An action on many dead letters that did something to this one."""

    action: enums.Deed
    """What it did."""
    created_at: datetime
    """When it was ordered."""
    id: str
    """Its name."""
    ordered_by: str
    """Who ordered it."""
    reason: str
    """Why."""
    url: str
    """Where to look at it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationDeadlines:
    """What happens by itself, and when; null where nothing does."""

    claim_until: datetime | None = None
    """Until when the claim of its worker holds; then another may take it over."""
    next_attempt_at: datetime | None = None
    """From when a worker may begin the next attempt."""
    outputs_until: datetime | None = None
    """Until when its outputs are kept."""
    provider_until: datetime | None = None
    """Until when its provider may take."""
    queued_until: datetime | None = None
    """When it is given up and refunded if nobody has begun it, as its model says today."""


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
class GenerationLedgerLine:
    """One movement of credits because of a generation."""

    actor: str
    """Who acted."""
    amount: Credits
    """By how much the balance changed: of a capture, only what came back of its hold."""
    balance_after: Credits
    """The balance after it."""
    occurred_at: datetime
    """When."""
    position: int
    """Its place in the log."""
    proof: str
    """Where an auditor gets the proof that it is in a sealed block."""
    run: int | None = None
    """The run that it is about."""
    spent: Credits | None = None
    """What was spent for good by it; null where nothing was."""
    type: str
    """What happened, such as `credits.debited`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationLinks:
    """What it leads to."""

    bulk_actions: list[GenerationBulkAction]
    """Actions on many that retried or discarded it, oldest first."""
    dead_letter: str | None = None
    """The dead letter that it is now; null unless it is one."""
    page: str
    """The page of this generation, for a browser."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationMoney:
    """The sums, over all runs. What was `paid` or `captured` or is `on_hold`, less what was `refunded`, is
    `charged`.
    """

    captured: Credits
    """Of what was set aside, what was taken."""
    charged: Credits
    """Taken or set aside now, and not given back."""
    cost: Credits
    """What one run costs, or at most costs."""
    cost_is: enums.CostIs
    """Which of the two."""
    held: Credits
    """Set aside when it was bought, since the price was not known."""
    kept: Credits
    """What stays charged because it was cancelled after its provider had begun."""
    on_hold: Credits
    """Set aside now."""
    paid: Credits
    """Taken when it was bought."""
    refund_waits: bool
    """Whether it ended without anything made and its price could not come back yet, because the account is full."""
    refunded: Credits
    """Given back."""
    released: Credits
    """Of what was set aside, what was never taken."""


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
    searched_until: datetime | None = None
    """Everything that was bought since then was looked at, and older ones were not: one answer compares 10,000
    generations at most, and `next_cursor` goes on from there. Left out if nothing was cut short.
    """


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
class GenerationRun:
    """One run: from being queued to its end."""

    by: str
    """Who asked for it."""
    charged: Credits | None = None
    """What was taken or set aside for it; null where an earlier run had paid for it."""
    ended: enums.GenerationStatus | None = None
    """How it ended; null while it goes on."""
    ended_at: datetime | None = None
    """When it ended; null while it goes on."""
    queued_at: datetime
    """When it was queued."""
    reason: str | None = None
    """Why, if somebody said."""
    run: int
    """Which, from 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationStoredOutput:
    """One output."""

    bytes: int
    """Size in bytes."""
    content_type: str
    """Its MIME type."""
    duration_milliseconds: int | None = None
    """Length of a clip, in milliseconds; null for pictures."""
    height: int
    """Height in pixels; 0 for a clip whose file does not tell."""
    index: int
    """Its place, from 0."""
    sha256: str | None = None
    """SHA-256 of its bytes, in lower-case hexadecimal; older outputs have none."""
    url: str
    """Where an admin gets its bytes."""
    width: int
    """Width in pixels; 0 for a clip whose file does not tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationStory:
    """Everything that is known of a generation."""

    attempts: list[GenerationAttempt]
    """Its attempts, in order."""
    attempts_used: int
    """Attempts of this run that count."""
    bought_at: datetime
    """When the newest run that was paid for was queued."""
    count: int
    """How many outputs."""
    created_at: datetime
    """When it was first queued."""
    customer_reads: Generation
    """What its user reads at this moment: the answer of `GET /v1/generations/{id}`."""
    deadlines: GenerationDeadlines
    """What happens by itself, and when."""
    events: list[GenerationTimelineEvent]
    """Its events, in order."""
    finished_at: datetime | None = None
    """When it finished, if it has."""
    id: str
    """Its id."""
    kind: enums.GenerationKind
    """What it makes."""
    ledger_lines: list[GenerationLedgerLine]
    """What happened to its account because of it, in order."""
    left_out: int
    """How many earlier runs, attempts, events and lines are left out: each list has 500 at most, the newest."""
    links: GenerationLinks
    """What else has to do with it."""
    model: str
    """The model that makes it."""
    money: GenerationMoney
    """Sums of what it took and gave back."""
    outputs: list[GenerationStoredOutput]
    """What was made."""
    params: GenerationParams
    """Wishes that were given."""
    prompt: str
    """What was asked for."""
    run: int
    """The run that it is in, or ended with: name it when you retry or discard it."""
    runs: list[GenerationRun]
    """Its runs, in order."""
    state: str
    """The same in a sentence for people."""
    status: enums.GenerationStatus
    """Where it is in its life."""
    user: str | None = None
    """Whose it is; null if no event has told."""
    waited_milliseconds: int | None = None
    """How long its customer waited, in milliseconds, from `bought_at` to its end; null before that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationTimelineEvent:
    """One event in the life of a generation."""

    actor: str
    """Who acted."""
    causation_id: str | None = None
    """Caused by which event, message or action."""
    occurred_at: datetime
    """When."""
    payload: Any
    """The fact, as it is stored."""
    position: int
    """Its place in the log."""
    proof: str
    """Where an auditor gets the proof that it is in a sealed block."""
    request_id: str
    """Through which request."""
    type: str
    """What happened, such as `job.attempt_failed`."""
    version: int
    """Its place in the life of the generation, from 1."""


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
class GrantedBySource:
    """What grants of one source gave."""

    amount: Credits
    """How many."""
    source: str
    """Where the credits came from."""


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
class IncidentChange:
    """Something that happened to an incident."""

    at: datetime
    """When."""
    by: str | None = None
    """Who; null where it came about by itself."""
    event: enums.Event
    """What."""
    key_id: str | None = None
    """By which API key; null if by a token, or by itself."""
    more: int | None = None
    """After how many more it is no longer ignored; null otherwise."""
    reason: str | None = None
    """Why, if somebody said."""
    revision: int
    """Its number, from 1."""
    until: datetime | None = None
    """Until when it is ignored; null otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentPage:
    """A page of incidents."""

    is_being_named: bool
    """Whether dead letters that an older release has written down are in no incident yet: after an upgrade, for
    a while.
    """
    items: list[IncidentView]
    last_failure_at: datetime | None = None
    """When a generation last used up its attempts, whatever became of it since; null if none ever did."""
    next_cursor: str | None = None
    """Where the next page begins; null on the last."""
    running_again: int
    """How many that were dead are on their way again, among the last thousand retries."""
    total: int
    """How many there are on all pages."""
    total_is_more: bool
    """Whether there are more than a thousand, of which nothing is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentStory:
    """An incident with what happened to it."""

    class_: enums.FailureClass
    """What kind of failure it is."""
    code: str
    """The failure code."""
    credits: Credits
    """What is taken or set aside for them."""
    first_seen: datetime | None = None
    """When the first of them died; null if none waits."""
    history: list[IncidentChange]
    """What happened to it, newest first; at most a hundred."""
    hours: list[int]
    """How many that wait died in each of the last 24 hours, the oldest first; the last one is the hour up to
    now.
    """
    id: str
    """The fingerprint of the cause; as `incident` it narrows the list of dead letters and bulk actions."""
    jobs: int
    """How many dead letters wait."""
    jobs_is_more: bool
    """Whether more wait than `jobs` says: then `people`, `credits` and `hours` are of the newest `jobs`."""
    kind: enums.GenerationKind
    """What the generations make."""
    last_change: IncidentChange | None = None
    """What happened to it last; null if nothing did."""
    last_seen: datetime | None = None
    """When the last of them died; null if none waits."""
    message: str
    """The message of the newest. In the others ids, numbers, addresses and quoted values may differ."""
    model: str
    """The model."""
    people: int
    """How many users they belong to."""
    provider: str | None = None
    """The provider that was asked last, as far as the log tells: where the last attempt had a choice and was
    refused at once, that of the attempt before; null if none is known.
    """
    revision: int
    """How often something was decided about it. Send it as `expected_revision`."""
    rising: bool
    """Whether it gets worse: three or more died within the hour, and more than twice as many as in an hour of
    the six before.
    """
    state: enums.IncidentState
    """How it stands: `open`, `ignored` for a while, `resolved`, or `regressed`, which died again after it was
    resolved.
    """
    title: str
    """The cause in a few words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentView:
    """Dead letters that share a cause."""

    class_: enums.FailureClass
    """What kind of failure it is."""
    code: str
    """The failure code."""
    credits: Credits
    """What is taken or set aside for them."""
    first_seen: datetime | None = None
    """When the first of them died; null if none waits."""
    hours: list[int]
    """How many that wait died in each of the last 24 hours, the oldest first; the last one is the hour up to
    now.
    """
    id: str
    """The fingerprint of the cause; as `incident` it narrows the list of dead letters and bulk actions."""
    jobs: int
    """How many dead letters wait."""
    jobs_is_more: bool
    """Whether more wait than `jobs` says: then `people`, `credits` and `hours` are of the newest `jobs`."""
    kind: enums.GenerationKind
    """What the generations make."""
    last_change: IncidentChange | None = None
    """What happened to it last; null if nothing did."""
    last_seen: datetime | None = None
    """When the last of them died; null if none waits."""
    message: str
    """The message of the newest. In the others ids, numbers, addresses and quoted values may differ."""
    model: str
    """The model."""
    people: int
    """How many users they belong to."""
    provider: str | None = None
    """The provider that was asked last, as far as the log tells: where the last attempt had a choice and was
    refused at once, that of the attempt before; null if none is known.
    """
    revision: int
    """How often something was decided about it. Send it as `expected_revision`."""
    rising: bool
    """Whether it gets worse: three or more died within the hour, and more than twice as many as in an hour of
    the six before.
    """
    state: enums.IncidentState
    """How it stands: `open`, `ignored` for a while, `resolved`, or `regressed`, which died again after it was
    resolved.
    """
    title: str
    """The cause in a few words."""


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
class LogEdge:
    """A border between two events of the log."""

    at: datetime | None = None
    """The instant that was asked for; null if it was a position, or nothing."""
    position: int
    """The position of the first event after it: what was asked for, or what the instant came to."""


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
    """Through which API key, or caused by which action, event or message."""
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
class MadeApiKey:
    """An API key that was just made."""

    created_at: datetime
    """When."""
    created_by: str | None = None
    """Who made it, as the log writes it; null if the owner asks and it was somebody else."""
    environment: enums.Environment
    """Where it is of use: servers of another environment refuse it."""
    expires_at: datetime | None = None
    """From when on it is refused; null if it does not expire."""
    hint: str
    """By what it is told from others: how it begins and how it ends."""
    id: str
    """Its id; the `causation_id` of every event that a request with it led to."""
    last_used_at: datetime | None = None
    """When it was last used, to about a minute; null if it never was."""
    name: str
    """What it is called."""
    owner: str | None = None
    """As whom it acts; null for a `backend`."""
    revoke_reason: str | None = None
    """Why, if somebody said; null if the owner asks."""
    revoked_at: datetime | None = None
    """When it was revoked; null if it was not."""
    revoked_by: str | None = None
    """Who revoked it, as the log writes it; null if nobody did, and if the owner asks and it was somebody else."""
    scope: enums.ApiKeyScope
    """What it may do: what its owner may as `user`, `admin` or `auditor`; or, for a `backend`, what any user may
    whom a request names with `Cooly-User`.
    """
    secret: str | None = None
    """The key itself, which is told this once and kept nowhere: send it as `Authorization: Bearer …`. Null where
    this repeats the answer to an earlier request: if that answer was lost, revoke the key and make another.
    """
    state: enums.ApiKeyState
    """How it stands: `active` is taken, `expired` and `revoked` are refused."""


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
class MadeWebhook:
    """An endpoint that was made."""

    after: int
    """It is told what the log says after this position."""
    created_at: datetime
    """When it was made."""
    created_by: str
    """Who made it."""
    description: str | None = None
    """A note for people; null if there is none."""
    disabled: WebhookDisabled | None = None
    """Why nothing is sent to it; null if something is."""
    events: list[enums.WebhookEvent]
    """What it is told."""
    failing_since: datetime | None = None
    """Since when every attempt has failed; null if the last one did not."""
    id: str
    """Its id."""
    replay: WebhookReplay | None = None
    """What it is told again at the moment; null if nothing is."""
    retry_at: datetime | None = None
    """Until when it is left alone after a failure, whatever waits for it; null if it is not."""
    secret: str
    """What messages to it are signed with: `whsec_` and base64."""
    url: str
    """Where messages go."""
    user: str | None = None
    """The one user that it is told about; null for all."""


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
class OutstandingCredits:
    """What was owed to all users at one border of the log, by where it came from and how long ago it was given."""

    accounts: int
    """Accounts in the whole log."""
    aged_at: datetime
    """The instant at which ages are told."""
    at: LogEdge
    """Everything before this border is counted."""
    items: list[OutstandingLot]
    """By source and age; nothing that is zero."""
    total: SystemHoldings
    """All items together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutstandingLot:
    """Credits of one source and age."""

    age_days: str
    """Whole days since they were given: `0-30`, `31-90`, `91-180`, `181-365`, `366+`, or `unknown` for those of
    before there were lots.
    """
    available: Credits
    """What could be spent, at once or later."""
    held: Credits
    """What was set aside by holds."""
    outstanding: Credits
    """All of them."""
    source: str
    """Where they came from."""


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
class RecognisedDay:
    """Credits of one source on one day."""

    burned: Credits
    """Debited, and captured of holds."""
    day: date
    """The day on which it was recorded, UTC."""
    expired: Credits
    """Lapsed unspent: breakage."""
    recognised: Credits
    """What it adds to revenue: `burned` − `refunded` + `expired`."""
    refunded: Credits
    """Given back of what was burned, on that day or before."""
    source: str
    """Where the credits came from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecognisedRevenue:
    """What became revenue in an interval: credits that were burned, less those given back, and credits that
    expired. Credits voided or taken by adjustments become none.
    """

    from_: LogEdge
    """Where the interval begins."""
    items: list[RecognisedDay]
    """By day and source, oldest first; days on which nothing happened are left out."""
    to: LogEdge
    """Where it ends; the event at this position does not belong to it."""
    total: RecognisedTotal
    """All items together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecognisedTotal:
    """Sums over all days and sources."""

    burned: Credits
    """Debited, and captured of holds."""
    expired: Credits
    """Lapsed unspent: breakage."""
    recognised: Credits
    """`burned` − `refunded` + `expired`."""
    refunded: Credits
    """Given back of what was burned."""


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
class Session:
    """Somebody who is signed in."""

    expires_at: datetime
    """When they have to sign in again."""
    role: enums.RoleName
    """What they may do."""
    sub: str
    """Who it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sessions:
    """Who is signed in here."""

    hands_out_tokens: bool
    """Whether `POST /dev/token` hands out tokens, so that nobody needs to bring one."""
    sessions: list[Session]
    """At most one for each role."""


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
    zone: str
    """Whose days are meant where a day was named, and whose clock the page shows."""


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
    model: str | None = None
    """The model that makes it."""
    occurred_at: datetime
    """When."""
    prompt: str | None = None
    """What was asked for, on one line and shortened."""
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
class SystemHoldings:
    """What all accounts had together."""

    available: Credits
    """What could be spent, at once or later."""
    held: Credits
    """What was set aside by holds; it is not spent until it is captured."""
    outstanding: Credits
    """All that is owed to users: the sum of the two below."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialBalance:
    """What was owed to all users at two borders of the log, and everything that moved in between. The ends are
    what the accounts state; the lines are what the events say, with their sign: `opening.outstanding` and
    `granted`, `adjusted_up`, `adjusted_down`, `spent`, `refunded`, `expired` and `voided` are exactly
    `closing.outstanding`.
    """

    accounts: int
    """Accounts in the whole log."""
    adjusted_down: Credits
    """Taken by adjustments; not above zero."""
    adjusted_up: Credits
    """Given by adjustments."""
    balanced: bool
    """Whether the equation holds to the last digit, for what is available and for what is held. If not, the log
    is not what was written: verify it.
    """
    captured: Credits
    """Of that, out of holds, with what late cancels kept of them."""
    closing: SystemHoldings
    """At its end."""
    debited: Credits
    """Of that, at prices that were known beforehand."""
    difference: SystemHoldings
    """By how much `closing` differs from what the lines lead to: zeros, if it is balanced."""
    events: int
    """Events of accounts in the interval."""
    expired: Credits
    """Lapsed; not above zero."""
    from_: LogEdge
    """Where the interval begins."""
    given_back: Credits
    """What holds gave back unspent: moved the other way."""
    granted: Credits
    """Given by grants."""
    granted_by_source: list[GrantedBySource]
    """The same by source."""
    lines: list[TrialBalanceLine]
    """The same in the order of the equation, as the CSV has it."""
    opening: SystemHoldings
    """At its beginning."""
    refunded: Credits
    """Given back of what was spent."""
    set_aside: Credits
    """Set aside by holds: moved from `available` to `held`, which changes nothing about what is owed."""
    spent: Credits
    """Spent: debited and captured; not above zero."""
    to: LogEdge
    """Where it ends; the event at this position does not belong to it."""
    voided: Credits
    """Taken back with their grants; not above zero."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialBalanceLine:
    """A line of the table."""

    amount: Credits
    """The sum, with its sign."""
    line: str
    """Which sum."""
    source: str | None = None
    """Of a grant: from where."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageReport:
    """Usage by day and model, oldest first."""

    from_: date
    """First day."""
    items: list[DayUsage]
    to: date
    """Last day."""
    zone: str
    """Whose days they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """Where a customer is told what happens."""

    after: int
    """It is told what the log says after this position."""
    created_at: datetime
    """When it was made."""
    created_by: str
    """Who made it."""
    description: str | None = None
    """A note for people; null if there is none."""
    disabled: WebhookDisabled | None = None
    """Why nothing is sent to it; null if something is."""
    events: list[enums.WebhookEvent]
    """What it is told."""
    failing_since: datetime | None = None
    """Since when every attempt has failed; null if the last one did not."""
    id: str
    """Its id."""
    replay: WebhookReplay | None = None
    """What it is told again at the moment; null if nothing is."""
    retry_at: datetime | None = None
    """Until when it is left alone after a failure, whatever waits for it; null if it is not."""
    url: str
    """Where messages go."""
    user: str | None = None
    """The one user that it is told about; null for all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookDelivery:
    """A message to an endpoint, and what became of it."""

    attempted_at: datetime | None = None
    """When it was sent last; null if it was not."""
    attempts: int
    """How often it was sent."""
    created_at: datetime
    """When it was written down."""
    error: str | None = None
    """Why it was not taken then: `status`, `redirect`, `timeout`, `connection`, `connection_lost`,
    `address_not_public`, `address_refused` or `secret_missing`; `too_old` if it had waited for 30 days and
    was given up. Null if it was taken.
    """
    id: str
    """The message: `webhook-id`, the same however often it is sent."""
    next_at: datetime | None = None
    """When it is sent next; null once nothing more becomes of it, and while an earlier message about the same
    user waits.
    """
    outcome: enums.WebhookOutcome
    """What became of it: it is `waiting` to be sent, `delivered`, or `given_up`."""
    position: int | None = None
    """The event of the log that it tells of; null of a test."""
    settled_at: datetime | None = None
    """Since when nothing more becomes of it; null while it waits."""
    status: int | None = None
    """The HTTP status that was answered then; null if there was no answer."""
    type: str
    """What it is about: one of the events of endpoints, or `webhook.test`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookDeliveryPage:
    """A page of deliveries, newest first."""

    items: list[WebhookDelivery]
    next_cursor: str | None = None
    """Where the next page begins; null on the last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookDeliveryStory:
    """A message to an endpoint with what it says."""

    attempted_at: datetime | None = None
    """When it was sent last; null if it was not."""
    attempts: int
    """How often it was sent."""
    created_at: datetime
    """When it was written down."""
    error: str | None = None
    """Why it was not taken then: `status`, `redirect`, `timeout`, `connection`, `connection_lost`,
    `address_not_public`, `address_refused` or `secret_missing`; `too_old` if it had waited for 30 days and
    was given up. Null if it was taken.
    """
    id: str
    """The message: `webhook-id`, the same however often it is sent."""
    next_at: datetime | None = None
    """When it is sent next; null once nothing more becomes of it, and while an earlier message about the same
    user waits.
    """
    outcome: enums.WebhookOutcome
    """What became of it: it is `waiting` to be sent, `delivered`, or `given_up`."""
    payload: str
    """What is sent, byte by byte."""
    position: int | None = None
    """The event of the log that it tells of; null of a test."""
    settled_at: datetime | None = None
    """Since when nothing more becomes of it; null while it waits."""
    status: int | None = None
    """The HTTP status that was answered then; null if there was no answer."""
    type: str
    """What it is about: one of the events of endpoints, or `webhook.test`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookDisabled:
    """Why nothing is sent to an endpoint."""

    at: datetime
    """Since when."""
    position: int
    """What the log says after this position was not told since. Send it as `after` to be told once it is
    enabled.
    """
    reason: enums.WebhookDisabledReason
    """`asked`: an admin disabled it. `gone`: it answered 410. `failing`: it took nothing for five days."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookPage:
    """A page of endpoints, newest first."""

    items: list[Webhook]
    next_cursor: str | None = None
    """Where the next page begins; null on the last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookReplay:
    """A part of the log that an endpoint is told again."""

    after: int
    """What comes after this position is still to be told."""
    until: int
    """Up to this position."""
    with_delivered: bool
    """Whether what was delivered is sent again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookSecret:
    """What messages to an endpoint are signed with."""

    previous_until: datetime | None = None
    """Until when messages are signed with the secret before this one too; null if they are not."""
    secret: str
    """The secret: `whsec_` and base64. Whoever has it can sign as this service does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeSeal:
    """A seal with the events under it."""

    leaves: list[SealedEvent]
    """The leaves of its tree, in order."""
    seal: Seal
    """The seal."""

