import CDNN
import CWinograd

extension Lowering {
  /// Bytes that the tiles in flight may take, so that they stay in a second-level cache.
  private static let scratchBytes = 384 << 10

  /// Transformed weights that last-level caches hold from one run to the next.
  private static let cachedWeightBytes = 8 << 20

  /// A 3x3 convolution with stride 1 by Winograd's algorithm, which takes a quarter of the multiplications. In single
  /// precision its results differ from the direct sum's in the fifth digit.
  ///
  /// Returns false where the direct way is as good: few channels or pixels, other windows.
  mutating func lowerWinograd(_ node: Node, _ convolution: Convolution) throws(GraphError) -> Bool {
    // Blocks as oneDNN has them, so that nothing is reordered between its convolutions and these.
    let block = Int(cdnn_vector_width())
    guard usesWinograd, cwinograd_supports(Int32(block)) == 1, convolution.groups == 1,
      convolution.strides == [1, 1], convolution.dilations == [1, 1],
      let constant = graph.constants[node.inputs[1]], constant.isFloat,
      Array(constant.shape.suffix(2)) == [3, 3], constant.shape[0] >= 16, constant.shape[1] >= 16,
      let plan = PostPlan(node.postOperations),
      // A bias that is computed as the network runs is for oneDNN.
      node.input(2).map({ graph.constants[$0]?.floats != nil }) ?? true
    else { return false }
    let (outputs, inputs) = (constant.shape[0], constant.shape[1])
    let result = shape(node)
    let source = try located(node.inputs[0]).shape
    let (before, _) = ShapeInference.padding(
      convolution.padding, input: Array(source.suffix(2)), kernel: [3, 3], strides: [1, 1], dilations: [1, 1])
    var geometry = cwinograd_geometry(
      block: Int64(block), batch: Int64(source[0]), input_blocks: Int64((inputs + block - 1) / block),
      output_blocks: Int64((outputs + block - 1) / block), height: Int64(source[2]), width: Int64(source[3]),
      output_height: Int64(result[2]),
      output_width: Int64(result[3]), pad_top: Int64(before[0]), pad_left: Int64(before[1]), chunk: 0)
    let tiles = unsafe Int(cwinograd_tiles(&geometry))
    let count = Int(unsafe cwinograd_weight_count(&geometry))
    // A tile costs the same however little of it is used.
    guard tiles >= 4, result[0] * result[2] * result[3] * 9 >= tiles * 36 * 3 / 2,
      tiles >= cwinograd_least_tiles(Int32(block)) || 4 * count <= Lowering.cachedWeightBytes
    else { return false }
    let x = try located(node.inputs[0], .blocked(block), for: node)
    // By tiles, or by output channels where there are too few tiles to fill the inner kernel on every thread.
    let splitsTiles = tiles >= 12 * threads || outputs < 4 * block * threads
    let tileBytes = 36 * block * 4 * Int(geometry.input_blocks + geometry.output_blocks)
    let perPart = splitsTiles ? (tiles + threads - 1) / threads : tiles
    geometry.chunk = Int64(min(perPart, max(12, Lowering.scratchBytes / tileBytes / 12 * 12)))

    let packed = try weights.plain("\(node.inputs[1])/winograd") {
      var transformed = [Float](repeating: 0, count: count)
      unsafe cwinograd_transform(&geometry, constant.floats!, Int64(inputs), Int64(outputs), &transformed)
      return transformed
    }
    let padding = [Float](repeating: 0, count: Int(geometry.output_blocks) * block - outputs)
    let biasName = node.input(2)
    let numbers = biasName.flatMap { graph.constants[$0]?.floats } ?? [Float](repeating: 0, count: outputs)
    let bias = try weights.plain("\(biasName ?? "")/winograd/\(outputs)") { numbers + padding }

    let place: Located
    if let residual = plan.residual {
      place = try accumulator(node.inputs[residual], .blocked(block), for: node, beside: x)
    } else {
      place = allocate(result, .blocked(block))
    }
    let scratch = program.planned(bytes: threads * Int(geometry.chunk) * tileBytes)
    let job = WinogradJob(
      geometry, tiles: tiles, threads: threads, splitsTiles: splitsTiles, accumulates: plan.residual != nil,
      slope: plan.slope)
    let storages = (x.storage, program.fixed(packed), program.fixed(bias), place.storage, scratch)
    let touching = [storages.0, storages.1, storages.2, storages.3, storages.4]
    emit(node.name, "winograd", touching: touching) {
      unsafe job.run($0[storages.0], $0[storages.1], $0[storages.2], $0[storages.3], scratch: $0[storages.4])
    }
    for activation in plan.rest {
      for step in activation.steps ?? [] {
        guard let primitive = engine.elementwise(step, .sized(result, .blocked(block))) else {
          throw .kernel(node: node.name, function: "dnnl_eltwise_forward_primitive_desc_create", status: 3)
        }
        emit(node.name, primitive, [(CDNN_SRC, place.storage), (CDNN_DST, place.storage)])
      }
    }
    define(node.output, place)
    return true
  }
}

