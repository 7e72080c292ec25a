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
        try JSONDecoder().decode(type, from: data)
    }

    private static func encoder(_ formatting: JSONEncoder.OutputFormatting) -> JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = formatting
        return encoder
    }
}
