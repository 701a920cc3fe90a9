//! `/session`: who is signed in on the pages of this browser. The token that they bring is kept in a cookie; see `auth::session`.

use crate::app::App;
use crate::resources::Tag;
use crate::serve::auth::{Anyone, Caller, Role, bearer_text, session};
use crate::serve::declared::{Answer, Open, SignIn, SignOut};
use crate::serve::parameter::Header;
use crate::serve::problem::Problem;
use crate::words::role::RoleName;
use crate::words::scalars::{Instant, UserName};
use chrono::{DateTime, Utc};
use ledger::UserId;
use poem::http::HeaderMap;
use poem::web::Data;
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Object, OpenApi};

/// Somebody who is signed in.
#[derive(Debug, Object)]
struct Session {
    /// What they may do.
    role: RoleName,
    /// Who it is.
    sub: UserName,
    /// When they have to sign in again.
    expires_at: Instant,
}

impl Session {
    fn new(role: Role, user: UserId, expires_at: DateTime<Utc>) -> Session {
        Session { role: role.into(), sub: UserName(user), expires_at: Instant(expires_at) }
    }
}

/// Who is signed in here.
#[derive(Debug, Object)]
struct Sessions {
    /// At most one for each role.
    sessions: Vec<Session>,
    /// Whether `POST /dev/token` hands out tokens, so that nobody needs to bring one.
    hands_out_tokens: bool,
}

/// Signed in.
#[derive(ApiResponse)]
enum SignedIn {
    /// Signed in until the token ends.
    #[oai(status = 200)]
    Done(
        Json<Session>,
        /// What makes the browser keep the token, away from scripts.
        #[oai(header = "Set-Cookie")]
        String,
    ),
}

/// Signed out.
#[derive(ApiResponse)]
enum SignedOut {
    /// Signed out.
    #[oai(status = 204)]
    Done(
        /// What makes the browser forget the token.
        #[oai(header = "Set-Cookie")]
        String,
    ),
}

/// See the module.
pub(crate) struct SessionsApi;

#[OpenApi(tag = "Tag::Pages")]
impl SessionsApi {
    /// Sign in on the pages
    ///
    /// Exchanges the token in `Authorization` for a cookie that lasts as long as the token. It counts only for requests of pages of
    /// this server that send `Cooly-Session` with the role. Programs need none of this: they send their token or API key.
    #[oai(path = "/session", method = "post", operation_id = "signIn")]
    #[expect(clippy::unused_async, reason = "operations are async by declaration")]
    async fn sign_in(
        &self,
        caller: Caller<Anyone>,
        app: Data<&App>,
        headers: &HeaderMap,
        /// The role that is needed; a token of another one is refused.
        #[oai(name = "Cooly-Session")]
        role: Header<Option<RoleName>>,
    ) -> Answer<SignedIn, SignIn> {
        caller.demand_token("signing in")?;
        let wanted = role.0.map_or(caller.role, RoleName::role);
        if wanted != caller.role {
            let detail =
                format!("this needs a token with the role `{wanted}`, and yours has `{}`", caller.role);
            return Err(Problem::forbidden(detail).into());
        }
        let token = bearer_text(headers).ok_or_else(Problem::unauthenticated)?;
        if token.len() > session::MAX_TOKEN_BYTES {
            let most = session::MAX_TOKEN_BYTES;
            let detail =
                format!("no browser keeps a token of {} bytes; it may have {most} at most", token.len());
            return Err(Problem::unprocessable("token_too_long", detail).into());
        }
        let expires_at =
            caller.validity.expires_at.ok_or_else(|| Problem::internal("a token without an end"))?;
        let cookie = session::keep(caller.role, token, expires_at, app.now());
        Ok(SignedIn::Done(Json(Session::new(caller.role, caller.user, expires_at)), cookie))
    }

    /// Who is signed in on the pages
    ///
    /// Tells pages of this server whose cookies are good now; to anybody else it tells of none.
    #[oai(path = "/session", method = "get", operation_id = "listSessions")]
    async fn list(&self, app: Data<&App>, headers: &HeaderMap) -> Answer<Json<Sessions>, Open> {
        let mut sessions = Vec::new();
        if session::is_own_page(headers) {
            for role in Role::ALL {
                let Some(token) = session::kept(headers, role) else { continue };
                // One that cannot be checked now keeps nobody from the others.
                let Ok(Some(bearer)) = app.keys.check(&token, app.now()).await else { continue };
                let Some(expires_at) = bearer.validity.expires_at else { continue };
                if bearer.role == role {
                    sessions.push(Session::new(role, bearer.user, expires_at));
                }
            }
        }
        Ok(Json(Sessions { sessions, hands_out_tokens: app.dev_tokens }))
    }

    /// Sign out
    ///
    /// Makes the browser forget the token. The token itself stays good until it ends.
    #[oai(path = "/session", method = "delete", operation_id = "signOut")]
    #[expect(clippy::unused_async, reason = "operations are async by declaration")]
    async fn sign_out(
        &self,
        headers: &HeaderMap,
        /// The role that is signed out.
        #[oai(name = "Cooly-Session")]
        role: Header<RoleName>,
    ) -> Answer<SignedOut, SignOut> {
        if !session::is_own_page(headers) {
            let detail = "only a page of this server signs out; a program has nothing to sign out of";
            return Err(Problem::forbidden(detail).into());
        }
        Ok(SignedOut::Done(session::forget(role.0.role())))
    }
}
