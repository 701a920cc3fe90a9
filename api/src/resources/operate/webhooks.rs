//! `POST /v1/webhooks/{provider}/{account}/{reference}`: where providers report that something happened to a task.
//!
//! There is no token: the address, which only the provider was given, and the provider's own signature are the credential. What
//! is taken is one row for the poller. Nothing is looked up, decided or moved here, so a report can do no harm but be believed too
//! early, which the poller does not. An address that was not given out answers like one that does not exist.

use crate::app::App;
use crate::resources::Tag;
use crate::serve::body::AsSent;
use crate::serve::declared::{Answer, Signed};
use crate::serve::parameter::{Path, Query};
use crate::serve::problem::Problem;
use poem::web::Data;
use poem_openapi::payload::Json;
use poem_openapi::{Enum, Object, OpenApi};
use webhooks::{Knock, Refused, Signal, signals};

/// What became of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
enum Outcome {
    /// It is new, and the provider will be asked.
    Noted,
    /// It was there already.
    Repeated,
}

/// The answer to a report.
#[derive(Debug, Object)]
struct Reported {
    /// What became of it.
    outcome: Outcome,
}

/// See the module.
pub(crate) struct Webhooks;

#[OpenApi(tag = "Tag::Operations")]
impl Webhooks {
    /// Tell that something happened to a task
    ///
    /// For providers, at the address that they were given with the task, signed as they sign: fal with
    /// `X-Fal-Webhook-Signature`, Replicate with `webhook-signature`, others as the catalogue describes. What it says is not
    /// believed: the provider is asked. The same report again changes nothing.
    #[oai(path = "/v1/webhooks/:provider/:account/:reference", method = "post", operation_id = "reportTask")]
    async fn report(
        &self,
        app: Data<&App>,
        /// The provider, as the catalogue calls it.
        provider: Path<String>,
        /// The account of the generation.
        account: Path<String>,
        /// The attempt.
        reference: Path<String>,
        /// Shows that the address was given out for this attempt.
        mac: Query<String>,
        sent: AsSent,
    ) -> Answer<Json<Reported>, Signed> {
        let reception = app.reception();
        let label = if reception.knows(&provider.0) { provider.0.as_str() } else { "unknown" };
        let refuse = |refused: Refused| {
            count(label, refused.reason());
            problem(refused)
        };
        let knock =
            Knock { provider: &provider.0, account: &account.0, reference: &reference.0, mac: &mac.0 };
        // Nothing is received from whoever does not know an address.
        let door = reception.admit(knock).map_err(refuse)?;
        let (headers, body) = sent.receive().await?;
        let signal = door.read(&headers, &body, app.now()).await.map_err(refuse)?;
        let outcome = note(&app, &signal).await?;
        count(label, if outcome == Outcome::Noted { "noted" } else { "repeated" });
        Ok(Json(Reported { outcome }))
    }
}

async fn note(app: &App, signal: &Signal) -> Result<Outcome, Problem> {
    let client = app.reports.get().await?;
    let is_new = signals::note(&**client, signal).await.map_err(ledger::Error::from)?;
    Ok(if is_new { Outcome::Noted } else { Outcome::Repeated })
}

fn count(provider: &str, outcome: &'static str) {
    let labels = [("provider", provider.to_owned()), ("outcome", outcome.to_owned())];
    metrics::counter!("cooly_provider_reports_total", &labels).increment(1);
}

fn problem(refused: Refused) -> Problem {
    match refused {
        Refused::Address => Problem::not_found("there is nothing at this address"),
        Refused::Signature => {
            Problem::forbidden("the signature is missing, or is not the provider's for this body")
        }
        Refused::Time => {
            let detail = "it was signed more than five minutes ago, or is dated later than now; sign it anew when it is sent";
            Problem::bad_request("signature_stale", detail)
        }
        Refused::Content => {
            let detail = "the body must be the JSON that the provider sends, with the id of the task";
            Problem::bad_request("body_invalid", detail)
        }
        Refused::KeysAway => {
            let detail = "the keys that the signature is checked with cannot be had; send it again later";
            Problem::unavailable("keys_unavailable", detail)
        }
    }
}
