public import ArgumentParser
public import Classification
public import Samples
public import Synthesis

extension Split: ExpressibleByArgument {}
extension Preprocessing.Fit: ExpressibleByArgument {}
extension Preprocessing.Filter: ExpressibleByArgument {}
extension NetworkConfiguration.Preset: ExpressibleByArgument {}
extension GeneratorSettings.Method: ExpressibleByArgument {}

/// Architectures by their names, one after the other with commas between.
public struct Architectures: ExpressibleByArgument, Sendable, Hashable {
  public var list: [NetworkConfiguration.Architecture]

  public init(_ list: [NetworkConfiguration.Architecture]) { self.list = list }

  public init?(argument: String) {
    list = []
    for name in argument.split(separator: ",", omittingEmptySubsequences: false) {
      guard let architecture = NetworkConfiguration.Architecture(rawValue: String(name)),
        !list.contains(architecture)
      else { return nil }
      list.append(architecture)
    }
  }

  public var defaultValueDescription: String { list.map(\.rawValue).joined(separator: ",") }
}
