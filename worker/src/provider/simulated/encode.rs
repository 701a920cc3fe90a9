//! From a scene to a PNG, or to an animated PNG that loops.
//!
//! A clip's later frames hold only what differs from what is shown already; the rest is transparent and costs
//! nearly nothing. Differences too small to see are left out, measured against what is really shown, so that
//! they never add up.

use super::scene::Scene;
use png::{BitDepth, BlendOp, ColorType, Compression, Encoder, EncodingError};
use tiny_skia::Pixmap;

/// A colour part that differs by no more than this looks the same.
const SAME: u8 = 5;

/// What to draw, how large, and in how many frames.
#[derive(Debug, Clone, Copy)]
pub(super) struct Drawing {
    pub scene: Scene,
    pub width: u32,
    pub height: u32,
    /// 1 for a picture.
    pub frames: u32,
    /// How long all frames take together.
    pub seconds: u32,
}

impl Drawing {
    /// How long the clip is, in milliseconds: the sum of its frames. `None` for a picture.
    pub(super) fn milliseconds(&self) -> Option<u64> {
        (self.frames > 1).then(|| u64::from(self.frames) * u64::from(self.frame_milliseconds()))
    }

    fn frame_milliseconds(&self) -> u16 {
        u16::try_from(u64::from(self.seconds) * 1_000 / u64::from(self.frames)).unwrap_or(u16::MAX)
    }

    /// The file; `None` for a size that cannot be drawn. Much work: not for an async thread.
    pub(super) fn encode(self) -> Option<Vec<u8>> {
        let mut file = Vec::new();
        let mut encoder = Encoder::new(&mut file, self.width, self.height);
        encoder.set_depth(BitDepth::Eight);
        encoder.set_compression(Compression::Fast);
        let written = if self.frames > 1 { self.write_clip(encoder) } else { self.write_picture(encoder) };
        written.ok().flatten()?;
        Some(file)
    }

    fn write_picture(self, mut encoder: Encoder<'_, &mut Vec<u8>>) -> Result<Option<()>, EncodingError> {
        encoder.set_color(ColorType::Rgb);
        let Some(drawn) = self.scene.draw(self.width, self.height, 0.0) else { return Ok(None) };
        let mut writer = encoder.write_header()?;
        writer.write_image_data(&without_alpha(&drawn))?;
        writer.finish()?;
        Ok(Some(()))
    }

    fn write_clip(self, mut encoder: Encoder<'_, &mut Vec<u8>>) -> Result<Option<()>, EncodingError> {
        encoder.set_color(ColorType::Rgba);
        encoder.set_animated(self.frames, 0)?;
        encoder.set_frame_delay(self.frame_milliseconds(), 1_000)?;
        let mut writer = encoder.write_header()?;
        let mut shown: Vec<u8> = Vec::new();
        for frame in 0..self.frames {
            let phase = frame as f32 / self.frames as f32;
            let Some(drawn) = self.scene.draw(self.width, self.height, phase) else { return Ok(None) };
            if frame == 0 {
                shown = drawn.data().to_vec();
                writer.write_image_data(&shown)?;
                writer.set_blend_op(BlendOp::Over)?;
            } else {
                writer.write_image_data(&changes(&mut shown, drawn.data()))?;
            }
        }
        writer.finish()?;
        Ok(Some(()))
    }
}

/// The pixels that differ from what is shown, on transparent ground; takes them over into `shown`.
fn changes(shown: &mut [u8], drawn: &[u8]) -> Vec<u8> {
    let mut frame = vec![0; drawn.len()];
    let pixels = shown.chunks_exact_mut(4).zip(drawn.chunks_exact(4)).zip(frame.chunks_exact_mut(4));
    for ((shown, drawn), changed) in pixels {
        if shown.iter().zip(drawn).any(|(one, two)| one.abs_diff(*two) > SAME) {
            shown.copy_from_slice(drawn);
            changed.copy_from_slice(drawn);
        }
    }
    frame
}

/// The colours alone: a picture is painted over everywhere.
fn without_alpha(drawn: &Pixmap) -> Vec<u8> {
    drawn.pixels().iter().flat_map(|pixel| [pixel.red(), pixel.green(), pixel.blue()]).collect()
}

#[cfg(test)]
mod tests {
    use super::{SAME, Scene, changes};

    #[test]
    fn what_is_shown_never_drifts_from_what_was_drawn() {
        let scene = Scene::imagine("the sea", 0, 0);
        let mut shown = scene.draw(64, 64, 0.0).unwrap().take();
        for frame in 1..24 {
            let drawn = scene.draw(64, 64, frame as f32 / 24.0).unwrap().take();
            let frame = changes(&mut shown, &drawn);
            assert!(shown.iter().zip(&drawn).all(|(one, two)| one.abs_diff(*two) <= SAME));
            assert!(frame.chunks_exact(4).all(|pixel| pixel[3] == 255 || pixel == [0; 4]));
        }
    }
}
