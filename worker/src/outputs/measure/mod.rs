//! How long and how large a clip is, read from its file while that passes by. Knows nothing of prices, and believes
//! nothing but what the file says of itself: what it says beyond all reason counts as unsaid.

mod mp4;
#[cfg(test)]
pub(super) mod tests;
mod walk;
mod webm;

use mp4::Mp4;
use walk::Walk;
use webm::WebM;

/// Width and height in pixels, both above 0.
pub(super) type Sides = (u32, u32);

/// The longest length that is believed, in milliseconds: a day.
const LONGEST: u64 = 24 * 60 * 60 * 1_000;

/// What a file says of itself. What it does not say is `None`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Measured {
    /// Length in milliseconds, above 0.
    pub(super) milliseconds: Option<u64>,
    pub(super) sides: Option<Sides>,
}

/// Reads what one file says.
pub(super) struct Measure(Kind);

enum Kind {
    Mp4(Walk<Mp4>),
    WebM(Walk<WebM>),
    /// It is not read.
    Other,
}

impl Measure {
    /// Of a file of this MIME type.
    pub(super) fn of(content_type: &str) -> Measure {
        Measure(match content_type {
            "video/mp4" => Kind::Mp4(Walk::through(Mp4::default())),
            "video/webm" => Kind::WebM(Walk::through(WebM::default())),
            _other => Kind::Other,
        })
    }

    /// Takes the next bytes of the file.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        match &mut self.0 {
            Kind::Mp4(walk) => walk.push(bytes),
            Kind::WebM(walk) => walk.push(bytes),
            Kind::Other => {}
        }
    }

    /// What the file has said so far.
    pub(super) fn measured(&self) -> Measured {
        match &self.0 {
            Kind::Mp4(walk) => walk.format().measured(),
            Kind::WebM(walk) => walk.format().measured(),
            Kind::Other => Measured::default(),
        }
    }
}

/// The quotient to the nearest millisecond, if it is one at least and a length that is believed.
fn milliseconds(dividend: u128, divisor: u128) -> Option<u64> {
    let rounded = (dividend + divisor / 2).checked_div(divisor)?;
    u64::try_from(rounded).ok().filter(|milliseconds| (1..=LONGEST).contains(milliseconds))
}
