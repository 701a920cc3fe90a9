//! Which clips every browser takes for MP4.

/// Brands of ISO 14496-12 and -14 whose files every browser takes for MP4.
const MP4_BRANDS: [&[u8]; 8] = [b"isom", b"iso2", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42", b"avc1"];

/// Whether a file says that it can be read as MP4.
pub(super) fn is_mp4(head: &[u8]) -> bool {
    let Some(brands) = brands(head) else { return false };
    // The brand that it was made as, a version, and those that it can be read as.
    let readable = brands.chunks_exact(4).skip(2);
    // QuickTime's own files name them too, and may hold what browsers cannot show.
    !brands.starts_with(b"qt  ") && readable.into_iter().any(|brand| MP4_BRANDS.contains(&brand))
}

/// What its first box names; it may be cut off.
fn brands(head: &[u8]) -> Option<&[u8]> {
    let (size, rest) = head.split_first_chunk::<4>()?;
    let brands = rest.strip_prefix(b"ftyp")?;
    let length = (u32::from_be_bytes(*size) as usize).checked_sub(8)?;
    Some(&brands[..length.min(brands.len())])
}

#[cfg(test)]
mod tests {
    use super::is_mp4;
    use crate::outputs::sniff::facts;

    fn file(brands: &[u8]) -> Vec<u8> {
        let size = u32::try_from(brands.len() + 8).unwrap().to_be_bytes();
        [size.as_slice(), b"ftyp", brands, b"\0\0\0\x08mp42mdat"].concat()
    }

    #[test]
    fn what_says_that_it_can_be_read_as_mp4_is_one() {
        for brands in [b"isom\0\0\x02\0isomiso2avc1mp41".as_slice(), b"iso9\0\0\0\0iso6mp41"] {
            assert_eq!(facts(&file(brands)).unwrap().content_type, "video/mp4");
            assert!(is_mp4(&file(brands)));
        }
        for brands in [b"qt  \0\0\0\0isom".as_slice(), b"mp41\0\0\0\0", b"iso9\0\0\0\0xxxx", b""] {
            assert!(!is_mp4(&file(brands)), "{}", brands.escape_ascii());
        }
    }

    #[test]
    fn brands_that_are_cut_off_or_scrambled_do_no_harm() {
        let whole = file(b"isom\0\0\0\0isom");
        for end in 0..whole.len() {
            let _ = is_mp4(&whole[..end]);
        }
        for place in 0..whole.len() {
            let mut scrambled = whole.clone();
            scrambled[place] = 0xff;
            let _ = is_mp4(&scrambled);
        }
    }
}
