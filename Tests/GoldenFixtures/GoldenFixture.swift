import Foundation
import Tensors
import Weights

/// Stored reference numbers for one computation: a safetensors file and the sidecar that explains it.
///
/// The sidecar gives the parameters, and for every tensor its role and tolerance; nothing about one file is fixed in
/// the tests that use it.
package struct GoldenFixture: Sendable, CustomStringConvertible {
    /// What is checked: `mer`, `layer-conv2d`, `optim-lars` …
    package let kind: String
    package let name: String
    /// The whole sidecar.
    package let sidecar: JSONValue
    /// The safetensors file.
    package let path: String
    /// Set for one case of a fixture with several; it precedes the names of that case's tensors.
    package let caseName: String?
    /// The hyper-parameters: the fixture's, and over them those of the case.
    package let params: GoldenParameters

    init?(sidecarAt path: String) throws {
        let sidecar = try JSONValue(parsing: Data(contentsOf: URL(fileURLWithPath: path)))
        let tensors = String(path.dropLast(".json".count)) + ".safetensors"
        guard let kind = sidecar["kind"]?.text, FileManager.default.fileExists(atPath: tensors) else { return nil }
        self.init(
            kind: kind, name: sidecar["name"]?.text ?? (tensors as NSString).lastPathComponent, sidecar: sidecar,
            path: tensors, caseName: nil, params: GoldenParameters([sidecar["params"]]))
    }

    private init(
        kind: String, name: String, sidecar: JSONValue, path: String, caseName: String?, params: GoldenParameters
    ) {
        self.kind = kind
        self.name = name
        self.sidecar = sidecar
        self.path = path
        self.caseName = caseName
        self.params = params
    }

    /// The fixture's cases, each with its own parameters; the fixture itself where it has none.
    package var cases: [GoldenFixture] {
        guard let cases = sidecar["cases"]?.members, !cases.isEmpty else { return [self] }
        return cases.map { member in
            GoldenFixture(
                kind: kind, name: name, sidecar: sidecar, path: path, caseName: member.key,
                params: GoldenParameters([member.value["params"], sidecar["params"]]))
        }
    }

    package var description: String { caseName.map { "\(name).\($0)" } ?? name }

    /// The names of the tensors, without the case's prefix.
    package var tensorNames: [String] {
        (sidecar["tensors"]?.members ?? []).compactMap { member in
            guard let caseName else { return member.key }
            return member.key.hasPrefix(caseName + ".") ? String(member.key.dropFirst(caseName.count + 1)) : nil
        }
    }

    /// Whether there is a tensor of this name.
    package func has(_ name: String) -> Bool { sidecar["tensors"]?[full(name)] != nil }

    /// What a tensor is for: `input`, `output`, `grad`, `upstream` …
    package func role(of name: String) -> String? { sidecar["tensors"]?[full(name)]?["role"]?.text }

    /// A floating-point tensor.
    package func tensor(_ name: String) throws -> Tensor { try SafetensorsFile(path).tensor(full(name)) }

    /// A tensor of any type as floats: masks and one-hot targets.
    package func converted(_ name: String) throws -> Tensor {
        try SafetensorsFile(path).tensor(full(name), convertingIntegers: true)
    }

    /// An integer tensor, row-major.
    package func integers(_ name: String) throws -> [Int] { try SafetensorsFile(path).integers(full(name)) }

    /// The extents of a tensor.
    package func shape(of name: String) throws -> [Int] { try SafetensorsFile(path).entry(full(name)).shape }

    /// The tolerance that the sidecar gives for an output.
    package func tolerance(_ name: String) throws -> GoldenTolerance {
        let facts = sidecar["tensors"]?[full(name)]
        guard let relative = facts?["rtol"]?.double, let absolute = facts?["atol"]?.double else {
            throw GoldenFault(description: "\(self): the sidecar gives no tolerance for \(name)")
        }
        return GoldenTolerance(relative: relative, absolute: absolute, absoluteMixed: facts?["atol_mixed"]?.double)
    }

    private func full(_ name: String) -> String { caseName.map { "\($0).\(name)" } ?? name }
}

/// How far a value may be from the stored one: `|got − want| ≤ absolute + relative·|want|`.
package struct GoldenTolerance: Hashable, Sendable {
    package let relative: Double
    package let absolute: Double
    /// The smaller bound for an implementation whose ill-conditioned inner step runs in double precision.
    package let absoluteMixed: Double?
}

/// A fixture that lacks what a test asks for.
package struct GoldenFault: Error, CustomStringConvertible {
    package let description: String
}
