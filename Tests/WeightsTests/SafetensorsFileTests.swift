import Foundation
import Testing

@testable import Weights

/// A safetensors file from a header text and data, so that tests can break any rule.
func safetensors(_ header: String, data: [UInt8] = []) -> Data {
    withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Data($0) } + Data(header.utf8) + Data(data)
}

@Suite("Reading safetensors")
struct SafetensorsFileTests {
    private func floats(_ type: String, _ data: [UInt8], convertingIntegers: Bool = false) throws -> [Float] {
        let size = ElementType(rawValue: type)?.size ?? 1
        let header = #"{"x":{"dtype":"\#(type)","shape":[\#(data.count / size)],"data_offsets":[0,\#(data.count)]}}"#
        return try SafetensorsFile(safetensors(header, data: data), named: "t")
            .floats("x", convertingIntegers: convertingIntegers)
    }

    @Test("Every floating-point type becomes the float it stands for")
    func floatTypes() throws {
        #expect(try floats("F32", [0, 0, 0x80, 0x3f, 0, 0, 0x20, 0xc0]) == [1, -2.5])
        #expect(try floats("F64", [0, 0, 0, 0, 0, 0, 0xf0, 0x3f]) == [1])
        #expect(try floats("F16", [0, 0x3c, 0, 0xc1, 1, 0, 0, 0x7c]) == [1, -2.5, 0x1p-24, .infinity])
        #expect(try floats("BF16", [0x80, 0x3f, 0x20, 0xc0]) == [1, -2.5])
    }

    @Test("Eight-bit floating point becomes the float it stands for")
    func eightBits() throws {
        #expect(try floats("F8_E4M3", [0x38, 0xb8, 0x7e, 0x01, 0x08, 0x00]) == [1, -1, 448, 0x1p-9, 0x1p-6, 0])
        #expect(try floats("F8_E4M3", [0x7f]).allSatisfy(\.isNaN))
        #expect(try floats("F8_E5M2", [0x3c, 0xc0, 0x7b, 0x7c, 0x01]) == [1, -2, 57344, .infinity, 0x1p-16])
    }

    @Test("A tensor of an unknown type is listed and does not disturb the others")
    func unknownType() throws {
        let header = #"{"s":{"dtype":"F8_E8M0","shape":[3],"data_offsets":[0,3]},"w":{"dtype":"F32","shape":[1],"data_offsets":[3,7]}}"#
        let file = try WeightsFile(safetensors(header, data: [1, 2, 3, 0, 0, 0x80, 0x3f]), named: "t")
        #expect(file.entries.map(\.name) == ["w"])
        #expect(file.opaque.map { "\($0.name): \($0.kind)" } == [#"s: a tensor of the unknown type "F8_E8M0""#])
        #expect(try file.tensor("w").values == [1])
        let fault = #expect(throws: WeightsFault.self) { try file.tensor("s") }
        #expect(fault?.description.hasPrefix(#"t: tensor "s": is a tensor of the unknown type "F8_E8M0"; save it as one of F64, F32"#) == true)
        #expect(throws: WeightsFault.self) { try SafetensorsFile(safetensors(header, data: [1, 2, 3, 0, 0, 0x80]), named: "t") }
    }

    @Test("Integers become floats only where that is asked for")
    func integersAsFloats() throws {
        let fault = #expect(throws: WeightsFault.self) { try floats("U8", [3, 200]) }
        #expect(fault?.description == #"t: tensor "x": byte 61: has type U8, expected floating point"#)
        #expect(try floats("U8", [3, 200], convertingIntegers: true) == [3, 200])
        #expect(try floats("I16", [0xff, 0xff], convertingIntegers: true) == [-1])
        #expect(try floats("BOOL", [0, 1], convertingIntegers: true) == [0, 1])
    }

    @Test(
        "Every integer type becomes the number it stands for",
        arguments: [
            ("I64", [0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], [-2]),
            ("I32", [0xfe, 0xff, 0xff, 0xff], [-2]), ("I16", [0xfe, 0xff], [-2]), ("I8", [0xfe, 5], [-2, 5]),
            ("U64", [2, 1, 0, 0, 0, 0, 0, 0], [258]), ("U32", [0xff, 0xff, 0xff, 0xff], [4_294_967_295]),
            ("U16", [0xff, 0xff], [65535]), ("U8", [0xff], [255]), ("BOOL", [0, 1, 7], [0, 1, 1]),
        ] as [(String, [UInt8], [Int])])
    func integerTypes(type: String, data: [UInt8], expected: [Int]) throws {
        let size = try #require(ElementType(rawValue: type)).size
        let header = #"{"x":{"dtype":"\#(type)","shape":[\#(data.count / size)],"data_offsets":[0,\#(data.count)]}}"#
        #expect(try SafetensorsFile(safetensors(header, data: data), named: "t").integers("x") == expected)
    }

