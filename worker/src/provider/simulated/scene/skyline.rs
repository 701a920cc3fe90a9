//! A city: rows of towers, lit windows, and their shine on the wet ground.

use super::canvas::Canvas;
use super::dice::Dice;
use super::mood::Palette;
use super::sky;
use super::tint::Tint;
use std::f32::consts::TAU;

pub(super) fn draw(canvas: &mut Canvas, palette: &Palette, dice: &mut Dice, phase: f32) {
    let ground = dice.between(0.76, 0.84);
    sky::draw(canvas, palette, dice, ground, phase);
    for row in 0..3 {
        let nearness = row as f32 / 2.0;
        let tint = palette.far.mix(palette.near, 0.25 + nearness * 0.75);
        towers(canvas, palette, dice, (ground, nearness, tint), phase);
        canvas.glow(
            dice.unit(),
            ground,
            0.5,
            palette.sky[2].mix(palette.accent, 0.4),
            0.28 * (1.0 - nearness),
        );
    }
    let wet = palette.near.mix(palette.sky[1], 0.25);
    canvas.wash(
        ground,
        1.0,
        &[(0.0, wet.mix(palette.sky[2], 0.35).alpha(1.0)), (1.0, palette.near.alpha(1.0))],
    );
    reflections(canvas, palette, dice, ground, phase);
}

fn towers(
    canvas: &mut Canvas,
    palette: &Palette,
    dice: &mut Dice,
    (ground, nearness, tint): (f32, f32, Tint),
    phase: f32,
) {
    let mut x = -0.03;
    while x < 1.02 {
        let across = dice.between(0.05, 0.11) / canvas.aspect().max(0.7) * (0.7 + nearness * 0.5);
        let height = dice.between(0.14, 0.52) * (1.0 - nearness * 0.35);
        let top = ground - height;
        let color = tint.alpha(1.0);
        canvas
            .polygon(&[(x, ground + 0.01), (x, top), (x + across, top), (x + across, ground + 0.01)], color);
        if dice.below(3) == 0 {
            let middle = x + across / 2.0;
            let spire = [(middle - across * 0.07, top), (middle, top - 0.07), (middle + across * 0.07, top)];
            canvas.polygon(&spire, color);
            let blink = 0.5 + 0.5 * (TAU * phase + dice.angle()).sin();
            canvas.glow(middle, top - 0.07, 0.03, palette.accent, blink);
        }
        windows(canvas, palette, dice, (x, top, across, ground), nearness, phase);
        x += across + dice.between(0.0, 0.03);
    }
}

fn windows(
    canvas: &mut Canvas,
    palette: &Palette,
    dice: &mut Dice,
    (x, top, across, ground): (f32, f32, f32, f32),
    nearness: f32,
    phase: f32,
) {
    let (columns, pitch) = (4, 0.026);
    let rows = ((ground - top) / pitch) as u32;
    for row in 1..rows {
        for column in 0..columns {
            if dice.below(5) >= 2 {
                continue;
            }
            let left = x + across * (0.14 + 0.19 * column as f32);
            let y = top + row as f32 * pitch;
            let turn = dice.angle();
            // Few of them flicker; most just shine.
            let shine = if dice.below(6) == 0 { 0.5 + 0.5 * (TAU * phase + turn).sin() } else { 1.0 };
            let tint = if dice.below(4) == 0 { palette.accent } else { palette.light };
            let color = tint.alpha(shine * (0.35 + nearness * 0.5));
            let (wide, tall) = (across * 0.11, pitch * 0.5);
            canvas.polygon(&[(left, y), (left + wide, y), (left + wide, y + tall), (left, y + tall)], color);
        }
    }
}

fn reflections(canvas: &mut Canvas, palette: &Palette, dice: &mut Dice, ground: f32, phase: f32) {
    for _ in 0..38 {
        let (x, turn) = (dice.unit(), dice.angle());
        let y = ground + dice.between(0.01, 0.99 - ground);
        let reach = dice.between(0.01, 0.05) * (0.8 + 0.4 * (TAU * phase + turn).sin());
        let shift = 0.006 * (TAU * phase + turn).cos();
        let tint = *dice.pick(&[palette.accent, palette.light, palette.sky[2]]);
        let corners =
            [(x - reach + shift, y), (x + shift, y - 0.003), (x + reach + shift, y), (x + shift, y + 0.003)];
        canvas.polygon(&corners, tint.alpha(0.4));
    }
}
