// Made from the OpenAPI document by `npm run generate`: change what is in generate/ instead.

import { type BulkGrantAnswer, isBulkGrantEnd } from "../bulk-grants.js";
import type { Call } from "../call.js";
import type { Download } from "../download.js";
import type { EventStream } from "../event-stream.js";
import type { Lines } from "../lines.js";
import { type Operation, pathOf } from "../operation.js";
import type { Conditional, Deferred, KeyRequired, Keyed, Positioned, Ranged, RequestOptions, Resumed, Uploaded, Waiting } from "../options.js";
import type { Paged } from "../paging.js";
import type { Transport } from "../transport.js";
import type { Upload } from "../upload.js";
import type { AccountDetail, AccountPage, AccountRow, ApiKey, ApiKeyPage, Balance, BalanceChange, BatchQuote, BulkAction, BulkGrantLine, BulkItem, BulkItemPage, BulkOutcome, BulkRun, BulkRunPage, CancelGenerationQuery, CancelledGeneration, CaptureAmountOrder, Cleanup, CreditBatchMade, CreditBatchOrder, DeadGeneration, DeadPage, DeadStory, Deciding, DiscardDeadLetterQuery, EventPage, ExportEventsQuery, Generation, GenerationPage, GenerationStory, GetAccountQuery, GetAccountStatementQuery, GetCreditHistoryQuery, GetCreditsQuery, GetOutstandingQuery, GetRecognisedQuery, GetStatementQuery, GetTrialBalanceQuery, GetUsageQuery, GivenUp, GrantInBulkQuery, Health, HistoryPage, HoldList, Ignoring, IncidentPage, IncidentStory, IncidentView, IssuedToken, ListAccountsQuery, ListApiKeysQuery, ListBulkActionItemsQuery, ListBulkActionsQuery, ListDeadLettersQuery, ListEventsQuery, ListGenerationsQuery, ListHoldsQuery, ListIncidentsQuery, ListModelsQuery, ListOwnKeysQuery, ListSealKeysQuery, ListSealsQuery, ListWebhookDeliveriesQuery, ListWebhooksQuery, LogEvent, MadeAdjustment, MadeApiKey, MadeCapture, MadeGrant, MadeHold, MadeRefund, MadeRelease, MadeVoid, MadeWebhook, ModelList, NewAdjustmentOrder, NewApiKey, NewBatchOrder, NewGenerationOrder, NewGrantOrder, NewHoldOrder, NewOwnKey, NewRefundOrder, NewToken, NewWebhook, OutstandingCredits, Overview, PaidBatch, PaidGeneration, Proof, PurchaseQuote, RecognisedRevenue, ReleaseHoldQuery, ReplayOrder, ReportTaskQuery, Reported, RetryDeadLetterQuery, Revived, Revoking, Seal, SealKeys, SealPage, Statement, StatementEntry, TrialBalance, UsageReport, VoidReasonOrder, Webhook, WebhookChange, WebhookDelivery, WebhookDeliveryPage, WebhookDeliveryStory, WebhookPage, WebhookSecret, WholeSeal } from "./types.js";

/** Accounts of all users. */
export class AccountsOperations {
  protected readonly transport: Transport;

  constructor(transport: Transport) {
    this.transport = transport;
  }

  /** List accounts. */
  list(query?: ListAccountsQuery & { format?: "json" }, options?: RequestOptions & Positioned): Paged<AccountRow, AccountPage>;
  /** List accounts. */
  list(query: ListAccountsQuery & { format: "csv" | "ndjson" }, options?: RequestOptions & Positioned): Promise<Download>;
  list(query?: ListAccountsQuery, options?: RequestOptions & Positioned): any {
    const request: Operation = { id: "listAccounts", method: "GET", path: "/admin/accounts", query, positioned: true };
    if (query?.format === "csv" || query?.format === "ndjson") return this.transport.download(request, options);
    return this.transport.pages(request, "items", options);
  }

  /**
   * Look at an account.
   *
   * Read from the log, so it is never stale, and any moment of the past can be asked for.
   */
  get(user: string, query?: GetAccountQuery, options?: RequestOptions): Call<AccountDetail> {
    return this.transport.json({ id: "getAccount", method: "GET", path: pathOf`/admin/accounts/${user}`, query }, options);
  }

  /**
   * Correct a balance.
   *
   * Up or down; opens the account if need be. Never below what is available: more than that is refused, or with
   * `clamp` as much is taken as is there.
   */
  adjust(user: string, body: NewAdjustmentOrder, options?: RequestOptions & Keyed): Call<MadeAdjustment> {
    return this.transport.json({ id: "adjustCredits", method: "POST", path: pathOf`/admin/accounts/${user}/adjustments`, body, keyed: true }, options);
  }

  /**
   * Grant credits.
   *
   * Opens the account if need be. Each grant is a lot with its own terms.
   */
  grant(user: string, body: NewGrantOrder, options?: RequestOptions & Keyed): Call<MadeGrant> {
    return this.transport.json({ id: "grantCredits", method: "POST", path: pathOf`/admin/accounts/${user}/grants`, body, keyed: true }, options);
  }

  /**
   * List open holds.
   *
   * Read from the log, so it is never stale. All of them, on one page.
   */
  listHolds(user: string, query?: ListHoldsQuery & { format?: "json" }, options?: RequestOptions): Call<HoldList>;
  /**
   * List open holds.
   *
   * Read from the log, so it is never stale. All of them, on one page.
   */
  listHolds(user: string, query: ListHoldsQuery & { format: "csv" | "ndjson" }, options?: RequestOptions): Promise<Download>;
  listHolds(user: string, query?: ListHoldsQuery, options?: RequestOptions): any {
    const request: Operation = { id: "listHolds", method: "GET", path: pathOf`/admin/accounts/${user}/holds`, query };
    if (query?.format === "csv" || query?.format === "ndjson") return this.transport.download(request, options);
    return this.transport.json(request, options);
  }

  /**
   * Set credits aside.
   *
   * For work whose price is known only afterwards: capture what it cost, or release the hold.
   */
  hold(user: string, body: NewHoldOrder, options?: RequestOptions & Keyed): Call<MadeHold> {
    return this.transport.json({ id: "holdCredits", method: "POST", path: pathOf`/admin/accounts/${user}/holds`, body, keyed: true }, options);
  }

  /**
   * Spend a hold.
   *
   * Wholly or in part; the rest comes back. It ends the hold.
   */
  captureHold(user: string, hold: number, body: CaptureAmountOrder, options?: RequestOptions & Keyed): Call<MadeCapture> {
    return this.transport.json({ id: "captureHold", method: "POST", path: pathOf`/admin/accounts/${user}/holds/${hold}/capture`, body, keyed: true }, options);
  }

