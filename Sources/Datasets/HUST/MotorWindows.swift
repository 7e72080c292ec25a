import Configuration
import Tensors
import Weights

/// The two MAT files of windows that MMDG-Bench's program writes: `load1_train` … `load4_test`, one
/// window a column, states one after another.
///
/// States are not in the files: an equal number of windows for each, in the order of the classes, is
/// what the program writes. Windows of validation are taken at random from those of training, as the
/// program does.
///
/// Windows lie anywhere in a recording, so those of training, validation and test share steps, and
/// validation scores are near 100 %. Both files are held in memory as 32-bit floats.
struct MotorWindows {
    /// What the windows are.
    let rows: WindowRows
    /// The windows of vibration, in the order of `rows`.
    let vibration: any WindowSource
    /// The windows of sound, in the same order.
    let sound: any WindowSource

    /// - Throws: `DatasetFault` where the files do not fit each other or the options.
    ///
    /// - Parameters:
    ///   - vibrationPath: the file of vibration, which has one channel, the magnitude.
    ///   - soundPath: the file of sound, with the same variables and counts.
    ///   - options: `windows` has to be `released`, `vibration` `magnitude`; `counts` are windows of
    ///     each state and speed.
    init(vibration vibrationPath: String, sound soundPath: String, options: HUSTMotor.Options) throws(DatasetFault) {
        guard options.windows == .released else {
            throw DatasetFault(
                option: "windows",
                message: "the windows of \(vibrationPath) lie anywhere in the recordings, so that training, validation and test share samples",
                expected: "windows: released, or the 24 text files, of which separate windows can be cut")
        }
        guard options.vibration == .magnitude else {
            throw DatasetFault(option: "vibration", message: "\(vibrationPath) has one channel", expected: "vibration: magnitude, or the 24 text files")
        }
        let vibration = try StoredWindows(vibrationPath, window: options.window)
        let sound = try StoredWindows(soundPath, window: options.window)
        var rows = WindowRows()
        var columns: [StoredWindows.Column] = []
        for speed in HUSTMotor.speeds.indices {
            for (part, name) in [("train", "load\(speed + 1)_train"), ("test", "load\(speed + 1)_test")] {
                let count = vibration.count(name)
                guard sound.count(name) == count else {
                    throw DatasetFault(
                        message: "\(soundPath): '\(name)' has \(sound.count(name)) windows, in \(vibrationPath) it has \(count)", expected: "equally many")
                }
                let states = HUSTMotor.states.count
                guard count % states == 0 else {
                    throw DatasetFault(
                        message: "\(vibrationPath): '\(name)' has \(count) windows", expected: "a multiple of \(states), as many of each state")
                }
                for state in 0..<states {
                    let own = count / states
                    let wanted = part == "train" ? options.counts[0] + options.counts[1] : options.counts[2]
                    guard own >= wanted else {
                        throw DatasetFault(
                            option: "counts", message: "\(vibrationPath): '\(name)' has \(own) windows of each state, and counts asks for \(wanted)",
                            expected: "counts of at most \(own) in \(part == "train" ? "training and validation together" : "test")")
                    }
                    // The released program takes its validation windows at random from those of training.
                    var stream = RandomSource(seed: UInt64(options.windowSeed)).child("\(HUSTMotor.states[state])_\(speed)").stream("validation")
                    let order = part == "train" ? stream.permutation(own) : Array(0..<own)
                    for (position, place) in order.prefix(wanted).enumerated() {
                        rows.states.append(state)
                        rows.speeds.append(speed)
                        rows.split.append(part == "test" ? .test : position < options.counts[0] ? .train : .validation)
                        columns.append(StoredWindows.Column(array: name, place: state * own + place))
                    }
                }
            }
        }
        self.rows = rows
        self.vibration = vibration.source(columns)
        self.sound = sound.source(columns)
    }
}

/// One MAT file, its windows as rows.
private struct StoredWindows {
    /// Where a window lies.
    struct Column {
        /// The variable's name.
        let array: String
        /// The window's number in the variable.
        let place: Int
    }

    private let path: String
    private let window: Int
    /// Windows × steps, by the variable's name.
    private var windows: [String: [Float]] = [:]

    /// Reads all variables of a file and turns them, so that a window's steps lie side by side.
    ///
    /// - Throws: `DatasetFault` where one is missing, has windows of another length, or values that are
    ///   not finite.
    ///
    /// The variables are stored with one window a column, so each is transposed once: a file takes
    /// twice its size while it is read.
    init(_ path: String, window: Int) throws(DatasetFault) {
        (self.path, self.window) = (path, window)
        do throws(WeightsFault) {
            let file = try ArrayFile(path)
            for speed in HUSTMotor.speeds.indices {
                for part in ["train", "test"] {
                    let name = "load\(speed + 1)_\(part)"
                    let array = try file.array(name)
                    guard array.shape.count == 2, array.shape[0] == window else {
                        throw array.fault("has shape \(array.shapeText), expected \(window)×windows, as the option window says")
                    }
                    let values = try array.floats(rows: 0..<window)
                    let count = array.shape[1]
                    guard values.allSatisfy(\.isFinite) else {
                        let beyond = try array.beyondSinglePrecision(rows: 0..<window)
                        throw array.fault(beyond.map { "holds, in row \($0.row), \($0.text)" } ?? "holds values that are not finite")
                    }
                    windows[name] = [Float](unsafeUninitializedCapacity: values.count) { turned, filled in
                        for place in 0..<count { for step in 0..<window { turned[place * window + step] = values[step * count + place] } }
                        filled = values.count
                    }
                }
            }
        } catch {
            throw DatasetFault(option: "root", message: "\(error)")
        }
    }

    /// How many windows a variable has.
    ///
    /// 0 where the file has no such variable.
    func count(_ name: String) -> Int { (windows[name]?.count ?? 0) / window }

    /// These windows, in this order.
    ///
    /// - Parameter columns: which window each row is; they may repeat.
    func source(_ columns: [Column]) -> any WindowSource {
        Columns(windows: windows, columns: columns.map { ($0.array, $0.place) }, window: window)
    }

    /// Windows of one channel, copied from memory.
    private struct Columns: WindowSource {
        let windows: [String: [Float]]
        let columns: [(array: String, place: Int)]
        let window: Int
        let channels = 1

        /// Writes `window` numbers; nothing where the variable is not known, which the initializer has
        /// ruled out.
        func copy(_ row: Int, into target: UnsafeMutableBufferPointer<Float>) throws(DatasetFault) {
            let (array, place) = columns[row]
            guard let values = windows[array] else { return }
            for step in 0..<window { target[step] = values[place * window + step] }
        }
    }
}
