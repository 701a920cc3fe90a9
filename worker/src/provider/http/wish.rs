//! What a template may speak of: the parts of one attempt, under names that stay.

use crate::provider::Task;
use ledger::catalogue::Route;
use serde_json::Value;

/// Something that a template may name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    /// What the provider calls the model.
    Model,
    /// The prompt.
    Prompt,
    /// How many outputs.
    Count,
    /// Width in pixels, if it was asked for.
    Width,
    /// Height in pixels, if it was asked for.
    Height,
    /// The seed, if there is one.
    Seed,
    /// Length of a clip in seconds, if it was asked for.
    Seconds,
    /// Our name for the attempt.
    Reference,
    /// Where the provider is to report, if it reports.
    Webhook,
    /// The provider's name for the task.
    Id,
}

impl Field {
    const NAMES: [(&'static str, Field); 10] = [
        ("model", Field::Model),
        ("prompt", Field::Prompt),
        ("count", Field::Count),
        ("width", Field::Width),
        ("height", Field::Height),
        ("seed", Field::Seed),
        ("seconds", Field::Seconds),
        ("reference", Field::Reference),
        ("webhook", Field::Webhook),
        ("id", Field::Id),
    ];

    /// What is known when work is asked for.
    pub(super) const OF_WORK: [Field; 8] = [
        Field::Model,
        Field::Prompt,
        Field::Count,
        Field::Width,
        Field::Height,
        Field::Seed,
        Field::Seconds,
        Field::Reference,
    ];

    /// The same where a service is described that may report.
    pub(super) const OF_DESCRIBED_WORK: [Field; 9] = [
        Field::Model,
        Field::Prompt,
        Field::Count,
        Field::Width,
        Field::Height,
        Field::Seed,
        Field::Seconds,
        Field::Reference,
        Field::Webhook,
    ];

    /// What is always known when work is asked for: a path is not whole without its parts.
    pub(super) const OF_A_WORK_PATH: [Field; 3] = [Field::Model, Field::Count, Field::Reference];

    /// What is known when a task is asked after.
    pub(super) const OF_A_TASK: [Field; 1] = [Field::Id];

    /// What is known when a lost submit is asked after.
    pub(super) const OF_A_SEARCH: [Field; 1] = [Field::Reference];

    /// The field of this name.
    pub(super) fn named(name: &str) -> Option<Field> {
        Field::NAMES.iter().find(|(known, _)| *known == name).map(|(_, field)| *field)
    }

    /// Its name.
    pub(super) fn name(self) -> &'static str {
        Field::NAMES.iter().find(|(_, field)| *field == self).map_or("", |(name, _)| name)
    }
}

/// The fields that are known, with their values.
#[derive(Debug, Clone, Default)]
pub(super) struct Wish(Vec<(Field, Value)>);

impl Wish {
    /// Everything about an attempt as this route's model.
    pub(super) fn of(task: &Task, route: &Route) -> Wish {
        let (request, params) = (&task.request, &task.request.params);
        let wish = Wish::default()
            .with(Field::Model, route.model.as_str())
            .with(Field::Prompt, request.prompt.as_str())
            .with(Field::Count, request.count)
            .with(Field::Reference, task.reference());
        let optional = [
            (Field::Width, params.width),
            (Field::Height, params.height),
            (Field::Seed, params.seed),
            (Field::Seconds, params.seconds),
        ];
        optional.into_iter().fold(wish, |wish, (field, value)| {
            value.into_iter().fold(wish, |wish, value| wish.with(field, value))
        })
    }

    /// These and one more.
    #[must_use]
    pub(super) fn with(mut self, field: Field, value: impl Into<Value>) -> Wish {
        self.0.push((field, value.into()));
        self
    }

    /// The value of a field, if it is known.
    pub(super) fn get(&self, field: Field) -> Option<&Value> {
        self.0.iter().find(|(known, _)| *known == field).map(|(_, value)| value)
    }
}
