//! Databases that a later release migrated.
//!
//! During an upgrade the schema is the later release's while processes of this one still run, and each of them may be
//! started again at any moment: by whoever watches over it, or because the upgrade is taken back. So this program works on
//! such a database, since steps add and change nothing that was there. A step that cannot be like that says so in its name,
//! and then older programs stay away.

use crate::error::Error;
use crate::step::{self, LATEST};
use std::collections::BTreeMap;
use tokio_postgres::Client;

/// How the name of a step begins that the releases before it cannot live with, as in `V20__breaks_names`.
const BREAKS: &str = "breaks_";

/// Whether a step of this name, as the database keeps it, leaves the releases before it able to work.
fn is_additive(name: &str) -> bool {
    !name.starts_with(BREAKS)
}

/// The newest version of a database that is newer than this program and that it can work on; `None` if the database is not
/// newer.
///
/// # Errors
/// When a later step breaks what this program relies on, or the steps of this program are not all there as they are here.
pub(crate) async fn newer(client: &Client) -> Result<Option<i32>, Error> {
    let found = crate::current(client).await?;
    if found <= LATEST {
        return Ok(None);
    }
    let history = history(client).await?;
    if history.range(LATEST + 1..).any(|(_, (name, _))| !is_additive(name)) {
        return Err(Error::SchemaNewer { found, known: LATEST });
    }
    holds_ours(&history)?;
    tracing::warn!(
        found,
        known = LATEST,
        "the schema is of a later release, which leaves this one able to work"
    );
    Ok(Some(found))
}

type History = BTreeMap<i32, (String, String)>;

/// Name and checksum of each step that was applied, by its version.
async fn history(client: &Client) -> Result<History, Error> {
    let rows = client.query("select version, name, checksum from refinery_schema_history", &[]).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, (row.try_get(1)?, row.try_get(2)?)))).collect()
}

/// As refinery checks it where no step is unknown.
fn holds_ours(history: &History) -> Result<(), Error> {
    for step in step::all()? {
        let ours = (step.name().to_owned(), step.checksum().to_string());
        match history.get(&step.version()) {
            Some(applied) if *applied == ours => {}
            Some(_) => return Err(Error::SchemaDiverged { step: step.to_string() }),
            None => return Err(Error::StepSkipped { step: step.to_string() }),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{is_additive, step};

    #[test]
    fn a_step_says_in_its_name_that_it_breaks_what_was_there() {
        assert!(!is_additive("breaks_names"));
        assert!(is_additive("lanes") && is_additive("what_breaks_nothing"));
    }

    #[test]
    fn no_step_so_far_breaks_the_releases_before_it() {
        let steps = step::all().expect("the names are well formed");
        assert!(steps.iter().all(|step| is_additive(step.name())));
    }
}
