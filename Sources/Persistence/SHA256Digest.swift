import Crypto
import Foundation

/// A SHA-256 digest as 64 lowercase hexadecimal digits.
package struct SHA256Digest: Hashable, Sendable, CustomStringConvertible {
    /// 64 lowercase hexadecimal digits.
    package let hex: String

    /// The digest of `data`.
    package init(of data: some DataProtocol) {
        hex = Self.text(SHA256.hash(data: data))
    }

    /// The digest of `text` in UTF-8.
    package init(of text: String) {
        self.init(of: Array(text.utf8))
    }

    /// The digest of the file at `path`, read in pieces.
    package init(ofFile path: String) throws(FileFault) {
        let file = try FileDescriptor(opening: path, flags: O_RDONLY, action: "read")
        var hash = SHA256()
        var offset = 0
        let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 16)
        defer { piece.deallocate() }
        while true {
            let count = try file.read(into: piece, at: offset)
            hash.update(bufferPointer: UnsafeRawBufferPointer(rebasing: piece[..<count]))
            if count < piece.count { break }
            offset += count
        }
        hex = Self.text(hash.finalize())
    }

    package var description: String { hex }

    private static func text(_ digest: SHA256.Digest) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
