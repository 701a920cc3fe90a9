//! What an MP4 tells of itself (ISO 14496-12), wherever in the file its description stands.

use super::walk::{Format, Header, Part};
use super::{Measured, Sides, milliseconds};

const fn name(name: &[u8; 4]) -> u32 {
    u32::from_be_bytes(*name)
}

const MOVIE: u32 = name(b"moov");
const MOVIE_HEADER: u32 = name(b"mvhd");
const TRACK: u32 = name(b"trak");
const TRACK_HEADER: u32 = name(b"tkhd");
const FRAGMENTED: u32 = name(b"mvex");
const FRAGMENTS_HEADER: u32 = name(b"mehd");

/// What was read so far. The first of each counts.
#[derive(Debug, Default)]
pub(super) struct Mp4 {
    /// Units of a second.
    timescale: Option<u64>,
    /// In those units.
    length: Option<u64>,
    /// Whether what the movie's header says may leave out what comes later.
    is_fragmented: bool,
    length_with_fragments: Option<u64>,
    sides: Option<Sides>,
}

impl Mp4 {
    pub(super) fn measured(&self) -> Measured {
        Measured { milliseconds: self.milliseconds(), sides: self.sides }
    }

    /// The header of a fragmented file counts its first samples at most: such a file says it elsewhere
    /// or not at all.
    fn milliseconds(&self) -> Option<u64> {
        let length = if self.is_fragmented { self.length_with_fragments } else { self.length };
        milliseconds(u128::from(length?) * 1_000, u128::from(self.timescale?))
    }

    fn movie_header(&mut self, fields: Fields<'_>) {
        // When it was made and changed stands before.
        let (timescale, length) = (fields.word(2 * fields.wide), fields.long(2 * fields.wide + 4));
        self.timescale = self.timescale.or(timescale);
        self.length = self.length.or(length);
    }

    fn track_header(&mut self, fields: Fields<'_>) {
        // Times, the number of the track, a gap, the length; another gap, the layer, the volume, and a matrix.
        let place = 3 * fields.wide + 8 + 52;
        // In 65,536ths of a pixel. Tracks without a picture have none.
        let side = |place| fields.word(place).map(|side| (side >> 16) as u32).filter(|side| *side > 0);
        self.sides = self.sides.or_else(|| Some((side(place)?, side(place + 4)?)));
    }
}

impl Format for Mp4 {
    const SHORTEST: usize = 8;

    fn header(bytes: &[u8]) -> Header {
        let Some((size, rest)) = bytes.split_first_chunk::<4>() else { return Header::Wants(8) };
        let Some((name, rest)) = rest.split_first_chunk::<4>() else { return Header::Wants(8) };
        let length = match u32::from_be_bytes(*size) {
            // To the end of the file.
            0 => None,
            // Too long for 32 bits.
            1 => match rest.first_chunk::<8>() {
                None => return Header::Wants(16),
                Some(size) => Some(u64::from_be_bytes(*size).checked_sub(16)),
            },
            size => Some(u64::from(size).checked_sub(8)),
        };
        match length {
            // Shorter than its own header.
            Some(None) => Header::Broken,
            length => Header::Of { id: u32::from_be_bytes(*name), length: length.flatten() },
        }
    }

    fn part(&mut self, within: Option<u32>, id: u32) -> Part {
        match (within, id) {
            (None, MOVIE) | (Some(MOVIE), TRACK) => Part::Open,
            (Some(MOVIE), FRAGMENTED) => {
                self.is_fragmented = true;
                Part::Open
            }
            (Some(MOVIE), MOVIE_HEADER) => Part::Read(32),
            (Some(FRAGMENTED), FRAGMENTS_HEADER) => Part::Read(12),
            (Some(TRACK), TRACK_HEADER) => Part::Read(96),
            _ => Part::Pass,
        }
    }

    fn read(&mut self, id: u32, bytes: &[u8]) {
        let Some(fields) = Fields::of(bytes) else { return };
        match id {
            MOVIE_HEADER => self.movie_header(fields),
            TRACK_HEADER => self.track_header(fields),
            _fragments => self.length_with_fragments = self.length_with_fragments.or(fields.long(0)),
        }
    }
}

/// What follows the version and the flags of a box.
struct Fields<'bytes> {
    bytes: &'bytes [u8],
    /// Bytes of a time or a length, which depend on the version.
    wide: usize,
}

impl Fields<'_> {
    fn of(bytes: &[u8]) -> Option<Fields<'_>> {
        let (version, bytes) = bytes.split_first_chunk::<4>()?;
        let wide = match version[0] {
            0 => 4,
            1 => 8,
            _later => return None,
        };
        Some(Fields { bytes, wide })
    }

    /// A number of 32 bits.
    fn word(&self, place: usize) -> Option<u64> {
        self.number(place, 4)
    }

    /// A length. Nothing, and all ones, say that it is not known.
    fn long(&self, place: usize) -> Option<u64> {
        let unknown = u64::MAX >> (64 - 8 * self.wide);
        self.number(place, self.wide).filter(|length| *length != 0 && *length != unknown)
    }

    fn number(&self, place: usize, length: usize) -> Option<u64> {
        let bytes = self.bytes.get(place..place + length)?;
        Some(bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }
}
