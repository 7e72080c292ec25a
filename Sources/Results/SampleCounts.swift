/// How many samples the trainings for one column of the table have.
package struct SampleParts: Hashable, Codable, Sendable {
    /// The column's name.
    package var target: String
    /// Samples of the source domains that are trained on.
    package var training: Int
    /// Samples of the source domains that are held back for selection.
    package var validation: Int
    /// Samples that the figures are measured on.
    package var heldOut: Int

    package init(target: String, training: Int, validation: Int, heldOut: Int) {
        self.target = target
        self.training = training
        self.validation = validation
        self.heldOut = heldOut
    }
}

/// How many samples of each class each domain has, and what names the data.
package struct SampleCounts: Hashable, Codable, Sendable {
    package var domains: [String]
    package var classes: [String]
    /// Class by class, a number for each domain.
    package var counts: [[Int]]
    /// What names the contents of the data: equal for equal data.
    package var digest: String

    package init(domains: [String], classes: [String], counts: [[Int]], digest: String) {
        self.domains = domains
        self.classes = classes
        self.counts = counts
        self.digest = digest
    }

    private enum Key: String, CodingKey { case domains, classes, counts, digest }

    /// - Throws: `DecodingError` where there are not as many numbers as names, and for numbers that count nothing.
    package init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: Key.self)
        domains = try fields.decode([String].self, forKey: .domains)
        classes = try fields.decode([String].self, forKey: .classes)
        counts = try fields.decode([[Int]].self, forKey: .counts)
        digest = try fields.decode(String.self, forKey: .digest)
        guard counts.count == classes.count, counts.allSatisfy({ $0.count == domains.count }) else {
            throw DecodingError.dataCorruptedError(forKey: .counts, in: fields, debugDescription: "there are not as many counts as names")
        }
        try fields.check(counts.joined(), of: .counts)
    }
}
