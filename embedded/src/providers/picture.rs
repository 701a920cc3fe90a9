//! Draws the files: a mosaic whose colours follow from prompt and seed, as a PNG, or as an animated PNG for a clip.

use std::hash::{DefaultHasher, Hash, Hasher};

use bytes::Bytes;
use png::{BitDepth, ColorType, Compression, Encoder, EncodingError};

use super::wishes::Wishes;

/// Tiles a side.
const TILES: usize = 8;
const COLOURS: usize = 16;
const FRAMES_A_SECOND: u16 = 4;
/// Clips are drawn small: they are to be quick to make and to fetch.
const CLIP_SIDE: u32 = 160;

/// A file that was made.
pub(super) struct Picture {
    pub content_type: &'static str,
    pub width: u32,
    pub height: u32,
    /// `None` for a still picture.
    pub seconds: Option<u64>,
    seed: u64,
}

impl Picture {
    /// What the output of this number looks like.
    pub(super) fn of(wishes: &Wishes, number: u64) -> Picture {
        let mut hasher = DefaultHasher::new();
        (&wishes.prompt, wishes.seed, number).hash(&mut hasher);
        let side = |asked: u64| {
            let asked = u32::try_from(asked).unwrap_or(u32::MAX);
            if wishes.seconds.is_some() { asked.min(CLIP_SIDE) } else { asked }
        };
        let content_type = if wishes.seconds.is_some() { "image/apng" } else { "image/png" };
        let (width, height) = (side(wishes.width), side(wishes.height));
        Picture { content_type, width, height, seconds: wishes.seconds, seed: hasher.finish() }
    }

    /// How many frames it has.
    pub(super) fn frames(&self) -> u32 {
        let frames = self.seconds.map_or(1, |seconds| seconds * u64::from(FRAMES_A_SECOND));
        u32::try_from(frames).unwrap_or(u32::MAX).max(1)
    }

    /// The file itself.
    pub(super) fn encode(&self) -> Bytes {
        let mut file = Vec::new();
        // Writing into memory fails for sizes alone that no wish may have.
        if let Err(error) = self.write(&mut file) {
            tracing::error!(%error, "a mock picture could not be drawn");
        }
        file.into()
    }

    fn write(&self, file: &mut Vec<u8>) -> Result<(), EncodingError> {
        let mut encoder = Encoder::new(file, self.width, self.height);
        encoder.set_color(ColorType::Indexed);
        encoder.set_depth(BitDepth::Eight);
        encoder.set_compression(Compression::Fast);
        encoder.set_palette(self.palette());
        if self.seconds.is_some() {
            encoder.set_animated(self.frames(), 0)?;
            encoder.set_frame_delay(1, FRAMES_A_SECOND)?;
        }
        let mut writer = encoder.write_header()?;
        for frame in 0..self.frames() {
            writer.write_image_data(&self.pixels(frame as usize))?;
        }
        writer.finish()
    }

    fn palette(&self) -> Vec<u8> {
        (0..COLOURS as u64 * 3).map(|part| (self.chance(part) % 256) as u8).collect()
    }

    /// One byte a pixel. With each frame the tiles move on by one.
    fn pixels(&self, frame: usize) -> Vec<u8> {
        let (width, height) = (self.width as usize, self.height as usize);
        let colour = |across: usize, down: usize| {
            let tile = down * TILES + (across + frame) % TILES;
            (self.chance(1_000 + tile as u64) % COLOURS as u64) as u8
        };
        let row = |down: usize| (0..width).map(move |x| colour(x * TILES / width, down)).collect::<Vec<u8>>();
        let rows: Vec<Vec<u8>> = (0..TILES).map(row).collect();
        (0..height).flat_map(|y| &rows[y * TILES / height]).copied().collect()
    }

    fn chance(&self, number: u64) -> u64 {
        let mut hasher = DefaultHasher::new();
        (self.seed, number).hash(&mut hasher);
        hasher.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::{Picture, Wishes};
    use std::io::Cursor;

    fn wishes(prompt: &str, seconds: Option<u64>) -> Wishes {
        Wishes { prompt: prompt.to_owned(), count: 1, width: 48, height: 32, seconds, seed: 0 }
    }

    #[test]
    fn pictures_can_be_read_and_differ_by_prompt_and_number() {
        let file = Picture::of(&wishes("a cat", None), 0).encode();
        let mut reader = png::Decoder::new(Cursor::new(&file)).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let frame = reader.next_frame(&mut pixels).unwrap();
        assert_eq!((frame.width, frame.height), (48, 32));
        assert!(reader.info().animation_control().is_none());
        assert_eq!(Picture::of(&wishes("a cat", None), 0).encode(), file);
        assert_ne!(Picture::of(&wishes("a cat", None), 1).encode(), file);
        assert_ne!(Picture::of(&wishes("a dog", None), 0).encode(), file);
    }

    #[test]
    fn clips_have_their_frames() {
        let file = Picture::of(&wishes("a cat", Some(2)), 0).encode();
        let mut reader = png::Decoder::new(Cursor::new(&file)).read_info().unwrap();
        assert_eq!(reader.info().animation_control().unwrap().num_frames, 8);
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let mut first = Vec::new();
        for frame in 0..8 {
            reader.next_frame(&mut pixels).unwrap();
            if frame == 0 {
                first.clone_from(&pixels);
            } else {
                assert_ne!(first, pixels, "it moves");
            }
        }
    }
}
