//! Why the schema could not be brought where it should be, and what to do about it.

use crate::step::LATEST;
use refinery::error::Kind;

/// A failed migration. The database is as it was before.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database lacks steps that this program needs.
    #[error("the database has schema version {found} and this program needs {needed}; run `cooly migrate`")]
    SchemaOlder {
        /// The database's version.
        found: i32,
        /// The newest version of this build.
        needed: i32,
    },
    /// A newer version of this program migrated the database so that this one cannot work on it.
    #[error(
        "the database has schema version {found} and this program knows up to {known}; run a newer program, \
         or undo the schema with the program that applied it"
    )]
    SchemaNewer {
        /// The database's version.
        found: i32,
        /// The newest version of this build.
        known: i32,
    },
    /// A step that was applied is not the one of this build.
    #[error(
        "schema step {step} was applied with other content than this program has; use the program that \
         applied it, or restore the step's file"
    )]
    SchemaDiverged {
        /// Which step.
        step: String,
    },
    /// A step below the database's version was never applied.
    #[error("schema step {step} was skipped in this database; restore a database that has it")]
    StepSkipped {
        /// Which step.
        step: String,
    },
    /// Another process holds the migration lock.
    #[error(
        "another process has been migrating this database for minutes; see what it waits for, then try again"
    )]
    Busy,
    /// There is no such step to undo.
    #[error("schema step {version} has no undo script")]
    NoUndo {
        /// Which version.
        version: i32,
    },
    /// Roles, rights or guards are missing and the login may not give them.
    #[error(
        "the database lacks what this program needs and this login may not give it; have an administrator run: \
         {statements}"
    )]
    RightsRefused {
        /// What to run, separated by `;`.
        statements: String,
    },
    /// The database refused or the connection broke.
    #[error("the schema could not be changed")]
    Postgres(#[from] tokio_postgres::Error),
    /// A step failed.
    #[error("a schema step could not be applied")]
    Step(#[source] Box<refinery::Error>),
}

impl From<refinery::Error> for Error {
    fn from(error: refinery::Error) -> Error {
        match error.kind() {
            Kind::MissingVersion(step) if step.version() > LATEST => {
                Error::SchemaNewer { found: step.version(), known: LATEST }
            }
            Kind::MissingVersion(step) => Error::StepSkipped { step: step.to_string() },
            Kind::DivergentVersion(applied, _) => Error::SchemaDiverged { step: applied.to_string() },
            _ => Error::Step(Box::new(error)),
        }
    }
}
