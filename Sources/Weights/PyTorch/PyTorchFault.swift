/// What is wrong with a PyTorch checkpoint: which file, where in it, and why.
package struct PyTorchFault: Error, Hashable, Sendable, CustomStringConvertible {
    /// The file as the caller named it.
    package let file: String
    /// A part of the file: a record of the archive, a section, a tensor; nil where the fault is the file's as a whole.
    package let place: String?
    /// The byte at which the fault shows: in the record for a record's content, otherwise in the file.
    package let offset: Int?
    package let reason: String

    package init(file: String, place: String? = nil, offset: Int? = nil, reason: String) {
        self.file = file
        self.place = place
        self.offset = offset
        self.reason = reason
    }

    init(file: String, _ fault: ZipFault) {
        self.init(file: file, place: fault.entry, offset: fault.offset, reason: fault.reason)
    }

    package var description: String {
        [file, place, offset.map { "byte \($0)" }, reason].compactMap { $0 }.joined(separator: ": ")
    }
}
