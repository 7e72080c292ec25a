import Foundation

/// The layout of HUST motor in small, its numbers made up: a recording's sound counts its steps.
package enum MotorFiles {
    package static let states = ["H", "BF", "BOW", "BROKEN", "MISAL", "UNBAL"]
    package static let speeds = [5, 10, 20, 30]

    /// Writes the 24 text files, with the released ones' kind of header.
    ///
    /// - Parameter value: the sound at a step of a state and a speed; the step itself unless said otherwise.
    package static func write(to folder: String, steps: Int, value: (_ state: Int, _ speed: Int, _ step: Int) -> Double = { Double($2) }) throws {
        for (speed, hertz) in speeds.enumerated() {
            for (state, name) in states.enumerated() {
                var lines = (0..<16).map { "Title \($0):\tmotor" } + ["Time (seconds) and Data Channels"]
                for step in 0..<steps {
                    let sound = value(state, speed, step)
                    let z = sound / 1000
                    lines.append("\(step)\t\(0.3 * z)\t\(0.4 * z) \(z)  \(sound)")
                }
                try (lines.joined(separator: "\r\n") + "\r\n").replacingOccurrences(of: "\r\n", with: hertz == 5 ? "\r\n" : "\n")
                    .write(toFile: "\(folder)/\(name)_\(hertz)HZ.txt", atomically: true, encoding: .utf8)
            }
        }
    }

    /// Writes the two MAT 5 files of windows, uncompressed, with `train` and `test` windows of each state and speed.
    ///
    /// Step s of column c of speed k is 1000·(10k + part) + c + s/64, with k from 1 and the part 0 or 1.
    package static func writeWindows(to folder: String, window: Int, train: Int, test: Int) throws {
        for name in ["Motor_Vib.mat", "Motor_Aud.mat"] {
            var data = Data("MATLAB 5.0 MAT-file, made up".utf8)
            data.append(Data(repeating: UInt8(ascii: " "), count: 124 - data.count))
            data.append(contentsOf: [0, 1] + Array("IM".utf8))
            for speed in 1...4 {
                for (part, count) in [train, test].enumerated() {
                    let columns = count * states.count
                    var values: [Double] = []
                    for column in 0..<columns {
                        for step in 0..<window { values.append(Double(1000 * (10 * speed + part) + column) + Double(step) / 64) }
                    }
                    data.append(matrix("load\(speed)_\(part == 0 ? "train" : "test")", values, rows: window, columns: columns))
                }
            }
            try data.write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
        }
    }

    private static func matrix(_ name: String, _ values: [Double], rows: Int, columns: Int) -> Data {
        func element(_ kind: UInt32, _ contents: Data) -> Data {
            var data = Data()
            for number in [kind, UInt32(contents.count)] { withUnsafeBytes(of: number.littleEndian) { data.append(contentsOf: $0) } }
            data.append(contents)
            return data + Data(repeating: 0, count: (8 - contents.count % 8) % 8)
        }
        func integers(_ numbers: [UInt32]) -> Data {
            numbers.reduce(into: Data()) { data, number in withUnsafeBytes(of: number.littleEndian) { data.append(contentsOf: $0) } }
        }
        let contents =
            element(6, integers([6, 0])) + element(5, integers([UInt32(rows), UInt32(columns)])) + element(1, Data(name.utf8))
            + element(9, values.withUnsafeBytes { Data($0) })
        return element(14, contents)
    }
}
