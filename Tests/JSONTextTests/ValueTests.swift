import JSONText
import Testing

@Suite struct ValueTests {
  @Test func cursorsReadValues() throws {
    let root = JSONCursor(
      try JSONText.parse(#"{"i":-3,"d":2.5,"s":"x","b":true,"n":null,"a":[1,2],"o":{"k":1}}"#))
    #expect(try root["i"].int() == -3)
    #expect(try root["i"].double() == -3)
    #expect(try root["d"].double() == 2.5)
    #expect(try root["s"].string() == "x")
    #expect(try root["b"].bool())
    #expect(try root["n"].isNull)
    #expect(try root["a"].array().map(\.path) == ["$.a[0]", "$.a[1]"])
    #expect(try root["a"][1].int() == 2)
    #expect(try root["o"].object() == JSONObject([("k", 1)]))
    #expect(try root["o"].members().map(\.name) == ["k"])
    #expect(try root["o"].members().map(\.cursor.path) == ["$.o.k"])
    #expect(try root.optional("n") == nil)
    #expect(try root.optional("missing") == nil)
    #expect(try root.optional("i")?.int() == -3)
    #expect(root.contains("n"))
    #expect(!root.contains("missing"))
    #expect(try !root["a"].contains("n"))
  }

  @Test func objectsKeepTheirOrder() {
    for count in [0, 1, 8, 9, 10, 1000] {
      var object = JSONObject((0..<count).map { ("\($0)", .integer(Int64($0))) })
      #expect(object.count == count)
      #expect(object.isEmpty == (count == 0))
      #expect(object.names == (0..<count).map(String.init))
      object["0"] = "changed"
      object["last"] = nil
      object["last"] = true
      #expect(object["0"] == "changed")
      #expect(object["last"] == true)
      #expect(object.names.last == "last")
      object["0"] = nil
      #expect(object["0"] == nil)
      #expect(object.names == (1..<max(count, 1)).map(String.init) + ["last"])
      for place in 1..<max(count, 1) { #expect(object["\(place)"] == .integer(Int64(place))) }
    }
  }

  @Test func equalityIsExact() {
    #expect(JSONValue.integer(1) != .number(1))
    #expect(JSONValue.string("\u{E9}") != .string("e\u{301}"))
    #expect(["a": 1, "b": 2] as JSONValue != ["b": 2, "a": 1])
    #expect(["\u{E9}": 1] as JSONValue != ["e\u{301}": 1])
    #expect([1, nil, true, "x", 0.5, [:]] as JSONValue == [1, nil, true, "x", 0.5, [:]])
    #expect(JSONValue.null != false)
  }
}
