import Regulus
import TensorFusion

RegulusProgram.run(registering: TensorFusion.register)
