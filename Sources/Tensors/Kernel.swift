internal import COneDNN
import Synchronization

/// A memory layout as oneDNN describes it: the extents of a tensor in oneDNN's order of axes, and its
/// steps in memory.
final class KernelLayout: @unchecked Sendable {  // never changed after creation
    /// oneDNN's description, freed with this object.
    let handle: UnsafeMutablePointer<regulus_layout>

    /// A layout of these extents.
    ///
    /// - Parameter strides: the step along each axis in elements; nil lets oneDNN choose when a kernel
    ///   is made.
    /// - Precondition: oneDNN supports the number of axes.
    init(_ dimensions: [Int], strides: [Int]?) {
        handle = .allocate(capacity: 1)
        let status = regulus_layout_make(handle, Int32(dimensions.count), dimensions, strides)
        require(status == dnnl_success, "oneDNN refused a layout of \(dimensions) (status \(status.rawValue))")
    }

    deinit {
        regulus_layout_destroy(handle)
        handle.deallocate()
    }

    /// The row-major layout of these extents.
    static func rowMajor(_ dimensions: [Int]) -> KernelLayout {
        var strides = [Int](repeating: 1, count: dimensions.count)
        for axis in stride(from: dimensions.count - 2, through: 0, by: -1) { strides[axis] = strides[axis + 1] * dimensions[axis + 1] }
        return KernelLayout(dimensions, strides: strides)
    }

    /// A channels-last tensor in oneDNN's order of axes: batch, channels, space. A single spatial axis
    /// is given a second of extent 1, because the fast kernels exist for two and three.
    static func channelsLast(_ shape: Shape) -> KernelLayout {
        let space = KernelLayout.space(shape)
        let dimensions = [shape[0], shape[-1]] + space
        var strides = [Int](repeating: 1, count: dimensions.count)
        var step = shape[-1]
        for axis in stride(from: dimensions.count - 1, through: 2, by: -1) {
            strides[axis] = step
            step *= dimensions[axis]
        }
        strides[0] = step
        return KernelLayout(dimensions, strides: strides)
    }

    /// The spatial extents, at least two.
    static func space(_ shape: Shape) -> [Int] {
        let space = Array(shape.dimensions.dropFirst().dropLast())
        return [Int](repeating: 1, count: max(0, 2 - space.count)) + space
    }
}

/// One compiled oneDNN primitive: an operation for one set of shapes and settings. It can be run as
/// often and on as many threads as wanted.
///
/// Compiling takes longer than running it for small shapes, so kernels are kept for the life of the
/// process; see ``cached(_:)``. A program that convolves inputs of ever new shapes keeps a kernel for
/// each.
final class Kernel: @unchecked Sendable {  // never changed after creation; what a run changes belongs to it alone
    /// oneDNN's primitive, its layouts, and the bytes that a run needs for itself.
    private let handle: UnsafeMutablePointer<regulus_kernel>
    /// Arguments of runs that have ended, for the next ones.
    private let calls = Mutex<[Call]>([])

    /// The arguments of one run as oneDNN wants them: making them takes longer than a small kernel runs.
    private final class Call: @unchecked Sendable {  // used by one run at a time
        /// oneDNN's memory objects, freed with this object.
        let handle: UnsafeMutablePointer<regulus_call>

        /// Makes the memory objects of a kernel's arguments; they are given their memory by each run.
        init(of kernel: UnsafePointer<regulus_kernel>) {
            handle = .allocate(capacity: 1)
            let status = regulus_call_make(handle, kernel)
            require(status == dnnl_success, "oneDNN refused a kernel's arguments (status \(status.rawValue))")
        }

        deinit {
            regulus_call_destroy(handle)
            handle.deallocate()
        }
    }

