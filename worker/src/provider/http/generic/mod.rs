//! A service that no adapter knows, used as its operator described it: by configuration alone.
//!
//! `options` is the description, `plan` and `request` what is read of it at the start. Statuses of HTTP mean what they mean
//! for every provider; words for states and errors are configured. What is not described is an answer that could not be
//! read, never a guess.

pub(super) mod options;
mod plan;
mod request;
#[cfg(test)]
mod tests;

use super::answer::Answer;
use super::artifacts::{artifacts_with, milliseconds};
use super::client::{ANSWER_BYTES, Call, Client};
use super::cut::Cut;
use super::inputs::unusable_route;
use super::invalid::InvalidProvider;
use super::options::HttpOptions;
use super::protocol::Protocol;
use super::refusal::{
    Stage, failed, foreign, of_meaning, question_refused, refused, unanswered, unreadable, unsubmitted,
};
use super::whole::{encoded_bytes, unless_too_large};
use super::wish::{Field, Wish};
use super::words::Meaning;
use crate::provider::{
    Artifact, Cancelled, Found, Origin, Progress, ProviderFailure, Spooled, Submission, Task,
};
use ledger::catalogue::Route;
use ledger::job::Billed;
use options::{GenericOptions, TaskState};
use plan::{Plan, TaskPlan, key_header};
use reqwest::StatusCode;
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;
use webhooks::Address;

/// The longest task id that is kept.
const LONGEST_ID: usize = 512;

/// A described service.
pub(super) struct Generic {
    client: Client,
    plan: Plan,
    origin: Arc<Origin>,
    deadline: Duration,
    webhook: Option<Address>,
}

impl Generic {
    pub(super) fn new(
        options: &HttpOptions,
        description: &GenericOptions,
        origin: impl Fn(&Client) -> Origin,
    ) -> Result<Generic, InvalidProvider> {
        let invalid = |problem| InvalidProvider::new(&options.name, problem);
        let plan = Plan::read(description).map_err(invalid)?;
        let header = key_header(description).map_err(invalid)?;
        let client = Client::new(options, &header, &description.key.before)?;
        let origin = Arc::new(origin(&client));
        let webhook = options.webhook.clone();
        if webhook.is_some() && description.webhook.is_none() {
            return Err(invalid("`webhook` is missing: describe what it reports".to_owned()));
        }
        Ok(Generic { client, plan, origin, deadline: options.deadline, webhook })
    }

    /// What can be done about tasks, and the wish that names this one.
    fn task(&self, task_id: &str) -> Result<(&TaskPlan, Wish), ProviderFailure> {
        let plan = self.plan.task.as_ref().filter(|_| is_id(task_id)).ok_or_else(foreign)?;
        Ok((plan, Wish::default().with(Field::Id, task_id)))
    }

    async fn question(&self, call: Option<Call>) -> Result<Answer, ProviderFailure> {
        let mut call = call.ok_or_else(foreign)?;
        if self.plan.has_inline_outputs {
            call.answer_bytes += encoded_bytes(self.origin.max_bytes, 1);
            call.inline_bytes = Some(self.origin.max_bytes);
        }
        self.client.ask(call).await.map_err(unanswered)
    }

    async fn result(
        &self,
        task: &TaskPlan,
        wish: &Wish,
        (status, files): (&Value, &[Spooled]),
    ) -> Result<Progress, ProviderFailure> {
        let Some(result) = &task.result else { return self.made(status, files).map(Progress::Done) };
        let answer = self.question(result.call(wish)).await?;
        match answer.status {
            StatusCode::NOT_FOUND | StatusCode::GONE => Ok(Progress::Gone),
            status if status.is_success() => {
                let told = answer.json().ok_or_else(unreadable)?;
                self.made(&told, &answer.files).map(Progress::Done)
            }
            _ => Err(self.refused_question(&answer)),
        }
    }

    fn made(&self, answer: &Value, files: &[Spooled]) -> Result<Vec<Artifact>, ProviderFailure> {
        let outputs = answer.pointer(&self.plan.outputs).unwrap_or(&Value::Null);
        let mut made = artifacts_with(outputs, &self.origin, files);
        let length = self.plan.duration.as_ref().and_then(|place| milliseconds(answer.pointer(place)?));
        for artifact in &mut made {
            artifact.duration_milliseconds = length.or(artifact.duration_milliseconds);
        }
        unless_too_large(made, &self.origin)
    }

    /// The code word in an answer.
    fn word(&self, answer: Option<&Value>) -> Option<String> {
        answer?.pointer(self.plan.error.as_ref()?).and_then(word)
    }

    /// A failure that the description has a word for.
    fn moderated(&self, word: Option<&str>, stage: Stage) -> Option<ProviderFailure> {
        let word = word.filter(|word| self.plan.moderation.iter().any(|known| known == word))?;
        Some(of_meaning(Meaning::Moderation, &[word], stage, None))
    }

    fn refused_question(&self, answer: &Answer) -> ProviderFailure {
        let word = self.word(answer.json().as_ref());
        question_refused(answer, word.as_deref().as_slice())
    }

