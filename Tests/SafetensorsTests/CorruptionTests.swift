import JSONText
import Safetensors
import Testing

/// Each kind of corruption has its error.
@Suite struct CorruptionTests {
  private func expect(_ error: SafetensorsError, _ members: String..., data: Int, _ comment: Comment? = nil) {
    #expect(throws: error, comment) { try parse(makeFile("{\(members.joined(separator: ","))}", data: data)) }
  }

  private func expectHeaderError(_ header: String, _ path: String, _ message: String) {
    let error = #expect(throws: SafetensorsError.self) { try parse(makeFile(header, data: 4)) }
    guard case .headerJSON(let cause) = error else {
      Issue.record("\(header) gives \(String(describing: error))")
      return
    }
    #expect(cause.path == path)
    #expect(cause.message.contains(message), "\(cause.message)")
  }

  @Test func everyTruncation() {
    let file = readFile(fixture("small.safetensors"))
    for count in 0..<file.count {
      let error = #expect(throws: SafetensorsError.self) { try parse(Array(file[..<count])) }
      guard case .truncated(let promised, count)? = error else {
        Issue.record("\(count) bytes give \(String(describing: error))")
        continue
      }
      #expect(promised > count)
    }
  }

  @Test func headerLength() {
    let limit = SafetensorsLimits.headerBytes
    #expect(throws: SafetensorsError.headerTooLarge(bytes: .max, limit: limit)) {
      try parse(makeFile("{}", data: 0, length: .max))
    }
    #expect(throws: SafetensorsError.headerTooLarge(bytes: UInt64(limit) + 1, limit: limit)) {
      try parse(makeFile("{}", data: 0, length: UInt64(limit) + 1))
    }
    #expect(throws: SafetensorsError.truncated(promisedBytes: limit + 8, heldBytes: 10)) {
      try parse(makeFile("{}", data: 0, length: UInt64(limit)))
    }
  }

  @Test func extent() {
    expect(.trailingBytes(count: 1), member("a", "F32", "1", "0", "4"), data: 5)
    expect(.trailingBytes(count: 4), data: 4)
    let held = makeFile("{\(member("a", "F32", "1", "0", "4"))}", data: 3)
    #expect(throws: SafetensorsError.truncated(promisedBytes: held.count + 1, heldBytes: held.count)) {
      try parse(held)
    }
  }

  @Test func holesAndOverlaps() {
    expect(.hole(tensor: "a", bytes: 2), member("a", "U8", "2", "2", "4"), data: 4)
    expect(
      .hole(tensor: "b", bytes: 1), member("b", "U8", "1", "3", "4"), member("a", "U8", "2", "0", "2"),
      data: 4)
    expect(
      .overlap(tensor: "b", previous: "a", bytes: 1), member("a", "U8", "2", "0", "2"),
      member("b", "U8", "3", "1", "4"), data: 4)
    expect(
      .overlap(tensor: "b", previous: "a", bytes: 4), member("a", "U8", "4", "0", "4"),
      member("b", "U8", "4", "0", "4"), data: 4)
    expect(
      .hole(tensor: "e", bytes: 5), member("a", "U8", "4", "0", "4"), member("e", "U8", "0", "9", "9"),
      data: 4)
    expect(
      .overlap(tensor: "e", previous: "a", bytes: 2), member("a", "U8", "4", "0", "4"),
      member("e", "U8", "0", "2", "2"), data: 4)
  }

  @Test func shapesAndOffsets() {
    expect(
      .shapeMismatch(tensor: "a", promisedBytes: 8, heldBytes: 4), member("a", "F32", "2", "0", "4"), data: 4)
    expect(
      .shapeMismatch(tensor: "a", promisedBytes: 0, heldBytes: 4), member("a", "F32", "0,3", "0", "4"),
      data: 4)
    expect(
      .shapeMismatch(tensor: "a", promisedBytes: 2, heldBytes: 4), member("a", "BF16", "", "0", "4"), data: 4)
    expect(.badOffsets(tensor: "a", begin: 4, end: 0), member("a", "F32", "1", "4", "0"), data: 4)
    expect(.badOffsets(tensor: "a", begin: -4, end: 0), member("a", "F32", "1", "-4", "0"), data: 4)
    expect(.negativeDimension(tensor: "a", dimension: -1), member("a", "F32", "-1", "0", "4"), data: 4)
    expect(.negativeDimension(tensor: "a", dimension: -2), member("a", "F32", "-2,-2", "0", "16"), data: 16)
    expect(
      .rankTooHigh(tensor: "a", rank: 9, limit: 8), member("a", "F32", "1,1,1,1,1,1,1,1,1", "0", "4"), data: 4
    )
  }

  @Test func overflow() {
    let huge = "4294967296"
    expect(.overflow(tensor: "a"), member("a", "F32", "\(huge),\(huge)", "0", "0"), data: 0)
    expect(.overflow(tensor: "a"), member("a", "U8", "\(huge),\(huge),0", "0", "0"), data: 0)
    expect(.overflow(tensor: "a"), member("a", "F32", "4611686018427387904", "0", "0"), data: 0)
    let most = "9223372036854775807"
    expect(.overflow(tensor: "a"), member("a", "U8", "0", most, most), data: 0)
    expect(.overflow(tensor: "a"), member("a", "U8", most, "0", most), data: 0)
  }

  @Test func namesAndTypes() {
    expect(
      .unknownElementType(tensor: "a", element: "F31"), member("a", "F31", "1", "0", "4"), data: 4)
    expect(
      .unknownElementType(tensor: "a", element: "f32"), member("a", "f32", "1", "0", "4"), data: 4)
    let long = String(repeating: "é", count: 513)
    let beginning = String(repeating: "é", count: 64)
    expect(
      .nameTooLong(beginning: beginning, bytes: 1026, limit: 1024), member(long, "F32", "1", "0", "4"),
      data: 4)
    let longest = String(repeating: "é", count: 512)
    #expect(throws: Never.self) { try parse(makeFile("{\(member(longest, "F32", "1", "0", "4"))}", data: 4)) }
  }

  @Test func headerText() {
    let one = member("a", "F32", "1", "0", "4")
    expectHeaderError("", "$", "first byte")
    expectHeaderError("[]", "$", "first byte")
    expectHeaderError(" {\(one)}", "$", "first byte")
    expectHeaderError("{\(one)", "$.a", "expected a comma or }")
    expectHeaderError("{\(one)}\0", "$", "expected the end")
    expectHeaderError("{\(one),\(one)}", "$.a", "occurs twice")
    expectHeaderError(#"{"a":[]}"#, "$.a", "expected an object")
    expectHeaderError(#"{"a":{"shape":[1],"data_offsets":[0,4]}}"#, "$.a", #""dtype" is missing"#)
    expectHeaderError(#"{"a":{"dtype":"F32","data_offsets":[0,4]}}"#, "$.a", #""shape" is missing"#)
    expectHeaderError(#"{"a":{"dtype":"F32","shape":[1]}}"#, "$.a", #""data_offsets" is missing"#)
    expectHeaderError(
      #"{"a":{"dtype":1,"shape":[1],"data_offsets":[0,4]}}"#, "$.a.dtype", "expected a string")
    expectHeaderError("{\(member("a", "F32", "1.0", "0", "4"))}", "$.a.shape[0]", "expected an integer")
    expectHeaderError("{\(member("a", "F32", "1", "0", "4,4"))}", "$.a.data_offsets", "expected two offsets")
    expectHeaderError(
      "{\(member("a", "F32", "1", "0", "null"))}", "$.a.data_offsets[1]", "expected an integer")
    expectHeaderError(
      "{\(member("a", "F32", "1", "0", "9223372036854775808"))}", "$.a.data_offsets[1]", "64 bits")
    expectHeaderError(#"{"__metadata__":1,\#(one)}"#, "$.__metadata__", "expected an object")
    expectHeaderError(#"{"__metadata__":{"k":1},\#(one)}"#, "$.__metadata__.k", "expected a string")
  }

  /// Whatever one bit of the header is changed to, the file is refused, or its tensors still fill it exactly.
  @Test func everyBitOfTheHeader() {
    let file = readFile(fixture("small.safetensors"))
    for place in 0..<560 {
      for bit in 0..<8 {
        var changed = file
        changed[place] ^= 1 << bit
        guard let header = try? parse(changed) else { continue }
        #expect(header.tensors.first?.byteRange.lowerBound == 560)
        #expect(header.tensors.last?.byteRange.upperBound == file.count)
        for (left, right) in zip(header.tensors, header.tensors.dropFirst()) {
          #expect(left.byteRange.upperBound == right.byteRange.lowerBound)
        }
      }
    }
  }
}
