import ArgumentParser
import Analysis
import ComponentTesting
import Configuration
import Datasets
import Foundation
import MeasurementTesting
import Models
import Networks
import Persistence
import PluginLibraries
import Processes
import Recipes
import Registration
import Regularization
import RegularizerTesting
import Selection

/// `regulus plugin test LIB`: the contract of each kind, on what a library brings.
struct PluginTestCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test", abstract: "Checks every component of a plug-in against the contract of its kind, in seconds.",
        discussion: """
            Regulus itself is not built again. The gradients of a regularizer are compared with central differences on batches of many kinds, with \
            missing modalities, constant inputs and NaN. Encoders, fusions, models, data sets, tasks, optimizers, schedules, measurements and \
            selection rules have contracts of their own. A folder is first compiled, as by `regulus plugin build`.

            Exit codes: 0 all checks passed, 1 a check failed, 2 the plug-in cannot be loaded.
            """)

    /// The parts of the contract that a regularizer may declare it does not keep.
    enum Exception: String, CaseIterable, ExpressibleByArgument {
        case stopGradients = "stop-gradients"
        case randomDraws = "random-draws"
        case undefinedAtZero = "undefined-at-zero"
        case hidesNaN = "hides-nan"

        var exceptions: ContractExceptions {
            switch self {
            case .stopGradients: .stopGradients
            case .randomDraws: .randomDraws
            case .undefinedAtZero: .undefinedAtZero
            case .hidesNaN: .hidesNaN
            }
        }
    }

    @Argument(help: "A library that `regulus plugin build` made, or a plug-in's folder.", completion: .file(), transform: { UserPath.expanded($0) })
    var plugin: String

    @Option(
        name: .customLong("with"),
        help: ArgumentHelp(
            "Options for one of its components, as in a recipe: 'my-data: {path: data.npz}'. May be repeated; all others have their defaults.",
            valueName: "component"))
    var with: [String] = []

    @Option(
        help: ArgumentHelp(
            "A documented exception of its regularizers: stop-gradients, random-draws, undefined-at-zero or hides-nan. May be repeated.",
            valueName: "exception"))
    var declares: [Exception] = []

    @Flag(help: "Prints every check of every regularizer with its result, as a Markdown table.")
    var table = false

    func validate() throws {
        if plugin.isEmpty { throw ValidationError("the plug-in needs a path") }
    }

    func run() throws {
        var options: [String: [String: OptionValue]] = [:]
        for text in with {
            do throws(RecipeError) {
                let component = try ComponentArgument(text)
                options[component.name] = component.options
            } catch {
                throw CommandFault.input("error: --with \(text)\n\(error)")
            }
        }
        try ThreadCount.checkRoom(for: 1)
        // Before compiling, so that only the child process compiles.
        try ForeignCodeGuard.enter()
        guard Folder.exists(plugin) else { return try test(plugin, options) }
        let library = FileManager.default.temporaryDirectory.appendingPathComponent("regulus-test-\(UUID().uuidString).so").path
        defer { try? FileManager.default.removeItem(atPath: library) }
        try test(try PluginCompiler.library(of: plugin, to: library), options)
    }

    private func test(_ library: String, _ options: [String: [String: OptionValue]]) throws {
        let known = try PluginArguments.parse(["--plugin", library]).components()
        let additions = known.registrar.additions.filter { if case .library = $0.origin { true } else { false } }
        if let stranger = options.keys.sorted().first(where: { name in !additions.contains { $0.name == name } }) {
            let names = additions.map(\.name)
            let hint = suggestionText(nearestName(to: stranger, among: names))
            throw CommandFault.input("error: --with: the plug-in brings no '\(stranger)', only \(names.joined(separator: ", "))\(hint)")
        }
        let tester = ComponentTester(exceptions: declares.reduce(into: []) { $0.formUnion($1.exceptions) }, isTable: table)
        var broken = 0
        for addition in additions {
            let outcome: ComponentTester.Outcome
            do throws(OptionFault) {
                outcome = try CallTrace.during("its contract", of: addition.name) { () throws(OptionFault) in
                    try tester.test(addition, options: options[addition.name] ?? [:])
                }
            } catch {
                throw CommandFault.input("error: --with \(addition.name): \(error)")
            }
            if !outcome.violations.isEmpty { broken += 1 }
            let title = "\(addition.kind.noun) \(addition.name): "
            try StandardOutput.print(title + outcome.summary)
            for violation in outcome.violations { try StandardOutput.print("  - \(violation)") }
            if let table = outcome.table { try StandardOutput.print("\n\(table)\n") }
        }
        guard broken == 0 else { throw ExitCode(1) }
    }
}

