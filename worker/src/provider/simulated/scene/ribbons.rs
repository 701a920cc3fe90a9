//! Veils of light, like an aurora over dark hills.

use super::canvas::Canvas;
use super::dice::Dice;
use super::mood::Palette;
use super::tint::Tint;
use super::{hills, sky};
use std::f32::consts::TAU;
use tiny_skia::BlendMode;

pub(super) fn draw(canvas: &mut Canvas, palette: &Palette, dice: &mut Dice, phase: f32) {
    let deep = palette.sky[0].mix(palette.near, 0.45);
    let stops = [(0.0, deep.alpha(1.0)), (0.6, palette.sky[0].alpha(1.0)), (1.0, palette.sky[1].alpha(1.0))];
    canvas.wash(0.0, 1.0, &stops);
    sky::stars(canvas, &Palette { stars: 0.35 + palette.stars * 0.65, ..*palette }, dice, 0.8, phase);
    let colours = [palette.accent, palette.sky[2], palette.light.mix(palette.accent, 0.5), palette.sky[1]];
    for _ in 0..5 {
        let tint = *dice.pick(&colours);
        veil(canvas, dice, tint, phase);
    }
    canvas.glow(dice.between(0.2, 0.8), 0.86, 0.6, palette.sky[2], 0.45);
    for layer in 0..3 {
        let depth = layer as f32 / 2.0;
        let line = hills::ridge(canvas, dice, 0.86 + depth * 0.07, 0.16 - depth * 0.05, 2.4, 0.0);
        let tint = palette.near.mix(palette.far, 0.28 * (1.0 - depth));
        canvas.below(&line, tint.alpha(1.0), palette.near.alpha(1.0));
    }
}

/// One veil: bright along its lower edge, fading upwards, folded by waves that pass through it.
fn veil(canvas: &mut Canvas, dice: &mut Dice, tint: Tint, phase: f32) {
    let steps = canvas.steps();
    let (base, height) = (dice.between(0.3, 0.68), dice.between(0.2, 0.42));
    let (slope, swing) = (dice.between(-0.22, 0.22), dice.between(0.05, 0.11));
    let (long, short) = (dice.between(0.7, 1.5), dice.between(2.2, 4.2));
    let (first, second) = (dice.angle(), dice.angle());
    let edge = |step: usize| {
        let place = step as f32 / (steps - 1) as f32;
        base + slope * (place - 0.5)
            + swing * (TAU * long * place + first + TAU * phase).sin()
            + swing * 0.35 * (TAU * short * place + second - TAU * phase).sin()
    };
    let lower: Vec<f32> = (0..steps).map(edge).collect();
    // Slices of growing height, each faint: together they fade upwards along the fold.
    for slice in 1..=7 {
        let share = slice as f32 / 7.0;
        let upper: Vec<f32> = lower.iter().map(|y| y - height * share * share).collect();
        let strength = 0.17 * (1.0 - share * 0.6);
        let stops = [(0.0, tint.alpha(strength * 0.35)), (1.0, tint.alpha(strength))];
        canvas.between(&upper, &lower, &stops, BlendMode::Screen);
    }
}
