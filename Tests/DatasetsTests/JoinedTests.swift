import Configuration
import Media
import Networks
import Tensors
import Testing

@testable import Datasets

@Suite("Several data sets as the domains of one")
struct JoinedTests {
    /// Data sets by name, as a registry would open them.
    private func join(_ parts: [(name: String, dataset: any Dataset)], classes: Joined.Classes = .equal) throws(DatasetFault) -> Joined {
        var options = Joined.Options()
        options.domains = parts.map { NamedComponent($0.name) }
        options.classes = classes
        return try Joined(options: options) { (name, _) throws(DatasetFault) in
            guard let part = parts.first(where: { $0.name == name }) else { throw DatasetFault(message: "no data") }
            return part.dataset
        }
    }

    private func fault(_ parts: [(name: String, dataset: any Dataset)], classes: Joined.Classes = .equal) -> DatasetFault? {
        #expect(throws: DatasetFault.self) { try join(parts, classes: classes) }
    }

    /// Two domains of its own, classes b, a, and inputs that say which row they are.
    private func part(_ rows: Int = 6, classes: [String] = ["a", "b"], from first: Float = 0) -> Part {
        Part(labels: (0..<rows).map { $0 % classes.count }, classes: classes, values: (0..<rows).map { first + Float($0) })
    }

    @Test("each is one domain, whatever domains it has, and rows follow each other")
    func rows() throws {
        let joined = try join([("clinic", part(6)), ("home", part(4, from: 100))])
        #expect(joined.facts.domains == ["clinic", "home"] && joined.facts.samplesPerDomain == [6, 4])
        #expect(joined.domains == [0, 0, 0, 0, 0, 0, 1, 1, 1, 1] && joined.labels == [0, 1, 0, 1, 0, 1, 0, 1, 0, 1])
        #expect(joined.groups == nil && joined.split == nil && joined.positions == nil && joined.targetValues == nil && joined.remarks.isEmpty)
        #expect(try joined.inputs([7, 2, 2, 9], modality: "x").values == [101, 2, 2, 103])
        #expect(try joined.inputs([], modality: "x").shape == [0, 1])
        #expect(throws: DatasetFault.self) { try joined.inputs([0], modality: "y") }
    }

    @Test("classes go by their names, in the order of the first data set")
    func classes() throws {
        let joined = try join([("one", part(4, classes: ["a", "b"])), ("two", part(4, classes: ["b", "a"]))])
        #expect(joined.facts.classes == ["a", "b"])
        #expect(joined.labels == [0, 1, 0, 1, 1, 0, 1, 0])
    }

    @Test("other classes are refused with both names, and learned without them where asked for")
    func otherClasses() throws {
        let parts: [(name: String, dataset: any Dataset)] = [("one", part(6, classes: ["a", "b", "c"])), ("two", part(6, classes: ["d", "b", "a"]))]
        let fault = fault(parts)
        #expect(fault?.within == ["domains", "two"])
        #expect(fault?.message == "'two' and 'one' differ in their classes: 'two' lacks c and has d in addition")
        #expect(fault?.expected?.hasSuffix("or classes: shared to learn those that all have") == true)
        let joined = try join(parts, classes: .shared)
        #expect(joined.facts.classes == ["a", "b"] && joined.facts.samplesPerDomain == [4, 4])
        #expect(joined.labels == [0, 1, 0, 1, 1, 0, 1, 0])
        #expect(try joined.inputs(Array(0..<8), modality: "x").values == [0, 1, 3, 4, 1, 2, 4, 5])
        #expect(joined.remarks.first == "'one': 2 samples of classes that not all data sets have (c) are left out")
        #expect(self.fault([("one", part(classes: ["a", "b"])), ("two", part(classes: ["b", "c"]))], classes: .shared)?.option == "classes")
    }

