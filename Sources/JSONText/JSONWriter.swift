internal import CJSONC

extension JSONText {
  /// Writes a value: members in their order, each `Double` as the shortest text that reads back the same.
  ///
  /// Numbers that are not finite become `NaN`, `Infinity` and `-Infinity`, which only
  /// `allowsNonFinite` reads.
  /// - Parameter pretty: whether to break lines and to indent by two spaces.
  public static func encode(_ value: JSONValue, pretty: Bool = false) -> String {
    let root = unsafe JSONWriter.node(value)
    defer { unsafe json_object_put(root) }
    let layout = pretty ? JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED : JSON_C_TO_STRING_PLAIN
    var length = 0
    let flags = layout | JSON_C_TO_STRING_NOSLASHESCAPE
    let start = unsafe json_object_to_json_string_length(root, flags, &length)
    precondition(unsafe start != nil, "out of memory")
    let bytes = unsafe UnsafeRawBufferPointer(start: start, count: length)
    return unsafe JSONWriter.restoringNUL(bytes)
  }
}

/// json-c's tree of a value.
private enum JSONWriter {
  /// What stands for U+0000 in a name, which json-c would end there: no UTF-8 text has this byte.
  static let standIn: UInt8 = 0xFF

  static func restoringNUL(_ bytes: UnsafeRawBufferPointer) -> String {
    guard unsafe bytes.contains(standIn) else { return unsafe String(decoding: bytes, as: UTF8.self) }
    let escape = Array("\\u0000".utf8)
    let text = unsafe bytes.flatMap { $0 == standIn ? escape : [$0] }
    return String(decoding: text, as: UTF8.self)
  }

  /// Gives a node that the caller owns; `null` is nil in json-c.
  static func node(_ value: JSONValue) -> OpaquePointer? {
    switch value {
    case .null: return nil
    case .bool(let truth): return unsafe made(json_object_new_boolean(truth ? 1 : 0))
    case .integer(let number): return unsafe made(json_object_new_int64(number))
    case .number(let number): return unsafe made(json_object_new_double_s(number, text(number)))
    case .string(let text): return unsafe string(text)
    case .array(let elements):
      let array = unsafe made(json_object_new_array())
      for element in elements {
        let status = unsafe json_object_array_add(array, node(element))
        precondition(status == 0, "out of memory")
      }
      return unsafe array
    case .object(let object): return unsafe node(object)
    }
  }

  private static func node(_ object: JSONObject) -> OpaquePointer {
    let result = unsafe made(json_object_new_object())
    for (name, value) in object.members {
      let key = name.utf8.map { CChar(truncatingIfNeeded: $0 == 0 ? standIn : $0) } + [0]
      let isNew = UInt32(JSON_C_OBJECT_ADD_KEY_IS_NEW)
      let status = unsafe json_object_object_add_ex(result, key, node(value), isNew)
      precondition(status == 0, "out of memory")
    }
    return unsafe result
  }

  private static func string(_ text: String) -> OpaquePointer {
    var text = text
    return text.withUTF8 { bytes in
      let start = unsafe UnsafeRawPointer(bytes.baseAddress)?.assumingMemoryBound(to: CChar.self)
      return unsafe made(json_object_new_string_len(start, Int32(bytes.count)))
    }
  }

  private static func text(_ number: Double) -> String {
    if number.isFinite { return number.description }
    if number.isNaN { return "NaN" }
    return number < 0 ? "-Infinity" : "Infinity"
  }

  private static func made(_ node: OpaquePointer?) -> OpaquePointer {
    guard let node = unsafe node else { preconditionFailure("out of memory") }
    return unsafe node
  }
}
