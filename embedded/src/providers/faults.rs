//! The faults that wait for their moment.

use std::sync::{Mutex, PoisonError};

use super::fault::Fault;

#[derive(Debug)]
struct Armed {
    fault: Fault,
    lasts: bool,
}

/// Faults in the order in which they were asked for. Of several that fit, the oldest comes first.
#[derive(Debug, Default)]
pub(super) struct Faults(Mutex<Vec<Armed>>);

impl Faults {
    pub(super) fn arm(&self, fault: Fault, lasts: bool) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(Armed { fault, lasts });
    }

    pub(super) fn disarm(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// What `pick` finds in the oldest fault that fits, or else in those that a word stands for.
    pub(super) fn take<T>(&self, words: &[Fault], pick: impl Fn(&Fault) -> Option<T>) -> Option<T> {
        let mut armed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = armed.iter().enumerate().find_map(|(at, armed)| Some((at, pick(&armed.fault)?)));
        match found {
            Some((at, picked)) => {
                if !armed[at].lasts {
                    armed.remove(at);
                }
                Some(picked)
            }
            None => words.iter().find_map(pick),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::fault::{Fate, Fault},
        Faults,
    };

    fn fate(faults: &Faults, words: &[Fault]) -> Option<Fate> {
        faults.take(words, |fault| if let Fault::Fate(fate) = fault { Some(*fate) } else { None })
    }

    #[test]
    fn what_lasts_stays_what_does_not_is_used_up_and_words_come_last() {
        let faults = Faults::default();
        let words = [Fault::Fate(Fate::Gone)];
        faults.arm(Fault::ForeignUrls("http://a".to_owned()), true);
        faults.arm(Fault::Fate(Fate::Never), false);
        faults.arm(Fault::Fate(Fate::Failed), true);
        let met: Vec<_> = (0..3).map(|_| fate(&faults, &words)).collect();
        assert_eq!(met, [Some(Fate::Never), Some(Fate::Failed), Some(Fate::Failed)]);
        faults.disarm();
        assert_eq!(fate(&faults, &words), Some(Fate::Gone));
        assert_eq!(fate(&faults, &[]), None);
    }
}