    @Test("modalities and shapes that differ are refused with both names")
    func shapes() {
        var other = part()
        other.modality = .init(name: "y", sampleShape: [1])
        #expect(fault([("one", part()), ("two", other)])?.message == "'two' has the modalities y, but 'one' has x")
        other.modality = .init(name: "x", sampleShape: [2])
        #expect(fault([("one", part()), ("two", other)])?.message == "samples of 'x' have shape 2 in 'two', but 1 in 'one'")
        #expect(fault([("one", part()), ("two", other)])?.within == ["domains", "two"])
    }

    @Test("one data set, two of one name, and one that cannot be opened are refused")
    func unfit() throws {
        #expect(fault([("one", part())])?.option == "domains")
        #expect(fault([("one", part()), ("one", part())])?.option == "domains")
        let registry = try DatasetRegistry.standard()
        let options: [String: OptionValue] = [
            "domains": .list([
                NamedComponent("watch").value,
                NamedComponent("arrays", name: "own", options: ["modalities": .string("x"), "path": .string("/none.npz")]).value,
            ])
        ]
        let fault = #expect(throws: DatasetFault.self) { try registry.make("joined", options: options) }
        #expect(fault?.within == ["domains", "own"] && fault?.option == "path" && fault?.message.hasPrefix("'own': ") == true)
    }

    @Test("values are learned of all, their columns by name")
    func values() throws {
        var (one, two) = (part(2), part(2))
        one.learned = (.init(.values, names: ["mood", "age"]), [1, 10, 2, 20])
        two.learned = (.init(.values, names: ["age", "mood"]), [30, 3, 40, 4])
        let joined = try join([("one", one), ("two", two)])
        #expect(joined.facts.targets.names == ["mood", "age"] && joined.targetValues == [1, 10, 2, 20, 3, 30, 4, 40])
        #expect(fault([("one", one), ("two", part(2))])?.message == "'two' has classes to learn, but 'one' has values")
    }

    @Test("sequences of different length are padded to the longest, and their lengths are known")
    func sequences() throws {
        var (short, long) = (part(2), part(2, from: 10))
        short.modality = .init(name: "x", sampleShape: [2, 1], isPadded: true)
        short.lengths = [2, 1]
        long.modality = .init(name: "x", sampleShape: [3, 1], isPadded: true)
        long.lengths = [3, 0]
        let joined = try join([("short", short), ("long", long)])
        #expect(joined.facts.modalities[0].sampleShape == [3, 1] && joined.facts.modalities[0].isPadded)
        #expect(try joined.inputs([2, 0], modality: "x").values == [10, 10, 10, 0, 0, 0])
        let presence = try joined.presence([3, 0, 2, 1], modality: "x")
        #expect(presence.lengths == [0, 2, 3, 1] && presence.samples == [false, true, true, true])
        #expect(try joined.uncheckedRow(1, modality: "x") == [1, 0, 0])
    }

    @Test("groups of two data sets are never one, and a row without a group stands alone")
    func groups() throws {
        var grouped = part(4)
        grouped.groups = [5, 5, 7, 7]
        let joined = try join([("one", grouped), ("two", part(2)), ("three", grouped)])
        let groups = try #require(joined.groups)
        #expect(groups[0] == groups[1] && groups[2] == groups[3] && Set(groups).count == 6)
    }

    @Test("an order that only some have gives way to whole groups, and without groups is refused")
    func order() throws {
        var ordered = part(4)
        ordered.positions = [0, 1, 2, 3]
        #expect(try join([("one", ordered), ("two", ordered)]).positions == [0, 1, 2, 3, 0, 1, 2, 3])
        #expect(fault([("one", part(4)), ("two", ordered)])?.within == ["domains", "two"])
        ordered.groups = [0, 0, 1, 1]
        let joined = try join([("one", part(4)), ("two", ordered)])
        #expect(joined.positions == nil && joined.remarks.count == 1)
    }

