//! Small copies of pictures, for lists. A copy is a kindness: whatever hinders it, the picture itself is kept without one.
//!
//! Decoding is where a small file becomes large, so it happens to few pictures at a time, none with more pixels or bytes
//! than a bound, and not on the threads that serve everybody else.

use bytes::Bytes;
use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, ImageResult, Limits, Rgb, RgbImage};
use std::io::Cursor;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

/// MIME type of all of them.
pub(super) const CONTENT_TYPE: &str = "image/jpeg";

const LONGEST_SIDE: u32 = 320;
const QUALITY: u8 = 80;

/// Longest side of a picture that is copied.
const MOST_PIXELS_A_SIDE: u32 = 10_000;

/// Most bytes of a picture once it is decoded: 33 million pixels of four bytes.
const MOST_BYTES: u64 = 128 * 1024 * 1024;

/// How long a copy may take, waiting for others included.
const PATIENCE: Duration = Duration::from_secs(20);

/// How many pictures are decoded at once.
static DECODING: Semaphore = Semaphore::const_new(2);

/// A small copy, if the file is a picture of which there can be one.
pub(super) async fn thumbnail(content_type: &str, file: Bytes) -> Option<Bytes> {
    let format = match content_type {
        "image/png" | "image/apng" => ImageFormat::Png,
        "image/jpeg" => ImageFormat::Jpeg,
        "image/webp" => ImageFormat::WebP,
        _ => return None,
    };
    let made = async {
        let permit = DECODING.acquire().await.ok()?;
        // The permit goes along: what was begun goes on, even if nobody waits for it any more.
        let copied = spawn_blocking(move || {
            let _permit = permit;
            copy(format, &file)
        });
        match copied.await {
            Ok(Ok(copy)) => Some(Bytes::from(copy)),
            Ok(Err(error)) => {
                tracing::info!(error = %ledger::error_chain(&error), "a picture has no small copy");
                None
            }
            Err(_panic) => None,
        }
    };
    timeout(PATIENCE, made).await.ok().flatten()
}

fn copy(format: ImageFormat, file: &[u8]) -> ImageResult<Vec<u8>> {
    let mut limits = Limits::default();
    limits.max_image_width = Some(MOST_PIXELS_A_SIDE);
    limits.max_image_height = Some(MOST_PIXELS_A_SIDE);
    limits.max_alloc = Some(2 * MOST_BYTES);
    let mut reader = ImageReader::with_format(Cursor::new(file), format);
    reader.limits(limits.clone());
    let mut decoder = reader.into_decoder()?;
    // Not every decoder counts what it allocates.
    limits.max_alloc = Some(MOST_BYTES);
    limits.reserve(decoder.total_bytes())?;
    let orientation = decoder.orientation()?;
    let mut picture = DynamicImage::from_decoder(decoder)?;
    if picture.width().max(picture.height()) > LONGEST_SIDE {
        picture = picture.thumbnail(LONGEST_SIDE, LONGEST_SIDE);
    }
    picture.apply_orientation(orientation);
    let mut written = Vec::new();
    JpegEncoder::new_with_quality(&mut written, QUALITY).encode_image(&on_white(&picture))?;
    Ok(written)
}

/// JPEG knows no transparency.
fn on_white(picture: &DynamicImage) -> RgbImage {
    let picture = picture.to_rgba8();
    RgbImage::from_fn(picture.width(), picture.height(), |x, y| {
        let [red, green, blue, alpha] = picture.get_pixel(x, y).0;
        let over = |colour: u8| {
            let mixed = u32::from(colour) * u32::from(alpha) + 255 * (255 - u32::from(alpha));
            u8::try_from(mixed / 255).unwrap_or(u8::MAX)
        };
        Rgb([over(red), over(green), over(blue)])
    })
}

#[cfg(test)]
mod tests {
    use super::{CONTENT_TYPE, copy, thumbnail};
    use bytes::Bytes;
    use image::{ImageError, ImageFormat};

    /// A picture of one colour with transparency.
    fn png(width: u32, height: u32, pixel: [u8; 4]) -> Bytes {
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, width, height);
        encoder.set_color(png::ColorType::Rgba);
        let pixels = pixel.repeat((width * height) as usize);
        encoder.write_header().unwrap().write_image_data(&pixels).unwrap();
        bytes.into()
    }

    #[tokio::test]
    async fn a_picture_is_copied_small_with_its_proportions() {
        for (sides, expected) in [((640, 320), (320, 160)), ((100, 1_000), (32, 320)), ((40, 30), (40, 30))] {
            let copy = thumbnail("image/png", png(sides.0, sides.1, [200, 0, 0, 255])).await.unwrap();
            let copied = image::load_from_memory(&copy).unwrap().to_rgb8();
            assert_eq!(copied.dimensions(), expected);
            let [red, green, blue] = copied.get_pixel(5, 5).0;
            assert!(red > 180 && green < 30 && blue < 30, "{red} {green} {blue}");
            // And once more, from what it became.
            assert!(thumbnail(CONTENT_TYPE, copy).await.is_some());
        }
    }

    #[tokio::test]
    async fn what_is_transparent_becomes_white() {
        let copy = thumbnail("image/png", png(20, 20, [0, 0, 0, 0])).await.unwrap();
        let pixel = image::load_from_memory(&copy).unwrap().to_rgb8().get_pixel(3, 3).0;
        assert!(pixel.iter().all(|colour| *colour > 250), "{pixel:?}");
    }

    #[tokio::test]
    async fn what_is_broken_has_no_copy() {
        let whole = png(64, 64, [1, 2, 3, 255]);
        assert!(thumbnail("image/png", whole.slice(..whole.len() / 2)).await.is_none());
        assert!(thumbnail("image/jpeg", whole.clone()).await.is_none(), "it is something else");
        assert!(thumbnail("video/mp4", whole).await.is_none());
    }

    #[test]
    fn a_picture_that_promises_too_much_is_not_decoded() {
        for (width, height) in [(10_001, 1), (1, 10_001), (9_000, 4_000)] {
            let mut promise = Vec::new();
            let mut encoder = png::Encoder::new(&mut promise, width, height);
            encoder.set_color(png::ColorType::Rgba);
            // The beginning of its pixels, without which it is no picture at all.
            encoder.write_header().unwrap().write_chunk(png::chunk::IDAT, b"\x78\x01").unwrap();
            let error = copy(ImageFormat::Png, &promise).unwrap_err();
            assert!(matches!(error, ImageError::Limits(_)), "{width} by {height}: {error}");
        }
    }
}
