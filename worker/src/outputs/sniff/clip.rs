//! The sides of clips, from the beginning of their containers. A clip whose description stands at its end, as encoders
//! leave it that do not prepare it for the web, has none here. No sizes are believed: every step stays within what is
//! there and goes forward.

/// Brands of ISO 14496-12 and -14 whose files every browser takes for MP4.
const MP4_BRANDS: [&[u8]; 8] = [b"isom", b"iso2", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42", b"avc1"];

/// Whether a file says that it can be read as MP4.
pub(super) fn is_mp4(head: &[u8]) -> bool {
    let Some((b"ftyp", brands)) = boxes(head).next() else { return false };
    // The brand that it was made as, a version, and those that it can be read as.
    let readable = brands.chunks_exact(4).skip(2);
    // QuickTime's own files name them too, and may hold what browsers cannot show.
    !brands.starts_with(b"qt  ") && readable.into_iter().any(|brand| MP4_BRANDS.contains(&brand))
}

/// The first track of an MP4 that has sides.
pub(super) fn mp4_sides(head: &[u8]) -> Option<(u32, u32)> {
    let movie = boxes(head).find(|(name, _)| *name == b"moov")?.1;
    let tracks = boxes(movie).filter(|(name, _)| *name == b"trak");
    let headers = tracks.filter_map(|(_, track)| boxes(track).find(|(name, _)| *name == b"tkhd"));
    headers.filter_map(|(_, header)| track_sides(header)).find(|(width, height)| *width > 0 && *height > 0)
}

/// They are the last two words of a track's header, in 65,536ths of a pixel.
fn track_sides(header: &[u8]) -> Option<(u32, u32)> {
    let (before, height) = header.split_last_chunk::<4>()?;
    let (_, width) = before.split_last_chunk::<4>()?;
    Some((u32::from_be_bytes(*width) >> 16, u32::from_be_bytes(*height) >> 16))
}

/// The boxes that stand one after the other; the last one may be cut off.
fn boxes(mut rest: &[u8]) -> impl Iterator<Item = (&[u8; 4], &[u8])> {
    std::iter::from_fn(move || {
        let (size, after) = rest.split_first_chunk::<4>()?;
        let (name, after) = after.split_first_chunk::<4>()?;
        let (length, content) = match u32::from_be_bytes(*size) {
            // To the end of the file.
            0 => (after.len(), after),
            // Too long for 32 bits.
            1 => {
                let (size, content) = after.split_first_chunk::<8>()?;
                (usize::try_from(u64::from_be_bytes(*size).checked_sub(16)?).ok()?, content)
            }
            size => ((size as usize).checked_sub(8)?, after),
        };
        let (content, next) = content.split_at(length.min(content.len()));
        rest = next;
        Some((name, content))
    })
}

const SEGMENT: u64 = 0x1853_8067;
const TRACKS: u64 = 0x1654_AE6B;
const TRACK: u64 = 0xAE;
const VIDEO: u64 = 0xE0;
const PIXEL_WIDTH: u64 = 0xB0;
const PIXEL_HEIGHT: u64 = 0xBA;

/// The first track of a WebM that has sides.
pub(super) fn webm_sides(head: &[u8]) -> Option<(u32, u32)> {
    let segment = elements(head).find(|(id, _)| *id == SEGMENT)?.1;
    let tracks = elements(segment).find(|(id, _)| *id == TRACKS)?.1;
    let videos = elements(tracks).filter(|(id, _)| *id == TRACK).filter_map(|(_, track)| video_sides(track));
    videos.into_iter().next()
}

fn video_sides(track: &[u8]) -> Option<(u32, u32)> {
    let video = elements(track).find(|(id, _)| *id == VIDEO)?.1;
    let side = |wanted| number(elements(video).find(|(id, _)| *id == wanted)?.1);
    Some((side(PIXEL_WIDTH)?, side(PIXEL_HEIGHT)?))
}

fn number(bytes: &[u8]) -> Option<u32> {
    let value = bytes.iter().take(9).fold(0_u64, |value, byte| value << 8 | u64::from(*byte));
    (bytes.len() <= 8).then(|| u32::try_from(value).ok()).flatten()
}

/// The elements that stand one after the other; the last one may be cut off, or not say how long it is.
fn elements(mut rest: &[u8]) -> impl Iterator<Item = (u64, &[u8])> {
    std::iter::from_fn(move || {
        let (id, after) = variable(rest, true)?;
        let (size, content) = variable(after, false)?;
        let length = usize::try_from(size).unwrap_or(usize::MAX).min(content.len());
        let (content, next) = content.split_at(length);
        rest = next;
        Some((id, content))
    })
}

/// A number of as many bytes as its first bits tell. All ones, a size that is not known, are more than there can be.
fn variable(bytes: &[u8], with_marker: bool) -> Option<(u64, &[u8])> {
    let first = *bytes.first()?;
    let length = first.leading_zeros() as usize + 1;
    let (read, rest) = bytes.split_at_checked(length).filter(|_| length <= 8)?;
    let value = read.iter().fold(0_u64, |value, byte| value << 8 | u64::from(*byte));
    let marker = 1_u64 << (7 * length);
    Some((if with_marker { value } else { value & !marker }, rest))
}

#[cfg(test)]
mod tests {
    use super::{is_mp4, mp4_sides, webm_sides};
    use crate::outputs::sniff::facts;

    fn boxed(name: &[u8], content: &[u8]) -> Vec<u8> {
        let size = u32::try_from(content.len() + 8).unwrap().to_be_bytes();
        [size.as_slice(), name, content].concat()
    }

    fn track(width: u32, height: u32) -> Vec<u8> {
        let sides = [(width << 16).to_be_bytes(), (height << 16).to_be_bytes()].concat();
        boxed(b"trak", &boxed(b"tkhd", &[vec![0; 76], sides].concat()))
    }

    fn mp4(brands: &[u8]) -> Vec<u8> {
        let movie = [boxed(b"mvhd", &[0; 100]), track(0, 0), track(1280, 720)].concat();
        [boxed(b"ftyp", brands), boxed(b"free", b""), boxed(b"moov", &movie), boxed(b"mdat", &[7; 50])]
            .concat()
    }

    #[test]
    fn an_mp4_has_the_sides_of_its_picture_track() {
        let clip = mp4(b"isom\0\0\x02\0isomiso2avc1mp41");
        let told = facts(&clip).unwrap();
        assert_eq!((told.content_type.as_str(), told.width, told.height), ("video/mp4", 1280, 720));
        let newer = mp4(b"iso9\0\0\0\0iso6mp41");
        assert_eq!(facts(&newer).unwrap().content_type, "video/mp4");
        assert!(!is_mp4(&mp4(b"qt  \0\0\0\0isom")));
        let ahead = [boxed(b"ftyp", b"mp42\0\0\0\0isom"), boxed(b"mdat", &[7; 50])].concat();
        let told = facts(&ahead).unwrap();
        assert_eq!((told.width, told.height), (0, 0), "its description comes later");
    }

    fn element(id: &[u8], content: &[u8]) -> Vec<u8> {
        let size = u32::try_from(content.len()).unwrap() | 0x1000_0000;
        [id, &size.to_be_bytes(), content].concat()
    }

    fn webm() -> Vec<u8> {
        let video = [element(b"\xb0", &[5, 0]), element(b"\xba", &[2, 208])].concat();
        let sound = element(b"\xae", &element(b"\x83", &[2]));
        let tracks = [sound, element(b"\xae", &element(b"\xe0", &video))].concat();
        let segment = [element(b"\xec", &[0; 200]), element(b"\x16\x54\xae\x6b", &tracks)].concat();
        let header = element(b"\x1a\x45\xdf\xa3", b"\x42\x82\x84webm");
        // Streams do not say how long they will be.
        [header, b"\x18\x53\x80\x67\x01\xff\xff\xff\xff\xff\xff\xff".to_vec(), segment].concat()
    }

    #[test]
    fn a_webm_has_the_sides_of_its_picture_track() {
        let told = facts(&webm()).unwrap();
        assert_eq!((told.content_type.as_str(), told.width, told.height), ("video/webm", 1280, 720));
    }

    #[test]
    fn clips_that_are_cut_off_or_scrambled_do_no_harm() {
        for whole in [mp4(b"isom\0\0\0\0isom"), webm()] {
            for end in 0..whole.len() {
                let _ = (mp4_sides(&whole[..end]), webm_sides(&whole[..end]));
            }
            for place in 0..whole.len() {
                let mut scrambled = whole.clone();
                scrambled[place] = 0xff;
                let _ = (is_mp4(&scrambled), mp4_sides(&scrambled), webm_sides(&scrambled));
            }
        }
        assert_eq!(mp4_sides(&[0; 64]), None);
    }
}
