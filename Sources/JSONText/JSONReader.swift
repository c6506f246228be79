internal import CJSONC

/// Values from json-c's tree of a text that the scanner has passed.
struct JSONReader {
  private var objects: ArraySlice<NameIndex>

  /// Reads a text.
  /// - Parameters:
  ///   - bytes: the text, passed by the scanner.
  ///   - substitute: what json-c is to see instead; nil for the text itself.
  ///   - objects: the names that the scanner found, in the order in which the objects begin.
  static func read(
    _ bytes: UnsafeRawBufferPointer, as substitute: [UInt8]?, objects: [NameIndex], limits: JSONLimits
  ) throws(JSONError) -> JSONValue {
    guard let substitute else { return try unsafe read(bytes, objects: objects, limits: limits) }
    return try unsafe substitute.withUnsafeBufferPointer { (text) throws(JSONError) in
      try unsafe read(UnsafeRawBufferPointer(text), objects: objects, limits: limits)
    }
  }

  private static func read(
    _ bytes: UnsafeRawBufferPointer, objects: [NameIndex], limits: JSONLimits
  ) throws(JSONError) -> JSONValue {
    let depth = min(limits.maxDepth, JSONLimits.deepest)
    guard let parser = unsafe json_tokener_new_ex(Int32(depth + 2)) else { throw failure("out of memory") }
    defer { unsafe json_tokener_free(parser) }
    unsafe json_tokener_set_flags(parser, JSON_TOKENER_STRICT)
    let text = unsafe bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
    var root = unsafe json_tokener_parse_ex(parser, text, Int32(bytes.count))
    // A number may go on, as far as json-c knows, until it sees a byte that ends it.
    if unsafe json_tokener_get_error(parser) == json_tokener_continue {
      unsafe root = json_tokener_parse_ex(parser, "", 1)
    }
    defer { unsafe json_object_put(root) }
    let status = unsafe json_tokener_get_error(parser)
    guard status == json_tokener_success else {
      throw failure(unsafe String(cString: json_tokener_error_desc(status)))
    }
    var reader = JSONReader(objects: objects[...])
    return try unsafe reader.value(root)
  }

  private mutating func value(_ node: OpaquePointer?) throws(JSONError) -> JSONValue {
    guard let node = unsafe node else { return .null }
    switch unsafe json_object_get_type(node) {
    case json_type_boolean: return .bool(unsafe json_object_get_boolean(node) != 0)
    case json_type_int: return .integer(unsafe json_object_get_int64(node))
    case json_type_double: return .number(unsafe json_object_get_double(node))
    case json_type_string: return .string(unsafe string(node))
    case json_type_array: return .array(try unsafe array(node))
    case json_type_object: return .object(try unsafe object(node))
    default: throw Self.failure("a node of unknown type")
    }
  }

  private func string(_ node: OpaquePointer) -> String {
    let start = unsafe UnsafeRawPointer(json_object_get_string(node))
    let length = unsafe Int(json_object_get_string_len(node))
    return unsafe String(decoding: UnsafeRawBufferPointer(start: start, count: length), as: UTF8.self)
  }

  private mutating func array(_ node: OpaquePointer) throws(JSONError) -> [JSONValue] {
    let count = unsafe json_object_array_length(node)
    var elements: [JSONValue] = []
    elements.reserveCapacity(count)
    for index in 0..<count {
      elements.append(try unsafe value(json_object_array_get_idx(node, index)))
    }
    return elements
  }

  private mutating func object(_ node: OpaquePointer) throws(JSONError) -> JSONObject {
    guard let index = objects.popFirst() else { throw Self.failure("an object that the scanner did not see") }
    var values: [JSONValue] = []
    values.reserveCapacity(index.names.count)
    var entry = unsafe json_object_get_object(node)?.pointee.head
    while let member = unsafe entry {
      values.append(try unsafe value(OpaquePointer(member.pointee.v)))
      unsafe entry = member.pointee.next
    }
    guard values.count == index.names.count else {
      throw Self.failure("\(values.count) members where the scanner saw \(index.names.count)")
    }
    return JSONObject(index: index, values: values)
  }

  private static func failure(_ reason: String) -> JSONError {
    JSONError(message: "json-c: \(reason)", path: "$")
  }
}
