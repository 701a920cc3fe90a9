//! `cooly seal-key`: makes a key that seals the log, or shows the public half of the one in use.

use crate::cli::SealKeyOptions;
use crate::home::Home;
use crate::wiring;
use anyhow::Context;
use ledger::seal::SealKey;
use std::process::ExitCode;

pub(crate) fn run(options: SealKeyOptions) -> anyhow::Result<ExitCode> {
    if options.show {
        let key = match wiring::seal_key(&options.key)? {
            Some(key) => Some(key),
            None => Home::existing_seal_key(&options.home.data_dir)?,
        };
        let key = key.with_context(|| {
            let folder = options.home.data_dir.display();
            format!(
                "there is no key: COOLY_SEAL_KEY is not set, and {folder} is not the folder of a `cooly up`"
            )
        })?;
        println!("{}", key.public_key());
        return Ok(ExitCode::SUCCESS);
    }
    let (key, seed) = SealKey::generate()?;
    println!("secret, for the workers only:  COOLY_SEAL_KEY={}", seed.as_str());
    println!("public, for auditors (--trust): {}", key.public_key());
    eprintln!();
    eprintln!(
        "The secret is shown this once and kept nowhere. Whoever has it can seal a changed log; whoever has the"
    );
    eprintln!(
        "public key can check every seal: keep it where the operator of the database cannot change it."
    );
    Ok(ExitCode::SUCCESS)
}
