//! How a list is read: page after page, each beginning after the last row of the one before.
//!
//! A page of JSON and an export are read by the same function, so an export has what somebody gets who follows every
//! `next_cursor`, in the same order.

use crate::app::App;
use crate::serve::problem::Problem;
use poem_openapi::types::ToJSON;

/// A list of somebody, under its filters.
pub(crate) trait Walk: Send + Sync + 'static {
    /// What is in it.
    type Item: ToJSON + Send + 'static;

    /// Where a page begins: after this row of the list.
    type Place: Send + 'static;

    /// At most `limit` rows after a place, or from the beginning.
    fn page(
        &self,
        app: &App,
        after: Option<Self::Place>,
        limit: i64,
    ) -> impl Future<Output = Result<Part<Self::Item, Self::Place>, Problem>> + Send;
}

/// A page of a list.
pub(crate) struct Part<T, P> {
    /// The rows; there may be fewer than were asked for, or none, and still a next page.
    pub items: Vec<T>,
    /// Where the list goes on; `None` at its end.
    pub next: Option<P>,
    /// Whether the page is not full because a search stopped, which goes on at `next`.
    pub is_cut: bool,
}

impl<T, P> Part<T, P> {
    pub(crate) fn new(items: Vec<T>, next: Option<P>) -> Part<T, P> {
        Part { items, next, is_cut: false }
    }

    /// The same page of a search that stopped there, if it did.
    pub(crate) fn stopped_at(self, place: Option<P>) -> Part<T, P> {
        let is_cut = self.next.is_none() && place.is_some();
        Part { next: self.next.or(place), is_cut, ..self }
    }
}

/// The rows of a page, of which one more than `limit` was asked for, and where the next page begins if there is one. `place`
/// tells where a row is in the list.
pub(crate) fn split<R, P>(rows: &[R], limit: i64, place: impl FnOnce(&R) -> P) -> (&[R], Option<P>) {
    let shown = &rows[..rows.len().min(usize::try_from(limit).unwrap_or(usize::MAX))];
    let last = shown.last().filter(|_| rows.len() > shown.len());
    (shown, last.map(place))
}

#[cfg(test)]
mod tests {
    use super::{Part, split};

    #[test]
    fn a_page_has_a_next_one_if_there_was_a_row_more() {
        assert_eq!(split(&[10, 20, 30], 2, |row| *row), (&[10, 20][..], Some(20)));
        assert_eq!(split(&[10, 20], 2, |row| *row), (&[10, 20][..], None));
        assert_eq!(split(&[], 2, |row: &i64| *row), (&[][..], None));
    }

    #[test]
    fn a_search_that_stopped_goes_on_where_it_did() {
        let told = |next, stopped| {
            let part = Part::<i64, i64>::new(Vec::new(), next).stopped_at(stopped);
            (part.next, part.is_cut)
        };
        assert_eq!(told(None, Some(7)), (Some(7), true));
        assert_eq!(told(Some(3), Some(7)), (Some(3), false), "a full page was not cut");
        assert_eq!(told(None, None), (None, false));
    }
}
