import Regulus

RegulusProgram.run()
