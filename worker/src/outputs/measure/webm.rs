//! What a WebM tells of itself (RFC 9559). Ids mean the same wherever they stand, which helps where a part does not say
//! how long it is and so seems to hold what follows it.

use super::walk::{Format, Header, Part};
use super::{LONGEST, Measured};

const SEGMENT: u32 = 0x1853_8067;
const INFO: u32 = 0x1549_A966;
const TIMESTAMP_SCALE: u32 = 0x002A_D7B1;
const DURATION: u32 = 0x4489;
const TRACKS: u32 = 0x1654_AE6B;
const TRACK: u32 = 0xAE;
const VIDEO: u32 = 0xE0;
const PIXEL_WIDTH: u32 = 0xB0;
const PIXEL_HEIGHT: u32 = 0xBA;

/// Nanoseconds of a unit of time, where the file says nothing else.
const USUAL_SCALE: u64 = 1_000_000;

/// What was read so far. The first of each counts.
#[derive(Debug, Default)]
pub(super) struct WebM {
    scale: Option<u64>,
    length: Option<f64>,
    width: Option<u32>,
    height: Option<u32>,
}

impl WebM {
    pub(super) fn measured(&self) -> Measured {
        Measured { milliseconds: self.milliseconds(), sides: self.width.zip(self.height) }
    }

    /// Recordings that were never finished do not say it.
    fn milliseconds(&self) -> Option<u64> {
        let nanoseconds = self.length? * self.scale.unwrap_or(USUAL_SCALE) as f64;
        let milliseconds = (nanoseconds / 1_000_000.0).round();
        let is_a_length = milliseconds >= 1.0 && milliseconds <= LONGEST as f64;
        is_a_length.then_some(milliseconds as u64)
    }
}

impl Format for WebM {
    const SHORTEST: usize = 2;

    fn header(bytes: &[u8]) -> Header {
        let (id, rest) = match variable(bytes, 4) {
            Ok(read) => read,
            Err(problem) => return problem.after(0),
        };
        match variable(rest, 8) {
            Ok((size, _)) => Header::Of { id: id.with_marker() as u32, length: size.known() },
            Err(problem) => problem.after(id.length),
        }
    }

    fn part(&mut self, _within: Option<u32>, id: u32) -> Part {
        match id {
            SEGMENT | INFO | TRACKS | TRACK | VIDEO => Part::Open,
            TIMESTAMP_SCALE | DURATION | PIXEL_WIDTH | PIXEL_HEIGHT => Part::Read(9),
            _ => Part::Pass,
        }
    }

    fn read(&mut self, id: u32, bytes: &[u8]) {
        let side = || number(bytes).and_then(|side| u32::try_from(side).ok());
        match id {
            TIMESTAMP_SCALE => self.scale = self.scale.or_else(|| number(bytes)),
            DURATION => self.length = self.length.or_else(|| float(bytes)),
            PIXEL_WIDTH => self.width = self.width.or_else(side),
            _pixel_height => self.height = self.height.or_else(side),
        }
    }
}

/// A whole number above 0.
fn number(bytes: &[u8]) -> Option<u64> {
    let value = bytes.iter().fold(0_u64, |value, byte| value << 8 | u64::from(*byte));
    (bytes.len() <= 8 && value > 0).then_some(value)
}

fn float(bytes: &[u8]) -> Option<f64> {
    match bytes.len() {
        4 => bytes.first_chunk().map(|bytes| f64::from(f32::from_be_bytes(*bytes))),
        8 => bytes.first_chunk().map(|bytes| f64::from_be_bytes(*bytes)),
        _ => None,
    }
}

/// A number of as many bytes as its first bits tell.
struct Variable {
    length: usize,
    /// Without the bit that marks its length.
    value: u64,
}

impl Variable {
    fn marker(&self) -> u64 {
        1 << (7 * self.length)
    }

    fn with_marker(&self) -> u64 {
        self.value | self.marker()
    }

    /// It as a size: all ones are one that nobody knew.
    fn known(&self) -> Option<u64> {
        (self.value != self.marker() - 1).then_some(self.value)
    }
}

/// Why there is no number.
enum Problem {
    /// It has this many bytes, and fewer are there.
    Short(usize),
    /// It has more than it may have.
    Long,
}

impl Problem {
    /// What it means for a header of which so many bytes make sense.
    fn after(self, bytes: usize) -> Header {
        match self {
            Problem::Short(length) => Header::Wants(bytes + length),
            Problem::Long => Header::Broken,
        }
    }
}

fn variable(bytes: &[u8], longest: usize) -> Result<(Variable, &[u8]), Problem> {
    let first = *bytes.first().ok_or(Problem::Short(1))?;
    let length = first.leading_zeros() as usize + 1;
    if length > longest {
        return Err(Problem::Long);
    }
    let (read, rest) = bytes.split_at_checked(length).ok_or(Problem::Short(length))?;
    let whole = read.iter().fold(0_u64, |value, byte| value << 8 | u64::from(*byte));
    Ok((Variable { length, value: whole & !(1 << (7 * length)) }, rest))
}