    @Test("a source with prescribed validation rows and one without are each divided in their own way")
    func split() throws {
        var prescribed = part(10)
        prescribed.split = (0..<10).map { $0 < 7 ? .train : $0 == 7 ? .validation : .test }
        let joined = try join([("one", prescribed), ("two", part(10)), ("three", prescribed)])
        let split = try SourceSplit(of: joined, holdingOut: [2], validation: .fraction(0.2), random: RandomSource(seed: 1))
        #expect(split.validation.rows.filter { $0 < 10 } == [7])
        #expect(split.validation.rows.count { $0 >= 10 } == 2 && split.training.rows.count { $0 >= 10 } == 8)
        #expect(split.training.rows.filter { $0 < 10 } == Array(0..<7) && split.target.rows == [28, 29])
    }

    @Test("standardization is measured over all source domains together, and over no other")
    func standardization() throws {
        let joined = try join([("one", part(4)), ("two", part(4, from: 100)), ("out", part(4, from: 1e6))])
        let split = try SourceSplit(of: joined, holdingOut: [2], validation: .fraction(0), needsValidation: false, random: RandomSource(seed: 1))
        let scale = try #require(try Standardization(.channel, of: joined, rows: split.training).scales["x"])
        #expect(scale.means == [51.5])
    }

    @Test("a world that is held out shows its target's cue, and the others do not change")
    func worlds() throws {
        let registry = try DatasetRegistry.standard()
        func world(_ noise: Int) -> OptionValue {
            let options: [String: OptionValue] = ["samples": .integer(8), "noise": .integer(noise), "target-cue": .string("randomized")]
            return NamedComponent("co-occurrence", name: "noise-\(noise)", options: options).value
        }
        let joined = try registry.make("joined", options: ["domains": .list([world(1), world(2)])])
        let held = joined.holdingOut([1])
        let name = joined.facts.modalityNames[0]
        let rows = Array(joined.labels.indices)
        let (first, second) = (rows.filter { joined.domains[$0] == 0 }, rows.filter { joined.domains[$0] == 1 })
        #expect(try held.inputs(first, modality: name).values == joined.inputs(first, modality: name).values)
        #expect(try held.inputs(second, modality: name).values != joined.inputs(second, modality: name).values)
    }

    @Test("data that are decoded stay decoded, row by row, and are not joined with arrays")
    func decoded() throws {
        let joined = try join([("one", CountingDataset()), ("two", CountingDataset())])
        let decoder = try #require(joined.decoder)
        #expect(decoder.sampleShape("x", view: .evaluation) == [1] && joined.isStandardized)
        #expect(DecodedSample.stack([try decoder.decode(43, modality: "x", view: .evaluation)], shape: [1]).values == [3])
        var seen: [Float] = []
        try BatchLoader(joined, modalities: ["x"], workers: 2).forEach([[0, 79], [41]], view: .evaluation) { seen += $0.inputs["x"]?.values ?? [] }
        #expect(seen == [0, 39, 1])
        // A division of it is decoded in the same way.
        let folds = try SampleDivision.folds(count: 2, draw: 0).applied(to: joined)
        #expect(folds.decoder != nil && folds.facts.domains == ["fold-1", "fold-2"])
        let arrays = part(4, classes: ["any"])
        #expect(fault([("one", CountingDataset()), ("two", arrays)])?.message == "'two' holds arrays, and 'one' is decoded from files")
        #expect(fault([("one", arrays), ("two", CountingDataset())])?.message == "'two' is decoded from files, and 'one' holds arrays")
    }

