import Testing

@testable import PluginLibraries

@Suite("Names of plug-ins")
struct PluginNameTests {
    @Test("become types, word by word", arguments: [("shrink", "Shrink"), ("entropy-bonus", "EntropyBonus"), ("l2-norm2", "L2Norm2")])
    func types(kebab: String, type: String) {
        #expect(PluginName(kebab)?.type == type)
    }

    @Test(
        "are refused where no recipe or no type could have them",
        arguments: ["", "-", "a-", "-a", "a--b", "Shrink", "2d", "a_b", "a b", "ä", "a/b", "../a", String(repeating: "a", count: 65)])
    func refused(name: String) {
        #expect(PluginName(name) == nil)
    }
}
