//! A picture, and the file formats it is stored in.

use std::io::Cursor;

use image::{
    ExtendedColorType, ImageEncoder,
    codecs::{
        jpeg::JpegEncoder,
        png::{CompressionType, FilterType, PngEncoder},
    },
};

use crate::PhysicsError;

/// Width of every picture, pixels.
pub const PICTURE_WIDTH: u32 = 640;
/// Height of every picture, pixels.
pub const PICTURE_HEIGHT: u32 = 480;

/// JPEG quality, 0 to 100: above 90, edges of parts have no halo.
const JPEG_QUALITY: u8 = 92;

/// A drawn picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    rgb: Vec<u8>,
}

impl Picture {
    /// `None` when the number of bytes is not that of a picture.
    pub(super) fn from_rgb(rgb: Vec<u8>) -> Option<Self> {
        (rgb.len() == (3 * PICTURE_WIDTH * PICTURE_HEIGHT) as usize).then_some(Self { rgb })
    }

    /// Red, green, blue of each pixel, row by row from the top left.
    pub fn rgb(&self) -> &[u8] {
        &self.rgb
    }

    /// The picture as PNG.
    pub fn png(&self) -> Result<Vec<u8>, PhysicsError> {
        let mut encoded = Cursor::new(Vec::new());
        let encoder = PngEncoder::new_with_quality(&mut encoded, CompressionType::Fast, FilterType::Up);
        self.encode(encoder)?;
        Ok(encoded.into_inner())
    }

    /// The picture as JPEG.
    pub fn jpeg(&self) -> Result<Vec<u8>, PhysicsError> {
        let mut encoded = Cursor::new(Vec::new());
        self.encode(JpegEncoder::new_with_quality(&mut encoded, JPEG_QUALITY))?;
        Ok(encoded.into_inner())
    }

    fn encode(&self, encoder: impl ImageEncoder) -> Result<(), PhysicsError> {
        encoder
            .write_image(&self.rgb, PICTURE_WIDTH, PICTURE_HEIGHT, ExtendedColorType::Rgb8)
            .map_err(|error| PhysicsError::Render(format!("the picture cannot be encoded: {error}")))
    }
}
