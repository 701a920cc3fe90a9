//! Gathers what comes one by one into batches that fill a request.

use crate::queue::MOST_ENTRIES;
use futures::stream::{self, Stream};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};

/// Batches of up to ten, none kept longer than `linger` after its first item came. Ends, the last batch at once,
/// when all senders are gone.
pub(super) fn batches<T>(waiting: mpsc::Receiver<T>, linger: Duration) -> impl Stream<Item = Vec<T>> {
    stream::unfold(waiting, move |mut waiting| async move {
        let mut batch = vec![waiting.recv().await?];
        let leaves = Instant::now() + linger;
        while batch.len() < MOST_ENTRIES
            && let Ok(Some(item)) = timeout_at(leaves, waiting.recv()).await
        {
            batch.push(item);
        }
        Some((batch, waiting))
    })
}

#[cfg(test)]
mod tests {
    use super::batches;
    use futures::StreamExt;
    use std::time::Duration;
    use tokio::sync::mpsc;

    const LONG: Duration = Duration::from_secs(3600);

    #[tokio::test]
    async fn a_full_batch_waits_for_nothing_and_the_last_one_for_nobody() {
        let (sender, waiting) = mpsc::channel(32);
        for number in 0..12 {
            sender.send(number).await.unwrap();
        }
        let mut batches = Box::pin(batches(waiting, LONG));
        assert_eq!(batches.next().await.unwrap().len(), 10);
        drop(sender);
        assert_eq!(batches.next().await, Some(vec![10, 11]));
        assert_eq!(batches.next().await, None);
    }

    #[tokio::test]
    async fn a_lone_item_leaves_when_it_has_lingered() {
        let (sender, waiting) = mpsc::channel(32);
        let mut batches = Box::pin(batches(waiting, Duration::from_millis(1)));
        sender.send("alone").await.unwrap();
        assert_eq!(batches.next().await, Some(vec!["alone"]));
    }
}
