//! Turns trouble into what comes over the line. How a refusal reads differs from service to service.

use bytes::Bytes;
use chrono::Utc;

use super::{
    fault::{Refusal, RetryAfter, Trouble},
    reply::{self, NoReply, Outcome, Reply},
};

/// How a service words its refusals.
pub(super) type Wording = fn(Refusal) -> Reply;

const GATEWAY_PAGE: &str = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n\
    <center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n";

pub(super) fn outcome(trouble: &Trouble, wording: Wording) -> Outcome {
    match trouble {
        Trouble::Refusal(refusal) => Ok(refused(*refusal, wording)),
        Trouble::Garbage => {
            Ok(reply::whole(200, "application/json", Bytes::from_static(b"{\"id\": \xff\xfe<oops>")))
        }
        Trouble::Endless => Ok(reply::endless("application/json", Bytes::from_static(b"{\"id\": \""))),
        Trouble::HangUp => Err(NoReply::HangUp),
        Trouble::Silence => Err(NoReply::Silence),
        Trouble::Redirect(address) => Ok(reply::redirect(address)),
    }
}

fn refused(refusal: Refusal, wording: Wording) -> Reply {
    match refusal {
        Refusal::Down(status @ (502 | 504)) => reply::whole(status, "text/html", GATEWAY_PAGE.into()),
        Refusal::Busy(retry_after) => match header(retry_after) {
            Some(value) => reply::with_header(wording(refusal), "retry-after", &value),
            None => wording(refusal),
        },
        Refusal::Down(_) | Refusal::BadKey | Refusal::NoCredit => wording(refusal),
    }
}

fn header(retry_after: RetryAfter) -> Option<String> {
    match retry_after {
        RetryAfter::Seconds(seconds) => Some(seconds.to_string()),
        RetryAfter::Date(from_now) => {
            Some((Utc::now() + from_now).format("%a, %d %b %Y %H:%M:%S GMT").to_string())
        }
        RetryAfter::Absent => None,
    }
}

/// The seconds that a service also tells in its body.
pub(super) fn seconds(retry_after: RetryAfter) -> u64 {
    match retry_after {
        RetryAfter::Seconds(seconds) => seconds,
        RetryAfter::Date(from_now) => from_now.as_secs(),
        RetryAfter::Absent => 30,
    }
}
