import Foundation
import TestSupport
import Testing

/// What one module makes public, as the toolchain's own `swift-symbolgraph-extract` lists it.
struct SymbolGraph {
    struct Symbol: Decodable {
        struct Identifier: Decodable { let precise: String }
        struct Kind: Decodable { let identifier: String }
        struct Comment: Decodable {}

        let identifier: Identifier
        let kind: Kind
        let pathComponents: [String]
        let docComment: Comment?

        var path: String { pathComponents.joined(separator: ".") }
    }

    private struct File: Decodable { let symbols: [Symbol] }

    let symbols: [Symbol]

    /// - Parameter inheriting: whether a declaration without a comment of its own has that of the requirement that it meets.
    init(of module: String, inheriting: Bool = true) throws {
        let products = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        let output = FileManager.default.temporaryDirectory.appendingPathComponent("symbols-\(UUID().uuidString)", isDirectory: true)
        try FileManager.default.createDirectory(at: output, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: output) }

        let folders = try Self.output(of: [Repository.url(".ci/module-folders").path]).split(separator: "\n").map(String.init)
        _ = try Self.output(
            of: ["swift-symbolgraph-extract", "-module-name", module, "-target", Self.target, "-minimum-access-level", "public"]
                + ["-output-dir", output.path, "-I", products.appendingPathComponent("Modules").path] + folders.flatMap { ["-I", $0] }
                + (inheriting ? [] : ["-skip-inherited-docs"]))
        let data = try Data(contentsOf: output.appendingPathComponent("\(module).symbols.json"))
        symbols = try JSONDecoder().decode(File.self, from: data).symbols.filter { !$0.identifier.precise.contains("::SYNTHESIZED::") }
    }

    /// What a program prints that has to succeed.
    private static func output(of command: [String]) throws -> String {
        let (process, pipe) = (Process(), Pipe())
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = command
        process.standardOutput = pipe
        try process.run()
        let data = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0, "\(command.joined(separator: " ")) failed")
        return String(decoding: data, as: UTF8.self)
    }

    /// One line for each declaration, sorted: its kind and its path.
    var lines: [String] { Set(symbols.map { "\($0.kind.identifier.replacing("swift.", with: "")) \($0.path)" }).sorted() }

    private static var target: String {
        #if arch(arm64)
            "aarch64-unknown-linux-gnu"
        #else
            "x86_64-unknown-linux-gnu"
        #endif
    }
}
