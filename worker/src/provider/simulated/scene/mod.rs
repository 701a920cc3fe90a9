//! Pictures drawn from a prompt: the mood follows its words, everything else a hash of it.
//!
//! A scene is three small numbers, so it can travel in a task id without the prompt. Drawing takes a phase
//! from 0 to 1 and comes back to its start at 1, so that a clip loops without a seam.

mod canvas;
mod dice;
mod hills;
mod mood;
mod orbs;
mod ribbons;
mod sky;
mod skyline;
mod tint;
mod water;
mod woods;

use canvas::Canvas;
use dice::Dice;
use mood::Mood;
use tiny_skia::Pixmap;

/// A number that depends on these bytes and this number only.
pub(super) fn chance(bytes: &[u8], number: u32) -> u64 {
    dice::throw(bytes, number)
}

/// What to draw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Scene {
    seed: u64,
    mood: Mood,
    subject: Subject,
}

/// What the picture is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Subject {
    Hills,
    Water,
    Woods,
    Skyline,
    Orbs,
    Ribbons,
}

const SUBJECTS: [Subject; 6] =
    [Subject::Hills, Subject::Water, Subject::Woods, Subject::Skyline, Subject::Orbs, Subject::Ribbons];

/// Words that ask for a subject; the first that occurs wins.
const SUBJECT_WORDS: [(Subject, &[&str]); 6] = [
    (
        Subject::Water,
        &["sea", "ocean", "lake", "beach", "river", "boat", "ship", "island", "lighthouse", "fish", "whale"],
    ),
    (Subject::Woods, &["forest", "tree", "wood", "jungle", "garden", "fox", "deer", "owl", "cabin"]),
    (
        Subject::Skyline,
        &["city", "street", "skyline", "neon", "castle", "tower", "robot", "town", "car", "train", "cyber"],
    ),
    (
        Subject::Hills,
        &["mountain", "hill", "valley", "landscape", "desert", "dune", "canyon", "snow", "volcano"],
    ),
    (Subject::Orbs, &["planet", "space", "galaxy", "orb", "bubble", "abstract", "dream", "portrait", "cat"]),
    (Subject::Ribbons, &["aurora", "silk", "wave", "wind", "music", "smoke", "fire", "flow", "northern"]),
];

impl Scene {
    /// The scene of a prompt. The same prompt, seed and index always give the same one.
    pub(super) fn imagine(prompt: &str, seed: u32, index: u32) -> Scene {
        let prompt = prompt.to_lowercase();
        let mut dice = Dice::new(dice::hash(prompt.as_bytes()) ^ u64::from(seed).rotate_left(32));
        for _ in 0..=index {
            dice.next();
        }
        let words: Vec<&str> = prompt.split(|letter: char| !letter.is_alphanumeric()).collect();
        let asked = SUBJECT_WORDS.iter().find(|(_, asks)| asks.iter().any(|ask| says(&words, ask)));
        let subject = asked.map_or_else(|| *dice.pick(&SUBJECTS), |(subject, _)| *subject);
        let mood = Mood::of(&words, &mut dice);
        Scene { seed: dice.next(), mood, subject }
    }

    /// The scene as text of a fixed small size, without anything of the prompt.
    pub(super) fn encode(self) -> String {
        format!("{:016x}.{}.{}", self.seed, self.mood.number(), self.subject as u8)
    }

    /// Reads [`Scene::encode`]'s text.
    pub(super) fn decode(text: &str) -> Option<Scene> {
        let mut parts = text.split('.');
        let seed = u64::from_str_radix(parts.next()?, 16).ok()?;
        let mood = Mood::numbered(parts.next()?.parse().ok()?)?;
        let subject = *SUBJECTS.get(parts.next()?.parse::<usize>().ok()?)?;
        parts.next().is_none().then_some(Scene { seed, mood, subject })
    }

