// Made from the OpenAPI document by `npm run generate`: change what is in generate/ instead.

import type { Credits, CreditsChange, Open, Timestamp } from "../values.js";

/** An account as it is, or was. */
export interface AccountDetail {
  /** Its id: UUIDv5 of the user. */
  account_id: string;
  /** The moment that this is about. */
  as_of: Timestamp;
  /** Credits that can be spent. */
  available: Credits;
  /** The sum of its lots: what is available and what is pending. */
  balance: Credits;
  /** How many events its stream has. */
  events: number;
  /** Of the available credits, those that will be gone soon unless they are spent. */
  expiring_soon: Expiring;
  /** Credits set aside: they come back, or are spent. */
  held: Credits;
  /** What is set aside, oldest first. */
  holds: Array<HoldView>;
  /** What the available and pending credits consist of, in the order in which they are spent. */
  lots: Array<LotView>;
  /** When the next lot expires; null if none ever does. */
  next_expiry?: Timestamp | null;
  /** Credits that can only be spent later. */
  pending: Credits;
  /** Its owner. */
  user: string;
}

/** A page of accounts, in order of their users. */
export interface AccountPage {
  items: Array<AccountRow>;
  /** Where the next page begins; null on the last. */
  next_cursor?: string | null;
}

/** An account in a list. */
export interface AccountRow {
  /** Its id: UUIDv5 of the user. */
  account_id: string;
  /** The sum of its lots: credits that can be spent now or later. */
  balance: Credits;
  /** Credits set aside. */
  held: Credits;
  /** When it last changed. */
  updated_at: Timestamp;
  /** Its owner; null if no event has told. */
  user?: string | null;
}

/** An API key, without its secret. */
export interface ApiKey {
  /** When. */
  created_at: Timestamp;
  /** Who made it, as the log writes it; null if the owner asks and it was somebody else. */
  created_by?: string | null;
  /** Where it is of use: servers of another environment refuse it. */
  environment: Open<"live" | "test">;
  /** From when on it is refused; null if it does not expire. */
  expires_at?: Timestamp | null;
  /** By what it is told from others: how it begins and how it ends. */
  hint: string;
  /** Its id; the `causation_id` of every event that a request with it led to. */
  id: string;
  /** When it was last used, to about a minute; null if it never was. */
  last_used_at?: Timestamp | null;
  /** What it is called. */
  name: string;
  /** As whom it acts; null for a `backend`. */
  owner?: string | null;
  /** Why, if somebody said; null if the owner asks. */
  revoke_reason?: string | null;
  /** When it was revoked; null if it was not. */
  revoked_at?: Timestamp | null;
  /** Who revoked it, as the log writes it; null if nobody did, and if the owner asks and it was somebody else. */
  revoked_by?: string | null;
  /**
   * What it may do: what its owner may as `user`, `admin` or `auditor`; or, for a `backend`, what any user may whom a request
   * names with `Cooly-User`.
   */
  scope: Open<"user" | "admin" | "auditor" | "backend">;
  /** How it stands: `active` is taken, `expired` and `revoked` are refused. */
  state: Open<"active" | "expired" | "revoked">;
}

/** A page of API keys, newest first. */
export interface ApiKeyPage {
  items: Array<ApiKey>;
  /** Where the next page begins; null on the last. */
  next_cursor?: string | null;
}

/** Whether a provider is paid for an attempt that failed. */
export type AttemptBilled = Open<"yes" | "no" | "unknown">;

/** Why an attempt failed, in the words for whoever mends it, and whether it has to be paid for. */
export interface AttemptFailure {
  /** Whether the provider is paid for it; null where nobody said. */
  billed?: AttemptBilled | null;
  /** `permanent` was refunded; the others were tried again until the attempts were used up. */
  class: Open<"permanent" | "transient" | "throttled">;
  /** Stable code, such as `content_refused`. */
  code: string;
  /** One sentence for people. */
  message: string;
}

/** What became of an attempt. */
export type AttemptOutcome = Open<"running" | "succeeded" | "failed" | "cancelled" | "taken_over">;

/** What the caller holds, and whether it will do for long. */
export interface Balance {
  /** The moment that this is about. */
  as_of: Timestamp;
  /** Credits that can be spent. */
  available: Credits;
  /** Of the available credits, those that will be gone soon unless they are spent. */
  expiring_soon: Expiring;
  /** Credits set aside: they come back, or are spent. */
  held: Credits;
  /** What is set aside, oldest first. */
  holds: Array<HoldView>;
  /** Whether this one is. */
  is_low: boolean;
  /** What the available and pending credits consist of, in the order in which they are spent. */
  lots: Array<LotView>;
  /** Below so many available credits a balance is low. */
  low_below: Credits;
  /** When the next lot expires; null if none ever does. */
  next_expiry?: Timestamp | null;
  /** Credits that can only be spent later. */
  pending: Credits;
  /** Where there are more credits to be had; left out if this service does not know. */
  top_up_url?: string | null;
}

/** One change of the balance. */
export interface BalanceChange {
  /** By how much the balance changed; of a capture that is what came back of its hold. */
  amount: CreditsChange;
  /** The balance after it: the sum of the lots, without what is set aside. */
  balance_after: Credits;
  /** The generation that it was for, if any. */
  generation_id?: string | null;
  /** The hold that it is about, if any. */
  hold?: number | null;
  /** When. */
  occurred_at: Timestamp;
  /** Its place in the log. */
  position: number;
  /** Why, if a reason was given. */
  reason?: string | null;
  /** What was spent for good, negative where it was given back; null where nothing was. */
  spent?: CreditsChange | null;
  /** What happened, such as `credits.debited`. */
  type: string;
}

/** What a batch would cost and leave. */
export interface BatchQuote {
  /** Credits that could be spent after it. */
  balance: Credits;
  /** What all would cost together, or at most cost. */
  cost: Credits;
  /** In the order in which they were asked for. */
  items: Array<Quote>;
}

/** How an answer about the books is written. */
export type BooksForm = "json" | "csv" | "parquet";

/** An action on many dead letters: those with these ids, or all that match. */
export interface BulkAction {
  /** What to do. */
  action: Deed;
  /** Do nothing if more than so many match `filter`: what a dry run counted, so that nothing happens to one that nobody saw. */
  at_most?: number;
  /** So many are done first and their ends waited for; 10 if left out, 0 for none. */
  canary?: number;
  /** Only say what would be done. */
  dry_run?: boolean;
  /** All that match; either this or `ids`. An empty filter matches every dead letter. */
  filter?: DeadFilter;
  /** These; either this or `filter`. */
  ids?: Array<string>;
  /** It pauses by itself once more of a hundred ended badly; 50 if left out, 100 for never. */
  pause_above_percent?: number;
  /** Most a second; 10 if left out. */
  rate?: number;
  /** Why; written beside every event. Needed with `Prefer: respond-async`, as what follows goes with it alone. */
  reason?: string;
  /**
   * The `run` of each of `ids` that was looked at, in the same order: those that have been run again since are left
   * alone as `run_stale`.
   */
  runs?: Array<number>;
}

/** Generations of an action by what became of them. */
export interface BulkCounts {
  /** All of them. */
  all: number;
  /** Being done now. */
  begun: number;
  /** Retried, and cancelled by the user. */
  cancelled: number;
  /** Left as they were, since somebody else was faster. */
  changed: number;
  /** Given up and refunded. */
  discarded: number;
  /** Retried, and failed or died again. */
  failed: number;
  /** Named and no part of it: they were not dead, or in another run than the one that was seen. */
  left_out: number;
  /** Retried, and not ended since. */
  queued: number;
  /** Refused; `code` of the item says why. */
  refused: number;
  /** Retried, and succeeded. */
  succeeded: number;
  /** Not begun; of an aborted action, left alone. */
  waiting: number;
}

/** What was taken for the generations of an action. */
export interface BulkCredits {
  /** For all of them. */
  all: CreditsChange;
  /** For those that were given up: given back. */
  given_back: CreditsChange;
  /** For those that were retried, which stays taken. */
  retried: CreditsChange;
  /** For those that were not begun. */
  waiting: CreditsChange;
}

/** A line of an upload: a grant, and to whom. */
export interface BulkGrantLine {
  /** How many; more than zero. */
  amount: Credits;
  /** From when they can be spent; at once if left out. */
  effective_at?: Timestamp;
  /** From when they are gone; never if left out. */
  expires_at?: Timestamp;
  /**
   * Names the line among those of this upload, so that it is granted once however often it is sent: up to 100
   * visible ASCII characters. If left out, what stands in the line names it.
   */
  key?: string;
  /** Whatever you want to find again: at most 16 strings, names up to 40 and values up to 500 bytes. */
  metadata?: Record<string, string>;
  /**
   * When they are spent among the others: 0 first, 100 last; 50 if left out. Among equals, what expires soonest
   * goes first, then what was given first.
   */
  priority?: number;
  /** Why; the user reads it in the history. */
  reason: string;
  /** Where they come from; `other` if left out. */
  source?: "plan" | "purchase" | "promo" | "goodwill" | "adjustment" | "other";
  /** Whose account. */
  user: string;
}

/** A generation of an action. */
export interface BulkItem {
  /** What was taken for it. */
  charged: Credits;
  /** Why it was left as it was, or refused; null otherwise. */
  code?: string | null;
  /** The generation. */
  id: string;
  /** Its place among them, from 1; what died first comes first. */
  ordinal: number;
  /** What became of it. */
  outcome: Open<"waiting" | "begun" | "queued" | "succeeded" | "failed" | "cancelled" | "discarded" | "changed" | "refused">;
  /** Where the log tells of it; null if nothing was done. */
  position?: number | null;
  /** The run that was dead when the action was ordered. */
  run: number;
}

/** A page of the generations of an action, in its order. */
export interface BulkItemPage {
  items: Array<BulkItem>;
  /** Where the next page begins; null on the last. */
  next_cursor?: string | null;
}

/** What was done, or would be. */
export interface BulkOutcome {
  /**
   * Credits held by those that were done, or would be: given back by a discard, spent again by a retry. With a `plan` the
   * same as its `credits`, or 0 if those are more than an amount may be.
   */
  credits: Credits;
  /** How many were done. */
  done: number;
  /** Whether nothing was done because nothing was to be done. */
  dry_run: boolean;
  /** How many match. */
  matched: number;
  /** What an action in the background would be about: with `Prefer: respond-async` and `dry_run`. */
  plan?: BulkPlan | null;
  /** Those that were not, at most a thousand of them. */
  refused: Array<LeftAlone>;
  /** How many match and were not looked at yet; send the same again to go on. */
  remaining: number;
}

/** What an action in the background would be about. */
export interface BulkPlan {
  /** What was taken for all of them: given back by a discard, spent again by a retry. */
  credits: CreditsChange;
  /** By why they died and where, most first; at most a hundred. */
  groups: Array<DeadGroup>;
  /** How many users they belong to. */
  people: number;
  /** Some of them, newest first. */
  samples: Array<string>;
  /** How long it would take at its rate, in seconds, the wait for the canary not counted. */
  seconds: number;
}

