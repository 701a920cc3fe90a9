//! `cooly proof`: makes the proof of an event from the database, and checks one without any.

use super::database::{Opened, require_schema};
use crate::cli::{ProofCommand, ProofMakeOptions, ProofVerifyOptions};
use crate::wiring;
use anyhow::{Context, bail};
use ledger::seal::{Document, Proof, Verified, find_event, prove, verify_document};
use ledger::{Database, EventId, Position, Role};
use std::io::Read;
use std::path::Path;
use std::process::ExitCode;
use tokio_postgres::Client;

pub(crate) async fn run(command: ProofCommand) -> anyhow::Result<ExitCode> {
    match command {
        ProofCommand::Make(options) => make(options).await,
        ProofCommand::Verify(options) => verify(&options),
    }
}

async fn make(options: ProofMakeOptions) -> anyhow::Result<ExitCode> {
    let asked = Asked::read(&options.event)?;
    let opened = Opened::for_tool(&options.database, &options.home).await?;
    let document = document(&opened.database, asked).await;
    opened.stop().await;
    let document = document?;
    let text = serde_json::to_string_pretty(&document)?;
    let Some(out) = &options.out else {
        println!("{text}");
        return Ok(ExitCode::SUCCESS);
    };
    std::fs::write(out, text + "\n").with_context(|| format!("{} cannot be written", out.display()))?;
    println!(
        "wrote {}: event at position {}, in block {}, sealed with the key {}",
        out.display(),
        document.event.position,
        document.seal.number,
        document.seal.public_key
    );
    println!("check it with: cooly proof verify {} --trust KEY", out.display());
    Ok(ExitCode::SUCCESS)
}

/// How the event was named.
#[derive(Clone, Copy)]
enum Asked {
    At(Position),
    Called(EventId),
}

impl Asked {
    fn read(text: &str) -> anyhow::Result<Asked> {
        let position = text.parse().ok().filter(|position| *position > 0).map(|at| Asked::At(Position(at)));
        let id = || uuid::Uuid::try_parse(text).ok().map(|id| Asked::Called(EventId(id)));
        position.or_else(id).with_context(|| format!("`{text}` is neither a position nor an event id"))
    }
}

async fn document(database: &Database, asked: Asked) -> anyhow::Result<Document> {
    require_schema(database).await?;
    let client = database.connect(Role::Owner).await.context("the database cannot be reached")?;
    let position = position_of(&client, asked).await?;
    match prove(&client, position).await? {
        Proof::Document(document) => Ok(*document),
        Proof::Unknown => bail!("there is no event at position {position}"),
        Proof::NotSealedYet => bail!(
            "the event at position {position} is not sealed yet; try again in a minute, and see that a worker runs \
             with COOLY_SEAL_KEY"
        ),
        Proof::Contradicted(step) => bail!(
            "the event at position {position} is not what was sealed ({step}); run `cooly verify` for everything \
             that was changed"
        ),
    }
}

async fn position_of(client: &Client, asked: Asked) -> anyhow::Result<Position> {
    match asked {
        Asked::At(position) => Ok(position),
        Asked::Called(id) => find_event(client, id).await?.with_context(|| {
            format!(
                "no event {id} was recorded within an hour of the time in its id; give its position instead"
            )
        }),
    }
}

fn verify(options: &ProofVerifyOptions) -> anyhow::Result<ExitCode> {
    let trusted = wiring::trusted_keys(&options.trust)?;
    let text = read(&options.file)?;
    match verify_document(&text, &trusted) {
        Ok(verified) => {
            explain(&verified);
            Ok(ExitCode::SUCCESS)
        }
        Err(step) => {
            eprintln!("cooly: not proved: {step}");
            Ok(ExitCode::FAILURE)
        }
    }
}

fn read(file: &Path) -> anyhow::Result<String> {
    if file == Path::new("-") {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).context("standard input cannot be read")?;
        return Ok(text);
    }
    std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))
}

/// Says what was proved, and what was not.
fn explain(verified: &Verified) {
    let (event, seal) = (&verified.event, &verified.seal);
    let column = |column: &Option<String>| column.clone().unwrap_or_else(|| "-".to_owned());
    println!("proved: this event was in the log, exactly so, when block {} was sealed", seal.number);
    println!("  type      {}", column(&event.columns.r#type));
    println!("  account   {}", column(&event.columns.account_id));
    println!("  stream    {}", column(&event.columns.stream_id));
    println!("  version   {}", column(&event.columns.version));
    println!("  actor     {}", column(&event.columns.actor));
    println!("  payload   {}", column(&event.columns.payload));
    println!("  position  {}", event.position);
    println!("  seal      {}:{}", seal.number, hex::encode(seal.hash));
    println!("  key       {}", seal.public_key);
    println!(
        "not proved: that what it records is true, nor its times: those are the word of who recorded it"
    );
}
