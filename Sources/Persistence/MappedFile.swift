import Foundation
import Synchronization

/// A large file that stays open as long as it is mapped.
///
/// Whoever reads small pieces of it in no order reads them here rather than from the mapping: a page of a mapping that is touched for the first time costs more
/// than a call that copies the piece, and it counts as memory of this process from then on. A piece that is no longer there is counted as missing, where the
/// mapping would end the program.
package final class MappedFile: Sendable {
    private let file: FileDescriptor
    /// The address that the file is mapped at.
    private let address: UInt
    /// The number of bytes that are mapped.
    private let count: Int

    /// Smaller files are closed once they are mapped.
    package static let smallest = 1 << 20
    /// The most files that are kept open: a process may open no more than some hundreds.
    package static let mostOpen = 128

    /// The files that are open, by the address that each is mapped at.
    private static let open = Mutex<[UInt: MappedFile]>([:])

    private init(_ file: consuming FileDescriptor, address: UInt, count: Int) {
        self.file = file
        (self.address, self.count) = (address, count)
    }

    /// Keeps a file open for as long as it is mapped, where it is large and not too many are open.
    ///
    /// - Parameter data: the mapping of the whole file.
    static func keep(_ file: consuming FileDescriptor, mappedAs data: Data) {
        guard data.count >= smallest else { return }
        let address = data.withUnsafeBytes { UInt(bitPattern: $0.baseAddress) }
        let kept = MappedFile(file, address: address, count: data.count)
        open.withLock { open in if open.count < mostOpen { open[address] = kept } }
    }

    /// Closes the file that is mapped at this address once nobody reads it, before it is mapped no longer.
    static func forget(_ address: UnsafeMutableRawPointer) { _ = open.withLock { $0.removeValue(forKey: UInt(bitPattern: address)) } }

    /// The open file that some bytes are mapped from, and where they begin in it; nil where they are in memory, or their file is not kept open.
    package static func holding(_ data: Data) -> (file: MappedFile, offset: Int)? {
        let (first, count) = data.withUnsafeBytes { (UInt(bitPattern: $0.baseAddress), UInt($0.count)) }
        return open.withLock { open in
            for file in open.values where first >= file.address && first + count <= file.address + UInt(file.count) {
                return (file, Int(first - file.address))
            }
            return nil
        }
    }

    /// Fills `bytes` from `offset` on; returns how many were there.
    package func read(into bytes: UnsafeMutableRawBufferPointer, at offset: Int) throws(FileFault) -> Int { try file.read(into: bytes, at: offset) }
}