    /// Makes a primitive.
    ///
    /// - Precondition: oneDNN has one for these shapes.
    private init(_ name: StaticString, _ make: (UnsafeMutablePointer<regulus_kernel>) -> dnnl_status_t) {
        handle = .allocate(capacity: 1)
        let status = make(handle)
        require(status == dnnl_success, "oneDNN has no \(name) for these shapes (status \(status.rawValue))")
    }

    /// Where oneDNN computes: the processor.
    private nonisolated(unsafe) static let engine: dnnl_engine_t? = {  // set once, and only read by oneDNN
        var engine: dnnl_engine_t?
        let status = regulus_engine(&engine)
        require(status == dnnl_success, "oneDNN could not start (status \(status.rawValue))")
        return engine
    }()

    /// The kernels compiled so far. Threads share it.
    private static let cache = Mutex<[KernelKey: Kernel]>([:])

    /// The kernel for a key, compiled at its first use and kept for the life of the process.
    static func cached(_ key: KernelKey) -> Kernel {
        if let kernel = cache.withLock({ $0[key] }) { return kernel }
        let kernel = Kernel(key)
        return cache.withLock { cache in
            if let earlier = cache[key] { return earlier }
            cache[key] = kernel
            return kernel
        }
    }

    /// Compiles the kernel that the key describes, and first the one whose layout it exchanges where it
    /// reorders weights.
    private convenience init(_ key: KernelKey) {
        let engine = Kernel.engine
        switch key {
        case .convolution(let direction, let plan):
            let source = KernelLayout.channelsLast(plan.input)
            let destination = KernelLayout.channelsLast(plan.output)
            let weight = KernelLayout(plan.weight.dimensions, strides: nil)
            let bias = plan.hasBias ? KernelLayout([plan.output[-1]], strides: [1]) : nil
            self.init("convolution") { kernel in
                regulus_convolution(
                    kernel, engine, direction.handle, source.handle, weight.handle, bias?.handle, destination.handle,
                    Int32(plan.stride.rank), plan.stride.dimensions, plan.padding.dimensions, plan.dilation.dimensions)
            }
        case .fusedConvolution(let plan):
            let convolution = plan.convolution
            let source = KernelLayout.channelsLast(convolution.input)
            let destination = KernelLayout.channelsLast(convolution.output)
            let weight = KernelLayout(convolution.weight.dimensions, strides: nil)
            let bias = KernelLayout([convolution.output[-1]], strides: [1])
            self.init("fused convolution") { kernel in
                regulus_fused_convolution(
                    kernel, engine, source.handle, weight.handle, bias.handle, destination.handle, Int32(convolution.stride.rank),
                    convolution.stride.dimensions, convolution.padding.dimensions, convolution.dilation.dimensions,
                    plan.addsToOutput ? 1 : 0, plan.appliesReLU ? 1 : 0)
            }
        case .fusedWeightReorder(let plan):
            let other = Kernel.cached(.fusedConvolution(plan))
            let plain = KernelLayout.rowMajor(plan.convolution.weight.dimensions)
            self.init("weight layout") { regulus_reorder($0, engine, plain.handle, regulus_kernel_layout(other.handle, 1)) }
        case .fusedWeightExchange(let from, let to):
            let (old, new) = (Kernel.cached(.fusedConvolution(from)), Kernel.cached(.fusedConvolution(to)))
            self.init("weight layout") { kernel in
                regulus_reorder(kernel, engine, regulus_kernel_layout(old.handle, 1), regulus_kernel_layout(new.handle, 1))
            }
        case .weightReorder(let direction, let plan):
            // Forward and data kernels read weights (their second argument), the weights kernel writes them (its third).
            let other = Kernel.cached(.convolution(direction, plan))
            let plain = KernelLayout.rowMajor(plan.weight.dimensions)
            self.init("weight layout") { kernel in
                direction == .backwardWeights
                    ? regulus_reorder(kernel, engine, regulus_kernel_layout(other.handle, 2), plain.handle)
                    : regulus_reorder(kernel, engine, plain.handle, regulus_kernel_layout(other.handle, 1))
            }
        case .pooling(let isBackward, let plan):
            let source = KernelLayout.channelsLast(plan.input)
            let destination = KernelLayout.channelsLast(plan.output)
            self.init("average pooling") { kernel in
                regulus_pooling(
                    kernel, engine, isBackward ? 1 : 0, plan.countsPadding ? 1 : 0,
                    source.handle, destination.handle, Int32(plan.window.count), plan.window, plan.stride, plan.padding)
            }
        case .products(let plan):
            let (left, right, product) = (plan.leftLayout, plan.rightLayout, plan.productLayout)
            self.init("batched matrix product") { kernel in regulus_products(kernel, engine, left.handle, right.handle, product.handle) }
        }
    }

