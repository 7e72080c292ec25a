/// A curve as one line of text.
enum Sparkline {
    private static let steps: [Character] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]

    /// One character a value, from the lowest to the highest of the values; more values than columns are averaged in groups.
    /// A value that is no finite number is a dot.
    static func text(_ values: [Double], width: Int) -> String {
        guard !values.isEmpty, width > 0 else { return "" }
        let columns = min(width, values.count)
        let means = (0..<columns).map { column in
            let group = values[column * values.count / columns..<(column + 1) * values.count / columns]
            return group.reduce(0, +) / Double(group.count)
        }
        let finite = means.filter(\.isFinite)
        guard let low = finite.min(), let high = finite.max() else { return String(repeating: "·", count: columns) }
        return String(
            means.map { value -> Character in
                guard value.isFinite else { return "·" }
                let height = high > low ? (value - low) / (high - low) : 0.5
                return steps[min(steps.count - 1, Int(height * Double(steps.count)))]
            })
    }
}
