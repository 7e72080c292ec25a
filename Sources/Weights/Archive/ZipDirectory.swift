import Foundation

/// Reads and checks the directory of a zip archive: its place, every entry, every entry's local header, and that no
/// two entries share bytes.
struct ZipDirectory {
    private(set) var entries: [ZipEntry] = []

    private let data: Data
    private var start = 0
    private var end = 0
    private var count = 0

    init(of data: Data) throws(ZipFault) {
        self.data = data
        try locate()
        try readEntries()
        try checkOverlap()
    }

    /// Finds the end record, which a comment of up to 65,535 bytes may follow, and behind it the 64-bit one.
    private mutating func locate() throws(ZipFault) {
        let last = data.count - 22
        var place = last
        while place >= max(0, last - 0xffff) {
            if data.littleEndian(UInt32.self, at: place) == 0x0605_4b50,
                let comment = data.littleEndian(UInt16.self, at: place + 20), place + 22 + Int(comment) == data.count
            {
                break
            }
            place -= 1
        }
        guard place >= max(0, last - 0xffff) else {
            throw ZipFault(offset: data.count, "the archive's directory is missing: the file is cut off or damaged")
        }
        let disk: UInt16 = try field(at: place + 4)
        let directoryDisk: UInt16 = try field(at: place + 6)
        let countHere: UInt16 = try field(at: place + 8)
        let count: UInt16 = try field(at: place + 10)
        let size: UInt32 = try field(at: place + 12)
        let offset: UInt32 = try field(at: place + 16)
        var limit = place
        if data.littleEndian(UInt32.self, at: place - 20) == 0x0706_4b50 {
            limit = try locateWide(locator: place - 20)
        } else {
            guard disk == 0, directoryDisk == 0, countHere == count else {
                throw ZipFault(offset: place, "archives of several parts are not read")
            }
            (self.count, start, end) = (Int(count), Int(offset), Int(offset) + Int(size))
        }
        guard start <= end, end <= limit else {
            throw ZipFault(offset: place, "the directory would lie at bytes \(start)..<\(end), its end record at \(limit)")
        }
    }

    /// Reads the 64-bit end record; returns where it begins.
    private mutating func locateWide(locator: Int) throws(ZipFault) -> Int {
        let place: UInt64 = try field(at: locator + 8)
        guard place <= UInt64(locator), data.littleEndian(UInt32.self, at: Int(place)) == 0x0606_4b50 else {
            throw ZipFault(offset: locator, "the 64-bit end record is not at byte \(place)")
        }
        let record = Int(place)
        let disk: UInt32 = try field(at: record + 16)
        let directoryDisk: UInt32 = try field(at: record + 20)
        let countHere: UInt64 = try field(at: record + 24)
        let count: UInt64 = try field(at: record + 32)
        let size: UInt64 = try field(at: record + 40)
        let offset: UInt64 = try field(at: record + 48)
        guard disk == 0, directoryDisk == 0, countHere == count else {
            throw ZipFault(offset: record, "archives of several parts are not read")
        }
        guard size <= UInt64(record), offset <= UInt64(record) - size, count <= size / 46 else {
            throw ZipFault(offset: record, "a directory of \(count) entries and \(size) bytes does not fit before byte \(record)")
        }
        (self.count, start, end) = (Int(count), Int(offset), Int(offset + size))
        return record
    }

    private mutating func readEntries() throws(ZipFault) {
        var place = start
        for _ in 0..<count {
            guard end - place >= 46, data.littleEndian(UInt32.self, at: place) == 0x0201_4b50 else {
                throw ZipFault(offset: place, "the directory has \(entries.count) entries, \(count) are announced")
            }
            let nameLength: UInt16 = try field(at: place + 28)
            let extraLength: UInt16 = try field(at: place + 30)
            let commentLength: UInt16 = try field(at: place + 32)
            let next = place + 46 + Int(nameLength) + Int(extraLength) + Int(commentLength)
            guard next <= end else { throw ZipFault(offset: place, "an entry reaches beyond the directory") }
            entries.append(try entry(at: place, nameLength: Int(nameLength), extraLength: Int(extraLength)))
            place = next
        }
        guard place == end else {
            throw ZipFault(offset: place, "\(end - place) bytes of the directory belong to no entry")
        }
    }

