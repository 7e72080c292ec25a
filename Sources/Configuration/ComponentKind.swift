/// The kinds of components that recipes can name, in the order in which they are listed.
///
/// Whatever goes by kinds goes through this list: `list`, `describe`, the registrar of plug-ins, origins, and the reading of recipes.
public enum ComponentKind: String, CaseIterable, Sendable {
    case regularizers, encoders, fusions, models, datasets, tasks, optimizers, schedules, measurements

    /// One of them, in a sentence.
    public var noun: String { self == .datasets ? "data set" : String(rawValue.dropLast()) }

    /// The noun with its article.
    var phrase: String { (["a", "e", "i", "o", "u"].contains(noun.first) ? "an " : "a ") + noun }
}
