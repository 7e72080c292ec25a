import Foundation

/// A JSON document that carries the digest of its own bytes, so that any change is noticed.
///
/// The first entry of the outermost object is `"sha256"`: the digest of the document without that line.
/// It protects against damage, not against deliberate changes.
package enum SealedDocument {
    private static let opening = Data("{\n".utf8)
    private static let beginning = Data("  \"sha256\" : \"".utf8)
    private static let end = Data("\",\n".utf8)
    private static let digestLength = 64

    /// The document with its digest.
    ///
    /// - Parameter document: an indented JSON object with at least one entry.
    package static func sealing(_ document: Data) -> Data {
        precondition(document.starts(with: opening), "a sealed document is an indented JSON object")
        return opening + beginning + Data(SHA256Digest(of: document).hex.utf8) + end + document.dropFirst(opening.count)
    }

    /// The document without its digest; nil where any byte differs from what was sealed.
    package static func content(of sealed: Data) -> Data? {
        let head = opening + beginning
        guard sealed.starts(with: head), sealed.count >= head.count + digestLength + end.count else { return nil }
        let digest = sealed.dropFirst(head.count).prefix(digestLength)
        let rest = sealed.dropFirst(head.count + digestLength)
        guard rest.starts(with: end) else { return nil }
        let document = opening + rest.dropFirst(end.count)
        return Data(SHA256Digest(of: document).hex.utf8) == digest ? document : nil
    }
}
