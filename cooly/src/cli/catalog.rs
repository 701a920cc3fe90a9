//! `cooly catalog`.

use clap::{Args, Subcommand};
use std::path::PathBuf;

const CATALOG_HELP: &str = "\
A catalogue is a TOML file with a table for each provider and one for each model:

  [providers.fal]
  adapter = \"fal\"                  # fal, replicate, openai, http or simulated
  key_env = \"FAL_KEY\"              # the variable that holds the key, or key_file = \"/path\"; never the key itself

  [[models]]
  id = \"flux\"
  kind = \"image\"                   # image or video
  price = \"4\"                      # credits, for one output or, with pricing = \"per_second\", one second of it
  routes = [                         # the next one is asked when the one before it refuses
    { provider = \"fal\", model = \"fal-ai/flux/dev\", cost = \"0.025\" },
  ]

  [classes.video]                    # optional: a queue and slots of their own for all video models
  slots = 4                          # at once in each worker; as many as --concurrency where it is left out

Give it to `cooly up`, `api` and `worker` with --catalog FILE or COOLY_CATALOG, the same file to all of them. After a
change, check it and send the processes SIGHUP: one that cannot be used is refused, and the one before it stays.
docs/catalog.toml is an example with every key.";

#[derive(Debug, Subcommand)]
pub(crate) enum CatalogCommand {
    /// Say what a catalogue offers, or everything that is wrong with it, by line
    ///
    /// Exit code 0 means that `cooly up`, `api` and `worker` take it. Warnings are told and change nothing about that.
    #[command(after_long_help = CATALOG_HELP)]
    Check(CatalogCheckOptions),
    /// Show the models, their prices and who makes them
    #[command(after_long_help = CATALOG_HELP)]
    Show(CatalogShowOptions),
}

#[derive(Debug, Args)]
pub(crate) struct CatalogCheckOptions {
    /// The catalogue
    #[arg(env = "COOLY_CATALOG", value_name = "FILE")]
    pub file: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct CatalogShowOptions {
    /// The catalogue [default: the simulated models]
    #[arg(env = "COOLY_CATALOG", value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// Print it as JSON
    #[arg(long)]
    pub json: bool,
}
