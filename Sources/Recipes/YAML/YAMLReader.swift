internal import CYaml

/// YAML to nodes by libyaml's events, within limits that hold for hostile text too.
///
/// The time is bounded by the text's length, which is bounded; what aliases stand for counts as if it were written out,
/// so that a few lines cannot become a billion nodes.
@safe struct YAMLReader: ~Copyable {
  /// Bytes; a recipe with twenty cameras and hand-drawn regions has some ten thousand.
  static let longestText = 1 << 20
  static let mostNodes = 50_000
  static let deepestNesting = 32

  /// A sequence or a mapping that has been opened and not closed yet.
  private struct Opened {
    var mark: YAMLNode.Mark
    var isMapping: Bool
    var anchor: String?
    var items: [YAMLNode] = []
    var pairs: [(key: YAMLNode, value: YAMLNode)] = []
    var key: YAMLNode?
    var count = 1
  }

  private let parser: UnsafeMutablePointer<yaml_parser_t>
  /// The parser keeps a pointer to the text: a copy that stays where it is.
  private let input: UnsafeMutableBufferPointer<UInt8>
  private let text: [UInt8]
  private var opened: [Opened] = []
  private var anchors: [String: YAMLNode] = [:]
  private var root: YAMLNode?
  private var nodes = 0

  /// The one document that the text holds; `nil` if it is empty.
  static func read(_ text: [UInt8]) throws(YAMLError) -> YAMLNode? {
    guard text.count <= longestText else {
      throw YAMLError(nil, "is longer than \(longestText) bytes, which no recipe is")
    }
    // libyaml only looks for a byte order mark where it has to find out the encoding.
    let text = text.starts(with: [0xef, 0xbb, 0xbf]) ? Array(text.dropFirst(3)) : text
    try YAMLText.check(text)
    guard var reader = YAMLReader(text) else { throw YAMLError(nil, "cannot be read: out of memory") }
    while try reader.step() {}
    return reader.root
  }

  private init?(_ text: [UInt8]) {
    self.text = text
    unsafe parser = .allocate(capacity: 1)
    unsafe input = .allocate(capacity: text.count)
    _ = unsafe input.initialize(fromContentsOf: text)
    guard unsafe yaml_parser_initialize(parser) == 1 else {
      unsafe parser.deallocate()
      unsafe input.deallocate()
      return nil
    }
    unsafe yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
    unsafe yaml_parser_set_input_string(parser, input.baseAddress, input.count)
  }

  deinit {
    unsafe yaml_parser_delete(parser)
    unsafe parser.deallocate()
    unsafe input.deallocate()
  }

  /// Takes one event; false at the end.
  private mutating func step() throws(YAMLError) -> Bool {
    var event = unsafe yaml_event_t()
    guard unsafe yaml_parser_parse(parser, &event) == 1 else { throw failure() }
    defer { unsafe yaml_event_delete(&event) }
    let mark = unsafe YAMLNode.Mark(line: Int(event.start_mark.line) + 1, column: Int(event.start_mark.column) + 1)
    switch unsafe event.type {
    case YAML_STREAM_END_EVENT:
      return false
    case YAML_DOCUMENT_START_EVENT:
      guard root == nil else { throw YAMLError(mark, "a second document begins here; a recipe is one document") }
    case YAML_SCALAR_EVENT:
      let scalar = unsafe event.data.scalar
      try unsafe refuse(tag: unsafe scalar.tag, mark)
      let bytes = unsafe UnsafeBufferPointer(start: scalar.value, count: scalar.length)
      let node = YAMLNode(
        content: .scalar(
          unsafe String(decoding: bytes, as: UTF8.self), isPlain: unsafe scalar.style == YAML_PLAIN_SCALAR_STYLE),
        mark: mark, count: 1)
      try unsafe add(node, anchor: Self.name(unsafe scalar.anchor))
    case YAML_SEQUENCE_START_EVENT:
      let start = unsafe event.data.sequence_start
      try unsafe refuse(tag: unsafe start.tag, mark)
      try unsafe open(Opened(mark: mark, isMapping: false, anchor: Self.name(unsafe start.anchor)))
    case YAML_MAPPING_START_EVENT:
      let start = unsafe event.data.mapping_start
      try unsafe refuse(tag: unsafe start.tag, mark)
      try unsafe open(Opened(mark: mark, isMapping: true, anchor: Self.name(unsafe start.anchor)))
    case YAML_SEQUENCE_END_EVENT, YAML_MAPPING_END_EVENT:
      let last = opened.removeLast()
      let content: YAMLNode.Content = last.isMapping ? .mapping(try merged(last.pairs)) : .sequence(last.items)
      try add(YAMLNode(content: content, mark: last.mark, count: last.count), anchor: last.anchor, counted: true)
    case YAML_ALIAS_EVENT:
      let name = unsafe Self.name(unsafe event.data.alias.anchor) ?? ""
      guard let node = anchors[name] else {
        throw YAMLError(mark, "*\(name) stands for nothing: no &\(name) comes before it")
      }
      try add(node, anchor: nil)
    default:
      break
    }
    return true
  }

