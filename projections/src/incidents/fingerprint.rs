//! What makes failures the same: one pure function from what is known of a dead job to the name of its cause.

use super::message::normal;
use ledger::job::{FailureClass, Kind};
use uuid::Uuid;

/// The way in which fingerprints are made. Another way has another number, so that names of the two never meet; the step of the
/// schema that brings it empties the column, and the projector fills it again.
const WAY: u32 = 1;

/// What a job died of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cause<'a> {
    pub kind: Kind,
    /// The provider that was asked last, where the log tells.
    pub provider: Option<&'a str>,
    pub model: &'a str,
    pub class: FailureClass,
    pub code: &'a str,
    pub message: &'a str,
}

/// The name of the cause: `1-` and 32 hexadecimal digits.
pub(crate) fn fingerprint(cause: &Cause<'_>) -> String {
    let message = normal(cause.message);
    let parts = [
        cause.kind.as_str(),
        cause.provider.unwrap_or_default(),
        cause.model,
        cause.class.as_str(),
        cause.code,
        &message,
    ];
    // Lengths, so that no part can reach into the next.
    let name: String = parts.iter().map(|part| format!("{}:{part}", part.len())).collect();
    format!("{WAY}-{}", Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes()).simple())
}

#[cfg(test)]
mod tests {
    use super::{Cause, fingerprint};
    use ledger::job::{FailureClass, Kind};

    const CAUSE: Cause<'static> = Cause {
        kind: Kind::Image,
        provider: Some("acme"),
        model: "sim-image",
        class: FailureClass::Transient,
        code: "provider_down",
        message: "task 17 timed out",
    };

    #[test]
    fn the_same_cause_has_the_same_name_for_ever() {
        assert_eq!(fingerprint(&CAUSE), "1-57bdd215e3a95d6a95d3751b2a45198c");
        let other = Cause { message: "Task 99  timed out", ..CAUSE };
        assert_eq!(fingerprint(&other), fingerprint(&CAUSE));
    }

    #[test]
    fn whatever_else_differs_is_another_cause() {
        let others = [
            Cause { kind: Kind::Video, ..CAUSE },
            Cause { provider: None, ..CAUSE },
            Cause { provider: Some("other"), ..CAUSE },
            Cause { model: "sim-image-hd", ..CAUSE },
            Cause { class: FailureClass::Throttled, ..CAUSE },
            Cause { code: "provider_slow", ..CAUSE },
            Cause { message: "task 17 was refused", ..CAUSE },
            Cause { provider: Some("acmesim-image"), model: "", ..CAUSE },
        ];
        let mut names: Vec<String> = others.iter().chain([&CAUSE]).map(fingerprint).collect();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), others.len() + 1);
    }
}