  /**
   * Give back a hold.
   *
   * Nothing of it is spent. It ends the hold.
   */
  releaseHold(user: string, hold: number, query?: ReleaseHoldQuery, options?: RequestOptions & Keyed): Call<MadeRelease> {
    return this.transport.json({ id: "releaseHold", method: "POST", path: pathOf`/admin/accounts/${user}/holds/${hold}/release`, query, keyed: true }, options);
  }

  /**
   * Take back a grant.
   *
   * Takes what is left of the lot, and whatever comes back to it later. What was spent of it stays spent.
   */
  voidLot(user: string, lot: number, body: VoidReasonOrder, options?: RequestOptions & Keyed): Call<MadeVoid> {
    return this.transport.json({ id: "voidLot", method: "POST", path: pathOf`/admin/accounts/${user}/lots/${lot}/void`, body, keyed: true }, options);
  }

  /**
   * Refund a generation.
   *
   * Wholly or in part, whatever became of it, and never more than is charged for it. The credits come back to the
   * lots that they were taken from.
   */
  refundGeneration(user: string, body: NewRefundOrder, options?: RequestOptions & Keyed): Call<MadeRefund> {
    return this.transport.json({ id: "refundGeneration", method: "POST", path: pathOf`/admin/accounts/${user}/refunds`, body, keyed: true }, options);
  }

  /**
   * The statement of an account.
   *
   * As its user gets it.
   */
  statement(user: string, query?: GetAccountStatementQuery & { format?: "json" }, options?: RequestOptions): Paged<StatementEntry, Statement>;
  /**
   * The statement of an account.
   *
   * As its user gets it.
   */
  statement(user: string, query: GetAccountStatementQuery & { format: "csv" | "html" }, options?: RequestOptions): Promise<Download>;
  statement(user: string, query?: GetAccountStatementQuery, options?: RequestOptions): any {
    const request: Operation = { id: "getAccountStatement", method: "GET", path: pathOf`/admin/accounts/${user}/statement`, query };
    if (query?.format === "csv" || query?.format === "html") return this.transport.download(request, options);
    return this.transport.pages(request, "entries", options);
  }

  /**
   * Many orders at once.
   *
   * Of any accounts, carried out one after the other, all or none: if one is refused, nothing is written, and the
   * problem names its place.
   */
  order(body: CreditBatchOrder, options?: RequestOptions & Keyed): Call<CreditBatchMade> {
    return this.transport.json({ id: "orderCredits", method: "POST", path: "/admin/credits/batch", body, keyed: true }, options);
  }

  /**
   * Grant credits to many.
   *
   * Up to 100,000 lines of at most 64 KiB, read as they come. Each line is a grant of its own: a bad one refuses only
   * itself, and none is granted twice under one `Idempotency-Key`, however often and in whatever order the lines are
   * sent.
   */
  grantInBulk(body: Upload<BulkGrantLine>, query: GrantInBulkQuery | undefined, options: RequestOptions & KeyRequired & Uploaded<"application/x-ndjson" | "text/csv">): Promise<Lines<BulkGrantAnswer>> {
    return this.transport.lines({ id: "grantInBulk", method: "POST", path: "/admin/grants/bulk", query, upload: body, uploadTypes: ["application/x-ndjson", "text/csv"], keyed: true }, isBulkGrantEnd, options);
  }

  /** The whole system at a glance. */
  overview(options?: RequestOptions): Call<Overview> {
    return this.transport.json({ id: "getOverview", method: "GET", path: "/admin/overview" }, options);
  }
}

/** Generations that used up their attempts: why, and what to do about them. */
export class DeadLettersOperations {
  protected readonly transport: Transport;

  constructor(transport: Transport) {
    this.transport = transport;
  }

  /**
   * List actions on many dead letters.
   *
   * Newest first: those ordered with `Prefer: respond-async`.
   */
  listBulkActions(query?: ListBulkActionsQuery & { format?: "json" }, options?: RequestOptions): Paged<BulkRun, BulkRunPage>;
  /**
   * List actions on many dead letters.
   *
   * Newest first: those ordered with `Prefer: respond-async`.
   */
  listBulkActions(query: ListBulkActionsQuery & { format: "csv" | "ndjson" }, options?: RequestOptions): Promise<Download>;
  listBulkActions(query?: ListBulkActionsQuery, options?: RequestOptions): any {
    const request: Operation = { id: "listBulkActions", method: "GET", path: "/admin/dlq/bulk-actions", query };
    if (query?.format === "csv" || query?.format === "ndjson") return this.transport.download(request, options);
    return this.transport.pages(request, "items", options);
  }

  /**
   * Retry or give up many dead letters.
   *
   * With `Prefer: respond-async`, which is the way to go: those that match now, and no others, are written down, and a
   * worker goes through them at `rate` a second, first the `canary`; see how far it is at its `Location`. Without, at most
   * 10,000 at once, inside the request; harmless to repeat, since what was done already does not match any more. By a
   * `filter` that takes whatever matches while it goes on: name `ids` and `runs` to act on what you looked at, or `at_most`.
   */
  act(body: BulkAction & { dry_run?: false }, options: RequestOptions & Keyed & Deferred & { respondAsync: true }): Call<BulkRun>;
  /**
   * Retry or give up many dead letters.
   *
   * With `Prefer: respond-async`, which is the way to go: those that match now, and no others, are written down, and a
   * worker goes through them at `rate` a second, first the `canary`; see how far it is at its `Location`. Without, at most
   * 10,000 at once, inside the request; harmless to repeat, since what was done already does not match any more. By a
   * `filter` that takes whatever matches while it goes on: name `ids` and `runs` to act on what you looked at, or `at_most`.
   */
  act(body: BulkAction, options: RequestOptions & Keyed & Deferred & { respondAsync: true }): Call<BulkOutcome | BulkRun>;
  /**
   * Retry or give up many dead letters.
   *
   * With `Prefer: respond-async`, which is the way to go: those that match now, and no others, are written down, and a
   * worker goes through them at `rate` a second, first the `canary`; see how far it is at its `Location`. Without, at most
   * 10,000 at once, inside the request; harmless to repeat, since what was done already does not match any more. By a
   * `filter` that takes whatever matches while it goes on: name `ids` and `runs` to act on what you looked at, or `at_most`.
   */
  act(body: BulkAction, options?: RequestOptions & Keyed & Deferred): Call<BulkOutcome>;
  act(body: BulkAction, options?: RequestOptions & Keyed & Deferred): any {
    return this.transport.json({ id: "actOnDeadLetters", method: "POST", path: "/admin/dlq/bulk-actions", body, keyed: "async" }, options);
  }

