import Persistence

/// What is wrong with a file of tensors, arrays or tables: which file, where in it, and why.
package struct WeightsFault: Error, Hashable, Sendable, CustomStringConvertible {
    /// The file as the caller named it.
    package let file: String
    /// A part of the file: a tensor, a record of an archive, a section; nil where the fault is the file's as a whole.
    package let place: String?
    /// The byte at which the fault shows: within the record for a record's content, otherwise in the file; nil where none can be named.
    package let offset: Int?
    package let reason: String

    package init(file: String, place: String? = nil, offset: Int? = nil, reason: String) {
        self.file = file
        self.place = place
        self.offset = offset
        self.reason = reason
    }

    /// A fault of one tensor.
    package init(file: String, tensor: String, offset: Int? = nil, reason: String) {
        self.init(file: file, place: "tensor \(JSONValue.quoted(tensor))", offset: offset, reason: reason)
    }

    /// A file that cannot be opened or read.
    init(_ fault: FileFault) {
        self.init(file: fault.path, reason: "cannot \(fault.action): \(fault.reason)")
    }

    init(file: String, _ fault: ZipFault) {
        self.init(file: file, place: fault.entry, offset: fault.offset, reason: fault.reason)
    }

    package var description: String {
        [file, place, offset.map { "byte \($0)" }, reason].compactMap { $0 }.joined(separator: ": ")
    }
}
