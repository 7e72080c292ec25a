// swift-tools-version: 6.1
import PackageDescription

// Every parser of foreign bytes under libFuzzer with AddressSanitizer: `make fuzz MINUTES=10` in the folder above.
let package = Package(
    name: "fuzzing",
    dependencies: [.package(name: "regulus", path: "..")],
    targets: [.executableTarget(name: "fuzz", dependencies: [.product(name: "Parsers", package: "regulus")])],
    swiftLanguageModes: [.v6]
)
