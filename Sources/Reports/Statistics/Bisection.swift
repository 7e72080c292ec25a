/// Roots of rising functions.
enum Bisection {
    /// The positive argument at which a rising function crosses zero, to the last bit or two.
    ///
    /// - Parameter start: where the search for an upper end begins; positive.
    static func root(from start: Double, of function: (Double) -> Double) -> Double {
        var low = 0.0
        var high = start
        while function(high) < 0, high < 1e150 {
            low = high
            high *= 2
        }
        while true {
            let middle = (low + high) / 2
            if middle <= low || middle >= high { return middle }
            if function(middle) < 0 { low = middle } else { high = middle }
        }
    }
}
