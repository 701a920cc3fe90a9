//! What a file is, told from its first bytes: a name or a header can claim anything. Only what a browser shows without
//! running anything counts.

mod clip;

use crate::provider::Facts;
use std::panic::catch_unwind;

const PNG_MAGIC: usize = 8;

/// What a file that begins like this is; `None` for what is not kept. A picture without sides is none; those of a clip
/// are 0 here, because they may stand anywhere in it.
pub(super) fn facts(head: &[u8]) -> Option<Facts> {
    let content_type = content_type(head)?;
    let (width, height) = match content_type {
        "video/mp4" | "video/webm" => (0, 0),
        _picture => picture_sides(head)?,
    };
    Some(Facts { content_type: content_type.to_owned(), width, height })
}

fn content_type(head: &[u8]) -> Option<&'static str> {
    match infer::get(head).map(|found| found.mime_type()) {
        Some("image/png") if is_animated(head) => Some("image/apng"),
        Some("video/x-m4v") => Some("video/mp4"),
        Some(
            known @ ("image/png" | "image/jpeg" | "image/webp" | "image/gif" | "image/avif" | "video/mp4"
            | "video/webm"),
        ) => Some(known),
        // Newer brands say in their second line which older ones they can be read as.
        _ if clip::is_mp4(head) => Some("video/mp4"),
        _ => None,
    }
}

fn picture_sides(head: &[u8]) -> Option<(u32, u32)> {
    // It parses what strangers wrote: should it panic, the file is odd, and the attempt goes on.
    let size = catch_unwind(|| imagesize::blob_size(head)).ok()?.ok()?;
    let sides = (u32::try_from(size.width).ok()?, u32::try_from(size.height).ok()?);
    (sides.0 > 0 && sides.1 > 0).then_some(sides)
}

/// Whether a PNG moves: then it says so before its first picture.
fn is_animated(head: &[u8]) -> bool {
    let mut rest = head.get(PNG_MAGIC..).unwrap_or_default();
    // Length, name, data and checksum.
    while let Some((length, after)) = rest.split_first_chunk::<4>() {
        match after.get(..4) {
            Some(b"acTL") => return true,
            Some(b"IDAT") | None => return false,
            Some(_) => {}
        }
        let chunk = (u32::from_be_bytes(*length) as usize).saturating_add(8);
        rest = after.get(chunk..).unwrap_or_default();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::facts;
    use crate::provider::Facts;

    fn known(head: &[u8]) -> Option<(String, u32, u32)> {
        facts(head).map(|Facts { content_type, width, height }| (content_type, width, height))
    }

    fn png(animated: bool) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, 3, 2);
        if animated {
            encoder.set_animated(1, 0).unwrap();
        }
        encoder.set_color(png::ColorType::Grayscale);
        encoder.write_header().unwrap().write_image_data(&[0; 6]).unwrap();
        bytes
    }

    fn riff(format: &[u8], rest: &[u8]) -> Vec<u8> {
        [b"RIFF\x40\0\0\0WEBP".as_slice(), format, rest, &[0; 32]].concat()
    }

    #[test]
    fn pictures_are_told_apart_with_their_sides() {
        assert_eq!(known(&png(false)).unwrap(), ("image/png".into(), 3, 2));
        assert_eq!(known(&png(true)).unwrap(), ("image/apng".into(), 3, 2));
        let gif = b"GIF89a\x05\0\x04\0\x80\0\0\0\0\0\xff\xff\xff!";
        assert_eq!(known(gif).unwrap(), ("image/gif".into(), 5, 4));
        let jpeg = b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0\xff\xc0\0\x0b\x08\0\x07\0\x09\x01\x01\x11\0\xff\xda";
        assert_eq!(known(jpeg).unwrap(), ("image/jpeg".into(), 9, 7));
        let webp = riff(b"VP8X", &[10, 0, 0, 0, 0, 0, 0, 0, 15, 0, 0, 11, 0, 0]);
        assert_eq!(known(&webp).unwrap(), ("image/webp".into(), 16, 12));
    }

    #[test]
    fn an_avif_picture_is_known() {
        let ispe =
            [b"\0\0\0\x14ispe\0\0\0\0".as_slice(), &640_u32.to_be_bytes(), &360_u32.to_be_bytes()].concat();
        let ipco = [b"\0\0\0\x1cipco".as_slice(), &ispe].concat();
        let iprp = [b"\0\0\0\x24iprp".as_slice(), &ipco].concat();
        let meta = [b"\0\0\0\x30meta\0\0\0\0".as_slice(), &iprp].concat();
        let avif = [b"\0\0\0\x18ftypavif\0\0\0\0mif1miaf".as_slice(), &meta, b"\0\0\0\x08mdat"].concat();
        assert_eq!(known(&avif).unwrap(), ("image/avif".into(), 640, 360));
    }

    #[test]
    fn what_could_run_or_is_cut_off_is_not_kept() {
        let whole = png(false);
        for head in [
            b"".as_slice(),
            b"GIF",
            b"<html><script>alert(1)</script></html>",
            b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>",
            b"{\"error\":\"not found\"}",
            b"%PDF-1.7 and more of it",
            b"PK\x03\x04 an archive",
            b"\x7fELF\x02\x01\x01 a program",
            b"II*\0 a picture that browsers do not show",
            b"\0\0\0\x14ftypqt  \0\0\0\0qt  \0\0\0\x08mdat",
            &whole[..12],
        ] {
            assert_eq!(known(head), None, "{:?}", head.escape_ascii().to_string());
        }
    }
}
