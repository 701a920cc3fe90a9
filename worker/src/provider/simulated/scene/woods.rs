//! Rows of firs in the mist.

use super::canvas::Canvas;
use super::dice::Dice;
use super::mood::Palette;
use super::{hills, sky};
use std::f32::consts::TAU;
use tiny_skia::Color;

pub(super) fn draw(canvas: &mut Canvas, palette: &Palette, dice: &mut Dice, phase: f32) {
    let horizon = dice.between(0.58, 0.68);
    let light = sky::draw(canvas, palette, dice, horizon, phase);
    let back = hills::ridge(canvas, dice, horizon - 0.02, 0.2, 2.4, 0.0);
    let haze = palette.far.mix(palette.sky[2], 0.5);
    canvas.below(&back, haze.alpha(1.0), palette.sky[2].mix(palette.far, 0.3).alpha(1.0));
    for row in 0..4 {
        let nearness = (row as f32 + 1.0) / 4.0;
        let tint = palette.far.mix(palette.near, 0.2 + nearness * 0.8);
        let ground = horizon - 0.02 + nearness * 0.36;
        let line = hills::ridge(canvas, dice, ground, 0.07, 2.0, 0.0);
        trees(canvas, dice, &line, nearness, tint.alpha(1.0), phase);
        canvas.below(&line, tint.alpha(1.0), tint.mix(haze, 0.25).alpha(1.0));
        let mist = palette.sky[2].mix(palette.light, 0.4);
        let drift = 0.1 * (TAU * phase).sin();
        canvas.glow(dice.between(0.1, 0.9) + drift, ground + 0.06, 0.42, mist, 0.30 * (1.0 - nearness * 0.7));
    }
    fireflies(canvas, palette, dice, phase);
    canvas.glow(light.x, light.y, 0.5, palette.light, 0.18);
}

fn trees(canvas: &mut Canvas, dice: &mut Dice, line: &[f32], nearness: f32, color: Color, phase: f32) {
    let count = (30.0 - nearness * 14.0) * canvas.aspect().max(0.5);
    for tree in 0..count as u32 {
        let x = (tree as f32 + dice.between(0.1, 0.9)) / count;
        let place = (x * (line.len() - 1) as f32) as usize;
        let ground = line[place.min(line.len() - 1)] + 0.02;
        let height = (0.09 + nearness * 0.2) * dice.between(0.65, 1.25);
        let sway = height * 0.03 * (TAU * phase + dice.angle()).sin();
        fir(canvas, (x, ground), height, sway, color);
    }
}

/// Branches in tiers, each narrower than the one below.
fn fir(canvas: &mut Canvas, (x, ground): (f32, f32), height: f32, sway: f32, color: Color) {
    let across = height * 0.24 / canvas.aspect();
    let trunk = across * 0.12;
    canvas.polygon(
        &[
            (x - trunk, ground),
            (x - trunk, ground - height * 0.3),
            (x + trunk, ground - height * 0.3),
            (x + trunk, ground),
        ],
        color,
    );
    for tier in 0..4 {
        let share = tier as f32 / 4.0;
        let low = ground - height * (0.14 + share * 0.72);
        let high = low - height * 0.36;
        let reach = across * (1.0 - share * 0.78);
        let (bend, tip) = (sway * share, sway * (share + 0.3));
        canvas.polygon(&[(x - reach + bend, low), (x + tip, high), (x + reach + bend, low)], color);
    }
}

fn fireflies(canvas: &mut Canvas, palette: &Palette, dice: &mut Dice, phase: f32) {
    for _ in 0..16 {
        let (x, y, turn) = (dice.unit(), dice.between(0.6, 0.97), dice.angle());
        let shine = 0.5 + 0.5 * (TAU * phase + turn).sin();
        let (dx, dy) = (0.012 * (TAU * phase + turn).cos(), 0.01 * (TAU * phase + turn).sin());
        canvas.glow(x + dx, y + dy, 0.022, palette.accent.mix(palette.light, 0.4), 0.85 * shine);
    }
}