/** An action on many dead letters, and how far it is. */
export interface BulkRun {
  /** What is done. */
  action: Open<"retry" | "discard">;
  /** So many are done first. */
  canary: number;
  /** Why it paused by itself; null otherwise. */
  cause?: string | null;
  /** How many generations are where. */
  counts: BulkCounts;
  /** When it was ordered. */
  created_at: Timestamp;
  /** What was taken for them. */
  credits: BulkCredits;
  /** When the last will be begun at this rate; null unless it goes on. */
  done_by?: Timestamp | null;
  /** When nothing was left to be begun; null before. */
  ended_at?: Timestamp | null;
  /** The filter that was asked for; null if they were named. */
  filter?: unknown;
  /** Its name; the `causation_id` of every event that it leads to. */
  id: string;
  /** By which API key; null if by a token. */
  key_id?: string | null;
  /** Who ordered it. */
  ordered_by: string;
  /** It pauses by itself once more of a hundred ended badly. */
  pause_above_percent: number;
  /** Most a second. */
  rate: number;
  /** Why it was ordered. */
  reason: string;
  /**
   * Where it is: `canary` waits for the ends of the first, `done` has begun them all, and `aborted` leaves alone what it
   * had not begun.
   */
  state: Open<"canary" | "running" | "paused" | "done" | "aborted">;
}

/** A page of actions, newest first. */
export interface BulkRunPage {
  items: Array<BulkRun>;
  /** Where the next page begins; null on the last. */
  next_cursor?: string | null;
}

/** A generation after a cancel. */
export interface CancelledGeneration {
  /** Attempts of this run. */
  attempts: number;
  /** Credits that can be spent now. */
  balance: Credits;
  /** The credits that came back by this cancel; left out if it had been cancelled before. */
  came_back?: Credits | null;
  /** What cancelling it now would keep of its price, because its provider has begun; left out if all would come back. */
  cancel_keeps?: Credits | null;
  /** What was taken or is set aside for it now, and was not given back. */
  charged: Credits;
  /** What one run costs, in credits. */
  cost: Credits;
  /** Whether it costs that, or at most that. */
  cost_is: CostIs;
  /** How many outputs. */
  count: number;
  /** When it was first queued. */
  created_at: Timestamp;
  /** Why it failed, if it did. */
  failure?: GenerationFailure | null;
  /** When it finished, if it has. */
  finished_at?: Timestamp | null;
  /** Its id. */
  id: string;
  /** The part of `charged` that stayed because it was cancelled after its provider had begun; left out if there is none. */
  kept?: Credits | null;
  /** What it makes. */
  kind: Open<"image" | "video">;
  /** The model that makes it. */
  model: string;
  /** Whether that is only set aside: the price is known when the generation is done. */
  on_hold: boolean;
  /** What was made. */
  outputs: Array<GenerationOutput>;
  /** Wishes that were given. */
  params: GenerationParams;
  /** What was asked for. */
  prompt: string;
  /** Where it is in its life. */
  status: Open<"queued" | "running" | "succeeded" | "failed" | "dead" | "cancelled" | "discarded">;
}

/** Dead letters to give up by their age. */
export interface Cleanup {
  /** Only say what would be done. */
  dry_run?: boolean;
  /** Those that died at least so long ago, such as `7d`. */
  older_than: string;
}

/** What a price says. */
export type CostIs = Open<"exact" | "at_most">;

/** What the orders did. */
export interface CreditBatchMade {
  /** In the same order. */
  items: Array<CreditEffect>;
}

/** One order: a user, and exactly one of the others. */
export interface CreditCommand {
  /** Correct the balance. */
  adjust?: NewAdjustment;
  /** Spend a hold. */
  capture?: NewCapture;
  /** Give credits. */
  grant?: NewGrant;
  /** Set credits aside. */
  hold?: NewHold;
  /** Give back the price of a generation. */
  refund?: NewRefund;
  /** Give back a hold. */
  release?: NewRelease;
  /** The account's owner, as in the `sub` of its token. */
  user: string;
  /** Take back a grant. */
  void?: NewVoid;
}

/** What one order did, under the name of the order. */
export interface CreditEffect {
  /** Correct the balance. */
  adjust?: MadeAdjustment | null;
  /** Spend a hold. */
  capture?: MadeCapture | null;
  /** Give credits. */
  grant?: MadeGrant | null;
  /** Set credits aside. */
  hold?: MadeHold | null;
  /** Give back the price of a generation. */
  refund?: MadeRefund | null;
  /** Give back a hold. */
  release?: MadeRelease | null;
  /** Take back a grant. */
  void?: MadeVoid | null;
}

/** What was done with one model on one day. */
export interface DayUsage {
  /** The day, in the time zone that was asked for. */
  day: string;
  /** Runs that failed and were refunded. */
  failed: number;
  /** Generations bought. */
  generations: number;
  /** Charged credits that late cancels kept on this day. */
  kept: CreditsChange;
  /** What the model makes. */
  kind: Open<"image" | "video">;
  /** The model. */
  model: string;
  /** Charged credits that were given back. */
  refunded: CreditsChange;
  /** Credits charged: debited, or captured of what was held. */
  spent: CreditsChange;
  /** Runs that succeeded. */
  succeeded: number;
}

/** Which dead letters; everything that is set must hold. */
export interface DeadFilter {
  /** Whose failure is of this class. */
  class?: "permanent" | "transient" | "throttled";
  /** With this failure code. */
  code?: string;
  /** Of this incident. */
  incident?: string;
  /** Of this kind. */
  kind?: "image" | "video";
  /** With so many attempts in the run that died, or more. */
  min_attempts?: number;
  /** For which so many credits are taken or set aside, or more. */
  min_credits?: Credits;
  /** Made by this model. */
  model?: string;
  /** That died at least so long ago. */
  older_than?: string;
  /** Asked last of this provider, as far as the log tells. */
  provider?: string;
  /** With this text in the message of the failure or in the prompt, in capitals or not. */
  q?: string;
  /** That died at this instant or later. */
  since?: Timestamp;
  /** That died before this instant. */
  until?: Timestamp;
  /** Of this user. */
  user?: string;
  /** Of users whose id has this part. */
  user_contains?: string;
}

/** A generation that used up its attempts. */
export interface DeadGeneration {
  /** Attempts of the run that died. */
  attempts: number;
  /** What is taken or set aside for it, and comes back when it is discarded. */
  charged: Credits;
  /** What one run costs, or at most costs. */
  cost: Credits;
  /** How many outputs. */
  count: number;
  /** When it was first queued. */
  created_at: Timestamp;
  /** When its attempts were used up. */
  died_at: Timestamp;
  /** Why the last attempt failed. */
  failure: GenerationFailure;
  /** The generation. */
  id: string;
  /** The incident that it is part of; null for a moment in which that is not worked out. */
  incident?: string | null;
  /** What it makes. */
  kind: Open<"image" | "video">;
  /** The model. */
  model: string;
  /** Whether that is only set aside: nothing is spent unless a retry succeeds. */
  on_hold: boolean;
  /** What was asked for. */
  prompt: string;
  /** The provider that was asked last; null where the log does not tell, and in the story of one that died just now. */
  provider?: string | null;
  /** Which run died, from 1. */
  run: number;
  /** Whose it is; null if no event has told. */
  user?: string | null;
}

/** Dead letters that share a cause. */
export interface DeadGroup {
  /** The failure code. */
  code: string;
  /** How many. */
  count: number;
  /** What was taken for them. */
  credits: CreditsChange;
  /** When the latest died. */
  latest: Timestamp;
  /** The model. */
  model: string;
}

/** A page of them. */
export interface DeadPage {
  /**
   * Whether the page is not full because the search stopped: of a long list only a part is looked at for a page. It goes on at
   * `next_cursor`.
   */
  is_cut: boolean;
  items: Array<DeadGeneration>;
  /** Where the next page begins; null on the last. */
  next_cursor?: string | null;
  /** How many match on all pages, counted no further than to 10,000. */
  total: number;
  /** Whether more match than `total` says, or may: of a long list only a part is counted under most filters. */
  total_is_more: boolean;
}

/** One of them with its whole story. */
export interface DeadStory {
  /** Attempts of the run that died. */
  attempts: number;
  /** What is taken or set aside for it, and comes back when it is discarded. */
  charged: Credits;
  /** What one run costs, or at most costs. */
  cost: Credits;
  /** How many outputs. */
  count: number;
  /** When it was first queued. */
  created_at: Timestamp;
  /** When its attempts were used up. */
  died_at: Timestamp;
  /** Everything that happened to it, every attempt of every run, in order. */
  events: Array<LifeEvent>;
  /** Why the last attempt failed. */
  failure: GenerationFailure;
  /** The generation. */
  id: string;
  /** The incident that it is part of; null for a moment in which that is not worked out. */
  incident?: string | null;
  /** What it makes. */
  kind: Open<"image" | "video">;
  /** The model. */
  model: string;
  /** Whether that is only set aside: nothing is spent unless a retry succeeds. */
  on_hold: boolean;
  /** What was asked for. */
  prompt: string;
  /** The provider that was asked last; null where the log does not tell, and in the story of one that died just now. */
  provider?: string | null;
  /** Which run died, from 1. */
  run: number;
  /** Whose it is; null if no event has told. */
  user?: string | null;
}

/** What goes with a decision. */
export interface Deciding {
  /**
   * The `revision` that was looked at, 0 if nothing was decided before: if something was since, nothing is done and the
   * answer is `incident_stale`.
   */
  expected_revision: number;
  /** Why. */
  reason?: string;
}

/** What to do with them. */
export type Deed = "retry" | "discard";

/** A page of events, in the order of the log. */
export interface EventPage {
  items: Array<LogEvent>;
  /** Where the next page begins; null on the last. */
  next_cursor?: string | null;
}

/** Credits that will be gone. */
export interface Expiring {
  /** How many. */
  amount: Credits;
  /** By then. */
  before: Timestamp;
}

/** What is wrong with one field of the request. */
export interface FieldError {
  /** The field, with its path: `items[3].prompt`, or the name of a parameter or header. */
  field: string;
  /** What is wrong with it, and what would be right. */
  message: string;
}

/** Something that does not hold. */
export interface Finding {
  /** What is wrong. */
  detail: string;
  /** Which rule is broken. */
  invariant: string;
  /** In which stream, if it is about one. */
  stream_id?: string | null;
  /** At which version, if it is about one. */
  version?: number | null;
}

/** A generation that ended, or what one would cost. */
export type FinishedOrQuoted = PaidGeneration | PurchaseQuote;

/** The forms that a statement has. */
export type Form = "json" | "csv" | "html";

/** A generation. */
export interface Generation {
  /** Attempts of this run. */
  attempts: number;
  /** What cancelling it now would keep of its price, because its provider has begun; left out if all would come back. */
  cancel_keeps?: Credits | null;
  /** What was taken or is set aside for it now, and was not given back. */
  charged: Credits;
  /** What one run costs, in credits. */
  cost: Credits;
  /** Whether it costs that, or at most that. */
  cost_is: CostIs;
  /** How many outputs. */
  count: number;
  /** When it was first queued. */
  created_at: Timestamp;
  /** Why it failed, if it did. */
  failure?: GenerationFailure | null;
  /** When it finished, if it has. */
  finished_at?: Timestamp | null;
  /** Its id. */
  id: string;
  /** The part of `charged` that stayed because it was cancelled after its provider had begun; left out if there is none. */
  kept?: Credits | null;
  /** What it makes. */
  kind: Open<"image" | "video">;
  /** The model that makes it. */
  model: string;
  /** Whether that is only set aside: the price is known when the generation is done. */
  on_hold: boolean;
  /** What was made. */
  outputs: Array<GenerationOutput>;
  /** Wishes that were given. */
  params: GenerationParams;
  /** What was asked for. */
  prompt: string;
  /** Where it is in its life. */
  status: Open<"queued" | "running" | "succeeded" | "failed" | "dead" | "cancelled" | "discarded">;
}

