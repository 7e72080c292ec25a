// swift-tools-version: 6.1
import PackageDescription

// A package of a third party: it sees what Regulus makes public, and nothing else.
let package = Package(
    name: "tensor-fusion",
    products: [.executable(name: "tensor-fusion", targets: ["tensor-fusion"])],
    dependencies: [.package(name: "regulus", path: "../..")],
    targets: [
        .target(name: "TensorFusion", dependencies: ["OutsideMER", .product(name: "Regulus", package: "regulus")]),
        .target(name: "OutsideMER", dependencies: [.product(name: "Regulus", package: "regulus")]),
        // Without --export-dynamic this program could not load plug-in libraries.
        .executableTarget(
            name: "tensor-fusion", dependencies: ["TensorFusion", .product(name: "Regulus", package: "regulus")],
            linkerSettings: [.unsafeFlags(["-Xlinker", "--export-dynamic"])]),
        .testTarget(
            name: "TensorFusionTests",
            dependencies: [
                "TensorFusion", .product(name: "Regulus", package: "regulus"), .product(name: "RegularizerTesting", package: "regulus"),
            ]),
    ],
    swiftLanguageModes: [.v6]
)
