//! Points at which a test lets a process die: around everything that is done once, so that it can be shown that nothing is lost
//! or done twice whichever of two steps was the last.
//!
//! They are there only with the feature `failpoints`, which nothing that is shipped asks for: without it [`pass`] is empty.
//! With it, `COOLY_FAILPOINTS` says where a process dies, and at which passing, counted from 1:
//! `relay.send.after=kill@3,runner.submit.after=kill@1`. It dies at once, without a destructor or a farewell, as by `kill -9`.

/// Passes the point of this name.
#[inline]
pub fn pass(point: &'static str) {
    #[cfg(feature = "failpoints")]
    armed::pass(point);
    #[cfg(not(feature = "failpoints"))]
    let _ = point;
}

#[cfg(feature = "failpoints")]
mod armed {
    use std::collections::HashMap;
    use std::process::abort;
    use std::sync::LazyLock;
    use std::sync::atomic::{AtomicU32, Ordering};

    const VARIABLE: &str = "COOLY_FAILPOINTS";

    /// How often each point may still be passed, the last time included.
    static LEFT: LazyLock<HashMap<String, AtomicU32>> = LazyLock::new(|| {
        let told = std::env::var(VARIABLE).unwrap_or_default();
        read(&told).unwrap_or_else(|| {
            eprintln!(
                "{VARIABLE} must be like `relay.send.after=kill@3`, with commas between several: {told}"
            );
            abort()
        })
    });

    pub(super) fn pass(point: &'static str) {
        // One that was passed often enough is dead, so nobody counts below nothing.
        let is_last = |left: &AtomicU32| left.fetch_sub(1, Ordering::SeqCst) == 1;
        if LEFT.get(point).is_some_and(is_last) {
            eprintln!("failpoint {point}: this process dies");
            abort();
        }
    }

    /// `None` if it cannot be understood.
    fn read(told: &str) -> Option<HashMap<String, AtomicU32>> {
        let points = told.split(',').filter(|point| !point.is_empty()).map(|point| {
            let (name, passing) = point.split_once("=kill@")?;
            let passing = passing.parse().ok().filter(|passing: &u32| *passing > 0)?;
            Some((name.to_owned(), AtomicU32::new(passing)))
        });
        points.collect()
    }

    #[cfg(test)]
    mod tests {
        use super::read;
        use std::sync::atomic::Ordering;

        #[test]
        fn a_point_is_named_with_the_passing_at_which_it_kills() {
            let read = read("a.before=kill@1,b=kill@20").expect("it is understood");
            let passings = |name: &str| read.get(name).map(|left| left.load(Ordering::SeqCst));
            assert_eq!((passings("a.before"), passings("b"), passings("c")), (Some(1), Some(20), None));
        }

        #[test]
        fn what_cannot_be_understood_arms_nothing() {
            assert!(read("").is_some_and(|points| points.is_empty()));
            for told in ["a", "a=kill", "a=kill@0", "a=kill@x", "a=panic@1"] {
                assert!(read(told).is_none(), "{told}");
            }
        }
    }
}
