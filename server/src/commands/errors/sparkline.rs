//! Numbers over time, as high as they are: `··▁▂█`.

const HEIGHTS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// At most `columns` characters, each the sum of as many values; a dot where nothing was. The largest is the highest.
pub(super) fn draw(values: &[f64], columns: usize) -> String {
    if values.is_empty() || columns == 0 {
        return String::new();
    }
    let of_column = values.len().div_ceil(columns);
    let sums: Vec<f64> = values.chunks(of_column).map(|values| values.iter().sum()).collect();
    let highest = sums.iter().copied().fold(0.0, f64::max);
    let height = |sum: &f64| {
        if *sum <= 0.0 {
            return '·';
        }
        let step = (sum / highest * HEIGHTS.len() as f64).ceil() as usize;
        HEIGHTS[step.clamp(1, HEIGHTS.len()) - 1]
    };
    sums.iter().map(height).collect()
}

#[cfg(test)]
mod tests {
    use super::draw;

    #[test]
    fn the_largest_is_the_highest() {
        let check = |values: &[f64], columns: usize, expected: &str| assert_eq!(draw(values, columns), expected, "{values:?}");
        check(&[], 8, "");
        check(&[0.0, 0.0], 8, "··");
        check(&[0.0, 1.0, 4.0, 8.0], 8, "·▁▄█");
        check(&[0.1, 1000.0], 8, "▁█");
        check(&[1.0, 1.0, 2.0, 2.0, 0.0, 0.0], 3, "▄█·");
        check(&[1.0, 1.0, 1.0, 1.0, 1.0], 2, "█▆");
    }
}
