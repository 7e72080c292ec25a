import Configuration
import Persistence

/// A CSV file as lines of fields: commas, quotes doubled inside quotes, lines ended by LF or CRLF (RFC 4180).
struct SeparatedValues {
    struct Row {
        /// The line on which the row begins, from 1.
        let line: Int
        let fields: [String]
    }

    let path: String
    let rows: [Row]

    /// - Throws: `DatasetFault` with the file and line where a quote is not closed or stands inside a field.
    init(_ path: String) throws(DatasetFault) {
        let text: String
        do throws(FileFault) {
            text = try FileContents.text(path)
        } catch {
            throw DatasetFault(message: "\(error)")
        }
        try self.init(text, path: path)
    }

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
            // A line without anything is no row.
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
}