  /** See how far an action is. */
  getBulkAction(id: string, options?: RequestOptions): Call<BulkRun> {
    return this.transport.json({ id: "getBulkAction", method: "GET", path: pathOf`/admin/dlq/bulk-actions/${id}` }, options);
  }

  /**
   * End an action.
   *
   * What was not begun is left alone; what was done stays done. Harmless to repeat.
   */
  abortBulkAction(id: string, options?: RequestOptions): Call<BulkRun> {
    return this.transport.json({ id: "abortBulkAction", method: "POST", path: pathOf`/admin/dlq/bulk-actions/${id}/abort`, repeatable: true }, options);
  }

  /**
   * List the generations of an action.
   *
   * In its order: what died first comes first.
   */
  listBulkActionItems(id: string, query?: ListBulkActionItemsQuery & { format?: "json" }, options?: RequestOptions): Paged<BulkItem, BulkItemPage>;
  /**
   * List the generations of an action.
   *
   * In its order: what died first comes first.
   */
  listBulkActionItems(id: string, query: ListBulkActionItemsQuery & { format: "csv" | "ndjson" }, options?: RequestOptions): Promise<Download>;
  listBulkActionItems(id: string, query?: ListBulkActionItemsQuery, options?: RequestOptions): any {
    const request: Operation = { id: "listBulkActionItems", method: "GET", path: pathOf`/admin/dlq/bulk-actions/${id}/items`, query };
    if (query?.format === "csv" || query?.format === "ndjson") return this.transport.download(request, options);
    return this.transport.pages(request, "items", options);
  }

  /**
   * Pause an action.
   *
   * From the answer on, nothing more of it is begun. Harmless to repeat.
   */
  pauseBulkAction(id: string, options?: RequestOptions): Call<BulkRun> {
    return this.transport.json({ id: "pauseBulkAction", method: "POST", path: pathOf`/admin/dlq/bulk-actions/${id}/pause`, repeatable: true }, options);
  }

  /**
   * Go on with an action that is paused.
   *
   * One that paused by itself goes on past its canary, and only what ends badly from here on counts. Harmless to repeat.
   */
  resumeBulkAction(id: string, options?: RequestOptions): Call<BulkRun> {
    return this.transport.json({ id: "resumeBulkAction", method: "POST", path: pathOf`/admin/dlq/bulk-actions/${id}/resume`, repeatable: true }, options);
  }

  /**
   * Give up old dead letters.
   *
   * Refunds their users. Nothing is deleted from the log. At most 10,000 at once, inside the request; for more, order an
   * action that discards those that are `older_than`, with `Prefer: respond-async`.
   */
  cleanUp(body: Cleanup, options?: RequestOptions): Call<BulkOutcome> {
    return this.transport.json({ id: "cleanUpDeadLetters", method: "POST", path: "/admin/dlq/cleanup", body }, options);
  }

  /**
   * List incidents.
   *
   * Dead letters that share a cause: kind, provider, model, class, code, and message without ids, numbers, addresses and
   * quoted values. What matters comes first: `regressed`, `open`, `ignored`, `resolved`; then what is rising, and what has most
   * credits at stake. An incident of which no dead letter waits is told while it is among the two hundred that were decided
   * about last.
   */
  listIncidents(query?: ListIncidentsQuery & { format?: "json" }, options?: RequestOptions & Positioned): Paged<IncidentView, IncidentPage>;
  /**
   * List incidents.
   *
   * Dead letters that share a cause: kind, provider, model, class, code, and message without ids, numbers, addresses and
   * quoted values. What matters comes first: `regressed`, `open`, `ignored`, `resolved`; then what is rising, and what has most
   * credits at stake. An incident of which no dead letter waits is told while it is among the two hundred that were decided
   * about last.
   */
  listIncidents(query: ListIncidentsQuery & { format: "csv" | "ndjson" }, options?: RequestOptions & Positioned): Promise<Download>;
  listIncidents(query?: ListIncidentsQuery, options?: RequestOptions & Positioned): any {
    const request: Operation = { id: "listIncidents", method: "GET", path: "/admin/dlq/incidents", query, positioned: true };
    if (query?.format === "csv" || query?.format === "ndjson") return this.transport.download(request, options);
    return this.transport.pages(request, "items", options);
  }

  /**
   * Look at an incident.
   *
   * With what was decided about it, by whom and when.
   */
  getIncident(incident: string, options?: RequestOptions): Call<IncidentStory> {
    return this.transport.json({ id: "getIncident", method: "GET", path: pathOf`/admin/dlq/incidents/${incident}` }, options);
  }

  /**
   * Ignore an incident for a while.
   *
   * Until an instant, or until so many more that died of it wait; then it is open again by itself. Harmless to repeat.
   */
  ignoreIncident(incident: string, body: Ignoring, options?: RequestOptions): Call<IncidentView> {
    return this.transport.json({ id: "ignoreIncident", method: "POST", path: pathOf`/admin/dlq/incidents/${incident}/ignore`, body }, options);
  }

  /**
   * Take an incident up again.
   *
   * One that is ignored or resolved is open from now on. Harmless to repeat.
   */
  reopenIncident(incident: string, body: Deciding, options?: RequestOptions): Call<IncidentView> {
    return this.transport.json({ id: "reopenIncident", method: "POST", path: pathOf`/admin/dlq/incidents/${incident}/reopen`, body }, options);
  }

  /**
   * Say that an incident is mended.
   *
   * Its dead letters stay; retry or give them up with a bulk action. The next generation that dies of it makes it `regressed`.
   * Harmless to repeat.
   */
  resolveIncident(incident: string, body: Deciding, options?: RequestOptions): Call<IncidentView> {
    return this.transport.json({ id: "resolveIncident", method: "POST", path: pathOf`/admin/dlq/incidents/${incident}/resolve`, body }, options);
  }

