import Configuration
import Testing

@Suite("Registry")
struct RegistryTests {
    @Test("gives back what was registered, in order")
    func order() throws {
        var registry = Registry<Int>()
        try registry.register(ComponentDescription(name: "sgd", summary: "s"), 1)
        try registry.register(ComponentDescription(name: "adam", summary: "a"), 2)
        #expect(registry.names == ["sgd", "adam"])
        #expect(registry["adam"]?.maker == 2)
        #expect(registry["adam"]?.description.summary == "a")
        #expect(registry["lars"] == nil)
        #expect(registry.nearest(to: "adamm") == "adam")
    }

    @Test("refuses a second component of the same name and keeps the first")
    func duplicate() throws {
        var registry = Registry<Int>()
        try registry.register(ComponentDescription(name: "sgd", summary: "first"), 1)
        let error = #expect(throws: DuplicateComponent.self) {
            try registry.register(ComponentDescription(name: "sgd", summary: "second"), 2)
        }
        #expect(error?.description == "'sgd' is registered twice; every component needs a name of its own")
        #expect(registry.descriptions.map(\.summary) == ["first"])
    }
}
