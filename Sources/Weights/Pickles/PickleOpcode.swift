/// The pickle instructions that are carried out: all of protocols 2 to 5 but those that need something from outside the file.
///
/// Source: the comments of Python's `pickletools`.
enum PickleOpcode: UInt8 {
    case mark = 0x28  // (
    case emptyTuple = 0x29  // )
    case stop = 0x2e  // .
    case pop = 0x30  // 0
    case popMark = 0x31  // 1
    case duplicate = 0x32  // 2
    case shortBytes = 0x43  // C
    case bytes = 0x42  // B
    case number = 0x47  // G
    case integer = 0x4a  // J
    case integer1 = 0x4b  // K
    case integer2 = 0x4d  // M
    case none = 0x4e  // N
    case persistentIdentifier = 0x51  // Q
    case reduce = 0x52  // R
    case oldText = 0x54  // T: a Python 2 string, 4-byte length
    case shortOldText = 0x55  // U: a Python 2 string, 1-byte length
    case text = 0x58  // X
    case emptyList = 0x5d  // ]
    case append = 0x61  // a
    case build = 0x62  // b
    case global = 0x63  // c
    case dictionary = 0x64  // d
    case appends = 0x65  // e
    case get = 0x68  // h
    case instance = 0x69  // i
    case longGet = 0x6a  // j
    case list = 0x6c  // l
    case object = 0x6f  // o
    case put = 0x71  // q
    case longPut = 0x72  // r
    case setItem = 0x73  // s
    case tuple = 0x74  // t
    case setItems = 0x75  // u
    case emptyDictionary = 0x7d  // }
    case version = 0x80
    case newObject = 0x81
    case tuple1 = 0x85
    case tuple2 = 0x86
    case tuple3 = 0x87
    case newTrue = 0x88
    case newFalse = 0x89
    case long1 = 0x8a
    case long4 = 0x8b
    case shortText = 0x8c
    case text8 = 0x8d
    case bytes8 = 0x8e
    case emptySet = 0x8f
    case addItems = 0x90
    case frozenSet = 0x91
    case newObjectWithKeywords = 0x92
    case stackGlobal = 0x93
    case memoize = 0x94
    case frame = 0x95
    case byteArray = 0x96

    /// What an instruction that is not carried out would do, for messages.
    static func refusal(of byte: UInt8) -> String {
        switch byte {
        case 0x82...0x84: "would look up an extension (instruction 0x\(String(byte, radix: 16)))"
        case 0x97, 0x98: "takes a buffer from outside the file (instruction 0x\(String(byte, radix: 16)))"
        default: "0x\(String(byte, radix: 16)) is not an instruction of protocols 2 to 5"
        }
    }
}