/// Post-operations as the Winograd kernel takes them: a residual, then a ReLU; everything else afterwards.
private struct PostPlan {
  var residual: Int?
  /// What negative results are multiplied by.
  var slope: Float = 1
  var rest: [Activation] = []

  init?(_ operations: [PostOperation]) {
    var isFirst = true
    for operation in operations {
      switch operation {
      case .sum(let input):
        guard isFirst, residual == nil else { return nil }
        residual = input
        continue
      case .activation(.relu) where isFirst: slope = 0
      case .activation(.leakyRelu(let slope)) where isFirst: self.slope = slope
      case .activation(let activation):
        guard activation.steps != nil else { return nil }
        rest.append(activation)
      }
      isFirst = false
    }
  }
}

/// One convolution's work for the threads that share it.
@safe private final class WinogradJob {
  private let geometry: cwinograd_geometry
  private let tiles: Int
  private let threads: Int
  private let splitsTiles: Bool
  private let accumulates: Bool
  private let slope: Float
  private var x: UnsafePointer<Float>?
  private var weights: UnsafePointer<Float>?
  private var bias: UnsafePointer<Float>?
  private var y: UnsafeMutablePointer<Float>?
  private var scratch: UnsafeMutablePointer<Float>?

  init(
    _ geometry: cwinograd_geometry, tiles: Int, threads: Int, splitsTiles: Bool, accumulates: Bool, slope: Float
  ) {
    self.geometry = geometry
    self.tiles = tiles
    self.threads = threads
    self.splitsTiles = splitsTiles
    self.accumulates = accumulates
    self.slope = slope
  }

  func run(
    _ x: UnsafePointer<Float>, _ weights: UnsafePointer<Float>, _ bias: UnsafePointer<Float>,
    _ y: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
  ) {
    unsafe (self.x, self.weights, self.bias, self.y, self.scratch) = (x, weights, bias, y, scratch)
    guard threads > 1 else { return part(0) }
    unsafe cdnn_parallel(
      Int32(threads),
      { context, index in
        unsafe Unmanaged<WinogradJob>.fromOpaque(context!).takeUnretainedValue().part(Int(index))
      }, Unmanaged.passUnretained(self).toOpaque())
  }

  private func part(_ index: Int) {
    // Output blocks go in pairs.
    let blocks = Int(geometry.output_blocks)
    let pairs = (blocks + 1) / 2
    let tileRange = splitsTiles ? (tiles * index / threads, tiles * (index + 1) / threads) : (0, tiles)
    let pairRange = splitsTiles ? (0, pairs) : (pairs * index / threads, pairs * (index + 1) / threads)
    let own = 36 * Int(geometry.chunk * geometry.block) * Int(geometry.input_blocks + geometry.output_blocks)
    unsafe withUnsafePointer(to: geometry) {
      unsafe cwinograd_run(
        $0, x, weights, bias, y, accumulates ? 1 : 0, slope, Int64(tileRange.0), Int64(tileRange.1),
        Int64(pairRange.0 * 2), Int64(min(blocks, pairRange.1 * 2)), scratch! + own * index)
    }
  }
}
