import Configuration
import Tensors

extension OptionFault {
    /// The fault of a sample shape that an encoder cannot read, whatever its options.
    static func sampleShape(_ found: Shape, expected: String) -> OptionFault {
        OptionFault(option: nil, expected: "samples of shape \(expected)", found: "\(found)", suggestion: nil)
    }

    /// Throws where a kernel's size is even, as its padding could then not keep the length.
    static func check(odd value: Int, option: String) throws(OptionFault) {
        guard value % 2 == 0 else { return }
        throw OptionFault(
            option: option, expected: "an odd number", found: "\(value)", suggestion: "\(value + 1)")
    }

    /// Throws where channels that double from stage to stage would grow beyond all memory.
    static func check(width: Int, doublingOver stages: Int) throws(OptionFault) {
        let most = max(65536 >> (stages - 1), 1)
        guard width > most else { return }
        throw OptionFault(
            option: "width", expected: "at most \(most) channels for \(stages) stages", found: "\(width)",
            suggestion: "\(most)")
    }
}
