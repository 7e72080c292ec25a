import Configuration
import Testing

@testable import Datasets

@Suite("The registry of data sets")
struct DatasetRegistryTests {
    @Test("The built-in data sets are known, described, and make their data")
    func builtIn() throws {
        let registry = try DatasetRegistry.standard()
        #expect(
            registry.names == ["watch", "digits", "arrays", "tensors", "co-occurrence", "epic-kitchens", "hac", "clips", "hust-motor", "sentiment", "joined"])
        #expect(registry.description(of: "tensors")?.options.contains { $0.name == "modalities" && $0.isRequired } == true)
        let world = try registry.make("co-occurrence", options: ["samples": .integer(8), "target-cue": .string("off")])
        #expect(world.count == 24)
        #expect(try registry.make("watch", options: ["domains": .string("people")]).facts.domains.count == 10)
    }

    @Test("Unknown names and values that do not fit are faults")
    func faults() throws {
        let registry = try DatasetRegistry.standard()
        func fault(_ name: String, _ options: [String: OptionValue]) -> DatasetFault? {
            #expect(throws: DatasetFault.self) { try registry.make(name, options: options) }
        }
        #expect(
            fault("wathc", [:])?.description
                == "there is no data set 'wathc'; expected one of: watch, digits, arrays, tensors, co-occurrence, epic-kitchens, hac, clips, "
                + "hust-motor, sentiment, joined; "
                + "did you mean 'watch'?")
        #expect(fault("co-occurrence", ["reliability": .number(2)])?.option == "reliability")
        #expect(fault("co-occurrence", ["relaibility": .number(1)])?.suggestion == "reliability")
        #expect(fault("tensors", [:])?.option == "modalities")
    }

    @Test("A name can be taken once")
    func twice() throws {
        var registry = try DatasetRegistry.standard()
        #expect(throws: DuplicateComponent.self) { try registry.register(Watch.self) }
    }
}
