@_exported import Analysis
@_exported import Configuration
@_exported import Datasets
@_exported import Models
@_exported import Networks
@_exported import Registration
@_exported import Regularization
internal import RegulusCommandLine
@_exported import Selection
@_exported import Tensors

/// The whole `regulus` program, for executables that bring their own plug-ins.
///
/// ```swift
/// import MyRegularizers
/// import Regulus
///
/// RegulusProgram.run(registering: MyRegularizers.register)
/// ```
///
/// Such a program has every command of `regulus`, and its recipes can name what it registers. It is linked with
/// `-Xlinker --export-dynamic`, so that it can load plug-in libraries as well.
public enum RegulusProgram {
    /// Runs the command that the process's arguments ask for. Where its exit code is not 0, this does not return.
    ///
    /// - Parameter registering: what this program adds. Where it throws, the program prints the error and ends with exit code 2.
    public static func run(registering: (inout PluginRegistrar) throws -> Void = { _ in }) {
        Program.run(registering: registering)
    }
}