  /**
   * List dead letters.
   *
   * Newest first, unless another order is asked for.
   */
  list(query?: ListDeadLettersQuery & { format?: "json" }, options?: RequestOptions & Positioned): Paged<DeadGeneration, DeadPage>;
  /**
   * List dead letters.
   *
   * Newest first, unless another order is asked for.
   */
  list(query: ListDeadLettersQuery & { format: "csv" | "ndjson" }, options?: RequestOptions & Positioned): Promise<Download>;
  list(query?: ListDeadLettersQuery, options?: RequestOptions & Positioned): any {
    const request: Operation = { id: "listDeadLetters", method: "GET", path: "/admin/dlq/messages", query, positioned: true };
    if (query?.format === "csv" || query?.format === "ndjson") return this.transport.download(request, options);
    return this.transport.pages(request, "items", options);
  }

  /**
   * Give up a dead letter.
   *
   * Refunds its user. Nothing is deleted from the log. Harmless to repeat.
   */
  discard(id: string, query?: DiscardDeadLetterQuery, options?: RequestOptions): Call<GivenUp> {
    return this.transport.json({ id: "discardDeadLetter", method: "DELETE", path: pathOf`/admin/dlq/messages/${id}`, query, repeatable: true }, options);
  }

  /**
   * Look at a dead letter.
   *
   * With every event of its life, and so with why each attempt failed.
   */
  get(id: string, options?: RequestOptions): Call<DeadStory> {
    return this.transport.json({ id: "getDeadLetter", method: "GET", path: pathOf`/admin/dlq/messages/${id}` }, options);
  }

  /** Run a dead letter again. */
  retry(id: string, query?: RetryDeadLetterQuery, options?: RequestOptions): Call<Revived> {
    return this.transport.json({ id: "retryDeadLetter", method: "POST", path: pathOf`/admin/dlq/messages/${id}/retry`, query }, options);
  }

  /**
   * Look at any generation.
   *
   * Everything that is known of it, in every state and for ever, also after it was retried and made: what was asked for, what was
   * paid, held and given back, every attempt, every event, what its user reads now. Read from the log, so it is never stale.
   */
  getGenerationStory(id: string, options?: RequestOptions & Positioned): Call<GenerationStory>;
  /**
   * Look at any generation.
   *
   * Everything that is known of it, in every state and for ever, also after it was retried and made: what was asked for, what was
   * paid, held and given back, every attempt, every event, what its user reads now. Read from the log, so it is never stale.
   */
  getGenerationStory(id: string, options: RequestOptions & Positioned & Conditional): Call<GenerationStory | null>;
  getGenerationStory(id: string, options?: RequestOptions & Positioned & Conditional): any {
    return this.transport.json({ id: "getGenerationStory", method: "GET", path: pathOf`/admin/generations/${id}`, positioned: true }, options);
  }

  /**
   * Get the bytes of an output of any generation.
   *
   * As its user gets them: all of them, or one range.
   */
  getOutputOfGeneration(id: string, index: number, options?: RequestOptions & Ranged): Promise<Download>;
  /**
   * Get the bytes of an output of any generation.
   *
   * As its user gets them: all of them, or one range.
   */
  getOutputOfGeneration(id: string, index: number, options: RequestOptions & Conditional & Ranged): Promise<Download | null>;
  getOutputOfGeneration(id: string, index: number, options?: RequestOptions & Conditional & Ranged): any {
    return this.transport.download({ id: "getOutputOfGeneration", method: "GET", path: pathOf`/admin/generations/${id}/outputs/${index}` }, options);
  }
}

/** Keys with which programs reach this API instead of a token: one's own, and those of everybody. */
export class ApiKeysOperations {
  protected readonly transport: Transport;

  constructor(transport: Transport) {
    this.transport = transport;
  }

  /**
   * List API keys.
   *
   * Those of everybody, newest first; with those that have expired or were revoked.
   */
  list(query?: ListApiKeysQuery & { format?: "json" }, options?: RequestOptions): Paged<ApiKey, ApiKeyPage>;
  /**
   * List API keys.
   *
   * Those of everybody, newest first; with those that have expired or were revoked.
   */
  list(query: ListApiKeysQuery & { format: "csv" | "ndjson" }, options?: RequestOptions): Promise<Download>;
  list(query?: ListApiKeysQuery, options?: RequestOptions): any {
    const request: Operation = { id: "listApiKeys", method: "GET", path: "/admin/keys", query };
    if (query?.format === "csv" || query?.format === "ndjson") return this.transport.download(request, options);
    return this.transport.pages(request, "items", options);
  }

  /**
   * Make an API key.
   *
   * For any user, for a back end, or for oneself as an admin; those of other admins and of auditors are made with `cooly key`. Needs
   * a token: an API key cannot make others (`key_not_enough`). The answer holds the key itself, this once; a repeat with the same
   * `Idempotency-Key` makes no second key and answers without it.
   */
  create(body: NewApiKey, options?: RequestOptions & Keyed): Call<MadeApiKey> {
    return this.transport.json({ id: "createApiKey", method: "POST", path: "/admin/keys", body, keyed: true }, options);
  }

  /** Look at an API key. */
  get(id: string, options?: RequestOptions): Call<ApiKey> {
    return this.transport.json({ id: "getApiKey", method: "GET", path: pathOf`/admin/keys/${id}` }, options);
  }

  /**
   * Revoke an API key.
   *
   * From the answer on, every server refuses it; event streams that it opened end within seconds. It cannot be taken back. Harmless
   * to repeat: who revoked it first, and why, stays.
   */
  revoke(id: string, body: Revoking, options?: RequestOptions): Call<ApiKey> {
    return this.transport.json({ id: "revokeApiKey", method: "POST", path: pathOf`/admin/keys/${id}/revoke`, body, repeatable: true }, options);
  }

  /**
   * List your API keys.
   *
   * Newest first; with those that have expired or were revoked.
   */
  listOwnKeys(query?: ListOwnKeysQuery & { format?: "json" }, options?: RequestOptions): Paged<ApiKey, ApiKeyPage>;
  /**
   * List your API keys.
   *
   * Newest first; with those that have expired or were revoked.
   */
  listOwnKeys(query: ListOwnKeysQuery & { format: "csv" | "ndjson" }, options?: RequestOptions): Promise<Download>;
  listOwnKeys(query?: ListOwnKeysQuery, options?: RequestOptions): any {
    const request: Operation = { id: "listOwnKeys", method: "GET", path: "/v1/keys", query };
    if (query?.format === "csv" || query?.format === "ndjson") return this.transport.download(request, options);
    return this.transport.pages(request, "items", options);
  }

  /**
   * Make an API key.
   *
   * It may do under `/v1` what you may. Needs a token: an API key cannot make others (`key_not_enough`). The answer holds the key
   * itself, this once; a repeat with the same `Idempotency-Key` makes no second key and answers without it.
   */
  createOwnKey(body: NewOwnKey, options?: RequestOptions & Keyed): Call<MadeApiKey> {
    return this.transport.json({ id: "createOwnKey", method: "POST", path: "/v1/keys", body, keyed: true }, options);
  }

