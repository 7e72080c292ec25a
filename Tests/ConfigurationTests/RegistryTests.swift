import Configuration
import Testing

@Suite("Registry")
struct RegistryTests {
    @Test("gives back what was registered, in order")
    func order() throws {
        var registry = Registry<Int>()
        try registry.register("sgd", 1)
        try registry.register("adam", 2)
        #expect(registry.names == ["sgd", "adam"])
        #expect(registry["adam"] == 2)
        #expect(registry["lars"] == nil)
        #expect(registry.nearest(to: "adamm") == "adam")
    }

    @Test("refuses a second component of the same name and keeps the first")
    func duplicate() throws {
        var registry = Registry<Int>()
        try registry.register("sgd", 1)
        let error = #expect(throws: DuplicateComponent.self) { try registry.register("sgd", 2) }
        #expect(error?.description == "'sgd' is registered twice; every component needs a name of its own")
        #expect(registry.components == [1])
    }
}
