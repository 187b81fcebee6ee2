//! Inner products with int8 rows, for the instruction set found at run time.
//!
//! A query has 16-bit components: widening a row to 16 bits is free next to loading it, and leaves
//! the rows as the only source of error. No sum overflows while a row has at most 16,384
//! components, since those of a query are at most 1,023 large.

/// Defines a function that runs the same portable code compiled for the best instructions there are.
macro_rules! dispatched {
    ($(#[$doc:meta])* $name:ident = $portable:ident($($argument:ident: $type:ty),*) -> $out:ty) => {
        $(#[$doc])*
        pub(super) fn $name($($argument: $type),*) -> $out {
            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
                fn avx512($($argument: $type),*) -> $out {
                    $portable($($argument),*)
                }
                #[target_feature(enable = "avx2")]
                fn avx2($($argument: $type),*) -> $out {
                    $portable($($argument),*)
                }
                if is_x86_feature_detected!("avx512bw")
                    && is_x86_feature_detected!("avx512vl")
                    && is_x86_feature_detected!("avx512vnni")
                {
                    // SAFETY: the processor has just been found to have the instructions that the
                    // function is compiled for; it is safe code otherwise.
                    #[allow(unsafe_code, reason = "the instructions have been detected")]
                    return unsafe { avx512($($argument),*) };
                }
                if is_x86_feature_detected!("avx2") {
                    // SAFETY: as above.
                    #[allow(unsafe_code, reason = "the instructions have been detected")]
                    return unsafe { avx2($($argument),*) };
                }
            }
            $portable($($argument),*)
        }
    };
}

dispatched! {
    /// Sets `sums` to the inner products of `query` with the rows at `places`, in that order;
    /// `rows` holds whole rows of `query.len()` components.
    dots = dots_portable(query: &[i16], rows: &[i8], places: &[u16], sums: &mut Vec<i32>) -> ()
}

dispatched! {
    /// The inner product of a query with one row of the same length.
    dot = dot_portable(query: &[i16], row: &[i8]) -> i32
}

dispatched! {
    /// The inner product of two rows of the same length.
    dot_rows = dot_rows_portable(one: &[i8], other: &[i8]) -> i32
}

#[inline(always)]
fn dots_portable(query: &[i16], rows: &[i8], places: &[u16], sums: &mut Vec<i32>) {
    let width = query.len();
    sums.clear();
    for place in places {
        let start = usize::from(*place) * width;
        sums.push(dot_portable(query, &rows[start..start + width]));
    }
}

/// The plain loop matters: from iterators the compiler finds the wide multiply-and-add only in
/// part, at five times the cost.
#[inline(always)]
#[allow(clippy::needless_range_loop, reason = "vectorises, and a zip does not")]
fn dot_portable(query: &[i16], row: &[i8]) -> i32 {
    let width = query.len();
    let row = &row[..width];
    let mut sum = 0;
    for index in 0..width {
        sum += i32::from(query[index]) * i32::from(row[index]);
    }
    sum
}

#[inline(always)]
#[allow(clippy::needless_range_loop, reason = "vectorises, and a zip does not")]
fn dot_rows_portable(one: &[i8], other: &[i8]) -> i32 {
    let width = one.len();
    let other = &other[..width];
    let mut sum = 0;
    for index in 0..width {
        sum += i32::from(one[index]) * i32::from(other[index]);
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_instruction_set_gives_the_portable_sums() {
        let width = 77_usize;
        let query: Vec<i16> = (0..77).map(|place| place * 37 % 2047 - 1023).collect();
        let rows: Vec<i8> = (0..77 * 5).map(|place| (place * 53 % 255 - 127) as i8).collect();
        let places = [4, 0, 2];
        let (mut fast, mut plain) = (vec![9], Vec::new());
        dots(&query, &rows, &places, &mut fast);
        dots_portable(&query, &rows, &places, &mut plain);
        assert_eq!(fast, plain);
        let first = query.iter().zip(&rows);
        let first = first.map(|(one, other)| i32::from(*one) * i32::from(*other)).sum::<i32>();
        assert_eq!(plain[1], first);
        assert_eq!(dot(&query, &rows[..width]), first);
        let (one, other) = (&rows[..width], &rows[width..2 * width]);
        assert_eq!(dot_rows(one, other), dot_rows_portable(one, other));
    }
}
