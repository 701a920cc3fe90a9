//! Why a job failed, for the user who waits: the log has one sentence, written for whoever mends things. Where that says nothing to
//! anybody else, there is another one.

use super::failure::Failure;
use super::state::Status;

impl Failure {
    /// The sentence that the user of a job in this status is told.
    pub fn for_its_user(&self, status: Status) -> &str {
        users_words(&self.code, status).unwrap_or(&self.message)
    }
}

/// What only an operator can make something of.
#[derive(Debug, Clone, Copy)]
enum Matter {
    /// Nobody knows whether the provider has made it.
    PerhapsMade,
    /// Something of ours, or our account at the provider, wants mending.
    NotBegun,
}

impl Matter {
    fn of(code: &str) -> Option<Matter> {
        match code {
            "submit_unknown" | "task_gone" => Some(Matter::PerhapsMade),
            "queue_message_refused"
            | "queue_redrive_exhausted"
            | "provider_auth"
            | "provider_quota"
            | "provider_spend_cap"
            | "provider_spend_unknown" => Some(Matter::NotBegun),
            _ => None,
        }
    }
}

/// What a user is told instead of a sentence that speaks to an operator.
fn users_words(code: &str, status: Status) -> Option<&'static str> {
    Some(match (Matter::of(code)?, status) {
        (Matter::PerhapsMade, Status::Failed | Status::Discarded) => {
            "nobody could tell whether it was made, so it was given up; this run costs nothing"
        }
        (Matter::PerhapsMade, Status::Dead) => {
            "it may have been made already and nobody can tell; somebody looks into it, and this run is charged once at most"
        }
        (Matter::PerhapsMade, _) => {
            "it may have been made already; that is being found out, and then it goes on"
        }
        (Matter::NotBegun, Status::Failed | Status::Discarded) => {
            "it could not be made; this run costs nothing"
        }
        (Matter::NotBegun, Status::Dead) => {
            "it could not be begun; somebody looks into it, and this run is charged once at most"
        }
        (Matter::NotBegun, _) => "it cannot be begun at the moment; it is tried again",
    })
}

#[cfg(test)]
mod tests {
    use crate::job::{Failure, FailureClass, Status};

    fn told(code: &str, status: Status) -> String {
        let message = "look at the provider before you retry".to_owned();
        let failure = Failure { class: FailureClass::Transient, code: code.into(), message, billed: None };
        failure.for_its_user(status).to_owned()
    }

    #[test]
    fn nobody_is_told_what_only_an_operator_can_do() {
        for code in [
            "submit_unknown",
            "task_gone",
            "queue_message_refused",
            "queue_redrive_exhausted",
            "provider_auth",
        ] {
            assert!(!told(code, Status::Dead).contains("provider before"), "{code}");
        }
        let unknown =
            [Status::Queued, Status::Dead, Status::Discarded].map(|status| told("submit_unknown", status));
        assert!(
            unknown[0].contains("goes on")
                && unknown[1].contains("somebody")
                && unknown[2].contains("costs nothing")
        );
    }

    #[test]
    fn what_speaks_to_everybody_is_told_as_it_is() {
        assert_eq!(told("content_refused", Status::Failed), "look at the provider before you retry");
    }
}