  /**
   * Revoke one of your API keys.
   *
   * From the answer on, every server refuses it; event streams that it opened end within seconds. It cannot be taken back. Harmless
   * to repeat.
   */
  revokeOwnKey(id: string, options?: RequestOptions): Call<ApiKey> {
    return this.transport.json({ id: "revokeOwnKey", method: "POST", path: pathOf`/v1/keys/${id}/revoke`, repeatable: true }, options);
  }
}

/** Where customers are told what happens, and what they were told. */
export class WebhooksOperations {
  protected readonly transport: Transport;

  constructor(transport: Transport) {
    this.transport = transport;
  }

  /**
   * List endpoints.
   *
   * Newest first.
   */
  list(query?: ListWebhooksQuery & { format?: "json" }, options?: RequestOptions): Paged<Webhook, WebhookPage>;
  /**
   * List endpoints.
   *
   * Newest first.
   */
  list(query: ListWebhooksQuery & { format: "csv" | "ndjson" }, options?: RequestOptions): Promise<Download>;
  list(query?: ListWebhooksQuery, options?: RequestOptions): any {
    const request: Operation = { id: "listWebhooks", method: "GET", path: "/admin/webhooks", query };
    if (query?.format === "csv" || query?.format === "ndjson") return this.transport.download(request, options);
    return this.transport.pages(request, "items", options);
  }

  /**
   * Make an endpoint.
   *
   * It is told what happens from now on, each message signed as Standard Webhooks describes it, at least once and in order for each user.
   * What is not answered with a 2xx within 10 s is sent again at growing intervals for three days.
   */
  create(body: NewWebhook, options?: RequestOptions & Keyed): Call<MadeWebhook> {
    return this.transport.json({ id: "createWebhook", method: "POST", path: "/admin/webhooks", body, keyed: true }, options);
  }

  /**
   * Take an endpoint away.
   *
   * Nothing more is sent to it, and what it was told is deleted. Answers with the endpoint as it was.
   */
  delete(webhook: string, options?: RequestOptions): Call<Webhook> {
    return this.transport.json({ id: "deleteWebhook", method: "DELETE", path: pathOf`/admin/webhooks/${webhook}` }, options);
  }

  /** Look at an endpoint. */
  get(webhook: string, options?: RequestOptions): Call<Webhook> {
    return this.transport.json({ id: "getWebhook", method: "GET", path: pathOf`/admin/webhooks/${webhook}` }, options);
  }

  /**
   * Change an endpoint.
   *
   * Its address, its events, its note, or whether anything is sent to it. Harmless to repeat.
   */
  change(webhook: string, body: WebhookChange, options?: RequestOptions): Call<Webhook> {
    return this.transport.json({ id: "changeWebhook", method: "POST", path: pathOf`/admin/webhooks/${webhook}`, body }, options);
  }

  /**
   * List what an endpoint was told.
   *
   * Newest first. What became of nothing more is kept for 30 days.
   */
  listDeliveries(webhook: string, query?: ListWebhookDeliveriesQuery & { format?: "json" }, options?: RequestOptions): Paged<WebhookDelivery, WebhookDeliveryPage>;
  /**
   * List what an endpoint was told.
   *
   * Newest first. What became of nothing more is kept for 30 days.
   */
  listDeliveries(webhook: string, query: ListWebhookDeliveriesQuery & { format: "csv" | "ndjson" }, options?: RequestOptions): Promise<Download>;
  listDeliveries(webhook: string, query?: ListWebhookDeliveriesQuery, options?: RequestOptions): any {
    const request: Operation = { id: "listWebhookDeliveries", method: "GET", path: pathOf`/admin/webhooks/${webhook}/deliveries`, query };
    if (query?.format === "csv" || query?.format === "ndjson") return this.transport.download(request, options);
    return this.transport.pages(request, "items", options);
  }

  /**
   * Look at a delivery.
   *
   * With what is sent.
   */
  getDelivery(webhook: string, message: string, options?: RequestOptions): Call<WebhookDeliveryStory> {
    return this.transport.json({ id: "getWebhookDelivery", method: "GET", path: pathOf`/admin/webhooks/${webhook}/deliveries/${message}` }, options);
  }

  /**
   * Send a delivery again.
   *
   * Under the same id. One that waits for its next attempt is sent now; one that waits for an earlier message goes on waiting.
   */
  redeliverMessage(webhook: string, message: string, options?: RequestOptions): Call<WebhookDelivery> {
    return this.transport.json({ id: "redeliverWebhookMessage", method: "POST", path: pathOf`/admin/webhooks/${webhook}/deliveries/${message}/redeliver` }, options);
  }

  /**
   * Tell an endpoint a part of the log again.
   *
   * What it would have been told by its events as they are now, under the same ids: what was given up, what was never written down
   * because the endpoint was disabled or not there yet, and with `with_delivered` what was delivered. What waits goes on waiting.
   * Without it `after` cannot lie before what was delivered so long ago that nobody knows it any more.
   */
  replay(webhook: string, body: ReplayOrder, options?: RequestOptions): Call<Webhook> {
    return this.transport.json({ id: "replayWebhook", method: "POST", path: pathOf`/admin/webhooks/${webhook}/replay`, body }, options);
  }

  /** Look at the secret of an endpoint. */
  getSecret(webhook: string, options?: RequestOptions): Call<WebhookSecret> {
    return this.transport.json({ id: "getWebhookSecret", method: "GET", path: pathOf`/admin/webhooks/${webhook}/secret` }, options);
  }

  /**
   * Give an endpoint another secret.
   *
   * For 24 hours messages are signed with the one before too, and there can be no third one.
   */
  rotateSecret(webhook: string, options?: RequestOptions): Call<WebhookSecret> {
    return this.transport.json({ id: "rotateWebhookSecret", method: "POST", path: pathOf`/admin/webhooks/${webhook}/secret` }, options);
  }

  /**
   * Send a test.
   *
   * A message `webhook.test`, signed and sent as any other; look at the delivery for what was answered.
   */
  test(webhook: string, options?: RequestOptions): Call<WebhookDelivery> {
    return this.transport.json({ id: "testWebhook", method: "POST", path: pathOf`/admin/webhooks/${webhook}/test` }, options);
  }
}

/** The log itself, and its proof. */
export class AuditOperations {
  protected readonly transport: Transport;