/** One attempt to make it. */
export interface GenerationAttempt {
  /** When it was claimed. */
  began_at: Timestamp;
  /** Whether it used up one of the attempts; null unless it failed. */
  counted?: boolean | null;
  /** When it ended; null while it runs. */
  ended_at?: Timestamp | null;
  /** Why it failed, if it did. */
  failure?: AttemptFailure | null;
  /** What its worker shows as a proof of its claim: the version of the event that began it. */
  fencing: number;
  /** How long it took, in milliseconds; null while it runs. */
  milliseconds?: number | null;
  /** Which attempt of that run; one that cost no attempt has the number of the next. */
  number: number;
  /** What became of it. */
  outcome: AttemptOutcome;
  /** The provider that took it or was asked last; null if none was, or nobody said. */
  provider?: string | null;
  /** The provider's name for the work; null if none was given. */
  provider_request_id?: string | null;
  /** The providers that could be asked, in order; none in what earlier releases wrote. */
  providers: Array<string>;
  /** The run that it belongs to, from 1. */
  run: number;
  /** When the provider had accepted the work; null if it was never polled for. */
  submitted_at?: Timestamp | null;
  /** Who claimed it. */
  worker: string;
}

/** An action on many dead letters that did something to this one. */
export interface GenerationBulkAction {
  /** What it did. */
  action: Open<"retry" | "discard">;
  /** When it was ordered. */
  created_at: Timestamp;
  /** Its name. */
  id: string;
  /** Who ordered it. */
  ordered_by: string;
  /** Why. */
  reason: string;
  /** Where to look at it. */
  url: string;
}

/** What happens by itself, and when; null where nothing does. */
export interface GenerationDeadlines {
  /** Until when the claim of its worker holds; then another may take it over. */
  claim_until?: Timestamp | null;
  /** From when a worker may begin the next attempt. */
  next_attempt_at?: Timestamp | null;
  /** Until when its outputs are kept. */
  outputs_until?: Timestamp | null;
  /** Until when its provider may take. */
  provider_until?: Timestamp | null;
  /** When it is given up and refunded if nobody has begun it, as its model says today. */
  queued_until?: Timestamp | null;
}

/** Why a generation failed. */
export interface GenerationFailure {
  /** `permanent` was refunded; the others were tried again until the attempts were used up. */
  class: Open<"permanent" | "transient" | "throttled">;
  /** Stable code, such as `content_refused`. */
  code: string;
  /** One sentence for people. */
  message: string;
}

/** One movement of credits because of a generation. */
export interface GenerationLedgerLine {
  /** Who acted. */
  actor: string;
  /** By how much the balance changed: of a capture, only what came back of its hold. */
  amount: CreditsChange;
  /** The balance after it. */
  balance_after: Credits;
  /** When. */
  occurred_at: Timestamp;
  /** Its place in the log. */
  position: number;
  /** Where an auditor gets the proof that it is in a sealed block. */
  proof: string;
  /** The run that it is about. */
  run?: number | null;
  /** What was spent for good by it; null where nothing was. */
  spent?: Credits | null;
  /** What happened, such as `credits.debited`. */
  type: string;
}

/** What it leads to. */
export interface GenerationLinks {
  /** Actions on many that retried or discarded it, oldest first. */
  bulk_actions: Array<GenerationBulkAction>;
  /** The dead letter that it is now; null unless it is one. */
  dead_letter?: string | null;
  /** The page of this generation, for a browser. */
  page: string;
}

/** The sums, over all runs. What was `paid` or `captured` or is `on_hold`, less what was `refunded`, is `charged`. */
export interface GenerationMoney {
  /** Of what was set aside, what was taken. */
  captured: Credits;
  /** Taken or set aside now, and not given back. */
  charged: Credits;
  /** What one run costs, or at most costs. */
  cost: Credits;
  /** Which of the two. */
  cost_is: CostIs;
  /** Set aside when it was bought, since the price was not known. */
  held: Credits;
  /** What stays charged because it was cancelled after its provider had begun. */
  kept: Credits;
  /** Set aside now. */
  on_hold: Credits;
  /** Taken when it was bought. */
  paid: Credits;
  /** Whether it ended without anything made and its price could not come back yet, because the account is full. */
  refund_waits: boolean;
  /** Given back. */
  refunded: Credits;
  /** Of what was set aside, what was never taken. */
  released: Credits;
}

/** One output. */
export interface GenerationOutput {
  /** Its MIME type. */
  content_type: string;
  /** Height in pixels; 0 for a clip whose file does not tell. */
  height: number;
  /** Its place, from 0. */
  index: number;
  /** SHA-256 of its bytes, in lower-case hexadecimal; older outputs have none. */
  sha256?: string | null;
  /** Where a small copy is, if there is one; the same token is needed. */
  thumbnail_url?: string | null;
  /** Where its bytes are; the same token is needed. */
  url: string;
  /** Width in pixels; 0 for a clip whose file does not tell. */
  width: number;
}

/** A page of generations, newest first. */
export interface GenerationPage {
  items: Array<Generation>;
  /** Where the next page begins; null on the last. */
  next_cursor?: string | null;
  /**
   * Everything that was bought since then was looked at, and older ones were not: one answer compares 10,000 generations at
   * most, and `next_cursor` goes on from there. Left out if nothing was cut short.
   */
  searched_until?: Timestamp | null;
}

/** Optional wishes; what is absent is the model's own default. */
export interface GenerationParams {
  /** Height of an output, in pixels. */
  height?: number | null;
  /** Length of a clip, in seconds; video models only. */
  seconds?: number | null;
  /** The same seed and prompt give the same output. */
  seed?: number | null;
  /** Width of an output, in pixels. */
  width?: number | null;
}

/** One run: from being queued to its end. */
export interface GenerationRun {
  /** Who asked for it. */
  by: string;
  /** What was taken or set aside for it; null where an earlier run had paid for it. */
  charged?: Credits | null;
  /** How it ended; null while it goes on. */
  ended?: Open<"queued" | "running" | "succeeded" | "failed" | "dead" | "cancelled" | "discarded"> | null;
  /** When it ended; null while it goes on. */
  ended_at?: Timestamp | null;
  /** When it was queued. */
  queued_at: Timestamp;
  /** Why, if somebody said. */
  reason?: string | null;
  /** Which, from 1. */
  run: number;
}

/** One output. */
export interface GenerationStoredOutput {
  /** Size in bytes. */
  bytes: number;
  /** Its MIME type. */
  content_type: string;
  /** Length of a clip, in milliseconds; null for pictures. */
  duration_milliseconds?: number | null;
  /** Height in pixels; 0 for a clip whose file does not tell. */
  height: number;
  /** Its place, from 0. */
  index: number;
  /** SHA-256 of its bytes, in lower-case hexadecimal; older outputs have none. */
  sha256?: string | null;
  /** Where an admin gets its bytes. */
  url: string;
  /** Width in pixels; 0 for a clip whose file does not tell. */
  width: number;
}

/** Everything that is known of a generation. */
export interface GenerationStory {
  /** Its attempts, in order. */
  attempts: Array<GenerationAttempt>;
  /** Attempts of this run that count. */
  attempts_used: number;
  /** When the newest run that was paid for was queued. */
  bought_at: Timestamp;
  /** How many outputs. */
  count: number;
  /** When it was first queued. */
  created_at: Timestamp;
  /** What its user reads at this moment: the answer of `GET /v1/generations/{id}`. */
  customer_reads: Generation;
  /** What happens by itself, and when. */
  deadlines: GenerationDeadlines;
  /** Its events, in order. */
  events: Array<GenerationTimelineEvent>;
  /** When it finished, if it has. */
  finished_at?: Timestamp | null;
  /** Its id. */
  id: string;
  /** What it makes. */
  kind: Open<"image" | "video">;
  /** What happened to its account because of it, in order. */
  ledger_lines: Array<GenerationLedgerLine>;
  /** How many earlier runs, attempts, events and lines are left out: each list has 500 at most, the newest. */
  left_out: number;
  /** What else has to do with it. */
  links: GenerationLinks;
  /** The model that makes it. */
  model: string;
  /** Sums of what it took and gave back. */
  money: GenerationMoney;
  /** What was made. */
  outputs: Array<GenerationStoredOutput>;
  /** Wishes that were given. */
  params: GenerationParams;
  /** What was asked for. */
  prompt: string;
  /** The run that it is in, or ended with: name it when you retry or discard it. */
  run: number;
  /** Its runs, in order. */
  runs: Array<GenerationRun>;
  /** The same in a sentence for people. */
  state: string;
  /** Where it is in its life. */
  status: Open<"queued" | "running" | "succeeded" | "failed" | "dead" | "cancelled" | "discarded">;
  /** Whose it is; null if no event has told. */
  user?: string | null;
  /** How long its customer waited, in milliseconds, from `bought_at` to its end; null before that. */
  waited_milliseconds?: number | null;
}

/** One event in the life of a generation. */
export interface GenerationTimelineEvent {
  /** Who acted. */
  actor: string;
  /** Caused by which event, message or action. */
  causation_id?: string | null;
  /** When. */
  occurred_at: Timestamp;
  /** The fact, as it is stored. */
  payload: unknown;
  /** Its place in the log. */
  position: number;
  /** Where an auditor gets the proof that it is in a sealed block. */
  proof: string;
  /** Through which request. */
  request_id: string;
  /** What happened, such as `job.attempt_failed`. */
  type: string;
  /** Its place in the life of the generation, from 1. */
  version: number;
}

/** What became of it, and what its user got back. */
export interface GivenUp {
  /** The generation. */
  id: string;
  /** Credits given back by this request. */
  refunded: Credits;
  /** Where it is now. */
  status: Open<"queued" | "running" | "succeeded" | "failed" | "dead" | "cancelled" | "discarded">;
}

/** What grants of one source gave. */
export interface GrantedBySource {
  /** How many. */
  amount: CreditsChange;
  /** Where the credits came from. */
  source: string;
}

/** All is well. */
export interface Health {
  /** `live` or `ready`. */
  status: string;
  /**
   * What does not keep it from serving and somebody should know all the same, such as a queue that is away: jobs
   * are taken and wait then.
   */
  warnings: Array<string>;
}

/** A page of changes, newest first. */
export interface HistoryPage {
  items: Array<BalanceChange>;
  /** Where the next page begins; null on the last. */
  next_cursor?: string | null;
}

/** The open holds of an account. */
export interface HoldList {
  /** Oldest first. */
  items: Array<HoldView>;
}

/** Credits that are set aside. */
export interface HoldView {
  /** How many: the most that can be captured. */
  amount: Credits;
  /** From when they come back by themselves; null for never. */
  expires_at?: Timestamp | null;
  /** The lots that they were taken from. */
  from: Array<LotPart>;
  /** The generation that they may pay for; such a hold ends with it. */
  generation_id?: string | null;
  /** Since when. */
  held_at?: Timestamp | null;
  /** Names it within its account; absent in a dry run, where there is none yet. */
  id?: number | null;
  /** What for. */
  reason?: string | null;
}

/** What an account held at one end of the period. */
export interface Holdings {
  /** What of the balance could be spent then. */
  available: Credits;
  /** What it had that was not set aside: what could be spent then, and what only later. */
  balance: Credits;
  /** What was set aside. */
  held: Credits;
  /** What of the balance could only be spent later. */
  pending: Credits;
}

