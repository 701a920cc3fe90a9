//! The worker against a real Postgres and the real SQS protocol.
//!
//! The queue is the embedded server, or any other whose URL is in `COOLY_TEST_SQS_ENDPOINT`: `tests/moto.sh`
//! runs the same tests against moto.

mod bulk;
mod classes;
mod conformance;
mod dead_workers;
mod fallback;
mod faults;
mod flow;
mod governing;
mod heartbeat;
mod held_back;
mod holds;
mod hooks;
mod images;
mod last_release;
mod last_shapes;
mod linger;
mod over_http;
mod paid_once;
mod poison;
mod polling;
mod queue;
mod recalls;
mod receiver;
mod reconciler;
mod recorded;
mod refusal;
mod relay;
mod relay_faults;
mod remote;
mod rig;
mod scripted;
mod sealer;
mod several_workers;
mod shutdown;
mod spend;
mod sweeper;
mod videos;
mod webhooks;
mod windows;
mod wire;
