public import ArgumentParser
public import Classification
public import Samples

extension Split: ExpressibleByArgument {}
extension Preprocessing.Fit: ExpressibleByArgument {}
extension Preprocessing.Filter: ExpressibleByArgument {}
extension NetworkConfiguration.Preset: ExpressibleByArgument {}
