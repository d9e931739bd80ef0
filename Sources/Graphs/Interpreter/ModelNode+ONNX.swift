import SwiftProtobuf

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

extension ModelNode {
  init(_ node: ONNXNodeProto, file: ONNXFile) throws(GraphError) {
    let opset = file.opset
    self.init(
      name: node.name.isEmpty ? (node.output.first ?? "") : node.name, operation: node.opType, inputs: node.input,
      outputs: node.output)
    guard Graph.isStandard(node.domain) else {
      throw .unsupported(
        operation: "\(node.domain).\(node.opType)", node: name, opset: opset,
        reason: "only the standard operator set is read")
    }
    // An optional output left out at the end.
    while outputs.last?.isEmpty == true { outputs.removeLast() }
    for attribute in node.attribute {
      guard !attribute.hasRefAttrName else {
        throw .unsupported(operation: operation, node: name, opset: opset, reason: "it belongs to a function body")
      }
      let value: Attribute
      switch attribute.type {
      case .int: value = .integer(attribute.i)
      case .float: value = .float(attribute.f)
      case .string: value = .string(String(decoding: attribute.s, as: UTF8.self))
      case .ints: value = .integers(attribute.ints)
      case .floats: value = .floats(attribute.floats)
      case .strings: value = .strings(attribute.strings.map { String(decoding: $0, as: UTF8.self) })
      case .tensor:
        guard let tensor = attribute.t.last else {
          throw .malformed("the \(operation) node '\(name)' has an empty attribute '\(attribute.name)'")
        }
        value = .tensor(try TypedTensor(tensor, name: name, file: file))
      default:
        throw .unsupported(
          operation: operation, node: name, opset: opset,
          reason: "its attribute '\(attribute.name)' is neither numbers nor text")
      }
      guard attributes.updateValue(value, forKey: attribute.name) == nil else {
        throw .malformed("the \(operation) node '\(name)' has the attribute '\(attribute.name)' twice")
      }
    }
  }
}

extension ModelNode {
  /// The node as it stands in a file; tensors among its attributes, which only constants have, are left out.
  var proto: ONNXNodeProto {
    var proto = ONNXNodeProto()
    proto.name = name
    proto.opType = operation
    proto.input = inputs
    proto.output = outputs
    for (key, value) in attributes.sorted(by: { $0.key < $1.key }) {
      var attribute = ONNXAttributeProto()
      attribute.name = key
      switch value {
      case .integer(let value): (attribute.type, attribute.i) = (.int, value)
      case .float(let value): (attribute.type, attribute.f) = (.float, value)
      case .integers(let values): (attribute.type, attribute.ints) = (.ints, values)
      case .floats(let values): (attribute.type, attribute.floats) = (.floats, values)
      case .string(let value): (attribute.type, attribute.s) = (.string, Data(value.utf8))
      case .strings(let values): (attribute.type, attribute.strings) = (.strings, values.map { Data($0.utf8) })
      case .tensor: continue
      }
      proto.attribute.append(attribute)
    }
    return proto
  }
}