/// Runs what was registered through the contract of its kind.
struct ComponentTester {
    /// The outcome of one component.
    struct Outcome {
        var violations: [String]
        /// `keeps its contract`, or how much of it is broken.
        var summary: String
        /// Every check, where that was asked for.
        var table: String?

        init(_ violations: [String], kept: String = "keeps its contract") {
            self.violations = violations
            summary =
                violations.isEmpty ? kept : violations.count == 1 ? "breaks its contract in one point" : "breaks its contract in \(violations.count) points"
        }
    }

    let exceptions: ContractExceptions
    let isTable: Bool

    /// - Parameter options: what to make it with, in place of its defaults.
    /// - Throws: `OptionFault` where it has no such options.
    func test(_ addition: PluginRegistrar.Addition, options: [String: OptionValue]) throws(OptionFault) -> Outcome {
        switch addition.type {
        case let type as any RegularizerPlugin.Type: try regularizer(type, options)
        case let type as any EncoderPlugin.Type: try encoder(type, options)
        case let type as any FusionPlugin.Type: try fusion(type, options)
        case let type as any ModelPlugin.Type: try model(type, options)
        case let type as any DatasetPlugin.Type: try dataset(type, options)
        case let type as any TaskPlugin.Type: try task(type, options)
        case let type as any OptimizerPlugin.Type: try optimizer(type, options)
        case let type as any SchedulePlugin.Type: try schedule(type, options)
        case let type as any MeasurementPlugin.Type: try measurement(type, options)
        case let type as any SelectionPlugin.Type: try selection(type, options)
        default: Outcome(["its type \(addition.type) is of no kind that has a contract"])
        }
    }

    private func regularizer<P: RegularizerPlugin>(_ type: P.Type, _ options: [String: OptionValue]) throws(OptionFault) -> Outcome {
        let report = RegularizerContract.check(type, options: try P.Options.decoding(options), declares: exceptions)
        let passed = report.findings.count { $0.outcome == .passed }
        let declared = report.findings.count { $0.outcome == .declared }
        var outcome = Outcome(
            report.failures.map { "\($0)" },
            kept: "keeps its contract: \(passed) checks passed" + (declared > 0 ? ", \(declared) left out as it declares" : ""))
        if isTable { outcome.table = report.markdown }
        return outcome
    }

    private func encoder<P: EncoderPlugin>(_ type: P.Type, _ options: [String: OptionValue]) throws(OptionFault) -> Outcome {
        Outcome(EncoderContract.violations(of: type, options: try P.Options.decoding(options)))
    }

    private func fusion<P: FusionPlugin>(_ type: P.Type, _ options: [String: OptionValue]) throws(OptionFault) -> Outcome {
        Outcome(FusionContract.violations(of: type, options: try P.Options.decoding(options)))
    }

    private func model<P: ModelPlugin>(_ type: P.Type, _ options: [String: OptionValue]) throws(OptionFault) -> Outcome {
        Outcome(ModelContract.violations(of: type, options: try P.Options.decoding(options)))
    }

    private func dataset<P: DatasetPlugin>(_ type: P.Type, _ options: [String: OptionValue]) throws(OptionFault) -> Outcome {
        Outcome(DatasetContract.violations(of: type, options: try P.Options.decoding(options)))
    }

    private func task<P: TaskPlugin>(_ type: P.Type, _ options: [String: OptionValue]) throws(OptionFault) -> Outcome {
        Outcome(TaskContract.violations(of: type, options: try P.Options.decoding(options)))
    }

    private func optimizer<P: OptimizerPlugin>(_ type: P.Type, _ options: [String: OptionValue]) throws(OptionFault) -> Outcome {
        Outcome(OptimizerContract.violations(of: type, options: try P.Options.decoding(options)))
    }

    private func schedule<P: SchedulePlugin>(_ type: P.Type, _ options: [String: OptionValue]) throws(OptionFault) -> Outcome {
        Outcome(ScheduleContract.violations(of: type, options: try P.Options.decoding(options)))
    }

    private func measurement<P: MeasurementPlugin>(_ type: P.Type, _ options: [String: OptionValue]) throws(OptionFault) -> Outcome {
        Outcome(MeasurementContract.violations(of: type, options: try P.Options.decoding(options)))
    }

    private func selection<P: SelectionPlugin>(_ type: P.Type, _ options: [String: OptionValue]) throws(OptionFault) -> Outcome {
        Outcome(SelectionContract.violations(of: type, options: try P.Options.decoding(options)))
    }
}
