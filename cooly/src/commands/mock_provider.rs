//! `cooly mock-provider`: stands in for a provider, so that a catalogue can be tried without an account.

use crate::cli::MockProviderOptions;
use crate::{shutdown, telemetry};
use anyhow::{Context, bail};
use embedded::providers::{MockOptions, MockProvider, Protocol};
use std::process::ExitCode;

pub(crate) async fn run(options: MockProviderOptions) -> anyhow::Result<ExitCode> {
    telemetry::start_logs(&options.log)?;
    let shutdown = shutdown::on_signal()?;
    let key = options.key_env.as_deref().map(key).transpose()?;
    if !options.listen.ip().is_loopback() && key.is_none() {
        tracing::warn!("everybody who reaches {} can use it; --key-env asks for a key", options.listen);
    }
    let mock = MockOptions { listen: options.listen, key, delay: options.delay };
    let provider = MockProvider::start(options.protocol, mock)
        .await
        .context("the mock provider does not start; choose another address with --listen")?;
    explain(&provider, &options);
    shutdown.cancelled().await;
    provider.stop().await;
    tracing::info!("stopped");
    Ok(ExitCode::SUCCESS)
}

fn key(variable: &str) -> anyhow::Result<String> {
    let key = std::env::var(variable).with_context(|| {
        format!(
            "--key-env {variable}: there is no such environment variable; set it, or leave the option out"
        )
    })?;
    if key.is_empty() {
        bail!("--key-env {variable}: the variable is empty; set it, or leave the option out");
    }
    Ok(key)
}

/// Says what it answers, and how a catalogue leads to it.
fn explain(provider: &MockProvider, options: &MockProviderOptions) {
    let protocol = options.protocol;
    println!();
    println!("  This stands in for {protocol} on http://{}", provider.address());
    println!();
    for (method, path, meaning) in protocol.routes() {
        println!("    {method:<4}  {path:<44}  {meaning}");
    }
    println!("    {:<4}  {:<44}  a file that was made; needs no key", "GET", "/files/{id}/{number}.png");
    println!();
    println!("  In a catalogue file:");
    println!();
    for line in catalogue(provider, options).lines() {
        println!("{}", format!("    {line}").trim_end());
    }
    println!();
    println!("  `cooly mock-provider --help` lists the words that make it fail. Ctrl-C ends it.");
    println!();
}

fn catalogue(provider: &MockProvider, options: &MockProviderOptions) -> String {
    let (name, model) = (options.protocol.name(), options.protocol.example_model());
    let key_env = options.key_env.as_deref().unwrap_or(usual_key(options.protocol));
    format!(
        "[providers.{name}]\n\
         adapter = \"{name}\"\n\
         base_url = \"{base_url}\"\n\
         key_env = \"{key_env}\"\n\
         output_hosts = [\"{host}\"]\n\
         private = true\n\
         {webhooks}\n\
         [[models]]\n\
         id = \"mock\"\n\
         title = \"Mock\"\n\
         kind = \"image\"\n\
         price = \"4\"\n\
         routes = [{{ provider = \"{name}\", model = \"{model}\" }}]",
        webhooks = webhooks(provider, options.protocol),
        base_url = provider.base_url(),
        host = provider.address().ip()
    )
}

/// The lines that let it report by itself, each with its end.
fn webhooks(provider: &MockProvider, protocol: Protocol) -> String {
    match protocol {
        Protocol::Fal => format!("webhooks = true\nwebhook_keys_url = \"{}\"\n", provider.keys_url()),
        Protocol::Replicate => format!(
            "webhooks = true\nwebhook_secret_env = \"REPLICATE_WEBHOOK_SECRET\"  # set it to {}\n",
            provider.webhook_secret()
        ),
        Protocol::OpenAi => String::new(),
    }
}

/// The variable in which clients of the service look for its key.
fn usual_key(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Fal => "FAL_KEY",
        Protocol::Replicate => "REPLICATE_API_TOKEN",
        Protocol::OpenAi => "OPENAI_API_KEY",
    }
}
