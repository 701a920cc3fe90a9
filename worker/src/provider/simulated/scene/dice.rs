//! Chance that falls the same way every time: a seeded generator of our own, since those of the libraries may
//! change between versions and a picture must not.

use std::f32::consts::TAU;

/// FNV-1a, 64 bits.
pub(super) fn hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// SplitMix64.
#[derive(Debug, Clone)]
pub(super) struct Dice {
    state: u64,
}

impl Dice {
    pub(super) fn new(seed: u64) -> Dice {
        Dice { state: seed }
    }

    /// Any number.
    pub(super) fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From 0 up to, not including, 1.
    pub(super) fn unit(&mut self) -> f32 {
        (self.next() >> 40) as f32 / (1u32 << 24) as f32
    }

    /// Between two numbers.
    pub(super) fn between(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.unit()
    }

    /// A whole number from 0 up to, not including, `below`.
    pub(super) fn below(&mut self, below: u64) -> u64 {
        self.next() % below.max(1)
    }

    /// Any angle.
    pub(super) fn angle(&mut self) -> f32 {
        self.between(0.0, TAU)
    }

    /// One of several; there must be one.
    pub(super) fn pick<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[self.below(choices.len() as u64) as usize]
    }
}

/// A smooth line of chance: the same height at the same place, between 0 and 1.
#[derive(Debug, Clone, Copy)]
pub(super) struct Noise {
    seed: u64,
}

impl Noise {
    pub(super) fn new(dice: &mut Dice) -> Noise {
        Noise { seed: dice.next() }
    }

    /// Several octaves added up, each half as high and twice as fine.
    pub(super) fn rough(self, place: f32, octaves: u32) -> f32 {
        let mut sum = 0.0;
        let mut most = 0.0;
        for octave in 0..octaves {
            let share = 0.5_f32.powi(octave as i32);
            sum += share * self.smooth(place * (1 << octave) as f32 + octave as f32 * 17.3);
            most += share;
        }
        sum / most
    }

    fn smooth(self, place: f32) -> f32 {
        let whole = place.floor();
        let part = place - whole;
        let eased = part * part * (3.0 - 2.0 * part);
        let [left, right] = [whole, whole + 1.0].map(|corner| self.corner(corner as i64));
        left + (right - left) * eased
    }

    fn corner(self, corner: i64) -> f32 {
        Dice::new(self.seed ^ (corner as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15)).unit()
    }
}

/// One throw that depends on these bytes and this number only.
pub(super) fn throw(bytes: &[u8], number: u32) -> u64 {
    Dice::new(hash(bytes) ^ u64::from(number)).next()
}
