//! Looking up names, with nothing found but public addresses. What is found here is what is connected to, so a name
//! that answers differently a moment later gains nothing.
//!
//! Nobody can give up a lookup: it has its thread until the system has an answer, however long whoever asked has
//! stopped waiting. So there are only so many at once, and a place is held by the lookup itself.

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::error::Error;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use tokio::sync::Semaphore;
use webhooks::is_public;

/// Lookups at once: half of the threads that this process has for what cannot be given up.
const AT_ONCE: usize = 256;

/// How names are looked up.
type LookUp = fn(&str) -> io::Result<Vec<SocketAddr>>;

/// See the module. Those of one kind of work do not wait for another kind's.
pub(crate) struct PublicNames {
    places: Arc<Semaphore>,
    look_up: LookUp,
}

impl Default for PublicNames {
    fn default() -> PublicNames {
        PublicNames { places: Arc::new(Semaphore::new(AT_ONCE)), look_up: ask_the_system }
    }
}

/// A name behind which there is nothing public.
#[derive(Debug, thiserror::Error)]
#[error("the name leads to no public address")]
struct NotPublic;

type Failure = Box<dyn Error + Send + Sync>;

impl Resolve for PublicNames {
    fn resolve(&self, name: Name) -> Resolving {
        let (places, look_up) = (Arc::clone(&self.places), self.look_up);
        Box::pin(async move {
            let found = looked_up(places, look_up, name.as_str().to_owned()).await?;
            let public: Vec<SocketAddr> =
                found.into_iter().filter(|address| is_public(address.ip())).collect();
            if public.is_empty() {
                return Err(Box::new(NotPublic) as Failure);
            }
            Ok(Box::new(public.into_iter()) as Addrs)
        })
    }
}

async fn looked_up(
    places: Arc<Semaphore>,
    look_up: LookUp,
    name: String,
) -> Result<Vec<SocketAddr>, Failure> {
    let place = places.acquire_owned().await?;
    let asking = tokio::task::spawn_blocking(move || {
        let found = look_up(&name);
        drop(place);
        found
    });
    Ok(asking.await??)
}

fn ask_the_system(name: &str) -> io::Result<Vec<SocketAddr>> {
    // Port 0 stands for the usual one.
    Ok((name, 0).to_socket_addrs()?.collect())
}

/// Whether that is why a request failed.
pub(crate) fn is_not_public(error: &reqwest::Error) -> bool {
    let mut source = error.source();
    while let Some(error) = source {
        if error.is::<NotPublic>() {
            return true;
        }
        source = error.source();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::{LookUp, looked_up};
    use std::sync::{Arc, Barrier};
    use std::time::Duration;
    use tokio::sync::Semaphore;

    /// Lets a lookup end that nobody waits for any more.
    static GATE: Barrier = Barrier::new(2);

    #[tokio::test]
    async fn a_lookup_keeps_its_place_until_it_ends_and_not_until_nobody_waits_for_it() {
        let places = Arc::new(Semaphore::new(1));
        let slow: LookUp = |_| {
            GATE.wait();
            Ok(Vec::new())
        };
        let waiting = looked_up(Arc::clone(&places), slow, "example.com".to_owned());
        assert!(tokio::time::timeout(Duration::from_millis(50), waiting).await.is_err());
        assert_eq!(places.available_permits(), 0, "it still has a thread");
        GATE.wait();
        let place = tokio::time::timeout(Duration::from_secs(30), places.acquire()).await;
        assert!(place.is_ok(), "it has ended");
    }
}
