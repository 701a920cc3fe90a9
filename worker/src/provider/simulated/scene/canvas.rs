//! Brushes: gradients, glows and shapes on a pixmap. Places are given in parts of the width and the height.

use super::tint::{BLACK, Tint};
use tiny_skia::{
    BlendMode, Color, FillRule, GradientStop, LinearGradient, Paint, PathBuilder, Pixmap, Point,
    RadialGradient, Rect, Shader, SpreadMode, Transform,
};

/// A pixmap that is being painted.
pub(super) struct Canvas {
    pixmap: Pixmap,
    width: f32,
    height: f32,
}

impl Canvas {
    pub(super) fn new(width: u32, height: u32) -> Option<Canvas> {
        let mut pixmap = Pixmap::new(width, height)?;
        pixmap.fill(Color::BLACK);
        Some(Canvas { pixmap, width: width as f32, height: height as f32 })
    }

    /// Width divided by height.
    pub(super) fn aspect(&self) -> f32 {
        self.width / self.height
    }

    /// How many points a line across the canvas needs to look smooth.
    pub(super) fn steps(&self) -> usize {
        (self.width / 3.0).ceil().max(16.0) as usize
    }

    /// Fills everything between two heights with a gradient from top to bottom.
    pub(super) fn wash(&mut self, top: f32, bottom: f32, stops: &[(f32, Color)]) {
        let (top, bottom) = (top * self.height, bottom * self.height);
        let shader = LinearGradient::new(
            Point::from_xy(0.0, top),
            Point::from_xy(0.0, bottom),
            gradient(stops),
            SpreadMode::Pad,
            Transform::identity(),
        );
        let area = Rect::from_ltrb(0.0, top, self.width, bottom);
        if let (Some(shader), Some(area)) = (shader, area) {
            self.pixmap.fill_rect(area, &paint(shader, BlendMode::SourceOver), Transform::identity(), None);
        }
    }

    /// Light that fades from a point; `radius` in parts of the height.
    pub(super) fn glow(&mut self, x: f32, y: f32, radius: f32, tint: Tint, strength: f32) {
        let stops = [
            (0.0, tint.alpha(strength)),
            (0.35, tint.alpha(strength * 0.42)),
            (0.7, tint.alpha(strength * 0.1)),
            (1.0, tint.alpha(0.0)),
        ];
        self.round(x, y, radius, &stops, BlendMode::Screen);
    }

    /// A round shape with its own shading; `radius` in parts of the height.
    pub(super) fn round(&mut self, x: f32, y: f32, radius: f32, stops: &[(f32, Color)], blend: BlendMode) {
        let (center, radius) = (Point::from_xy(x * self.width, y * self.height), radius * self.height);
        self.shaded_circle(center, radius, center, stops, blend);
    }

    /// A ball lit from one side: the middle of the shading is moved by `lean` parts of the radius.
    pub(super) fn ball(&mut self, x: f32, y: f32, radius: f32, lean: (f32, f32), stops: &[(f32, Color)]) {
        let (center, radius) = (Point::from_xy(x * self.width, y * self.height), radius * self.height);
        let light = Point::from_xy(center.x + lean.0 * radius, center.y + lean.1 * radius);
        self.shaded_circle(center, radius, light, stops, BlendMode::SourceOver);
    }

    /// Fills what lies below a line (one height per step, left to right) with a gradient that starts at the
    /// line's highest point.
    pub(super) fn below(&mut self, line: &[f32], top: Color, bottom: Color) {
        let floor = vec![1.02; line.len()];
        self.between(line, &floor, &[(0.0, top), (1.0, bottom)], BlendMode::SourceOver);
    }

    /// Fills what lies between two lines with a gradient from top to bottom.
    pub(super) fn between(&mut self, upper: &[f32], lower: &[f32], stops: &[(f32, Color)], blend: BlendMode) {
        let last = (upper.len().max(2) - 1) as f32;
        let point = |step: usize, y: f32| (step as f32 / last * self.width, y * self.height);
        let there = upper.iter().enumerate().map(|(step, y)| point(step, *y));
        let back = lower.iter().enumerate().rev().map(|(step, y)| point(step, *y));
        let outline: Vec<(f32, f32)> = there.chain(back).collect();
        self.fill(&outline, stops, blend);
    }

    /// Fills a shape given by its corners in parts of the canvas.
    pub(super) fn polygon(&mut self, corners: &[(f32, f32)], color: Color) {
        let outline: Vec<(f32, f32)> =
            corners.iter().map(|(x, y)| (x * self.width, y * self.height)).collect();
        self.fill(&outline, &[(0.0, color), (1.0, color)], BlendMode::SourceOver);
    }

    /// Darkens the corners and gives the picture.
    pub(super) fn finish(mut self) -> Pixmap {
        let stops = [(0.0, BLACK.alpha(0.0)), (0.6, BLACK.alpha(0.0)), (1.0, BLACK.alpha(0.34))];
        let reach = self.width.hypot(self.height) / 2.0;
        let center = Point::from_xy(self.width / 2.0, self.height / 2.0);
        self.shaded_circle(center, reach, center, &stops, BlendMode::SourceOver);
        self.pixmap
    }

    fn shaded_circle(
        &mut self,
        center: Point,
        radius: f32,
        light: Point,
        stops: &[(f32, Color)],
        blend: BlendMode,
    ) {
        let reach = radius + (light.x - center.x).hypot(light.y - center.y);
        let shader = RadialGradient::new(
            light,
            0.0,
            light,
            reach.max(0.1),
            gradient(stops),
            SpreadMode::Pad,
            Transform::identity(),
        );
        let circle = PathBuilder::from_circle(center.x, center.y, radius.max(0.1));
        if let (Some(shader), Some(circle)) = (shader, circle) {
            let paint = paint(shader, blend);
            self.pixmap.fill_path(&circle, &paint, FillRule::Winding, Transform::identity(), None);
        }
    }

    fn fill(&mut self, outline: &[(f32, f32)], stops: &[(f32, Color)], blend: BlendMode) {
        let Some((first, rest)) = outline.split_first() else { return };
        let mut path = PathBuilder::new();
        path.move_to(first.0, first.1);
        for (x, y) in rest {
            path.line_to(*x, *y);
        }
        path.close();
        let Some(path) = path.finish() else { return };
        let bounds = path.bounds();
        let shader = LinearGradient::new(
            Point::from_xy(0.0, bounds.top()),
            Point::from_xy(0.0, bounds.bottom()),
            gradient(stops),
            SpreadMode::Pad,
            Transform::identity(),
        );
        if let Some(shader) = shader {
            let paint = paint(shader, blend);
            self.pixmap.fill_path(&path, &paint, FillRule::Winding, Transform::identity(), None);
        }
    }
}

fn gradient(stops: &[(f32, Color)]) -> Vec<GradientStop> {
    stops.iter().map(|(place, color)| GradientStop::new(*place, *color)).collect()
}

fn paint(shader: Shader<'_>, blend_mode: BlendMode) -> Paint<'_> {
    Paint { shader, blend_mode, anti_alias: true, ..Paint::default() }
}
