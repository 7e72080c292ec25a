internal import COpenBLAS
import Glibc

/// Which of its kernels OpenBLAS computes with.
///
/// When OpenBLAS is opened it looks the processor up by its model number. A release knows no model that is
/// younger than itself, and then falls back on kernels for the first 64-bit processors: matrix products
/// run at a sixth of the rate or less. What counts is which instructions the processor has, so OpenBLAS is told to use
/// the kernels for them. The environment variable `OPENBLAS_CORETYPE` still decides where it is set.
enum ProcessorKernels {
    /// Chooses kernels once, before the first matrix product. Whether they were changed.
    static let selected: Bool = {
        let present = String(cString: openblas_get_corename())
        guard getenv(variable) == nil, let better = better(than: present, instructions: .present) else { return false }
        setenv(variable, better, 1)
        defer { unsetenv(variable) }
        return regulus_choose_kernels() != 0
    }()

    /// Whether the processor has 512-bit vectors.
    static let hasWideVectors = Instructions.present == .avx512

    /// Whether the processor fuses multiplications with additions in vectors of 256 bits or more, which the products of `CLanes` are made of.
    static let hasFusedVectors = Instructions.present != .basic

    /// The environment variable that OpenBLAS reads when it chooses.
    private static let variable = "OPENBLAS_CORETYPE"

    /// Instructions that OpenBLAS has kernels for.
    enum Instructions {
        /// None beyond those of every 64-bit processor that OpenBLAS tells apart.
        case basic
        /// 256-bit vectors with fused multiplication and addition.
        case avx2
        /// 512-bit vectors.
        case avx512

        /// What this processor has.
        static var present: Instructions {
            switch regulus_vector_instructions() {
            case 512: .avx512
            case 256: .avx2
            default: .basic
            }
        }
    }

    /// The name of better kernels for a processor; nil where those that OpenBLAS chose suit it.
    ///
    /// - Parameter name: the processor type that OpenBLAS took it for.
    static func better(than name: String, instructions: Instructions) -> String? {
        let isUnknown = ["prescott", "core2", "generic"].contains(name.lowercased())
        return switch instructions {
        case .avx512 where isUnknown: "SkylakeX"
        case .avx2 where isUnknown: "Haswell"
        default: nil
        }
    }
}