/** Leaving an incident alone for a while. */
export interface Ignoring {
  /**
   * The `revision` that was looked at, 0 if nothing was decided before: if something was since, nothing is done and the
   * answer is `incident_stale`.
   */
  expected_revision: number;
  /** Until so many more generations that died of it wait; either this or `until`. */
  more?: number;
  /** Why. */
  reason?: string;
  /** Until this instant; either this or `more`. */
  until?: Timestamp;
}

/** Something that happened to an incident. */
export interface IncidentChange {
  /** When. */
  at: Timestamp;
  /** Who; null where it came about by itself. */
  by?: string | null;
  /** What. */
  event: Open<"ignored" | "resolved" | "reopened" | "regressed" | "ignore_over">;
  /** By which API key; null if by a token, or by itself. */
  key_id?: string | null;
  /** After how many more it is no longer ignored; null otherwise. */
  more?: number | null;
  /** Why, if somebody said. */
  reason?: string | null;
  /** Its number, from 1. */
  revision: number;
  /** Until when it is ignored; null otherwise. */
  until?: Timestamp | null;
}

/** A page of incidents. */
export interface IncidentPage {
  /** Whether dead letters that an older release has written down are in no incident yet: after an upgrade, for a while. */
  is_being_named: boolean;
  items: Array<IncidentView>;
  /** When a generation last used up its attempts, whatever became of it since; null if none ever did. */
  last_failure_at?: Timestamp | null;
  /** Where the next page begins; null on the last. */
  next_cursor?: string | null;
  /** How many that were dead are on their way again, among the last thousand retries. */
  running_again: number;
  /** How many there are on all pages. */
  total: number;
  /** Whether there are more than a thousand, of which nothing is told. */
  total_is_more: boolean;
}

/** An incident with what happened to it. */
export interface IncidentStory {
  /** What kind of failure it is. */
  class: Open<"permanent" | "transient" | "throttled">;
  /** The failure code. */
  code: string;
  /** What is taken or set aside for them. */
  credits: CreditsChange;
  /** When the first of them died; null if none waits. */
  first_seen?: Timestamp | null;
  /** What happened to it, newest first; at most a hundred. */
  history: Array<IncidentChange>;
  /** How many that wait died in each of the last 24 hours, the oldest first; the last one is the hour up to now. */
  hours: Array<number>;
  /** The fingerprint of the cause; as `incident` it narrows the list of dead letters and bulk actions. */
  id: string;
  /** How many dead letters wait. */
  jobs: number;
  /** Whether more wait than `jobs` says: then `people`, `credits` and `hours` are of the newest `jobs`. */
  jobs_is_more: boolean;
  /** What the generations make. */
  kind: Open<"image" | "video">;
  /** What happened to it last; null if nothing did. */
  last_change?: IncidentChange | null;
  /** When the last of them died; null if none waits. */
  last_seen?: Timestamp | null;
  /** The message of the newest. In the others ids, numbers, addresses and quoted values may differ. */
  message: string;
  /** The model. */
  model: string;
  /** How many users they belong to. */
  people: number;
  /**
   * The provider that was asked last, as far as the log tells: where the last attempt had a choice and was refused at once, that of the
   * attempt before; null if none is known.
   */
  provider?: string | null;
  /** How often something was decided about it. Send it as `expected_revision`. */
  revision: number;
  /** Whether it gets worse: three or more died within the hour, and more than twice as many as in an hour of the six before. */
  rising: boolean;
  /** How it stands: `open`, `ignored` for a while, `resolved`, or `regressed`, which died again after it was resolved. */
  state: Open<"regressed" | "open" | "ignored" | "resolved">;
  /** The cause in a few words. */
  title: string;
}

/** Dead letters that share a cause. */
export interface IncidentView {
  /** What kind of failure it is. */
  class: Open<"permanent" | "transient" | "throttled">;
  /** The failure code. */
  code: string;
  /** What is taken or set aside for them. */
  credits: CreditsChange;
  /** When the first of them died; null if none waits. */
  first_seen?: Timestamp | null;
  /** How many that wait died in each of the last 24 hours, the oldest first; the last one is the hour up to now. */
  hours: Array<number>;
  /** The fingerprint of the cause; as `incident` it narrows the list of dead letters and bulk actions. */
  id: string;
  /** How many dead letters wait. */
  jobs: number;
  /** Whether more wait than `jobs` says: then `people`, `credits` and `hours` are of the newest `jobs`. */
  jobs_is_more: boolean;
  /** What the generations make. */
  kind: Open<"image" | "video">;
  /** What happened to it last; null if nothing did. */
  last_change?: IncidentChange | null;
  /** When the last of them died; null if none waits. */
  last_seen?: Timestamp | null;
  /** The message of the newest. In the others ids, numbers, addresses and quoted values may differ. */
  message: string;
  /** The model. */
  model: string;
  /** How many users they belong to. */
  people: number;
  /**
   * The provider that was asked last, as far as the log tells: where the last attempt had a choice and was refused at once, that of the
   * attempt before; null if none is known.
   */
  provider?: string | null;
  /** How often something was decided about it. Send it as `expected_revision`. */
  revision: number;
  /** Whether it gets worse: three or more died within the hour, and more than twice as many as in an hour of the six before. */
  rising: boolean;
  /** How it stands: `open`, `ignored` for a while, `resolved`, or `regressed`, which died again after it was resolved. */
  state: Open<"regressed" | "open" | "ignored" | "resolved">;
  /** The cause in a few words. */
  title: string;
}

/** A token. */
export interface IssuedToken {
  /** When it ends. */
  expires_at: Timestamp;
  /** What it may do. */
  role: RoleName;
  /** Whom it speaks for. */
  sub: string;
  /** Send it as `Authorization: Bearer …`. */
  token: string;
}

/** A dead letter that was left as it is. */
export interface LeftAlone {
  /** Why, as in a problem document. */
  code: string;
  /** The generation. */
  id: string;
}

/** One event in the life of a generation. */
export interface LifeEvent {
  /** Who acted. */
  actor: string;
  /** What else the event says. */
  detail: unknown;
  /** When. */
  occurred_at: Timestamp;
  /** What happened, such as `job.attempt_failed`. */
  type: string;
  /** Its place in the life of the generation, from 1. */
  version: number;
}

/** The forms that a list has. */
export type ListForm = "json" | "csv" | "ndjson";

/** A border between two events of the log. */
export interface LogEdge {
  /** The instant that was asked for; null if it was a position, or nothing. */
  at?: Timestamp | null;
  /** The position of the first event after it: what was asked for, or what the instant came to. */
  position: number;
}

/** An event as the log holds it. */
export interface LogEvent {
  /** The account. */
  account_id: string;
  /** Who acted. */
  actor: string;
  /** By how much the balance changed; credit events only. */
  amount?: CreditsChange | null;
  /** The balance after it; credit events only. */
  balance_after?: Credits | null;
  /** Through which API key, or caused by which action, event or message. */
  causation_id?: string | null;
  /** Its id. */
  event_id: string;
  /** Its own hash, in hexadecimal. */
  hash: string;
  /** The generation that it is about, if any. */
  job_id?: string | null;
  /** The application's clock. */
  occurred_at: Timestamp;
  /** The fact. */
  payload: unknown;
  /** Its place in the log. */
  position: number;
  /** Hash of the event before it in the stream, in hexadecimal. */
  prev_hash: string;
  /** The database's clock. */
  recorded_at: Timestamp;
  /** Through which request. */
  request_id: string;
  /** The stream: the account itself, or one of its generations. */
  stream_id: string;
  /** What happened. */
  type: string;
  /** Its place in the stream, from 1. */
  version: number;
}

/** Credits of one lot. */
export interface LotPart {
  /** How many credits. */
  amount: Credits;
  /** Which lot. */
  lot: number;
}

/** Credits that were given together, under the same terms. */
export interface LotView {
  /** How many were given; null for what was given before there were lots. */
  amount?: Credits | null;
  /** From when they can be spent; null for at once. */
  effective_at?: Timestamp | null;
  /** From when they are gone; null for never. */
  expires_at?: Timestamp | null;
  /** When they were given. */
  granted_at?: Timestamp | null;
  /** Names it within its account; absent in a dry run, where there is none yet. */
  id?: number | null;
  /** What the granting system wanted to find again; for admins only. */
  metadata?: Record<string, string> | null;
  /** When they are spent among the others: 0 first, 100 last. */
  priority: number;
  /** Why. */
  reason?: string | null;
  /** How many are left. */
  remaining: Credits;
  /** Where they come from. */
  source: Open<"plan" | "purchase" | "promo" | "goodwill" | "adjustment" | "other">;
}

/** An adjustment that was made. */
export interface MadeAdjustment {
  /** By how much the balance changed. */
  amount: CreditsChange;
  /** By how much it was to change; more than `amount` where less was there to take. */
  asked: CreditsChange;
  /** Credits that can be spent now. */
  available: Credits;
  /** The sum of its lots: credits that can be spent now or later. */
  balance: Credits;
  /** The lots that credits were taken from, in that order. */
  from: Array<LotPart>;
  /** Credits that are set aside. */
  held: Credits;
  /** The lot that was made; null if credits were taken. */
  lot?: LotView | null;
  /** The account's owner. */
  user: string;
}

/** An API key that was just made. */
export interface MadeApiKey {
  /** When. */
  created_at: Timestamp;
  /** Who made it, as the log writes it; null if the owner asks and it was somebody else. */
  created_by?: string | null;
  /** Where it is of use: servers of another environment refuse it. */
  environment: Open<"live" | "test">;
  /** From when on it is refused; null if it does not expire. */
  expires_at?: Timestamp | null;
  /** By what it is told from others: how it begins and how it ends. */
  hint: string;
  /** Its id; the `causation_id` of every event that a request with it led to. */
  id: string;
  /** When it was last used, to about a minute; null if it never was. */
  last_used_at?: Timestamp | null;
  /** What it is called. */
  name: string;
  /** As whom it acts; null for a `backend`. */
  owner?: string | null;
  /** Why, if somebody said; null if the owner asks. */
  revoke_reason?: string | null;
  /** When it was revoked; null if it was not. */
  revoked_at?: Timestamp | null;
  /** Who revoked it, as the log writes it; null if nobody did, and if the owner asks and it was somebody else. */
  revoked_by?: string | null;
  /**
   * What it may do: what its owner may as `user`, `admin` or `auditor`; or, for a `backend`, what any user may whom a request
   * names with `Cooly-User`.
   */
  scope: Open<"user" | "admin" | "auditor" | "backend">;
  /**
   * The key itself, which is told this once and kept nowhere: send it as `Authorization: Bearer …`. Null where this repeats the
   * answer to an earlier request: if that answer was lost, revoke the key and make another.
   */
  secret?: string | null;
  /** How it stands: `active` is taken, `expired` and `revoked` are refused. */
  state: Open<"active" | "expired" | "revoked">;
}

/** A hold that was spent. */
export interface MadeCapture {
  /** How many credits were spent. */
  amount: Credits;
  /** Credits that can be spent now. */
  available: Credits;
  /** The sum of its lots: credits that can be spent now or later. */
  balance: Credits;
  /** The lots that were spent. */
  from: Array<LotPart>;
  /** Credits that are set aside. */
  held: Credits;
  /** The hold, which is over. */
  hold: number;
  /** How many came back. */
  released: Credits;
  /** The lots that the rest came back to. */
  to: Array<LotPart>;
  /** The account's owner. */
  user: string;
}

