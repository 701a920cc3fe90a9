//! The errors that an operation may answer with, as part of its signature and so of the OpenAPI document.

use crate::serve::problem::{Problem, ProblemDocument};
use poem_openapi::ApiResponse;
use poem_openapi::payload::{Json, Payload};
use poem_openapi::registry::{MetaMediaType, MetaResponse, MetaResponses, Registry};
use std::marker::PhantomData;

/// A set of statuses.
pub(crate) trait Statuses: Send + Sync + 'static {
    /// In ascending order.
    const ALL: &'static [u16];

    /// What one of them means.
    fn describe(status: u16) -> &'static str {
        describe(status)
    }
}

/// What needs no token because it is signed.
#[derive(Debug)]
pub(crate) struct Signed;

impl Statuses for Signed {
    const ALL: &'static [u16] = &[400, 403, 404, 408, 413, 415, 500, 503, 504];

    fn describe(status: u16) -> &'static str {
        match status {
            400 => "It was signed too long ago, or does not say what it is about",
            403 => "It is not signed by whom it should be",
            404 => "No such address was given out",
            _ => describe(status),
        }
    }
}

/// A problem in an operation that declares the statuses of `S`.
#[derive(Debug)]
pub(crate) struct Fails<S> {
    problem: Problem,
    declares: PhantomData<S>,
}

/// What an operation answers.
pub(crate) type Answer<T, S> = Result<T, Fails<S>>;

impl<S: Statuses, E: Into<Problem>> From<E> for Fails<S> {
    fn from(error: E) -> Fails<S> {
        let problem: Problem = error.into();
        debug_assert!(
            S::ALL.contains(&problem.status.as_u16()),
            "{} ({}) is not declared",
            problem.status,
            problem.code
        );
        Fails { problem, declares: PhantomData }
    }
}

impl<S> From<Fails<S>> for poem::Error {
    fn from(fails: Fails<S>) -> poem::Error {
        fails.problem.into()
    }
}

impl<S: Statuses> ApiResponse for Fails<S> {
    fn meta() -> MetaResponses {
        let responses = S::ALL.iter().map(|status| MetaResponse {
            description: S::describe(*status),
            status: Some(*status),
            status_range: None,
            content: vec![MetaMediaType {
                content_type: "application/problem+json",
                schema: Json::<ProblemDocument>::schema_ref(),
            }],
            headers: Vec::new(),
        });
        MetaResponses { responses: responses.collect() }
    }

    fn register(registry: &mut Registry) {
        <Json<ProblemDocument> as Payload>::register(registry);
    }
}

fn describe(status: u16) -> &'static str {
    match status {
        400 => "The request cannot be understood; `errors` names the field or parameter",
        401 => "There is no valid token or API key",
        402 => "The credits do not cover the price; nothing was charged",
        403 => "The token or the API key has another role",
        404 => "There is no such thing, or it belongs to somebody else",
        408 => "The body did not arrive in time",
        409 => "It cannot be done in the present state",
        410 => "It was kept for as long as outputs are, and is deleted",
        413 => "The body is too large",
        415 => "The body is of another media type, charset or encoding",
        416 => "There are no such bytes; `Content-Range` tells how many there are",
        422 => "A value cannot be accepted; `errors` names the field",
        429 => "Too many requests of this user; see `Retry-After`",
        500 => "An error on our side",
        503 => "Overloaded, shutting down, or the database is away; see `Retry-After`",
        504 => "It took too long; a write may have been done, so repeat it with the same Idempotency-Key",
        505 => "The version of HTTP is too old for a file whose end must be seen",
        _ => "",
    }
}

macro_rules! statuses {
    ($($(#[$doc:meta])* $name:ident = [$($status:literal),*];)*) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub(crate) struct $name;

        impl Statuses for $name {
            const ALL: &'static [u16] = &[$($status),*];
        }
    )*};
}

statuses! {
    /// Reading a list or a document about the caller.
    Read = [400, 401, 403, 429, 500, 503, 504];
    /// Reading a list, or all of it as a file whose end must be seen.
    ReadList = [400, 401, 403, 429, 500, 503, 504, 505];
    /// Reading one thing by its id.
    ReadOne = [400, 401, 403, 404, 429, 500, 503, 504];
    /// Reading a file that may have expired.
    ReadKept = [400, 401, 403, 404, 410, 429, 500, 503, 504];
    /// Reading a file that may have expired, or a part of it.
    ReadPart = [400, 401, 403, 404, 410, 416, 429, 500, 503, 504];
    /// Reading a file whose end must be seen.
    ReadFile = [400, 401, 403, 404, 429, 500, 503, 504, 505];
    /// Reading a document about the caller as it was at some moment.
    ReadAt = [400, 401, 403, 422, 429, 500, 503, 504];
    /// Reading one thing as it was at some moment.
    ReadOneAt = [400, 401, 403, 404, 422, 429, 500, 503, 504];
    /// Reading what may be there later.
    ReadSealed = [400, 401, 403, 404, 409, 429, 500, 503, 504];
    /// Doing something to one thing, without a body.
    Change = [400, 401, 403, 404, 409, 429, 500, 503, 504];
    /// Doing something to one thing in whatever state it is, without a body.
    FreeChange = [400, 401, 403, 404, 429, 500, 503, 504];
    /// Doing something to one thing that may cost credits, without a body.
    PaidChange = [400, 401, 402, 403, 404, 409, 422, 429, 500, 503, 504];
    /// Buying something described by a body.
    Purchase = [400, 401, 402, 403, 408, 413, 415, 422, 429, 500, 503, 504];
    /// An admin's order in a body, about credits that may not be there.
    CreditOrder = [400, 401, 402, 403, 408, 409, 413, 415, 422, 429, 500, 503, 504];
    /// An admin's order in a body, about one thing.
    OrderOnOne = [400, 401, 403, 404, 408, 409, 413, 415, 422, 429, 500, 503, 504];
    /// An admin's order in a body, about one thing in whatever state it is.
    FreeOrderOnOne = [400, 401, 403, 404, 408, 413, 415, 422, 429, 500, 503, 504];
    /// An admin's order about one thing, without a body.
    PlainOrderOnOne = [400, 401, 403, 404, 409, 422, 429, 500, 503, 504];
    /// Many orders of an admin in one body.
    Orders = [400, 401, 402, 403, 404, 408, 409, 413, 415, 422, 429, 500, 503, 504];
    /// An admin's order in a body.
    Order = [400, 401, 403, 408, 409, 413, 415, 422, 429, 500, 503, 504];
    /// An admin's order in a body, about many things: what cannot be done is told thing by thing.
    BulkOrder = [400, 401, 403, 408, 413, 415, 422, 429, 500, 503, 504];
    /// Exchanging a token.
    SignIn = [400, 401, 403, 422, 429, 500, 503, 504];
    /// Having a token forgotten.
    SignOut = [400, 403, 500, 503, 504];
    /// What needs no token.
    Open = [400, 500, 503, 504];
    /// What needs no token and has a body.
    OpenOrder = [400, 403, 404, 408, 413, 415, 422, 500, 503, 504];
}
