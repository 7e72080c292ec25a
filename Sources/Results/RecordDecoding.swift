extension KeyedDecodingContainer {
    /// A score, which may go by the name that it had while there was one task; nil where there is none.
    func score(_ key: Key, former: Key) throws -> Double? {
        try (decodeIfPresent(JSONNumber.self, forKey: key) ?? decodeIfPresent(JSONNumber.self, forKey: former))?.value
    }

    /// Numbers by name; none where there is no such entry.
    func numbers(_ key: Key) throws -> [String: Double] {
        try decodeIfPresent([String: JSONNumber].self, forKey: key)?.mapValues(\.value) ?? [:]
    }

    /// How many there are of something; nil where there is no such entry.
    ///
    /// - Throws: `DecodingError` for a number that counts nothing: sums over any number of trials have to stay within an integer.
    func count(_ key: Key) throws -> Int? {
        guard let count = try decodeIfPresent(Int.self, forKey: key) else { return nil }
        try check([count], of: key)
        return count
    }

    /// - Throws: `DecodingError` where one of the numbers counts nothing.
    func check(_ counts: some Sequence<Int>, of key: Key) throws {
        guard let stranger = counts.first(where: { !(0...RecordLimits.largestCount).contains($0) }) else { return }
        throw DecodingError.dataCorruptedError(forKey: key, in: self, debugDescription: "\(stranger) is no count")
    }
}

/// What a file of a run folder may say at most.
enum RecordLimits {
    /// The largest count of anything. Sums over any number of trials stay within an integer.
    static let largestCount = 1 << 40
}
