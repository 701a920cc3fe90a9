//! What every operation of the OpenAPI service is wrapped in: queries are read strictly, errors keep what they
//! know until the outer edge, an address that exists names the methods that it takes.

use super::parameters::Parameters;
use crate::serve::failure::from_framework;
use crate::serve::parameter::with_checks;
use crate::serve::problem::{FieldError, Problem};
use poem::endpoint::{BoxEndpoint, make};
use poem::error::ResponseError;
use poem::http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use poem::http::{Method, StatusCode};
use poem::{Endpoint, EndpointExt, Request, Response};
use poem_openapi::OpenApi;
use poem_openapi::error::{ParseParamError, ParsePathError};
use poem_openapi::registry::{MetaApi, Registry};
use std::collections::HashMap;
use std::sync::Arc;

/// The route as the OpenAPI document writes it, such as `/v1/generations/{id}`; carried by responses.
#[derive(Debug, Clone)]
pub(crate) struct RouteTemplate(pub Arc<str>);

/// An API whose operations are guarded.
pub(crate) struct Guarded<T>(pub T);

/// What the document says of one path.
#[derive(Clone)]
struct Path {
    template: Arc<str>,
    operations: HashMap<Method, Arc<Known>>,
}

/// What an operation reads.
#[derive(Default)]
struct Known {
    takes_body: bool,
    parameters: Parameters,
}

type Routes = HashMap<String, HashMap<Method, BoxEndpoint<'static>>>;

impl<T: OpenApi> OpenApi for Guarded<T> {
    fn meta() -> Vec<MetaApi> {
        T::meta()
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }

    fn add_routes(self, routes: &mut Routes) {
        let mut inner = Routes::new();
        self.0.add_routes(&mut inner);
        let paths = paths::<T>();
        for (address, methods) in inner {
            // The document and the routes come from the same declarations, so every address is in both.
            let Some(path) = paths.get(&address) else { continue };
            let allow = allowed(&methods);
            let mut guarded: HashMap<_, _> = methods
                .into_iter()
                .map(|(method, endpoint)| (method.clone(), guard(endpoint, path, &method)))
                .collect();
            for method in COMMON_METHODS {
                guarded.entry(method).or_insert_with(|| refuse(allow.clone(), path.template.clone()));
            }
            routes.insert(address, guarded);
        }
    }
}

const COMMON_METHODS: [Method; 6] =
    [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS];

fn allowed(methods: &HashMap<Method, BoxEndpoint<'static>>) -> String {
    let mut names: Vec<_> = methods.keys().map(Method::as_str).collect();
    if methods.contains_key(&Method::GET) {
        names.push("HEAD");
    }
    names.sort_unstable();
    names.join(", ")
}

/// Answers 405 with the methods that are there.
fn refuse(allow: String, template: Arc<str>) -> BoxEndpoint<'static> {
    make(move |_| {
        let mut problem = Problem::of_status(StatusCode::METHOD_NOT_ALLOWED);
        problem.allow = Some(allow.clone());
        let response = carried(&problem, template.clone());
        async move { Ok::<_, poem::Error>(response) }
    })
    .boxed()
}

