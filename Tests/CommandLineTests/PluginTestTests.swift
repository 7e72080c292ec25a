import Foundation
import TestSupport
import Testing

@testable import PluginLibraries

@Suite("plugin test", .enabled(if: PluginFolder.canCompile, "the modules of the program, or the compiler that built it, are not here"))
struct PluginTestTests {
    @Test(
        "what `plugin new` writes of each kind compiles to a library, keeps its contract, and its recipe is one",
        arguments: ["encoder", "fusion", "model", "dataset", "measurement", "task"])
    func scaffolds(kind: String) async throws {
        let folder = try RecipeFolder()
        let begun = try await folder.regulus("plugin", "new", "my-own", "--\(kind)", "--regulus", Repository.root.path)
        #expect(begun.code == 0, "\(begun.messages)")
        let built = try await folder.regulus("plugin", "build", "my-own")
        #expect(built.code == 0 && built.lines == ["my-own/libMyOwnPlugin.so"], "\(built.messages)")
        let tested = try await folder.regulus("plugin", "test", "my-own/libMyOwnPlugin.so")
        let noun = kind == "dataset" ? "data set" : kind
        #expect(tested.code == 0 && tested.lines == ["\(noun) my-own: keeps its contract"], "\(tested.output)\(tested.messages)")
        let checked = try await folder.regulus("check", "my-own/my-own.yaml")
        #expect(checked.code == 0, "\(checked.messages)")
    }

    @Test("a regularizer's checks are counted, and shown as a table where that is asked for")
    func regularizer() async throws {
        let plugin = try await PluginFolder.shrink.value
        let short = try await plugin.folder.regulus("plugin", "test", "lib.so")
        #expect(short.code == 0 && short.lines.count == 1, "\(short.output)\(short.messages)")
        #expect(short.output.hasPrefix("regularizer shrink-plugin: keeps its contract: "))
        let long = try await plugin.folder.regulus("plugin", "test", "lib.so", "--table", "--with", "shrink-plugin: {center: 2}")
        #expect(long.code == 0 && long.output.contains("| gradient against central differences | passed |"), "\(long.messages)")
    }

    @Test("what breaks its contract is told with exit code 1, and every other component is still tested")
    func broken() async throws {
        let folder = try RecipeFolder()
        try folder.makeFolder("wrong")
        try folder.write(
            """
            import Regulus

            public struct Wrong: RegularizerPlugin, AddsPenalty {
                public static var description: ComponentDescription { ComponentDescription(name: "wrong", summary: "a test", source: "a test") }
                public init(options: NoOptions, context: RegularizerContext) {}
                public func penalty(_ step: TrainingStep) -> Penalty? {
                    Penalty.sum(over: step.embeddings) { z, _ in Penalty(value: z.squared().mean() + z.detached().squared().mean()) }
                }
            }

            public struct Rising: SchedulePlugin {
                public static let description = ComponentDescription(name: "rising", summary: "a test")
                public init(options: NoOptions, context: ScheduleContext) {}
                public func rate(atStep step: Int) -> Float { Float(step) }
            }

            public func register(in registrar: inout PluginRegistrar) throws {
                try registrar.register(Wrong.self)
                try registrar.register(Rising.self)
            }

            """, to: "wrong/Wrong.swift")
        let outcome = try await folder.regulus("plugin", "test", "wrong")
        #expect(outcome.code == 1, "\(outcome.messages)")
        #expect(outcome.output.contains("regularizer wrong: breaks its contract in "))
        #expect(outcome.output.contains("  - gradient against central differences"))
        #expect(outcome.lines.last == "schedule rising: keeps its contract")
    }

    @Test("options of what the plug-in does not bring, or does not have, are refused")
    func options() async throws {
        let plugin = try await PluginFolder.shrink.value
        let stranger = try await plugin.folder.regulus("plugin", "test", "lib.so", "--with", "shrnk-plugin: {center: 2}")
        #expect(stranger.code == 2 && stranger.messages.contains("did you mean 'shrink-plugin'?"))
        let option = try await plugin.folder.regulus("plugin", "test", "lib.so", "--with", "shrink-plugin: {centre: 2}")
        #expect(option.code == 2 && option.messages.contains("did you mean 'center'?"), "\(option.messages)")
        let malformed = try await plugin.folder.regulus("plugin", "test", "lib.so", "--with", "shrink-plugin: {center: {a: 1}}")
        #expect(malformed.code == 2 && malformed.messages.contains("the option center cannot be a section"), "\(malformed.messages)")
    }
}
