// swift-tools-version: 6.1
import Foundation
import PackageDescription

// FFmpeg's headers and HDF5 are optional: without them the package builds, and data sets of such files say what to install.
// REGULUS_FFMPEG=0 or 1 and REGULUS_HDF5=0 or 1 in the environment decide it by hand.
func isInstalled(_ libraries: [String], unless variable: String) -> Bool {
    if let wish = Context.environment[variable] { return wish != "0" }
    let named = (Context.environment["PKG_CONFIG_PATH"] ?? "").split(separator: ":").map(String.init)
    let prefixes = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib", "/usr/local/lib"]
    let folders = named + prefixes.map { $0 + "/pkgconfig" }
    return libraries.allSatisfy { library in
        folders.contains { FileManager.default.fileExists(atPath: "\($0)/\(library).pc") }
    }
}
let hasFFmpeg = isInstalled(["libavformat", "libavcodec", "libswscale", "libswresample", "libavutil"], unless: "REGULUS_FFMPEG")
let hasHDF5 = isInstalled(["hdf5"], unless: "REGULUS_HDF5")
let mediaLibraries: [Target.Dependency] = hasFFmpeg ? ["CFFmpeg"] : []
let mediaSettings: [SwiftSetting] = hasFFmpeg ? [.define("REGULUS_FFMPEG")] : []
/// Headers of libavcodec-dev, libavformat-dev, libswscale-dev, libswresample-dev and libavutil-dev, and what opens those libraries at run time:
/// the program is not linked with them.
let ffmpeg: [Target] =
    hasFFmpeg
    ? [.target(name: "CFFmpeg", dependencies: ["CLoading"], path: "Sources/System/CFFmpeg", publicHeadersPath: ".")] : []

let arrayLibraries: [Target.Dependency] = hasHDF5 ? ["CHDF5"] : []
let arraySettings: [SwiftSetting] = hasHDF5 ? [.define("REGULUS_HDF5")] : []
/// Headers of libhdf5-dev, and what opens its library at run time.
let hdf5: [Target] =
    hasHDF5 ? [.target(name: "CHDF5", dependencies: ["CLoading"], path: "Sources/System/CHDF5", publicHeadersPath: ".")] : []

// The rooms, lowest first; each imports only rooms above it. CONTRIBUTING.md says what each knows and must not know.

