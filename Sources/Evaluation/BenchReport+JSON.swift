public import JSONText

extension BenchReport {
  /// The figures by name, as in `Schemas/bench.schema.json`.
  public var json: JSONValue {
    .object([
      ("prompt", .integer(Int64(settings.prompt))), ("steps", .integer(Int64(settings.steps))),
      ("repetitions", .integer(Int64(settings.repetitions))),
      ("weight_bytes", .integer(Int64(weightBytes))), ("body_products", .integer(Int64(bodyProducts))),
      ("head_products", .integer(Int64(headProducts))),
      ("product_limit", isInt8 ? "int8" : "float32"), ("runs", .array(runs.map(\.json))),
    ])
  }

  /// One line for each figure, after a line of names.
  public var csv: String {
    let lines = runs.flatMap { run in
      run.figures.map { figure in
        let values = [figure.spread.median, figure.spread.minimum, figure.spread.maximum].map { "\($0)" }
        let batch = figure.batch.map { "\($0)" } ?? ""
        return (["\(run.threads)", figure.phase, batch, figure.name] + values).joined(separator: ",")
      }
    }
    return (["threads,phase,batch,figure,median,minimum,maximum"] + lines).joined(separator: "\n")
  }
}

extension BenchRun {
  fileprivate var json: JSONValue {
    .object([
      ("threads", .integer(Int64(threads))), ("instruction_set", .string(instructionSet)),
      ("limits", limits.json), ("load_seconds", loadSeconds.json),
      ("first_token_seconds", firstTokenSeconds.json), ("prefill", .object(prefill.members)),
      ("decode", .array(decode.map(\.json))),
    ])
  }

  fileprivate typealias Figure = (phase: String, batch: Int?, name: String, spread: Spread)

  fileprivate var figures: [Figure] {
    let fixed: [Figure] = [
      ("limits", nil, "read_bytes_per_second", limits.readBandwidth),
      ("limits", nil, "int8_products_per_second", limits.int8Rate),
      ("limits", nil, "float_products_per_second", limits.floatRate),
      ("load", nil, "load_seconds", loadSeconds), ("load", nil, "first_token_seconds", firstTokenSeconds),
      ("prefill", nil, "tokens_per_second", prefill.tokensPerSecond),
      ("prefill", nil, "product_share", prefill.productShare),
    ]
    return fixed + decode.flatMap { result in result.figures.map { ("decode", result.batch, $0, $1) } }
  }
}

extension Throughput {
  fileprivate var members: [(String, JSONValue)] {
    [("tokens_per_second", tokensPerSecond.json), ("product_share", productShare.json)]
  }
}

extension DecodeResult {
  fileprivate var json: JSONValue {
    .object(
      [("batch", .integer(Int64(batch)))] + throughput.members + [
        ("step_seconds", stepSeconds.json), ("read_share", readShare.json),
        ("multiple_of_batch_1", multiple?.json ?? .null),
        ("resident_bytes", residentBytes.map { .integer(Int64($0)) } ?? .null),
      ])
  }

  fileprivate var figures: [(String, Spread)] {
    let fixed = [
      ("tokens_per_second", throughput.tokensPerSecond), ("product_share", throughput.productShare),
      ("step_seconds", stepSeconds), ("read_share", readShare),
    ]
    return fixed + (multiple.map { [("multiple_of_batch_1", $0)] } ?? [])
      + (residentBytes.map { [("resident_bytes", Spread([Double($0)]))] } ?? [])
  }
}
