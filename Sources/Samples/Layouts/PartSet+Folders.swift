extension Draft {
  /// `SET/CLASS/*`
  static func classFolders(_ root: String, _ classes: [String]) throws(PartSetError) -> Draft {
    var draft = Draft(root: root, layout: .classFolders)
    guard !classes.isEmpty else {
      if let example = try list(root).first(where: Files.isImageName) {
        throw .imagesOutsideClasses(folder: root, example: example)
      }
      return draft
    }
    for label in classes {
      try draft.add(classFolder: Files.join(root, label), id: label, label: label, split: nil)
    }
    return draft
  }

  /// `SET/{train,val,test}/CLASS/*`
  static func splitFolders(_ root: String, _ splits: [(name: String, split: Split)]) throws(PartSetError) -> Draft {
    var draft = Draft(root: root, layout: .splitClassFolders)
    for (name, split) in splits {
      try draft.add(splitFolder: Files.join(root, name), id: name, split: split)
    }
    return draft
  }

  /// `train/good`, `test/CLASS`, `ground_truth/CLASS/STEM_mask.png`
  static func mvtec(_ root: String, _ splits: [(name: String, split: Split)]) throws(PartSetError) -> Draft {
    var draft = try splitFolders(root, splits)
    draft.layout = .mvtec
    let truth = Files.join(root, "ground_truth")
    var masks: [String: [String: String]] = [:]
    for label in try folders(truth) {
      let folder = Files.join(truth, label)
      var byStem: [String: String] = [:]
      for name in try list(folder) where Files.isImageName(name) {
        byStem[Files.stem(name)] = Files.join(folder, name)
      }
      masks[label] = byStem
    }
    for index in draft.entries.indices {
      let entry = draft.entries[index]
      guard entry.split == .test, let byStem = masks[entry.label] else { continue }
      let stem = Files.stem(Files.name(entry.image))
      guard let mask = byStem[stem + "_mask"] ?? byStem[stem] else {
        let expected = Files.join(Files.join(truth, entry.label), stem + "_mask.png")
        throw .maskMissing(image: entry.image, expected: expected)
      }
      draft.entries[index].mask = mask
    }
    return draft
  }

  private mutating func add(splitFolder: String, id: String, split: Split) throws(PartSetError) {
    let classes = try Self.folders(splitFolder)
    if classes.isEmpty, let example = try Self.list(splitFolder).first(where: Files.isImageName) {
      throw .imagesOutsideClasses(folder: splitFolder, example: example)
    }
    for label in classes {
      try add(classFolder: Files.join(splitFolder, label), id: id + "/" + label, label: label, split: split)
    }
  }

  /// Images below a class folder, folders in it included (to a depth that ends even where links go in circles).
  private mutating func add(
    classFolder: String, id: String, label: String, split: Split?, depth: Int = 0
  ) throws(PartSetError) {
    let before = entries.count
    for name in try Self.list(classFolder) {
      let path = Files.join(classFolder, name)
      let inner = id + "/" + name
      switch Files.kind(path) {
      case .directory? where Files.isImageName(name):
        unreadable.append(.init(path: path, reason: "it is a folder named like an image"))
      case .directory?:
        if depth < 8 { try add(classFolder: path, id: inner, label: label, split: split, depth: depth + 1) }
      case .regular? where Files.isImageName(name):
        entries.append(Entry(id: inner, image: path, mask: nil, label: label, split: split))
      case .other? where Files.isImageName(name):
        unreadable.append(.init(path: path, reason: "it is not a regular file"))
      case nil where Files.isImageName(name):
        unreadable.append(.init(path: path, reason: "it is a link that leads nowhere"))
      default:
        break
      }
    }
    if depth == 0 && entries.count == before && !emptyClasses.contains(label) { emptyClasses.append(label) }
  }
}