/** A grant that was made. */
export interface MadeGrant {
  /** By how much the balance changed. */
  amount: CreditsChange;
  /** Credits that can be spent now. */
  available: Credits;
  /** The sum of its lots: credits that can be spent now or later. */
  balance: Credits;
  /** Credits that are set aside. */
  held: Credits;
  /** The lot that was made. */
  lot: LotView;
  /** The account's owner. */
  user: string;
}

/** A hold that was made. */
export interface MadeHold {
  /** Credits that can be spent now. */
  available: Credits;
  /** The sum of its lots: credits that can be spent now or later. */
  balance: Credits;
  /** Credits that are set aside. */
  held: Credits;
  /** The hold. */
  hold: HoldView;
  /** The account's owner. */
  user: string;
}

/** A refund that was made. */
export interface MadeRefund {
  /** How many credits came back. */
  amount: Credits;
  /** Credits that can be spent now. */
  available: Credits;
  /** The sum of its lots: credits that can be spent now or later. */
  balance: Credits;
  /** What is still charged for the generation. */
  charged: Credits;
  /** Credits that are set aside. */
  held: Credits;
  /** The generation. */
  job_id: string;
  /** The lots that they came back to. */
  to: Array<LotPart>;
  /** The account's owner. */
  user: string;
}

/** A hold that was given back. */
export interface MadeRelease {
  /** Credits that can be spent now. */
  available: Credits;
  /** The sum of its lots: credits that can be spent now or later. */
  balance: Credits;
  /** Credits that are set aside. */
  held: Credits;
  /** The hold, which is over. */
  hold: number;
  /** How many credits came back. */
  released: Credits;
  /** The lots that they came back to. */
  to: Array<LotPart>;
  /** The account's owner. */
  user: string;
}

/** A grant that was taken back. */
export interface MadeVoid {
  /** How many credits were taken: what was left of it. */
  amount: Credits;
  /** Credits that can be spent now. */
  available: Credits;
  /** The sum of its lots: credits that can be spent now or later. */
  balance: Credits;
  /** Credits that are set aside. */
  held: Credits;
  /** The lot. What comes back to it later is taken back too. */
  lot: number;
  /** The account's owner. */
  user: string;
}

/** An endpoint that was made. */
export interface MadeWebhook {
  /** It is told what the log says after this position. */
  after: number;
  /** When it was made. */
  created_at: Timestamp;
  /** Who made it. */
  created_by: string;
  /** A note for people; null if there is none. */
  description?: string | null;
  /** Why nothing is sent to it; null if something is. */
  disabled?: WebhookDisabled | null;
  /** What it is told. */
  events: Array<Open<"generation.succeeded" | "generation.failed" | "generation.cancelled" | "generation.dead" | "generation.discarded" | "credits.granted" | "credits.refunded" | "credits.low" | "credits.expiring">>;
  /** Since when every attempt has failed; null if the last one did not. */
  failing_since?: Timestamp | null;
  /** Its id. */
  id: string;
  /** What it is told again at the moment; null if nothing is. */
  replay?: WebhookReplay | null;
  /** Until when it is left alone after a failure, whatever waits for it; null if it is not. */
  retry_at?: Timestamp | null;
  /** What messages to it are signed with: `whsec_` and base64. */
  secret: string;
  /** Where messages go. */
  url: string;
  /** The one user that it is told about; null for all. */
  user?: string | null;
}

/** All models. */
export interface ModelList {
  items: Array<ModelOffer>;
}

/** A model on offer. */
export interface ModelOffer {
  /** What to expect of it. */
  description: string;
  /** The name that requests use. */
  id: string;
  /** What it makes. */
  kind: Open<"image" | "video">;
  /**
   * What cancelling keeps of the price once the provider has begun: `keep` for all of it, or a percentage such as `50%`.
   * Left out where everything comes back, however late.
   */
  late_cancel?: string | null;
  /** Most outputs of one request. */
  max_count: number;
  /** Longest clip, in seconds; null for pictures. */
  max_seconds?: number | null;
  /** Longest side of an output, in pixels. */
  max_side: number;
  /** Price of one output, or of one second of output, in credits. */
  price: Credits;
  /** Which of the two. */
  pricing: Pricing;
  /** The name that people read. */
  title: string;
}

/** A correction of the balance. */
export interface NewAdjustment {
  /** By how much, with a sign; not zero. */
  amount: CreditsChange;
  /** Take what is there if that is less than `amount`, instead of refusing. */
  clamp?: boolean;
  /** Why; the user reads it in the history. */
  reason: string;
}

/** An API key for somebody. */
export interface NewApiKey {
  /** From when on it is refused; it does not expire if this is left out. */
  expires_at?: Timestamp;
  /** What it is called. */
  name: string;
  /** As whom it acts. Needed for a `user`; a `backend` has none, and acts for whom each request names. */
  owner?: string;
  /** What it may do. `auditor` is refused, and so is `admin` for another than oneself. */
  scope: "user" | "admin" | "auditor" | "backend";
}

/** A hold to spend. */
export interface NewCapture {
  /** How many; more than zero, at most what is held. The rest comes back. */
  amount: Credits;
  /** Which hold. */
  hold: number;
}

/** A generation to buy. */
export interface NewGeneration {
  /** How many outputs; 1 if left out. */
  count?: number;
  /** What the model makes; only to be sure. */
  kind?: "image" | "video";
  /** The model, from `GET /v1/models`. */
  model: string;
  /** Optional wishes. */
  params?: GenerationParams;
  /** What to make. Taken as it is, blanks and all. */
  prompt: string;
}

/** Credits to give. */
export interface NewGrant {
  /** How many; more than zero. */
  amount: Credits;
  /** From when they can be spent; at once if left out. */
  effective_at?: Timestamp;
  /** From when they are gone; never if left out. */
  expires_at?: Timestamp;
  /** Whatever you want to find again: at most 16 strings, names up to 40 and values up to 500 bytes. */
  metadata?: Record<string, string>;
  /**
   * When they are spent among the others: 0 first, 100 last; 50 if left out. Among equals, what expires soonest
   * goes first, then what was given first.
   */
  priority?: number;
  /** Why; the user reads it in the history. */
  reason: string;
  /** Where they come from; `other` if left out. */
  source?: "plan" | "purchase" | "promo" | "goodwill" | "adjustment" | "other";
}

/** Credits to set aside. */
export interface NewHold {
  /** How many; more than zero. The most that can be captured. */
  amount: Credits;
  /** From when they come back by themselves; never if left out. */
  expires_at?: Timestamp;
  /** What for. */
  reason: string;
}

/** An API key of one's own. */
export interface NewOwnKey {
  /** From when on it is refused; it does not expire if this is left out. */
  expires_at?: Timestamp;
  /** What it is called. */
  name: string;
}

/** A price to give back. */
export interface NewRefund {
  /** How many credits, at most what is charged for it; all of that if left out. */
  amount?: Credits;
  /** The generation. */
  job_id: string;
  /** Why. */
  reason: string;
}

/** A hold to give back. */
export interface NewRelease {
  /** Which hold. */
  hold: number;
}

/** The token that is wanted. */
export interface NewToken {
  /** What it may do. */
  role: RoleName;
  /** Whom it speaks for; `demo`, `admin` or `auditor` if left out. */
  sub?: string;
}

/** A grant to take back. */
export interface NewVoid {
  /** The lot that it made. */
  lot: number;
  /** Why; the user reads it in the history. */
  reason: string;
}

/** An endpoint to be made. */
export interface NewWebhook {
  /** A note for people. */
  description?: string;
  /** What it is told. */
  events: Array<"generation.succeeded" | "generation.failed" | "generation.cancelled" | "generation.dead" | "generation.discarded" | "credits.granted" | "credits.refunded" | "credits.low" | "credits.expiring">;
  /** Where messages go: `https://`, and out in public. */
  url: string;
  /** Only about this user; about all if left out. */
  user?: string;
}

/** A body, and whether it is only tried. */
export interface CaptureAmountOrder {
  /** How many; more than zero, at most what is held. The rest comes back. */
  amount: Credits;
  /** Only say what this would do: the answer is 200, and nothing is written. */
  dry_run?: boolean;
}

/** A body, and whether it is only tried. */
export interface CreditBatchOrder {
  /** In the order in which they are carried out. */
  commands: Array<CreditCommand>;
  /** Only say what this would do: the answer is 200, and nothing is written. */
  dry_run?: boolean;
}

/** A body, and whether it is only tried. */
export interface NewAdjustmentOrder {
  /** By how much, with a sign; not zero. */
  amount: CreditsChange;
  /** Take what is there if that is less than `amount`, instead of refusing. */
  clamp?: boolean;
  /** Only say what this would do: the answer is 200, and nothing is written. */
  dry_run?: boolean;
  /** Why; the user reads it in the history. */
  reason: string;
}

/** A body, and whether it is only tried. */
export interface NewBatchOrder {
  /** Only say what this would do: the answer is 200, and nothing is written. */
  dry_run?: boolean;
  /** Each as it would be bought alone. */
  items: Array<NewGeneration>;
}

/** A body, and whether it is only tried. */
export interface NewGenerationOrder {
  /** How many outputs; 1 if left out. */
  count?: number;
  /** Only say what this would do: the answer is 200, and nothing is written. */
  dry_run?: boolean;
  /** What the model makes; only to be sure. */
  kind?: "image" | "video";
  /** The model, from `GET /v1/models`. */
  model: string;
  /** Optional wishes. */
  params?: GenerationParams;
  /** What to make. Taken as it is, blanks and all. */
  prompt: string;
}

/** A body, and whether it is only tried. */
export interface NewGrantOrder {
  /** How many; more than zero. */
  amount: Credits;
  /** Only say what this would do: the answer is 200, and nothing is written. */
  dry_run?: boolean;
  /** From when they can be spent; at once if left out. */
  effective_at?: Timestamp;
  /** From when they are gone; never if left out. */
  expires_at?: Timestamp;
  /** Whatever you want to find again: at most 16 strings, names up to 40 and values up to 500 bytes. */
  metadata?: Record<string, string>;
  /**
   * When they are spent among the others: 0 first, 100 last; 50 if left out. Among equals, what expires soonest
   * goes first, then what was given first.
   */
  priority?: number;
  /** Why; the user reads it in the history. */
  reason: string;
  /** Where they come from; `other` if left out. */
  source?: "plan" | "purchase" | "promo" | "goodwill" | "adjustment" | "other";
}

/** A body, and whether it is only tried. */
export interface NewHoldOrder {
  /** How many; more than zero. The most that can be captured. */
  amount: Credits;
  /** Only say what this would do: the answer is 200, and nothing is written. */
  dry_run?: boolean;
  /** From when they come back by themselves; never if left out. */
  expires_at?: Timestamp;
  /** What for. */
  reason: string;
}

/** A body, and whether it is only tried. */
export interface NewRefundOrder {
  /** How many credits, at most what is charged for it; all of that if left out. */
  amount?: Credits;
  /** Only say what this would do: the answer is 200, and nothing is written. */
  dry_run?: boolean;
  /** The generation. */
  job_id: string;
  /** Why. */
  reason: string;
}

/** A body, and whether it is only tried. */
export interface VoidReasonOrder {
  /** Only say what this would do: the answer is 200, and nothing is written. */
  dry_run?: boolean;
  /** Why; the user reads it in the history. */
  reason: string;
}

/** What became of a report. */
export type Outcome = Open<"noted" | "repeated">;

