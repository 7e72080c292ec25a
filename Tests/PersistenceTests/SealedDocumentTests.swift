import Foundation
import Testing

@testable import Persistence

@Suite("Sealed documents")
struct SealedDocumentTests {
    private let document = Data("{\n  \"accuracy\" : 0.132,\n  \"name\" : \"run\"\n}\n".utf8)

    @Test("a document comes back as it was, and stays JSON with one entry more")
    func roundTrip() throws {
        let sealed = SealedDocument.sealing(document)
        #expect(SealedDocument.content(of: sealed) == document)
        let object = try #require(try JSONSerialization.jsonObject(with: sealed) as? [String: Any])
        #expect(object["sha256"] as? String == SHA256Digest(of: document).hex && object["name"] as? String == "run")
    }

    @Test("every changed bit is noticed, as is a byte more or less, and a document without a seal")
    func damage() {
        let sealed = SealedDocument.sealing(document)
        for place in sealed.indices {
            for bit in 0..<8 {
                var changed = sealed
                changed[place] ^= UInt8(1 << bit)
                #expect(SealedDocument.content(of: changed) == nil, "bit \(bit) of byte \(place)")
            }
        }
        for length in 0..<sealed.count { #expect(SealedDocument.content(of: sealed.prefix(length)) == nil) }
        #expect(SealedDocument.content(of: sealed + Data("\n".utf8)) == nil)
        #expect(SealedDocument.content(of: document) == nil)
    }
}
