//! The program as people and other programs meet it, and the rules that its source keeps.

mod catalog;
mod circles;
mod command_line;
mod crate_edges;
mod crowd;
mod doctor;
mod export;
mod failpoints;
mod keys;
mod kill;
mod mock_provider;
mod monitoring;
mod observe;
mod restore;
mod support;
mod webhooks;
