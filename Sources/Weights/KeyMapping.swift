/// How the keys of a file become the names of parameters.
package struct KeyMapping: Hashable, Sendable {
    /// The dictionary to take, by dotted path (`state_dict`); nil for the whole file.
    package var dictionary: String?
    /// What is removed from the beginning of every key that has it: `module.`, `audnet.`.
    package var prefix: String?

    package init(dictionary: String? = nil, prefix: String? = nil) {
        self.dictionary = dictionary
        self.prefix = prefix
    }

    /// Why a mapping does not fit the keys.
    package struct Fault: Error, Hashable, Sendable {
        package let reason: String
    }

    /// For each key its new name; nil for keys that are not taken.
    package func names(of keys: [String]) throws(Fault) -> [String?] {
        var names: [String?] = keys
        if let dictionary, !dictionary.isEmpty {
            names = keys.map { $0.hasPrefix(dictionary + ".") ? String($0.dropFirst(dictionary.count + 1)) : nil }
            guard names.contains(where: { $0 != nil }) else {
                throw Fault(reason: "no tensor is in the dictionary '\(dictionary)'")
            }
        }
        if let prefix, !prefix.isEmpty {
            guard names.contains(where: { $0?.hasPrefix(prefix) == true }) else {
                throw Fault(reason: "no key begins with the prefix '\(prefix)'")
            }
            names = names.map { name in
                guard let name, name.hasPrefix(prefix) else { return name }
                return String(name.dropFirst(prefix.count))
            }
        }
        var sources: [String: String] = [:]
        for (key, name) in zip(keys, names) {
            guard let name else { continue }
            guard !name.isEmpty else { throw Fault(reason: "nothing would be left of the key '\(key)'") }
            if let other = sources.updateValue(key, forKey: name) {
                throw Fault(reason: "'\(other)' and '\(key)' would both become '\(name)'")
            }
        }
        return names
    }

    /// The dotted beginning that all keys share, as `module.`; nil where there is none.
    package static func commonPrefix(of keys: [String]) -> String? {
        guard var shared = keys.first.map({ $0.split(separator: ".", omittingEmptySubsequences: false).dropLast() }) else {
            return nil
        }
        for key in keys.dropFirst() where !shared.isEmpty {
            let parts = key.split(separator: ".", omittingEmptySubsequences: false).dropLast()
            shared = shared.prefix(zip(shared, parts).prefix { $0 == $1 }.count)
        }
        return shared.isEmpty ? nil : shared.joined(separator: ".") + "."
    }
}