  constructor(transport: Transport) {
    this.transport = transport;
  }

  /**
   * Prove an account.
   *
   * Computes every hash, state and balance of the account again, from its events alone, and compares each event
   * with its leaf in the sealed blocks.
   */
  verifyAccount(user: string, options?: RequestOptions): Call<Proof> {
    return this.transport.json({ id: "verifyAccount", method: "GET", path: pathOf`/audit/accounts/${user}/verify` }, options);
  }

  /**
   * Read the log.
   *
   * In order of position, with everything that is hashed.
   */
  listEvents(query?: ListEventsQuery & { format?: "json" }, options?: RequestOptions): Paged<LogEvent, EventPage>;
  /**
   * Read the log.
   *
   * In order of position, with everything that is hashed.
   */
  listEvents(query: ListEventsQuery & { format: "csv" | "ndjson" }, options?: RequestOptions): Promise<Download>;
  listEvents(query?: ListEventsQuery, options?: RequestOptions): any {
    const request: Operation = { id: "listEvents", method: "GET", path: "/audit/events", query };
    if (query?.format === "csv" || query?.format === "ndjson") return this.transport.download(request, options);
    return this.transport.pages(request, "items", options);
  }

  /**
   * Prove an event.
   *
   * Answers a document of the form `cooly-proof/1`: the event, its path in the tree of its block, and the seal.
   * `cooly proof verify` checks it without a database. The position of an event is in `GET /audit/events`.
   */
  proveEvent(position: number, options?: RequestOptions): Call<unknown> {
    return this.transport.json({ id: "proveEvent", method: "GET", path: pathOf`/audit/events/${position}/proof` }, options);
  }

  /**
   * Export the log.
   *
   * Every column of every event as it is stored, of one moment, streamed. For an auditor or an admin.
   */
  exportEvents(query?: ExportEventsQuery, options?: RequestOptions): Promise<Download> {
    return this.transport.download({ id: "exportEvents", method: "GET", path: "/audit/export", query }, options);
  }

  /**
   * What is outstanding.
   *
   * All credits that are owed to users, by where they came from and by how many days ago they were given. Refused if
   * adding up takes more than 10 s.
   */
  getOutstanding(query?: GetOutstandingQuery & { format?: "json" }, options?: RequestOptions): Call<OutstandingCredits>;
  /**
   * What is outstanding.
   *
   * All credits that are owed to users, by where they came from and by how many days ago they were given. Refused if
   * adding up takes more than 10 s.
   */
  getOutstanding(query: GetOutstandingQuery & { format: "csv" | "parquet" }, options?: RequestOptions): Promise<Download>;
  getOutstanding(query?: GetOutstandingQuery, options?: RequestOptions): any {
    const request: Operation = { id: "getOutstanding", method: "GET", path: "/audit/outstanding", query };
    if (query?.format === "csv" || query?.format === "parquet") return this.transport.download(request, options);
    return this.transport.json(request, options);
  }

  /**
   * What became revenue.
   *
   * Credits that were burned, less those that were given back, and credits that expired unspent (breakage), by day and by
   * where they came from. `from` belongs to the interval and `to` does not. Refused if adding up takes more than 10 s.
   */
  getRecognised(query?: GetRecognisedQuery & { format?: "json" }, options?: RequestOptions): Call<RecognisedRevenue>;
  /**
   * What became revenue.
   *
   * Credits that were burned, less those that were given back, and credits that expired unspent (breakage), by day and by
   * where they came from. `from` belongs to the interval and `to` does not. Refused if adding up takes more than 10 s.
   */
  getRecognised(query: GetRecognisedQuery & { format: "csv" | "parquet" }, options?: RequestOptions): Promise<Download>;
  getRecognised(query?: GetRecognisedQuery, options?: RequestOptions): any {
    const request: Operation = { id: "getRecognised", method: "GET", path: "/audit/recognised", query };
    if (query?.format === "csv" || query?.format === "parquet") return this.transport.download(request, options);
    return this.transport.json(request, options);
  }

  /** List the seals. */
  listSeals(query?: ListSealsQuery & { format?: "json" }, options?: RequestOptions): Paged<Seal, SealPage>;
  /** List the seals. */
  listSeals(query: ListSealsQuery & { format: "csv" | "ndjson" }, options?: RequestOptions): Promise<Download>;
  listSeals(query?: ListSealsQuery, options?: RequestOptions): any {
    const request: Operation = { id: "listSeals", method: "GET", path: "/audit/seals", query };
    if (query?.format === "csv" || query?.format === "ndjson") return this.transport.download(request, options);
    return this.transport.pages(request, "items", options);
  }

  /**
   * List the keys that signed seals.
   *
   * For comparison with the keys that you know: a key that the database names proves nothing by itself.
   */
  listSealKeys(query?: ListSealKeysQuery & { format?: "json" }, options?: RequestOptions): Call<SealKeys>;
  /**
   * List the keys that signed seals.
   *
   * For comparison with the keys that you know: a key that the database names proves nothing by itself.
   */
  listSealKeys(query: ListSealKeysQuery & { format: "csv" | "ndjson" }, options?: RequestOptions): Promise<Download>;
  listSealKeys(query?: ListSealKeysQuery, options?: RequestOptions): any {
    const request: Operation = { id: "listSealKeys", method: "GET", path: "/audit/seals/keys", query };
    if (query?.format === "csv" || query?.format === "ndjson") return this.transport.download(request, options);
    return this.transport.json(request, options);
  }

  /** Read a seal and what is under it. */
  getSeal(number: number, options?: RequestOptions): Call<WholeSeal> {
    return this.transport.json({ id: "getSeal", method: "GET", path: pathOf`/audit/seals/${number}` }, options);
  }

  /**
   * The trial balance.
   *
   * Of all accounts together, between any two positions or instants: what was outstanding, what was granted, spent,
   * refunded, adjusted, expired and voided, what is held, and whether it adds up to the last digit. `from` belongs to
   * the interval and `to` does not, so intervals that meet add up. An instant stands for the first event recorded at it
   * or later. Refused if adding up takes more than 10 s.
   */
  getTrialBalance(query?: GetTrialBalanceQuery & { format?: "json" }, options?: RequestOptions): Call<TrialBalance>;
  /**
   * The trial balance.
   *
   * Of all accounts together, between any two positions or instants: what was outstanding, what was granted, spent,
   * refunded, adjusted, expired and voided, what is held, and whether it adds up to the last digit. `from` belongs to
   * the interval and `to` does not, so intervals that meet add up. An instant stands for the first event recorded at it
   * or later. Refused if adding up takes more than 10 s.
   */
  getTrialBalance(query: GetTrialBalanceQuery & { format: "csv" | "parquet" }, options?: RequestOptions): Promise<Download>;
  getTrialBalance(query?: GetTrialBalanceQuery, options?: RequestOptions): any {
    const request: Operation = { id: "getTrialBalance", method: "GET", path: "/audit/trial-balance", query };
    if (query?.format === "csv" || query?.format === "parquet") return this.transport.download(request, options);
    return this.transport.json(request, options);
  }

