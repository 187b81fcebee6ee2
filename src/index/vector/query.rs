//! A query vector, quantised once for all the rows it will meet.

/// The largest component of a quantised query: small enough that no sum of products overflows.
const COMPONENT_MAX: f32 = 1023.0;

/// A query vector ready to meet int8 rows.
#[derive(Clone, Debug)]
pub struct PreparedQuery {
    values: Vec<i16>,
    /// 1 / length of `values`; 0 for a query of zeros, which is then equally near to everything.
    inverse_length: f32,
}

impl PreparedQuery {
    /// Quantises a vector of any length; only its direction counts.
    pub fn new(vector: &[f32]) -> Self {
        let largest = vector.iter().fold(0.0_f32, |most, value| most.max(value.abs()));
        let scale = if largest > 0.0 { COMPONENT_MAX / largest } else { 0.0 };
        Self::of(vector.iter().map(|value| (value * scale).round() as i16).collect())
    }

    /// A row as a query for rows like it.
    pub(super) fn from_row(row: &[i8]) -> Self {
        Self::of(row.iter().map(|value| i16::from(*value)).collect())
    }

    fn of(values: Vec<i16>) -> Self {
        let squares: f64 = values.iter().map(|value| f64::from(*value).powi(2)).sum();
        Self { values, inverse_length: inverse_root(squares) }
    }

    /// The number of components.
    pub fn dimensions(&self) -> usize {
        self.values.len()
    }

    pub(super) fn values(&self) -> &[i16] {
        &self.values
    }

    /// The cosine that belongs to an inner product with a row.
    pub(super) fn cosine(&self, sum: i32, row_inverse_length: f32) -> f32 {
        (sum as f32 * self.inverse_length * row_inverse_length).clamp(-1.0, 1.0)
    }
}

/// 1 / √`squares`, or 0 where there is no length.
pub(super) fn inverse_root(squares: f64) -> f32 {
    if squares > 0.0 { squares.sqrt().recip() as f32 } else { 0.0 }
}
