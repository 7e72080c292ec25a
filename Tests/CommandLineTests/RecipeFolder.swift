import Foundation
import TestSupport

/// A fresh folder with a recipe in it whose trials take milliseconds; removed with its owner.
final class RecipeFolder: Sendable {
    private let folder: TemporaryFolder
    var url: URL { folder.url }

    static let recipe = """
        name: small
        data: {use: co-occurrence, classes: 4, samples: 48}
        model:
          encoder: {use: vector-mlp, hidden: [16], embedding: 8}
          fusion: {use: late, hidden: 16}
        training:
          epochs: 2
          batch: 16
          optimizer: {use: adam, learning-rate: 0.01}
        seeds: [1, 2]
        baseline: Fusion
        rows:
          - name: Fusion
          - name: + MER
            regularizers:
              - mer: {weight: 0.3}

        """

    /// - Parameter changes: passages of the recipe and what replaces them.
    init(_ changes: (String, String)...) throws {
        folder = try TemporaryFolder()
        var text = Self.recipe
        for (passage, replacement) in changes {
            guard text.contains(passage) else { throw MissingPassage(passage: passage) }
            text = text.replacing(passage, with: replacement)
        }
        try write(text, to: "r.yaml")
    }

    struct MissingPassage: Error {
        let passage: String
    }

    var regulus: Regulus { Regulus(folder: self) }

    func write(_ text: String, to name: String) throws { try write(Data(text.utf8), to: name) }

    func write(_ data: Data, to name: String) throws { try data.write(to: url.appendingPathComponent(name)) }

    func data(_ path: String) throws -> Data { try Data(contentsOf: url.appendingPathComponent(path)) }

    func text(_ path: String) throws -> String { String(decoding: try data(path), as: UTF8.self) }

    func makeFolder(_ name: String) throws {
        try FileManager.default.createDirectory(at: url.appendingPathComponent(name), withIntermediateDirectories: true)
    }

    /// Every file below the folder, by its path from there, sorted.
    var files: [String] { files(below: "") }

    /// The results in `out`, each with the number that the file system gives its file for life.
    func resultFiles() -> [String: Int] {
        let names = files(below: "out").filter { $0.hasSuffix("result.json") || ($0.hasPrefix("tuning/") && $0.hasSuffix(".json")) }
        return Dictionary(
            uniqueKeysWithValues: names.map { name in
                var facts = stat()
                stat(url.appendingPathComponent("out/\(name)").path, &facts)
                return (name, Int(facts.st_ino))
            })
    }

    func files(below path: String) -> [String] {
        let root = url.appendingPathComponent(path)
        let all = FileManager.default.subpaths(atPath: root.path) ?? []
        return all.filter { name in
            var isFolder: ObjCBool = false
            let file = root.appendingPathComponent(name).path
            return FileManager.default.fileExists(atPath: file, isDirectory: &isFolder) && !isFolder.boolValue
        }.sorted()
    }
}
