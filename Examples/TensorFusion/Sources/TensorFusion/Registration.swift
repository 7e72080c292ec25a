import OutsideMER
import Regulus

/// What this package adds to Regulus.
public func register(in registrar: inout PluginRegistrar) throws {
    try registrar.register(TensorFusionNetwork.self)
    try registrar.register(DeepCORAL.self)
    try registrar.register(OutsideMER.self)
}
