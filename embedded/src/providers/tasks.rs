//! The tasks that a server knows.

use std::collections::{HashMap, VecDeque};

use super::task::Task;

/// Tasks that are kept; the oldest are forgotten, as services do after a while.
const MOST_KEPT: usize = 10_000;

#[derive(Debug, Default)]
pub(super) struct Tasks {
    by_id: HashMap<String, Task>,
    oldest_first: VecDeque<String>,
}

impl Tasks {
    pub(super) fn insert(&mut self, task: Task) {
        if self.oldest_first.len() == MOST_KEPT
            && let Some(oldest) = self.oldest_first.pop_front()
        {
            self.by_id.remove(&oldest);
        }
        self.oldest_first.push_back(task.id.clone());
        self.by_id.insert(task.id.clone(), task);
    }

    pub(super) fn get(&self, id: &str) -> Option<&Task> {
        self.by_id.get(id)
    }

    pub(super) fn get_mut(&mut self, id: &str) -> Option<&mut Task> {
        self.by_id.get_mut(id)
    }
}
