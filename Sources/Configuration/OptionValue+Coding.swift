/// As JSON writes it. A whole number reads back as an integer, which every option that takes numbers accepts.
extension OptionValue: Codable {
    /// - Throws: `DecodingError` where there is something else than a value, such as an object.
    public init(from decoder: any Decoder) throws {
        let field = try decoder.singleValueContainer()
        if field.decodeNil() {
            self = .null
        } else if let value = try? field.decode(Bool.self) {
            self = .bool(value)
        } else if let value = try? field.decode(Int.self) {
            self = .integer(value)
        } else if let value = try? field.decode(Double.self) {
            self = .number(value)
        } else if let value = try? field.decode(String.self) {
            self = .string(value)
        } else {
            self = .list(try field.decode([OptionValue].self))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var field = encoder.singleValueContainer()
        switch self {
        case .null: try field.encodeNil()
        case .bool(let value): try field.encode(value)
        case .integer(let value): try field.encode(value)
        case .number(let value): try field.encode(value)
        case .string(let value): try field.encode(value)
        case .list(let values): try field.encode(values)
        }
    }
}
