//! The providers over HTTP, against servers on this machine that answer what a test tells them, byte by byte where it
//! matters.

mod fal;
mod generic;
mod openai;
mod replicate;
mod served;
mod settings;
mod support;
mod wire;
