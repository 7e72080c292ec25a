import Foundation

/// The JSON form of results in a run folder.
///
/// Keys are sorted, so that equal values give equal bytes; numbers survive the way there and back bit
/// for bit.
package enum ResultCoding {
    /// Several indented lines, for files that people open: `result.json`.
    package static func document(_ value: some Encodable) throws -> Data {
        var data = try encoder([.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]).encode(value)
        data.append(UInt8(ascii: "\n"))
        return data
    }

    /// One line without its end, for streams: `{"event":"trial",…}`.
    package static func line(_ value: some Encodable) throws -> String {
        String(decoding: try encoder([.sortedKeys, .withoutEscapingSlashes]).encode(value), as: UTF8.self)
    }

    /// Reads one value back.
    ///
    /// - Throws: `DecodingError` when the data is not JSON or not such a value.
    package static func value<Value: Decodable>(_ type: Value.Type, from data: Data) throws -> Value {
        let decoder = JSONDecoder()
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        return try decoder.decode(type, from: data)
    }

    /// Why a value could not be read, in one short sentence with the place in the file.
    package static func reason(of error: any Error) -> String {
        guard let error = error as? DecodingError else { return "\(error)" }
        let (context, what): (DecodingError.Context, String) =
            switch error {
            case .typeMismatch(_, let context), .dataCorrupted(let context): (context, context.debugDescription)
            case .valueNotFound(_, let context): (context, "a value is missing")
            case .keyNotFound(let key, let context): (context, "'\(key.stringValue)' is missing")
            @unknown default: (DecodingError.Context(codingPath: [], debugDescription: ""), "it cannot be decoded")
            }
        let place = context.codingPath.map(\.stringValue).joined(separator: ".")
        // What a damaged file holds may be long.
        return String((place.isEmpty ? what : "\(place): \(what)").prefix(300))
    }

    private static func encoder(_ formatting: JSONEncoder.OutputFormatting) -> JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = formatting
        // JSON has no such numbers. A score that is none must not cost the trial its result.
        encoder.nonConformingFloatEncodingStrategy = .convertToString(positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        return encoder
    }
}
