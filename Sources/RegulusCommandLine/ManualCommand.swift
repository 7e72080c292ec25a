import ArgumentParser
import Foundation
import Persistence
import Training

/// `regulus manual FOLDER`: the manual pages, made of the commands' own definitions. `make install` calls it.
struct ManualCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "manual", abstract: "Writes manual pages of all commands into a folder.", shouldDisplay: false)

    @Argument(help: "Where regulus.1, regulus-run.1 and so on are written.", completion: .directory, transform: { UserPath.expanded($0) })
    var folder: String

    func run() throws {
        let tool: ManualPages.Tool
        do {
            tool = try JSONDecoder().decode(ManualPages.Tool.self, from: Data(RegulusCommand._dumpHelp().utf8))
        } catch {
            throw CommandFault.failure("error: the command definitions cannot be read: \(error)")
        }
        do throws(FileFault) {
            try Folder.create(folder)
            for (name, text) in ManualPages(tool.command).pages { try AtomicFile.write(text, to: "\(folder)/\(name).1") }
        } catch {
            throw CommandFault.file(error)
        }
    }
}

/// Manual pages in man(7), one for each command that people may call.
struct ManualPages {
    /// What ArgumentParser tells of a program; only what pages need.
    struct Tool: Decodable {
        let command: Command
    }

    struct Command: Decodable {
        let commandName: String
        let abstract, discussion: String?
        let shouldDisplay: Bool?
        let subcommands: [Command]?
        let arguments: [Argument]?
    }

    struct Argument: Decodable {
        struct Name: Decodable {
            let kind, name: String
            var text: String { (kind == "long" ? "--" : "-") + name }
        }

        let kind: String
        let shouldDisplay, isOptional, isRepeating: Bool
        let names: [Name]?
        let valueName, abstract, discussion, defaultValue: String?
        let allValues: [String]?
    }

    private let root: Command

    init(_ root: Command) { self.root = root }

    /// Each page's name, `regulus-run`, and its text.
    var pages: [(name: String, text: String)] { pages(root, path: []) }

    private func pages(_ command: Command, path: [String]) -> [(name: String, text: String)] {
        guard command.shouldDisplay ?? true, command.commandName != "help" else { return [] }
        let path = path + [command.commandName]
        let name = path.joined(separator: "-")
        return [(name: name, text: page(command, path: path, name: name))] + (command.subcommands ?? []).flatMap { pages($0, path: path) }
    }

    private func page(_ command: Command, path: [String], name: String) -> String {
        let arguments = (command.arguments ?? []).filter(\.shouldDisplay)
        let subcommands = (command.subcommands ?? []).filter { ($0.shouldDisplay ?? true) && $0.commandName != "help" }
        let call = path.joined(separator: " ")
        var lines = [
            ".TH \(Self.quoted(name.uppercased())) 1 \"\" \(Self.quoted("Regulus \(Version.current)")) \"Regulus\"", ".SH NAME",
            "\(Self.escaped(name)) \\- \(Self.escaped((command.abstract ?? "").trimmingFullStop))", ".SH SYNOPSIS",
            ".B \(Self.escaped(call))", Self.escaped((subcommands.isEmpty ? arguments.map(Self.synopsis) : ["COMMAND …"]).joined(separator: " ")),
        ]
        if let discussion = command.discussion, !discussion.isEmpty { lines += [".SH DESCRIPTION"] + Self.paragraphs(discussion) }
        if !subcommands.isEmpty {
            lines.append(".SH COMMANDS")
            for sub in subcommands { lines += [".TP", ".B \(Self.escaped("\(call) \(sub.commandName)"))", Self.escaped(sub.abstract ?? "")] }
        }
        if !arguments.isEmpty {
            lines.append(".SH OPTIONS")
            for argument in arguments {
                let value = argument.valueName.map { argument.kind == "flag" ? "" : " \($0)" } ?? ""
                let names = argument.kind == "positional" ? argument.valueName ?? "" : (argument.names ?? []).map(\.text).joined(separator: ", ") + value
                let values = argument.allValues.map { " Values: \($0.joined(separator: ", "))." } ?? ""
                let standard = argument.defaultValue.map { $0.isEmpty ? "" : " Default: \($0)." } ?? ""
                lines += [".TP", ".B \(Self.escaped(names))", Self.escaped((argument.abstract ?? "") + values + standard)]
                if let discussion = argument.discussion, !discussion.isEmpty { lines += Self.paragraphs(discussion) }
            }
        }
        if path.count > 1 { lines += [".SH SEE ALSO", ".BR \(Self.escaped(path.dropLast().joined(separator: "-"))) (1)"] }
        return lines.filter { !$0.isEmpty }.joined(separator: "\n") + "\n"
    }

    private static func synopsis(_ argument: Argument) -> String {
        let value = "<\(argument.valueName ?? "value")>"
        let name = argument.names?.first { $0.kind == "long" } ?? argument.names?.first
        let text =
            switch argument.kind {
            case "positional": value
            case "flag": name?.text ?? ""
            default: "\(name?.text ?? "") \(value)"
            }
        return (argument.isOptional ? "[\(text)]" : text) + (argument.isRepeating ? " …" : "")
    }

    private static func paragraphs(_ text: String) -> [String] {
        text.split(separator: "\n", omittingEmptySubsequences: false).map { $0.isEmpty ? ".PP" : escaped(String($0)) }
    }

    /// Text in which troff finds nothing to do: a line may not begin with a dot or an apostrophe, and hyphens are those that can be typed.
    static func escaped(_ text: String) -> String {
        let plain = text.replacing("\\", with: "\\e").replacing("-", with: "\\-").replacing("\n", with: " ")
        return plain.hasPrefix(".") || plain.hasPrefix("'") ? "\\&" + plain : plain
    }

    private static func quoted(_ text: String) -> String { "\"" + escaped(text).replacing("\"", with: "\\(dq") + "\"" }
}

extension String {
    fileprivate var trimmingFullStop: String { hasSuffix(".") ? String(dropLast()) : self }
}
