//! What can go wrong at a provider, as a test says it.

use std::time::Duration;

/// One thing that goes wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The request is answered with this, and nothing is done.
    Instead(Step, Trouble),
    /// The request is done, and then answered with this: whoever asked cannot know.
    After(Step, Trouble),
    /// What becomes of the next task that is accepted.
    Fate(Fate),
    /// What is wrong with a file that was made.
    File(FileFault),
    /// What is wrong with the next report.
    Webhook(WebhookFault),
    /// The addresses in the answer to a submit lead to this base, such as `http://127.0.0.1:1234`, and not here.
    ForeignUrls(String),
}

impl Fault {
    /// The request is answered with this, and nothing is done.
    pub fn instead(step: Step, trouble: impl Into<Trouble>) -> Fault {
        Fault::Instead(step, trouble.into())
    }

    /// The request is done, and then answered with this.
    pub fn after(step: Step, trouble: impl Into<Trouble>) -> Fault {
        Fault::After(step, trouble.into())
    }
}

/// What a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// To begin work.
    Submit,
    /// How far the work is. At Replicate also what was made.
    Status,
    /// What was made. At fal only.
    Result,
    /// To stop the work.
    Cancel,
}

/// What comes over the line instead of an answer to the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// The service refuses, in its own words.
    Refusal(Refusal),
    /// 200 with a body that is no JSON.
    Garbage,
    /// 200 with JSON that never ends.
    Endless,
    /// The connection is closed without an answer.
    HangUp,
    /// The connection stays open without an answer.
    Silence,
    /// A redirect to this address.
    Redirect(String),
}

impl From<Refusal> for Trouble {
    fn from(refusal: Refusal) -> Trouble {
        Trouble::Refusal(refusal)
    }
}

/// Why a service does not do what was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// 429: too many requests.
    Busy(RetryAfter),
    /// This status, 500 and above. 502 and 504 come from a gateway, as HTML.
    Down(u16),
    /// The key is not valid.
    BadKey,
    /// The account cannot pay for it.
    NoCredit,
}

/// What the `Retry-After` header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryAfter {
    /// So many seconds.
    Seconds(u64),
    /// An HTTP date, so far from now.
    Date(Duration),
    /// There is none.
    Absent,
}

/// What becomes of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It never ends by itself.
    Never,
    /// It takes so much longer.
    Late(Duration),
    /// The content is refused. OpenAI refuses at once, others when the task ends.
    Moderated,
    /// It fails inside the service.
    Failed,
    /// It ends well, and then nothing is known of it any more. At OpenAI its files are gone.
    Gone,
    /// Whatever is asked to stop it comes too late.
    TooLate,
}

/// What is wrong with a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WebhookFault {
    /// It is sent twice.
    Twice,
    /// It is dated ten minutes ago.
    Old,
    /// It is signed by somebody else.
    Forged,
    /// It names this task, and not the one that it is about.
    NamesAnother(String),
    /// It is sent so much later.
    Late(Duration),
    /// It is not sent.
    Never,
}

/// What is wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileFault {
    /// 404.
    Missing,
    /// It comes a byte at a time, four a second.
    Slow,
    /// It begins like a picture and never ends.
    Endless,
    /// It calls itself a picture and is a web page.
    WrongType,
    /// The connection breaks in the middle.
    Cut,
    /// A redirect to this address.
    Elsewhere(String),
}
