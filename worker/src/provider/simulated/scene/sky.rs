//! What most pictures have above their horizon: a sky, a sun or moon, stars and clouds.

use super::canvas::Canvas;
use super::dice::{Dice, Noise};
use super::mood::Palette;
use super::tint::WHITE;
use std::f32::consts::TAU;
use tiny_skia::BlendMode;

/// Where the light stands, in parts of the canvas.
#[derive(Debug, Clone, Copy)]
pub(super) struct Light {
    pub x: f32,
    pub y: f32,
    pub radius: f32,
}

/// Paints the sky down to the horizon.
pub(super) fn draw(
    canvas: &mut Canvas,
    palette: &Palette,
    dice: &mut Dice,
    horizon: f32,
    phase: f32,
) -> Light {
    let [top, middle, bottom] = palette.sky.map(|tint| tint.alpha(1.0));
    canvas.wash(0.0, horizon + 0.02, &[(0.0, top), (0.55, middle), (1.0, bottom)]);
    stars(canvas, palette, dice, horizon, phase);
    let light = Light {
        x: dice.between(0.22, 0.78),
        y: horizon * dice.between(0.38, 0.82) + 0.012 * (TAU * phase).sin(),
        radius: dice.between(0.055, 0.11),
    };
    let pulse = 1.0 + 0.06 * (TAU * phase).cos();
    canvas.glow(light.x, light.y, light.radius * 8.5 * pulse, palette.light.mix(palette.sky[2], 0.35), 0.55);
    canvas.glow(light.x, light.y, light.radius * 3.2 * pulse, palette.light, 0.75);
    let disc = [
        (0.0, palette.light.mix(WHITE, 0.6).alpha(1.0)),
        (0.86, palette.light.alpha(1.0)),
        (1.0, palette.light.alpha(0.0)),
    ];
    canvas.round(light.x, light.y, light.radius, &disc, BlendMode::SourceOver);
    clouds(canvas, palette, dice, horizon, phase);
    light
}

/// Stars that twinkle, fewer towards the horizon.
pub(super) fn stars(canvas: &mut Canvas, palette: &Palette, dice: &mut Dice, horizon: f32, phase: f32) {
    let count = (170.0 * palette.stars) as u32;
    for _ in 0..count {
        let (x, height) = (dice.unit(), dice.unit());
        let y = height * height * horizon;
        let turn = dice.angle();
        let twinkle = 0.62 + 0.38 * (TAU * phase + turn).sin();
        let size = dice.between(0.0012, 0.0042);
        let core = palette.light.mix(WHITE, 0.5);
        let stops = [(0.0, core.alpha(twinkle)), (0.4, core.alpha(twinkle * 0.5)), (1.0, core.alpha(0.0))];
        canvas.round(x, y, size * 1.6, &stops, BlendMode::Screen);
    }
}

/// Long thin clouds that catch the light.
fn clouds(canvas: &mut Canvas, palette: &Palette, dice: &mut Dice, horizon: f32, phase: f32) {
    let steps = canvas.steps();
    for _ in 0..2 + dice.below(3) {
        let noise = Noise::new(dice);
        let (x, y) = (dice.unit(), horizon * dice.between(0.18, 0.75));
        let (reach, thickness) = (dice.between(0.18, 0.4), dice.between(0.012, 0.034));
        let center = x + 0.03 * (TAU * phase).sin();
        let swell = |step: usize| {
            let place = step as f32 / (steps - 1) as f32;
            let edge = (1.0 - ((place - center) / reach).powi(2)).max(0.0);
            edge * (0.35 + noise.rough(place * 7.0, 3)) * thickness
        };
        let upper: Vec<f32> = (0..steps).map(|step| y - swell(step)).collect();
        let lower: Vec<f32> = (0..steps).map(|step| y + swell(step) * 0.45).collect();
        let color = palette.light.mix(palette.sky[2], 0.5);
        let stops = [(0.0, color.alpha(0.42)), (1.0, color.alpha(0.06))];
        canvas.between(&upper, &lower, &stops, BlendMode::SourceOver);
    }
}
