//! Colours that can be mixed.

use tiny_skia::Color;

/// An opaque colour, each part from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Tint {
    red: f32,
    green: f32,
    blue: f32,
}

pub(super) const WHITE: Tint = Tint::hex(0xff_ff_ff);
pub(super) const BLACK: Tint = Tint::hex(0x00_00_00);

impl Tint {
    /// From `0xrrggbb`.
    pub(super) const fn hex(rgb: u32) -> Tint {
        Tint {
            red: ((rgb >> 16) & 0xff) as f32 / 255.0,
            green: ((rgb >> 8) & 0xff) as f32 / 255.0,
            blue: (rgb & 0xff) as f32 / 255.0,
        }
    }

    /// This share of the other colour mixed in, from 0 to 1.
    pub(super) fn mix(self, other: Tint, share: f32) -> Tint {
        let share = share.clamp(0.0, 1.0);
        let part = |own: f32, theirs: f32| own + (theirs - own) * share;
        Tint {
            red: part(self.red, other.red),
            green: part(self.green, other.green),
            blue: part(self.blue, other.blue),
        }
    }

    /// Turned on the colour wheel by an angle, brightness kept.
    pub(super) fn turn(self, angle: f32) -> Tint {
        let (sin, cos) = angle.sin_cos();
        let (third, root) = ((1.0 - cos) / 3.0, (1.0_f32 / 3.0).sqrt() * sin);
        let row = |own: f32, next: f32, last: f32| {
            (own * (cos + third) + next * (third - root) + last * (third + root)).clamp(0.0, 1.0)
        };
        Tint {
            red: row(self.red, self.green, self.blue),
            green: row(self.green, self.blue, self.red),
            blue: row(self.blue, self.red, self.green),
        }
    }

    /// With an opacity from 0 to 1.
    pub(super) fn alpha(self, opacity: f32) -> Color {
        Color::from_rgba(self.red, self.green, self.blue, opacity.clamp(0.0, 1.0)).unwrap_or(Color::BLACK)
    }
}
