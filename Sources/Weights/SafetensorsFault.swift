import Persistence

/// What is wrong with a safetensors file: which file, which tensor, at which byte, and why.
package struct SafetensorsFault: Error, Hashable, Sendable, CustomStringConvertible {
    /// The file as the caller named it.
    package let file: String
    /// The tensor concerned; nil where the fault is the file's as a whole.
    package let tensor: String?
    /// The byte in the file at which the fault shows; nil where no place can be named.
    package let offset: Int?
    package let reason: String

    package init(file: String, tensor: String? = nil, offset: Int? = nil, reason: String) {
        self.file = file
        self.tensor = tensor
        self.offset = offset
        self.reason = reason
    }

    init(_ fault: FileFault) {
        self.init(file: fault.path, reason: "cannot \(fault.action): \(fault.reason)")
    }

    package var description: String {
        var place = file
        if let tensor { place += ": tensor \(JSONValue.quoted(tensor))" }
        if let offset { place += ": byte \(offset)" }
        return "\(place): \(reason)"
    }
}
