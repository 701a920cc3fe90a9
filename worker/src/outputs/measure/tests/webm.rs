//! What WebMs say.

use super::files::{CLUSTER, DURATION, INFO, SCALE, SEGMENT, TRACKS, element, endless, frames, tracks, webm};
use super::{in_any_pieces, measured, says};

fn told(segment: &[u8]) -> super::Measured {
    in_any_pieces("video/webm", &webm(segment))
}

fn length(info: &[Vec<u8>]) -> Option<u64> {
    let file = webm(&element(SEGMENT, &element(INFO, &info.concat())));
    measured("video/webm", [file.as_slice()]).milliseconds
}

fn lasts(units: f64) -> Vec<u8> {
    element(DURATION, &units.to_be_bytes())
}

#[test]
fn a_clip_says_how_long_and_how_large_it_is() {
    let info = element(INFO, &[element(SCALE, &[0x0f, 0x42, 0x40]), lasts(5_041.6)].concat());
    let tracks = element(TRACKS, &tracks(1280, 720));
    let cluster = element(CLUSTER, &frames());
    let expected = says(5_042, (1280, 720));
    let void = element(b"\xec", &[0; 90]);
    assert_eq!(
        told(&element(SEGMENT, &[void, info.clone(), tracks.clone(), cluster.clone()].concat())),
        expected
    );
    assert_eq!(told(&element(SEGMENT, &[cluster.clone(), tracks.clone(), info.clone()].concat())), expected);
    let stream =
        [info.clone(), tracks.clone(), endless(CLUSTER, &frames()), endless(CLUSTER, &frames())].concat();
    assert_eq!(told(&endless(SEGMENT, &stream)), expected, "nothing says how long it is");
    let open = [endless(INFO, &lasts(5_042.0)), endless(TRACKS, &tracks[8..]), cluster].concat();
    assert_eq!(told(&endless(SEGMENT, &open)), expected, "not even its descriptions do");
    let shortly = [SEGMENT, b"\xff", &element(b"\xec", &[0; 200]), &info, &tracks].concat();
    assert_eq!(told(&shortly), expected, "in one byte");
}

#[test]
fn a_length_has_the_files_own_unit() {
    for (info, expected) in [
        (vec![element(DURATION, &2_500_f32.to_be_bytes())], Some(2_500)),
        (vec![lasts(2_500.0), element(SCALE, &2_000_000_u32.to_be_bytes())], Some(5_000)),
        (vec![element(SCALE, &[1]), lasts(3e9)], Some(3_000)),
        (vec![element(SCALE, &[0]), lasts(5.0)], Some(5)),
        (vec![element(SCALE, &[255; 8]), lasts(1.0)], None),
        (vec![element(SCALE, &[1; 9]), lasts(5.0)], Some(5)),
        (vec![element(DURATION, &[7; 5])], None),
        (vec![lasts(0.4)], None),
        (vec![lasts(-5.0)], None),
        (vec![lasts(f64::NAN)], None),
        (vec![lasts(f64::INFINITY)], None),
        (vec![lasts(86_400_000.0)], Some(86_400_000)),
        (vec![lasts(86_400_001.0)], None),
        (vec![element(SCALE, &[1])], None),
    ] {
        assert_eq!(length(&info), expected, "{}", info.concat().escape_ascii());
    }
}