    @Test("a plug-in's data set is one of them, with its options, and its inputs are checked")
    func plugin() throws {
        var registry = try DatasetRegistry.standard()
        try registry.register(Foreign.self)
        let domains = OptionValue.list([
            NamedComponent("foreign", name: "a").value, NamedComponent("foreign", name: "b", options: ["rows": .integer(3)]).value,
        ])
        let joined = try registry.make("joined", options: ["domains": domains])
        #expect(joined.facts.samplesPerDomain == [2, 3])
        #expect(try joined.inputs([4, 1], modality: "x").values == [2, 1])
        let odd = NamedComponent("foreign", name: "b", options: ["rows": .integer(0)]).value
        let fault = #expect(throws: DatasetFault.self) {
            try registry.make("joined", options: ["domains": .list([NamedComponent("foreign", name: "a").value, odd])])
        }
        #expect(fault?.within == ["domains", "b"] && fault?.option == "rows")
        var wrong = part(2)
        wrong.modality = .init(name: "x", sampleShape: [1])
        wrong.repeats = 2
        let crooked = try join([("one", part(2)), ("two", wrong)])
        #expect(throws: DatasetFault.self) { try crooked.inputs([0, 2], modality: "x") }
    }

    @Test("bundled data join under the registry's own name, with their options")
    func registry() throws {
        let joined = try DatasetRegistry.standard().make(
            "joined",
            options: [
                "domains": .list([NamedComponent("watch", name: "a").value, NamedComponent("watch", name: "b", options: ["domains": .string("people")]).value])
            ])
        #expect(joined.count == 2 * 2369 && joined.facts.domains == ["a", "b"] && joined.positions?.count == joined.count)
        #expect(Set(joined.groups ?? []).count == 280)
        #expect(try joined.inputs([2369], modality: "gyroscope").values == joined.inputs([0], modality: "gyroscope").values)
    }
}

/// Two classes and a number a row, as somebody's plug-in.
private struct Foreign: DatasetPlugin {
    struct Options: Configuration.Options {
        var rows = 2
        static var fields: [OptionField<Options>] { [.integer("rows", \.rows, in: 1...100, "rows")] }
    }

    static var description: ComponentDescription { ComponentDescription(name: "foreign", summary: "numbers", options: Options.descriptions) }

    let labels: [Int]
    let domains: [Int]

    init(options: Options) throws(DatasetFault) {
        labels = (0..<options.rows).map { $0 % 2 }
        domains = labels.map { _ in 0 }
    }

    var facts: DatasetFacts {
        DatasetFacts(modalities: [.init(name: "x", sampleShape: [1])], domains: ["all"], classes: ["a", "b"], samplesPerDomain: [labels.count])
    }

    func inputs(_ rows: [Int], modality: String) throws -> Tensor { Tensor(rows.map { Float($0) }, shape: [rows.count, 1]) }
}

/// A data set in memory of which every part can be set; its inputs repeat one value a row.
private struct Part: Dataset {
    var labels: [Int]
    var classes: [String]
    var values: [Float]
    var modality = DatasetFacts.ModalityFacts(name: "x", sampleShape: [1])
    var groups: [Int]?
    var positions: [Int]?
    var split: [SplitName]?
    var lengths: [Int]?
    var learned: (targets: TargetFacts, values: [Float])?
    /// More than 1 for inputs that are larger than the facts say.
    var repeats = 1

    init(labels: [Int], classes: [String], values: [Float]) { (self.labels, self.classes, self.values) = (labels, classes, values) }

    var domains: [Int] { labels.indices.map { $0 % 2 } }
    var targetValues: [Float]? { learned?.values }
    var facts: DatasetFacts {
        DatasetFacts(
            modalities: [modality], domains: ["even", "odd"], targets: learned?.targets ?? TargetFacts(.classes, names: classes),
            samplesPerDomain: [(labels.count + 1) / 2, labels.count / 2])
    }

    func inputs(_ rows: [Int], modality name: String) throws -> Tensor {
        let size = modality.sampleShape.reduce(1, *)
        return Tensor(
            rows.flatMap { row in (0..<size * repeats).map { $0 < (lengths?[row] ?? size) ? values[row] : 0 } },
            shape: repeats == 1 ? Shape([rows.count] + modality.sampleShape) : [rows.count, size * repeats])
    }

    func presence(_ rows: [Int], modality: String) throws -> Presence { Presence(lengths: lengths.map { lengths in rows.map { lengths[$0] } }) }
}
