//! Small files of real shapes, in pieces, cut off and hostile.

pub(in crate::outputs) mod files;
mod hostile;
mod mp4;
mod webm;

use super::{Kind, Measure, Measured};

/// What a file says that arrives in these pieces.
fn measured<'bytes>(content_type: &str, pieces: impl IntoIterator<Item = &'bytes [u8]>) -> Measured {
    let mut measure = Measure::of(content_type);
    pieces.into_iter().for_each(|piece| measure.push(piece));
    let (held, open) = match &measure.0 {
        Kind::Mp4(walk) => walk.size(),
        Kind::WebM(walk) => walk.size(),
        Kind::Other => (0, 0),
    };
    assert!(
        held <= super::walk::MOST_HELD && open <= super::walk::DEEPEST,
        "it holds {held} bytes, {open} parts"
    );
    measure.measured()
}

/// The same, after it was found to be the same however the file arrives.
fn in_any_pieces(content_type: &str, file: &[u8]) -> Measured {
    let whole = measured(content_type, [file]);
    for place in 0..=file.len() {
        let (before, after) = file.split_at(place);
        assert_eq!(measured(content_type, [before, after]), whole, "split at {place}");
    }
    for size in [1, 2, 3, 7, 8, 9, 16, 33] {
        assert_eq!(measured(content_type, file.chunks(size)), whole, "in pieces of {size}");
    }
    whole
}

fn says(milliseconds: impl Into<Option<u64>>, sides: impl Into<Option<(u32, u32)>>) -> Measured {
    Measured { milliseconds: milliseconds.into(), sides: sides.into() }
}

#[test]
fn a_file_of_another_kind_says_nothing() {
    let clip = files::mp4(&[files::moov(&[files::mvhd(1_000, 5_000)])]);
    assert_eq!(measured("image/apng", [clip.as_slice()]), says(None, None));
}