/** What was owed to all users at one border of the log, by where it came from and how long ago it was given. */
export interface OutstandingCredits {
  /** Accounts in the whole log. */
  accounts: number;
  /** The instant at which ages are told. */
  aged_at: Timestamp;
  /** Everything before this border is counted. */
  at: LogEdge;
  /** By source and age; nothing that is zero. */
  items: Array<OutstandingLot>;
  /** All items together. */
  total: SystemHoldings;
}

/** Credits of one source and age. */
export interface OutstandingLot {
  /**
   * Whole days since they were given: `0-30`, `31-90`, `91-180`, `181-365`, `366+`, or `unknown` for those of before
   * there were lots.
   */
  age_days: string;
  /** What could be spent, at once or later. */
  available: CreditsChange;
  /** What was set aside by holds. */
  held: CreditsChange;
  /** All of them. */
  outstanding: CreditsChange;
  /** Where they came from. */
  source: string;
}

/** The state of the whole system. */
export interface Overview {
  /** Accounts with at least one event. */
  accounts: number;
  /** Up to where every read model has applied the log. */
  applied: number;
  /** Credits that adjustments ever gave, less those that they took. */
  credits_adjusted: CreditsChange;
  /** Credits ever captured of holds: prices that were known only afterwards. */
  credits_captured: CreditsChange;
  /** Credits ever debited: prices that were known beforehand. */
  credits_debited: CreditsChange;
  /** Credits that ever expired unspent. */
  credits_expired: CreditsChange;
  /** Credits ever granted. */
  credits_granted: CreditsChange;
  /** Credits that open holds set aside now. */
  credits_held: CreditsChange;
  /** Credits that all accounts together can spend, now or later; held ones are not among them. */
  credits_outstanding: CreditsChange;
  /** Credits ever given back of those debited or captured. */
  credits_refunded: CreditsChange;
  /** Credits debited or captured and not given back. */
  credits_spent: CreditsChange;
  /** Credits ever taken back by voiding their grants. */
  credits_voided: CreditsChange;
  /** Generations by status. */
  generations: StatusCounts;
  /** When the generation that waits longest became due; null if none waits. */
  oldest_due_at?: Timestamp | null;
  /** Streams that a read model stopped applying; anything but 0 wants a look. */
  parked_streams: number;
}

/** The generations of a batch, and the balance after it. */
export interface PaidBatch {
  /** Credits that can be spent now. */
  balance: Credits;
  /** In the order in which they were asked for. */
  items: Array<Generation>;
}

/** A generation, and the balance after what was done. */
export interface PaidGeneration {
  /** Attempts of this run. */
  attempts: number;
  /** Credits that can be spent now. */
  balance: Credits;
  /** What cancelling it now would keep of its price, because its provider has begun; left out if all would come back. */
  cancel_keeps?: Credits | null;
  /** What was taken or is set aside for it now, and was not given back. */
  charged: Credits;
  /** What one run costs, in credits. */
  cost: Credits;
  /** Whether it costs that, or at most that. */
  cost_is: CostIs;
  /** How many outputs. */
  count: number;
  /** When it was first queued. */
  created_at: Timestamp;
  /** Why it failed, if it did. */
  failure?: GenerationFailure | null;
  /** When it finished, if it has. */
  finished_at?: Timestamp | null;
  /** Its id. */
  id: string;
  /** The part of `charged` that stayed because it was cancelled after its provider had begun; left out if there is none. */
  kept?: Credits | null;
  /** What it makes. */
  kind: Open<"image" | "video">;
  /** The model that makes it. */
  model: string;
  /** Whether that is only set aside: the price is known when the generation is done. */
  on_hold: boolean;
  /** What was made. */
  outputs: Array<GenerationOutput>;
  /** Wishes that were given. */
  params: GenerationParams;
  /** What was asked for. */
  prompt: string;
  /** Where it is in its life. */
  status: Open<"queued" | "running" | "succeeded" | "failed" | "dead" | "cancelled" | "discarded">;
}

/** What a price is the price of. */
export type Pricing = Open<"per_output" | "per_second">;

/** An RFC 9457 problem document. `code` is stable; `title` and `detail` are for people. */
export interface Problem {
  /** Stable code to match on, such as `credits_insufficient`. */
  code: string;
  /** What happened this time, and what to do about it. */
  detail: string;
  /** The fields that are wrong, where fields are what is wrong. */
  errors?: Array<FieldError> | null;
  /** The id under which the logs speak of this request. */
  request_id: string;
  /** The HTTP status, repeated. */
  status: number;
  /** This kind of problem in a few words. */
  title: string;
  /** A name for this kind of problem: `urn:cooly:problem:` and the code. */
  type: string;
}

/** What verifying an account found. */
export interface Proof {
  /** What does not hold. */
  breaches: Array<Finding>;
  /** Events read. */
  events: number;
  /** Hash of the account's last event: a copy kept elsewhere pins everything before it. */
  head: string;
  /** How far the account's events are sealed. An event that was removed is not missed here; `cooly verify` does. */
  sealed: SealedUpTo;
  /** Streams read. */
  streams: number;
  /** Whether everything holds. */
  valid: boolean;
}

/** What a purchase would cost and leave. */
export interface PurchaseQuote {
  /** Credits that could be spent after it. */
  balance: Credits;
  /** What it would cost, in credits. */
  cost: Credits;
  /** Whether that is the price, or the most that it can be. */
  cost_is: CostIs;
  /** How many outputs. */
  count: number;
  /** What it would make. */
  kind: Open<"image" | "video">;
  /** The model that would make it. */
  model: string;
}

/** What a generation would cost. */
export interface Quote {
  /** What it would cost, in credits. */
  cost: Credits;
  /** Whether that is the price, or the most that it can be. */
  cost_is: CostIs;
  /** How many outputs. */
  count: number;
  /** What it would make. */
  kind: Open<"image" | "video">;
  /** The model that would make it. */
  model: string;
}

/** Credits of one source on one day. */
export interface RecognisedDay {
  /** Debited, and captured of holds. */
  burned: CreditsChange;
  /** The day on which it was recorded, UTC. */
  day: string;
  /** Lapsed unspent: breakage. */
  expired: CreditsChange;
  /** What it adds to revenue: `burned` − `refunded` + `expired`. */
  recognised: CreditsChange;
  /** Given back of what was burned, on that day or before. */
  refunded: CreditsChange;
  /** Where the credits came from. */
  source: string;
}

/**
 * What became revenue in an interval: credits that were burned, less those given back, and credits that expired.
 * Credits voided or taken by adjustments become none.
 */
export interface RecognisedRevenue {
  /** Where the interval begins. */
  from: LogEdge;
  /** By day and source, oldest first; days on which nothing happened are left out. */
  items: Array<RecognisedDay>;
  /** Where it ends; the event at this position does not belong to it. */
  to: LogEdge;
  /** All items together. */
  total: RecognisedTotal;
}

/** Sums over all days and sources. */
export interface RecognisedTotal {
  /** Debited, and captured of holds. */
  burned: CreditsChange;
  /** Lapsed unspent: breakage. */
  expired: CreditsChange;
  /** `burned` − `refunded` + `expired`. */
  recognised: CreditsChange;
  /** Given back of what was burned. */
  refunded: CreditsChange;
}

/** A part of the log that an endpoint is told again. */
export interface ReplayOrder {
  /** What comes after this position; `disabled.position` is where an endpoint was disabled. */
  after: number;
  /** Up to this position; up to now if left out. */
  until?: number;
  /** Send also what was delivered. */
  with_delivered?: boolean;
}

/** The answer to a report. */
export interface Reported {
  /** What became of it. */
  outcome: Outcome;
}

/** What became of it. */
export interface Revived {
  /** The generation. */
  id: string;
  /** Where it is now. */
  status: Open<"queued" | "running" | "succeeded" | "failed" | "dead" | "cancelled" | "discarded">;
}

/** What goes with a revocation. */
export interface Revoking {
  /** Why. */
  reason?: string;
}

/** What its bearer may do: `user` is for `/v1`, `admin` for `/admin`, `auditor` for `/audit`. */
export type RoleName = Open<"user" | "admin" | "auditor">;

/** A signed block. All bytes are in hexadecimal. */
export interface Seal {
  /** How many events are in it. */
  events: number;
  /** Position of the block's first event. */
  first_position: number;
  /** SHA-256 of all of the above. */
  hash: string;
  /** Position of its last. */
  last_position: number;
  /** 1, 2, 3, … without gaps. */
  number: number;
  /** Hash of the seal before it; zeros for the first. */
  prev_hash: string;
  /** Who signed. */
  public_key: string;
  /** Merkle root over them, as in RFC 6962. */
  root: string;
  /** The database's clock; not signed. */
  sealed_at: Timestamp;
  /** Ed25519 signature of `hash`. */
  signature: string;
}

/** A key that signed seals. */
export interface SealKeyUse {
  /** The first seal that it signed. */
  first_seal: number;
  /** The last. */
  last_seal: number;
  /** The key, in hexadecimal. */
  public_key: string;
  /** How many it signed. */
  seals: number;
}

/** The keys that signed seals, oldest first. */
export interface SealKeys {
  items: Array<SealKeyUse>;
}

/** A page of seals, oldest first. */
export interface SealPage {
  items: Array<Seal>;
  /** Where the next page begins; null on the last. */
  next_cursor?: string | null;
}

/** An event of a block. */
export interface SealedEvent {
  /** Its hash, in hexadecimal. */
  hash: string;
  /** Its place in the log. */
  position: number;
}

/** How far the account's events are sealed. */
export interface SealedUpTo {
  /** Events that are sealed and still what was sealed. */
  matching: number;
  /** Position of the account's newest sealed event. */
  position?: number | null;
  /** The newest seal that covers an event of the account; null if none does. */
  seal?: number | null;
  /** Events that no seal covers yet. */
  unsealed: number;
}

/** Somebody who is signed in. */
export interface Session {
  /** When they have to sign in again. */
  expires_at: Timestamp;
  /** What they may do. */
  role: RoleName;
  /** Who it is. */
  sub: string;
}

/** Who is signed in here. */
export interface Sessions {
  /** Whether `POST /dev/token` hands out tokens, so that nobody needs to bring one. */
  hands_out_tokens: boolean;
  /** At most one for each role. */
  sessions: Array<Session>;
}

/** A statement. Its entries come in pages; everything else is about the whole period. */
export interface Statement {
  /** The account's id. */
  account_id: string;
  /** At the end, or now if the period has not ended. */
  closing: Holdings;
  /** Oldest first. */
  entries: Array<StatementEntry>;
  /** Where the period begins. */
  from: Timestamp;
  /** Where the next page begins; null on the last. */
  next_cursor?: string | null;
  /** At the start. */
  opening: Holdings;
  /** What happened between them; on the first page only. */
  totals?: StatementTotals | null;
  /** Where it ends; this instant does not belong to it. */
  until: Timestamp;
  /** Whose. */
  user: string;
  /** Whose days are meant where a day was named, and whose clock the page shows. */
  zone: string;
}

/** One line. */
export interface StatementEntry {
  /** By how much the balance changed. */
  amount: CreditsChange;
  /** The balance after it. */
  balance_after: Credits;
  /** What happened, in words. */
  description: string;
  /** The generation that it is about, if any. */
  generation_id?: string | null;
  /** What is set aside after it. */
  held_after: Credits;
  /** By how much the credits that are set aside changed. */
  held_change: CreditsChange;
  /** The model that makes it. */
  model?: string | null;
  /** When. */
  occurred_at: Timestamp;
  /** What was asked for, on one line and shortened. */
  prompt?: string | null;
  /** What was spent, where something was: of a capture it is another number than the change of the balance. */
  spent?: Credits | null;
  /** What happened, such as `credits.captured`. */
  type: string;
}

