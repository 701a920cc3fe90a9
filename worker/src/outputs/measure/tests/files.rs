//! Builds small clips, box by box.

pub(super) fn boxed(name: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let size = u32::try_from(content.len() + 8).unwrap().to_be_bytes();
    [size.as_slice(), name, content].concat()
}

/// A box whose size has 64 bits.
pub(super) fn wide_box(name: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let size = (content.len() as u64 + 16).to_be_bytes();
    [b"\0\0\0\x01".as_slice(), name, &size, content].concat()
}

/// A box that goes on to the end of the file.
pub(super) fn last_box(name: &[u8; 4], content: &[u8]) -> Vec<u8> {
    [b"\0\0\0\0".as_slice(), name, content].concat()
}

pub(in crate::outputs) fn mp4(boxes: &[Vec<u8>]) -> Vec<u8> {
    [boxed(b"ftyp", b"isom\0\0\x02\0isomiso2avc1mp41"), boxed(b"free", b""), boxes.concat()].concat()
}

pub(in crate::outputs) fn moov(boxes: &[Vec<u8>]) -> Vec<u8> {
    boxed(b"moov", &boxes.concat())
}

/// Frames that look like boxes to whoever loses his place.
pub(in crate::outputs) fn mdat() -> Vec<u8> {
    boxed(b"mdat", &moov(&[mvhd(1, 77), trak(&tkhd(7, 7))]))
}

pub(in crate::outputs) fn mvhd(timescale: u32, length: u32) -> Vec<u8> {
    let times = [3_900_000_000_u32, 3_900_000_001, timescale, length].map(u32::to_be_bytes).concat();
    boxed(b"mvhd", &[vec![0; 4], times, vec![0; 80]].concat())
}

pub(super) fn wide_mvhd(timescale: u32, length: u64) -> Vec<u8> {
    let made = [3_900_000_000_u64, 3_900_000_001].map(u64::to_be_bytes).concat();
    let lasts = [timescale.to_be_bytes().as_slice(), &length.to_be_bytes()].concat();
    boxed(b"mvhd", &[vec![1, 0, 0, 0], made, lasts, vec![0; 80]].concat())
}

/// A fragmented movie's own header.
pub(super) fn mvex(header: &[u8]) -> Vec<u8> {
    boxed(b"mvex", &[header, &boxed(b"trex", &[0; 24])].concat())
}

pub(super) fn mehd(length: u32) -> Vec<u8> {
    boxed(b"mehd", &[[0; 4], length.to_be_bytes()].concat())
}

pub(super) fn wide_mehd(length: u64) -> Vec<u8> {
    boxed(b"mehd", &[[1, 0, 0, 0].as_slice(), &length.to_be_bytes()].concat())
}

pub(in crate::outputs) fn trak(header: &[u8]) -> Vec<u8> {
    boxed(b"trak", &[header, &boxed(b"mdia", &boxed(b"tkhd", &[9; 84]))].concat())
}

pub(in crate::outputs) fn tkhd(width: u32, height: u32) -> Vec<u8> {
    boxed(b"tkhd", &[vec![0, 0, 0, 7], vec![3; 72], sides(width, height)].concat())
}

pub(super) fn wide_tkhd(width: u32, height: u32) -> Vec<u8> {
    boxed(b"tkhd", &[vec![1, 0, 0, 7], vec![3; 84], sides(width, height)].concat())
}

fn sides(width: u32, height: u32) -> Vec<u8> {
    [(width << 16).to_be_bytes(), (height << 16).to_be_bytes()].concat()
}

pub(super) const SEGMENT: &[u8] = b"\x18\x53\x80\x67";
pub(super) const INFO: &[u8] = b"\x15\x49\xa9\x66";
pub(super) const TRACKS: &[u8] = b"\x16\x54\xae\x6b";
pub(super) const CLUSTER: &[u8] = b"\x1f\x43\xb6\x75";
pub(super) const SCALE: &[u8] = b"\x2a\xd7\xb1";
pub(super) const DURATION: &[u8] = b"\x44\x89";

pub(super) fn element(id: &[u8], content: &[u8]) -> Vec<u8> {
    let size = u32::try_from(content.len()).unwrap() | 0x1000_0000;
    [id, &size.to_be_bytes(), content].concat()
}

/// An element that does not say how long it will be.
pub(super) fn endless(id: &[u8], content: &[u8]) -> Vec<u8> {
    [id, b"\x01\xff\xff\xff\xff\xff\xff\xff", content].concat()
}

pub(super) fn webm(segment: &[u8]) -> Vec<u8> {
    [element(b"\x1a\x45\xdf\xa3", b"\x42\x82\x84webm"), segment.to_vec()].concat()
}

/// A sound track, and one of pictures.
pub(super) fn tracks(width: u16, height: u16) -> Vec<u8> {
    let sides = [element(b"\xb0", &width.to_be_bytes()), element(b"\xba", &height.to_be_bytes())].concat();
    let sound = element(b"\xae", &element(b"\x83", &[2]));
    [sound, element(b"\xae", &element(b"\xe0", &sides))].concat()
}

/// Frames that look like what is looked for.
pub(super) fn frames() -> Vec<u8> {
    element(b"\xa3", &[element(INFO, &element(DURATION, &7_f32.to_be_bytes())), tracks(7, 7)].concat())
}
