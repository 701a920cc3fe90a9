//! Mountains one behind the other, paler with the distance.

use super::canvas::Canvas;
use super::dice::{Dice, Noise};
use super::mood::Palette;
use super::sky;
use std::f32::consts::TAU;

pub(super) fn draw(canvas: &mut Canvas, palette: &Palette, dice: &mut Dice, phase: f32) {
    let horizon = dice.between(0.62, 0.74);
    let light = sky::draw(canvas, palette, dice, horizon, phase);
    let layers = 5;
    for layer in 0..layers {
        let depth = layer as f32 / (layers - 1) as f32;
        let base = horizon - 0.13 + depth * 0.36;
        let height = 0.30 - depth * 0.14;
        let sway = 0.018 * depth * (TAU * phase).sin();
        let line = ridge(canvas, dice, base, height, 2.2 + depth * 1.6, sway);
        let tint = palette.far.mix(palette.near, depth.powf(0.8));
        let haze = tint.mix(palette.sky[2], 0.62 * (1.0 - depth));
        canvas.below(&line, tint.mix(palette.light, 0.16 * (1.0 - depth)).alpha(1.0), haze.alpha(1.0));
        // Light that lies in the valleys.
        canvas.glow(light.x, base + 0.05, 0.5, palette.light, 0.13 * (1.0 - depth));
    }
}

/// The line of a ridge: heights from left to right.
pub(super) fn ridge(
    canvas: &Canvas,
    dice: &mut Dice,
    base: f32,
    height: f32,
    peaks: f32,
    sway: f32,
) -> Vec<f32> {
    let noise = Noise::new(dice);
    let steps = canvas.steps();
    let point = |step: usize| {
        let place = (step as f32 / (steps - 1) as f32 + sway) * peaks * canvas.aspect().max(0.6);
        // Folding the noise at its middle gives sharp crests and wide valleys.
        let folded = 1.0 - (2.0 * noise.rough(place, 5) - 1.0).abs();
        base - height * (folded - 0.45)
    };
    (0..steps).map(point).collect()
}
