import Foundation
import TestSupport
import Testing

@testable import Persistence

@Suite("SHA-256 digests")
struct SHA256DigestTests {
    // FIPS 180-2, appendix B, and the digest of nothing.
    @Test(
        "Published test values",
        arguments: [
            ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
            ),
        ])
    func publishedValues(text: String, hex: String) {
        #expect(SHA256Digest(of: text).hex == hex)
    }

    @Test("A file longer than one piece has the digest of its bytes", arguments: [0, 1, 1 << 20, (1 << 20) + 1, 3_000_001])
    func files(count: Int) throws {
        let folder = try TemporaryFolder()
        let data = Data((0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) })
        try AtomicFile.write(data, to: folder("data"))
        #expect(try SHA256Digest(ofFile: folder("data")) == SHA256Digest(of: data))
    }

    @Test("A missing file is named")
    func missing() {
        let fault = #expect(throws: FileFault.self) { try SHA256Digest(ofFile: "/nowhere/at-all") }
        #expect(fault?.description == "cannot read /nowhere/at-all: No such file or directory")
    }
}