    fn accepted(&self, answer: &Answer) -> Result<Submission, ProviderFailure> {
        let unknown = || unreadable().billed(Billed::Unknown);
        let told = answer.json().ok_or_else(unknown)?;
        match &self.plan.task {
            Some(task) => {
                let id = told.pointer(&task.id).and_then(word).filter(|id| is_id(id));
                id.map(Submission::Accepted).ok_or_else(unknown)
            }
            None => self.made(&told, &answer.files).map(Submission::Done),
        }
    }
}

#[async_trait::async_trait]
impl Protocol for Generic {
    async fn submit(&self, task: &Task, route: &Route) -> Result<Submission, ProviderFailure> {
        let webhook = self.webhook.as_ref().map(|address| address.of(task.account_id, &task.as_reference()));
        let wish = Wish::of(task, route);
        let wish = webhook.into_iter().fold(wish, |wish, address| wish.with(Field::Webhook, address));
        let mut call = self.plan.submit.call(&wish).ok_or_else(unusable_route)?;
        let is_the_work = self.plan.task.is_none();
        call.patience = is_the_work.then_some(self.deadline);
        if self.plan.has_inline_outputs {
            call.answer_bytes = ANSWER_BYTES + encoded_bytes(self.origin.max_bytes, task.request.count);
            call.inline_bytes = Some(self.origin.max_bytes);
        }
        let answer = self.client.ask(call).await.map_err(|cut| match cut {
            Cut::TooLarge if is_the_work => ProviderFailure::output_too_large(),
            cut => unsubmitted(cut),
        })?;
        if answer.status.is_success() {
            return self.accepted(&answer);
        }
        let word = self.word(answer.json().as_ref());
        let moderated =
            self.moderated(word.as_deref(), Stage::Input).filter(|_| answer.status.is_client_error());
        let moderated = moderated.map(|failure| failure.billed(Billed::No));
        Err(moderated.unwrap_or_else(|| refused(&answer, word.as_deref().as_slice())))
    }

    async fn find(&self, reference: &str) -> Result<Found, ProviderFailure> {
        let search = self.plan.task.as_ref().and_then(|task| task.find.as_ref());
        let Some(search) = search else { return Ok(Found::CannotTell) };
        let wish = Wish::default().with(Field::Reference, reference);
        let answer = self.question(search.request.call(&wish)).await?;
        let is_absent = answer.status == StatusCode::NOT_FOUND;
        if !is_absent && !answer.status.is_success() {
            return Err(self.refused_question(&answer));
        }
        let told = answer.json();
        let id =
            told.as_ref().filter(|_| !is_absent).and_then(|told| told.pointer(&search.id)).and_then(word);
        match id.filter(|id| is_id(id)) {
            Some(id) => Ok(Found::Accepted(id)),
            // Nonsense is no answer, and so no certainty.
            None if search.absent_is_certain && (is_absent || told.is_some()) => Ok(Found::NotAccepted),
            None => Ok(Found::CannotTell),
        }
    }

    async fn poll(&self, task_id: &str) -> Result<Progress, ProviderFailure> {
        let (task, wish) = self.task(task_id)?;
        let answer = self.question(task.status.call(&wish)).await?;
        if matches!(answer.status, StatusCode::NOT_FOUND | StatusCode::GONE) {
            return Ok(Progress::Gone);
        }
        if !answer.status.is_success() {
            return Err(self.refused_question(&answer));
        }
        let told = answer.json().ok_or_else(unreadable)?;
        let state = told.pointer(&task.state).and_then(word).ok_or_else(unreadable)?;
        match task.states.get(&state).ok_or_else(unreadable)? {
            TaskState::Queued | TaskState::Running => Ok(Progress::Working),
            TaskState::Done => self.result(task, &wish, (&told, &answer.files)).await,
            TaskState::Gone => Ok(Progress::Gone),
            TaskState::Failed => {
                let word = self.word(Some(&told));
                let moderated = self.moderated(word.as_deref(), Stage::Output);
                Ok(Progress::Failed(
                    moderated.unwrap_or_else(|| failed(word.as_deref().as_slice(), Stage::Output)),
                ))
            }
        }
    }

    async fn cancel(&self, task_id: &str) -> Result<Cancelled, ProviderFailure> {
        let (task, wish) = self.task(task_id)?;
        let Some(cancel) = &task.cancel else {
            return Err(ProviderFailure::transient(
                "cancel_unsupported",
                "the provider cannot be told to stop",
            ));
        };
        let answer = self.question(cancel.call(&wish)).await?;
        match answer.status {
            StatusCode::NOT_FOUND | StatusCode::CONFLICT | StatusCode::GONE => Ok(Cancelled::TooLate),
            status if status.is_success() => Ok(Cancelled::Stopped),
            _ => Err(self.refused_question(&answer)),
        }
    }
}

/// A word, number or truth value, as configured words are compared with it.
fn word(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

fn is_id(text: &str) -> bool {
    !text.is_empty() && text.len() <= LONGEST_ID && text.bytes().all(|byte| byte.is_ascii_graphic())
}
