//! What every operation of the OpenAPI service is wrapped in: queries are read strictly, errors keep what they
//! know until the outer edge, an address that exists names the methods that it takes.

use crate::serve::failure::{from_framework, without_type};
use crate::serve::problem::{FieldError, Problem};
use poem::endpoint::{BoxEndpoint, make};
use poem::error::ResponseError;
use poem::http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use poem::http::{Method, StatusCode};
use poem::{Endpoint, EndpointExt, Request, Response};
use poem_openapi::OpenApi;
use poem_openapi::error::ParsePathError;
use poem_openapi::registry::{MetaApi, MetaParamIn, Registry};
use std::collections::{HashMap, HashSet};
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
    parameters: Arc<[String]>,
    /// What each method reads beside the path and the body.
    operations: HashMap<Method, Arc<Known>>,
}

/// The names of an operation's parameters.
#[derive(Default)]
struct Known {
    /// Whether it reads a body.
    takes_body: bool,
    query: HashSet<String>,
    headers: Vec<String>,
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
            let answered = match check_query(&request, &known.query)
                .and_then(|()| check_headers(&request, &known.headers))
                .and_then(|()| if known.takes_body { Ok(()) } else { check_no_body(&request) })
            {
                Ok(()) => endpoint.call(request).await,
                Err(problem) => Err(problem.into()),
            };
            let response = match answered {
                Ok(mut response) => {
                    response.set_data(RouteTemplate(path.template));
                    response
                }
                Err(error) => carried(&named(&error, &path.parameters), path.template),
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

/// The problem of an error; path parameters, which the framework only numbers, get their names back.
fn named(error: &poem::Error, parameters: &[String]) -> Problem {
    let Some(wrong) = error.downcast_ref::<ParsePathError>() else { return from_framework(error) };
    let index = wrong.name.trim_start_matches("param").parse::<usize>().unwrap_or_default();
    let name = parameters.get(index).map_or(wrong.name, String::as_str);
    Problem::parameter(name, without_type(&wrong.reason))
}

/// A parameter that nobody reads was meant to do something: leaving it out silently would do something else.
fn check_query(request: &Request, known: &HashSet<String>) -> Result<(), Problem> {
    let query: Vec<(String, String)> = request.params().unwrap_or_default();
    let (mut seen, mut told) = (HashSet::new(), HashSet::new());
    let mut wrong = Vec::new();
    for (name, _) in &query {
        let message = match (known.contains(name), seen.insert(name)) {
            (true, true) => continue,
            (true, false) => "is given twice",
            (false, _) => "is not a parameter of this operation",
        };
        if told.insert(name) && wrong.len() < MOST_NAMED {
            let name: String = name.chars().filter(|letter| !letter.is_control()).take(100).collect();
            wrong.push(FieldError::new(name, message));
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(Problem::parameters(wrong)) }
}

/// So many parameters are told to be wrong: a query of nothing else must not blow up the answer.
const MOST_NAMED: usize = 20;

/// Headers of which a second one would leave open which is meant, whatever the operation reads. Of two equal lengths hyper
/// makes one before they come here, and refuses different ones.
const SINGLE_HEADERS: [&str; 7] = [
    "Host",
    "Authorization",
    "Content-Type",
    "Content-Encoding",
    "Content-Length",
    "Idempotency-Key",
    "Prefer",
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
    for meta in T::meta().into_iter().flat_map(|api| api.paths) {
        let (address, parameters) = as_routed(&meta.path);
        let template = meta.path.as_str().into();
        let path = paths.entry(address).or_insert_with(|| Path {
            template,
            parameters: parameters.into(),
            operations: HashMap::new(),
        });
        for operation in meta.operations {
            let mut known = Known { takes_body: operation.request.is_some(), ..Known::default() };
            for parameter in operation.params {
                match parameter.in_type {
                    MetaParamIn::Query => drop(known.query.insert(parameter.name)),
                    MetaParamIn::Header => known.headers.push(parameter.name),
                    MetaParamIn::Path
                    | MetaParamIn::Cookie
                    | MetaParamIn::CookiePrivate
                    | MetaParamIn::CookieSigned => {}
                }
            }
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