  /**
   * Prove the whole log.
   *
   * What `cooly verify --log-only` proves, but for rights and keys: every hash, stored state, balance, lot and job of every
   * account, and then every seal with its signature. Read models are not looked at. Whose keys signed is told and not judged:
   * compare them with those that you know. The answer is streamed.
   */
  verifyLog(options?: RequestOptions): Promise<Download> {
    return this.transport.download({ id: "verifyLog", method: "GET", path: "/audit/verify" }, options);
  }
}

/** Health, metrics and what else operators need. */
export class OperationsOperations {
  protected readonly transport: Transport;

  constructor(transport: Transport) {
    this.transport = transport;
  }

  /**
   * A token for trying things out.
   *
   * Only on a server that was started for development; everywhere else there is nothing at this address.
   */
  issueDevToken(body: NewToken, options?: RequestOptions): Call<IssuedToken> {
    return this.transport.json({ id: "issueDevToken", method: "POST", path: "/dev/token", body, open: true }, options);
  }

  /** Whether the process runs. */
  isLive(options?: RequestOptions): Call<Health> {
    return this.transport.json({ id: "isLive", method: "GET", path: "/health/live", open: true }, options);
  }

  /**
   * Whether it can serve.
   *
   * The database answers, its clock and this server's agree, the keys of tokens are there, and the server is not shutting down.
   */
  isReady(options?: RequestOptions): Call<Health> {
    return this.transport.json({ id: "isReady", method: "GET", path: "/health/ready", open: true }, options);
  }

  /**
   * Counters for Prometheus.
   *
   * Needs the token of an admin or an auditor unless the server was started with open metrics.
   */
  metrics(options?: RequestOptions): Call<string> {
    return this.transport.text({ id: "getMetrics", method: "GET", path: "/metrics" }, options);
  }

  /**
   * Tell that something happened to a task.
   *
   * For providers, at the address that they were given with the task, signed as they sign: fal with
   * `X-Fal-Webhook-Signature`, Replicate with `webhook-signature`, others as the catalogue describes. What it says is not
   * believed: the provider is asked. The same report again changes nothing.
   */
  reportTask(provider: string, account: string, reference: string, body: Record<string, unknown>, query: ReportTaskQuery, options?: RequestOptions): Call<Reported> {
    return this.transport.json({ id: "reportTask", method: "POST", path: pathOf`/v1/webhooks/${provider}/${account}/${reference}`, query, body, open: true }, options);
  }
}

/** What the caller holds, did and can buy. */
export class CreditsOperations {
  protected readonly transport: Transport;

  constructor(transport: Transport) {
    this.transport = transport;
  }

  /**
   * Your balance.
   *
   * Read from the log, so it is never stale, and any moment of the past can be asked for.
   */
  get(query?: GetCreditsQuery, options?: RequestOptions): Call<Balance> {
    return this.transport.json({ id: "getCredits", method: "GET", path: "/v1/credits", query }, options);
  }

  /**
   * How your balance came about.
   *
   * Newest first.
   */
  history(query?: GetCreditHistoryQuery & { format?: "json" }, options?: RequestOptions & Positioned): Paged<BalanceChange, HistoryPage>;
  /**
   * How your balance came about.
   *
   * Newest first.
   */
  history(query: GetCreditHistoryQuery & { format: "csv" | "ndjson" }, options?: RequestOptions & Positioned): Promise<Download>;
  history(query?: GetCreditHistoryQuery, options?: RequestOptions & Positioned): any {
    const request: Operation = { id: "getCreditHistory", method: "GET", path: "/v1/credits/history", query, positioned: true };
    if (query?.format === "csv" || query?.format === "ndjson") return this.transport.download(request, options);
    return this.transport.pages(request, "items", options);
  }

  /**
   * Your statement.
   *
   * What you held at the start of a period, everything that happened, and what you hold at its end: as JSON, as CSV,
   * or as a page to print. Made from the log, and only handed out if it adds up. At most 400 days and 50,000
   * entries.
   */
  statement(query?: GetStatementQuery & { format?: "json" }, options?: RequestOptions): Paged<StatementEntry, Statement>;
  /**
   * Your statement.
   *
   * What you held at the start of a period, everything that happened, and what you hold at its end: as JSON, as CSV,
   * or as a page to print. Made from the log, and only handed out if it adds up. At most 400 days and 50,000
   * entries.
   */
  statement(query: GetStatementQuery & { format: "csv" | "html" }, options?: RequestOptions): Promise<Download>;
  statement(query?: GetStatementQuery, options?: RequestOptions): any {
    const request: Operation = { id: "getStatement", method: "GET", path: "/v1/credits/statement", query };
    if (query?.format === "csv" || query?.format === "html") return this.transport.download(request, options);
    return this.transport.pages(request, "entries", options);
  }

  /** The models on offer. */
  models(query?: ListModelsQuery & { format?: "json" }, options?: RequestOptions): Call<ModelList>;
  /** The models on offer. */
  models(query: ListModelsQuery & { format: "csv" | "ndjson" }, options?: RequestOptions): Promise<Download>;
  models(query?: ListModelsQuery, options?: RequestOptions): any {
    const request: Operation = { id: "listModels", method: "GET", path: "/v1/models", query };
    if (query?.format === "csv" || query?.format === "ndjson") return this.transport.download(request, options);
    return this.transport.json(request, options);
  }

  /**
   * What you used.
   *
   * By day, kind and model; the last 30 days unless a range of at most 366 days is named. `spent` less `refunded` is what
   * your balance lost to generations; what is only set aside is not in it.
   */
  usage(query?: GetUsageQuery & { format?: "json" }, options?: RequestOptions & Positioned): Call<UsageReport>;
  /**
   * What you used.
   *
   * By day, kind and model; the last 30 days unless a range of at most 366 days is named. `spent` less `refunded` is what
   * your balance lost to generations; what is only set aside is not in it.
   */
  usage(query: GetUsageQuery & { format: "csv" | "ndjson" }, options?: RequestOptions & Positioned): Promise<Download>;
  usage(query?: GetUsageQuery, options?: RequestOptions & Positioned): any {
    const request: Operation = { id: "getUsage", method: "GET", path: "/v1/usage", query, positioned: true };
    if (query?.format === "csv" || query?.format === "ndjson") return this.transport.download(request, options);
    return this.transport.json(request, options);
  }
}

