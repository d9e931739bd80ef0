import CChannels

/// Squeeze and excitation: the means of an image's channels, and factors for them.
extension Lowering {
  private func job(_ x: Located) -> cchannels_job {
    let geometry = ImageGeometry(x.shape, x.layout)
    var job = unsafe cchannels_job()
    unsafe job.batch = Int64(geometry.batch)
    unsafe job.channels = Int64(geometry.channels)
    unsafe job.pixels = Int64(geometry.area)
    unsafe job.block = Int64(geometry.block)
    return unsafe job
  }

  /// - Parameter to: the storage of `[batch, channels]` means.
  mutating func lowerMeans(_ node: Node, _ x: Located, _ to: Int) {
    var job = unsafe job(x)
    let scratch = program.planned(bytes: 4 * Int(unsafe cchannels_scratch(&job)))
    let shared = unsafe ParallelJob(job, threads: threads)
    let from = x.storage
    emit(node.name, "means", touching: [from, to, scratch]) { storages in
      func prepare(_ job: UnsafeMutablePointer<cchannels_job>) {
        unsafe job.pointee.x = UnsafePointer(storages[from])
        unsafe job.pointee.y = storages[to]
        unsafe job.pointee.scratch = storages[scratch]
        unsafe cchannels_start(job)
      }
      unsafe shared.run(prepare: prepare, cchannels_sums_part)
      unsafe shared.run(prepare: prepare, cchannels_means_part)
    }
  }

  /// - Parameters:
  ///   - gates: the storage of a factor for each channel, of each image or for all of them.
  ///   - to: the storage of the image; may be that of `x`.
  mutating func lowerGates(_ node: Node, _ x: Located, _ gates: Int, isPerImage: Bool, _ to: Int) {
    var job = unsafe job(x)
    unsafe job.gate_stride = isPerImage ? job.channels : 0
    let shared = unsafe ParallelJob(job, threads: threads)
    let from = x.storage
    emit(node.name, "gates", touching: [from, gates, to]) { storages in
      unsafe shared.run(
        prepare: { job in
          unsafe job.pointee.x = UnsafePointer(storages[from])
          unsafe job.pointee.gates = UnsafePointer(storages[gates])
          unsafe job.pointee.y = storages[to]
          unsafe cchannels_start(job)
        }, cchannels_gate_part)
    }
  }
}
