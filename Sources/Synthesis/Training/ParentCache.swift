import Imaging
import Synchronization

/// Good parts, read once and kept in memory as far as there is room.
final class ParentCache: Sendable {
  private struct State {
    var parts: [Int: PartView] = [:]
    var bytes = 0
  }

  private let state = Mutex(State())
  private let channels: Int
  /// Bytes that parts may take.
  private let limit: Int

  /// - Parameter channels: 1 makes grey of colour.
  init(channels: Int, limit: Int = 512 << 20) {
    self.channels = channels
    self.limit = limit
  }

  /// A part, of as many channels as the generator has.
  func part(_ index: Int, of good: GoodParts) throws(SynthesisError) -> PartView {
    if let known = state.withLock({ $0.parts[index] }) { return known }
    let item = good.items[index]
    let planes: Planes
    do {
      planes = Planes(try ImageFile.load(path: item.path).image).with(channels: channels)
    } catch {
      throw SynthesisError("\(error)")
    }
    let part = PartView(planes)
    let bytes = planes.width * planes.height * (planes.planes.count + 1) * 4
    state.withLock {
      if $0.bytes + bytes <= limit, $0.parts.updateValue(part, forKey: index) == nil { $0.bytes += bytes }
    }
    return part
  }
}
