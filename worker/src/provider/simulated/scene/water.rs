//! The sea, or a lake, with the light lying on its waves.

use super::canvas::Canvas;
use super::dice::Dice;
use super::mood::Palette;
use super::{hills, sky};
use std::f32::consts::TAU;
use tiny_skia::BlendMode;

pub(super) fn draw(canvas: &mut Canvas, palette: &Palette, dice: &mut Dice, phase: f32) {
    let horizon = dice.between(0.50, 0.60);
    let light = sky::draw(canvas, palette, dice, horizon, phase);
    shore(canvas, palette, dice, horizon);
    let deep = palette.near.mix(palette.sky[0], 0.35);
    let shallow = palette.sky[2].mix(palette.sky[1], 0.55);
    canvas.wash(
        horizon,
        1.0,
        &[(0.0, shallow.alpha(1.0)), (0.45, deep.mix(shallow, 0.3).alpha(1.0)), (1.0, deep.alpha(1.0))],
    );
    canvas.glow(light.x, horizon, 0.45, palette.light, 0.5);
    glitter(canvas, palette, dice, (light.x, horizon), phase);
    waves(canvas, palette, dice, horizon, phase);
    boat(canvas, palette, dice, horizon, phase);
}

fn shore(canvas: &mut Canvas, palette: &Palette, dice: &mut Dice, horizon: f32) {
    let far = hills::ridge(canvas, dice, horizon + 0.02, 0.11, 2.0, 0.0);
    let line: Vec<f32> = far.into_iter().map(|height| height.min(horizon + 0.01)).collect();
    let tint = palette.far.mix(palette.sky[2], 0.35);
    canvas.below(&line, tint.alpha(0.95), tint.mix(palette.sky[2], 0.4).alpha(0.95));
}

/// Strokes of light under the sun, wider towards the viewer.
fn glitter(canvas: &mut Canvas, palette: &Palette, dice: &mut Dice, (x, horizon): (f32, f32), phase: f32) {
    for stroke in 0..46 {
        let nearness = (stroke as f32 / 46.0).powf(1.4);
        let y = horizon + 0.008 + nearness * (0.97 - horizon);
        let turn = dice.angle();
        let flicker = 0.5 + 0.5 * (TAU * phase + turn).sin();
        let reach = (0.02 + nearness * 0.12) * (0.35 + flicker * 0.8);
        let center = x + dice.between(-0.5, 0.5) * (0.03 + nearness * 0.16);
        let thickness = 0.0016 + nearness * 0.0045;
        let corners =
            [(center - reach, y), (center, y - thickness), (center + reach, y), (center, y + thickness)];
        canvas.polygon(&corners, palette.light.alpha((0.2 + flicker * 0.5) * (1.0 - nearness * 0.55)));
    }
}

/// Rows of waves. Each moves by whole wavelengths in a loop, so that the last frame meets the first.
fn waves(canvas: &mut Canvas, palette: &Palette, dice: &mut Dice, horizon: f32, phase: f32) {
    let steps = canvas.steps();
    for row in 0..7 {
        let nearness = (row as f32 + 1.0) / 7.0;
        let base = horizon + nearness.powf(1.6) * (1.0 - horizon) * 0.98;
        let (long, short) = (2.0 + (7 - row) as f32 * 1.4, 7.0 + (7 - row) as f32 * 2.0);
        let (first, second) = (dice.angle(), dice.angle());
        let travel = TAU * phase;
        let height = 0.004 + nearness * 0.017;
        let crest = |step: usize| {
            let place = step as f32 / (steps - 1) as f32;
            base + height
                * ((TAU * long * place + first + travel).sin()
                    + 0.45 * (TAU * short * place + second - travel).sin())
        };
        let upper: Vec<f32> = (0..steps).map(crest).collect();
        let tint = palette.near.mix(palette.accent, 0.22).mix(palette.sky[1], 0.4 * (1.0 - nearness));
        let foam: Vec<f32> = upper.iter().map(|y| y + 0.003 + nearness * 0.006).collect();
        canvas.below(&upper, tint.alpha(0.42), palette.near.alpha(0.30));
        let shine = palette.light.alpha(0.10 + 0.14 * nearness);
        canvas.between(&upper, &foam, &[(0.0, shine), (1.0, palette.light.alpha(0.0))], BlendMode::Screen);
    }
}

fn boat(canvas: &mut Canvas, palette: &Palette, dice: &mut Dice, horizon: f32, phase: f32) {
    let (x, size) = (dice.between(0.15, 0.85), dice.between(0.045, 0.085));
    let across = size / canvas.aspect();
    let y = horizon + dice.between(0.05, 0.14) + 0.006 * (TAU * phase).sin();
    let lean = 0.1 * across * (TAU * phase).cos();
    let dark = palette.near.alpha(0.95);
    let hull = [
        (x - across, y),
        (x + across, y),
        (x + across * 0.62, y + size * 0.34),
        (x - across * 0.62, y + size * 0.34),
    ];
    canvas.polygon(&hull, dark);
    let mast = x + lean;
    canvas.polygon(
        &[(x, y), (mast + across * 0.08, y - size * 1.7), (x + across * 0.8, y - size * 0.12)],
        palette.light.alpha(0.9),
    );
    canvas.polygon(
        &[(x - across * 0.08, y), (mast, y - size * 1.5), (x - across * 0.6, y - size * 0.12)],
        palette.accent.alpha(0.85),
    );
}
