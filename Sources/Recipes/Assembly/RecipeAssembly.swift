import Configuration
import Foundation
import Persistence

/// Builds one tree from a recipe and the files that it extends and includes.
///
/// - `extends: base.yaml` at the top of a file lays the file over another one: see `YAMLNode.extended`.
///   The base's `name` is not taken over.
/// - `include: fragment.yaml` as a key of a section lays the section over the fragment's.
/// - `- include: fragment.yaml` as an item of a list inserts the fragment's items in its place: those
///   of a fragment that is a list, or those under the key of the list (`rows`, `regularizers` …). A
///   fragment without that key is itself the item.
///
/// `variables:` of a fragment that is not included at the top are defaults for the recipe's. Paths are
/// relative to the file that contains them, and every node keeps the location of its own file.
final class RecipeAssembly {
    static let extendsKey = "extends"
    static let includeKey = "include"

    /// Longer chains of files that include each other are refused.
    static let deepestInclusion = 16
    /// More files, counted each time that one is included, are refused.
    static let mostFiles = 1000
    /// More text in all, in bytes, is refused.
    static let mostText = 1 << 22

    private let files: RecipeFiles
    private let faults: FaultCollector
    private var fileCount = 0
    private var byteCount = 0
    /// Whether a limit was reached, after which nothing more is read.
    private var isOver = false
    private var defaults: [YAMLNode.Entry] = []

    init(files: RecipeFiles, faults: FaultCollector) {
        self.files = files
        self.faults = faults
    }

    /// The recipe in `bytes` with everything that it extends and includes; nil where it cannot be read
    /// any further.
    func tree(file: String, bytes: [UInt8]) -> YAMLNode? {
        guard var tree = document(file: file, bytes: bytes, chain: []) else { return nil }
        addDefaults(to: &tree)
        guard tree.depth <= LibYAML.deepestNesting else {
            faults.report("with what it includes, the recipe is nested deeper than \(LibYAML.deepestNesting) levels", at: tree.location)
            return nil
        }
        return tree
    }

    /// One step on the way to a file: what the file before it says about it.
    private struct Link {
        /// The file that says so.
        let file: String
        let mention: Diagnostic.Mention
    }

    /// One file's tree with everything that the file extends and includes.
    private func document(file: String, bytes: [UInt8], chain: [Link]) -> YAMLNode? {
        let own = FaultCollector()
        let parsed = YAMLParser.parse(bytes, file: file, faults: own)
        faults.take(own) { $0.mentioned(by: chain.reversed().map(\.mention)) }
        guard let parsed else { return nil }
        var tree = included(parsed, key: nil, in: file, chain: chain)
        guard let entry = tree.removeEntry(Self.extendsKey) else { return tree }
        guard entry.value.scalar?.value.isText == true, let path = entry.value.nameText else {
            faults.report("extends cannot be \(entry.value.phrase)", at: entry.value.location, expected: "the path of a recipe")
            return tree
        }
        guard var base = fragment(path, at: entry.value.location, verb: .extended, in: file, chain: chain) else {
            // Otherwise everything that is missing now would be reported too.
            return nil
        }
        guard base.entries != nil else {
            faults.report("\(path) is not a recipe that can be extended", at: entry.value.location, expected: "a file with keys and values")
            return tree
        }
        // Two recipes with the same name would share a run folder.
        _ = base.removeEntry("name")
        return base.extended(by: tree, faults: faults)
    }

    /// A node with what it includes.
    ///
    /// - Parameter key: the key under which the node stands; nil at the top of a file.
    private func included(_ node: YAMLNode, key: String?, in file: String, chain: [Link]) -> YAMLNode {
        switch node.content {
        case .scalar:
            return node
        case .list(let items):
            let items = items.flatMap { item in spliced(item, key: key, in: file, chain: chain) }
            return YAMLNode(.list(items), at: node.location)
        case .map(let entries):
            let entries = entries.map { entry in
                var entry = entry
                if entry.key != Self.includeKey { entry.value = included(entry.value, key: entry.key, in: file, chain: chain) }
                return entry
            }
            var own = YAMLNode(.map(entries), at: node.location)
            guard let entry = own.removeEntry(Self.includeKey) else { return own }
            var base: YAMLNode?
            for (path, location) in paths(entry) {
                guard var next = fragment(path, at: location, verb: .included, in: file, chain: chain) else { continue }
                guard next.entries != nil else {
                    faults.report(
                        "\(path) is \(next.phrase), and keys are needed here", at: location, expected: "a file with keys and values")
                    continue
                }
                if key != nil { takeDefaults(from: &next) }
                base = base?.extended(by: next, faults: faults) ?? next
            }
            return base?.extended(by: own, faults: faults) ?? own
        }
    }

    /// What stands in place of an item of a list.
    private func spliced(_ item: YAMLNode, key: String?, in file: String, chain: [Link]) -> [YAMLNode] {
        guard let entries = item.entries, entries.count == 1, entries[0].key == Self.includeKey else {
            return [included(item, key: key ?? "", in: file, chain: chain)]
        }
        return paths(entries[0]).flatMap { path, location -> [YAMLNode] in
            guard var next = fragment(path, at: location, verb: .included, in: file, chain: chain) else { return [] }
            if let items = next.items { return items }
            takeDefaults(from: &next)
            // The terms of a sum are regularizers.
            let keys = key == "terms" ? ["terms", "regularizers"] : [key].compactMap(\.self)
            if let items = keys.lazy.compactMap({ next[$0]?.items }).first { return items }
            if next.isNull || next.entries?.isEmpty == true {
                faults.report("\(path) has nothing to include here", at: location, expected: "a list, or one under '\(key ?? "")'")
                return []
            }
            return [next]
        }
    }

