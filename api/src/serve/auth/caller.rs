//! The caller of an operation: the extractor that checks the token or the API key, the role and the rate, in this order and
//! before anything else of the request is read. For a token it asks no database.

use super::bearer::{Bearer, Validity};
use super::claims::Role;
use super::on_behalf;
use super::session::Meant;
use crate::app::App;
use crate::serve::problem::Problem;
use crate::serve::shell::{Scope, Throttle};
use apikeys::{Key, Secret};
use ledger::{AccountId, Actor, Context, UserId};
use poem::http::header::AUTHORIZATION;
use poem::http::{HeaderMap, StatusCode};
use poem::{Request, RequestBody, Result};
use poem_openapi::registry::{MetaSecurityScheme, Registry};
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};
use std::marker::PhantomData;
use uuid::Uuid;

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

/// Demands nothing but to know who it is.
pub(crate) struct Anyone;

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

impl Demand for Anyone {
    const ROLES: &'static [Role] = &Role::ALL;
}

/// Somebody with a valid token or API key of a role that the operation demands.
pub(crate) struct Caller<D> {
    pub user: UserId,
    pub account: AccountId,
    /// For how long the token or the key is good; a stream must not outlive it.
    pub validity: Validity,
    pub role: Role,
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
        // What a key leads to names it. What a person with a token does was caused by nothing else.
        Context { actor, request_id: self.request_id.clone(), causation_id: self.validity.key }
    }

    /// Refuses whoever came with an API key: one that got into wrong hands must not outlive itself by making others.
    pub(crate) fn demand_token(&self, what: &str) -> Result<(), Problem> {
        if self.validity.key.is_none() {
            return Ok(());
        }
        let detail = format!("{what} needs a token: an API key cannot do it");
        Err(Problem::new(StatusCode::FORBIDDEN, "key_not_enough", "Not with an API key", detail))
    }
}

const SCHEME: &str = "bearer";

const DESCRIPTION: &str = "A JSON web token whose `role` is `user` for `/v1`, `admin` for `/admin` or `auditor` for `/audit`; or an API \
    key (`ck_live_…`, `ck_test_…`) whose scope is one of these, or `backend`: it may do under `/v1` what any user may, and says for \
    whom in the header `Cooly-User` (the user's id, percent-encoded). Nobody else may send that header. A key that is not taken is \
    answered 401 with the code `key_malformed`, `key_unknown`, `key_revoked`, `key_expired` or `key_environment`.";

impl<'a, D: Demand> ApiExtractor<'a> for Caller<D> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::SecurityScheme];

    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        let scheme = MetaSecurityScheme {
            ty: "http",
            description: Some(DESCRIPTION),
            name: None,
            key_in: None,
            scheme: Some("bearer"),
            bearer_format: Some("JWT or API key"),
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
        let bearer = admitted(request, &app, &scope, D::ROLES).await?;
        Ok(Caller {
            account: bearer.user.account(),
            user: bearer.user,
            validity: bearer.validity,
            role: bearer.role,
            request_id: scope.request_id().to_owned(),
            demands: PhantomData,
        })
    }
}

/// Checks the token or the key, then the role, then the rate; of a key a wider one comes first.
pub(crate) async fn admitted(
    request: &Request,
    app: &App,
    scope: &Scope,
    roles: &[Role],
) -> Result<Bearer, Problem> {
    let bearer = match credential(request.headers()).ok_or_else(Problem::unauthenticated)? {
        Credential::Key(text) => {
            let secret = app.gate.read(text)?;
            // Before the database is asked: a key that is dead or used where it may not must not keep readers busy. And users can
            // be made up, each with a rate of its own.
            take_turn(&app.bearers, scope, bucket(&secret))?;
            let key = app.gate.admit(&secret).await?;
            scope.note_key(key.id);
            let role = Role::of(key.scope);
            demand(roles, role, scope, &format!("your API key has the scope `{}`", key.scope))?;
            of_key(request, key, role)?
        }
        Credential::Token(token) => of_token(request, app, scope, roles, token).await?,
        Credential::Session(meant) => {
            let bearer = of_token(request, app, scope, roles, &meant.token).await?;
            // Somebody else has signed in since, in another tab.
            if !meant.is_of(&bearer.user) {
                return Err(Problem::unauthenticated());
            }
            bearer
        }
    };
    take_turn(&app.throttle, scope, bearer.user.account())?;
    Ok(bearer)
}

async fn of_token(
    request: &Request,
    app: &App,
    scope: &Scope,
    roles: &[Role],
    token: &str,
) -> Result<Bearer, Problem> {
    let bearer = app.keys.check(token, app.now()).await?.ok_or_else(Problem::unauthenticated)?;
    demand(roles, bearer.role, scope, &format!("yours has `{}`", bearer.role))?;
    on_behalf::refuse(request)?;
    Ok(bearer)
}

fn demand(roles: &[Role], role: Role, scope: &Scope, has: &str) -> Result<(), Problem> {
    scope.note_role(role);
    if roles.contains(&role) {
        return Ok(());
    }
    let needed: Vec<_> = roles.iter().map(|role| role.as_str()).collect();
    let needed = needed.join("` or `");
    Err(Problem::forbidden(format!("this needs a token with the role `{needed}`, and {has}")))
}

/// A key acts as its owner, and one without an owner as the user that the request names.
fn of_key(request: &Request, key: Key, role: Role) -> Result<Bearer, Problem> {
    let user = match key.owner {
        Some(owner) => {
            on_behalf::refuse(request)?;
            owner
        }
        None => on_behalf::required(request)?,
    };
    Ok(Bearer { user, role, validity: Validity { expires_at: key.expires_at, key: Some(key.id) } })
}

/// Under what a key's turns are counted. These bits are as good as random, so no two keys share them.
fn bucket(secret: &Secret) -> AccountId {
    let hash = secret.hash();
    AccountId(Uuid::from_u128(hash.iter().take(16).fold(0, |bits, byte| (bits << 8) | u128::from(*byte))))
}

fn take_turn(throttle: &Throttle, scope: &Scope, whose: AccountId) -> Result<(), Problem> {
    match throttle.take(whose) {
        Ok(allowance) => {
            scope.note_allowance(allowance);
            Ok(())
        }
        Err(allowance) => {
            let retry_after = allowance.retry_after;
            scope.note_allowance(allowance);
            Err(Problem::too_many("rate_limited", "too many requests; slow down").retrying(retry_after))
        }
    }
}

/// What a request shows.
enum Credential<'a> {
    Key(&'a str),
    Token(&'a str),
    Session(Meant),
}

/// What a request bears, or else its session.
fn credential(headers: &HeaderMap) -> Option<Credential<'_>> {
    if !headers.contains_key(AUTHORIZATION) {
        return Meant::of(headers).map(Credential::Session);
    }
    let text = bearer_text(headers)?;
    Some(if text.starts_with(apikeys::PREFIX) { Credential::Key(text) } else { Credential::Token(text) })
}

/// What the one `Authorization` header bears.
pub(crate) fn bearer_text(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let (only, another) = (values.next()?, values.next());
    let (scheme, text) = only.to_str().ok()?.split_once(' ')?;
    (another.is_none() && scheme.eq_ignore_ascii_case("bearer")).then(|| text.trim())
}
