/// One option of a component: its name in recipes, what it accepts, and where it lives in the struct.
///
/// Made by the static functions in `number`, `integer`, `flag`, `choice`, `text` and their plurals.
public struct OptionField<Root: Options>: Sendable {
    /// Its name in recipes, in kebab-case.
    public let name: String

    /// What is known about it without its type; the default is the struct's initial value.
    public let description: OptionDescription

    private let read: @Sendable (Root) -> OptionValue
    private let write: @Sendable (OptionValue, inout Root) -> Void

    var isRequired: Bool { description.isRequired }

    /// The value in `options`.
    func value(in options: Root) -> OptionValue { read(options) }

    /// Puts a value into `options`.
    ///
    /// - Throws: `OptionFault` where it is of the wrong kind or out of range.
    func set(_ value: OptionValue, in options: inout Root) throws(OptionFault) {
        if let fault = description.fault(in: value) { throw fault }
        write(value, &options)
    }

    /// - Parameters:
    ///   - encode: the option as a value.
    ///   - decode: a value that `kind` accepts (or `null`, where `acceptsNull`) as the option.
    init<Value>(
        _ name: String, _ path: WritableKeyPath<Root, Value> & Sendable, _ kind: OptionKind, unit: String?,
        isRequired: Bool, acceptsNull: Bool = false, help: String, encode: @escaping @Sendable (Value) -> OptionValue,
        decode: @escaping @Sendable (OptionValue) -> Value?
    ) {
        self.name = name
        description = OptionDescription(
            name: name, help: help, unit: unit, kind: kind, defaultValue: encode(Root()[keyPath: path]),
            isRequired: isRequired, acceptsNull: acceptsNull)
        read = { encode($0[keyPath: path]) }
        write = { value, root in
            if let decoded = decode(value) { root[keyPath: path] = decoded }
        }
    }
}
