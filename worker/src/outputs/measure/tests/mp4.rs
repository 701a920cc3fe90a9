//! What MP4s say.

use super::files::{
    boxed, last_box, mdat, mehd, moov, mp4, mvex, mvhd, tkhd, trak, wide_box, wide_mehd, wide_mvhd, wide_tkhd,
};
use super::{in_any_pieces, measured, says};

fn told(boxes: &[Vec<u8>]) -> super::Measured {
    in_any_pieces("video/mp4", &mp4(boxes))
}

fn length(header: Vec<u8>) -> Option<u64> {
    measured("video/mp4", [mp4(&[moov(&[header])]).as_slice()]).milliseconds
}

#[test]
fn a_clip_says_how_long_and_how_large_it_is_wherever_its_description_stands() {
    let movie = moov(&[mvhd(600, 3_025), trak(&tkhd(0, 0)), trak(&tkhd(1280, 720)), trak(&tkhd(64, 64))]);
    let expected = says(5_042, (1280, 720));
    assert_eq!(told(&[movie.clone(), mdat()]), expected, "made ready for the web");
    assert_eq!(told(&[mdat(), movie.clone()]), expected, "as most encoders leave it");
    assert_eq!(told(&[wide_box(b"mdat", &mdat()), movie.clone()]), expected, "more than 32 bits can say");
    assert_eq!(told(&[movie, last_box(b"mdat", &mdat())]), expected, "frames until the end");
    let later = moov(&[wide_mvhd(90_000, 450_000), trak(&wide_tkhd(640, 360))]);
    assert_eq!(told(&[mdat(), later]), says(5_000, (640, 360)), "in the newer version");
    let all_wide = wide_box(b"moov", &wide_box(b"trak", &tkhd(4, 3)));
    assert_eq!(told(&[all_wide]), says(None, (4, 3)));
    let to_the_end = last_box(b"moov", &[trak(&tkhd(4, 3)), mvhd(1_000, 2_000)].concat());
    assert_eq!(told(&[to_the_end]), says(2_000, (4, 3)));
}

#[test]
fn a_fragmented_clip_says_it_where_its_fragments_are_counted_or_not_at_all() {
    let fragments = [boxed(b"moof", &[0; 40]), mdat(), boxed(b"moof", &[0; 40]), mdat()].concat();
    let clip = |header: Vec<u8>, ends: &[u8]| {
        told(&[moov(&[header, mvex(ends), trak(&tkhd(1280, 720))]), fragments.clone()]).milliseconds
    };
    assert_eq!(clip(mvhd(1_000, 0), &mehd(4_004)), Some(4_004));
    assert_eq!(clip(wide_mvhd(1_000, 0), &wide_mehd(4_004)), Some(4_004));
    assert_eq!(clip(mvhd(1_000, 0), b""), None);
    assert_eq!(clip(mvhd(1_000, 1_000), b""), None, "it counts what comes before the fragments");
    assert_eq!(clip(mvhd(1_000, 1_000), &mehd(4_004)), Some(4_004));
    assert_eq!(clip(mvhd(1_000, 1_000), &mehd(0)), None);
}

#[test]
fn a_length_is_one_of_a_millisecond_to_a_day_or_none() {
    let day = 24 * 60 * 60;
    for (header, expected) in [
        (mvhd(1_000, 1), Some(1)),
        (mvhd(90_000, 45), Some(1)),
        (mvhd(90_000, 44), None),
        (mvhd(24_000, 121_000), Some(5_042)),
        (mvhd(30_000, 1_001), Some(33)),
        (mvhd(1, day), Some(86_400_000)),
        (mvhd(1, day + 1), None),
        (mvhd(0, 5), None),
        (mvhd(1_000, 0), None),
        (mvhd(1_000, u32::MAX), None),
        (mvhd(u32::MAX, u32::MAX - 1), Some(1_000)),
        (wide_mvhd(1_000, u64::from(u32::MAX)), None),
        (wide_mvhd(1_000_000_000, 5_000_000_000), Some(5_000)),
        (wide_mvhd(u32::MAX, u64::MAX - 1), None),
        (wide_mvhd(1_000, u64::MAX), None),
        (wide_mvhd(1, 0), None),
    ] {
        assert_eq!(length(header.clone()), expected, "{}", header.escape_ascii());
    }
    let mut later = mvhd(1_000, 5_000);
    later[8] = 2;
    assert_eq!(length(later), None, "a version that nobody knows");
}

#[test]
fn only_what_stands_in_its_place_is_read() {
    let nothing = says(None, None);
    assert_eq!(told(&[mvhd(1_000, 5_000), trak(&tkhd(4, 3)), mehd(9)]), nothing, "outside of a movie");
    assert_eq!(told(&[boxed(b"udta", &moov(&[mvhd(1_000, 5_000)]))]), nothing, "a movie within something");
    assert_eq!(told(&[moov(&[tkhd(4, 3), mehd(9), moov(&[mvhd(1_000, 5_000)])])]), nothing);
    let twice =
        [moov(&[mvhd(1_000, 5_000), trak(&tkhd(4, 3))]), moov(&[mvhd(1_000, 9_000), trak(&tkhd(8, 6))])];
    assert_eq!(told(&twice), says(5_000, (4, 3)), "the first counts");
}

#[test]
fn a_part_ends_with_the_one_around_it() {
    let mut greedy = trak(&tkhd(4, 3));
    greedy[..4].copy_from_slice(&u32::MAX.to_be_bytes());
    let movie = moov(&[greedy]);
    assert_eq!(told(&[movie, moov(&[mvhd(1_000, 5_000)])]), says(5_000, (4, 3)));
    for rest in [
        b"\0".as_slice(),
        b"\0\0\0\0",
        b"\0\0\0\x07free",
        b"\0\0\0\x01free",
        b"\0\0\0\x01free\0\0\0\0\0\0\0\x0f",
    ] {
        let padded = boxed(b"moov", &[trak(&tkhd(4, 3)).as_slice(), rest].concat());
        let expected = says(5_000, (4, 3));
        assert_eq!(told(&[padded, moov(&[mvhd(1_000, 5_000)])]), expected, "{}", rest.escape_ascii());
    }
    for short in [16, 20, 31, 95] {
        let cut = |whole: Vec<u8>, name| boxed(name, &whole[8..whole.len().min(8 + short)]);
        let movie = moov(&[cut(wide_mvhd(1_000, 5_000), b"mvhd"), trak(&cut(wide_tkhd(4, 3), b"tkhd"))]);
        assert_eq!(told(&[movie]).sides, None, "{short} bytes of a track's header");
    }
}