fn guard(endpoint: BoxEndpoint<'static>, path: &Path, method: &Method) -> BoxEndpoint<'static> {
    let endpoint = Arc::new(endpoint);
    let known = path.operations.get(method).cloned().unwrap_or_default();
    let path = path.clone();
    make(move |request: Request| {
        let (endpoint, known, path) = (endpoint.clone(), known.clone(), path.clone());
        async move {
            let query: Vec<(String, String)> = request.params().unwrap_or_default();
            // Told only where the operation itself meets one of them: who may not ask hears that first.
            let unreadable = known.parameters.unreadable(&request, &query);
            let answered = match check(&request, &known, &query, &unreadable) {
                Ok(()) => endpoint.call(request).await,
                Err(problem) => Err(problem.into()),
            };
            let response = match answered {
                Ok(mut response) => {
                    response.set_data(RouteTemplate(path.template));
                    response
                }
                Err(error) => carried(&named(&error, unreadable), path.template),
            };
            Ok::<_, poem::Error>(response)
        }
    })
    .boxed()
}

fn carried(problem: &Problem, template: Arc<str>) -> Response {
    let mut response = problem.as_response();
    response.set_data(RouteTemplate(template));
    response
}

/// The problem of an error. The framework stops at the first parameter that is wrong, and only numbers those of the path: all
/// are named.
fn named(error: &poem::Error, unreadable: Vec<FieldError>) -> Problem {
    let is_of_parameter = error.is::<ParseParamError>() || error.is::<ParsePathError>();
    if is_of_parameter && !unreadable.is_empty() {
        return Problem::parameters(unreadable);
    }
    from_framework(error)
}

/// What is wrong with a request before its operation is asked.
fn check(
    request: &Request,
    known: &Known,
    query: &[(String, String)],
    unreadable: &[FieldError],
) -> Result<(), Problem> {
    let mut wrong = known.parameters.misplaced(query);
    if !wrong.is_empty() {
        let others = unreadable.iter().filter(|other| wrong.iter().all(|one| one.field != other.field));
        let others: Vec<_> = others.cloned().collect();
        wrong.extend(others);
        return Err(Problem::parameters(wrong));
    }
    check_headers(request, known.parameters.headers())?;
    if known.takes_body { Ok(()) } else { check_no_body(request) }
}

/// Headers of which a second one would leave open which is meant, whatever the operation reads. Of two equal lengths hyper
/// makes one before they come here, and refuses different ones.
const SINGLE_HEADERS: [&str; 8] = [
    "Host",
    "Authorization",
    "Content-Type",
    "Content-Encoding",
    "Content-Length",
    "Idempotency-Key",
    "Prefer",
    "Cooly-User",
];

/// A body that nobody reads was meant to do something.
fn check_no_body(request: &Request) -> Result<(), Problem> {
    let headers = request.headers();
    let is_empty = headers.get(CONTENT_LENGTH).is_none_or(|length| length == "0");
    if is_empty && !headers.contains_key(TRANSFER_ENCODING) {
        return Ok(());
    }
    Err(Problem::bad_request("body_unexpected", "this operation takes no body; send it without one"))
}

/// The framework takes the first of several headers, and one that it cannot read for none at all. An idempotency
/// key must not get lost like that.
pub(crate) fn check_headers(request: &Request, known: &[String]) -> Result<(), Problem> {
    let single = SINGLE_HEADERS.iter().copied().chain(known.iter().map(String::as_str));
    for name in single {
        let mut values = request.headers().get_all(name).iter();
        let (first, second) = (values.next(), values.next());
        if second.is_some() {
            return Err(Problem::parameter(name, "is given twice"));
        }
        if first.is_some_and(|value| value.to_str().is_err()) {
            return Err(Problem::parameter(name, "must be visible ASCII"));
        }
    }
    Ok(())
}

/// Every path of the document, by the router's own way of writing it.
fn paths<T: OpenApi>() -> HashMap<String, Path> {
    let mut paths = HashMap::new();
    let (apis, checks) = with_checks(T::meta);
    for meta in apis.into_iter().flat_map(|api| api.paths) {
        let (address, in_path) = as_routed(&meta.path);
        let template = meta.path.as_str().into();
        let path = paths.entry(address).or_insert_with(|| Path { template, operations: HashMap::new() });
        for operation in meta.operations {
            let known = Known {
                takes_body: operation.request.is_some(),
                parameters: Parameters::new(operation.params, &checks, &in_path),
            };
            path.operations.insert(operation.method, Arc::new(known));
        }
    }
    paths
}

/// `/a/{id}/b/{n}` is `/a/:param0/b/:param1` to the router.
fn as_routed(path: &str) -> (String, Vec<String>) {
    let mut names = Vec::new();
    let segments = path.split('/').map(|segment| {
        match segment.strip_prefix('{').and_then(|segment| segment.strip_suffix('}')) {
            Some(name) => {
                names.push(name.to_owned());
                format!(":param{}", names.len() - 1)
            }
            None => segment.to_owned(),
        }
    });
    (segments.collect::<Vec<_>>().join("/"), names)
}

#[cfg(test)]
mod tests {
    use super::as_routed;

    #[test]
    fn parameters_are_numbered_for_the_router() {
        let (address, names) = as_routed("/v1/generations/{id}/outputs/{index}");
        assert_eq!(address, "/v1/generations/:param0/outputs/:param1");
        assert_eq!(names, ["id", "index"]);
        assert_eq!(as_routed("/v1/credits"), ("/v1/credits".into(), Vec::new()));
    }
}
