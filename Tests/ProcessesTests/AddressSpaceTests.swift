import Testing

@testable import Processes

@Suite("The limit on the address space")
struct AddressSpaceTests {
    @Test("a limit that leaves no room for the threads is named with what is missing")
    func shortage() {
        let mebibyte = 1 << 20
        #expect(AddressSpace.shortage(forThreads: 2, limit: nil, used: 1) == nil)
        #expect(AddressSpace.shortage(forThreads: 2, limit: 1000 * mebibyte, used: 500 * mebibyte) == nil)
        #expect(
            AddressSpace.shortage(forThreads: 1, limit: 586 * mebibyte, used: 430 * mebibyte) == """
                the address space of this process is limited to 586 MiB, of which 430 MiB are taken; 1 thread needs 320 MiB more. \
                Raise the limit (ulimit -v), or bound memory by a control group instead
                """)
        #expect(AddressSpace.shortage(forThreads: 8, limit: 1000 * mebibyte, used: 500 * mebibyte)?.contains("8 threads need 1216 MiB") == true)
    }

    @Test("this process has mapped something")
    func own() {
        #expect(AddressSpace.used > 0)
        #expect(AddressSpace.limit.map { $0 > 0 } ?? true)
    }
}
