//! The caller of an operation: the extractor that checks the token, the role and the rate, in this order and
//! before anything else of the request is read. It asks no database.

use super::claims::Role;
use super::keys::Bearer;
use crate::app::App;
use crate::serve::problem::Problem;
use crate::serve::shell::Scope;
use chrono::{DateTime, Utc};
use ledger::{AccountId, Actor, Context, UserId};
use poem::http::header::AUTHORIZATION;
use poem::{Request, RequestBody, Result};
use poem_openapi::registry::{MetaSecurityScheme, Registry};
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};
use std::marker::PhantomData;

/// The roles of which an operation demands one.
pub(crate) trait Demand: Send + Sync + 'static {
    const ROLES: &'static [Role];
}

/// Demands a user.
pub(crate) struct UserOnly;

/// Demands an admin.
pub(crate) struct AdminOnly;

/// Demands an auditor.
pub(crate) struct AuditorOnly;

/// Demands an admin or an auditor.
pub(crate) struct Officers;

impl Demand for UserOnly {
    const ROLES: &'static [Role] = &[Role::User];
}

impl Demand for AdminOnly {
    const ROLES: &'static [Role] = &[Role::Admin];
}

impl Demand for AuditorOnly {
    const ROLES: &'static [Role] = &[Role::Auditor];
}

impl Demand for Officers {
    const ROLES: &'static [Role] = &[Role::Admin, Role::Auditor];
}

/// Somebody with a valid token of a role that the operation demands.
pub(crate) struct Caller<D> {
    pub user: UserId,
    pub account: AccountId,
    /// When the token ends; a stream must not outlive it.
    pub token_expires_at: DateTime<Utc>,
    role: Role,
    request_id: String,
    demands: PhantomData<D>,
}

impl<D: Demand> Caller<D> {
    /// The id under which the logs speak of the request.
    pub(crate) fn request_id(&self) -> &str {
        &self.request_id
    }

    /// Who acts, for the log.
    pub(crate) fn context(&self) -> Context {
        let name = self.user.as_str().to_owned();
        let actor = match self.role {
            Role::User => Actor::User(name),
            // An auditor writes nothing; were it ever to, it would do so as an officer.
            Role::Admin | Role::Auditor => Actor::Admin(name),
        };
        Context { actor, request_id: self.request_id.clone(), causation_id: None }
    }
}

const SCHEME: &str = "bearer";

impl<'a, D: Demand> ApiExtractor<'a> for Caller<D> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::SecurityScheme];

    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        let scheme = MetaSecurityScheme {
            ty: "http",
            description: Some(
                "A JSON web token whose `role` is `user` for `/v1`, `admin` for `/admin` or `auditor` for `/audit`",
            ),
            name: None,
            key_in: None,
            scheme: Some("bearer"),
            bearer_format: Some("JWT"),
            flows: None,
            openid_connect_url: None,
        };
        registry.create_security_scheme(SCHEME, scheme);
    }

    fn security_schemes() -> Vec<&'static str> {
        vec![SCHEME]
    }

    async fn from_request(
        request: &'a Request,
        _body: &mut RequestBody,
        _options: ExtractParamOptions<()>,
    ) -> Result<Self> {
        let (app, scope) = (App::of(request)?, Scope::of(request)?);
        let bearer = admitted(request, &app, &scope, D::ROLES)?;
        Ok(Caller {
            account: bearer.user.account(),
            user: bearer.user,
            token_expires_at: bearer.expires_at,
            role: bearer.role,
            request_id: scope.request_id().to_owned(),
            demands: PhantomData,
        })
    }
}

/// Checks the token, then the role, then the rate.
pub(crate) fn admitted(
    request: &Request,
    app: &App,
    scope: &Scope,
    roles: &[Role],
) -> Result<Bearer, Problem> {
    let token = bearer_token(request).ok_or_else(Problem::unauthenticated)?;
    let bearer = app.keys.check(token, app.now()).ok_or_else(Problem::unauthenticated)?;
    scope.note_role(bearer.role);
    if !roles.contains(&bearer.role) {
        let needed: Vec<_> = roles.iter().map(|role| role.as_str()).collect();
        let needed = needed.join("` or `");
        return Err(Problem::forbidden(format!(
            "this needs a token with the role `{needed}`, and yours has `{}`",
            bearer.role
        )));
    }
    match app.throttle.take(bearer.user.account()) {
        Ok(allowance) => {
            scope.note_allowance(allowance);
            Ok(bearer)
        }
        Err(allowance) => {
            let retry_after = allowance.retry_after;
            scope.note_allowance(allowance);
            Err(Problem::too_many("rate_limited", "too many requests; slow down").retrying(retry_after))
        }
    }
}

/// The token of the one `Authorization` header.
fn bearer_token(request: &Request) -> Option<&str> {
    let mut headers = request.headers().get_all(AUTHORIZATION).iter();
    let (only, another) = (headers.next()?, headers.next());
    let (scheme, token) = only.to_str().ok()?.split_once(' ')?;
    (another.is_none() && scheme.eq_ignore_ascii_case("bearer")).then(|| token.trim())
}