    deinit { handle.deallocate() }

    /// The number of floats that oneDNN wants for one of the arguments, which may be padded.
    func floatCount(ofArgument index: Int) -> Int {
        (regulus_layout_bytes(regulus_kernel_layout(handle, Int32(index))) + 3) / MemoryLayout<Float>.stride
    }

    /// Whether two kernels expect one of their arguments in the same layout.
    func sharesLayout(ofArgument index: Int, with other: Kernel) -> Bool {
        self === other
            || regulus_layouts_equal(regulus_kernel_layout(handle, Int32(index)), regulus_kernel_layout(other.handle, Int32(index))) != 0
    }

    /// Runs the kernel, on the threads of the calling thread.
    ///
    /// Several threads may run one kernel at once; each run has arguments and a scratchpad of its own, which the
    /// next run takes over.
    ///
    /// - Parameter arguments: the memory of each argument, in the order of the primitive.
    func run(_ arguments: UnsafeMutablePointer<Float>...) {
        let scratchpad = handle.pointee.scratchpad_bytes > 0 ? Storage(count: handle.pointee.scratchpad_bytes / 4 + 1) : nil
        let call = calls.withLock { $0.popLast() } ?? Call(of: handle)
        let status = arguments.withUnsafeBufferPointer { pointers in
            pointers.baseAddress?.withMemoryRebound(to: UnsafeMutablePointer<Float>?.self, capacity: pointers.count) {
                regulus_kernel_run(handle, call.handle, $0, scratchpad?.base)
            }
        }
        calls.withLock { $0.append(call) }
        withExtendedLifetime(scratchpad) {}
        require(status == dnnl_success, "oneDNN failed while computing (status \(status?.rawValue ?? 0))")
    }
}

/// What a compiled kernel is kept under: the operation with its shapes and settings.
enum KernelKey: Hashable, Sendable {
    /// A convolution or one of its gradients.
    case convolution(ConvolutionDirection, ConvolutionPlan)
    /// Reorders weights for such a convolution.
    case weightReorder(ConvolutionDirection, ConvolutionPlan)
    /// A convolution with fixed weights; see ``FusedConvolution``.
    case fusedConvolution(FusedConvolutionPlan)
    /// Reorders weights for such a convolution.
    case fusedWeightReorder(FusedConvolutionPlan)
    /// Reorders weights from the layout of one fused convolution to that of another.
    case fusedWeightExchange(from: FusedConvolutionPlan, to: FusedConvolutionPlan)
    /// A pooling operation or its gradient.
    case pooling(isBackward: Bool, PoolingPlan)
    /// A batch of matrix products.
    case products(ProductPlan)
}

/// Which of the three computations of a convolution: the output, the gradient of the input, or the
/// gradient of the weights.
enum ConvolutionDirection: Hashable, Sendable {
    /// The output; the gradient of the input; the gradient of the weights.
    case forward, backwardData, backwardWeights

    /// oneDNN's name of the direction.
    var handle: regulus_direction {
        switch self {
        case .forward: regulus_forward
        case .backwardData: regulus_backward_data
        case .backwardWeights: regulus_backward_weights
        }
    }
}
