import Regulus
import TensorFusion

RegulusProgram.run(registering: register)
