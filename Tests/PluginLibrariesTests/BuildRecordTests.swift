import Testing

@testable import PluginLibraries

@Suite("The record of a build")
struct BuildRecordTests {
    @Test("an installed record names its own folder wherever it lies")
    func placed() {
        let record = #"["-fmodule-map-file=@REGULUS@/System/CZlib/module.modulemap", "-I@REGULUS@/System"]"#
        #expect(
            BuildRecord.placed(record, in: "/opt/regulus/lib/regulus")
                == #"["-fmodule-map-file=/opt/regulus/lib/regulus/System/CZlib/module.modulemap", "-I/opt/regulus/lib/regulus/System"]"#)
    }

    @Test("the compiler that built the program is used where it is, and otherwise the one in PATH")
    func compiler() {
        #expect(BuildRecord.compiler(recorded: "/bin/sh", path: "") == "/bin/sh")
        #expect(BuildRecord.compiler(recorded: "/nonexistent/swiftc", path: "/nonexistent") == nil)
    }

    @Test("of a module's arguments, those are kept that say what can be imported")
    func importing() {
        let arguments = ["-O", "-Xcc", "-fmodule-map-file=/a/module.modulemap", "-I/usr/include/openblas", "-package-name", "main", "-sdk", "/"]
        #expect(
            BuildRecord.importing(arguments)
                == ["-Xcc", "-fmodule-map-file=/a/module.modulemap", "-I/usr/include/openblas", "-sdk", "/"])
    }
}