let systemLibraries: [Target] = [
    // Loops in C, because Swift compiles for one width of vector registers.
    .target(name: "CLanes", path: "Sources/System/CLanes", publicHeadersPath: "."),
    .systemLibrary(name: "CMalloc", path: "Sources/System/CMalloc"),
    .target(name: "CProcesses", path: "Sources/System/CProcesses", publicHeadersPath: "."),
    .target(name: "CLoading", path: "Sources/System/CLoading", publicHeadersPath: ".", linkerSettings: [.linkedLibrary("dl")]),
    // Headers of libopenblas-dev, and what opens its library at run time.
    .target(name: "COpenBLAS", dependencies: ["CLoading"], path: "Sources/System/COpenBLAS", publicHeadersPath: "."),
    .systemLibrary(name: "COneDNN", path: "Sources/System/COneDNN", providers: [.apt(["libdnnl-dev"])]),
    .systemLibrary(name: "COpenSSL", path: "Sources/System/COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
    .systemLibrary(name: "CYAML", path: "Sources/System/CYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
    .systemLibrary(name: "CZlib", path: "Sources/System/CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
]

let rooms: [Target] = [
    .target(name: "Configuration"),
    .target(name: "Persistence", dependencies: ["COpenSSL"]),
    .target(name: "Processes", dependencies: ["CProcesses"]),
    .target(name: "Selection", dependencies: ["Configuration"]),
    .target(name: "Results", dependencies: ["Selection"]),
    .target(name: "Tensors", dependencies: ["CLanes", "CMalloc", "COpenBLAS", "COneDNN", "CProcesses", "Processes"]),
    .target(name: "Networks", dependencies: ["CLanes", "Configuration", "Tensors"]),
    .target(
        name: "Weights", dependencies: ["CZlib", "Networks", "Persistence", "Tensors"] + arrayLibraries, swiftSettings: arraySettings),
    .target(name: "Media", dependencies: ["CZlib", "Persistence", "Tensors"] + mediaLibraries, swiftSettings: mediaSettings),
    .target(name: "Regularization", dependencies: ["Configuration", "Networks", "Processes", "Tensors"]),
    .target(name: "MeasurementTesting", dependencies: ["Analysis", "Configuration", "Networks", "Regularization", "Tensors"]),
    .target(name: "RegularizerTesting", dependencies: ["Configuration", "Networks", "Regularization", "Tensors"]),
    .target(name: "Models", dependencies: ["Configuration", "Networks", "Regularization", "Tensors", "Weights"]),
    .target(
        name: "Datasets", dependencies: ["Configuration", "Media", "Networks", "Persistence", "Processes", "Tensors", "Weights"],
        resources: [.copy("Resources/digits"), .copy("Resources/watch")]),
    .target(name: "Analysis", dependencies: ["COpenBLAS", "Configuration", "Networks", "Regularization", "Results", "Tensors"]),
    .target(
        name: "Training",
        dependencies: [
            "Analysis", "Configuration", "Datasets", "Models", "Networks", "Persistence", "Processes", "Regularization", "Results", "Selection", "Tensors",
            "Weights",
        ]),
    .target(name: "Recipes", dependencies: ["CYAML", "Configuration", "Persistence"]),
    .target(
        name: "Planning",
        dependencies: [
            "Analysis", "CMalloc", "Configuration", "Datasets", "Models", "Networks", "Persistence", "Processes", "Recipes", "Regularization",
            "Results", "Selection", "Tensors", "Training",
        ]),
    .target(
        name: "Studies",
        dependencies: [
            "Analysis", "Configuration", "Datasets", "Networks", "Persistence", "Processes", "Results", "Selection", "Statistics", "Tensors", "Training",
            "Weights",
        ]),
    .target(name: "Statistics"),
    .target(name: "Reports", dependencies: ["Configuration", "Persistence", "Results", "Selection", "Statistics"]),
    .target(name: "Monitoring", dependencies: ["Persistence", "Reports", "Results"]),
    .target(name: "Registration", dependencies: ["Analysis", "Configuration", "Datasets", "Models", "Networks", "Regularization", "Selection", "Training"]),
    .target(
        name: "ComponentTesting",
        dependencies: ["Analysis", "Configuration", "Datasets", "Models", "Networks", "Regularization", "RegularizerTesting", "Selection", "Tensors"]),
    .target(name: "PluginLibraries", dependencies: ["Persistence", "Processes", "Registration"]),
    .target(name: "Launching", dependencies: ["Configuration", "Persistence", "Processes"]),
]

/// One regularizer family each: a folder in `Plugins`, a target, a product and a test target of the same name.
let plugins = [
    "MER", "VICReg", "Dropout", "Noise", "LabelSmoothing", "WeightDecay", "SupervisedContrastive", "RelativeNormAlignment",
    "BarlowTwins", "VonNeumannEntropy", "MaximumEntropyCoding", "UnimodalLoss", "FeatureSplitting", "CrossModalTranslation",
    "ModalityDropout", "ModalityCompetition", "ConditionalEntropyBottleneck", "RepresentationFlattening", "GradientModulation",
    "SharpnessAware", "WeightAveraging", "DomainAlignment", "DomainRisks", "Fishr", "DomainAdversarial", "SpectralDecoupling", "Mixup", "MIRO",
    "ANDMask", "Prototypes", "OnlineDropout", "Confidence", "MultipleGradients", "UnimodalTeacher", "SWAD", "GradientBlending",
    "JointAdversarial", "EntropyWeighting", "Jigsaw", "AveragedDistillation", "FunctionalEntropy", "MeanShiftContrast", "InnerSteps",
    "FeatureStatistics",
]
let pluginTargets: [Target] = plugins.map { name in
    .target(name: "\(name)Plugin", dependencies: ["Configuration", "Networks", "Regularization", "Tensors"], path: "Plugins/\(name)")
}
/// A regularizer of the example package: its one file is a plug-in of this package too, which the tests put beside the built-in one.
let outside: [Target] = [
    .target(
        name: "OutsideMERPlugin", dependencies: ["Configuration", "Networks", "Regularization", "Tensors"],
        path: "Examples/TensorFusion/Sources/OutsideMER")
]
let pluginNames: [Target.Dependency] = plugins.map { .target(name: "\($0)Plugin") }

let builtIn: Target = .target(name: "BuiltIn", dependencies: ["Configuration", "Regularization"] + pluginNames)

let program: [Target] = [
    .target(
        name: "RegulusCommandLine",
        dependencies: [
            "Analysis", "BuiltIn", "ComponentTesting", "Configuration", "Datasets", "Launching", "MeasurementTesting", "Models", "Monitoring", "Networks",
            "Persistence", "Planning", "PluginLibraries", "Processes", "Recipes", "Registration", "Regularization", "RegularizerTesting", "Reports", "Results",
            "Selection", "Statistics", "Studies", "Tensors", "Training", "Weights",
            .product(name: "ArgumentParser", package: "swift-argument-parser"),
        ]),
    // What third parties import: the public rooms and the program.
    .target(
        name: "Regulus",
        dependencies: [
            "Analysis", "Configuration", "Datasets", "Models", "Networks", "Registration", "Regularization", "RegulusCommandLine", "Selection", "Tensors",
        ],
        exclude: ["Regulus.docc"]),
    // Libraries that are loaded at run time find the framework in the program itself.
    .executableTarget(name: "regulus-cli", dependencies: ["Regulus"], linkerSettings: [.unsafeFlags(["-Xlinker", "--export-dynamic"])]),
]

let tests: [Target] = [
    .target(name: "GoldenFixtures", dependencies: ["Tensors", "Weights"], path: "Tests/GoldenFixtures"),
    .target(name: "TestSupport", path: "Tests/TestSupport"),
    .testTarget(name: "ConfigurationTests", dependencies: ["Configuration"]),
    .testTarget(name: "SelectionTests", dependencies: ["Configuration", "Selection"]),
    .testTarget(name: "PersistenceTests", dependencies: ["Persistence", "TestSupport"]),
    .testTarget(name: "ProcessesTests", dependencies: ["Processes", "TestSupport"]),
    .testTarget(name: "TensorsTests", dependencies: ["GoldenFixtures", "Tensors"]),
    .testTarget(name: "NetworksTests", dependencies: ["Configuration", "GoldenFixtures", "Networks", "Tensors"]),
    .testTarget(
        name: "WeightsTests", dependencies: ["GoldenFixtures", "Networks", "Persistence", "Tensors", "TestSupport", "Weights"],
        swiftSettings: arraySettings),
    .testTarget(
        name: "RegularizationTests",
        dependencies: ["Configuration", "GoldenFixtures", "Networks", "Regularization", "RegularizerTesting", "Tensors", "TestSupport"]),
    .testTarget(
        name: "RegularizerTestingTests",
        dependencies: ["BuiltIn", "Configuration", "Networks", "Regularization", "RegularizerTesting", "Tensors"] + pluginNames),
    .testTarget(
        name: "PluginTests",
        dependencies: ["Configuration", "GoldenFixtures", "Networks", "Regularization", "RegularizerTesting", "Tensors"] + pluginNames + ["OutsideMERPlugin"]),
    .testTarget(
        name: "ModelsTests",
        dependencies: ["Configuration", "GoldenFixtures", "Models", "Networks", "Persistence", "Regularization", "Tensors", "TestSupport", "Weights"]),
    .target(name: "MediaSupport", dependencies: ["Media"] + mediaLibraries, path: "Tests/MediaSupport", swiftSettings: mediaSettings),
    .testTarget(name: "MediaTests", dependencies: ["GoldenFixtures", "Media", "MediaSupport", "Tensors"], swiftSettings: mediaSettings),
    .testTarget(
        name: "DatasetsTests",
        dependencies: ["Configuration", "Datasets", "GoldenFixtures", "Media", "MediaSupport", "Persistence", "Tensors", "TestSupport", "Weights"],
        swiftSettings: mediaSettings),
    .testTarget(name: "RecipesTests", dependencies: ["Configuration", "Persistence", "Recipes"]),
    .testTarget(name: "StatisticsTests", dependencies: ["Statistics", "TestSupport"]),
    .target(name: "SampleResults", dependencies: ["Results", "Selection"], path: "Tests/SampleResults"),
    .testTarget(name: "ResultsTests", dependencies: ["Results", "SampleResults", "Selection"]),
    .testTarget(name: "ReportsTests", dependencies: ["Persistence", "Reports", "Results", "SampleResults", "Selection", "Statistics"]),
    .testTarget(name: "MonitoringTests", dependencies: ["Monitoring", "Persistence", "Reports", "Results", "SampleResults"]),
    .target(
        name: "TrainingSupport",
        dependencies: [
            "Analysis", "BuiltIn", "Configuration", "Datasets", "Media", "Models", "Networks", "Persistence", "Regularization", "Results", "Selection",
            "Tensors",
            "TestSupport", "Training", "Weights",
        ], path: "Tests/TrainingSupport"),
    .testTarget(
        name: "TrainingTests",
        dependencies: [
            "Analysis", "Configuration", "Datasets", "Models", "Networks", "Persistence", "Regularization", "Results", "Selection", "Tensors", "TestSupport",
            "Training", "TrainingSupport", "Weights",
        ]),
    .testTarget(
        name: "PlanningTests",
        dependencies: [
            "Analysis", "Configuration", "Datasets", "MediaSupport", "Planning", "Recipes", "Regularization", "Reports", "Results", "Selection", "Studies",
            "Tensors",
            "TestSupport", "Training", "TrainingSupport", "Weights",
        ], swiftSettings: mediaSettings),
    .testTarget(
        name: "StudiesTests",
        dependencies: [
            "Analysis", "Configuration", "Datasets", "Networks", "Persistence", "Regularization", "Results", "Selection", "Studies", "Tensors", "TestSupport",
            "Training", "TrainingSupport",
            "Weights",
        ]),
    .testTarget(
        name: "AnalysisTests", dependencies: ["Analysis", "Configuration", "GoldenFixtures", "MeasurementTesting", "Regularization", "Tensors"]),
    .testTarget(
        name: "RegistrationTests",
        dependencies: ["Analysis", "Configuration", "Networks", "Registration", "Regularization", "Selection", "Tensors", "Training"]),
    .testTarget(
        name: "ComponentTestingTests",
        dependencies: ["Analysis", "ComponentTesting", "Configuration", "Datasets", "Models", "Networks", "Regularization", "Selection", "Tensors"]),
    .testTarget(name: "PluginLibrariesTests", dependencies: ["Persistence", "PluginLibraries", "Registration"]),
    .target(
        name: "FuzzTargets",
        dependencies: [
            "Configuration", "Datasets", "Launching", "Media", "Models", "Monitoring", "Networks", "Persistence", "PluginLibraries", "Processes", "Recipes",
            "Results", "Studies", "Tensors", "Training", "Weights",
        ],
        path: "Tests/FuzzTargets"),
    .testTarget(name: "FuzzTargetsTests", dependencies: ["FuzzTargets"]),
    .target(name: "SlurmSupport", dependencies: ["TestSupport"], path: "Tests/SlurmSupport", exclude: ["commands"]),
    .testTarget(name: "LaunchingTests", dependencies: ["Launching", "SlurmSupport", "TestSupport"]),
    .testTarget(
        name: "PublicSurfaceTests", dependencies: ["regulus-cli", "ComponentTesting", "MeasurementTesting", "RegularizerTesting", "TestSupport"]),
    .testTarget(
        name: "CommandLineTests", dependencies: ["PluginLibraries", "Processes", "SlurmSupport", "TestSupport", "Weights", "regulus-cli"],
        swiftSettings: mediaSettings),
]

/// The rooms that read foreign bytes, and what feeds them, for the package in Fuzzing alone.
let parsers: [Product] =
    Context.environment["REGULUS_FUZZING"] == nil
    ? []
    : [
        .library(
            name: "Parsers",
            targets: [
                "Configuration", "Datasets", "FuzzTargets", "Launching", "Media", "Models", "Monitoring", "Networks", "Persistence", "PluginLibraries",
                "Processes",
                "Recipes", "Results", "Studies", "Tensors", "Training", "Weights",
            ])
    ]

let package = Package(
    name: "regulus",
    products: [
        .executable(name: "regulus", targets: ["regulus-cli"]),
        .library(name: "ComponentTesting", targets: ["ComponentTesting"]),
        .library(name: "MeasurementTesting", targets: ["MeasurementTesting"]),
        .library(name: "RegularizerTesting", targets: ["RegularizerTesting"]),
        .library(
            name: "Regulus",
            targets: ["Regulus", "Analysis", "Configuration", "Tensors", "Networks", "Regularization", "Models", "Datasets", "Registration", "Selection"]
                + plugins.map { "\($0)Plugin" }),
    ] + parsers,
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0")
    ],
    targets: systemLibraries + ffmpeg + hdf5 + rooms + pluginTargets + outside + [builtIn] + program + tests,
    swiftLanguageModes: [.v6]
)