/**
 * Everything that happened in the period, by kind and with its sign. `opening.balance + opening.held` and these are
 * exactly `closing.balance + closing.held`; setting credits aside and taking them back changes neither sum.
 */
export interface StatementTotals {
  /** Corrected, up and down. */
  adjusted: CreditsChange;
  /** Lapsed. */
  expired: CreditsChange;
  /** Given. */
  granted: CreditsChange;
  /** Given back. */
  refunded: CreditsChange;
  /** Spent on generations, or captured. */
  spent: CreditsChange;
  /** Taken back with their grants. */
  voided: CreditsChange;
}

/** Generations by where they are in their life. */
export interface StatusCounts {
  cancelled: number;
  dead: number;
  discarded: number;
  failed: number;
  queued: number;
  running: number;
  succeeded: number;
}

/** What all accounts had together. */
export interface SystemHoldings {
  /** What could be spent, at once or later. */
  available: CreditsChange;
  /** What was set aside by holds; it is not spent until it is captured. */
  held: CreditsChange;
  /** All that is owed to users: the sum of the two below. */
  outstanding: CreditsChange;
}

/**
 * What was owed to all users at two borders of the log, and everything that moved in between. The ends are what the
 * accounts state; the lines are what the events say, with their sign: `opening.outstanding` and `granted`, `adjusted_up`,
 * `adjusted_down`, `spent`, `refunded`, `expired` and `voided` are exactly `closing.outstanding`.
 */
export interface TrialBalance {
  /** Accounts in the whole log. */
  accounts: number;
  /** Taken by adjustments; not above zero. */
  adjusted_down: CreditsChange;
  /** Given by adjustments. */
  adjusted_up: CreditsChange;
  /**
   * Whether the equation holds to the last digit, for what is available and for what is held. If not, the log is not
   * what was written: verify it.
   */
  balanced: boolean;
  /** Of that, out of holds, with what late cancels kept of them. */
  captured: CreditsChange;
  /** At its end. */
  closing: SystemHoldings;
  /** Of that, at prices that were known beforehand. */
  debited: CreditsChange;
  /** By how much `closing` differs from what the lines lead to: zeros, if it is balanced. */
  difference: SystemHoldings;
  /** Events of accounts in the interval. */
  events: number;
  /** Lapsed; not above zero. */
  expired: CreditsChange;
  /** Where the interval begins. */
  from: LogEdge;
  /** What holds gave back unspent: moved the other way. */
  given_back: CreditsChange;
  /** Given by grants. */
  granted: CreditsChange;
  /** The same by source. */
  granted_by_source: Array<GrantedBySource>;
  /** The same in the order of the equation, as the CSV has it. */
  lines: Array<TrialBalanceLine>;
  /** At its beginning. */
  opening: SystemHoldings;
  /** Given back of what was spent. */
  refunded: CreditsChange;
  /** Set aside by holds: moved from `available` to `held`, which changes nothing about what is owed. */
  set_aside: CreditsChange;
  /** Spent: debited and captured; not above zero. */
  spent: CreditsChange;
  /** Where it ends; the event at this position does not belong to it. */
  to: LogEdge;
  /** Taken back with their grants; not above zero. */
  voided: CreditsChange;
}

/** A line of the table. */
export interface TrialBalanceLine {
  /** The sum, with its sign. */
  amount: CreditsChange;
  /** Which sum. */
  line: string;
  /** Of a grant: from where. */
  source?: string | null;
}

/** Usage by day and model, oldest first. */
export interface UsageReport {
  /** First day. */
  from: string;
  items: Array<DayUsage>;
  /** Last day. */
  to: string;
  /** Whose days they are. */
  zone: string;
}

/** Where a customer is told what happens. */
export interface Webhook {
  /** It is told what the log says after this position. */
  after: number;
  /** When it was made. */
  created_at: Timestamp;
  /** Who made it. */
  created_by: string;
  /** A note for people; null if there is none. */
  description?: string | null;
  /** Why nothing is sent to it; null if something is. */
  disabled?: WebhookDisabled | null;
  /** What it is told. */
  events: Array<Open<"generation.succeeded" | "generation.failed" | "generation.cancelled" | "generation.dead" | "generation.discarded" | "credits.granted" | "credits.refunded" | "credits.low" | "credits.expiring">>;
  /** Since when every attempt has failed; null if the last one did not. */
  failing_since?: Timestamp | null;
  /** Its id. */
  id: string;
  /** What it is told again at the moment; null if nothing is. */
  replay?: WebhookReplay | null;
  /** Until when it is left alone after a failure, whatever waits for it; null if it is not. */
  retry_at?: Timestamp | null;
  /** Where messages go. */
  url: string;
  /** The one user that it is told about; null for all. */
  user?: string | null;
}

/** What is changed of an endpoint; what is left out stays. */
export interface WebhookChange {
  /** A note for people. */
  description?: string;
  /**
   * `false` sends nothing more; what happens meanwhile is not for it, what waits goes on waiting. `true` sends again, what waits
   * at once.
   */
  enabled?: boolean;
  /** What it is told from now on. */
  events?: Array<"generation.succeeded" | "generation.failed" | "generation.cancelled" | "generation.dead" | "generation.discarded" | "credits.granted" | "credits.refunded" | "credits.low" | "credits.expiring">;
  /** Where messages go. What waits goes there too, at once. */
  url?: string;
}

/** A message to an endpoint, and what became of it. */
export interface WebhookDelivery {
  /** When it was sent last; null if it was not. */
  attempted_at?: Timestamp | null;
  /** How often it was sent. */
  attempts: number;
  /** When it was written down. */
  created_at: Timestamp;
  /**
   * Why it was not taken then: `status`, `redirect`, `timeout`, `connection`, `connection_lost`, `address_not_public`,
   * `address_refused` or `secret_missing`; `too_old` if it had waited for 30 days and was given up. Null if it was taken.
   */
  error?: string | null;
  /** The message: `webhook-id`, the same however often it is sent. */
  id: string;
  /** When it is sent next; null once nothing more becomes of it, and while an earlier message about the same user waits. */
  next_at?: Timestamp | null;
  /** What became of it: it is `waiting` to be sent, `delivered`, or `given_up`. */
  outcome: Open<"delivered" | "waiting" | "given_up">;
  /** The event of the log that it tells of; null of a test. */
  position?: number | null;
  /** Since when nothing more becomes of it; null while it waits. */
  settled_at?: Timestamp | null;
  /** The HTTP status that was answered then; null if there was no answer. */
  status?: number | null;
  /** What it is about: one of the events of endpoints, or `webhook.test`. */
  type: string;
}

/** A page of deliveries, newest first. */
export interface WebhookDeliveryPage {
  items: Array<WebhookDelivery>;
  /** Where the next page begins; null on the last. */
  next_cursor?: string | null;
}

/** A message to an endpoint with what it says. */
export interface WebhookDeliveryStory {
  /** When it was sent last; null if it was not. */
  attempted_at?: Timestamp | null;
  /** How often it was sent. */
  attempts: number;
  /** When it was written down. */
  created_at: Timestamp;
  /**
   * Why it was not taken then: `status`, `redirect`, `timeout`, `connection`, `connection_lost`, `address_not_public`,
   * `address_refused` or `secret_missing`; `too_old` if it had waited for 30 days and was given up. Null if it was taken.
   */
  error?: string | null;
  /** The message: `webhook-id`, the same however often it is sent. */
  id: string;
  /** When it is sent next; null once nothing more becomes of it, and while an earlier message about the same user waits. */
  next_at?: Timestamp | null;
  /** What became of it: it is `waiting` to be sent, `delivered`, or `given_up`. */
  outcome: Open<"delivered" | "waiting" | "given_up">;
  /** What is sent, byte by byte. */
  payload: string;
  /** The event of the log that it tells of; null of a test. */
  position?: number | null;
  /** Since when nothing more becomes of it; null while it waits. */
  settled_at?: Timestamp | null;
  /** The HTTP status that was answered then; null if there was no answer. */
  status?: number | null;
  /** What it is about: one of the events of endpoints, or `webhook.test`. */
  type: string;
}

/** Why nothing is sent to an endpoint. */
export interface WebhookDisabled {
  /** Since when. */
  at: Timestamp;
  /** What the log says after this position was not told since. Send it as `after` to be told once it is enabled. */
  position: number;
  /** `asked`: an admin disabled it. `gone`: it answered 410. `failing`: it took nothing for five days. */
  reason: Open<"asked" | "gone" | "failing">;
}

/** A page of endpoints, newest first. */
export interface WebhookPage {
  items: Array<Webhook>;
  /** Where the next page begins; null on the last. */
  next_cursor?: string | null;
}

/** A part of the log that an endpoint is told again. */
export interface WebhookReplay {
  /** What comes after this position is still to be told. */
  after: number;
  /** Up to this position. */
  until: number;
  /** Whether what was delivered is sent again. */
  with_delivered: boolean;
}

/** What messages to an endpoint are signed with. */
export interface WebhookSecret {
  /** Until when messages are signed with the secret before this one too; null if they are not. */
  previous_until?: Timestamp | null;
  /** The secret: `whsec_` and base64. Whoever has it can sign as this service does. */
  secret: string;
}

/** A seal with the events under it. */
export interface WholeSeal {
  /** The leaves of its tree, in order. */
  leaves: Array<SealedEvent>;
  /** The seal. */
  seal: Seal;
}

/** What `accounts.list` can be asked. */
export interface ListAccountsQuery {
  /** Only users that begin like this. */
  search?: string;
  /** The form: `json` for a page, `csv` or `ndjson` for all pages as a file; else the `Accept` header decides. */
  format?: ListForm;
  /** How many a page. */
  limit?: number;
  /** `next_cursor` of the page before. */
  cursor?: string;
}

/** What `accounts.get` can be asked. */
export interface GetAccountQuery {
  /** How it was at this instant, or right after this position of the log. */
  as_of?: Timestamp | string;
  /** How soon a lot must expire to be in `expiring_soon`; `7d` if left out. */
  expiring_within?: string;
}

/** What `accounts.listHolds` can be asked. */
export interface ListHoldsQuery {
  /** The form: `json`, or `csv` or `ndjson` for a file; else the `Accept` header decides. */
  format?: ListForm;
}

/** What `accounts.releaseHold` can be asked. */
export interface ReleaseHoldQuery {
  /** Only say what this would do: the answer is 200, and nothing is written. */
  dry_run?: boolean;
}

/** What `accounts.statement` can be asked. */
export interface GetAccountStatementQuery {
  /** Where the period begins: a day or an instant; the month in which it ends if left out. */
  from?: string | Timestamp;
  /** Where it ends; this day or instant does not belong to it. The end of the current month if left out. */
  until?: string | Timestamp;
  /** Whose days and clock: a time zone of the IANA data base, such as `Europe/Berlin`; `UTC` if left out. */
  zone?: string;
  /** The form; else the `Accept` header decides. */
  format?: Form;
  /** How many entries a page of JSON. */
  limit?: number;
  /** `next_cursor` of the page before; JSON only. */
  cursor?: string;
}

/** What `deadLetters.listBulkActions` can be asked. */
export interface ListBulkActionsQuery {
  /** The form: `json` for a page, `csv` or `ndjson` for all pages as a file; else the `Accept` header decides. */
  format?: ListForm;
  /** How many a page. */
  limit?: number;
  /** `next_cursor` of the page before. */
  cursor?: string;
}

