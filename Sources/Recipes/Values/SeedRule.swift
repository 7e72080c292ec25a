import Configuration

/// `seeds:` as a rule: stages of seeds, until every row's difference to the baseline is known well enough.
///
/// ```yaml
/// seeds: {until: 1.0 points, at-most: 30}                       # looks after 5, 7, 9, 12, 16, 21 and 30 seeds
/// seeds: {until: 0.02, at-most: 20, looks: [5, 10, 20]}         # for a score in a unit of its own
/// ```
package struct SeedRule: Sendable, Hashable {
    /// How far an interval may reach to either side: in percentage points, or in the score's own unit.
    package let until: Double
    /// Whether the recipe says `points`, which only a fraction has.
    package let isInPoints: Bool
    /// Numbers of seeds after which differences are looked at, rising; the last is the most.
    package let looks: [Int]
    package let location: SourceLocation

    /// Seeds of the first stage by default.
    static let first = 5
    static let most = 1000

    /// - Parameters:
    ///   - first: seeds of the first stage.
    ///   - most: the most seeds.
    /// - Returns: looks, each at about a third more seeds than the one before; a last stage of very few seeds is none of its own.
    static func looks(first: Int, most: Int) -> [Int] {
        var looks = [min(first, most)]
        while let last = looks.last, last < most { looks.append(min(most, max(last + 1, Int((Double(last) * 4 / 3).rounded())))) }
        if looks.count > 2, looks[looks.count - 1] - looks[looks.count - 2] < (looks[looks.count - 2] - looks[looks.count - 3] + 1) / 2 {
            looks.remove(at: looks.count - 2)
        }
        return looks
    }

    private struct Settings: Options {
        var most: Int?
        var first: Int?
        var looks: [Int] = []

        static var fields: [OptionField<Settings>] {
            [
                .integer("at-most", \.most, in: 2...SeedRule.most, "the most seeds"),
                .integer("first", \.first, in: 2...SeedRule.most, "seeds before the first look"),
                .integers("looks", \.looks, in: 2..., "numbers of seeds after which differences are looked at"),
            ]
        }
    }

    /// Nil, and reported, where it is none.
    init?(_ section: SectionReader) {
        let faults = section.faults
        section.refuseKeys(except: ["until", "at-most", "first", "looks"])
        guard let node = section.node["until"] else {
            section.reportMissing("until", expected: "the precision that differences must reach, such as 1.0 points")
            return nil
        }
        let words = (node.nameText ?? "").split(separator: " ")
        guard let until = words.first.flatMap({ Double($0) }), until.isFinite, until > 0,
            words.count == 1 || (words.count == 2 && ["point", "points"].contains(words[1]))
        else {
            faults.report("until cannot be \(node.phrase)", at: node.location, expected: "a number above 0, such as 1.0 points")
            return nil
        }
        guard section.node["at-most"] != nil else {
            section.reportMissing("at-most", expected: "the most seeds: a whole number from 2 to \(Self.most)")
            return nil
        }
        let settings = section.options(Settings.self)
        guard let most = settings.most else { return nil }
        if let first = settings.first, first > most {
            faults.report("first cannot be \(first)", at: section.locations["first"] ?? section.location, expected: "at most \(most), as at-most says")
            return nil
        }
        if let listed = section.node["looks"] {
            let isRising = zip(settings.looks, settings.looks.dropFirst()).allSatisfy { $0 < $1 }
            guard isRising, settings.looks.last == most, settings.first.map({ $0 == settings.looks.first }) ?? true else {
                faults.report(
                    "looks cannot be \(listed.phrase)", at: listed.location, expected: "numbers of seeds that rise to \(most), the most that are trained")
                return nil
            }
        }
        self.until = until
        isInPoints = words.count == 2
        looks = settings.looks.isEmpty ? Self.looks(first: settings.first ?? Self.first, most: most) : settings.looks
        location = section.location
    }
}
