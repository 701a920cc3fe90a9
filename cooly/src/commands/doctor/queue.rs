//! The queue: whether it is there, and set up so that no message is lost or goes in circles.

use super::finding::Finding;
use crate::cli::DoctorOptions;
use crate::{catalog, wiring};
use std::time::Duration;
use worker::Class;
use worker::queue::{Attributes, Inspected, QueueSettings, inspect};

const TOPIC: &str = "queue";

/// A day's trouble must not lose messages, though the relay would send them again.
const SHORTEST_KEPT: Duration = Duration::from_secs(24 * 3600);

pub(super) async fn look(options: &DoctorOptions) -> Vec<Finding> {
    let settings = wiring::queue(&options.queue);
    let mut findings = of_queues(&settings, options.max_attempts).await;
    // A catalogue that cannot be read is told of elsewhere.
    let listing = catalog::read(options.catalog.catalog.as_deref());
    for (class, Class { queue, .. }) in listing.map(|listing| listing.classes).unwrap_or_default() {
        let name = queue.unwrap_or_else(|| format!("{}-{class}", settings.name));
        let of_class = QueueSettings { dlq_name: format!("{name}-dlq"), name, ..settings.clone() };
        findings.extend(of_queues(&of_class, options.max_attempts).await);
    }
    findings
}

async fn of_queues(settings: &QueueSettings, max_attempts: u32) -> Vec<Finding> {
    match inspect(settings).await {
        Ok([jobs, dead_letters]) => {
            let mut findings = of_jobs(&jobs, &dead_letters, max_attempts);
            findings.push(of_dead_letters(&dead_letters));
            findings
        }
        Err(error) => vec![Finding::fail(
            TOPIC,
            error.to_string(),
            "check COOLY_SQS_ENDPOINT, the region and the credentials; the login needs sqs:GetQueueUrl and sqs:GetQueueAttributes",
        )],
    }
}

fn of_jobs(jobs: &Inspected, dead_letters: &Inspected, max_attempts: u32) -> Vec<Finding> {
    let Some(found) = &jobs.found else { return vec![to_be_made(&jobs.name)] };
    let mut findings = vec![Finding::ok(
        TOPIC,
        format!(
            "{} holds {} messages; one that is received stays hidden for {}",
            jobs.name,
            found.messages,
            humantime::format_duration(found.visibility)
        ),
    )];
    findings.extend(redrive(jobs, found, &dead_letters.name, max_attempts));
    if found.retention < SHORTEST_KEPT {
        findings.push(Finding::warn(
            TOPIC,
            format!("{} forgets messages after {}", jobs.name, humantime::format_duration(found.retention)),
            "set MessageRetentionPeriod to days; 14 is the most",
        ));
    }
    findings
}

/// Whether messages that cannot be worked on come to where they are looked at, and no others do.
fn redrive(jobs: &Inspected, found: &Attributes, dead_letters: &str, max_attempts: u32) -> Option<Finding> {
    let name = &jobs.name;
    let target = found.dead_letters.as_deref();
    match found.most_receives {
        None => Some(Finding::warn(
            TOPIC,
            format!("{name} has no redrive policy: a message that cannot be worked on comes back for ever"),
            "a worker that may set attributes gives it one at its start",
        )),
        Some(_) if target != Some(dead_letters) => Some(Finding::fail(
            TOPIC,
            format!(
                "{name} gives up on messages into {}, where no worker looks",
                target.unwrap_or("nowhere")
            ),
            format!("point its redrive policy at {dead_letters}"),
        )),
        Some(most) if most <= max_attempts => Some(Finding::fail(
            TOPIC,
            format!(
                "{name} gives up after {most} receives, before the {max_attempts} attempts of a job are used up"
            ),
            format!("set maxReceiveCount above {max_attempts}"),
        )),
        Some(_) => None,
    }
}

fn of_dead_letters(queue: &Inspected) -> Finding {
    match &queue.found {
        None => to_be_made(&queue.name),
        Some(found) if found.messages > 0 => Finding::warn(
            TOPIC,
            format!("{} holds {} messages that nobody has taken", queue.name, found.messages),
            "a worker takes them within seconds; if they stay, its log says why",
        ),
        Some(_) => Finding::ok(TOPIC, format!("{} is empty", queue.name)),
    }
}

fn to_be_made(name: &str) -> Finding {
    Finding::warn(
        TOPIC,
        format!("{name} does not exist"),
        "a worker makes it at its start, if the login has sqs:CreateQueue; otherwise make it",
    )
}
