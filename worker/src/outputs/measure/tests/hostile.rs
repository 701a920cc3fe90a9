//! Files that are cut off, scrambled, or made to do harm.

use super::files::{
    INFO, SEGMENT, TRACKS, element, endless, mdat, mehd, moov, mp4, mvex, tkhd, tracks, trak, webm, wide_mvhd,
};
use super::{measured, says};
use rand::rngs::StdRng;
use rand::{Rng, RngExt, SeedableRng};

const KINDS: [&str; 2] = ["video/mp4", "video/webm"];

fn clips() -> [Vec<u8>; 2] {
    let movie = moov(&[wide_mvhd(1_000, 5_000), mvex(&mehd(5_000)), trak(&tkhd(1280, 720))]);
    let segment =
        [element(INFO, &element(b"\x44\x89", &5_000_f64.to_be_bytes())), element(TRACKS, &tracks(1280, 720))];
    [mp4(&[mdat(), movie]), webm(&endless(SEGMENT, &segment.concat()))]
}

#[test]
fn a_clip_that_is_cut_off_says_less_and_nothing_else() {
    for (kind, clip) in KINDS.into_iter().zip(clips()) {
        assert_eq!(measured(kind, [clip.as_slice()]), says(5_000, (1280, 720)));
        for end in 0..clip.len() {
            let cut = measured(kind, [&clip[..end]]);
            assert!(cut.milliseconds.is_none_or(|length| length == 5_000), "{kind} until {end}: {cut:?}");
            assert!(cut.sides.is_none_or(|sides| sides == (1280, 720)), "{kind} until {end}: {cut:?}");
        }
    }
}

#[test]
fn a_clip_with_any_byte_changed_does_no_harm() {
    for clip in clips() {
        for place in 0..clip.len() {
            for byte in [0x00, 0x01, 0x08, 0x40, 0x7f, 0x80, 0xff] {
                let mut changed = clip.clone();
                changed[place] = byte;
                for kind in KINDS {
                    let _ = measured(kind, changed.chunks(5));
                }
            }
        }
    }
}

/// Headers that are almost right, with sizes that are not, and noise between them.
fn garbage(random: &mut StdRng) -> Vec<u8> {
    let names: [&[u8]; 12] = [
        b"moov",
        b"trak",
        b"mvex",
        b"mvhd",
        b"tkhd",
        b"mehd",
        SEGMENT,
        INFO,
        TRACKS,
        b"\xae",
        b"\xe0",
        b"\x44\x89",
    ];
    let mut bytes = Vec::new();
    for _ in 0..random.random_range(1..60) {
        let size = [0, 1, 2, 8, 16, 40, 300, u32::MAX][random.random_range(0..8)];
        let name = names[random.random_range(0..names.len())];
        let mut noise = vec![0; random.random_range(0..24)];
        random.fill_bytes(&mut noise);
        bytes.extend([size.to_be_bytes().as_slice(), name, &noise].concat());
    }
    bytes
}

#[test]
fn garbage_says_the_same_in_any_pieces_and_does_no_harm() {
    for seed in 0..2_000 {
        let bytes = garbage(&mut StdRng::seed_from_u64(seed));
        for kind in KINDS {
            let whole = measured(kind, [bytes.as_slice()]);
            for size in [1, 7, 64] {
                assert_eq!(measured(kind, bytes.chunks(size)), whole, "seed {seed} in pieces of {size}");
            }
        }
    }
}

#[test]
fn parts_within_parts_without_end_are_not_followed() {
    let clip = [b"\x01\xff\xff\xff\xff\xff\xff\xff".as_slice(), SEGMENT].concat().repeat(50_000);
    assert_eq!(measured("video/webm", [SEGMENT, &clip]), says(None, None));
    let movies = b"\xff\xff\xff\xffmoov".repeat(50_000);
    assert_eq!(measured("video/mp4", [movies.as_slice()]), says(None, None));
}

#[test]
fn more_parts_than_any_clip_has_are_walked_through() {
    let movie = moov(&[wide_mvhd(1_000, 5_000)]);
    let clip = [b"\0\0\0\x08free".repeat(500_000), movie].concat();
    assert_eq!(measured("video/mp4", [clip.as_slice()]), says(5_000, None));
    let segment = [b"\xec\x80".repeat(500_000), element(TRACKS, &tracks(4, 3))].concat();
    assert_eq!(measured("video/webm", [webm(&endless(SEGMENT, &segment)).as_slice()]), says(None, (4, 3)));
}