    /// Draws the scene at a phase of its motion, from 0 to 1. `None` for a size that cannot be drawn.
    pub(super) fn draw(self, width: u32, height: u32, phase: f32) -> Option<Pixmap> {
        let mut canvas = Canvas::new(width, height)?;
        let mut dice = Dice::new(self.seed);
        let palette = self.mood.palette(&mut dice);
        let draw = match self.subject {
            Subject::Hills => hills::draw,
            Subject::Water => water::draw,
            Subject::Woods => woods::draw,
            Subject::Skyline => skyline::draw,
            Subject::Orbs => orbs::draw,
            Subject::Ribbons => ribbons::draw,
        };
        draw(&mut canvas, &palette, &mut dice, phase);
        Some(canvas.finish())
    }
}

/// Whether one of the words is this one, or its plural.
fn says(words: &[&str], asked: &str) -> bool {
    words
        .iter()
        .any(|word| word.strip_prefix(asked).is_some_and(|rest| matches!(rest, "" | "s" | "y" | "es")))
}

#[cfg(test)]
mod tests {
    use super::Scene;

    fn pixels(prompt: &str, seed: u32, index: u32) -> Vec<u8> {
        Scene::imagine(prompt, seed, index).draw(64, 64, 0.0).unwrap().take()
    }

    #[test]
    fn the_same_request_gives_the_same_picture() {
        assert_eq!(pixels("a red fox", 1, 0), pixels("a red fox", 1, 0));
    }

    #[test]
    fn prompt_seed_and_index_each_change_the_picture() {
        let picture = pixels("a red fox", 1, 0);
        for other in [pixels("a blue fox", 1, 0), pixels("a red fox", 2, 0), pixels("a red fox", 1, 1)] {
            let differing = picture.iter().zip(&other).filter(|(one, two)| one.abs_diff(**two) > 8).count();
            assert!(differing > picture.len() / 10, "{differing} of {} bytes differ", picture.len());
        }
    }

    #[test]
    fn words_choose_what_is_drawn() {
        let scene = Scene::imagine("A lighthouse by the sea at sunset", 0, 0);
        assert_eq!(scene.subject, super::Subject::Water);
        assert_eq!(Scene::imagine("neon cities", 0, 0).subject, super::Subject::Skyline);
        assert_ne!(scene.mood, Scene::imagine("a frozen sea under the ice", 0, 0).mood);
    }

    #[test]
    fn a_scene_survives_as_text() {
        for prompt in ["", "sea", "forest in fog", "🦊", "neon city", "planets"] {
            let scene = Scene::imagine(prompt, 9, 2);
            assert_eq!(Scene::decode(&scene.encode()), Some(scene), "{prompt}");
        }
        for text in ["", "x.0.0", "0.99.0", "0.0.99", "0.0", "0.0.0.0"] {
            assert_eq!(Scene::decode(text), None, "{text}");
        }
    }

    #[test]
    fn every_subject_moves_and_comes_back_to_its_start() {
        for prompt in ["sea", "forest", "city", "mountain", "planet", "aurora"] {
            let scene = Scene::imagine(prompt, 0, 0);
            let [start, middle, end] = [0.0, 0.4, 1.0].map(|phase| scene.draw(96, 64, phase).unwrap().take());
            let moved = start.iter().zip(&middle).filter(|(one, two)| one.abs_diff(**two) > 6).count();
            assert!(moved > start.len() / 200, "{prompt}: {moved} bytes moved");
            let off = start.iter().zip(&end).filter(|(one, two)| one.abs_diff(**two) > 6).count();
            assert!(off < start.len() / 500, "{prompt}: {off} bytes are off at the seam");
        }
    }

    #[test]
    fn every_size_on_offer_can_be_drawn() {
        for (width, height) in [(64, 64), (64, 1024), (1024, 64), (333, 77)] {
            let drawn = Scene::imagine("a lake", 0, 0).draw(width, height, 0.5).unwrap();
            assert_eq!((drawn.width(), drawn.height()), (width, height));
            assert!(drawn.pixels().iter().all(|pixel| pixel.is_opaque()));
        }
    }
}
