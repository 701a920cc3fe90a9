//! `cooly proof`.

use crate::settings::{HomeSettings, OwnDatabase};
use clap::{Args, Subcommand};
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(crate) enum ProofCommand {
    /// Make the proof of one event from the database
    ///
    /// The proof is a JSON document with the event exactly as it is in the log, its place in the Merkle tree of its
    /// block, and the signed seal of the block. It is made as soon as the block is sealed, a minute after the event
    /// at the latest.
    Make(ProofMakeOptions),
    /// Check a proof without a database
    ///
    /// Computes the event's hash, its leaf, the root and the seal's hash again and checks the signature. Exit code 0
    /// means: whoever holds the trusted key sealed this event, exactly so, at this place of the log. Otherwise it
    /// names the step that fails, with exit code 1.
    Verify(ProofVerifyOptions),
}

#[derive(Debug, Args)]
pub(crate) struct ProofMakeOptions {
    /// The event: its position in the log, or its id
    #[arg(value_name = "POSITION|EVENT_ID")]
    pub event: String,
    /// Where to write the document [default: standard output]
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    #[command(flatten)]
    pub home: HomeSettings,
    #[command(flatten)]
    pub database: OwnDatabase,
}

#[derive(Debug, Args)]
pub(crate) struct ProofVerifyOptions {
    /// The document; `-` reads standard input
    pub file: PathBuf,
    /// Public key that you trust, in hexadecimal or base64, or a file that holds it; may be given several times
    #[arg(long, required = true, value_name = "KEY")]
    pub trust: Vec<String>,
}
