//! Worlds that float in light.

use super::canvas::Canvas;
use super::dice::Dice;
use super::mood::Palette;
use super::sky;
use super::tint::{BLACK, Tint, WHITE};
use std::f32::consts::TAU;

pub(super) fn draw(canvas: &mut Canvas, palette: &Palette, dice: &mut Dice, phase: f32) {
    let [top, middle, bottom] = palette.sky.map(|tint| tint.mix(BLACK, 0.25).alpha(1.0));
    canvas.wash(0.0, 1.0, &[(0.0, top), (0.5, middle), (1.0, bottom)]);
    // These stay where they are: what moves everywhere makes a clip large.
    for tint in [palette.accent, palette.light, palette.sky[2], palette.far] {
        let (x, y, reach) = (dice.unit(), dice.unit(), dice.between(0.35, 0.75));
        canvas.glow(x, y, reach, tint, 0.42);
    }
    sky::stars(canvas, &Palette { stars: 0.6 + palette.stars * 0.4, ..*palette }, dice, 1.0, phase);
    let colours = [palette.accent, palette.far, palette.sky[1], palette.sky[2], palette.light];
    let count = 5 + dice.below(4);
    for number in 0..count {
        // From the far and small to the near and large.
        let nearness = (number as f32 + 1.0) / count as f32;
        let radius = (0.03 + nearness.powi(2) * 0.17) * dice.between(0.75, 1.25);
        orb(canvas, palette, dice, radius, *dice.clone().pick(&colours), phase);
    }
}

fn orb(canvas: &mut Canvas, palette: &Palette, dice: &mut Dice, radius: f32, tint: Tint, phase: f32) {
    let (x, y, turn) = (dice.between(0.12, 0.88), dice.between(0.15, 0.85), dice.angle());
    let (dx, dy) = (0.03 * (TAU * phase + turn).cos() * radius * 9.0, 0.045 * (TAU * phase + turn).sin());
    let (x, y) = (x + dx, y + dy);
    canvas.glow(x, y, radius * 2.6, tint.mix(palette.light, 0.3), 0.4);
    let shading = [
        (0.0, tint.mix(WHITE, 0.85).alpha(1.0)),
        (0.18, tint.mix(palette.light, 0.5).alpha(1.0)),
        (0.62, tint.alpha(1.0)),
        (1.0, tint.mix(palette.near, 0.85).alpha(1.0)),
    ];
    canvas.ball(x, y, radius, (-0.42, -0.45), &shading);
    if dice.below(3) == 0 {
        ring(canvas, palette, (x, y), radius, dice.between(-0.35, 0.35));
    }
}

/// A ring around a world; its front half lies over the ball.
fn ring(canvas: &mut Canvas, palette: &Palette, (x, y): (f32, f32), radius: f32, tilt: f32) {
    let (outer, inner, flat) = (radius * 1.9, radius * 1.5, 0.26);
    let point = |reach: f32, angle: f32| {
        let (along, across) = (reach * angle.cos(), reach * flat * angle.sin());
        let (sin, cos) = tilt.sin_cos();
        (x + (along * cos - across * sin) / canvas.aspect(), y + along * sin + across * cos)
    };
    let angles = (0..=40).map(|step| TAU / 2.0 * step as f32 / 40.0);
    let there = angles.clone().map(|angle| point(outer, angle));
    let back = angles.rev().map(|angle| point(inner, angle));
    let corners: Vec<(f32, f32)> = there.chain(back).collect();
    canvas.polygon(&corners, palette.light.alpha(0.62));
}
