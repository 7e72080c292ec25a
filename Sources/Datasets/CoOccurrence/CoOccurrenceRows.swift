import Tensors

/// Which class, domain and cue every sample of a generated world has.
struct CoOccurrenceRows: Sendable {
    private(set) var labels: [Int] = []
    private(set) var domains: [Int] = []
    /// The class that the joint cue names; nil where the sample carries none.
    private(set) var cueClasses: [Int?] = []

    init(_ world: CoOccurrenceWorld, heldOut: Set<Int>) {
        let options = world.options
        for domain in 0..<options.domains {
            let own = (0..<options.samples).map { $0 % options.classes }
            labels += own
            domains += Array(repeating: domain, count: options.samples)
            switch heldOut.contains(domain) ? options.targetCue : .kept {
            case .kept:
                var stream = world.random.stream("reliability/d\(domain + 1)")
                cueClasses += own.map { label in
                    // Both numbers are always drawn, so that the dial changes no sample's other draw.
                    let isReliable = Double(stream.uniform()) < options.reliability
                    let shift = Int.random(in: 1..<options.classes, using: &stream)
                    return isReliable ? label : (label + shift) % options.classes
                }
            case .randomized:
                var stream = world.random.stream("target-cue/d\(domain + 1)")
                cueClasses += own.map { _ in Int.random(in: 0..<options.classes, using: &stream) }
            case .off:
                cueClasses += own.map { _ in nil }
            }
        }
    }
}