/** What `deadLetters.listBulkActionItems` can be asked. */
export interface ListBulkActionItemsQuery {
  /** Only those of which this became. */
  outcome?: "waiting" | "begun" | "queued" | "succeeded" | "failed" | "cancelled" | "discarded" | "changed" | "refused";
  /** The form: `json` for a page, `csv` or `ndjson` for all pages as a file; else the `Accept` header decides. */
  format?: ListForm;
  /** How many a page. */
  limit?: number;
  /** `next_cursor` of the page before. */
  cursor?: string;
}

/** What `deadLetters.listIncidents` can be asked. */
export interface ListIncidentsQuery {
  /** Only those that stand so. */
  state?: "regressed" | "open" | "ignored" | "resolved";
  /** The form: `json` for a page, `csv` or `ndjson` for all pages as a file; else the `Accept` header decides. */
  format?: ListForm;
  /** How many a page. */
  limit?: number;
  /** `next_cursor` of the page before. */
  cursor?: string;
}

/** What `deadLetters.list` can be asked. */
export interface ListDeadLettersQuery {
  /** Only those of this user. */
  user?: string;
  /** Only those of users whose id has this part. */
  user_contains?: string;
  /** Only those of this kind. */
  kind?: "image" | "video";
  /** Only those that were asked last of this provider, as far as the log tells. */
  provider?: string;
  /** Only those made by this model. */
  model?: string;
  /** Only those whose failure is of this class. */
  class?: "permanent" | "transient" | "throttled";
  /** Only those with this failure code. */
  code?: string;
  /** Only those of this incident. */
  incident?: string;
  /** Only those with this text in the message of the failure or in the prompt, in capitals or not. */
  q?: string;
  /** Only those with so many attempts in the run that died, or more. */
  min_attempts?: number;
  /** Only those for which so many credits are taken or set aside, or more. */
  min_credits?: Credits;
  /** Only those that died at this instant or later. */
  since?: Timestamp;
  /** Only those that died before this instant. */
  until?: Timestamp;
  /** `newest` first, `oldest` first, or those with most `credits` first. */
  sort?: "newest" | "oldest" | "credits";
  /** The form: `json` for a page, `csv` or `ndjson` for all pages as a file; else the `Accept` header decides. */
  format?: ListForm;
  /** How many a page. */
  limit?: number;
  /** `next_cursor` of the page before. */
  cursor?: string;
}

/** What `deadLetters.discard` can be asked. */
export interface DiscardDeadLetterQuery {
  /**
   * The `run` that was looked at: if it has been run again since, nothing is done and the answer is `run_stale`. Left
   * out, it is the run that is dead now, whichever that is.
   */
  run?: number;
}

/** What `deadLetters.retry` can be asked. */
export interface RetryDeadLetterQuery {
  /**
   * The `run` that was looked at: if it has been run again since, nothing is done and the answer is `run_stale`. Left
   * out, it is the run that is dead now, whichever that is.
   */
  run?: number;
}

/** What `accounts.grantInBulk` can be asked. */
export interface GrantInBulkQuery {
  /** Only say what would become of the lines. */
  dry_run?: boolean;
}

/** What `apiKeys.list` can be asked. */
export interface ListApiKeysQuery {
  /** Only those that act as this user. */
  owner?: string;
  /** Only those that may do this. */
  scope?: "user" | "admin" | "auditor" | "backend";
  /** Only those that stand so. */
  state?: "active" | "expired" | "revoked";
  /** The form: `json` for a page, `csv` or `ndjson` for all pages as a file; else the `Accept` header decides. */
  format?: ListForm;
  /** How many a page. */
  limit?: number;
  /** `next_cursor` of the page before. */
  cursor?: string;
}

/** What `webhooks.list` can be asked. */
export interface ListWebhooksQuery {
  /** The form: `json` for a page, `csv` or `ndjson` for all pages as a file; else the `Accept` header decides. */
  format?: ListForm;
  /** How many a page. */
  limit?: number;
  /** `next_cursor` of the page before. */
  cursor?: string;
}

/** What `webhooks.listDeliveries` can be asked. */
export interface ListWebhookDeliveriesQuery {
  /** Only those of which this became. */
  outcome?: "delivered" | "waiting" | "given_up";
  /** The form: `json` for a page, `csv` or `ndjson` for all pages as a file; else the `Accept` header decides. */
  format?: ListForm;
  /** How many a page. */
  limit?: number;
  /** `next_cursor` of the page before. */
  cursor?: string;
}

/** What `audit.listEvents` can be asked. */
export interface ListEventsQuery {
  /** Only events of this user's account. */
  user?: string;
  /** Only events of this account. */
  account?: string;
  /** Only events about this generation; with `user` or `account`. */
  job?: string;
  /** Only events of this type; several are separated by commas. */
  type?: string;
  /** Only events by this actor, such as `admin:ops`. */
  actor?: string;
  /**
   * Only events that this led to: an API key, an action on many dead letters, an event or a message; with `user`, `account`
   * or `since`.
   */
  cause?: string;
  /** Only events recorded at this instant or later. */
  since?: Timestamp;
  /** Only events recorded before this instant. */
  until?: Timestamp;
  /** Only events after this position. */
  after?: number;
  /** The form: `json` for a page, `csv` or `ndjson` for all pages as a file; else the `Accept` header decides. */
  format?: ListForm;
  /** How many a page. */
  limit?: number;
  /** `next_cursor` of the page before. */
  cursor?: string;
}

/** What `audit.exportEvents` can be asked. */
export interface ExportEventsQuery {
  /** How it is written; NDJSON if left out. */
  format?: "ndjson" | "csv" | "parquet";
  /** `events`, which it is if left out, or only the `seals` that cover them. NDJSON has both. */
  dataset?: "events" | "seals";
  /** Only the account of this user, ordered by stream and version. */
  user?: string;
  /** From this position, instant (`recorded_at`) or day on. */
  since?: Timestamp | string;
  /** Up to this position, instant or day, which is not included. */
  until?: Timestamp | string;
}

/** What `audit.getOutstanding` can be asked. */
export interface GetOutstandingQuery {
  /** Before this position, instant or day (UTC); now if left out. */
  at?: Timestamp | string;
  /** Only credits that came from here. */
  source?: "plan" | "purchase" | "promo" | "goodwill" | "adjustment" | "other";
  /** The form; else the `Accept` header decides. */
  format?: BooksForm;
}

/** What `audit.getRecognised` can be asked. */
export interface GetRecognisedQuery {
  /** From this position, instant or day (UTC) on; from the beginning if left out. */
  from?: Timestamp | string;
  /** Up to this position, instant or day, which is not included; up to now if left out. */
  to?: Timestamp | string;
  /** Only credits that came from here. */
  source?: "plan" | "purchase" | "promo" | "goodwill" | "adjustment" | "other";
  /** The form; else the `Accept` header decides. */
  format?: BooksForm;
}

/** What `audit.listSeals` can be asked. */
export interface ListSealsQuery {
  /** The form: `json` for a page, `csv` or `ndjson` for all pages as a file; else the `Accept` header decides. */
  format?: ListForm;
  /** How many a page. */
  limit?: number;
  /** `next_cursor` of the page before. */
  cursor?: string;
}

/** What `audit.listSealKeys` can be asked. */
export interface ListSealKeysQuery {
  /** The form: `json`, or `csv` or `ndjson` for a file; else the `Accept` header decides. */
  format?: ListForm;
}

/** What `audit.getTrialBalance` can be asked. */
export interface GetTrialBalanceQuery {
  /** From this position, instant or day (UTC) on; from the beginning if left out. */
  from?: Timestamp | string;
  /** Up to this position, instant or day, which is not included; up to now if left out. */
  to?: Timestamp | string;
  /** The form; else the `Accept` header decides. */
  format?: BooksForm;
}

/** What `credits.get` can be asked. */
export interface GetCreditsQuery {
  /** How it was at this instant, or right after the event of yours at this position of the log. */
  as_of?: Timestamp | string;
  /** How soon a lot must expire to be in `expiring_soon`; `7d` if left out. */
  expiring_within?: string;
}

/** What `credits.history` can be asked. */
export interface GetCreditHistoryQuery {
  /** Only changes of this type, such as `credits.granted`. */
  type?: string;
  /** The form: `json` for a page, `csv` or `ndjson` for all pages as a file; else the `Accept` header decides. */
  format?: ListForm;
  /** How many a page. */
  limit?: number;
  /** `next_cursor` of the page before. */
  cursor?: string;
}

/** What `credits.statement` can be asked. */
export interface GetStatementQuery {
  /** Where the period begins: a day or an instant; the month in which it ends if left out. */
  from?: string | Timestamp;
  /** Where it ends; this day or instant does not belong to it. The end of the current month if left out. */
  until?: string | Timestamp;
  /** Whose days and clock: a time zone of the IANA data base, such as `Europe/Berlin`; `UTC` if left out. */
  zone?: string;
  /** The form; else the `Accept` header decides. */
  format?: Form;
  /** How many entries a page of JSON. */
  limit?: number;
  /** `next_cursor` of the page before; JSON only. */
  cursor?: string;
}

/** What `generations.list` can be asked. */
export interface ListGenerationsQuery {
  /** Only those in this status. */
  status?: "queued" | "running" | "succeeded" | "failed" | "dead" | "cancelled" | "discarded";
  /** Only those of this kind. */
  kind?: "image" | "video";
  /** Only those made by this model. */
  model?: string;
  /** Only those bought since then: a day (UTC) or an instant. */
  from?: string | Timestamp;
  /** Only those bought before then: a day (UTC) or an instant. */
  until?: string | Timestamp;
  /** Only those with this text in their prompt; small letters and capitals are the same, beyond ASCII in the ways people write them. */
  q?: string;
  /** The form: `json` for a page, `csv` or `ndjson` for all pages as a file; else the `Accept` header decides. */
  format?: ListForm;
  /** How many a page. */
  limit?: number;
  /** `next_cursor` of the page before. */
  cursor?: string;
}

/** What `generations.cancel` can be asked. */
export interface CancelGenerationQuery {
  /**
   * The most that may be kept, such as the `cancel_keeps` that a person was shown: if it would be more by now,
   * nothing is done and the answer is `cancel_keeps_more`. Left out, whatever the terms say is accepted.
   */
  max_kept?: Credits;
}

/** What `apiKeys.listOwnKeys` can be asked. */
export interface ListOwnKeysQuery {
  /** Only those that stand so. */
  state?: "active" | "expired" | "revoked";
  /** The form: `json` for a page, `csv` or `ndjson` for all pages as a file; else the `Accept` header decides. */
  format?: ListForm;
  /** How many a page. */
  limit?: number;
  /** `next_cursor` of the page before. */
  cursor?: string;
}

/** What `credits.models` can be asked. */
export interface ListModelsQuery {
  /** The form: `json`, or `csv` or `ndjson` for a file; else the `Accept` header decides. */
  format?: ListForm;
}

/** What `credits.usage` can be asked. */
export interface GetUsageQuery {
  /** First day. */
  from?: string;
  /** Last day. */
  to?: string;
  /** Whose days: a time zone of the IANA data base, such as `Europe/Berlin`; `UTC` if left out. */
  zone?: string;
  /** The form: `json`, or `csv` or `ndjson` for a file; else the `Accept` header decides. */
  format?: ListForm;
}

/** What `operations.reportTask` can be asked. */
export interface ReportTaskQuery {
  /** Shows that the address was given out for this attempt. */
  mac: string;
}