/** Buy generations and follow them. */
export class GenerationsOperations {
  protected readonly transport: Transport;

  constructor(transport: Transport) {
    this.transport = transport;
  }

  /** Follow your generations. */
  follow(options?: RequestOptions & Resumed): Promise<EventStream<Generation>> {
    return this.transport.events({ id: "followGenerations", method: "GET", path: "/v1/events" }, options);
  }

  /**
   * List your generations.
   *
   * Newest first. All filters that are given must hold.
   */
  list(query?: ListGenerationsQuery & { format?: "json" }, options?: RequestOptions & Positioned): Paged<Generation, GenerationPage>;
  /**
   * List your generations.
   *
   * Newest first. All filters that are given must hold.
   */
  list(query: ListGenerationsQuery & { format: "csv" | "ndjson" }, options?: RequestOptions & Positioned): Promise<Download>;
  list(query?: ListGenerationsQuery, options?: RequestOptions & Positioned): any {
    const request: Operation = { id: "listGenerations", method: "GET", path: "/v1/generations", query, positioned: true };
    if (query?.format === "csv" || query?.format === "ndjson") return this.transport.download(request, options);
    return this.transport.pages(request, "items", options);
  }

  /**
   * Buy a generation.
   *
   * Takes the price and queues the work, or does neither. A price that depends on what is made is only set aside:
   * `cost` is the most that it can be, and what it was is taken when the generation is done.
   */
  create(body: NewGenerationOrder & { dry_run: true }, options?: RequestOptions & Keyed & Waiting): Call<PurchaseQuote>;
  /**
   * Buy a generation.
   *
   * Takes the price and queues the work, or does neither. A price that depends on what is made is only set aside:
   * `cost` is the most that it can be, and what it was is taken when the generation is done.
   */
  create(body: NewGenerationOrder & { dry_run?: false }, options?: RequestOptions & Keyed & Waiting): Call<PaidGeneration>;
  /**
   * Buy a generation.
   *
   * Takes the price and queues the work, or does neither. A price that depends on what is made is only set aside:
   * `cost` is the most that it can be, and what it was is taken when the generation is done.
   */
  create(body: NewGenerationOrder, options?: RequestOptions & Keyed & Waiting): Call<PaidGeneration | PurchaseQuote>;
  create(body: NewGenerationOrder, options?: RequestOptions & Keyed & Waiting): any {
    return this.transport.json({ id: "createGeneration", method: "POST", path: "/v1/generations", body, keyed: true }, options);
  }

  /**
   * Buy many generations at once.
   *
   * All or none: if the credits do not cover them all, nothing is taken and nothing queued.
   */
  createBatch(body: NewBatchOrder & { dry_run: true }, options?: RequestOptions & Keyed): Call<BatchQuote>;
  /**
   * Buy many generations at once.
   *
   * All or none: if the credits do not cover them all, nothing is taken and nothing queued.
   */
  createBatch(body: NewBatchOrder & { dry_run?: false }, options?: RequestOptions & Keyed): Call<PaidBatch>;
  /**
   * Buy many generations at once.
   *
   * All or none: if the credits do not cover them all, nothing is taken and nothing queued.
   */
  createBatch(body: NewBatchOrder, options?: RequestOptions & Keyed): Call<BatchQuote | PaidBatch>;
  createBatch(body: NewBatchOrder, options?: RequestOptions & Keyed): any {
    return this.transport.json({ id: "createBatch", method: "POST", path: "/v1/generations/batch", body, keyed: true }, options);
  }

  /**
   * Look at a generation.
   *
   * Read from the log, so it is never stale.
   */
  get(id: string, options?: RequestOptions & Waiting): Call<Generation>;
  /**
   * Look at a generation.
   *
   * Read from the log, so it is never stale.
   */
  get(id: string, options: RequestOptions & Conditional & Waiting): Call<Generation | null>;
  get(id: string, options?: RequestOptions & Conditional & Waiting): any {
    return this.transport.json({ id: "getGeneration", method: "GET", path: pathOf`/v1/generations/${id}` }, options);
  }

  /**
   * Cancel a generation.
   *
   * Stops it if it has not ended, and gives the credits back. Once its provider has begun, a part of the price may be
   * kept: `late_cancel` of the model says how much, `cancel_keeps` of the generation what it comes to now. Harmless to
   * repeat.
   */
  cancel(id: string, query?: CancelGenerationQuery, options?: RequestOptions): Call<CancelledGeneration> {
    return this.transport.json({ id: "cancelGeneration", method: "POST", path: pathOf`/v1/generations/${id}/cancel`, query, repeatable: true }, options);
  }

  /**
   * Get the bytes of an output.
   *
   * All of them, or one range: clips can be shown from anywhere, and a download that broke off goes on.
   */
  getOutput(id: string, index: number, options?: RequestOptions & Ranged): Promise<Download>;
  /**
   * Get the bytes of an output.
   *
   * All of them, or one range: clips can be shown from anywhere, and a download that broke off goes on.
   */
  getOutput(id: string, index: number, options: RequestOptions & Conditional & Ranged): Promise<Download | null>;
  getOutput(id: string, index: number, options?: RequestOptions & Conditional & Ranged): any {
    return this.transport.download({ id: "getOutput", method: "GET", path: pathOf`/v1/generations/${id}/outputs/${index}` }, options);
  }

  /**
   * Get a small copy of an output.
   *
   * A JPEG of at most 320 pixels a side. There is none of clips, of very large pictures, and of older outputs.
   */
  getThumbnail(id: string, index: number, options?: RequestOptions): Promise<Download> {
    return this.transport.download({ id: "getOutputThumbnail", method: "GET", path: pathOf`/v1/generations/${id}/outputs/${index}/thumbnail` }, options);
  }

  /**
   * Run a generation again.
   *
   * For one that failed, was cancelled or was given up, and so was refunded: debits its price again and queues
   * it. One that used up its attempts is paid for and waits for an operator.
   */
  retry(id: string, options?: RequestOptions & Keyed & Waiting): Call<PaidGeneration> {
    return this.transport.json({ id: "retryGeneration", method: "POST", path: pathOf`/v1/generations/${id}/retry`, keyed: true }, options);
  }
}
