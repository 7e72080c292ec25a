import Foundation

/// Data too large for memory that are needed only while the program runs: a file without a name, which
/// disappears when it is released.
package enum ScratchFile {
    /// What `fill` writes, mapped for reading.
    ///
    /// The file is created in the system's folder for temporary files (`TMPDIR`).
    ///
    /// - Parameter fill: is given a function that appends bytes.
    package static func mapped(
        _ fill: (_ append: (UnsafeRawBufferPointer) throws(FileFault) -> Void) throws -> Void
    ) throws -> Data {
        var template = Array((NSTemporaryDirectory() + "/regulus-XXXXXX").utf8CString)
        let number = mkstemp(&template)
        let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        guard number >= 0 else { throw FileFault(action: "create", path: path) }
        close(number)
        let file = try FileDescriptor(opening: path, flags: O_RDWR, action: "create")
        unlink(path)
        var count = 0
        try fill { (bytes) throws(FileFault) in
            try file.write(bytes)
            count += bytes.count
        }
        let data = try file.mapped(count: count)
        MappedFile.keep(file, mappedAs: data)
        return data
    }
}
