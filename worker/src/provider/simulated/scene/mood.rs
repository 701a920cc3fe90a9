//! The colours of a picture, by the mood that its prompt speaks of.

use super::dice::Dice;
use super::says;
use super::tint::Tint;

/// One set of colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mood(u8);

/// The colours themselves.
#[derive(Debug, Clone, Copy)]
pub(super) struct Palette {
    /// From the top of the sky to the horizon.
    pub sky: [Tint; 3],
    /// The sun, the moon and what they shine on.
    pub light: Tint,
    /// What is far away.
    pub far: Tint,
    /// What is near.
    pub near: Tint,
    /// A colour that stands out.
    pub accent: Tint,
    /// Whether stars are out, from 0 to 1.
    pub stars: f32,
}

struct Entry {
    words: &'static [&'static str],
    sky: [u32; 3],
    light: u32,
    far: u32,
    near: u32,
    accent: u32,
    stars: f32,
}

/// The first mood whose word occurs in the prompt is taken.
const MOODS: [Entry; 10] = [
    Entry {
        words: &["sunset", "dusk", "evening", "golden", "warm", "autumn"],
        sky: [0x2b1b54, 0xb8416b, 0xffb26b],
        light: 0xffe9b0,
        far: 0xc4627a,
        near: 0x1d1233,
        accent: 0xff7a59,
        stars: 0.15,
    },
    Entry {
        words: &["night", "midnight", "moon", "star", "galaxy", "space", "planet", "dark"],
        sky: [0x060a1f, 0x14224d, 0x3a4f8f],
        light: 0xeef2ff,
        far: 0x33467f,
        near: 0x050816,
        accent: 0x8f7bff,
        stars: 1.0,
    },
    Entry {
        words: &["fire", "lava", "volcano", "flame", "burning", "dragon", "red"],
        sky: [0x14060a, 0x6b1414, 0xff6a1f],
        light: 0xffd27a,
        far: 0x8c2a18,
        near: 0x120406,
        accent: 0xff3d2e,
        stars: 0.1,
    },
    Entry {
        words: &["ice", "snow", "winter", "frozen", "cold", "arctic", "white"],
        sky: [0x5f8fc4, 0xa9cbe8, 0xf1f7fb],
        light: 0xffffff,
        far: 0xb5cfe4,
        near: 0x3b5878,
        accent: 0x7fd4f0,
        stars: 0.0,
    },
    Entry {
        words: &["forest", "jungle", "green", "moss", "meadow", "tree", "garden", "spring"],
        sky: [0x2f6f73, 0x8fc2a0, 0xf2efc4],
        light: 0xfff6cf,
        far: 0x7fae93,
        near: 0x10291f,
        accent: 0xd7e36b,
        stars: 0.0,
    },
    Entry {
        words: &["sea", "ocean", "lake", "beach", "blue", "summer", "island", "river", "sky"],
        sky: [0x1f6fb2, 0x6fbde0, 0xffe8c9],
        light: 0xfff8e0,
        far: 0x5fa6c9,
        near: 0x0b2f52,
        accent: 0x35d0c0,
        stars: 0.0,
    },
    Entry {
        words: &["desert", "dune", "sand", "canyon", "savanna", "mars"],
        sky: [0x3f6d96, 0xe3a878, 0xffdf9e],
        light: 0xfff3c8,
        far: 0xd08a5b,
        near: 0x5a2a1e,
        accent: 0xe86f3a,
        stars: 0.0,
    },
    Entry {
        words: &["neon", "cyber", "city", "robot", "synth", "future", "purple"],
        sky: [0x0d0628, 0x4a1a7a, 0xff4fa3],
        light: 0xffd1f3,
        far: 0x6a2a9c,
        near: 0x0a0420,
        accent: 0x2ff3ff,
        stars: 0.5,
    },
    Entry {
        words: &["flower", "rose", "pink", "cherry", "blossom", "love", "candy", "cat"],
        sky: [0x8e6bb8, 0xf2a7c3, 0xffe3d8],
        light: 0xfff4ea,
        far: 0xd79ac0,
        near: 0x4a2352,
        accent: 0xff6f9f,
        stars: 0.0,
    },
    Entry {
        words: &["dawn", "morning", "dream", "mist", "fog", "calm", "aurora"],
        sky: [0x3a4a8c, 0x8f8fd0, 0xffd3c4],
        light: 0xfff0dd,
        far: 0x8a8fc4,
        near: 0x1c2148,
        accent: 0x7ff0c8,
        stars: 0.25,
    },
];

impl Mood {
    /// The mood that the words speak of, or any.
    pub(super) fn of(words: &[&str], dice: &mut Dice) -> Mood {
        let any = dice.below(MOODS.len() as u64) as usize;
        let asked = MOODS.iter().position(|entry| entry.words.iter().any(|word| says(words, word)));
        Mood(asked.unwrap_or(any) as u8)
    }

    pub(super) fn number(self) -> u8 {
        self.0
    }

    pub(super) fn numbered(number: u8) -> Option<Mood> {
        (usize::from(number) < MOODS.len()).then_some(Mood(number))
    }

    /// Its colours, turned a little so that no two pictures of a mood look alike.
    pub(super) fn palette(self, dice: &mut Dice) -> Palette {
        let entry = &MOODS[usize::from(self.0)];
        let angle = dice.between(-0.22, 0.22);
        let tint = |rgb: u32| Tint::hex(rgb).turn(angle);
        Palette {
            sky: entry.sky.map(tint),
            light: Tint::hex(entry.light),
            far: tint(entry.far),
            near: tint(entry.near),
            accent: tint(entry.accent),
            stars: entry.stars,
        }
    }
}
