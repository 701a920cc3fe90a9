//! The API as its clients meet it: through HTTP, on a real Postgres, with the ledger and the projector running in
//! this process. One file a resource, and one for each thing that all resources share.
//!
//! Every answer that passes through `support` is held against the OpenAPI document: an undeclared status, an error
//! that is no problem document, or one that tells a name of a type fails the test that met it.

mod accounts;
mod api_key_checks;
mod api_key_events;
mod api_key_users;
mod api_keys;
mod as_of;
mod audit;
mod bad_bodies;
mod bad_requests;
mod batch;
mod books;
mod bulk;
mod bulk_actions;
mod bulk_grants;
mod credit_batch;
mod credits;
mod dead_letters;
mod dev_token;
mod dry_runs;
mod events;
mod export;
mod framework;
mod generation_filters;
mod generation_story;
mod generations;
mod grants;
mod health;
mod holds;
mod hooks;
mod hostile;
mod idempotency;
mod incidents;
mod isolation;
mod jwks;
mod late_cancels;
mod limits;
mod list_exports;
mod list_exports_broken;
mod lots;
mod models;
mod openapi;
mod outputs;
mod pages;
mod per_second;
mod refunds;
mod roles;
mod seals;
mod sessions;
mod shutdown;
mod slow_readers;
mod sockets;
mod statement;
mod statement_lines;
mod statements;
mod support;
mod usage;
mod verify;
mod waiting;
mod webhooks;
