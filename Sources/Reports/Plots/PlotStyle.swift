/// How one series is told from the others: by color on a screen, by dashes and markers in print.
struct PlotStyle: Hashable {
    /// The shape of a point.
    enum Marker: CaseIterable { case circle, square, triangle, diamond, downwards, cross }

    let color: String
    /// `stroke-dasharray`; nil for a solid line.
    let dashes: String?
    let marker: Marker

    /// Okabe and Ito's palette, which people with any color vision tell apart (jfly.uni-koeln.de/color); black first, for the
    /// baseline, and yellow last, since it is faint on white.
    private static let colors = [
        "#000000", "#D55E00", "#0072B2", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#F0E442",
    ]
    private static let dashes: [String?] = [nil, "7 3", "2 2", "9 3 2 3", "4 2", "12 4", "10 2 2 2 2 2"]

    /// The style of the series at a position; those of the first 120 are all different.
    init(_ index: Int) {
        color = Self.colors[index % Self.colors.count]
        dashes = Self.dashes[index % Self.dashes.count]
        marker = Marker.allCases[index % Marker.allCases.count]
    }
}
