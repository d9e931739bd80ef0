/// How a generator is trained.
public struct GeneratorSettings: Codable, Sendable, Hashable {
  public enum Method: String, Codable, Sendable, Hashable, CaseIterable {
    /// Generative adversarial network (Goodfellow et al. 2014, arXiv 1406.2661).
    case gan
    /// Variational autoencoder (Kingma and Welling 2014, arXiv 1312.6114).
    case vae
  }

  public var method: Method
  /// Seed of the weights, the windows and the noise.
  public var seed: UInt64
  /// Steps of both networks.
  public var steps: Int
  /// Wall-clock minutes that training may take; nil for no limit. The number of steps is cut to what fits once the speed
  /// is known; where the machine becomes slower than that, training ends at the deadline.
  public var minutes: Double?
  /// Windows in a step, real ones and painted ones each.
  public var batchSize: Int
  /// Width and height of a window in pixels, a power of two.
  public var side: Int
  /// Learning rates: the discriminator's is twice the generator's (two time scales: Heusel et al. 2017, arXiv 1706.08500).
  public var generatorRate: Float
  public var discriminatorRate: Float
  /// Largest share of the old weights that a step keeps in the average that is painted with.
  public var averageDecay: Float
  /// Weight of the divergence in an autoencoder's loss.
  public var divergenceWeight: Float
  /// Compute threads; nil for one a processor.
  public var threads: Int?

  public init(
    method: Method = .gan, seed: UInt64 = 0, steps: Int = 4000, minutes: Double? = nil, batchSize: Int = 16,
    side: Int = 64, generatorRate: Float = 2e-4, discriminatorRate: Float = 4e-4, averageDecay: Float = 0.998,
    divergenceWeight: Float = 0.002, threads: Int? = nil
  ) {
    self.method = method
    self.seed = seed
    self.steps = steps
    self.minutes = minutes
    self.batchSize = batchSize
    self.side = side
    self.generatorRate = generatorRate
    self.discriminatorRate = discriminatorRate
    self.averageDecay = averageDecay
    self.divergenceWeight = divergenceWeight
    self.threads = threads
  }
}
