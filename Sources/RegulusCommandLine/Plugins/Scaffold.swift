import Configuration
import Foundation
import Persistence
import PluginLibraries

/// The files of a new plug-in.
struct Scaffold {
    /// The ways into the program.
    enum Door {
        /// A folder in `Plugins` of Regulus's own package.
        case folder
        /// A package with a program of its own.
        case program
        /// A package that is compiled to a library.
        case library
    }

    /// What a plug-in can be begun as.
    enum Kind: String, CaseIterable {
        case regularizer, encoder, fusion, model, dataset, measurement, task

        /// What it is registered as.
        var component: ComponentKind {
            switch self {
            case .regularizer: .regularizers
            case .encoder: .encoders
            case .fusion: .fusions
            case .model: .models
            case .dataset: .datasets
            case .measurement: .measurements
            case .task: .tasks
            }
        }

        var noun: String { component.noun }

        /// The contract that its test calls.
        var contract: String { rawValue.prefix(1).uppercased() + rawValue.dropFirst() + "Contract" }

        /// The library that the contract is in.
        var testing: String {
            switch self {
            case .regularizer: "RegularizerTesting"
            case .measurement: "MeasurementTesting"
            default: "ComponentTesting"
            }
        }
    }

    /// Where a package of its own finds Regulus.
    enum Dependency {
        /// A folder on this machine.
        case folder(String)
        /// A repository, and the version from which on it fits.
        case repository(url: String, version: String)

        /// The line of the package's description.
        var declaration: String {
            switch self {
            case .folder(let path): ".package(name: \"regulus\", path: \(Self.quoted(path)))"
            // SwiftPM calls a package from a repository by the end of its address.
            case .repository(let url, let version): ".package(url: \(Self.quoted(url)), from: \(Self.quoted(version)))"
            }
        }

        private static func quoted(_ text: String) -> String {
            "\"" + text.spelling(["\\": "\\\\", "\"": "\\\""]) + "\""
        }
    }

    let name: PluginName
    let kind: Kind
    let door: Door
    /// Where it is written.
    let directory: String
    /// Regulus's package; nil where it is not here. A library then has no package around it, which only an editor and `swift test` would need.
    let regulus: Dependency?

    /// Types of plug-ins that could not be compiled beside what they use.
    static let reservedTypes: Set = [
        "AddsPenalty", "Any", "ClassProbabilities", "Criterion", "DatasetFacts", "DatasetFault", "DatasetPlugin", "EncoderPlugin", "Findings",
        "FusionContext", "FusionPlugin", "Initializer", "Inputs", "Linear", "MeasurementPlugin", "ModelContext", "ModelPlugin", "OptionFault",
        "Parts", "Prediction", "Quantity", "RandomSource", "SampleSet", "ScoreDescription", "TargetKind", "Targets", "TaskContext", "TaskPlugin",
        "TrainedModel", "Undefined", "Array", "Batch", "Bool", "ComponentDescription", "ComponentOptions", "Dictionary", "Double", "Embedding", "Embeddings",
        "Float", "Int", "Modality", "OptionField", "Optional", "Options", "Pass", "Penalty", "PluginRegistrar", "Protocol", "Regularizer",
        "RegularizerContext", "RegularizerPlugin", "Regulus", "Self", "Set", "Shape", "String", "Tensor", "TrainingStep", "Type",
    ]

    /// Whether a folder holds Regulus's own package.
    static func isRegulus(_ folder: String) -> Bool {
        Folder.exists(folder + "/Plugins") && Folder.exists(folder + "/Sources/Regularization")
    }

    /// The folder that is made.
    private var root: String {
        let base = directory == "." ? "" : directory + "/"
        return door == .folder ? base : "\(base)\(name.kebab)/"
    }

    /// Paths with their texts.
    private var files: [(path: String, text: String)] {
        let templates = PluginTemplates(name: name, kind: kind, door: door)
        switch door {
        case .folder:
            return [
                ("\(root)Plugins/\(name.type)/\(name.type).swift", templates.source),
                ("\(root)Tests/PluginTests/\(name.type)Tests.swift", templates.test),
                ("\(root)recipes/\(name.kebab).yaml", templates.recipe),
            ]
        case .program, .library:
            let module = "\(name.type)Plugin"
            var files = [
                ("\(root)Sources/\(module)/\(name.type).swift", templates.source),
                ("\(root)Sources/\(module)/Register.swift", templates.registration),
                ("\(root)\(name.kebab).yaml", templates.recipe),
            ]
            if let regulus {
                files += [
                    ("\(root)Package.swift", templates.package(dependingOn: regulus)),
                    ("\(root)Tests/\(module)Tests/\(name.type)Tests.swift", templates.test),
                ]
            }
            return door == .library ? files : files + [("\(root)Sources/regulus-\(name.kebab)/main.swift", templates.program)]
        }
    }

    /// Writes all files, or none where one of them exists.
    ///
    /// - Throws: `CommandFault`.
    func write() throws(CommandFault) {
        if door == .folder, !Self.isRegulus(directory) {
            throw .input(
                """
                error: \(directory) is not Regulus's package, which has a folder Plugins; give it with --directory, or begin a package \
                of your own with --standalone or --library
                """)
        }
        let files = files
        let existing = files.map(\.path).filter { FileManager.default.fileExists(atPath: $0) }
        guard existing.isEmpty else { throw .input("error: nothing was written, because these files exist: \(existing.joined(separator: ", "))") }
        do throws(FileFault) {
            for (path, text) in files {
                try Folder.create(Folder.parent(of: path))
                try AtomicFile.write(text, to: path)
            }
        } catch {
            throw .input("error: \(error)")
        }
    }

    /// What was written and what to do with it.
    var nextSteps: String {
        let written = "written:\n" + files.map { "  \($0.path)\n" }.joined()
        let folder = root.isEmpty ? "." : String(root.dropLast())
        let steps =
            switch door {
            case .folder:
                [
                    "add \"\(name.type)\" to `plugins` in \(root)Package.swift",
                    "add `import \(name.type)Plugin` and `try registry.register(tested: \(name.type).self)` to "
                        + "\(root)Sources/BuiltIn/RegularizerRegistry+BuiltIn.swift",
                    "add `import \(name.type)Plugin` and `BuiltInContract(\"\(name.type)\", \(name.type).self),` to "
                        + "\(root)Tests/RegularizerTestingTests/BuiltInContracts.swift",
                    "make test, and regulus run recipes/\(name.kebab).yaml",
                ]
            case .program:
                [
                    "cd \(folder)", "swift test -c release -Xswiftc -enable-testing",
                    "swift run -c release -Xswiftc -enable-testing regulus-\(name.kebab) run \(name.kebab).yaml",
                ]
            case .library:
                [
                    "regulus plugin build \(folder)", "regulus plugin test \(root)lib\(name.type)Plugin.so", "regulus run \(root)\(name.kebab).yaml",
                    regulus == nil
                        ? "for a Package.swift and a test as well, pass --regulus with the folder or the URL of Regulus's package"
                        : "for a test in the package: cd \(folder), and swift test -c release -Xswiftc -enable-testing",
                ]
            }
        return written + "next:\n" + steps.map { "  \($0)" }.joined(separator: "\n")
    }
}