    private func entry(at place: Int, nameLength: Int, extraLength: Int) throws(ZipFault) -> ZipEntry {
        guard let nameBytes = data.part(place + 46..<place + 46 + nameLength),
            let name = String(validating: nameBytes, as: UTF8.self), !name.isEmpty
        else { throw ZipFault(offset: place, "an entry has no name, or one that is not UTF-8") }
        let flags: UInt16 = try field(at: place + 8)
        let methodNumber: UInt16 = try field(at: place + 10)
        guard flags & 1 == 0 else { throw ZipFault(entry: name, offset: place, "is encrypted") }
        guard let method = ZipEntry.Method(rawValue: methodNumber) else {
            throw ZipFault(entry: name, offset: place, "is stored by method \(methodNumber); 0 and 8 are read")
        }
        let checksum: UInt32 = try field(at: place + 16)
        let narrow: [UInt32] = [try field(at: place + 24), try field(at: place + 20), try field(at: place + 42)]
        let extra = place + 46 + nameLength
        let wide = try wideFields(narrow, extra: extra..<extra + extraLength, name: name)
        let (size, storedSize, header) = (wide[0], wide[1], wide[2])
        guard method == .deflated || size == storedSize else {
            throw ZipFault(entry: name, offset: place, "has \(size) bytes, but \(storedSize) are stored")
        }
        guard method == .stored || size / Inflation.greatestRatio <= storedSize else {
            throw ZipFault(entry: name, offset: place, "would expand from \(storedSize) to \(size) bytes, which is impossible")
        }
        let begin = try beginning(of: name, header: header, method: methodNumber)
        guard begin <= start, storedSize <= start - begin else {
            throw ZipFault(entry: name, offset: header, "its \(storedSize) bytes reach into the directory")
        }
        return ZipEntry(name: name, method: method, checksum: checksum, size: size, bytes: begin..<begin + storedSize)
    }

    /// Expanded size, stored size and place of the local header: each from the 64-bit extension where the narrow
    /// field says so.
    private func wideFields(_ narrow: [UInt32], extra: Range<Int>, name: String) throws(ZipFault) -> [Int] {
        var place = extra.lowerBound
        var wide: Range<Int>?
        while extra.upperBound - place >= 4 {
            let identifier: UInt16 = try field(at: place)
            let length: UInt16 = try field(at: place + 2)
            let contents = place + 4..<place + 4 + Int(length)
            guard contents.upperBound <= extra.upperBound else { break }
            if identifier == 1 { wide = contents }
            place = contents.upperBound
        }
        var values: [Int] = []
        var next = wide?.lowerBound ?? 0
        for value in narrow {
            guard value == .max else {
                values.append(Int(value))
                continue
            }
            guard let wide, wide.upperBound - next >= 8 else {
                throw ZipFault(entry: name, offset: extra.lowerBound, "lacks its 64-bit size or place")
            }
            let number: UInt64 = try field(at: next)
            guard number <= UInt64(Int.max) else {
                throw ZipFault(entry: name, offset: next, "has a size or place of \(number)")
            }
            values.append(Int(number))
            next += 8
        }
        return values
    }

    /// Where the bytes of a file begin: after its local header, which has to agree with the directory.
    private func beginning(of name: String, header: Int, method: UInt16) throws(ZipFault) -> Int {
        guard header <= start - 30, data.littleEndian(UInt32.self, at: header) == 0x0403_4b50 else {
            throw ZipFault(entry: name, offset: header, "there is no local header")
        }
        let localMethod: UInt16 = try field(at: header + 8)
        let nameLength: UInt16 = try field(at: header + 26)
        let extraLength: UInt16 = try field(at: header + 28)
        guard localMethod == method, let localName = data.part(header + 30..<header + 30 + Int(nameLength)),
            localName.elementsEqual(name.utf8)
        else { throw ZipFault(entry: name, offset: header, "the local header has another name or method than the directory") }
        return header + 30 + Int(nameLength) + Int(extraLength)
    }

    /// No byte is part of two files: archives that say so expand to any size.
    private func checkOverlap() throws(ZipFault) {
        var next = 0
        for entry in entries.sorted(by: { ($0.bytes.lowerBound, $0.bytes.upperBound) < ($1.bytes.lowerBound, $1.bytes.upperBound) }) {
            guard entry.bytes.lowerBound >= next else {
                throw ZipFault(entry: entry.name, offset: entry.bytes.lowerBound, "shares bytes with another file of the archive")
            }
            next = entry.bytes.upperBound
        }
    }

    private func field<Integer: FixedWidthInteger>(at offset: Int) throws(ZipFault) -> Integer {
        guard let value = data.littleEndian(Integer.self, at: offset) else {
            throw ZipFault(offset: offset, "the directory ends beyond the file")
        }
        return value
    }
}
