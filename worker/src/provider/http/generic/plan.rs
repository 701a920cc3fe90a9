//! The description of a service, read and checked at the start.

use super::options::{FindOptions, GenericOptions, RequestOptions, StatusOptions, TaskState};
use super::request::{Known, Request};
use crate::provider::http::wish::Field;
use reqwest::Method;
use reqwest::header::HeaderName;
use std::collections::BTreeMap;
use webhooks::ReportOptions;

const WORK: Known = Known { path: &Field::OF_A_WORK_PATH, rest: &Field::OF_DESCRIBED_WORK };
const TASK: Known = Known { path: &Field::OF_A_TASK, rest: &Field::OF_A_TASK };
const SEARCH: Known = Known { path: &Field::OF_A_SEARCH, rest: &Field::OF_A_SEARCH };

/// A service that can be used.
#[derive(Debug)]
pub(super) struct Plan {
    pub submit: Request,
    /// Left out where the answer to `submit` is the work itself.
    pub task: Option<TaskPlan>,
    /// A pointer.
    pub outputs: String,
    /// A pointer.
    pub duration: Option<String>,
    /// A pointer.
    pub error: Option<String>,
    pub moderation: Vec<String>,
    pub has_inline_outputs: bool,
}

/// What can be done about an accepted task.
#[derive(Debug)]
pub(super) struct TaskPlan {
    /// A pointer.
    pub id: String,
    pub status: Request,
    /// A pointer.
    pub state: String,
    pub states: BTreeMap<String, TaskState>,
    pub result: Option<Request>,
    pub cancel: Option<Request>,
    pub find: Option<Search>,
}

/// How a lost submit is asked after.
#[derive(Debug)]
pub(super) struct Search {
    pub request: Request,
    /// A pointer.
    pub id: String,
    pub absent_is_certain: bool,
}

/// The header that the key goes into.
pub(super) fn key_header(options: &GenericOptions) -> Result<HeaderName, String> {
    let name = &options.key.header;
    HeaderName::try_from(name).map_err(|_| format!("`key.header` (`{name}`) is no name of a header"))
}

impl Plan {
    /// Reads the description.
    ///
    /// # Errors
    /// Names what cannot be used, and why.
    pub(super) fn read(options: &GenericOptions) -> Result<Plan, String> {
        let reader = Reader { key_header: key_header(options)? };
        let submit = reader.request("submit", &options.submit, Method::POST, WORK)?;
        let task = match (&options.id, &options.status) {
            (Some(id), Some(status)) => Some(reader.task(options, id, status)?),
            (Some(_), None) => return Err("`status` is missing: say how a task is asked after".to_owned()),
            (None, Some(_)) => {
                return Err("`id` is missing: say where the answer to `submit` holds the id".to_owned());
            }
            (None, None)
                if options.result.is_some() || options.cancel.is_some() || options.find.is_some() =>
            {
                return Err("`result`, `cancel` and `find` need `id` and `status`".to_owned());
            }
            (None, None) => None,
        };
        if let Some(report) = &options.webhook {
            check_report(report, &submit, task.is_some())?;
        }
        Ok(Plan {
            submit,
            task,
            outputs: pointer("outputs", &options.outputs)?,
            duration: options.duration.as_deref().map(|place| pointer("duration", place)).transpose()?,
            error: options.error.as_deref().map(|place| pointer("error", place)).transpose()?,
            moderation: options.moderation.clone(),
            has_inline_outputs: options.has_inline_outputs,
        })
    }
}

/// Whether what is reported can be understood, and the service knows where to report.
fn check_report(report: &ReportOptions, submit: &Request, has_tasks: bool) -> Result<(), String> {
    if let Some(problem) = report.problem() {
        return Err(problem);
    }
    report.id.as_deref().map(|place| pointer("webhook.id", place)).transpose()?;
    if !has_tasks {
        return Err("`webhook` needs `id` and `status`: what is reported is asked after".to_owned());
    }
    if !submit.speaks_of(Field::Webhook) {
        return Err(
            "in `submit`, `{webhook}` is missing: say where the service reads the address to report to"
                .to_owned(),
        );
    }
    Ok(())
}

struct Reader {
    key_header: HeaderName,
}

impl Reader {
    fn request(
        &self,
        place: &str,
        options: &RequestOptions,
        usual: Method,
        known: Known,
    ) -> Result<Request, String> {
        Request::read(options, usual, known, &self.key_header)
            .map_err(|problem| format!("in `{place}`, {problem}"))
    }

    fn task(&self, options: &GenericOptions, id: &str, status: &StatusOptions) -> Result<TaskPlan, String> {
        if !status.states.values().any(|state| *state == TaskState::Done) {
            return Err("`status.states` has no word for `done`".to_owned());
        }
        let request =
            |place: &str, options: &RequestOptions, usual| self.request(place, options, usual, TASK);
        let (result, cancel) = (&options.result, &options.cancel);
        Ok(TaskPlan {
            id: pointer("id", id)?,
            status: request("status.request", &status.request, Method::GET)?,
            state: pointer("status.state", &status.state)?,
            states: status.states.clone(),
            result: result.as_ref().map(|result| request("result", result, Method::GET)).transpose()?,
            cancel: cancel.as_ref().map(|cancel| request("cancel", cancel, Method::POST)).transpose()?,
            find: options.find.as_ref().map(|find| self.search(find)).transpose()?,
        })
    }

    fn search(&self, find: &FindOptions) -> Result<Search, String> {
        Ok(Search {
            request: self.request("find.request", &find.request, Method::GET, SEARCH)?,
            id: pointer("find.id", &find.id)?,
            absent_is_certain: find.absent_is_certain,
        })
    }
}

/// A JSON pointer (RFC 6901); an empty one is the whole answer.
fn pointer(place: &str, text: &str) -> Result<String, String> {
    let is_escaped = text.split('~').skip(1).all(|after| after.starts_with(['0', '1']));
    if (text.is_empty() || text.starts_with('/')) && is_escaped {
        return Ok(text.to_owned());
    }
    Err(format!("`{place}` (`{text}`) is no JSON pointer: write it as `/data/0/url`"))
}