    private func paths(_ entry: YAMLNode.Entry) -> [(path: String, location: SourceLocation)] {
        let nodes = entry.value.items ?? [entry.value]
        return nodes.compactMap { node in
            if node.scalar?.value.isText == true, let path = node.nameText { return (path, node.location) }
            faults.report("include cannot be \(node.phrase)", at: node.location, expected: "the path of a file")
            return nil
        }
    }

    /// Another file's tree.
    private func fragment(
        _ path: String, at location: SourceLocation, verb: Diagnostic.Mention.Verb, in file: String, chain: [Link]
    ) -> YAMLNode? {
        if isOver { return nil }
        let target = RecipeFiles.resolve(path, in: file)
        let above = chain.reversed().map(\.mention)
        func refuse(_ message: String, expected: String? = nil) -> YAMLNode? {
            faults.report(Diagnostic(message, at: location, expected: expected, mentions: above))
            return nil
        }
        let here = RecipeFiles.resolve(file, in: "")
        guard target != here, !chain.contains(where: { RecipeFiles.resolve($0.file, in: "") == target }) else {
            return refuse("\(target) would include itself", expected: "a file that does not include this one")
        }
        guard chain.count < Self.deepestInclusion else {
            return refuse("files include each other more than \(Self.deepestInclusion) deep")
        }
        let bytes: [UInt8]
        do throws(FileFault) {
            let data = try files.read(target)
            guard data.count <= YAMLParser.longestText else {
                return refuse("\(target) has \(data.count) bytes", expected: "at most \(YAMLParser.longestText)")
            }
            bytes = Array(data)
        } catch {
            return refuse("\(error)", expected: "a path relative to the folder of \(file)")
        }
        fileCount += 1
        byteCount += bytes.count
        guard fileCount <= Self.mostFiles, byteCount <= Self.mostText else {
            isOver = true
            return refuse("the recipe includes too much", expected: "at most \(Self.mostFiles) files of \(Self.mostText) bytes in all")
        }
        let link = Link(file: file, mention: Diagnostic.Mention(verb: verb, location: location))
        return document(file: target, bytes: bytes, chain: chain + [link])
    }

    private func takeDefaults(from fragment: inout YAMLNode) {
        guard let variables = fragment.removeEntry(Variables.key) else { return }
        defaults += variables.value.entries ?? []
    }

    /// Variables of fragments that the recipe itself does not set.
    private func addDefaults(to tree: inout YAMLNode) {
        let own = Set(tree[Variables.key]?.entries?.map(\.key) ?? [])
        var added: [YAMLNode.Entry] = []
        var places: [String: Int] = [:]
        for entry in defaults where !own.contains(entry.key) {
            if let first = places[entry.key].map({ added[$0] }) {
                guard first.value != entry.value else { continue }
                faults.report(
                    "the variable '\(entry.key)' has another value at \(first.keyLocation)", at: entry.keyLocation,
                    expected: "a value for it under the recipe's own variables")
            } else {
                places[entry.key] = added.count
                added.append(entry)
            }
        }
        guard !added.isEmpty else { return }
        let variables = YAMLNode(.map(added), at: added[0].keyLocation)
        let defaults = YAMLNode(
            .map([YAMLNode.Entry(key: Variables.key, keyLocation: added[0].keyLocation, value: variables)]), at: tree.location)
        tree = defaults.merged(with: tree)
    }
}

extension YAMLNode {
    /// Takes a key out of a section.
    mutating func removeEntry(_ key: String) -> Entry? {
        guard var entries, let index = entries.firstIndex(where: { $0.key == key }) else { return nil }
        let entry = entries.remove(at: index)
        content = .map(entries)
        return entry
    }
}

/// How the files are read that a recipe extends and includes.
package struct RecipeFiles: Sendable {
    /// The contents of a file.
    package var read: @Sendable (_ path: String) throws(FileFault) -> Data
    /// The folder that relative paths refer to which no file contains, such as those of a `--set`;
    /// absolute.
    package var currentFolder: String

    package init(currentFolder: String, read: @escaping @Sendable (_ path: String) throws(FileFault) -> Data) {
        self.currentFolder = currentFolder
        self.read = read
    }

    /// The file system.
    package static var disk: RecipeFiles {
        RecipeFiles(currentFolder: FileManager.default.currentDirectoryPath) { (path) throws(FileFault) in
            try FileContents.mapped(path)
        }
    }

    /// A path that stands in a file, as the program has to open it: relative to the folder of that file, `~/` in the home folder.
    static func resolve(_ path: String, in file: String) -> String {
        let path = UserPath.expanded(path)
        guard !path.hasPrefix("/"), let slash = file.lastIndex(of: "/") else { return normalized(path) }
        return normalized(file[...slash] + path)
    }

    /// The path from the root.
    func absolute(_ path: String) -> String {
        path.hasPrefix("/") ? path : Self.normalized(currentFolder + "/" + path)
    }

    /// The path without `.`, `//` and, where a folder is left again, `..`.
    private static func normalized(_ path: String) -> String {
        var parts: [Substring] = []
        for part in path.split(separator: "/") where part != "." {
            if part == "..", let last = parts.last, last != ".." {
                parts.removeLast()
            } else {
                parts.append(part)
            }
        }
        return (path.hasPrefix("/") ? "/" : "") + parts.joined(separator: "/")
    }
}

/// A path that a recipe names, ready to be opened, with its location in the recipe.
package struct LocatedPath: Sendable, Hashable {
    package let path: String
    package let location: SourceLocation

    package init(path: String, location: SourceLocation) {
        self.path = path
        self.location = location
    }
}
