import Foundation
import TestSupport

@testable import PluginLibraries

/// Plug-ins for the tests: written and compiled once, by the program itself, in a folder that lasts as long as the tests.
struct PluginFolder: Sendable {
    /// Whether libraries can be compiled for the program here.
    static let canCompile: Bool = {
        guard let build = try? ProgramBuild(executable: Regulus.executable.path) else { return false }
        return (try? PluginCompiler(for: build)) != nil
    }()

    /// What `plugin new --library shrink` writes, compiled.
    static let shrink = Task { try await PluginFolder("shrink-plugin", sources: nil) }

    /// A plug-in whose registration does what the variable `REGISTRATION` says.
    static let moody = Task {
        try await PluginFolder(
            "moody",
            sources: [
                "Moody.swift": """
                import Foundation
                import Regulus

                public struct Moody: RegularizerPlugin, AddsPenalty {
                    static var name: String { ProcessInfo.processInfo.environment["NAME"] ?? "moody" }
                    public static var description: ComponentDescription { ComponentDescription(name: name, summary: "a test") }
                    public init(options: NoOptions, context: RegularizerContext) {
                        if ProcessInfo.processInfo.environment["PLANNING"] == "exit" { exit(0) }
                        leaveProgram()
                    }

                    public func penalty(_ step: TrainingStep) -> Penalty? {
                        guard step.pass.step >= 5 else { return nil }
                        switch ProcessInfo.processInfo.environment["TRAINING"] {
                        case "exit": exit(0)
                        case "quick-exit": _exit(0)
                        case "abort": abort()
                        case "trap": fatalError("a bad day")
                        case "overflow": return Penalty(value: Tensor(Float(deep(1))))
                        case "hang": while true { signal(SIGTERM, SIG_IGN); sleep(1) }
                        case "print": print("a remark")
                        default: break
                        }
                        return nil
                    }
                }

                public struct MoodyLook: MeasurementPlugin {
                    public static var description: ComponentDescription { ComponentDescription(name: "moody-look", summary: "a test") }
                    public var reads: Set<SampleSet> { [.target] }
                    public init(options: NoOptions) {}

                    public func measure(_ model: TrainedModel) throws -> Findings {
                        switch ProcessInfo.processInfo.environment["MEASURING"] {
                        case "exit": exit(0)
                        case "abort": abort()
                        case "hang": while true { sleep(1) }
                        default: break
                        }
                        var findings = Findings()
                        findings.add("mood", on: .target) { 1 }
                        return findings
                    }
                }

                @inline(never) func deep(_ depth: Int) -> Int { depth == 0 ? 0 : deep(depth + 1) + Int.random(in: 0...depth) }

                /// Starts a program that goes on for as long as nobody ends it, and notes its number.
                func leaveProgram() {
                    guard let file = ProcessInfo.processInfo.environment["LEAVES"] else { return }
                    // Not `system`, which ignores SIGINT until the shell has ended.
                    if let shell = popen("setsid sleep 1000 >/dev/null 2>&1 </dev/null & echo $! >>'\\(file)'", "r") { pclose(shell) }
                }

                struct BadMood: Error {}

                public func register(in registrar: inout PluginRegistrar) throws {
                    leaveProgram()
                    if ProcessInfo.processInfo.environment["MEASURING"] != nil { try registrar.register(MoodyLook.self) }
                    switch ProcessInfo.processInfo.environment["REGISTRATION"] {
                    case "crash": fatalError("a bad day")
                    case "signal": kill(getpid(), SIGSEGV)
                    case "exit": exit(0)
                    case "throw": throw BadMood()
                    case "nothing": return
                    case "print": print("registered 0\\nregistered 1"); try registrar.register(Moody.self)
                    default: try registrar.register(Moody.self)
                    }
                }

                """
            ])
    }

    /// MER as the example package has it.
    static let outsideMER = Task {
        let source = Repository.url("Examples/TensorFusion/Sources/OutsideMER/OutsideMER.swift")
        return try await PluginFolder(
            "outside-mer",
            sources: [
                "OutsideMER.swift": try String(contentsOf: source, encoding: .utf8),
                "Register.swift":
                    "import Regulus\npublic func register(in registrar: inout PluginRegistrar) throws { try registrar.register(OutsideMER.self) }\n",
            ])
    }

    /// The sources of a built-in regularizer under another name.
    static let copy = Task {
        let folder = Repository.url("Plugins/SupervisedContrastive")
        var sources = [
            "Register.swift":
                "import Regulus\npublic func register(in registrar: inout PluginRegistrar) throws { try registrar.register(SupervisedContrastive.self) }\n"
        ]
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) where name.hasSuffix(".swift") {
            sources[name] = try String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8)
                .replacing("name: \"supervised-contrastive\"", with: "name: \"contrastive-copy\"")
        }
        return try await PluginFolder("contrastive-copy", sources: sources)
    }

    let folder: RecipeFolder
    /// The library's absolute path.
    let library: String
    /// Its content.
    let bytes: Data

    /// - Parameter sources: the plug-in's files; nil for those that the program writes.
    private init(_ name: String, sources: [String: String]?) async throws {
        folder = try RecipeFolder()
        library = folder.url.appendingPathComponent("lib.so").path
        if let sources {
            try folder.makeFolder(name)
            for (file, text) in sources { try folder.write(text, to: "\(name)/\(file)") }
        } else {
            let outcome = try await folder.regulus("plugin", "new", name, "--library", "--regulus", Repository.root.path)
            guard outcome.code == 0 else { throw Failure(messages: outcome.messages) }
        }
        let outcome = try await folder.regulus("plugin", "build", name, "-o", library)
        guard outcome.code == 0 else { throw Failure(messages: outcome.messages) }
        bytes = try Data(contentsOf: URL(fileURLWithPath: library))
    }

    struct Failure: Error {
        let messages: String
    }
}
