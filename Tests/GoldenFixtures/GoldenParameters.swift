import Weights

/// The hyper-parameters in a sidecar. Asking for one that is not there, or is of another type, throws.
package struct GoldenParameters: Sendable {
    private let levels: [JSONValue]

    /// - Parameter levels: the values to look into, the first that has a key counts.
    init(_ levels: [JSONValue?]) {
        self.levels = levels.compactMap { $0 }
    }

    /// The raw value of a parameter, or nil.
    package subscript(name: String) -> JSONValue? {
        levels.lazy.compactMap { $0[name] }.first
    }

    /// The names of all parameters.
    package var names: [String] { levels.flatMap { $0.members.map(\.key) } }

    package func number(_ name: String) throws -> Double { try value(name, "a number", \.double) }

    package func float(_ name: String) throws -> Float { Float(try number(name)) }

    package func integer(_ name: String) throws -> Int { try value(name, "a whole number", \.whole) }

    package func flag(_ name: String) throws -> Bool { try value(name, "true or false", \.truth) }

    package func text(_ name: String) throws -> String { try value(name, "a string", \.text) }

    /// A list of whole numbers; a single number stands for a list of `count` equal ones.
    package func integers(_ name: String, count: Int? = nil) throws -> [Int] {
        if let count, let single = self[name]?.whole { return Array(repeating: single, count: count) }
        return try value(name, "a list of whole numbers") { list in
            guard let elements = list.elements else { return nil }
            let numbers = elements.compactMap(\.whole)
            return numbers.count == elements.count ? numbers : nil
        }
    }

    /// A list of numbers.
    package func numbers(_ name: String) throws -> [Double] {
        try value(name, "a list of numbers") { list in
            guard let elements = list.elements else { return nil }
            let numbers = elements.compactMap(\.double)
            return numbers.count == elements.count ? numbers : nil
        }
    }

    /// A list of strings.
    package func texts(_ name: String) throws -> [String] {
        try value(name, "a list of strings") { list in
            guard let elements = list.elements else { return nil }
            let texts = elements.compactMap(\.text)
            return texts.count == elements.count ? texts : nil
        }
    }

    private func value<Value>(_ name: String, _ expected: String, _ read: (JSONValue) -> Value?) throws -> Value {
        guard let raw = self[name] else {
            throw GoldenFault(description: "the fixture has no parameter \(name); it has \(names.joined(separator: ", "))")
        }
        guard let value = read(raw) else {
            throw GoldenFault(description: "the fixture's parameter \(name) is \(raw.kind), expected \(expected)")
        }
        return value
    }
}
