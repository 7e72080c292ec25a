/// A number in a JSON file that may be non-finite.
///
/// JSON has no such numbers, and an encoder refuses them; but the losses of a trial that goes wrong are
/// what one wants to read later. They are written as the strings `"nan"`, `"inf"` and `"-inf"`, whatever
/// encoder is used.
struct JSONNumber: Codable {
    let value: Double

    init(_ value: Double) {
        self.value = value
    }

    /// - Throws: `DecodingError` when there is neither a number nor one of the three strings.
    init(from decoder: any Decoder) throws {
        let field = try decoder.singleValueContainer()
        if let name = try? field.decode(String.self) {
            guard let value = Double(name), !value.isFinite else {
                throw DecodingError.dataCorruptedError(
                    in: field, debugDescription: "expected a number, \"nan\", \"inf\" or \"-inf\", found \"\(name)\"")
            }
            self.value = value
        } else {
            value = try field.decode(Double.self)
        }
    }

    func encode(to encoder: any Encoder) throws {
        var field = encoder.singleValueContainer()
        if value.isFinite {
            try field.encode(value)
        } else {
            try field.encode(value.isNaN ? "nan" : String(value))
        }
    }
}
