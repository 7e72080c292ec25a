internal import COpenSSL
import Foundation

/// A SHA-256 digest as 64 lowercase hexadecimal digits.
package struct SHA256Digest: Hashable, Sendable, CustomStringConvertible {
    /// 64 lowercase hexadecimal digits.
    package let hex: String

    /// The digest of `data`.
    package init(of data: some DataProtocol) {
        let hash = RunningHash()
        for region in data.regions { region.withUnsafeBytes(hash.update) }
        hex = hash.finish()
    }

    /// The digest of `text` in UTF-8.
    package init(of text: String) {
        self.init(of: Array(text.utf8))
    }

    /// The digest of the file at `path`, read in pieces.
    package init(ofFile path: String) throws(FileFault) {
        let file = try FileDescriptor(opening: path, flags: O_RDONLY, action: "read")
        let hash = RunningHash()
        var offset = 0
        let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 16)
        defer { piece.deallocate() }
        while true {
            let count = try file.read(into: piece, at: offset)
            hash.update(UnsafeRawBufferPointer(rebasing: piece[..<count]))
            if count < piece.count { break }
            offset += count
        }
        hex = hash.finish()
    }

    package var description: String { hex }
}

/// SHA-256 over bytes that come in pieces.
///
/// libcrypto's calls fail where memory has run out, or where its configuration forbids SHA-256; in both
/// cases no digest is possible.
private final class RunningHash {
    private let context: OpaquePointer

    init() {
        guard let context = EVP_MD_CTX_new(), EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1 else {
            preconditionFailure("libcrypto cannot compute SHA-256")
        }
        self.context = context
    }

    deinit { EVP_MD_CTX_free(context) }

    func update(_ bytes: UnsafeRawBufferPointer) {
        guard !bytes.isEmpty else { return }
        precondition(EVP_DigestUpdate(context, bytes.baseAddress, bytes.count) == 1, "libcrypto cannot compute SHA-256")
    }

    /// The digest of everything so far; nothing can be added afterwards.
    func finish() -> String {
        var digest = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var count: UInt32 = 0
        precondition(EVP_DigestFinal_ex(context, &digest, &count) == 1, "libcrypto cannot compute SHA-256")
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: digest[..<Int(count)].flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