  private mutating func open(_ new: Opened) throws(YAMLError) {
    guard opened.count < Self.deepestNesting else {
      throw YAMLError(new.mark, "is nested more than \(Self.deepestNesting) levels deep, which no recipe is")
    }
    try count(1, new.mark)
    opened.append(new)
  }

  private mutating func count(_ more: Int, _ mark: YAMLNode.Mark) throws(YAMLError) {
    nodes += more
    guard nodes <= Self.mostNodes else {
      throw YAMLError(mark, "holds more than \(Self.mostNodes) values, aliases written out, which no recipe does")
    }
  }

  private mutating func add(_ node: YAMLNode, anchor: String?, counted: Bool = false) throws(YAMLError) {
    if !counted { try count(node.count, node.mark) }
    if let anchor { anchors[anchor] = node }
    guard var last = opened.popLast() else {
      root = node
      return
    }
    last.count += node.count
    if !last.isMapping {
      last.items.append(node)
    } else if let key = last.key {
      last.pairs.append((key, node))
      last.key = nil
    } else {
      last.key = node
    }
    opened.append(last)
  }

  /// `<<: *base` adds the keys of base that are not there.
  private func merged(
    _ pairs: [(key: YAMLNode, value: YAMLNode)]
  ) throws(YAMLError) -> [(key: YAMLNode, value: YAMLNode)] {
    func name(_ key: YAMLNode) -> String? {
      if case .scalar(let text, _) = key.content { text } else { nil }
    }
    func isMerge(_ key: YAMLNode) -> Bool {
      if case .scalar("<<", true) = key.content { true } else { false }
    }
    guard pairs.contains(where: { isMerge($0.key) }) else { return pairs }
    var all = pairs.filter { !isMerge($0.key) }
    var names = Set(all.compactMap { name($0.key) })
    for (key, value) in pairs where isMerge(key) {
      guard case .mapping(let base) = value.content else {
        throw YAMLError(key.mark, "<< takes the keys of one *name, not \(value.kind)")
      }
      all += base.filter { pair in name(pair.key).map { names.insert($0).inserted } ?? true }
    }
    return all
  }

  private func refuse(tag: UnsafeMutablePointer<UInt8>?, _ mark: YAMLNode.Mark) throws(YAMLError) {
    guard let tag = unsafe Self.name(unsafe tag) else { return }
    throw YAMLError(mark, "the type \(YAMLNode.quoted(tag)) is not for recipes; write the value without it")
  }

  private static func name(_ bytes: UnsafeMutablePointer<UInt8>?) -> String? {
    guard let bytes = unsafe bytes else { return nil }
    return unsafe String(cString: bytes)
  }

  private func failure() -> YAMLError {
    let problem = unsafe parser.pointee.problem.map { unsafe String(cString: $0) } ?? "is not YAML"
    if unsafe parser.pointee.error == YAML_READER_ERROR {
      return YAMLError(YAMLText.position(of: unsafe parser.pointee.problem_offset, in: text), problem)
    }
    let at = unsafe parser.pointee.problem_mark
    let mark = YAMLNode.Mark(line: at.line + 1, column: at.column + 1)
    return YAMLError(mark, YAMLText.sentence(problem, character: YAMLText.character(mark, in: text)))
  }
}
