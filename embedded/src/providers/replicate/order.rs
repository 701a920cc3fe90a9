//! Creating a prediction, and waiting for it where the client asks for that.

use std::{ops::ControlFlow, time::Duration};

use tokio::time::Instant;

use super::{inputs, prediction, refusals};
use crate::providers::{
    call::Call,
    desk::Desk,
    fault::Step,
    reply::{self, Outcome},
    task::{Phase, Task},
};

/// Longest wait for a prediction, and the one of a bare `wait`.
const MOST_WAIT: u64 = 60;

/// Between two looks at a prediction that is waited for: it may be finished by hand.
const LOOK: Duration = Duration::from_millis(50);

/// With a model it is an official one, which has no version to choose.
pub(super) async fn submit(desk: &Desk, call: &Call, model: Option<&str>) -> Outcome {
    let body = call.json();
    let version = body["version"].as_str().unwrap_or_default();
    let named = model.unwrap_or(version);
    let asked = (named, body["input"].clone());
    let order = match desk.order(call, asked, body["webhook"].as_str(), refusals::wording) {
        ControlFlow::Continue(order) => order,
        ControlFlow::Break(answered) => return answered,
    };
    if named.is_empty() {
        desk.turn_away(order);
        return Ok(refusals::no_version());
    }
    let wishes = match inputs::read(named, &body["input"]) {
        Ok(wishes) => wishes,
        Err(invalid) => {
            desk.turn_away(order);
            return Ok(refusals::invalid(&invalid));
        }
    };
    let fate = desk.fate(&order);
    let task = desk.accept(order, prediction::new_id(), Ok(wishes), fate);
    if let Some(after) = call.header("cancel-after").and_then(duration)
        && let Some(task) = desk.tasks().get_mut(&task.id)
    {
        task.set_deadline(after);
    }
    let (task, is_in_time) = waited(desk, task, call.header("prefer")).await;
    let created = reply::json(if is_in_time { 201 } else { 202 }, &prediction::of(&task, &desk.base(call)));
    desk.then(Step::Submit, &task.words, refusals::wording, created)
}

/// The task after the wait that is preferred, and whether it was not in vain.
async fn waited(desk: &Desk, task: Task, prefer: Option<&str>) -> (Task, bool) {
    let Some(seconds) = prefer.and_then(wait) else { return (task, true) };
    let until = Instant::now() + Duration::from_secs(seconds);
    loop {
        let now = desk.task(&task.id).unwrap_or_else(|| task.clone());
        let is_over = matches!(now.phase(), Phase::Ended(_));
        if is_over || Instant::now() >= until {
            return (now, is_over);
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// The seconds of `wait` or `wait=n`.
fn wait(prefer: &str) -> Option<u64> {
    let mut wishes = prefer.split(',').map(str::trim);
    wishes.find_map(|wish| match wish.strip_prefix("wait")? {
        "" => Some(MOST_WAIT),
        seconds => Some(seconds.strip_prefix('=')?.parse().ok().filter(|n| (1..=MOST_WAIT).contains(n))?),
    })
}

/// A duration such as `90s`, `1m` or `1h30m`; bare numbers are seconds.
fn duration(text: &str) -> Option<Duration> {
    let (mut seconds, mut number) = (0, String::new());
    for letter in text.trim().chars() {
        let unit = match letter {
            'h' => 3_600,
            'm' => 60,
            's' => 1,
            digit if digit.is_ascii_digit() => {
                number.push(digit);
                continue;
            }
            _ => return None,
        };
        seconds += std::mem::take(&mut number).parse::<u64>().ok()?.checked_mul(unit)?;
    }
    let rest = if number.is_empty() { 0 } else { number.parse::<u64>().ok()? };
    Some(Duration::from_secs(seconds + rest)).filter(|duration| !duration.is_zero())
}

#[cfg(test)]
mod tests {
    use super::{duration, wait};
    use std::time::Duration;

    #[test]
    fn waits_and_deadlines_are_read() {
        let waits = [
            ("wait", Some(60)),
            ("wait=5", Some(5)),
            ("wait=0", None),
            ("wait=61", None),
            ("respond-async", None),
        ];
        for (prefer, expected) in waits {
            assert_eq!(wait(prefer), expected, "{prefer}");
        }
        let durations = [
            ("90s", Some(90)),
            ("1m", Some(60)),
            ("1h30m45s", Some(5_445)),
            ("30", Some(30)),
            ("", None),
            ("1d", None),
        ];
        for (text, expected) in durations {
            assert_eq!(duration(text), expected.map(Duration::from_secs), "{text}");
        }
    }
}
