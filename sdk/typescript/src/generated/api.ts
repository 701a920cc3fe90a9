// Made from the OpenAPI document by `npm run generate`: change what is in generate/ instead.

import { Generations } from "../generations.js";
import type { Transport } from "../transport.js";
import { AccountsOperations, DeadLettersOperations, ApiKeysOperations, WebhooksOperations, AuditOperations, OperationsOperations, CreditsOperations } from "./resources.js";

/** Everything that the API can do, by what it is about. */
export class Api {
  readonly accounts: AccountsOperations;
  readonly deadLetters: DeadLettersOperations;
  readonly apiKeys: ApiKeysOperations;
  readonly webhooks: WebhooksOperations;
  readonly audit: AuditOperations;
  readonly operations: OperationsOperations;
  readonly credits: CreditsOperations;
  readonly generations: Generations;

  constructor(transport: Transport) {
    this.accounts = new AccountsOperations(transport);
    this.deadLetters = new DeadLettersOperations(transport);
    this.apiKeys = new ApiKeysOperations(transport);
    this.webhooks = new WebhooksOperations(transport);
    this.audit = new AuditOperations(transport);
    this.operations = new OperationsOperations(transport);
    this.credits = new CreditsOperations(transport);
    this.generations = new Generations(transport);
  }
}
