//! `Prefer: wait=N` and `respond-async` (RFC 7240). Preferences that are not understood are ignored, as the standard demands.

use std::time::Duration;

/// How long the client would like to wait, at most 30 seconds; `None` if it does not say.
pub(crate) fn wait(prefer: Option<&str>) -> Option<Duration> {
    let seconds = prefer?.split(',').find_map(|preference| {
        let (name, value) = preference.split(';').next()?.split_once('=')?;
        let is_wait = name.trim().eq_ignore_ascii_case("wait");
        is_wait.then(|| value.trim().trim_matches('"').parse::<u64>().ok()).flatten()
    })?;
    Some(Duration::from_secs(seconds).min(crate::serve::shell::LONGEST_WAIT))
}

/// Whether the client would like to be answered before the work is done.
pub(crate) fn responds_async(prefer: Option<&str>) -> bool {
    let mut preferences = prefer.into_iter().flat_map(|prefer| prefer.split(','));
    preferences.any(|preference| {
        let name = preference.split(';').next().unwrap_or_default();
        name.trim().eq_ignore_ascii_case("respond-async")
    })
}

#[cfg(test)]
mod tests {
    use super::{responds_async, wait};

    #[test]
    fn only_a_wait_of_whole_seconds_is_understood() {
        for (prefer, seconds) in [
            ("wait=5", Some(5)),
            ("respond-async, WAIT = 7;x=1", Some(7)),
            ("wait=\"3\"", Some(3)),
            ("wait=1000000", Some(30)),
            ("wait", None),
            ("wait=soon", None),
            ("wait=-1", None),
            ("", None),
        ] {
            assert_eq!(wait(Some(prefer)).map(|wait| wait.as_secs()), seconds, "{prefer}");
        }
        assert_eq!(wait(None), None);
    }

    #[test]
    fn to_be_answered_at_once_is_asked_for_by_name() {
        for (prefer, is_asked) in [
            ("respond-async", true),
            ("wait=5, Respond-Async", true),
            (" respond-async ; x=1", true),
            ("wait=5", false),
            ("respond-asynchronously", false),
            ("", false),
        ] {
            assert_eq!(responds_async(Some(prefer)), is_asked, "{prefer}");
        }
        assert!(!responds_async(None));
    }
}
