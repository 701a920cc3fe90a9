//! The classes of work that have queues of their own.

use super::document::ClassTable;
use super::problem::Problems;
use super::values::said;
use ledger::catalogue::Model;
use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use toml::Spanned;
use worker::Class;
use worker::queue::DEFAULT_CLASS;

/// Longest name of a class: that of its queue has it in the middle, and SQS takes 80 characters.
const LONGEST_NAME: usize = 40;

/// Longest name of a queue that still has room for `-dlq`.
const LONGEST_QUEUE: usize = 76;

const DLQ: &str = "dlq";

/// Every class that is right, by its name.
pub(super) fn check_all(
    tables: Vec<(Spanned<String>, ClassTable)>,
    problems: &mut Problems,
) -> BTreeMap<String, Class> {
    let mut queues = BTreeSet::new();
    let mut classes = BTreeMap::new();
    for (name, table) in tables {
        let class = said(problems, "the name of a class", Some(&name), class_name);
        let queue = said(problems, "queue", table.queue.as_ref(), queue_name);
        if let (Some(queue), Some(given)) = (&queue, &table.queue)
            && !queues.insert(queue.clone())
        {
            problems.add(given.span(), "`queue` is that of another class already; give each one of its own");
        }
        let slots = table.slots.and_then(|slots| {
            let most = usize::try_from(*slots.get_ref()).ok().and_then(NonZeroUsize::new);
            if most.is_none() {
                problems.add(slots.span(), "`slots` must be at least 1");
            }
            most
        });
        classes.extend(class.map(|class| (class, Class { slots, queue })));
    }
    classes
}

/// What works and may not be meant.
pub(super) fn warnings(classes: &BTreeMap<String, Class>, models: &[Model]) -> Vec<String> {
    if classes.is_empty() {
        return Vec::new();
    }
    let used: BTreeSet<&str> = models.iter().map(Model::class).collect();
    let idle = classes.keys().filter(|class| !used.contains(class.as_str()));
    let idle = idle.map(|class| format!("no model is of the class `{class}`"));
    let lost = models.iter().filter_map(|model| {
        let class = model.class.as_ref().filter(|class| !classes.contains_key(*class))?;
        Some(format!(
            "the model `{}` is of the class `{class}`, which has no [classes.{class}]: its jobs go through the queue of all \
             others",
            model.id
        ))
    });
    idle.chain(lost).collect()
}

/// A name that can be a part of a queue's, and is never taken for another queue or its DLQ.
fn class_name(text: &str) -> Result<String, String> {
    if !(1..=LONGEST_NAME).contains(&text.len()) || !is_of_sqs(text) {
        return Err(format!("must be 1 to {LONGEST_NAME} letters, digits, or any of - _"));
    }
    if text == DEFAULT_CLASS || is_of_dlq(text) {
        return Err(format!("must not be `{DEFAULT_CLASS}`, `{DLQ}` or end in `-{DLQ}`"));
    }
    Ok(text.to_owned())
}

fn queue_name(text: &str) -> Result<String, String> {
    if (1..=LONGEST_QUEUE).contains(&text.len()) && is_of_sqs(text) && !is_of_dlq(text) {
        return Ok(text.to_owned());
    }
    Err(format!(
        "must be the name of an SQS queue, 1 to {LONGEST_QUEUE} letters, digits, or any of - _, which does not end in \
         `-{DLQ}`: its DLQ is called so"
    ))
}

fn is_of_sqs(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c))
}

fn is_of_dlq(text: &str) -> bool {
    text.strip_suffix(DLQ).is_some_and(|before| before.is_empty() || before.ends_with('-'))
}
