public import ArgumentParser
public import Classification
public import Samples

extension Split: ExpressibleByArgument {}
extension NetworkConfiguration.Preset: ExpressibleByArgument {}
