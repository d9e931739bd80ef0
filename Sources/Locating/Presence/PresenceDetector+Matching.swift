internal import Imaging

extension PresenceDetector {
  /// Spots that a new part, and one already followed, must cover.
  private var leastNew: Int { max(2, Int((options.onShare * Double(grid.count)).rounded(.up))) }
  private var leastKnown: Int { max(1, Int((options.offShare * Double(grid.count)).rounded(.up))) }

  /// Finds each thing in view again.
  ///
  /// Pairs are taken best first by how much of the smaller box lies in the other, where the thing should be by its
  /// velocity; where it was counts a little less, for things start and stop. Parts that follow each other so quickly
  /// that one is where the other was a frame before are told apart by the velocity only.
  mutating func match(_ blobs: [Blob]) {
    var pairs: [(score: Double, track: Int, blob: Int)] = []
    for (t, track) in tracks.enumerated() {
      for (b, blob) in blobs.enumerated() where blob.spots.count >= leastKnown {
        let smaller = Double(min(blob.box.area, track.box.area))
        let ahead = blob.box.overlap(track.box, dx: track.velocityX, dy: track.velocityY) / smaller
        let still = blob.box.overlap(track.box, dx: 0, dy: 0) / smaller
        let score = max(ahead, 0.8 * still)
        // Of equal ones the nearer in size comes first.
        let size = smaller / Double(max(blob.box.area, track.box.area))
        if score > 0.2 { pairs.append((score + 0.05 * size, t, b)) }
      }
    }
    pairs.sort { $0.score > $1.score || $0.score == $1.score && ($0.track, $0.blob) < ($1.track, $1.blob) }
    var blobOf = [Int?](repeating: nil, count: tracks.count), trackOf = [Int?](repeating: nil, count: blobs.count)
    for pair in pairs where blobOf[pair.track] == nil && trackOf[pair.blob] == nil {
      blobOf[pair.track] = pair.blob
      trackOf[pair.blob] = pair.track
    }
    matchFirstSteps(blobs, &blobOf, &trackOf)
    // The rest of a thing that has fallen into pieces.
    var pieces: [Int: Blob] = [:]
    for (b, blob) in blobs.enumerated() where trackOf[b] == nil {
      for (t, track) in tracks.enumerated() where blobOf[t] != nil {
        let inside = max(
          blob.box.overlap(track.box, dx: track.velocityX, dy: track.velocityY),
          blob.box.overlap(track.box, dx: 0, dy: 0))
        guard inside > 0.5 * Double(blob.box.area) else { continue }
        trackOf[b] = t
        pieces[t] =
          pieces[t].map { piece in
            var piece = piece
            piece.merge(blob)
            return piece
          } ?? blob
        break
      }
    }
    for t in tracks.indices {
      if let b = blobOf[t] {
        var blob = blobs[b]
        if let piece = pieces[t] { blob.merge(piece) }
        tracks[t].follow(blob, frame: frame)
        if tracks[t].seen >= 3 && tracks[t].resting == 0 {
          beltX += 0.2 * (tracks[t].velocityX - beltX)
          beltY += 0.2 * (tracks[t].velocityY - beltY)
        }
      } else {
        tracks[t].drift()
        // Behind or joined to another it is still there.
        let isHidden = blobs.indices.contains { b in
          trackOf[b] != nil && blobs[b].box.overlap(tracks[t].box, dx: 0, dy: 0) > 0.5 * Double(tracks[t].box.area)
        }
        if !isHidden { tracks[t].missing += 1 }
      }
    }
    newBlobs = blobs.indices.filter { trackOf[$0] == nil }.map { blobs[$0] }
  }

  /// Things seen once have no velocity of their own yet, and things that stood start at once: the nearest blob that
  /// nothing else claims, within half of the region, as large and not against the belt's direction.
  private func matchFirstSteps(_ blobs: [Blob], _ blobOf: inout [Int?], _ trackOf: inout [Int?]) {
    let reach = Double(max(grid.columns, grid.rows)) / 2
    for t in tracks.indices where blobOf[t] == nil && tracks[t].missing == 0 {
      var nearest: (distance: Double, blob: Int)?
      for b in blobs.indices where trackOf[b] == nil && blobs[b].spots.count >= leastKnown {
        let blob = blobs[b], track = tracks[t]
        let dx = blob.box.centerX - track.box.centerX, dy = blob.box.centerY - track.box.centerY
        if track.seen > 1 {
          let areas = (Double(blob.box.area), Double(track.box.area))
          guard 3 * min(areas.0, areas.1) > max(areas.0, areas.1), dx * beltX + dy * beltY >= 0 else { continue }
        }
        let distance = (dx * dx + dy * dy).squareRoot()
        if distance <= reach && distance < nearest?.distance ?? .infinity { nearest = (distance, b) }
      }
      guard let nearest else { continue }
      blobOf[t] = nearest.blob
      trackOf[nearest.blob] = t
    }
  }

  /// Follows what came into view with this frame.
  mutating func startTracks(
    _ model: BackgroundModel, _ seconds: Double, _ focus: (PixelRect) -> Double, _ event: inout PresenceEvent
  ) {
    for blob in newBlobs where blob.spots.count >= leastNew && blob.strong * 4 >= leastNew {
      var track = Track(blob, frame: frame, velocityX: beltX, velocityY: beltY)
      // What was taken for belt after it had been judged now moves on.
      let known = blob.spots.count { model.hasFormer[$0] }
      track.isJudged = known * 3 >= blob.spots.count
      tracks.append(track)
      if !track.isJudged { consider(tracks.count - 1, seconds, focus, &event) }
      if options.minimumFramesOn == 1, let reason = judgement(tracks[tracks.count - 1], seconds) {
        judge(tracks.count - 1, reason, &event)
      }
    }
    newBlobs = []
  }
}

extension AnyImage {
  /// The pixels inside `rect`, in the same format.
  func crop(_ rect: PixelRect) -> AnyImage {
    switch self {
    case .gray8(let image): .gray8(image.cropped(rect))
    case .gray16(let image): .gray16(image.cropped(rect))
    case .rgb8(let image): .rgb8(image.cropped(rect))
    case .rgb16(let image): .rgb16(image.cropped(rect))
    case .rgba8(let image): .rgba8(image.cropped(rect))
    case .rgba16(let image): .rgba16(image.cropped(rect))
    }
  }
}
