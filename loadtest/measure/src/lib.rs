//! What benchmarks share: the server they measure on, what a measurement costs, and how figures are told and published.
//!
//! Only benchmarks use it, so errors are `anyhow`'s: they are read by whoever started one. All of them buy the same thing
//! (`orders`); it knows nothing of read models, queues and HTTP.

pub mod arguments;
pub mod figures;
pub mod machine;
pub mod orders;
pub mod page;
pub mod processes;
pub mod server;
pub mod table;
pub mod wal;
pub mod words;
