//! The read models on a real Postgres, each test on a database of its own.

mod alarms;
mod explain;
mod generation_list;
mod incidents;
mod incidents_named;
mod late_cancels;
mod leases;
mod lot_story;
mod lots;
mod proof;
mod readers;
mod search;
mod spending;
mod stage;
mod story;
mod takeover;
