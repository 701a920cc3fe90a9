//! The outermost layer. In this order: an id, a place among the requests in work, a deadline, a net for panics;
//! then, on the way out, the problem document, headers, metrics and one line in the log.

use super::guard::RouteTemplate;
use super::scope::Scope;
use super::{headers, request_id};
use crate::app::App;
use crate::serve::accept::wants_page;
use crate::serve::failure::from_framework;
use crate::serve::problem::Problem;
use futures::FutureExt;
use poem::http::{Method, StatusCode};
use poem::{Endpoint, Request, Response, Result};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;
use tokio::time::timeout;

/// Longest time that `Prefer: wait` may ask for; added to the deadline of those who ask.
pub(crate) const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// Makes the answer of a problem, from the id of its request.
type Render = fn(&Problem, &str) -> Response;

/// Wraps the whole application.
pub(crate) struct Shell<E> {
    app: App,
    inner: E,
    /// How a problem is told to whoever asked for a page.
    page: Render,
    in_work: Arc<Semaphore>,
}

impl<E: Endpoint<Output = Response>> Shell<E> {
    pub(crate) fn new(app: App, inner: E, page: Render) -> Shell<E> {
        let in_work = Arc::new(Semaphore::new(app.limits.requests));
        Shell { app, inner, page, in_work }
    }

    async fn answer(&self, request: Request) -> Result<Response, Problem> {
        // Whoever watches over us must get through when nobody else does.
        let is_probe = request.uri().path().starts_with("/health/");
        let _place = if is_probe {
            None
        } else {
            let place = self.in_work.try_acquire();
            Some(place.map_err(|_| Problem::unavailable("overloaded", "too many requests are in work"))?)
        };
        let waits = request.headers().contains_key("Prefer");
        let deadline = self.app.limits.deadline + if waits { LONGEST_WAIT } else { Duration::ZERO };
        settled(self.inner.call(request), deadline).await
    }
}

/// What became of the work: its answer, or the problem that it ended in, within the deadline.
async fn settled(
    work: impl Future<Output = Result<Response>>,
    deadline: Duration,
) -> Result<Response, Problem> {
    match timeout(deadline, AssertUnwindSafe(work).catch_unwind()).await {
        Ok(Ok(Ok(response))) => Ok(response),
        Ok(Ok(Err(error))) => Err(from_framework(&error)),
        Ok(Err(panic)) => Err(Problem::internal(format!("a panic: {}", said(panic.as_ref())))),
        Err(_) => Err(Problem::new(
            StatusCode::GATEWAY_TIMEOUT,
            "deadline_exceeded",
            "It took too long",
            "no answer within the deadline; repeat a write with the same Idempotency-Key",
        )),
    }
}

impl<E: Endpoint<Output = Response>> Endpoint for Shell<E> {
    type Output = Response;

    async fn call(&self, mut request: Request) -> Result<Response> {
        let started = Instant::now();
        let scope = Scope::new(request_id::of(request.headers()));
        let method = request.method().clone();
        let is_read = matches!(method, Method::GET | Method::HEAD);
        let render = if is_read && wants_page(request.headers()) { self.page } else { Problem::render };
        request.extensions_mut().insert(self.app.clone());
        request.extensions_mut().insert(scope.clone());
        let answered = self.answer(request).await;
        let mut response = as_documents(answered, &scope, render);
        headers::add(&mut response, &scope);
        let template = response.data::<RouteTemplate>().map_or("unmatched", |template| &template.0);
        measure(template, &method, response.status(), started.elapsed());
        tracing::info!(
            target: "api::access",
            request_id = scope.request_id(),
            method = %method,
            route = template,
            status = response.status().as_u16(),
            role = scope.role().map(|role| role.as_str()),
            milliseconds = started.elapsed().as_secs_f64() * 1_000.0,
        );
        Ok(response)
    }
}

/// Turns what is an error and not a document yet into one, or into a page.
fn as_documents(answered: Result<Response, Problem>, scope: &Scope, render: Render) -> Response {
    let (problem, template) = match answered {
        Err(problem) => (problem, None),
        Ok(response) => {
            let status = response.status();
            let template = response.data::<RouteTemplate>().cloned();
            match response.data::<Problem>() {
                Some(problem) => (problem.clone(), template),
                None if status.is_client_error() || status.is_server_error() => {
                    (Problem::of_status(status), template)
                }
                None => return response,
            }
        }
    };
    if let Some(cause) = &problem.cause {
        let request_id = scope.request_id();
        if problem.status == StatusCode::INTERNAL_SERVER_ERROR {
            tracing::error!(request_id, code = problem.code, cause, "a request failed");
        } else {
            tracing::warn!(request_id, code = problem.code, cause, "a request could not be served");
        }
    }
    let mut response = render(&problem, scope.request_id());
    if let Some(template) = template {
        response.set_data(template);
    }
    response
}

/// By route and not by path, so that no id becomes a label.
fn measure(template: &str, method: &Method, status: StatusCode, took: Duration) {
    let labels = [
        ("route", template.to_owned()),
        ("method", known(method).to_owned()),
        ("status", status.as_u16().to_string()),
    ];
    metrics::counter!("http_requests_total", &labels).increment(1);
    metrics::histogram!("http_request_duration_seconds", &labels).record(took.as_secs_f64());
}

/// A method that a client made up must not become a label either.
fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

fn said(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("without a word")
}

#[cfg(test)]
mod tests {
    use super::{Duration, Problem, Response, StatusCode, settled};
    use poem::error::NotFoundError;

    const LONG: Duration = Duration::from_secs(60);

    #[tokio::test]
    async fn a_panic_is_an_error_on_our_side_and_tells_the_client_nothing() {
        let problem = settled(async { panic!("secret {}", 7) }, LONG).await.unwrap_err();
        assert_eq!((problem.status, problem.code), (StatusCode::INTERNAL_SERVER_ERROR, "internal"));
        assert!(!problem.detail.contains("secret"));
        assert_eq!(problem.cause.as_deref(), Some("a panic: secret 7"));
    }

    #[tokio::test]
    async fn work_that_does_not_end_is_given_up() {
        let problem = settled(std::future::pending(), Duration::ZERO).await.unwrap_err();
        assert_eq!(problem.code, "deadline_exceeded");
    }

    #[tokio::test]
    async fn answers_and_errors_pass() {
        let answered = settled(async { Ok(Response::from(StatusCode::OK)) }, LONG).await.unwrap();
        assert_eq!(answered.status(), StatusCode::OK);
        let refused = settled(async { Err(Problem::too_many("x", "y").into()) }, LONG).await.unwrap_err();
        assert_eq!(refused.code, "x");
        let missing = settled(async { Err(NotFoundError.into()) }, LONG).await.unwrap_err();
        assert_eq!(missing.code, "not_found");
    }
}
