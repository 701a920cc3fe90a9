//! What is known about the request in work: made before anything else looks at it, filled in on the way,
//! and read once the answer is ready.

use super::throttle::Allowance;
use crate::serve::auth::Role;
use crate::serve::problem::Problem;
use poem::Request;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use uuid::Uuid;

/// One request, from the first byte to the access log. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Scope {
    inner: Arc<Inner>,
}

struct Inner {
    request_id: String,
    role: OnceLock<Role>,
    key: OnceLock<Uuid>,
    allowance: Mutex<Option<Allowance>>,
}

impl Scope {
    pub(crate) fn new(request_id: String) -> Scope {
        let (role, key, allowance) = (OnceLock::new(), OnceLock::new(), Mutex::default());
        Scope { inner: Arc::new(Inner { request_id, role, key, allowance }) }
    }

    /// The scope of this request.
    pub(crate) fn of(request: &Request) -> Result<Scope, Problem> {
        let scope = request.extensions().get::<Scope>().cloned();
        scope.ok_or_else(|| Problem::internal("a request came in around the shell"))
    }

    /// The id in `X-Request-Id`, in problem documents, in logs and in the events that the request wrote.
    pub(crate) fn request_id(&self) -> &str {
        &self.inner.request_id
    }

    /// Notes who it turned out to be.
    pub(crate) fn note_role(&self, role: Role) {
        self.inner.role.get_or_init(|| role);
    }

    /// Notes through which API key it came.
    pub(crate) fn note_key(&self, key: Uuid) {
        self.inner.key.get_or_init(|| key);
    }

    /// Notes what is left of a rate. Of two, that of a key and that of its user, the one that ends first is told.
    pub(crate) fn note_allowance(&self, allowance: Allowance) {
        let mut noted = self.noted();
        if noted.as_ref().is_none_or(|noted| allowance.remaining <= noted.remaining) {
            *noted = Some(allowance);
        }
    }

    pub(super) fn role(&self) -> Option<Role> {
        self.inner.role.get().copied()
    }

    pub(super) fn key(&self) -> Option<Uuid> {
        self.inner.key.get().copied()
    }

    pub(super) fn allowance(&self) -> Option<Allowance> {
        self.noted().clone()
    }

    fn noted(&self) -> MutexGuard<'_, Option<Allowance>> {
        self.inner.allowance.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
