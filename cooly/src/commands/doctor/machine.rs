//! This machine: what the process may open.

use super::finding::Finding;
use crate::descriptors;

const TOPIC: &str = "files";

/// What an API with all its connections takes.
const PLENTY: u64 = 4_096 + descriptors::RESERVED;

pub(super) fn look() -> Vec<Finding> {
    let most = descriptors::raise();
    let found = format!("{most} files and connections may be open at once");
    vec![if most >= PLENTY {
        Finding::ok(TOPIC, found)
    } else {
        Finding::warn(
            TOPIC,
            found,
            format!(
                "an API takes fewer connections than it could; raise the limit to {PLENTY} with `ulimit -n` or LimitNOFILE"
            ),
        )
    }]
}