    @Test("Scalars, empty tensors, metadata and blanks after the header are all in order")
    func legalOddities() throws {
        let header =
            #"{"__metadata__":{"k":"v"},"e":{"dtype":"F32","shape":[0,9223372036854775807],"data_offsets":[0,0]},"#
            + #""s":{"dtype":"I8","shape":[],"data_offsets":[0,1]}}   "#
        let file = try SafetensorsFile(safetensors(header, data: [9]), named: "t")
        #expect(file.metadata == ["k": "v"])
        #expect(try file.integers("s") == [9])
        #expect(try file.floats("e") == [])
        #expect(file["e"]?.shapeText == "0×9223372036854775807")
        #expect(file["s"]?.shapeText == "scalar")
        #expect(file["none"] == nil)
    }

    @Test(
        "Damaged headers are refused with file, tensor and reason",
        arguments: [
            (#"[]"#, "t: byte 8: the header does not begin with '{'"),
            (#"{"x":1}"#, #"t: tensor "x": described by a number, expected an object"#),
            (#"{"x":{}}"#, #"t: tensor "x": has no dtype"#),
            (#"{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"more":1}}"#, #"t: tensor "x": has an unknown key "more""#),
            (#"{"x":{"dtype":"F32"}}"#, #"t: tensor "x": has no shape"#),
            (
                #"{"x":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}"#,
                #"t: tensor "x": has an extent that is not a whole number ≥ 0"#
            ),
            (
                #"{"x":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,4]}}"#,
                #"t: tensor "x": has a shape with more bytes than can be counted"#
            ),
            (
                #"{"x":{"dtype":"F32","shape":[1],"data_offsets":[4]}}"#,
                #"t: tensor "x": needs data_offsets of the form [begin, end]"#
            ),
            (
                #"{"x":{"dtype":"F32","shape":[1],"data_offsets":[8,4]}}"#,
                #"t: tensor "x": needs data_offsets of the form [begin, end]"#
            ),
            (
                #"{"x":{"dtype":"F32","shape":[3],"data_offsets":[0,12]}}"#,
                #"t: tensor "x": ends at byte 12 of the data, which has 8"#
            ),
            (
                #"{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,8]}}"#,
                #"t: tensor "x": has 8 bytes, but F32 of shape [1] takes 4"#
            ),
            (
                #"{"x":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#,
                #"t: tensor "x": byte 66: leaves a hole of 4 bytes before it"#
            ),
            (
                #"{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, "t: byte 66: 4 bytes belong to no tensor"
            ),
            (
                #"{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"y":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#,
                #"t: tensor "y": byte 119: overlaps the tensor before it by 4 bytes"#
            ),
            (
                #"{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#,
                #"t: byte 62: in the header, the key "x" appears twice"#
            ),
            (#"{"__metadata__":[]}"#, "t: __metadata__ is an array, expected an object of strings"),
            (#"{"__metadata__":{"a":1}}"#, #"t: in __metadata__, "a" is a number, expected a string"#),
            (#"{"x" 1}"#, "t: byte 13: in the header, expected ':' after the key, found '1'"),
        ])
    func damagedHeaders(header: String, message: String) {
        let data = safetensors(header, data: [0, 0, 0, 0, 0, 0, 0, 0])
        let fault = #expect(throws: WeightsFault.self) { try SafetensorsFile(data, named: "t") }
        #expect(fault?.description == message)
    }

    @Test("A length that the file cannot have is refused")
    func lengths() {
        func message(_ data: Data) -> String? {
            #expect(throws: WeightsFault.self) { try SafetensorsFile(data, named: "t") }?.description
        }
        #expect(message(Data([1, 2, 3])) == "t: 3 bytes are too few for a safetensors file")
        #expect(
            message(Data([9, 0, 0, 0, 0, 0, 0, 0, 0x7b]))
                == "t: byte 0: the header would be 9 bytes long, but 1 follow")
        #expect(
            message(Data(repeating: 0xff, count: 20))
                == "t: byte 0: the header would be 18446744073709551615 bytes long, more than 100000000: not a safetensors file"
        )
    }

    @Test("A number beyond Int is named with its place")
    func hugeInteger() throws {
        let data = safetensors(
            #"{"x":{"dtype":"U64","shape":[2],"data_offsets":[0,16]}}"#,
            data: [UInt8](repeating: 0, count: 8) + [UInt8](repeating: 0xff, count: 8))
        let file = try SafetensorsFile(data, named: "t")
        let fault = #expect(throws: WeightsFault.self) { try file.integers("x") }
        #expect(
            fault?.description
                == #"t: tensor "x": byte 71: 18446744073709551615 is larger than any supported integer"#)
    }

    @Test("Asking for what is not there names the file and the tensor")
    func absent() throws {
        let file = try SafetensorsFile(safetensors("{}"), named: "runs/a.safetensors")
        let fault = #expect(throws: WeightsFault.self) { try file.floats("z") }
        #expect(fault?.description == #"runs/a.safetensors: tensor "z": the file has no such tensor"#)
        let missing = #expect(throws: WeightsFault.self) { try SafetensorsFile("/nowhere/a.safetensors") }
        #expect(missing?.description == "/nowhere/a.safetensors: cannot read: No such file or directory")
    }
}
