import Configuration
import Foundation
import Persistence

/// A CSV file as lines of fields (RFC 4180): fields are separated by commas, a quote within quotes is
/// doubled, and lines end in LF or CRLF. Empty lines are not rows, and a byte order mark is skipped.
/// Whether all rows have as many fields is left to the caller.
///
/// A file of the size of memory is read in whole. A byte that is not UTF-8 is refused when the file is
/// read, never replaced.
struct SeparatedValues {
    /// One row, which may be several lines of the file where a quoted field holds line ends.
    struct Row {
        /// The line on which the row begins, from 1.
        let line: Int
        /// The fields without their quotes; blanks around them are kept.
        let fields: [String]
    }

    /// The file, for messages.
    let path: String
    /// The rows in order, the header among them.
    let rows: [Row]

    /// Reads a file as UTF-8.
    ///
    /// - Throws: `DatasetFault` where it cannot be read, or with file and line where a quote is not
    ///   closed or stands within a field.
    ///
    /// - Parameter path: the file, as messages name it.
    init(_ path: String) throws(DatasetFault) {
        let text: String
        do throws(FileFault) {
            text = try FileContents.text(path)
        } catch {
            throw DatasetFault(message: "\(error)")
        }
        try self.init(text, path: path)
    }

    /// Reads a text; `path` is for messages only.
    ///
    /// - Throws: as reading a file does.
    ///
    /// A quote is a fault inside a field that does not begin with one, as is text behind a closing
    /// quote: programs read such lines differently.
    init(_ text: String, path: String) throws(DatasetFault) {
        var rows: [Row] = []
        var fields: [String] = []
        var field: [UInt8] = []
        var (line, start) = (1, 1)
        var (isQuoted, wasQuoted) = (false, false)
        let bytes = Array(text.utf8)
        var place = bytes.starts(with: [0xef, 0xbb, 0xbf]) ? 3 : 0
        func endField() {
            fields.append(String(decoding: field, as: UTF8.self))
            field = []
            wasQuoted = false
        }
        func endRow() {
            endField()
            // An empty line is not a row.
            if fields != [""] { rows.append(Row(line: start, fields: fields)) }
            fields = []
        }
        while place < bytes.count {
            let byte = bytes[place]
            place += 1
            if isQuoted {
                if byte == UInt8(ascii: "\n") { line += 1 }
                guard byte == UInt8(ascii: "\"") else {
                    field.append(byte)
                    continue
                }
                if place < bytes.count, bytes[place] == UInt8(ascii: "\"") {
                    field.append(byte)
                    place += 1
                } else {
                    isQuoted = false
                }
                continue
            }
            switch byte {
            case UInt8(ascii: ","): endField()
            case UInt8(ascii: "\r") where place < bytes.count && bytes[place] == UInt8(ascii: "\n"): break
            case UInt8(ascii: "\n"):
                endRow()
                line += 1
                start = line
            case UInt8(ascii: "\""):
                guard field.isEmpty, !wasQuoted else {
                    throw DatasetFault(message: "\(path):\(line): a quote inside a field that does not begin with one")
                }
                (isQuoted, wasQuoted) = (true, true)
            default:
                guard !wasQuoted else {
                    throw DatasetFault(message: "\(path):\(line): text after a field's closing quote", expected: "a comma")
                }
                field.append(byte)
            }
        }
        guard !isQuoted else { throw DatasetFault(message: "\(path):\(start): a quote is never closed") }
        if !field.isEmpty || !fields.isEmpty || wasQuoted { endRow() }
        self.path = path
        self.rows = rows
    }

    /// The largest number of rows of a table with a header: more than is likely, and fewer than fill the memory.
    private static let mostRows = 20_000_000

    /// The file as a table: a header, and rows of as many fields below it.
    ///
    /// - Parameters:
    ///   - option: which option named the file, for messages; nil where none did.
    ///   - expected: what the header should say, for messages.
    /// - Returns: the names of the columns in order; the cells of each without blanks around them; the line of each row.
    /// - Throws: `DatasetFault` with file and line where rows differ from the header, where there are none, or where a column occurs twice.
    func columns(option: String?, expected: String) throws(DatasetFault) -> (names: [String], cells: [String: [String]], lines: [Int]) {
        guard let header = rows.first else {
            throw DatasetFault(option: option, message: "\(path): the file is empty", expected: "a header: \(expected)")
        }
        let below = rows.dropFirst()
        guard !below.isEmpty, below.count <= Self.mostRows else {
            throw DatasetFault(option: option, message: "\(path): \(below.count) rows below the header")
        }
        if let row = below.first(where: { $0.fields.count != header.fields.count }) {
            throw DatasetFault(option: option, message: "\(path):\(row.line): \(row.fields.count) fields where the header has \(header.fields.count)")
        }
        let names = header.fields.map { $0.trimmingCharacters(in: .whitespaces) }
        if names.count == 1, let other = [";", "\t"].first(where: names[0].contains) {
            throw DatasetFault(option: option, message: "\(path): fields are separated by \(other == ";" ? "semicolons" : "tabs")", expected: "commas")
        }
        var cells: [String: [String]] = [:]
        for (place, name) in names.enumerated() {
            guard cells.updateValue(below.map { $0.fields[place].trimmingCharacters(in: .whitespaces) }, forKey: name) == nil else {
                throw DatasetFault(option: option, message: "\(path): the column '\(name)' appears twice")
            }
        }
        return (names, cells, below.map(\.line))
    }
}
