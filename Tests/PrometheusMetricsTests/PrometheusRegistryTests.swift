import CoreMetrics
import PrometheusMetrics
import Testing

@Suite struct PrometheusRegistryTests {
  let registry = PrometheusRegistry()

  @Test func `Renders counters and gauges by name and labels`() {
    registry.describe("metallb_speaker_announced", help: "Services being announced.")
    let gauge = { (ip: String) in
      Gauge(
        label: "metallb_speaker_announced",
        dimensions: [("service", "ns/a"), ("protocol", "layer2"), ("node", "n1"), ("ip", ip)],
        factory: registry)
    }
    gauge("10.0.0.9").record(1)
    gauge("10.0.0.5").record(1)
    let requests = Counter(
      label: "metallb_layer2_requests_received", dimensions: [("ip", "10.0.0.5")], factory: registry
    )
    requests.increment()
    requests.increment(by: 41)
    let bytes = FloatingPointCounter(label: "cpu_seconds_total", factory: registry)
    bytes.increment(by: 0.25)
    let meter = Meter(label: "queue_depth", factory: registry)
    meter.increment(by: 5)
    meter.decrement(by: 2)

    #expect(
      registry.render() == """
        # TYPE cpu_seconds_total counter
        cpu_seconds_total 0.25
        # TYPE metallb_layer2_requests_received counter
        metallb_layer2_requests_received{ip="10.0.0.5"} 42
        # HELP metallb_speaker_announced Services being announced.
        # TYPE metallb_speaker_announced gauge
        metallb_speaker_announced{ip="10.0.0.5",node="n1",protocol="layer2",service="ns/a"} 1
        metallb_speaker_announced{ip="10.0.0.9",node="n1",protocol="layer2",service="ns/a"} 1
        # TYPE queue_depth gauge
        queue_depth 3

        """)
  }

  @Test func `Renders histograms with cumulative buckets, timers in seconds`() {
    registry.describe("latency_seconds", help: "Time.", buckets: [1, 0.1, 0.1])
    let timer = Timer(label: "latency_seconds", dimensions: [("verb", "get")], factory: registry)
    timer.recordMilliseconds(50)
    timer.recordMilliseconds(100)
    timer.recordSeconds(2)
    #expect(
      registry.render() == """
        # HELP latency_seconds Time.
        # TYPE latency_seconds histogram
        latency_seconds_bucket{verb="get",le="0.1"} 2
        latency_seconds_bucket{verb="get",le="1"} 2
        latency_seconds_bucket{verb="get",le="+Inf"} 3
        latency_seconds_sum{verb="get"} 2.15
        latency_seconds_count{verb="get"} 3

        """)
  }

  @Test func `A destroyed handler takes its series along`() {
    let series = ["a", "b"].map { ip in
      Gauge(label: "announced", dimensions: [("ip", ip)], factory: registry)
    }
    for gauge in series { gauge.record(1) }
    series[0].destroy()
    #expect(registry.render() == "# TYPE announced gauge\nannounced{ip=\"b\"} 1\n")
    series[1].destroy()
    #expect(registry.render().isEmpty)
    // A late record through a destroyed handle does not bring the series back.
    series[1].record(1)
    #expect(registry.render().isEmpty)

    let counter = Counter(label: "events_total", factory: registry)
    counter.increment()
    counter.destroy()
    let recreated = Counter(label: "events_total", factory: registry)
    // A stale handle removes only its own series.
    counter.destroy()
    #expect(registry.render() == "# TYPE events_total counter\nevents_total 0\n")
    recreated.increment()
    #expect(registry.render() == "# TYPE events_total counter\nevents_total 1\n")
  }

  @Test func `One name and label set is one series, whatever the order of labels`() {
    let first = Counter(label: "x", dimensions: [("a", "1"), ("b", "2")], factory: registry)
    let second = Counter(label: "x", dimensions: [("b", "2"), ("a", "1")], factory: registry)
    first.increment()
    second.increment()
    #expect(registry.render() == "# TYPE x counter\nx{a=\"1\",b=\"2\"} 2\n")
  }

  @Test func `A second kind for a name stays off the page`() {
    Counter(label: "x", factory: registry).increment()
    Gauge(label: "x", factory: registry).record(7)
    Timer(label: "x", factory: registry).recordSeconds(7)
    #expect(registry.render() == "# TYPE x counter\nx 1\n")
  }

  @Test func `Escapes label values and help, and repairs names`() {
    registry.describe("a_b:c", help: "back\\slash\nsecond \"line\"")
    Counter(label: "a-b:c", dimensions: [("1l:x", "q\"b\\n\n"), ("ä", "ö")], factory: registry)
      .increment()
    #expect(
      registry.render() == #"""
        # HELP a_b:c back\\slash\nsecond "line"
        # TYPE a_b:c counter
        a_b:c{_="ö",_l_x="q\"b\\n\n"} 1

        """#)
  }

  @Test(
    arguments: [
      (0, "0"), (-1, "-1"), (0.5, "0.5"), (1e-5, "1e-05"), (1e300, "1e+300"), (.nan, "NaN"),
      (.infinity, "+Inf"),
      (-.infinity, "-Inf"), (4_294_967_296, "4294967296"),
      (0x1p63, "9.223372036854776e+18"),
    ] as [(Double, String)])
  func `Writes numbers that Prometheus reads`(value: Double, text: String) {
    Gauge(label: "x", factory: registry).record(value)
    #expect(registry.render() == "# TYPE x gauge\nx \(text)\n")
  }

  @Test func `Counters never fall`() {
    let counter = Counter(label: "x", factory: registry)
    counter.increment(by: 3)
    counter.increment(by: -5)
    #expect(registry.render() == "# TYPE x counter\nx 3\n")
    counter.reset()
    #expect(registry.render() == "# TYPE x counter\nx 0\n")
  }

  @Test func `Concurrent increments are all counted`() async {
    let counter = Counter(label: "x", factory: registry)
    let timer = Timer(label: "y", factory: registry)
    await withDiscardingTaskGroup { group in
      for _ in 0..<8 {
        group.addTask {
          for _ in 0..<1_000 {
            counter.increment()
            timer.recordSeconds(1)
          }
        }
      }
    }
    #expect(registry.render().contains("x 8000\n"))
    #expect(registry.render().contains("y_sum 8000\n"))
  }
}
