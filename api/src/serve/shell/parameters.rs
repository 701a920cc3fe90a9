//! The parameters of an operation as the document has them, and everything that is wrong with those of a request.

use crate::serve::failure::without_type;
use crate::serve::parameter::{Check, place};
use crate::serve::problem::FieldError;
use poem::Request;
use poem_openapi::registry::{MetaOperationParam, MetaParamIn};
use std::collections::HashSet;

/// So many parameters are told to be wrong: a query of nothing else must not blow up the answer.
const MOST_NAMED: usize = 20;

/// What an operation reads beside its body.
#[derive(Default)]
pub(super) struct Parameters {
    all: Vec<Parameter>,
    query: HashSet<String>,
    headers: Vec<String>,
}

struct Parameter {
    name: String,
    source: Source,
    is_required: bool,
    check: Option<Check>,
}

/// Where the values of a parameter are.
enum Source {
    /// In the path, under the name that the router has for it.
    Path(String),
    Query,
    Header,
}

impl Parameters {
    /// Those of an operation; `checks` came with their description, `in_path` are the names in its path, in order.
    pub(super) fn new(
        described: Vec<MetaOperationParam>,
        checks: &[Check],
        in_path: &[String],
    ) -> Parameters {
        let mut parameters = Parameters::default();
        for MetaOperationParam { name, schema, in_type, required, .. } in described {
            let source = match in_type {
                MetaParamIn::Path => {
                    let index = in_path.iter().position(|other| *other == name).unwrap_or_default();
                    Source::Path(format!("param{index}"))
                }
                MetaParamIn::Query => {
                    parameters.query.insert(name.clone());
                    Source::Query
                }
                MetaParamIn::Header => {
                    parameters.headers.push(name.clone());
                    Source::Header
                }
                MetaParamIn::Cookie | MetaParamIn::CookiePrivate | MetaParamIn::CookieSigned => continue,
            };
            let check = place(&schema).and_then(|place| checks.get(place).copied());
            parameters.all.push(Parameter { name, source, is_required: required, check });
        }
        parameters
    }

    /// The headers among them.
    pub(super) fn headers(&self) -> &[String] {
        &self.headers
    }

    /// What cannot stand in this query: a parameter that nobody reads was meant to do something, and leaving it out silently
    /// would do something else.
    pub(super) fn misplaced(&self, query: &[(String, String)]) -> Vec<FieldError> {
        let (mut seen, mut told) = (HashSet::new(), HashSet::new());
        let mut wrong = Vec::new();
        for (name, _) in query {
            let message = match (self.query.contains(name), seen.insert(name)) {
                (true, true) => continue,
                (true, false) => "is given twice",
                (false, _) => "is not a parameter of this operation",
            };
            if told.insert(name) && wrong.len() < MOST_NAMED {
                let name: String = name.chars().filter(|letter| !letter.is_control()).take(100).collect();
                wrong.push(FieldError::new(name, message));
            }
        }
        wrong
    }

    /// What cannot be read as what it must be.
    pub(super) fn unreadable(&self, request: &Request, query: &[(String, String)]) -> Vec<FieldError> {
        let wrong = self.all.iter().filter_map(|parameter| {
            let values = parameter.source.values(request, query, &parameter.name);
            if values.is_empty() && !parameter.is_required {
                return None;
            }
            let reason = parameter.check?(&values).err()?;
            Some(FieldError::new(&parameter.name, without_type(&reason)))
        });
        wrong.collect()
    }
}

impl Source {
    fn values(&self, request: &Request, query: &[(String, String)], name: &str) -> Vec<String> {
        match self {
            Source::Path(routed) => request.raw_path_param(routed).map(str::to_owned).into_iter().collect(),
            Source::Query => {
                query.iter().filter(|(other, _)| other == name).map(|(_, value)| value.clone()).collect()
            }
            Source::Header => {
                let values = request.headers().get_all(name).iter();
                values.filter_map(|value| value.to_str().ok()).map(str::to_owned).collect()
            }
        }
    }
}
