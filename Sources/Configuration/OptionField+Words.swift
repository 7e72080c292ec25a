extension OptionField {
    /// `true` or `false`.
    public static func flag(
        _ name: String, _ path: WritableKeyPath<Root, Bool> & Sendable, required: Bool = false, _ help: String
    ) -> Self {
        Self(
            name, path, .flag, unit: nil, isRequired: required, help: help, encode: { .bool($0) }, decode: \.asBool)
    }

    /// One word out of an enumeration's raw values.
    public static func choice<Choice: RawRepresentable<String> & CaseIterable & SendableMetatype>(
        _ name: String, _ path: WritableKeyPath<Root, Choice> & Sendable, required: Bool = false, _ help: String
    ) -> Self {
        Self(
            name, path, .choice(Choice.allCases.map(\.rawValue)), unit: nil, isRequired: required, help: help,
            encode: { .string($0.rawValue) }, decode: { $0.asString.flatMap(Choice.init) })
    }

    /// One word out of an enumeration's raw values, or `null`.
    public static func choice<Choice: RawRepresentable<String> & CaseIterable & SendableMetatype>(
        _ name: String, _ path: WritableKeyPath<Root, Choice?> & Sendable, required: Bool = false, _ help: String
    ) -> Self {
        Self(
            name, path, .choice(Choice.allCases.map(\.rawValue)), unit: nil, isRequired: required, acceptsNull: true,
            help: help, encode: { $0.map { .string($0.rawValue) } ?? .null },
            decode: { .some($0.asString.flatMap(Choice.init)) })
    }

    /// Any text.
    public static func text(
        _ name: String, _ path: WritableKeyPath<Root, String> & Sendable, required: Bool = false, _ help: String
    ) -> Self {
        Self(
            name, path, .text, unit: nil, isRequired: required, help: help, encode: { .string($0) }, decode: \.asString)
    }

    /// Any text, or `null`.
    public static func text(
        _ name: String, _ path: WritableKeyPath<Root, String?> & Sendable, required: Bool = false, _ help: String
    ) -> Self {
        Self(
            name, path, .text, unit: nil, isRequired: required, acceptsNull: true, help: help,
            encode: { $0.map(OptionValue.string) ?? .null }, decode: { .some($0.asString) })
    }

    /// The path of a file or folder. In a recipe it is relative to the folder of the file in which it stands.
    public static func path(
        _ name: String, _ path: WritableKeyPath<Root, String> & Sendable, required: Bool = false, _ help: String
    ) -> Self {
        Self(
            name, path, .path, unit: nil, isRequired: required, help: help, encode: { .string($0) }, decode: \.asString)
    }

    /// The path of a file or folder, or `null`. In a recipe it is relative to the folder of the file in which it stands.
    public static func path(
        _ name: String, _ path: WritableKeyPath<Root, String?> & Sendable, required: Bool = false, _ help: String
    ) -> Self {
        Self(
            name, path, .path, unit: nil, isRequired: required, acceptsNull: true, help: help,
            encode: { $0.map(OptionValue.string) ?? .null }, decode: { .some($0.asString) })
    }

    /// A list of paths, as those of `path`; a single one stands for a list of one.
    public static func paths(
        _ name: String, _ path: WritableKeyPath<Root, [String]> & Sendable, required: Bool = false, _ help: String
    ) -> Self {
        Self(
            name, path, .list(of: .path), unit: nil, isRequired: required, help: help,
            encode: { .list($0.map(OptionValue.string)) }, decode: { $0.asTexts })
    }

    /// A list of texts; a single text stands for a list of one.
    public static func texts(
        _ name: String, _ path: WritableKeyPath<Root, [String]> & Sendable, required: Bool = false, _ help: String
    ) -> Self {
        Self(
            name, path, .list(of: .text), unit: nil, isRequired: required, help: help,
            encode: { .list($0.map(OptionValue.string)) }, decode: { $0.asTexts })
    }

    /// A list of texts, or `null`; a single text stands for a list of one.
    public static func texts(
        _ name: String, _ path: WritableKeyPath<Root, [String]?> & Sendable, required: Bool = false, _ help: String
    ) -> Self {
        Self(
            name, path, .list(of: .text), unit: nil, isRequired: required, acceptsNull: true, help: help,
            encode: { $0.map { .list($0.map(OptionValue.string)) } ?? .null },
            decode: { .some($0.asTexts) })
    }
}

extension OptionValue {
    fileprivate var asTexts: [String]? { asString.map { [$0] } ?? asList?.compactMap(\.asString) }
}
