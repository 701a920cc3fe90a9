//! The roles, in the document.

use crate::serve::auth::Role;
use crate::serve::body::{Place, Readable};
use poem_openapi::Enum;

/// What its bearer may do: `user` is for `/v1`, `admin` for `/admin`, `auditor` for `/audit`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub(crate) enum RoleName {
    User,
    Admin,
    Auditor,
}

impl Readable for RoleName {
    fn take(place: Place<'_>) -> Option<RoleName> {
        place.one_of(&[RoleName::User, RoleName::Admin, RoleName::Auditor], |name| name.role().as_str())
    }
}

impl RoleName {
    pub(crate) fn role(self) -> Role {
        match self {
            RoleName::User => Role::User,
            RoleName::Admin => Role::Admin,
            RoleName::Auditor => Role::Auditor,
        }
    }
}

impl From<Role> for RoleName {
    fn from(role: Role) -> RoleName {
        match role {
            Role::User => RoleName::User,
            Role::Admin => RoleName::Admin,
            Role::Auditor => RoleName::Auditor,
        }
    }
}
